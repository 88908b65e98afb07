"""The name of the program: texts say `%kfp`, and the terminal replaces it by its own name when it renders."""

from __future__ import annotations

import msgspec

from .tree import ErrorBody

PROGRAM = "%kfp"


def text_for_program(text: str, program: str) -> str:
    """Return `text` with the commands of `program`."""
    return text.replace(PROGRAM, program)


def body_for_program(body: ErrorBody, program: str) -> ErrorBody:
    """Return `body` with the commands of `program`."""
    return msgspec.structs.replace(
        body, next=text_for_program(body.next, program), command=text_for_program(body.command, program)
    )

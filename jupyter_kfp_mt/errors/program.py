"""The name of the program: texts say `%kfp`, and the terminal replaces it by its own name when it renders."""

from __future__ import annotations

import msgspec

from .tree import ErrorBody

PROGRAM = "%kfp"


_USE = f"{PROGRAM} use NAMESPACE"  # which a terminal, whose next command starts afresh, cannot do


def text_for_program(text: str, program: str) -> str:
    """Return `text` with the commands of `program`."""
    if program != PROGRAM:
        text = text.replace(_USE, f"{program} COMMAND --namespace NAMESPACE")
    return text.replace(PROGRAM, program)


_SERVE = "jupyter kfp serve"  # which would keep a cell busy


def body_for_notebook(body: ErrorBody) -> ErrorBody:
    """Return `body` with the command that a cell can run in place of one for a terminal."""
    return msgspec.structs.replace(body, command=f"{PROGRAM} serve") if body.command == _SERVE else body


def body_for_program(body: ErrorBody, program: str) -> ErrorBody:
    """Return `body` with the commands of `program`."""
    return msgspec.structs.replace(
        body, next=text_for_program(body.next, program), command=text_for_program(body.command, program)
    )

"""The name of the program in texts: a catalogue that serves a notebook and a terminal writes `%kfp`.

The terminal puts its own name in place of it, once, when it renders.
"""

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

"""Checks names, descriptions and ids before anything is stored; KFP notices too late, with a 500.

docs/embedded.md lists these differences under "Where it answers differently from a real server".
"""

from __future__ import annotations

import re

from ...names import LABEL_VALUE
from ..errors import invalid_input

LONGEST_TEXT = 255
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def check_name(field: str, value: str, *, most_bytes: int = 0) -> None:
    """Reject a name that KFP's database cannot hold; `field` is its name in the error."""
    if most_bytes and len(value.encode()) > most_bytes:
        raise invalid_input(f"{field} length cannot exceed {most_bytes}")
    check_text(field, value)


def check_text(field: str, value: str) -> None:
    """Reject more than 255 characters, characters beyond U+FFFF, and NUL."""
    if len(value) > LONGEST_TEXT:
        raise invalid_input(f"{field} length cannot exceed {LONGEST_TEXT}")
    if _BEYOND_BMP.search(value):
        raise invalid_input(f"{field} cannot hold characters beyond U+FFFF, such as emoji")
    if "\0" in value:
        raise invalid_input(f"{field} cannot hold NUL")


def check_id(field: str, value: str) -> None:
    """Reject an id that is no valid value of a Kubernetes label, since KFP makes it one."""
    if not LABEL_VALUE.fullmatch(value):
        raise invalid_input(
            f"{field} must be 1-63 of letters, digits, '-', '_' and '.', with a letter or digit at both ends"
        )

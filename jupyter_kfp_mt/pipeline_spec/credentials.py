"""Recognizes values of parameters that look like a credential, which everybody in the namespace can read.

Few rules, tried on `tests/pipeline_spec/data/credentials.json`: the forms of well-known keys; a name that
says so; a long text of which every character surprises. A finding is a warning, which keeps no run from
starting and never repeats the value.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

_FORMS = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}\Z"  # AWS
    r"|gh[opsu]_[0-9A-Za-z]{20,}\Z|github_pat_\w{20,}\Z|glpat-[\w-]{16,}\Z"
    r"|xox[abprs]-[0-9A-Za-z-]{10,}\Z|sk-[\w-]{20,}\Z|hf_[0-9A-Za-z]{20,}\Z|AIza[\w-]{35}\Z"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}\Z"  # a JSON Web Token
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_NAMES = re.compile(
    r"(?:\A|_)(?:password|passwd|pwd|secret|token|api_?key|access_?key|secret_?key|private_?key|credentials?)\Z"
)
_PLAIN = re.compile(r"[^\s/:{}]{6,}")  # neither a path, an address, a placeholder nor a sentence
_LONG = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_BITS = 4.0  # of a character; words have about 3
_CHANGES = 0.4  # share of neighbors of different kinds: capital, small, digit; words have about 0.1


def find_credentials(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the parameters whose value looks like a credential."""
    return [name for name, value in values.items() if isinstance(value, str) and _is_credential(name, value)]


def _is_credential(name: str, value: str) -> bool:
    if _FORMS.match(value):
        return True
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", name).lower()
    if _NAMES.search(plain) and _PLAIN.fullmatch(value) and not value.replace(".", "").isdigit():
        return True
    return _LONG.fullmatch(value) is not None and _is_random(value)


def _is_random(text: str) -> bool:
    kinds = [_kind_of(char) for char in text]
    if not {"A", "a", "0"} <= set(kinds):
        return False  # words, and hexadecimal digests
    changes = sum(one != other for one, other in pairwise(kinds))
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
    return bits >= _BITS and changes / len(text) >= _CHANGES


def _kind_of(char: str) -> str:
    if char.isdigit():
        return "0"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    return "-"

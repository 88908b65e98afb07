"""Words of a command line → values: durations, states, counts, KEY=VALUE."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import KfpError, kfp_error
from ..pipeline_spec import TypedText
from ..run_rules import FILTERABLE
from .grammar import did_you_mean, usage_error
from .line import Given

_STATES = {phase.value.lower(): phase.value for phase in FILTERABLE}
_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_MAX_ROWS = 10_000


def _wrong(field: str, problem: str, example: str) -> KfpError:
    return kfp_error("bad-input", field=field, problem=problem, next=f"write {example}")


def states(text: str) -> tuple[str, ...]:
    """`failed,running` → the KFP states."""
    found = []
    for word in filter(None, (part.strip().lower() for part in text.split(","))):
        if word not in _STATES:
            raise kfp_error(
                "bad-input",
                field="--state",
                problem=f"“{word}” is not a state",
                why=f"States are {', '.join(_STATES)}.",
                next=did_you_mean(word, _STATES).strip(),
            )
        found.append(_STATES[word])
    return tuple(found)


def rows(text: str) -> int:
    """How many rows to show, from 1."""
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_ROWS:
        raise _wrong("-n", f"“{text}” is not a number from 1 to {_MAX_ROWS:,}", "-n 20")
    return int(text)


def tail(text: str) -> int:
    """How many of the last lines to show, from 1."""
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise _wrong("--tail", f"“{text}” is not a number of lines", "--tail 20")
    return int(text)


def seconds(option: str) -> Callable[[str], float]:
    """What reads the value of `option`: `90`, `90s`, `10m`, `2h`, `1d`, `1h30m` → seconds."""

    def read(text: str) -> float:
        compact = text.replace(" ", "").lower()
        parts = re.findall(r"(\d+(?:\.\d+)?)(min|[smhd]?)", compact)
        if not parts or "".join(number + unit for number, unit in parts) != compact:
            raise _wrong(option, f"“{text}” is not a duration", f"{option} 2h")
        return sum(float(number) * _UNITS[unit] for number, unit in parts)

    return read


def pairs(words: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` words → values; `KEY=$name` keeps the type of what it names."""
    found: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise usage_error(
                f"“{word}” is not a parameter.",
                why="Parameters are written KEY=VALUE.",
                next_step="%kfp help submit",
            )
        if key in found:
            raise kfp_error("bad-input", field=key, problem="it is given twice", next="write it once")
        found[key] = word.value if isinstance(word, Given) else TypedText(text)
    return found

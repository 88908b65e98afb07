"""Types of arguments: states, counts, durations, KEY=VALUE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import PROGRAM, KfpError, kfp_error
from ..pipeline_spec import TypedText
from ..run_rules import FILTERABLE
from .grammar import did_you_mean, usage_error
from .tokenizer import VariableWord

_STATES = {phase.value.lower(): phase.value for phase in FILTERABLE}
SORTED = (  # backend/src/apiserver/model/run.go, without those that only one page can be sorted by
    "created_at",
    "finished_at",
    "scheduled_at",
    "name",
    "display_name",
    "state",
    "status",
    "storage_state",
    "description",
    "id",
    "run_id",
)
_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_MAX_ROWS = 10_000


def _bad_value(field: str, problem: str, example: str) -> KfpError:
    return kfp_error("bad-input", field=field, problem=problem, next=f"write {example}")


def parse_states(text: str) -> tuple[str, ...]:
    """Return the KFP states of a list such as `failed,running`."""
    states = []
    for word in filter(None, (part.strip().lower() for part in text.split(","))):
        if word not in _STATES:
            raise kfp_error(
                "bad-input",
                field="--state",
                problem=f"“{word}” is not a state",
                why=f"States are {', '.join(_STATES)}.",
                next=did_you_mean(word, _STATES).strip(),
            )
        states.append(_STATES[word])
    return tuple(states)


def parse_sorting(text: str) -> str:
    """Return a field of runs that KFP sorts by, and the direction, such as `finished_at desc`."""
    field, _, direction = " ".join(text.lower().split()).partition(" ")
    if (field not in SORTED and not field.startswith("metric:")) or direction not in ("", "asc", "desc"):
        raise kfp_error(
            "bad-input",
            field="--sort",
            problem=f"“{text}” is not a field to sort by",
            why=f"Fields are {', '.join(SORTED)} and metric:NAME, with asc or desc.",
            next=did_you_mean(field, SORTED).strip(),
        )
    return f"{field} {direction}".strip()


def parse_metrics(text: str) -> tuple[str, ...]:
    """Return the names of metrics in `a,b`, at most three."""
    names = tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
    if not 1 <= len(names) <= 3:
        raise _bad_value("--metrics", "it takes one to three names", "--metrics accuracy,loss")
    return names


def parse_row_count(text: str) -> int:
    """Return a number of rows, at least 1."""
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_ROWS:
        raise _bad_value("-n", f"“{text}” is not a number from 1 to {_MAX_ROWS:,}", "-n 20")
    return int(text)


def parse_line_count(text: str) -> int:
    """Return a number of lines, at least 1."""
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise _bad_value("--tail", f"“{text}” is not a number of lines", "--tail 20")
    return int(text)


def duration_parser(option: str) -> Callable[[str], float]:
    """Return a parser of seconds for `option`; it takes `90`, `90s`, `10m`, `2h`, `1d`, `1h30m`."""

    def parse_duration(text: str) -> float:
        compact = text.replace(" ", "").lower()
        parts = re.findall(r"(\d+(?:\.\d+)?)(min|[smhd]?)", compact)
        if not parts or "".join(number + unit for number, unit in parts) != compact:
            raise _bad_value(option, f"“{text}” is not a duration", f"{option} 2h")
        return sum(float(number) * _UNITS[unit] for number, unit in parts)

    return parse_duration


def parse_list(text: str) -> tuple[str, ...]:
    """Return the words between commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def parse_parameters(words: Sequence[str]) -> dict[str, Any]:
    """Return the values of `KEY=VALUE` words; `KEY=$name` keeps the type of the variable.

    A word that stands for a dict gives all its values, each of which a later word may replace.
    """
    values: dict[str, Any] = {}
    together: dict[str, Any] = {}
    for word in words:
        if "=" not in word and isinstance(word, VariableWord) and isinstance(word.value, Mapping):
            together |= {str(key): _to_plain(value) for key, value in word.value.items()}
            continue
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise usage_error(
                f"“{word}” is not a parameter.",
                why="Parameters are written KEY=VALUE; a dict of them $name or **name.",
                next_step=f"{PROGRAM} help submit",
            )
        if key in values:
            raise kfp_error("bad-input", field=key, problem="it is given twice", next="write it once")
        values[key] = _to_plain(word.value) if isinstance(word, VariableWord) else TypedText(text)
    return together | values


def _to_plain(value: object) -> Any:
    """Return a scalar of NumPy as Python's own, and anything else as it is."""
    is_scalar = type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0
    return value.item() if is_scalar and hasattr(value, "item") else value

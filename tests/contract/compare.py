"""Whether an answer is the recorded one, field by field: ids and times count by what they stand for.

In what is expected, `<name>` is the id kept under that name; a name that nothing has yet is bound by the
answer. `<time>` is any time that is set, `<any>` anything that is not empty, `<anything>` also nothing,
`<one of a b>` the word a or b, `…` what a recording cut off. All but `<time>` may stand inside a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.contract.packages import specs_by_name

PLACE = re.compile(r"<([A-Za-z][\w -]*)>")
_REPEATED = re.compile(r"(.)…\((\d+) times\)", re.DOTALL)
_LINE = re.compile(r"\(line \d+:\d+\)")
_OPEN = re.compile(r"<(any|anything|one of [\w ]+)>")  # parts of a text that differ from server to server
_UNSET = ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z")
_GOES_ON = {"state", "status", "state_history", "finished_at", "pipeline_runtime"}  # what soon changes
_NOT_ENDED = {"PENDING", "RUNNING", "CANCELING", "Pending", "Running", "Terminating"}
_ABSENT = object()


def unfold(text: str) -> str:
    """Write `x…(300 times)` out."""
    return _REPEATED.sub(lambda found: found.group(1) * int(found.group(2)), text)


@dataclass
class Comparison:
    """Compares answers of one case; `names` grows by the ids that answers bring."""

    names: dict[str, Any]
    engine: bool = False  # whether runs go on by themselves while we look
    rows: str = ""  # "any order" or "any of them" for rows made in one second, of which few fields were kept

    def real(self, text: str) -> str:
        """Put in what names stand for; in capitals the id in capitals."""

        def put(found: re.Match[str]) -> str:
            name = found.group(1)
            value = self.names.get(name)
            if value is None and name.lower() in self.names:
                value = str(self.names[name.lower()]).upper()
            return found.group() if value is None else str(value)

        return PLACE.sub(put, unfold(text))

    def difference(self, expected: Any, got: Any, where: str = "body") -> str:
        """Return what is wrong with `got`, "" when nothing is."""
        if expected == "<any>":
            return "" if got else f"{where}: {got!r}"
        if isinstance(expected, str):
            expected = specs_by_name().get(expected, expected)
        if isinstance(expected, dict) and isinstance(got, dict):
            names = [*expected, *(name for name in got if name not in expected)]
            return _first(self._field(name, expected, got, where) for name in names)
        if isinstance(expected, list) and isinstance(got, list):
            return self._rows(expected, got, where)
        if isinstance(expected, str) and isinstance(got, str):
            return self._text(expected, got, where)
        return "" if expected == got else f"{where}: {got!r}, not {expected!r}"

    def _field(self, name: str, expected: dict[str, Any], got: dict[str, Any], where: str) -> str:
        place, wanted, given = f"{where}.{name}", expected.get(name, _ABSENT), got.get(name, _ABSENT)
        if wanted == "<anything>":
            return ""
        if self.engine and _not_ended(expected) and (name in _GOES_ON or wanted is _ABSENT):
            return ""
        if wanted is _ABSENT:
            return f"{place}: {given!r} too much"
        return f"{place}: missing" if given is _ABSENT else self.difference(wanted, given, place)

    def _rows(self, expected: list[Any], got: list[Any], where: str) -> str:
        more = (
            expected and isinstance(expected[-1], dict) and re.match(r"(\d+) more", expected[-1].get("…", ""))
        )
        count = len(expected) - 1 + int(more.group(1)) if more else len(expected)
        if len(got) != count:
            return f"{where}: {len(got)} rows, not {count}"
        if more:
            expected = expected[:-1]
        if self.rows and expected and isinstance(expected[0], dict):
            return self._few_fields(expected, got, where) if self.rows != "any of them" else ""
        pairs = enumerate(zip(expected, got, strict=False))
        return _first(self.difference(one, other, f"{where}[{number}]") for number, (one, other) in pairs)

    def _few_fields(self, expected: list[Any], got: list[Any], where: str) -> str:
        """Compare the fields that were kept; rows that were made in one second come in any order."""
        wanted, given = expected, got
        if self.rows == "any order":
            wanted, given = sorted(expected, key=_name), sorted(got, key=_name)
        pairs = zip(wanted, given, strict=False)
        cut = ((one, {field: other[field] for field in one if field in other}) for one, other in pairs)
        return _first(self.difference(one, other, f"{where}[{_name(one)}]") for one, other in cut)

    def _text(self, expected: str, got: str, where: str) -> str:
        if expected == "<time>":
            return f"{where}: {got!r} is no time that is set" if got in _UNSET or "T" not in got else ""
        alone = PLACE.fullmatch(expected)
        if alone and alone.group(1).lower() not in self.names:
            self.names[alone.group(1)] = got
            return ""
        return "" if same_text(self.real(expected), got) else f"{where}: {got!r}, not {expected!r}"


def same_text(expected: str, got: str) -> bool:
    """Whether two texts are the same but for what was cut, what is left open, and places in a body."""
    wanted, cut, _ = expected.partition("…")
    if cut:
        pattern = _pattern(wanted.rpartition("(line")[0] or wanted)
        return re.match(pattern, _spaces(got), re.DOTALL) is not None
    return (
        re.fullmatch(_pattern(_LINE.sub("(line)", expected)), _LINE.sub("(line)", _spaces(got)), re.DOTALL)
        is not None
    )


def _pattern(text: str) -> str:
    """Return a regular expression for the text, in which `<any>` and the like are open."""
    fixed, kinds = _OPEN.split(text)[::2], _OPEN.findall(text)
    opened = {"any": ".+?", "anything": ".*?"}
    parts = [opened.get(kind) or f"(?:{'|'.join(kind.split()[2:])})" for kind in kinds]
    return "".join(re.escape(_spaces(one)) + other for one, other in zip(fixed, [*parts, ""], strict=True))


def _spaces(text: str) -> str:
    return text.replace("\xa0", " ")  # protojson varies it on purpose


def _first(problems: Any) -> str:
    return next((problem for problem in problems if problem), "")


def _name(row: dict[str, Any]) -> str:
    return str(row.get("display_name", row.get("name", "")))


def _not_ended(row: dict[str, Any]) -> bool:
    """Whether a recorded run was under way, so that an engine has taken ours further meanwhile."""
    run = row.get("run", row)
    return isinstance(run, dict) and bool(_NOT_ENDED & {run.get("state"), run.get("status")})

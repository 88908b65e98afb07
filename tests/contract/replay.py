"""Stories: requests in order with the answers a real KFP server gave, told again to any server.

A recorded id stands for whatever id the server under test gives in its place: `Story` binds them as they
appear. `…` in a recorded text means that the rest was cut; times only tell "unset" from "set".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.contract.packages import multipart
from tests.embedded.running import Reply

STORIES = Path(__file__).parent / "stories"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_REPEATED = re.compile(r"(.)…\((\d+) times\)", re.DOTALL)
_PLACE = re.compile(r"\(line \d+:\d+\)")
_NAME = re.compile(r"(Resource:runs,Subresource:,)Name:[^,]*,")  # of an Argo workflow, which we have none of
_TIMES = ("_at", "_time")
_UNSET = ("1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z")
_ABSENT = object()

Caller = Callable[[str, str, object, str, list[tuple[str, str]]], Reply]


@dataclass
class Story:
    """The steps of one file, told to one server; `bound` maps recorded ids to real ones."""

    name: str
    call: Caller  # method, path, body, who, headers
    specs: dict[str, Any]
    bound: dict[str, str] = field(default_factory=dict)
    unordered: bool = False
    complete: bool = True  # whether the page at hand holds all rows
    make: Callable[[str, str], str] | None = None  # a kind of thing, the real id of its experiment → its id

    def tell(self, step: dict[str, Any]) -> str:
        """Send the step's request; returns what is wrong with the answer, "" when nothing is."""
        for recorded, (kind, where) in step.get("given", {}).items():
            assert self.make is not None
            self.bound[recorded] = self.make(kind, self._real(where))
        request = step["request"]
        path = _REPEATED.sub(lambda found: found.group(1) * int(found.group(2)), self._real(request["path"]))
        if "filter" in request:
            path = path.replace("filter=…", f"filter={quote(self._real(request['filter']), safe='')}")
        body = request.get("body")
        if body is not None and "raw" not in request:
            body = self._filled(body, request.get("spec", "plain"))
        headers = [(name, value) for name, value in request.get("headers", {}).items()]
        sent = body.encode() if isinstance(body, str) else body
        if "upload" in request:
            sent, kind = multipart(**request["upload"])
            headers.append(("Content-Type", kind))
        reply = self.call(request["method"], path, sent, step["as"], headers)
        expected = step["answer"]
        if reply.status != expected["status"]:
            return f"status {reply.status}, not {expected['status']}: {reply.body[:400]!r}"
        for name, value in expected.get("headers", {}).items():
            if not _same_text(value, reply.headers.get(name.lower(), "")):
                return f"header {name}: {reply.headers.get(name.lower())!r}, not {value!r}"
        if "text" in expected:
            return "" if _same_text(self._real(expected["text"]), reply.text) else f"text: {reply.text!r}"
        if "body" not in expected:
            return ""
        try:
            got = reply.json
        except ValueError:
            got = reply.body.decode()
        body = expected["body"]
        self.complete = isinstance(body, dict) and "next_page_token" not in body
        return self._compare(body, got, "body")

    def _real(self, text: str) -> str:
        def real(found: re.Match[str]) -> str:
            given = found.group()
            bound = self.bound.get(given.lower(), given.lower())
            return bound.upper() if given.isupper() else bound

        return _ID.sub(real, text)

    def _filled(self, value: Any, spec: str) -> Any:
        if isinstance(value, dict):
            if value == {"…": "omitted"}:
                return self.specs[spec]
            return {self._filled(key, spec): self._filled(each, spec) for key, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each, spec) for each in value]
        if isinstance(value, str):
            if value.startswith("… omitted"):
                return json.dumps(self.specs[spec])
            text = _REPEATED.sub(lambda found: found.group(1) * int(found.group(2)), value)
            return self._real(text)
        return value

    def _compare(self, expected: Any, got: Any, where: str) -> str:
        if expected == {"…": "omitted"}:
            return "" if isinstance(got, dict) and got else f"{where}: {got!r}"
        if isinstance(expected, dict) and isinstance(got, dict):
            for name in [*expected, *(name for name in got if name not in expected)]:
                problem = self._field(name, expected.get(name, _ABSENT), got.get(name, _ABSENT), where)
                if problem:
                    return problem
            return ""
        if isinstance(expected, list) and isinstance(got, list):
            return self._rows(expected, got, where)
        if isinstance(expected, str) and isinstance(got, str):
            return self._text(expected, got, where)
        return "" if expected == got else f"{where}: {got!r}, not {expected!r}"

    def _field(self, name: str, expected: Any, got: Any, where: str) -> str:
        place = f"{where}.{name}"
        if name == "next_page_token":
            return "" if (expected is _ABSENT) == (got is _ABSENT) else f"{place}: {got!r}, not {expected!r}"
        if expected is _ABSENT or got is _ABSENT:
            return f"{place}: {'missing' if got is _ABSENT else f'{got!r} too much'}"
        if name.endswith(_TIMES) and isinstance(expected, str) and isinstance(got, str):
            unset = expected in _UNSET
            return "" if unset == (got in _UNSET) else f"{place}: {got!r}, not {expected!r}"
        return self._compare(expected, got, place)

    def _rows(self, expected: list[Any], got: list[Any], where: str) -> str:
        if self.unordered and expected and isinstance(expected[0], dict):
            return self._few_fields(expected, got, where)
        if expected and isinstance(expected[-1], dict) and "…" in expected[-1]:
            more = re.match(r"(\d+) more", str(expected[-1]["…"]))
            if more and len(got) != len(expected) - 1 + int(more.group(1)):
                return f"{where}: {len(got)} rows"
            expected, got = expected[:-1], got[: len(expected) - 1]
        if len(expected) != len(got):
            return f"{where}: {len(got)} entries, not {len(expected)}"
        problems = (
            self._compare(one, other, f"{where}[{number}]")
            for number, (one, other) in enumerate(zip(expected, got, strict=True))
        )
        return next((problem for problem in problems if problem), "")

    def _few_fields(self, expected: list[Any], got: list[Any], where: str) -> str:
        """Rows of recordings that were cut to a few fields, made in one second, so in any order."""
        more = re.match(r"(\d+) more", str(expected[-1].get("…", "")))
        count = len(expected) - 1 + int(more.group(1)) if more else len(expected)
        if len(got) != count:
            return f"{where}: {len(got)} rows, not {count}"
        if not self.complete or more:
            return ""
        names = [
            sorted(str(row.get("display_name", row.get("name"))) for row in rows) for rows in (expected, got)
        ]
        return "" if names[0] == names[1] else f"{where}: {names[1]}, not {names[0]}"

    def _text(self, expected: str, got: str, where: str) -> str:
        if _ID.fullmatch(expected):
            bound = self.bound.setdefault(expected, got)
            return "" if bound == got else f"{where}: {got!r}, not {bound!r}"
        return "" if _same_text(self._real(expected), got) else f"{where}: {got!r}, not {expected!r}"


def _same_text(expected: str, got: str) -> bool:
    """Whether two texts are the same but for what was cut and for places in a body."""
    wanted = _REPEATED.sub(lambda found: found.group(1) * int(found.group(2)), expected)
    cut = wanted.find("…")
    if cut >= 0:
        wanted = wanted[:cut].rpartition("(line")[0] or wanted[:cut]
        return got.startswith(wanted)
    wanted, got = _PLACE.sub("(line)", wanted), _PLACE.sub("(line)", got)
    wanted, got = _NAME.sub(r"\1Name:,", wanted), _NAME.sub(r"\1Name:,", got)
    wanted, got = wanted.replace("\xa0", " "), got.replace("\xa0", " ")  # protojson varies it on purpose
    return got == wanted


def stories() -> dict[str, dict[str, Any]]:
    """All stories by name: what is there before, and the steps."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(STORIES.glob("*.json"))}

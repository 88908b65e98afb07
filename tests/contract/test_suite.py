"""The suite itself: what it forgives a server, and what it does not.

A real server sorts what was made in one second by random id, has ids and names of its own, and names any of
several missing parameters. The server here is ours behind a proxy that does the same, with a clock that
stands still.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.contract.case import load, names, setups, tell
from tests.contract.compare import Comparison, same_text
from tests.contract.target import CannotSetUpError, Files, Target, own
from tests.embedded.running import Reply, send

pytestmark = pytest.mark.slow  # many cases against a server behind a proxy

IDS = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
OTHER = bytes.maketrans(b"0123456789abcdefABCDEF", b"9876543210fedcbaFEDCBA")
LISTS = re.compile(
    r"/apis/v[12]beta1/(experiments|runs|recurringruns|jobs|pipelines|pipeline_versions|pipelines/[^/]+/versions)"
)
TIED = {  # on a running cluster these took the first of two rows of one second for the older one
    "auth-errors": ("023", "025", "041"),
    "pipelines-v1": ("008", "013", "014", "016", "029"),
    "pipelines-v2": ("052", "053", "056", "057"),
    "recurring-v2": ("043",),
    "runs-v1": ("024",),
    "runs-v2": ("056",),
    "versions-v2": ("000", "001", "002", "004", "047", "048", "052"),
}
OF_ONE_HOP = {"host", "content-length", "connection", "date", "server"}
ALL = names()
Sort = Callable[[list[Any]], list[Any]]


def other_ids(text: bytes) -> bytes:
    """Put another id for each; done twice, it is the first again."""
    return IDS.sub(lambda found: found.group().translate(OTHER), text)


def case(number: str) -> dict[str, Any]:
    return next(load(name) for name in ALL if name.startswith(f"{number}-"))


def ties_reversed(rows: list[Any]) -> list[Any]:
    """What was made in one second the other way round."""
    found = rows[::-1]
    seconds = list(dict.fromkeys(row["created_at"] for row in rows))
    return sorted(found, key=lambda row: seconds.index(row["created_at"]))


@contextmanager
def proxy(url: str, sort: Sort, fault: Callable[[str, bytes], Reply | None]) -> Iterator[str]:
    """A server that sorts the rows of another, and has other ids."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = [each for each in self.headers.items() if each[0].lower() not in OF_ONE_HOP]
            path, sent = other_ids(self.path.encode()).decode(), other_ids(body)
            reply = fault(path, body) or self.listed(path, headers)
            reply = reply or send(url, self.command, path, sent or None, headers)
            content = other_ids(reply.body)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                if name not in OF_ONE_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def listed(self, path: str, headers: list[tuple[str, str]]) -> Reply | None:
            """The first page, cut from the sorted list of all; None for what is no such list."""
            parts = urlsplit(path)
            query = dict(parse_qsl(parts.query))
            if self.command != "GET" or not LISTS.fullmatch(parts.path) or "page_token" in query:
                return None
            page = send(url, "GET", path, None, headers)
            everything = send(
                url, "GET", f"{parts.path}?{urlencode({**query, 'page_size': '200'})}", None, headers
            )
            if page.status != 200 or "created_at" not in query.get("sort_by", "created_at"):
                return page
            found, rows = page.json, everything.json
            for name in [name for name, value in found.items() if isinstance(value, list)]:
                found[name] = sort(rows[name])[: len(found[name])]
            return Reply(200, page.headers, json.dumps(found).encode())

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class StandingClock:
    """A clock that goes on when somebody sleeps."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def behind_a_proxy(
    folder: Path, sort: Sort = ties_reversed, fault: Callable[[str, bytes], Reply | None] = lambda *_: None
) -> Iterator[Target]:
    clock = StandingClock()
    with own(folder, "multi-user", now=clock) as target, proxy(target.url, sort, fault) as url:
        target.url, target.keeps_order, target.sleep = url, False, clock.sleep
        yield target


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with behind_a_proxy(tmp_path_factory.mktemp("ties")) as found:
        yield found


@pytest.mark.parametrize(
    "number", [f"{topic}/{number}" for topic, numbers in TIED.items() for number in numbers]
)
def test_rows_of_one_second_may_come_in_any_order(number: str, target: Target) -> None:
    assert tell(case(number), target, setups()) == ""


def test_the_proxy_sorts_rows_of_one_second_otherwise(tmp_path: Path) -> None:
    with behind_a_proxy(tmp_path) as target:
        target.keeps_order = True

        problems = [tell(case(number), target, setups()) for number in ("versions-v2/001", "runs-v2/056")]

    assert all(problems)


@pytest.mark.parametrize("number", ["versions-v2/000", "versions-v2/001", "pipelines-v2/052", "runs-v1/024"])
def test_rows_of_different_seconds_may_not(number: str, tmp_path: Path) -> None:
    with behind_a_proxy(tmp_path, lambda rows: rows[::-1]) as target:
        assert tell(case(number), target, setups()) != ""


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith(("run-id", "versions-v2"))])
def test_other_ids_disturb_no_case(name: str, target: Target) -> None:
    wanted = load(name)
    if wanted.get("mode", "multi-user") == "multi-user":
        assert tell(wanted, target, setups()) == ""


MANY = {
    "once": {
        "two experiments": [
            {
                "as": "alice editor",
                "request": "POST /apis/v2beta1/experiments",
                "body": {"display_name": name, "namespace": "alice"},
                "keep": {name: "experiment_id"},
            }
            for name in ("first", "second")
        ]
    },
    "each": {},
}
READS = {
    "setup": ["two experiments"],
    "as": "alice editor",
    "request": "GET /apis/v2beta1/experiments/<second>",
    "answer": {"status": 200},
}
LISTS_ALL = {
    "as": "alice editor",
    "request": "GET /apis/v2beta1/experiments?namespace=alice",
    "answer": {"status": 200, "body": {}},
}


def test_a_failed_set_up_is_removed_and_remembered(tmp_path: Path) -> None:
    faults = [Reply(500, {}, b'{"message": "no connection"}')]

    def fail_once(_path: str, body: bytes) -> Reply | None:
        return faults.pop() if faults and b'"second"' in body else None

    with behind_a_proxy(tmp_path, fault=fail_once) as target:
        with pytest.raises(AssertionError, match="500 no connection"):
            tell(READS, target, MANY)
        for _ in range(2):
            with pytest.raises(CannotSetUpError, match="'two experiments' has failed before"):
                tell(READS, target, MANY)

        assert tell(LISTS_ALL, target, MANY) == ""


def test_what_was_made_once_stays_until_the_end(tmp_path: Path) -> None:
    with behind_a_proxy(tmp_path) as target:
        assert [tell(READS, target, MANY), tell(READS, target, MANY)] == ["", ""]
        assert tell(LISTS_ALL, target, MANY) != ""

        target.clean()

        assert tell(LISTS_ALL, target, MANY) == ""


def test_a_run_without_a_state_is_waited_for(tmp_path: Path) -> None:
    runs: list[dict[str, Any]] = [{"run_id": "r"}, {"run_id": "r", "state": "RUNNING"}]

    Files(tmp_path).reach("r", "RUNNING", lambda _path: runs.pop(0))

    assert runs == []


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("parameter <one of b d> is missing", "parameter d is missing", True),
        ("parameter <one of b d> is missing", "parameter x is missing", False),
        ("Name:<anything>,Kind", "Name:,Kind", True),
        ("Name:<any>,Kind", "Name:,Kind", False),
        ("Name:<any>,Kind", "Name:two-steps-x,Kind:", False),
        ("no pipeline id…", "no pipeline id\ngoroutine 7 [running]:\nmain.go:3", True),
        ("no pipeline id…", "a pipeline id", False),
        ("no (line 1:2) dots.*", "no (line 3:4) dots.*", True),
        ("no dots.*", "no dots at all", False),
        ("a <name> of nothing", "a <name> of nothing", True),
    ],
)
def test_texts(expected: str, got: str, *, same: bool) -> None:
    assert same_text(expected, got) is same


def test_a_text_has_the_ids_of_this_server() -> None:
    comparison = Comparison({"run": "4711"})

    assert comparison.difference({"message": "run <run> of <RUN>"}, {"message": "run 4711 of 4711"}) == ""
    assert comparison.difference({"message": "run <run>"}, {"message": "run 4712"}) != ""


def parts_of_the_recorded_server(case: dict[str, Any], named: str) -> Iterator[str]:
    """What no other server can answer, or be asked: dumps, and ids and names that the case did not make."""
    made = str({part: value for part, value in case.items() if part not in {"answer", "embedded", "request"}})
    answer = case["answer"]
    for text in [str(answer[part]).partition("…")[0] for part in ("text", "message") if part in answer]:
        if re.search(r"goroutine|\.go:|stack trace|&Workflow\{", text):
            yield text
        for name in re.findall(r"[,{]Name:([^,]+),", text):
            if "<" not in name and name not in made + named:
                yield text
    for found in IDS.findall(case["request"].encode()):
        if answer["status"] != 404 and "unknown" not in case["what"] and found.decode() not in made:
            yield case["request"]


def test_nothing_in_a_case_is_of_the_recorded_server() -> None:
    named = str(setups())

    assert {
        name: found for name in ALL if (found := list(parts_of_the_recorded_server(load(name), named)))
    } == {}

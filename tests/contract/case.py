"""Cases: one request each, with what has to be there before and the answer a real KFP server gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tests.contract.compare import Comparison, same_text
from tests.contract.packages import multipart, specs_by_name
from tests.contract.target import FILES, CannotSetUpError, Headers, Target
from tests.embedded.running import Reply

CASES = Path(__file__).parent / "cases"
URL_CHECKED = b"Pipeline URL validation failed"  # what a server says that has not been set to leave it out
_COLLECTIONS = {  # what a create answers with: where the id is, and what deletes it
    "v2beta1/experiments": ("experiment_id", "experiments/{}"),
    "v2beta1/runs": ("run_id", "runs/{}"),
    "v2beta1/recurringruns": ("recurring_run_id", "recurringruns/{}"),
    "v2beta1/pipelines": ("pipeline_id", "pipelines/{}?cascade=true"),
    "v2beta1/pipelines/create": ("pipeline_id", "pipelines/{}?cascade=true"),
    "v2beta1/pipelines/upload": ("pipeline_id", "pipelines/{}?cascade=true"),
    "v1beta1/experiments": ("id", "experiments/{}"),
    "v1beta1/runs": ("run.id", "runs/{}"),
    "v1beta1/jobs": ("id", "recurringruns/{}"),
    "v1beta1/pipelines": ("id", "pipelines/{}?cascade=true"),
    "v1beta1/pipelines/upload": ("id", "pipelines/{}?cascade=true"),
}


def load(name: str) -> dict[str, Any]:
    """A case by its topic and file name without ending."""
    found: dict[str, Any] = yaml.load((CASES / f"{name}.yaml").read_text(), yaml.CSafeLoader)
    return found


def names() -> list[str]:
    """All cases, by topic and file name."""
    return [f"{path.parent.name}/{path.stem}" for path in sorted(CASES.glob("*/*.yaml"))]


def setups() -> dict[str, dict[str, Any]]:
    """The named set-ups: `once` those that cases only read, `each` those made for every case."""
    found: dict[str, Any] = yaml.load((CASES / "setups.yaml").read_text(), yaml.CSafeLoader)
    return found


@dataclass
class Telling:
    """One case being sent to one server; `made` is what it leaves behind."""

    target: Target
    comparison: Comparison
    apart: bool = False  # whether everything is made in a second of its own
    made: list[tuple[Headers, str]] = field(default_factory=list, repr=False)  # whose, what deletes it
    done: set[str] = field(default_factory=set)

    def set_up(self, items: list[Any], named: dict[str, Any]) -> None:
        """Bring about what has to be there; raises CannotSetUpError where this server cannot."""
        for item in items:
            if isinstance(item, str):
                self._named(item, named)
            elif "state" in item:
                for run, state in item["state"].items():
                    self.target.reach(self.comparison.names[run], state, item["as"])
            else:
                self._made(item)

    def _named(self, name: str, named: dict[str, Any]) -> None:
        if name in self.done:
            return
        self.done.add(name)
        if name in named["each"]:
            self.set_up(named["each"][name], named)
            return
        if name not in self.target.kept:
            self._keep(name, named)
        kept = self.target.kept[name]
        if kept is None:
            raise CannotSetUpError(f"the set-up {name!r} has failed before")
        self.comparison.names.update(kept)

    def _keep(self, name: str, named: dict[str, Any]) -> None:
        """Make what many cases read; when it fails, what it made is removed, and no case tries it again."""
        once = Telling(self.target, Comparison({}))
        self.target.kept[name] = None
        try:
            once.set_up(named["once"][name], named)
            self.target.kept[name] = once.comparison.names
            self.target.made += once.made
        finally:
            if self.target.kept[name] is None:
                self.target.remove(once.made)

    def _made(self, item: dict[str, Any]) -> None:
        for number in range(1, item.get("times", 1) + 1):
            self.comparison.names["n"] = f"{number:03}"
            reply = self.send(item)
            if reply.status != 200:
                raise AssertionError(f"set-up {item['request']}: {reply.status} {reply.text}")
            for name, path in item.get("keep", {}).items():
                self.comparison.names[name] = at(reply.json, path)
            if self.apart and item["request"].startswith("POST "):
                self.target.sleep(1)

    def send(self, item: dict[str, Any]) -> Reply:
        """Send a request, of the case or of its set-up."""
        method, path = item["request"].split(" ", maxsplit=1)
        headers = self.target.headers(item["as"]) if "Authorization" not in item.get("headers", {}) else []
        headers += self._headers(item)
        body = item.get("body")
        sent = self._filled(body).encode() if isinstance(body, str) else self._filled(body)
        if "upload" in item:
            upload = item["upload"]
            sent, kind = multipart(upload["field"], upload["file"], upload["content"])
            headers.append(("Content-Type", kind))
        path = path.replace("<filter>", quote(self.comparison.real(item.get("filter", "")), safe=""))
        reply = self.target.call(method, self._path(path), sent, headers)
        self._remember(method, path, headers, reply)
        return reply

    def _headers(self, item: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for name, values in item.get("headers", {}).items():
            for value in values if isinstance(values, list) else [values]:
                token = self.target.keys.token(item["as"]) if "<token>" in value else ""
                yield name, value.replace("<token>", token)

    def _path(self, path: str) -> str:
        page = self.comparison.names.get("page")
        return self.comparison.real(path.replace("<page>", quote(page, safe="")) if page else path)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._filled(key): self._filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        if not isinstance(value, str):
            return value
        return specs_by_name().get(value) or self.comparison.real(value)

    def _remember(self, method: str, path: str, headers: Headers, reply: Reply) -> None:
        collection = path.partition("?")[0].removeprefix("/apis/").rstrip("/")
        if method in ("POST", "PUT") and reply.status == 200 and collection in _COLLECTIONS:
            where, deleted = _COLLECTIONS[collection]
            self.made.append((headers, deleted.format(at(reply.json, where))))


def at(body: Any, path: str) -> Any:
    """The field at `a.0.b`."""
    for part in path.split("."):
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body


def wrong(case: dict[str, Any], reply: Reply, comparison: Comparison) -> str:
    """What is wrong with the answer, "" when nothing is."""
    expected = case["answer"]
    if reply.status != expected["status"]:
        return f"status {reply.status}, not {expected['status']}: {reply.body[:400]!r}"
    for name, value in expected.get("headers", {}).items():
        if not same_text(comparison.real(value), reply.headers.get(name.lower(), "")):
            return f"header {name}: {reply.headers.get(name.lower())!r}, not {value!r}"
    if "text" in expected:
        said = {"text": reply.text, "message": reply.json.get("message", "")}
        problems = (
            f"{name}: {got!r}, not {expected[name]!r}"
            for name, got in said.items()
            if name in expected and not same_text(comparison.real(expected[name]), got)
        )
        return next(problems, "")
    if "body" not in expected:
        return ""
    try:
        got = reply.json
    except ValueError:
        got = reply.body.decode()
    return comparison.difference(expected["body"], got)


def tell(case: dict[str, Any], target: Target, named: dict[str, Any]) -> str:
    """Set up, ask, compare, clean; returns what is wrong; raises CannotSetUpError.

    A real server sorts what was made in one second by random id. So a case that is wrong there is sent again
    with everything it needs made in seconds of its own; then the recorded order is the only right one.
    """
    _check_server(case, target)
    ours = case.get("embedded")
    if target.embedded and ours:
        case = {**case, "answer": {name: value for name, value in ours.items() if name != "why"}}
    problem = _tell(case, target, named)
    return problem if target.keeps_order or not problem else _tell(case, target, named, apart=True)


def _check_server(case: dict[str, Any], target: Target) -> None:
    """Raise CannotSetUpError when the server is not of the kind that the case is about."""
    if case.get("mode", "multi-user") != target.mode:
        raise CannotSetUpError(f"the server is {target.mode}")
    named_by_header = "kubeflow-userid" in map(str.lower, case.get("headers", {}))
    if named_by_header and not target.believes_header:
        raise CannotSetUpError("the server believes no identity header")
    if target.engine and FILES in str(case):
        raise CannotSetUpError("it cannot fetch files of ours")


def _tell(case: dict[str, Any], target: Target, named: dict[str, Any], *, apart: bool = False) -> str:
    comparison = Comparison({}, target.engine, case["answer"].get("rows", ""))
    telling = Telling(target, comparison, apart)
    try:
        telling.set_up(case.get("setup", []), named)
        reply = telling.send(case)
        if reply.status != case["answer"]["status"] and URL_CHECKED in reply.body:
            raise CannotSetUpError("it checks the addresses of pipelines")
        return wrong(case, reply, comparison)
    finally:
        target.remove(telling.made)

"""Recorded runs: one as it ended, or one from its POST to its end.

Configuration `shipped` is that of KFP 2.17's own manifests, where Argo wraps every node in a Retry; `plain`
is that of KFP up to 2.16.
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).parent / "data"
CONFIGURATIONS = ("plain", "shipped")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)((?:\.\d+)?Z)")


class Request(NamedTuple):
    """One request that arrived; an empty account has no accepted token."""

    method: str
    path: str
    query: dict[str, str]
    account: str = ""
    body: Any = None


class Reply(NamedTuple):
    """One recorded response: text, or an object that was JSON."""

    status: int
    body: Any


@dataclass
class Moment:
    """All that a cluster says of one run at one moment."""

    v2: dict[str, Any] = field(default_factory=dict)
    v1: dict[str, Any] = field(default_factory=dict)
    workflow: dict[str, Any] | None = None
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by the name of the object
    logs: dict[str, Reply] = field(default_factory=dict)  # by POD/CONTAINER
    archived: dict[str, Reply] = field(default_factory=dict)  # by pod

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self.v2["run_id"])


def runs(configuration: str) -> list[str]:
    """Return the names of the runs that were recorded at their end."""
    return sorted(path.name.removesuffix(".json.gz") for path in (DATA / configuration).glob("*.json.gz"))


def load_run(configuration: str, name: str) -> Moment:
    """Return a run as it was recorded, after its end or while it waited."""
    recorded = json.loads(gzip.decompress((DATA / configuration / f"{name}.json.gz").read_bytes()))
    moment = Moment(v2=recorded["v2"]["body"], v1=recorded["v1"]["body"])
    moment.workflow = recorded["workflows"][0] if recorded["workflows"] else None
    moment.pods = {pod["metadata"]["name"]: pod for pod in recorded["pods"]}
    for event in recorded["events"]:
        moment.events.setdefault(event["involvedObject"]["name"], []).append(event)
    moment.logs = {name: Reply(**reply) for name, reply in recorded["logs"].items()}
    moment.archived = {pod: Reply(**reply) for pod, reply in recorded["kfp_logs"].items()}
    return moment


@dataclass(frozen=True)
class Change:
    """One thing that looked different `at` seconds after the POST."""

    at: float
    kind: str
    key: str
    value: Any


class Series:
    """A run over time, under an id, a Workflow and a start of its own."""

    def __init__(self, changes: list[Change]) -> None:
        self.changes = changes

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return self.changes[-1].at

    @property
    def start(self) -> datetime:
        """When KFP had the run."""
        return _parse(self.created["created_at"])

    @property
    def created(self) -> dict[str, Any]:
        """The response to the POST."""
        body: dict[str, Any] = self.changes[0].value["body"]
        return body

    def moved(self, start: datetime, replacements: dict[str, str]) -> Series:
        """Return the same run at another time and under other names."""
        delta = start - self.start
        return Series([_move(change, delta, replacements) for change in self.changes])

    def at(self, seconds: float) -> Moment:
        """Return what the cluster said `seconds` after the POST."""
        moment = Moment()
        for change in self.changes:
            if change.at > seconds:
                break
            _APPLY[change.kind](moment, change)
        return moment


def series_names(configuration: str) -> list[str]:
    """Return the names of the pipelines that were recorded over time."""
    folder = DATA / configuration / "series"
    return sorted(path.name.removesuffix(".jsonl.gz") for path in folder.glob("*.jsonl.gz"))


def load_series(configuration: str, name: str) -> Series:
    """Return the recording of a run of pipeline `name` over time."""
    text = gzip.decompress((DATA / configuration / "series" / f"{name}.jsonl.gz").read_bytes()).decode()
    return Series([Change(**json.loads(line)) for line in text.splitlines()])


def _move(change: Change, delta: timedelta, replacements: dict[str, str]) -> Change:
    text = json.dumps(change.value)
    for old, new in replacements.items():
        text = text.replace(old, new)
    text = _TIME.sub(lambda found: _shift(found[1], delta) + found[2], text)
    key = change.key
    for old, new in replacements.items():
        key = key.replace(old, new)
    return Change(change.at, change.kind, key, json.loads(text))


def _shift(time: str, delta: timedelta) -> str:
    moment = datetime.fromisoformat(time)
    return time if moment.year < 2000 else f"{moment + delta:%Y-%m-%dT%H:%M:%S}"  # 1970: KFP's “not yet”


def _parse(time: str) -> datetime:
    return datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(timezone.utc)


def _apply_v2(moment: Moment, change: Change) -> None:
    moment.v2 = change.value["body"]


def _apply_v1(moment: Moment, change: Change) -> None:
    moment.v1 = change.value["body"]


def _apply_pod(moment: Moment, change: Change) -> None:
    moment.pods[change.key] = change.value


def _apply_events(moment: Moment, change: Change) -> None:
    moment.events[change.key] = change.value


def _apply_log(moment: Moment, change: Change) -> None:
    moment.logs[change.key] = Reply(**change.value)


_APPLY = {
    "create": _apply_v2,
    "v2": _apply_v2,
    "v1": _apply_v1,
    "pod": _apply_pod,
    "events": _apply_events,
    "log": _apply_log,
}

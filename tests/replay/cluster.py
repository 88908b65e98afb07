"""The recorded cluster as one thing: runs are put into it, or submitted to it, and advance on command.

Time stands still unless `advance` is called or the cluster was made with a clock that moves, such as
`time.monotonic`.
"""

from __future__ import annotations

import itertools
import json
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, NamedTuple
from uuid import uuid4

from tests.replay import kfp, kubernetes
from tests.replay.recordings import Moment, Reply, Request, Series, load_run, load_series, runs, series_names

ACCOUNTS = ("default-editor", "default-viewer", "default")
_KFP = ("/apis/v1beta1/", "/apis/v2beta1/", "/apis/v1alpha1/")
_SUFFIX = "abcdefghjkmnpqrstuvwxyz23456789"


def token_of(account: str) -> str:
    """Return a token with the claims of one that Kubernetes projects for `account` of profile alice.

    Both APIs take it, so it has both audiences; its signature is nobody's.
    """
    claims = {
        "aud": ["pipelines.kubeflow.org", "https://kubernetes.default.svc.cluster.local"],
        "exp": 4102444800,
        "sub": f"system:serviceaccount:alice:{account}",
        "kubernetes.io": {"namespace": "alice", "serviceaccount": {"name": account}},
    }
    parts = ({"alg": "RS256"}, claims, {"signature": "canary"})
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


class Advancing(NamedTuple):
    """A run that is under way."""

    series: Series
    since: float  # on the cluster's clock


class ReplayCluster:
    """Recorded runs behind the KFP and the Kubernetes API; safe to share between threads."""

    def __init__(self, configuration: str = "shipped", clock: Callable[[], float] = lambda: 0.0) -> None:
        self.configuration = configuration
        self.requests: list[Request] = []
        self.denied: set[str] = set()  # such as pods/log: resources that Kubernetes refuses to everybody
        self.artifacts: dict[str, bytes] = {}  # by name: what a server without users hands out
        self.pages: dict[str, bytes] = {}  # by path: what KFP's UI hands out
        self.store = ""  # host:port of the namespace's store, as its configuration names it
        self._clock = clock
        self._ahead = 0.0
        self._ended: dict[str, Moment] = {}
        self._advancing: dict[str, Advancing] = {}
        self._rows = kfp.Rows()
        self._count = itertools.count()
        self._lock = threading.RLock()

    @property
    def now(self) -> float:
        """Seconds on the cluster's clock."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._ahead += seconds

    def add(self, name: str) -> str:
        """Put in a run as it was recorded; return its id."""
        return self.put(load_run(self.configuration, name))

    def add_all(self) -> None:
        """Put in each run that was recorded in this configuration."""
        for name in runs(self.configuration):
            self.add(name)

    def put(self, moment: Moment) -> str:
        """Put in a run that will not change."""
        with self._lock:
            self._ended[moment.run_id] = moment
            self._rows.experiment_of(moment)
        return moment.run_id

    def start(self, name: str, *, run_id: str = "", display_name: str = "", experiment_id: str = "") -> str:
        """Start the recorded run of pipeline `name`; return its id."""
        recorded = load_series(self.configuration, name)
        return self._start(recorded, run_id or str(uuid4()), display_name, experiment_id)

    def _start(self, recorded: Series, run_id: str, display_name: str, experiment_id: str) -> str:
        created = recorded.created
        with self._lock:
            workflow = _workflow_name(recorded)
            number = next(self._count)
            suffix = "".join(_SUFFIX[(number // len(_SUFFIX) ** place) % len(_SUFFIX)] for place in range(5))
            names = {created["run_id"]: run_id, workflow: f"{workflow[:-5]}{suffix}"}
            if display_name:
                names[created["display_name"]] = display_name
            if experiment_id:
                names[created["experiment_id"]] = experiment_id
            series = recorded.moved(datetime.now(timezone.utc).replace(microsecond=0), names)
            self._advancing[run_id] = Advancing(series, self.now)
            self._rows.experiment_of(series.at(0))
        return run_id

    def moments(self) -> dict[str, Moment]:
        """Return what the cluster says of each run now, by run id."""
        with self._lock:
            moving = {
                run_id: each.series.at(self.now - each.since) for run_id, each in self._advancing.items()
            }
            return {**self._ended, **moving}

    def respond(self, request: Request, token: str) -> Reply:
        """Answer one request of either API."""
        account = next((name for name in ACCOUNTS if token_of(name) == token), "")
        request = request._replace(account=account)
        with self._lock:
            self.requests.append(request)
            if request.path in self.pages:
                return Reply(200, self.pages[request.path].decode())
            if self.artifacts and (wanted := kfp.ARTIFACT.match(request.path)) is not None:
                return self._read_artifact(wanted["node"], wanted["name"])
            if request.path.startswith(_KFP):
                if (request.method, request.path) == ("POST", "/apis/v2beta1/runs") and account:
                    return self._submit(account, request.body)
                return kfp.respond(self.moments(), self._rows, request)
            if not account:
                status = {"kind": "Status", "status": "Failure", "message": "Unauthorized", "code": 401}
                return Reply(401, status)
            reply = kubernetes.respond(self.moments().values(), request, self.denied)
            return kubernetes.with_store(reply, self.store) if self.store else reply

    def _read_artifact(self, node: str, name: str) -> Reply:
        texts = (moment.v1["pipeline_runtime"]["workflow_manifest"] for moment in self.moments().values())
        if name not in self.artifacts or not any(f'"{node}"' in text for text in texts):
            return Reply(404, {"error_message": "artifact not found: <nil>", "error_details": ""})
        return Reply(200, {"data": b64encode(self.artifacts[name]).decode()})

    def _submit(self, account: str, body: Any) -> Reply:
        refusal = kfp.refusal(account, kfp.NAMESPACE, "create", "runs")
        if refusal is not None:
            return refusal
        spec = body.get("pipeline_spec", {})
        name = (spec.get("pipeline_spec") or spec).get("pipelineInfo", {}).get("name", "")
        if name not in series_names(self.configuration):
            return kfp.error(
                400, 3, f"Pipeline {name} was not recorded; {series_names(self.configuration)} were"
            )
        names = {"display_name": body["display_name"], "experiment_id": body.get("experiment_id", "")}
        run_id = self.start(name, run_id=body.get("run_id", ""), **names)
        return Reply(200, self.moments()[run_id].v2)


def _workflow_name(recorded: Series) -> str:
    """Return the name of the recorded Workflow: pods are called after it."""
    pod = next(change.key for change in recorded.changes if change.kind == "pod")
    return pod.partition("-system-")[0]

"""What is there before a story begins, made through the API of the server under test."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from jupyter_kfp_mt.embedded.store import Store
from jupyter_kfp_mt.embedded.tenants import EDITOR, Tenancy, subject
from tests.embedded.running import Running, send

DATA = Path(__file__).parent / "data"
NAMESPACES = ("ns-a", "ns-b", "anna", "ben", "dora", "dora2", "empty", "shared", "ns-slow")
USERS = ("alice", "bob", "anna", "ben", "dora")
HOUR = 3600


def specs() -> dict[str, Any]:
    """The pipelines that the recordings ran, by the names that the stories use."""
    return {path.stem: json.loads(path.read_text()) for path in DATA.glob("*.json")}


def people(tenancy: Tenancy, store: Store) -> None:
    """The tenants of the recordings."""
    for name in NAMESPACES:
        tenancy.add_profile(name, f"{name}@example.com")
    for name in ("alice", "anna", "dora"):
        store.tenants.share("shared", subject(name, EDITOR), "edit")


class Voices:
    """Sends requests as the one the recording names; to another server with tokens from files."""

    def __init__(self, running: Running, url: str = "", tokens: Path | None = None) -> None:
        self._running = running
        self._url = url or running.url
        self._files = tokens
        self._tokens: dict[str, str] = {}

    def token(self, who: str) -> str:
        """A token of `<namespace> editor` or `<namespace> viewer`."""
        if who not in self._tokens:
            namespace, role = who.split()[:2]
            if self._files is not None:
                return (self._files / f"{namespace}-{role}").read_text().strip()
            self._tokens[who] = self._running.token(namespace, f"default-{role}")
        return self._tokens[who]

    def __call__(self, method: str, path: str, body: object, who: str, headers: list[tuple[str, str]]) -> Any:
        """Send it."""
        sent = [(name, self._with_token(value, who)) for name, value in headers if value is not None]
        names = {name.lower() for name, _ in sent}
        if "authorization" not in names:
            sent += [("Authorization", f"Bearer {token}") for token in self._bearer(who)]
        if who.startswith("headers "):
            sent += [("kubeflow-userid", each) for each in who.removeprefix("headers ").split(" and ")]
        return send(self._url, method, path, body, sent)

    def _with_token(self, value: str, who: str) -> str:
        return (
            value.replace("<token>", self.token(who.split(",", maxsplit=1)[0]))
            if "<token>" in value
            else value
        )

    def _bearer(self, who: str) -> list[str]:
        plain = who.removeprefix("token ").partition(" + ")[0]
        namespace, _, role = plain.partition(" ")
        if role.endswith("wrong-audience"):
            return [self._running.token(namespace, audience="other")]
        if role.endswith("expired"):
            return [self._expired(namespace)]
        return [self.token(plain)] if role in ("editor", "viewer") else []

    def _expired(self, namespace: str) -> str:
        past = Tenancy(self._running.core.store, now=lambda: time.time() - 2 * HOUR)
        return past.issue(namespace, seconds=60)[0]


def before(running: Running, voices: Voices, wanted: dict[str, list[str]], spec: Any) -> dict[str, str]:
    """Make the things a story stands on; returns recorded id → real id."""
    bound: dict[str, str] = {}
    made: dict[tuple[str, str], str] = {}

    def post(namespace: str, path: str, body: object) -> Any:
        reply = voices("POST", path, body, f"{namespace} editor", [])
        assert reply.status == 200, reply.body
        return reply.json

    def experiment(namespace: str) -> str:
        key = ("experiment", namespace)
        if key not in made:
            body = {"display_name": f"before {namespace}", "namespace": namespace}
            made[key] = post(namespace, "/apis/v2beta1/experiments", body)["experiment_id"]
        return made[key]

    def run(namespace: str) -> str:
        body = {"display_name": "seed", "experiment_id": experiment(namespace), "pipeline_spec": spec}
        return str(post(namespace, "/apis/v2beta1/runs", body)["run_id"])

    def pipeline(namespace: str) -> str:
        key = ("pipeline", namespace)
        if key not in made:
            row, version = running.core.pipelines.create(namespace, _names("two-steps"), _template(spec))
            made[key], made["version", namespace] = row.pipeline_id, version.pipeline_version_id
        return made[key]

    for recorded, (kind, namespace) in wanted.items():
        if kind == "default":
            bound[recorded] = running.core.experiments.default().experiment_id
        elif kind == "experiment":
            bound[recorded] = experiment(namespace)
        elif kind == "run":
            bound[recorded] = run(namespace)
        else:
            pipeline(namespace)
            bound[recorded] = made[kind, namespace]
    return bound


def make_in(running: Running, voices: Voices, kind: str, experiment_id: str) -> str:
    """A run or recurring run in an experiment: what a recording made without telling.

    A state as `kind` is a run that has come so far, which no call brings about.
    """
    name = "j" if kind == "recurring" else "r"
    body = {"display_name": name, "experiment_id": experiment_id, "pipeline_spec": specs()["plain"]}
    experiment = running.core.store.experiments.get(experiment_id)
    who = f"{experiment.namespace if experiment else 'alice'} editor"
    if kind != "recurring":
        run_id = str(voices("POST", "/apis/v2beta1/runs", body, who, []).json["run_id"])
        if kind != "run":
            running.core.store.runs.set_state(run_id, kind)
        return run_id
    trigger = {"periodic_schedule": {"interval_second": "3600"}}
    body = {**body, "max_concurrency": "1", "mode": "ENABLE", "trigger": trigger}
    made = voices("POST", "/apis/v2beta1/recurringruns", body, who, [])
    return str(made.json["recurring_run_id"])


def fill(running: Running, voices: Voices, world: str) -> None:
    """The rows that the recordings of filters and paging were made over."""
    who = f"{world} editor"
    spec = specs()["plain"]

    def post(path: str, body: dict[str, Any]) -> Any:
        reply = voices("POST", f"/apis/v2beta1/{path}", body, who, [])
        assert reply.status == 200, reply.body
        return reply.json

    odd = ("under_score", "100%", "a+b", 'q"uote', "ünï") if world == "dora" else ()
    bulk = [f"bulk-{number:03}" for number in range(220 - 2 - len(odd))]
    ids = {}
    for name in ("e1", "e2", *odd, *bulk):
        sent = {"display_name": name, "namespace": world, "description": "first" if name == "e1" else ""}
        ids[name] = post("experiments", sent)["experiment_id"]
    experiment = ids["e1"]
    for name in ("other", "run-0", "run-1", "run-3", "run-4", "run-5"):
        sent = {"display_name": name, "experiment_id": experiment, "pipeline_spec": spec}
        ids[name] = post("runs", sent)["run_id"]
    for name in ("job0", "job1"):
        sent = {"display_name": name, "experiment_id": experiment, "pipeline_spec": spec}
        post("recurringruns", {**sent, "max_concurrency": 1, "trigger": {}})
    tags = {"pl0": {"team": "ml", "env": "prod"}, "pl1": {"team": "ml"}}
    for name in ("pl0", "pl1", "untagged0", "untagged1"):
        post("pipelines", {"name": name, "namespace": world, "tags": tags.get(name, {})})
    if world == "dora":
        runs = running.core.store.runs
        runs.set_state(ids["other"], "RUNNING")
        runs.set_state(ids["run-0"], "SUCCEEDED", finished_at=int(time.time()))
        runs.set_state(ids["run-1"], "FAILED", finished_at=int(time.time()))
        runs.set_storage_state(ids["run-3"], "ARCHIVED")


def _names(name: str) -> Any:
    from jupyter_kfp_mt.embedded.core.pipelines import Names

    return Names(name=name, display_name=name)


def _template(spec: Any) -> Any:
    from jupyter_kfp_mt.embedded.core.packages import of_wire

    return of_wire(spec)

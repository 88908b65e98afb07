"""Four tenants, five roles, every route of both APIs: allowed or refused as the table of rights says.

A refused call changes nothing and tells nothing: a foreign id and a random id are answered alike.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jupyter_kfp_mt.embedded.api.app import all_routes
from jupyter_kfp_mt.embedded.api.shared.authorization import OWNER
from jupyter_kfp_mt.embedded.api.shared.calls import Call
from jupyter_kfp_mt.embedded.api.shared.routing import ApiRoute, Router, respond
from jupyter_kfp_mt.embedded.core.packages import read_spec
from jupyter_kfp_mt.embedded.core.pipelines import PipelineNames
from jupyter_kfp_mt.embedded.tenants import EDITOR, RIGHTS, subject
from tests.contract.packages import specs
from tests.embedded.running import Reply, Running, running

pytestmark = pytest.mark.slow  # thousands of requests: each caller, each route

RANDOM = "0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e"
OWNERS = ("alice", "bob", "carol")
ROUTES = [route for route in all_routes("0", lambda: None) if route.guard is not OWNER]
GUARDED = [route for route in ROUTES if route.guard is not None]


class Caller(NamedTuple):
    """A caller, and the role it has in each namespace."""

    name: str
    token: str
    roles: dict[str, str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("isolation")) as made:
        tenancy, table = made.manager.tenancy, made.manager.store.tenants
        tenancy.add_profile("dan")
        table.share("alice", subject("dan", EDITOR), "view")
        table.share("bob", subject("dan", EDITOR), "edit")
        table.share("carol", subject("dan", EDITOR), "admin")
        yield made


@pytest.fixture(scope="module")
def callers(server: Running) -> list[Caller]:
    """Owners with both accounts, a contributor with three roles, and nobody."""
    found = [Caller("nobody", "", {}), Caller("junk", "junk", {})]
    for name in OWNERS:
        found.append(Caller(f"{name} editor", server.token(name), {name: "edit"}))
        found.append(Caller(f"{name} viewer", server.token(name, "default-viewer"), {name: "view"}))
    found.append(Caller("dan", server.token("dan"), {"alice": "view", "bob": "edit", "carol": "admin"}))
    return found


def things(server: Running, namespace: str) -> dict[str, str]:
    """One of everything in a namespace: the names that a route's path may hold."""
    spec, token = specs()["plain"], server.token(namespace)

    def post(path: str, body: dict[str, Any]) -> Any:
        reply = server.call("POST", f"/apis/v2beta1/{path}", body, token=token)
        assert reply.status == 200, reply.body
        return reply.json

    number = len(server.runner.orders)
    experiment = post("experiments", {"display_name": f"e{number}", "namespace": namespace})["experiment_id"]
    run = post("runs", {"display_name": "r", "experiment_id": experiment, "pipeline_spec": spec})["run_id"]
    schedule = {"display_name": "j", "experiment_id": experiment, "pipeline_spec": spec, "max_concurrency": 1}
    job = post("recurringruns", schedule)["recurring_run_id"]
    names = PipelineNames(name=f"p{number}", display_name=f"p{number}")
    pipeline, version = server.manager.pipelines.create(namespace, names, read_spec(spec))
    assert version is not None
    return {
        "experiment_id": experiment,
        "run_id": run,
        "recurring_run_id": job,
        "pipeline_id": pipeline.pipeline_id,
        "pipeline_version_id": version.pipeline_version_id,
        "version_id": version.pipeline_version_id,
        "name": pipeline.name,
        "namespace": namespace,
        "node_id": "n",
        "artifact_name": "a",
    }


def request(route: ApiRoute, at: dict[str, str]) -> tuple[str, bytes | None]:
    """A call of this route about these things, good enough to pass every check but that of rights."""
    path = re.sub(r"\{(\w+)\}", lambda found: at[found.group(1)], route.path)
    namespace = at["namespace"]
    last = route.path.rpartition("/")[2]
    if route.method == "GET" and "{" not in route.path:
        key = "resource_reference_key.type=NAMESPACE&resource_reference_key.id=" + namespace
        query = key if "v1beta1" in route.path else f"namespace={namespace}"
        if last == "pipeline_versions":
            query = f"resource_key.type=PIPELINE&resource_key.id={at['pipeline_id']}"
        if last == "auth":
            query = f"namespace={namespace}&resources=VIEWERS&verb=GET"
        return f"{path}?{query}", None
    if "{name}" in route.path and "v2beta1" in route.path:
        return f"{path}?namespace={namespace}", None
    if "upload" in last:
        text = f"--x\r\n{_FILE}\r\n\r\n{json.dumps(specs()['plain'])}\r\n--x--\r\n"
        return f"{path}?namespace={namespace}&pipelineid={at['pipeline_id']}&name=u", text.encode()
    return path, json.dumps(_body(route, at)).encode() if route.method in ("POST", "PATCH") else None


_FILE = 'Content-Disposition: form-data; name="uploadfile"; filename="p.yaml"'


def _body(route: ApiRoute, at: dict[str, str]) -> dict[str, Any]:
    spec, url = specs()["plain"], {"pipeline_url": "https://nowhere.invalid/p.yaml"}
    owner = {"relationship": "OWNER"}
    of_namespace = {"key": {"type": "NAMESPACE", "id": at["namespace"]}, **owner}
    of_experiment = {"key": {"type": "EXPERIMENT", "id": at["experiment_id"]}, **owner}
    of_pipeline = {"key": {"type": "PIPELINE", "id": at["pipeline_id"]}, **owner}
    run = {"display_name": "x", "experiment_id": at["experiment_id"], "pipeline_spec": spec}
    run_v1 = {
        "name": "x",
        "resource_references": [of_experiment],
        "pipeline_spec": {"pipeline_manifest": json.dumps(spec)},
    }
    bodies: dict[str, dict[str, Any]] = {
        "/apis/v2beta1/experiments": {"display_name": "x", "namespace": at["namespace"]},
        "/apis/v2beta1/runs": run,
        "/apis/v2beta1/recurringruns": {**run, "max_concurrency": 1},
        "/apis/v2beta1/pipelines": {"name": "x", "namespace": at["namespace"]},
        "/apis/v2beta1/pipelines/create": {
            "pipeline": {"name": "x", "namespace": at["namespace"]},
            "pipeline_version": {"package_url": url},
        },
        "/apis/v2beta1/pipelines/{pipeline_id}/versions": {
            "name": "x",
            "pipeline_id": at["pipeline_id"],
            "package_url": url,
        },
        "/apis/v1beta1/experiments": {"name": "x", "resource_references": [of_namespace]},
        "/apis/v1beta1/runs": run_v1,
        "/apis/v1beta1/jobs": {**run_v1, "max_concurrency": 1},
        "/apis/v1beta1/pipelines": {"name": "x", "url": url, "resource_references": [of_namespace]},
        "/apis/v1beta1/pipeline_versions": {
            "name": "x",
            "package_url": url,
            "resource_references": [of_pipeline],
        },
    }
    return bodies.get(route.path, {})


def send(server: Running, route: ApiRoute, at: dict[str, str], token: str) -> Reply:
    path, body = request(route, at)
    headers = [("Content-Type", "multipart/form-data; boundary=x")] if "upload" in path else []
    return server.call(
        "POST" if route.method == "*" else route.method, path, body, token=token, headers=headers
    )


class Watched:
    """Tells whether anything was stored since the last look."""

    def __init__(self, folder: Path) -> None:
        self._sql = sqlite3.connect(f"file:{folder}/store.sqlite?mode=ro", uri=True)
        self._version = self._now()

    def _now(self) -> int:
        return int(self._sql.execute("PRAGMA data_version").fetchone()[0])

    def changed(self) -> bool:
        before, self._version = self._version, self._now()
        return before != self._version

    def close(self) -> None:
        self._sql.close()


class Tenants:
    """One of everything in each namespace; made again where an allowed call has changed it."""

    def __init__(self, server: Running) -> None:
        self._server = server
        self._things: dict[str, dict[str, str]] = {}
        self.watched = Watched(server.manager.folder)

    def things(self, namespace: str) -> dict[str, str]:
        if namespace not in self._things:
            self._things[namespace] = things(self._server, namespace)
        self.watched.changed()
        return self._things[namespace]

    def check(self, route: ApiRoute, caller: Caller, namespace: str) -> str:
        """Call the route; return what is wrong with the answer."""
        assert route.guard is not None
        at = self.things(namespace)
        rights = RIGHTS.get(caller.roles.get(namespace, ""), {})
        reply = send(self._server, route, at, caller.token)
        changed = self.watched.changed()
        if route.guard.verb in rights.get(route.guard.resource, ()):
            if changed:
                del self._things[namespace]
            refused = reply.status in (401, 403) or (reply.status == 404 and '"code":5' in reply.text)
            return f"refused with {reply.status}" if refused else ""
        if changed or not 400 <= reply.status < 500:
            return f"answered {reply.status}, {changed=}"
        if namespace not in caller.roles and "_id}" in route.path:
            ids = [name for name in at if name.endswith("_id") and name != "node_id"]
            unknown = {**at, **dict.fromkeys(ids, RANDOM)}
            mine, other = without_ids(reply, at), send(self._server, route, unknown, caller.token)
            return "" if mine == without_ids(other, unknown) else f"{mine} but {without_ids(other, unknown)}"
        return ""


@pytest.fixture(scope="module")
def tenants(server: Running) -> Iterator[Tenants]:
    made = Tenants(server)
    yield made
    made.watched.close()


def without_ids(reply: Reply, at: dict[str, str]) -> str:
    """Return the answer without the ids that the caller sent."""
    text = reply.body.decode() + reply.headers.get("www-authenticate", "")
    for name, value in at.items():
        if name.endswith("_id") and name != "node_id":
            text = text.replace(value, "<id>")
    return f"{reply.status} {text}"


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_serves_exactly_those_whom_the_table_of_rights_allows(
    tenants: Tenants, callers: list[Caller], route: ApiRoute
) -> None:
    wrong = {
        f"{caller.name} in {namespace}": problem
        for namespace in OWNERS
        for caller in callers
        if (problem := tenants.check(route, caller, namespace))
    }
    assert wrong == {}


def test_no_route_is_without_an_authorization_row() -> None:
    public = [route.path for route in all_routes("0", lambda: None) if route.guard is None]
    proof = "/embedded/proof/{challenge}"  # it is what a client asks before it sends its token
    assert public == ["/apis/v2beta1/healthz", "/apis/v1beta1/healthz", proof]
    for route in ROUTES:
        if route.guard is not None:
            assert any(route.guard.verb in verbs for verbs in RIGHTS["edit"].values()), route.path
            assert route.guard.resource in RIGHTS["edit"], route.path


@pytest.mark.parametrize("kind", ["runs", "experiments", "recurringruns", "pipelines", "versions"])
def test_a_foreign_object_takes_the_same_steps_as_none(server: Running, kind: str) -> None:
    """An answer that takes longer would tell that there is such an object."""
    theirs = things(server, "bob")
    random = dict.fromkeys(theirs, RANDOM)

    def list_steps(ids: dict[str, str]) -> list[str]:
        path = {
            "runs": f"runs/{ids['run_id']}",
            "experiments": f"experiments/{ids['experiment_id']}",
            "recurringruns": f"recurringruns/{ids['recurring_run_id']}",
            "pipelines": f"pipelines/{ids['pipeline_id']}",
            "versions": f"pipelines/{ids['pipeline_id']}/versions/{ids['pipeline_version_id']}",
        }[kind]
        bearer = [f"Bearer {server.token('alice')}"]
        path = f"/apis/v2beta1/{path}"
        call = Call("GET", path, {}, lambda name: bearer if name == "Authorization" else [])
        route, call.params = Router(ROUTES).find("GET", path)
        steps: list[str] = []
        database = server.manager.store.db.read
        database.set_trace_callback(steps.append)
        try:
            assert respond(server.manager, route, call).status == 404
        finally:
            database.set_trace_callback(None)
        return [re.sub(r"'[^']*'", "?", step) for step in steps]

    assert list_steps(theirs) == list_steps(random)
    assert len(list_steps(random)) > 3


def test_what_a_run_may_stand_on_is_private_too(server: Running) -> None:
    mine, theirs = things(server, "alice"), things(server, "bob")
    body = {"display_name": "x", "experiment_id": mine["experiment_id"]}
    foreign = {"pipeline_version_id": theirs["pipeline_version_id"]}
    random = {"pipeline_version_id": RANDOM}
    replies = [
        server.call(
            "POST",
            "/apis/v2beta1/runs",
            {**body, "pipeline_version_reference": ref},
            token=server.token("alice"),
        )
        for ref in (foreign, random)
    ]
    assert [reply.status for reply in replies] == [400, 400]
    assert replies[0].text.replace(theirs["pipeline_version_id"], RANDOM) == replies[1].text


def test_a_foreign_recurring_run_gives_nobody_its_run(server: Running) -> None:
    mine, theirs = things(server, "alice"), things(server, "bob")
    body = {
        "display_name": "r",
        "experiment_id": mine["experiment_id"],
        "pipeline_spec": specs()["plain"],
        "recurring_run_id": theirs["recurring_run_id"],
    }
    reply = server.call("POST", "/apis/v2beta1/runs", body, token=server.token("alice"))
    assert (reply.status, reply.text) == (400, f"Job {theirs['recurring_run_id']} not found")


def test_a_page_token_is_good_for_its_own_list_only(server: Running) -> None:
    for namespace in ("alice", "bob"):
        things(server, namespace)
        things(server, namespace)
    first = server.call(
        "GET", "/apis/v2beta1/runs?namespace=alice&page_size=1", token=server.token("alice")
    ).json["next_page_token"]
    token = first.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    reply = server.call(
        "GET", f"/apis/v2beta1/runs?namespace=bob&page_token={token}", token=server.token("bob")
    )
    assert reply.status == 400
    assert "page token does not match" in reply.text

"""Tokens, roles and the owner's routes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_kfp_mt.embedded.tenants import Tenancy, profile_name
from tests.embedded.running import OWNER_KEY, Reply, Running, running

OWNER = [("X-Kfp-Owner-Key", OWNER_KEY)]


@pytest.fixture
def server(tmp_path: Any) -> Iterator[Running]:
    with running(tmp_path) as made:
        yield made


def owner(server: Running, method: str, path: str, body: object = None) -> Reply:
    return server.call(method, f"/embedded/{path}", body, headers=OWNER)


def listing(server: Running, token: str, namespace: str = "alice") -> int:
    return server.call("GET", f"/apis/v2beta1/runs?namespace={namespace}", token=token).status


def test_a_token_says_who_it_is_for(server: Running) -> None:
    claims = json.loads(base64.urlsafe_b64decode(server.token("alice").split(".")[1] + "=="))
    assert claims["sub"] == "system:serviceaccount:alice:default-editor"
    assert claims["aud"] == ["pipelines.kubeflow.org"]
    assert claims["exp"] - claims["iat"] == 7200


def test_a_token_ends_and_can_be_revoked(server: Running) -> None:
    past = Tenancy(server.manager.store, now=lambda: time.time() - 3600)
    assert listing(server, past.issue("alice", seconds=60)[0]) == 401
    token = server.token("alice")
    assert listing(server, token) == 200
    assert owner(server, "POST", "tokens:revoke", {"token": token}).status == 200
    assert listing(server, token) == 401
    assert listing(server, server.token("alice")) == 200


@pytest.mark.parametrize("change", ["signature", "subject", "algorithm", "empty", "three dots"])
def test_a_token_that_was_tampered_with_is_none(server: Running, change: str) -> None:
    head, body, signature = server.token("alice").split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    other = (
        base64.urlsafe_b64encode(base64.urlsafe_b64decode(body + "==").replace(b"alice", b"bobby"))
        .decode()
        .rstrip("=")
    )
    token = {
        "signature": f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}",
        "subject": f"{head}.{other}.{signature}",
        "algorithm": f"{none}.{body}.",
        "empty": "..",
        "three dots": f"{head}.{body}.{signature}.x",
    }[change]
    assert listing(server, token) == 401


def test_profiles_are_made_shared_and_removed_with_all_they_hold(server: Running) -> None:
    assert owner(server, "POST", "profiles", {"namespace": "team-b"}).status == 200
    token = server.token("team-b")
    made = {"display_name": "e", "namespace": "team-b"}
    assert server.call("POST", "/apis/v2beta1/experiments", made, token=token).status == 200
    assert listing(server, server.token("bob"), "team-b") == 403
    assert owner(server, "PUT", "profiles/team-b/contributors/bob", {"role": "view"}).status == 200
    assert listing(server, server.token("bob"), "team-b") == 200
    assert owner(server, "DELETE", "profiles/team-b").status == 200
    assert ("empty", "team-b") in server.runner.orders
    owner(server, "POST", "profiles", {"namespace": "team-b"})
    assert listing(server, token, "team-b") == 401  # of the profile that was
    again = server.call("GET", "/apis/v2beta1/experiments?namespace=team-b", token=server.token("team-b"))
    assert again.json == {}
    assert listing(server, server.token("bob"), "team-b") == 403


def test_secrets_are_told_by_name_and_key_only(server: Running) -> None:
    path = "profiles/alice/secrets"
    assert owner(server, "PUT", f"{path}/db", {"data": {"password": "canary"}}).status == 200
    assert owner(server, "PUT", f"{path}/db", {"data": {"user": "u"}}).status == 200
    listed = owner(server, "GET", path)
    assert listed.json == {"secrets": {"db": ["password", "user"]}}
    assert b"canary" not in listed.body
    assert server.manager.store.tenants.secret("alice", "db") == {"password": "canary", "user": "u"}
    assert server.manager.store.tenants.secret("bob", "db") is None
    assert owner(server, "DELETE", f"{path}/db").status == 200
    assert owner(server, "DELETE", f"{path}/db").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "profiles", {"namespace": "Not A Name"}, 400),
        ("POST", "profiles", {"namespace": "alice"}, 409),
        ("POST", "profiles", {"namespace": "kubeflow"}, 409),
        ("DELETE", "profiles/nobody", None, 404),
        ("DELETE", "profiles/kubeflow", None, 404),
        ("PUT", "profiles/alice/contributors/bob", {"role": "king"}, 400),
        ("PUT", "profiles/alice/contributors/nobody", {"role": "view"}, 404),
        ("PUT", "profiles/alice/secrets/A_B", {"data": {"a": "b"}}, 400),
        ("PUT", "profiles/alice/secrets/a", {"data": {"a/b": "b"}}, 400),
        ("PUT", "profiles/alice/treasures/a", {"data": {}}, 404),
        ("POST", "profiles/alice/tokens", {"account": "root"}, 400),
        ("POST", "profiles/alice/tokens", {"seconds": 0}, 400),
        ("POST", "tokens:revoke", {"token": "junk"}, 400),
    ],
)
def test_the_owner_is_told_what_cannot_be(
    server: Running, method: str, path: str, body: object, status: int
) -> None:
    assert owner(server, method, path, body).status == status


@pytest.mark.parametrize("headers", [[], [("X-Kfp-Owner-Key", "wrong")], [OWNER[0], OWNER[0]]])
def test_the_owners_routes_take_the_owners_key_only(server: Running, headers: list[tuple[str, str]]) -> None:
    reply = server.call("GET", "/embedded/profiles", token=server.token("alice"), headers=headers)
    assert reply.status == 401


def test_an_identity_header_counts_behind_a_trusted_front_only(tmp_path: Any, server: Running) -> None:
    named = [("kubeflow-userid", "alice@example.com")]
    assert server.call("GET", "/apis/v2beta1/runs?namespace=alice", headers=named).status == 401
    (tmp_path / "front").mkdir()
    with running(tmp_path / "front", identity_header="kubeflow-userid") as front:
        assert front.call("GET", "/apis/v2beta1/runs?namespace=alice", headers=named).status == 200
        empty = [("kubeflow-userid", "")]
        assert front.call("GET", "/apis/v2beta1/runs?namespace=alice", headers=empty).status == 401


@pytest.mark.parametrize(
    ("user", "name"), [("Ana.Müller", "ana-m-ller"), ("root", "root"), ("___", "user"), ("x" * 80, "x" * 63)]
)
def test_a_users_name_becomes_a_namespace(user: str, name: str) -> None:
    assert profile_name(user) == name

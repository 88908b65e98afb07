"""Uploads without a namespace, which clients send that know none: the kfp CLI, Kale, Elyra."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.embedded.tenants import EDITOR, subject
from tests.contract.packages import specs
from tests.embedded.running import Reply, Running, running

FILE = 'Content-Disposition: form-data; name="uploadfile"; filename="p.yaml"'
FORM = ("Content-Type", "multipart/form-data; boundary=x")
VERSIONS = ("v2beta1", "v1beta1")


def upload(server: Running, token: str, query: str, version: str = "v2beta1", route: str = "upload") -> Reply:
    body = f"--x\r\n{FILE}\r\n\r\n{json.dumps(specs()['plain'])}\r\n--x--\r\n".encode()
    path = f"/apis/{version}/pipelines/{route}?{query}"
    return server.call("POST", path, body, token=token, headers=[FORM])


def id_of(reply: Reply) -> Any:
    assert reply.status == 200, reply.body
    return reply.json.get("pipeline_id") or reply.json["id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_tenant_may_upload_and_add_versions(tmp_path: Path, version: str) -> None:
    with running(tmp_path) as server:
        for tenant in ("alice", "bob", "carol"):
            token = server.token(tenant)
            pipeline = id_of(upload(server, token, f"name={tenant}", version))
            added = upload(server, token, f"name=v2&pipelineid={pipeline}", version, "upload_version")
            assert added.status == 200, added.body
        listed = server.call("GET", "/apis/v2beta1/pipelines", token=server.token("bob")).json
        assert sorted(row["name"] for row in listed["pipelines"]) == ["alice", "bob", "carol"]


def test_nobody_changes_what_others_run(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        alice, bob, carol = (server.token(tenant) for tenant in ("alice", "bob", "carol"))
        pipeline = id_of(upload(server, bob, "name=p"))
        path = f"/apis/v2beta1/pipelines/{pipeline}"

        refused = upload(server, carol, f"name=v2&pipelineid={pipeline}", route="upload_version")
        assert refused.status == 400
        assert (
            "Only whoever uploaded a shared pipeline, and the first profile" in refused.json["error_details"]
        )
        assert server.call("DELETE", f"{path}?cascade=true", token=carol).status == 403
        assert server.call("PATCH", path, {"display_name": "x"}, token=carol).status == 403
        assert upload(server, alice, f"name=v3&pipelineid={pipeline}", route="upload_version").status == 200


def test_who_may_create_nothing_shares_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        viewer = upload(server, server.token("bob", "default-viewer"), "name=p")
        assert viewer.status == 400
        assert "takes the right to create pipelines in a namespace" in viewer.json["error_details"]
        assert upload(server, "", "name=p").status == 400
        assert upload(server, "junk", "name=p").status == 400
        assert server.call("GET", "/apis/v2beta1/pipelines").json == {}


def test_a_later_profile_of_the_name_has_no_pipelines_of_the_first(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        pipeline = id_of(upload(server, server.token("bob"), "name=p"))
        server.manager.store.tenants.remove_profile("bob", [subject("bob", EDITOR)])
        server.manager.tenancy.add_profile("bob")
        added = upload(server, server.token("bob"), f"name=v&pipelineid={pipeline}", route="upload_version")
        assert added.status == 400


@pytest.mark.parametrize("version", VERSIONS)
def test_the_stricter_rule_is_named_by_its_refusal(tmp_path: Path, version: str) -> None:
    with running(tmp_path, shared_pipelines="owner") as server:
        refused = upload(server, server.token("bob"), "name=p", version)
        assert refused.status == 400
        assert refused.json["error_details"].endswith(
            "This server takes shared pipelines from its first profile only, as KFP 2.18 does"
            " (--shared-pipelines owner): send a namespace"
        )
        assert upload(server, server.token("bob"), "name=p&namespace=bob", version).status == 200
        assert upload(server, server.token("alice"), "name=p", version).status == 200

"""What every route has: log-in, rights, the cross-site check, strict reading, one form of error."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import HTTPClientError, HTTPResponse

from jupyter_kfp_mt.errors import CATALOGUE, kfp_error
from jupyter_kfp_mt.server.routes import ROUTES, Route
from tests.server.fake_service import FakeKfp

Fetch = Callable[..., Awaitable[HTTPResponse]]
RUNS = ("jupyter-kfp-mt", "namespaces", "team-a", "runs")
DEEP = '{"source": {"kind": "example"}, "parameters": {"x": ' + "[" * 9999
EACH_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method}-{route.path}")


def parts(route: Route) -> list[str]:
    path = route.path.replace("{namespace}", "team-a")
    return ["jupyter-kfp-mt", *re.sub(r"{\w+}", "some-id", path).split("/")]


def sent(route: Route) -> dict[str, Any]:
    return {"method": route.method, "body": "{}" if route.method == "POST" else None}


async def refused(answer: Awaitable[HTTPResponse]) -> tuple[int, dict[str, str]]:
    """The status and body of an answer that must be an error."""
    with pytest.raises(HTTPClientError) as caught:
        await answer
    response = caught.value.response
    assert response is not None
    return caught.value.code, json.loads(response.body)


@EACH_ROUTE
async def test_strangers_are_refused(jp_fetch: Fetch, kfp: FakeKfp, route: Route) -> None:
    status, body = await refused(jp_fetch(*parts(route), headers={"Authorization": "none"}, **sent(route)))
    assert status == 403
    assert body["code"] == "jupyter-login"
    assert kfp.calls == kfp.starts == []


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method != "GET"], ids=lambda r: r.method + r.path)
async def test_a_cookie_needs_the_cross_site_check(
    jp_fetch: Fetch, jp_serverapp: Any, kfp: FakeKfp, route: Route
) -> None:
    token = jp_serverapp.identity_provider.token
    login = await jp_fetch("api", "me", params={"token": token}, headers={"Authorization": "none"})
    cookie = "; ".join(part.split(";")[0] for part in login.headers.get_list("Set-Cookie"))
    headers = {"Authorization": "none", "Cookie": cookie}
    status, body = await refused(jp_fetch(*parts(route), headers=headers, **sent(route)))
    assert (status, body["code"]) == (403, "jupyter-denied")
    assert "_xsrf" in body["why"]
    assert kfp.calls == kfp.starts == []


class Only(Authorizer):
    """Allows some actions on our resource and nothing else."""

    allowed: tuple[tuple[str, str], ...] = (("read", "kfp"),)

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return (action, resource) in self.allowed


class TestAsReader:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        jp_server_config.ServerApp.authorizer_class = Only
        return jp_server_config

    @pytest.mark.parametrize(
        "route",
        [
            r
            for r in ROUTES
            if r.method != "GET" and not r.path.endswith(("/inspect", "/schedule", "/preview"))
        ],
        ids=lambda r: r.method + r.path,
    )
    async def test_changes_are_refused(self, jp_fetch: Fetch, kfp: FakeKfp, route: Route) -> None:
        status, body = await refused(jp_fetch(*parts(route), **sent(route)))
        assert (status, body["code"]) == (403, "jupyter-denied")
        assert kfp.calls == kfp.starts == []

    async def test_looking_is_allowed(self, jp_fetch: Fetch) -> None:
        assert (await jp_fetch(*RUNS)).code == 200

    async def test_files_are_not_read(self, jp_fetch: Fetch, jp_root_dir: Any) -> None:
        (jp_root_dir / "a.yaml").write_text("secret")
        body = json.dumps({"kind": "file", "path": "a.yaml"})
        status, _ = await refused(jp_fetch(*RUNS[:3], "inspect", method="POST", body=body))
        assert status == 403


class ReaderOfFiles(Only):
    """Allows to look, at files too."""

    allowed = (("read", "kfp"), ("read", "contents"))


class TestAsReaderOfFiles:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        jp_server_config.ServerApp.authorizer_class = ReaderOfFiles
        return jp_server_config

    async def test_a_python_file_is_not_run_to_look_at_it(self, jp_fetch: Fetch, jp_root_dir: Any) -> None:
        (jp_root_dir / "a.py").write_text("open('ran', 'w')")
        body = json.dumps({"kind": "file", "path": "a.py"})
        status, _ = await refused(jp_fetch(*RUNS[:3], "inspect", method="POST", body=body))
        assert status == 403
        assert not (jp_root_dir / "ran").exists()


@pytest.mark.parametrize(
    ("path", "options", "field"),
    [
        (("namespaces", "Team_A", "runs"), {}, "namespace"),
        (("namespaces", "a" * 64, "runs"), {}, "namespace"),
        (("status",), {"params": {"namespace": "team a"}}, "namespace"),
        (("doctor",), {"params": {"namespace": "../x"}}, "namespace"),
        (("namespaces", "team-a", "runs"), {"params": {"page_size": "0"}}, "page_size"),
        (("namespaces", "team-a", "runs"), {"params": {"page_size": "many"}}, "page_size"),
        (("namespaces", "team-a", "runs"), {"params": {"pagesize": "5"}}, "pagesize"),
        (("namespaces", "team-a", "runs"), {"params": {"state": "RUNNING,LOST"}}, "state[1]"),
        (("namespaces", "team-a", "runs"), {"params": {"archived": "perhaps"}}, "archived"),
        (("namespaces", "team-a", "runs"), {"params": {"created_after": "2026-03-12"}}, "created_after"),
        (
            ("namespaces", "team-a", "runs"),
            {"params": {"created_after": "0001-01-01T00:00:00+14:00"}},
            "created_after",
        ),
        (("namespaces", "team-a", "runs"), {"method": "POST", "body": "{}"}, "source"),
        (("namespaces", "team-a", "runs"), {"method": "POST", "body": "["}, "body"),
        (("namespaces", "team-a", "runs"), {"method": "POST", "body": DEEP}, "body"),
        (
            ("namespaces", "team-a", "runs"),
            {"method": "POST", "body": '{"source": {"kind": "example", "nam": ""}}'},
            "source.nam",
        ),
        (("namespaces", "team-a", "runs", "r", "terminate"), {"method": "POST", "body": '{"now": 1}'}, "now"),
        (("embedded",), {"method": "POST", "body": '{"port": 1}'}, "port"),
        (
            ("namespaces", "team-a", "experiments"),
            {"method": "POST", "body": '{"display_name": 5}'},
            "display_name",
        ),
    ],
)
async def test_bad_input_is_named_and_goes_nowhere(
    jp_fetch: Fetch, kfp: FakeKfp, path: tuple[str, ...], options: dict[str, Any], field: str
) -> None:
    status, body = await refused(jp_fetch("jupyter-kfp-mt", *path, **options))
    assert (status, body["code"]) == (400, "bad-input")
    assert body["message"].startswith(f"{field}: ")
    assert kfp.calls == kfp.starts == []


async def test_a_malformed_an_unknown_and_a_foreign_run_look_alike(jp_fetch: Fetch, kfp: FakeKfp) -> None:
    kfp.put("mine")
    answers = []
    for namespace, run_id in (("team-a", "_no id"), ("team-a", "unknown"), ("team-b", "mine")):
        status, body = await refused(jp_fetch("jupyter-kfp-mt", "namespaces", namespace, "runs", run_id))
        why = body["why"].replace(run_id, "ID").replace(namespace, "NS")
        answers.append((status, body["code"], body["message"], why, body["next"], body["command"]))
    assert len(set(answers)) == 1
    assert answers[0][:2] == (404, "not-found")


@pytest.mark.parametrize("code", CATALOGUE)
async def test_each_error_has_its_status_and_the_one_form(jp_fetch: Fetch, kfp: FakeKfp, code: str) -> None:
    kfp.error = kfp_error(code)
    status, body = await refused(jp_fetch(*RUNS, headers={"X-Request-ID": "click-4711"}))
    assert status == CATALOGUE[code].status
    assert sorted(body) == ["code", "command", "details", "message", "next", "request_id", "why"]
    assert body["code"] == kfp.error.code
    assert body["request_id"] == "click-4711"


async def test_a_fault_of_ours_tells_no_stack(jp_fetch: Fetch, kfp: FakeKfp) -> None:
    kfp.error = ZeroDivisionError("canary-inside")
    status, body = await refused(jp_fetch(*RUNS))
    assert (status, body["code"]) == (500, "jupyter-error")
    assert "canary" not in json.dumps(body)
    assert body["request_id"] in body["why"]


async def test_a_body_over_the_bound_is_refused(jp_fetch: Fetch, kfp: FakeKfp) -> None:
    body = json.dumps({"display_name": "x" * (64 << 20)})
    path = ("jupyter-kfp-mt", "namespaces", "team-a", "experiments")
    status, answer = await refused(jp_fetch(*path, method="POST", body=body))
    assert (status, answer["code"]) == (413, "too-large")
    assert answer["why"] == "64.0 MiB; the limit is 64.0 MiB."
    assert kfp.calls == []


async def test_a_verb_that_is_not_there_is_refused(jp_fetch: Fetch) -> None:
    status, body = await refused(jp_fetch(*RUNS, method="PUT", body="{}"))
    assert (status, body["code"]) == (405, "bad-input")


async def test_an_unknown_path_of_ours_answers_in_our_format(jp_fetch: Fetch) -> None:
    status, body = await refused(jp_fetch("jupyter-kfp-mt", "nothing"))
    assert (status, body["code"]) == (404, "not-found")


async def test_jupyterlabs_own_arguments_are_let_through(jp_fetch: Fetch) -> None:
    assert (await jp_fetch(*RUNS, params={"1731234567890": "", "page_size": "5"})).code == 200


async def test_looking_on_keeps_no_idle_server_alive(jp_fetch: Fetch, jp_web_app: Any, kfp: FakeKfp) -> None:
    kfp.put("run-1")
    await jp_fetch(*RUNS)
    assert "api_last_activity" not in jp_web_app.settings
    await jp_fetch(*RUNS, "run-1", "terminate", method="POST", body="")
    assert "api_last_activity" in jp_web_app.settings


async def test_what_was_sent_makes_no_line_of_its_own_in_the_log(
    jp_fetch: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"x\n[I] all is well\x1b[2J": 1})
    status, _ = await refused(jp_fetch(*RUNS, method="POST", body=body))
    lines = [record.getMessage() for record in caplog.records if "all is well" in record.getMessage()]
    assert (status, len(lines)) == (400, 1)
    assert lines[0].isprintable()


async def test_who_changed_what_is_one_line_in_the_log(
    jp_fetch: Fetch, kfp: FakeKfp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await jp_fetch(*RUNS, method="POST", body='{"source": {"kind": "example"}}')
    lines = [record.getMessage() for record in caplog.records if "jupyter_kfp_mt: " in record.getMessage()]
    assert len(lines) == 1
    assert re.search(
        r"POST /a%40b/jupyter-kfp-mt/namespaces/team-a/runs by \w+: 200 \(request \w+\)", lines[0]
    )

"""Each row of the classifier with an answer recorded, or quoted, from a real server or gateway."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_kfp_mt.auth import CookieFile, Credential, TokenFile
from jupyter_kfp_mt.client import Request, Response
from jupyter_kfp_mt.client.response_errors import classify
from jupyter_kfp_mt.client.responses import is_kfp_data
from jupyter_kfp_mt.context import Context, Notebook
from jupyter_kfp_mt.errors import CATALOGUE, KfpError
from jupyter_kfp_mt.tokens import TokenClaims

RECORDED = json.loads((Path(__file__).parent / "data" / "recorded-errors.json").read_text())
URL = "http://ml-pipeline.kubeflow:8888"
CONTEXT = Context(URL, namespace="alice", credential=TokenFile(Path("/t"), URL, account="default-editor"))
HTML = "<!doctype html><html><title>Log in</title></html>"
ALICE = "User 'system:serviceaccount:alice:default-viewer' is not authorized with reason:  (request: "


NOBODY = "Internal error: Unauthenticated: Request header error: there is no user identity header."
OLD_SERVER = {"error": NOBODY, "code": 13, "message": NOBODY}


def ask(
    method: str = "GET", path: str = "/apis/v2beta1/runs", thing: str = "", ref: str = ""
) -> Request[Any]:
    return Request(method=method, path=path, reply=bytes, thing=thing, ref=ref, repeatable=method != "POST")


def read(
    request: Request[Any],
    status: int,
    body: object,
    content_type: str = "application/json",
    context: Context = CONTEXT,
    **headers: str,
) -> KfpError:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    answer = Response(status=status, headers={"content-type": content_type, **headers}, body=raw)
    assert not is_kfp_data(answer)
    return classify(request, answer, context)


@pytest.mark.parametrize("row", RECORDED, ids=[row["what"] for row in RECORDED])
def test_a_recorded_answer_gets_its_code(row: dict[str, Any]) -> None:
    parts = row["path"].partition("?")[0].split("/")
    thing = {"runs": "run", "experiments": "experiment", "pipelines": "pipeline"}.get(parts[3], "")
    ref = parts[4] if len(parts) > 4 else ""
    request = ask(row["method"], row["path"].partition("?")[0], thing if ref else "", ref)

    context = CONTEXT._replace(credential=Credential()) if row["code"] == "no-credential" else CONTEXT

    error = read(request, row["status"], row["body"], context=context, **row["headers"])

    assert (error.code, error.unclear) == (row["code"], row["unclear"])
    assert error.message.endswith((".", "?"))


@pytest.mark.parametrize(
    ("status", "body", "kind", "headers", "code", "why"),
    [
        (
            200,
            HTML,
            "text/html; charset=utf-8",
            {},
            "login-page",
            "ml-pipeline.kubeflow:8888 answered with a web page",
        ),
        (200, HTML, "", {}, "login-page", ""),
        (403, HTML, "text/html", {}, "login-page", ""),
        (302, "", "", {"location": "https://dex.example/auth"}, "login-page", ""),
        (301, "", "", {"location": "/apis/v2beta1/runs"}, "kfp-path", "http://ml-pipeline.kubeflow:8888"),
        (404, HTML, "text/html", {}, "kfp-path", ""),
        (404, "", "", {"server": "istio-envoy"}, "kfp-path", ""),
        (404, "404 page not found\n", "text/plain", {}, "kfp-path", ""),
        (503, HTML, "text/html", {}, "kfp-unavailable", "answers 503: Log in."),
        (403, "RBAC: access denied", "text/plain", {"server": "envoy"}, "istio-denied", "takes no calls"),
        (
            401,
            "Jwt issuer is not configured",
            "text/plain",
            {},
            "gateway-jwt",
            "“Jwt issuer is not configured”",
        ),
        (401, "Jwt is expired", "text/plain", {}, "gateway-jwt", "“Jwt is expired”"),
        (401, "x", "text/plain", {"x-goog-iap-generated-response": "true"}, "gateway-jwt", ""),
        (
            500,
            OLD_SERVER,
            "application/json",
            {},
            "token-not-seen",
            "It was sent, but ml-pipeline.kubeflow:8888 wants to know who you are: a mesh takes it away, or",
        ),
        (
            503,
            "upstream connect error or disconnect/reset before headers",
            "text/plain",
            {},
            "kfp-unavailable",
            "",
        ),
        (503, "no healthy upstream", "text/plain", {}, "kfp-unavailable", ""),
        (504, "upstream request timeout", "text/plain", {}, "kfp-timeout", "Nothing from"),
        (429, "slow down", "text/plain", {}, "kfp-unavailable", ""),
        (413, "", "", {}, "too-large", ""),
        (413, "<html><title>413 Request Entity Too Large</title></html>", "text/html", {}, "too-large", ""),
        (
            308,
            "",
            "",
            {"location": "https://ml-pipeline.kubeflow/apis/v2beta1/runs"},
            "kfp-path",
            "sends on to https:",
        ),
        (302, "", "", {"location": "/login?next=/apis/v2beta1/runs"}, "login-page", ""),
        (304, "", "", {}, "kfp-error", "304 without a word"),
        (407, HTML, "text/html", {}, "kfp-unavailable", "It wants a log-in of its own"),
        (405, HTML, "text/html", {}, "login-page", ""),  # Cognito's
        (429, HTML, "text/html", {}, "kfp-unavailable", "answers 429: Log in."),
        (500, HTML, "text/html", {}, "kfp-error", "500 Log in"),
        (522, HTML, "text/html", {}, "kfp-unavailable", "answers 522"),
        (
            400,
            "Client sent an HTTP request to an HTTPS server.\n",
            "text/plain",
            {},
            "kfp-path",
            "It speaks TLS.",
        ),
        (
            400,
            "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>",
            "text/html",
            {},
            "kfp-path",
            "It speaks TLS.",
        ),
        (403, "Audiences in Jwt are not allowed", "text/plain", {}, "gateway-jwt", "Audiences"),
        (401, HTML, "text/html", {"x-goog-iap-generated-response": "true"}, "gateway-jwt", ""),
        (
            302,
            "",
            "",
            {"x-goog-iap-generated-response": "true", "location": "https://accounts"},
            "login-page",
            "",
        ),
        (401, "", "", {}, "token-rejected", "401"),
        (401, {"error": "unauthorized"}, "application/json", {}, "token-rejected", "unauthorized"),
        (
            503,
            "upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
            "text/plain",
            {},
            "kfp-timeout",
            "network policy",
        ),
        (
            503,
            "no healthy upstream",
            "text/plain",
            {},
            "kfp-unavailable",
            "answers 503: no healthy upstream.",
        ),
        (502, "", "", {}, "kfp-unavailable", "answers 502."),
        (
            403,
            {"kind": "Status", "code": 403, "message": 'forbidden: User "system:anonymous" cannot get path'},
            "application/json",
            {},
            "kfp-path",
            "A Kubernetes API server answers",
        ),
        (200, "\ufeff<!DOCTYPE html>", "", {}, "login-page", ""),
        (200, "<!-- log in --><html>", "", {}, "login-page", ""),
        (500, "[" * 100_000, "application/json", {}, "kfp-error", "500"),
        (418, "short and stout", "text/plain", {}, "kfp-error", "418 short and stout"),
    ],
)
def test_an_answer_on_the_way_gets_its_code(
    status: int, body: object, kind: str, headers: dict[str, str], *, code: str, why: str
) -> None:
    error = read(ask(), status, body, kind, **headers)

    assert error.code == code
    assert why in error.why


@pytest.mark.parametrize(
    ("status", "body", "unclear"),
    [
        (408, "stream timeout", True),  # of Envoy, after it has passed the request on
        (499, {"code": 1, "message": "context canceled"}, True),
        (520, "<html>cloudflare</html>", True),
        (503, {"code": 14, "message": "Failed to create a workflow, try again later"}, True),
        (500, {"code": 13, "message": "Failed to store run x: Lock wait timeout exceeded"}, False),
        (500, OLD_SERVER, False),
        (429, {"code": 8, "message": "received message larger than max"}, False),
        (409, {"code": 6, "message": "exists"}, False),
        (307, "", False),
        (404, {"message": "no Route matched with those values"}, False),
        (500, {"kind": "Status", "code": 500, "message": "etcdserver: request timed out"}, True),
        (403, {"kind": "Status", "code": 403, "message": "no"}, False),
    ],
)
def test_an_answer_to_a_submit_tells_whether_it_may_have_started(
    status: int, body: object, unclear: bool
) -> None:
    assert read(ask("POST", thing="run"), status, body).unclear is unclear


UPSTREAM = "upstream connect error or disconnect/reset before headers. "
NO_ENDPOINTS = {
    "kind": "Status",
    "code": 503,
    "message": 'no endpoints available for service "ml-pipeline"',
}
NOT_THERE = {
    "kind": "Status",
    "code": 503,
    "message": "error trying to reach service: dial tcp 10.0.0.1:8888",
}


@pytest.mark.parametrize(
    ("status", "body", "headers", "unclear"),
    [
        (503, "no healthy upstream", {}, False),
        (503, f"{UPSTREAM}reset reason: connection failure", {}, False),
        (
            503,
            f"{UPSTREAM}reset reason: remote connection failure, transport failure reason: "
            "delayed connect error: 111",
            {},
            False,
        ),
        (503, f"{UPSTREAM}reset reason: connection timeout", {}, False),
        (503, f"{UPSTREAM}reset reason: overflow", {}, False),
        (503, f"{UPSTREAM}reset reason: remote refused stream reset", {}, False),
        (503, f"{UPSTREAM}reset reason: connection termination", {}, True),
        (503, f"{UPSTREAM}retried and the latest reset reason: connection failure", {}, True),
        (502, "upstream connect error or disconnect/reset before headers", {}, True),
        (504, "upstream request timeout", {}, True),
        (503, "<html><head><title>503 Service Temporarily Unavailable</title></head></html>", {}, False),
        (502, "<html><head><title>502 Bad Gateway</title></head><center>nginx</center></html>", {}, True),
        (503, "<h1>503 Service Unavailable</h1>\nNo server is available to handle this request.", {}, False),
        (503, "no available server", {}, False),
        (503, "", {}, True),
        (502, "", {"l5d-proxy-error": "client error (Connect): Connection refused (os error 111)"}, False),
        (502, "", {"l5d-proxy-error": "connection closed before message completed"}, True),
        (503, {"code": 14, "message": "no healthy upstream"}, {}, True),
    ],
)
def test_a_gateway_without_an_upstream_has_passed_nothing_on(
    status: int, body: object, headers: dict[str, str], unclear: bool
) -> None:
    error = read(ask("POST", thing="run"), status, body, "text/plain", **headers)

    assert error.code in ("kfp-unavailable", "kfp-timeout")
    assert error.unclear is unclear


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("body", [NO_ENDPOINTS, NOT_THERE])
def test_the_service_proxy_of_kubernetes_without_an_endpoint_has_passed_nothing_on(
    status: int, body: object
) -> None:
    answer = Response(status=status, headers={}, body=json.dumps(body).encode())

    error = classify(ask("POST", thing="run"), answer, CONTEXT._replace(kind="kubeconfig"))

    assert (error.code, error.unclear) == ("kfp-unavailable", False)


def test_only_kfp_says_that_a_run_is_not_there() -> None:
    looking = ask(path="/apis/v2beta1/runs/x", thing="run", ref="x")

    assert read(looking, 404, {"code": 5, "message": "Run x not found"}).code == "not-found"
    assert read(looking, 404, {"message": "no Route matched with those values"}).code == "kfp-path"
    assert read(looking, 404, {"error": "service not found"}).code == "kfp-path"


def test_a_refusal_names_who_may_not_what_and_the_cure() -> None:
    request = f"{ALICE}&ResourceAttributes{{Namespace:alice,Verb:list,Group:x,Resource:runs,Name:,}})"

    error = read(ask(), 403, {"code": 7, "message": f"Failed: PermissionDenied: {request}: Unauthorized"})

    assert error.message == "You may not list runs in alice."
    assert error.why.startswith("KFP knows you as system:serviceaccount:alice:default-viewer;")
    assert "-n alice --clusterrole=kubeflow-edit --serviceaccount=alice:default-viewer" in error.command


GATEWAY = "https://kubeflow.example"


@pytest.mark.parametrize(
    ("credential", "url", "message", "step", "command"),
    [
        (
            TokenFile(Path("/t"), GATEWAY),
            GATEWAY,
            "Your token did not reach KFP.",
            "Use the API service; if it says the same, ask an admin.",
            "KF_PIPELINES_ENDPOINT=http://ml-pipeline.kubeflow.svc.cluster.local:8888",
        ),
        (
            TokenFile(Path("/t"), URL),
            URL,
            "Your token did not reach KFP.",
            "Ask an admin which release this is and who takes `Authorization` away.",
            "kubectl get deployment ml-pipeline -n kubeflow -o wide",
        ),
        (
            CookieFile(Path("/c"), URL),
            URL,
            "KFP does not read your cookie.",
            "Use the address of the gateway, which ends in /pipeline, or a token (`token_path`).",
            "",
        ),
        (Credential(), URL, "No credential was sent.", "Give a token or a cookie.", "jupyter kfp doctor"),
    ],
)
def test_a_credential_that_kfp_has_not_seen_was_sent_all_the_same(
    credential: Credential, url: str, message: str, step: str, command: str
) -> None:
    context = Context(url, namespace="alice", credential=credential)

    error = read(ask(), 401, {"code": 16, "message": NOBODY}, context=context)

    assert (error.message, error.next_step, error.command) == (message, step, command)


def test_a_viewer_who_wants_to_run_is_told_so() -> None:
    request = f"{ALICE}&ResourceAttributes{{Namespace:alice,Verb:create,Group:x,Resource:runs,Name:,}})"

    assert read(ask("POST"), 403, {"code": 7, "message": request}).code == "view-only"


def test_a_run_of_somebody_else_is_not_there() -> None:
    text = f"{ALICE}&ResourceAttributes{{Namespace:bob,Verb:get,Group:x,Resource:runs,Name:w,}})"

    error = read(ask(thing="run", ref="7c1e"), 403, {"code": 7, "message": text})

    assert (error.code, error.why) == ("not-found", "“7c1e” does not exist in alice or is not yours to see.")


def test_an_expired_token_tells_when_it_ended() -> None:
    ended = TokenClaims(expires_at=datetime(2026, 3, 12, 14, 2, tzinfo=timezone.utc))
    body = b'{"code":16,"message":"[invalid bearer token, service account token has expired]"}'

    error = classify(ask(), Response(status=401, body=body), CONTEXT, ended)

    assert (error.code, "2026-03-12 14:02:00 UTC" in error.why) == ("token-expired", True)


def test_a_notebook_without_token_is_told_how_to_get_one() -> None:
    notebook = Context("http://h", namespace="alice", kind="notebook", notebook=Notebook("nb", "alice"))
    body = b'{"code":16,"message":"Unauthenticated: Request header error: there is no user identity header."}'

    error = classify(ask(), Response(status=401, body=body), notebook)

    assert error.code == "no-token-not-chosen"
    assert error.command.startswith("kubectl label notebook nb -n alice access-ml-pipeline=true")


def test_a_token_that_a_proxy_repeats_is_masked() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"

    error = read(ask(), 500, f"upstream said: {token}", "text/plain")

    assert token not in "".join([*error.lines(), error.details])


def test_the_embedded_server_says_what_cannot_run_in_its_words() -> None:
    here = CONTEXT._replace(embedded=True)
    text = "2 tasks cannot run on this machine. fit needs a volume."
    body = json.dumps({"code": 9, "message": "x", "details": [{"code": 9, "message": text}]}).encode()

    error = classify(ask("POST"), Response(status=400, body=body), here)

    assert (error.code, error.message) == ("cannot-run-here", "2 tasks cannot run on this machine.")
    assert error.why == "fit needs a volume."


def test_the_embedded_server_says_that_it_runs_no_tasks() -> None:
    here = CONTEXT._replace(embedded=True)
    body = json.dumps({"code": 14, "message": "The engine has not moved for 40 s."}).encode()

    error = classify(ask(), Response(status=503, body=body), here)

    assert (error.code, error.why) == ("kfp-unavailable", "The engine has not moved for 40 s.")
    assert error.message == "The embedded server runs no tasks at the moment."


@given(st.integers(300, 599), st.binary(max_size=300), st.sampled_from(["", "text/html", "application/json"]))
def test_every_answer_has_a_code(status: int, body: bytes, kind: str) -> None:
    answer = Response(status=status, headers={"content-type": kind}, body=body)

    assert classify(ask(), answer, CONTEXT).code in CATALOGUE

"""The frequent failures of a Kubeflow notebook: the doctor reports each by its code, in its words."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.context.poddefault import make_poddefault
from jupyter_kfp_mt.doctor import examine
from jupyter_kfp_mt.errors import ErrorBody
from jupyter_kfp_mt.settings import KfpSettings
from tests.doctor.world import ACCOUNT, World

LABEL = {"access-ml-pipeline": "true"}


def cause(world: World) -> ErrorBody:
    found = world.examine().cause
    assert found is not None
    return found


def summarize(world: World) -> tuple[str, str, str]:
    found = cause(world)
    return found.code, found.message, found.why


def test_01_no_token_and_no_option_in_the_profile(world: World) -> None:
    world.options()
    report = world.examine()
    assert report.cause is not None
    assert report.cause.code == "no-token-no-option"
    assert report.cause.message == "No token for Kubeflow Pipelines."
    assert report.cause.why == "Profile alice has no “Allow access to Kubeflow Pipelines” option yet."
    assert report.cause.next == "1. Create the option. 2. Restart this notebook with it."
    assert "metadata: {name: access-ml-pipeline, namespace: alice}" in report.cause.command
    assert report.who == "you"


def test_02_no_credential_outside_of_a_notebook(world: World) -> None:
    world.variables = {}
    for name in ("namespace", "token"):
        (world.root / "var/run/secrets/kubernetes.io/serviceaccount" / name).unlink()
    world.settings.namespace = "alice"
    world.kfp.recorded("no credential")
    host = world.kfp.url.removeprefix("http://")
    assert summarize(world) == (
        "no-credential",
        "No credential was sent.",
        f"{host} wants to know who you are.",
    )


def test_03_no_option_and_no_right_to_create_one(world: World) -> None:
    world.options({"metadata": {"name": "gpu"}, "spec": {"desc": "A GPU"}})
    world.may(create_option=False)
    report = world.examine()
    assert report.cause is not None
    assert (report.cause.code, report.who) == ("no-token-no-option", "an admin")


def test_04_option_chosen_but_not_applied(world: World) -> None:
    world.started_with(LABEL)
    assert summarize(world) == (
        "no-token-not-applied",
        "The access option was chosen but not applied.",
        "The cluster did not add the token when this notebook started.",
    )


def test_05_a_label_alone_is_not_enough(world: World) -> None:
    found = cause(world)
    assert found.code == "no-token-not-chosen"
    assert found.next.startswith("Restart it with the option. A label alone is not enough.")
    assert found.command == (
        "kubectl label notebook analysis -n alice access-ml-pipeline=true --overwrite"
        " && kubectl delete statefulset analysis -n alice"
    )


def test_05b_an_option_with_another_name_is_cured_with_its_own_label(world: World) -> None:
    manifest = make_poddefault("alice")
    world.options(
        manifest | {"spec": manifest["spec"] | {"selector": {"matchLabels": {"kfp-access": "yes"}}}}
    )  # type: ignore[operator]
    assert "kubectl label notebook analysis -n alice kfp-access=yes" in cause(world).command


def test_06_the_mesh_refuses_the_service_of_the_pages(world: World) -> None:
    world.token()
    world.kfp.everything(403, "RBAC: access denied")
    found = cause(world)
    assert (found.code, found.message) == ("istio-denied", "The service mesh refused the call.")
    assert found.command == "KF_PIPELINES_ENDPOINT=http://ml-pipeline.kubeflow.svc.cluster.local:8888"


def test_07_a_filter_adds_the_identity_header(world: World) -> None:
    world.token()
    world.kfp.everything(403, "RBAC: access denied")
    item = {"metadata": {"name": "add-header"}, "spec": {"patch": {"key": "kubeflow-userid"}}}
    path = "/apis/networking.istio.io/v1alpha3/namespaces/alice/envoyfilters"
    world.kube.answer("GET", path, 200, {"items": [item]})
    found = cause(world)
    assert found.code == "userid-header"
    assert found.why == "`kubeflow-userid` is added by EnvoyFilter add-header."
    assert found.command == "kubectl delete envoyfilter add-header -n alice"


@pytest.mark.parametrize(
    "text", ["Jwt issuer is not configured", "OpenID Connect token expired: JWT has expired"]
)
def test_08_and_22_the_gateway_does_not_take_the_token(world: World, text: str) -> None:
    world.token()
    world.kfp.everything(401, text)
    assert summarize(world) == ("gateway-jwt", "The gateway does not accept this token.", f"“{text}”")


def test_09_the_token_is_for_something_else(world: World) -> None:
    world.token(audience="https://kubernetes.default.svc")
    assert summarize(world) == (
        "token-audience",
        "The token is for something else.",
        "It is made for “https://kubernetes.default.svc”; Pipelines expects “pipelines.kubeflow.org”.",
    )


def test_09b_kfp_rejects_the_token(world: World) -> None:
    world.token()
    world.kfp.recorded("junk")
    assert summarize(world) == (
        "token-rejected",
        "KFP does not accept this token.",
        "“invalid bearer token”",
    )


def test_a_rejected_token_leads_on(world: World) -> None:
    world.token()
    world.kfp.recorded("junk")
    found = cause(world)
    assert found.next.startswith("It is of another cluster or of a deleted account: restart the notebook.")
    assert found.command == (
        "kubectl auth can-i create tokenreviews --as=system:serviceaccount:kubeflow:ml-pipeline"
    )


def test_a_token_that_something_in_front_refuses_leads_to_the_api_service(world: World) -> None:
    world.token()
    world.kfp.everything(401, '{"error":"unauthorized"}', "application/json")
    found = cause(world)
    assert found.code == "token-rejected"
    assert found.next == "Something in front of KFP refuses it. Renew it, or use the API service."
    assert found.command == "KF_PIPELINES_ENDPOINT=http://ml-pipeline.kubeflow.svc.cluster.local:8888"


def test_a_token_that_kfp_has_not_seen_is_a_refused_log_in(world: World) -> None:
    world.token()
    world.kfp.recorded("no credential")
    report = world.examine()
    assert report.cause is not None
    assert (report.cause.code, report.cause.message) == ("token-not-seen", "Your token did not reach KFP.")
    assert report.who == "you or an admin"
    levels = {row.name: row.level for row in report.checks}
    assert (levels["Token"], levels["Log-in"], levels["Rights"]) == ("ok", "error", "skipped")
    assert report.exit_code == 3


def test_a_server_for_one_user_that_refuses_is_not_well(world: World) -> None:
    world.kfp.answer("healthz", 200, {"tag_name": "2.2.0"})
    world.kfp.recorded("no credential")
    report = world.examine()
    assert (report.cause and report.cause.code, report.exit_code) == ("no-credential", 3)


def test_10_the_token_has_expired(world: World) -> None:
    world.token(minutes=-5)
    assert summarize(world) == (
        "token-expired",
        "The token has expired.",
        "It ended at 2026-11-22 11:55:00 UTC and the cluster has not renewed the file.",
    )


def test_11_the_account_has_no_rights(world: World) -> None:
    world.token()
    world.kfp.recorded("no rights")
    report = world.examine()
    assert report.cause is not None
    assert report.cause.code == "forbidden"
    assert report.cause.message == "You may not list runs in alice."
    assert report.who == "an owner of alice"


def test_12_another_namespace_needs_its_own_binding(world: World) -> None:
    world.token()
    world.settings.namespace = "bob"
    world.kfp.recorded("another namespace")
    found = cause(world)
    assert found.code == "forbidden"
    assert found.command == (
        "kubectl create rolebinding allow-alice-kubeflow-edit -n bob"
        " --clusterrole=kubeflow-edit --serviceaccount=alice:default-editor"
    )


def test_13_no_namespace_is_known(world: World) -> None:
    world.variables = {}
    for name in ("namespace", "token"):
        (world.root / "var/run/secrets/kubernetes.io/serviceaccount" / name).unlink()
    assert cause(world).code == "namespace-missing"


def test_14_a_stale_context_of_the_sdk_changes_nothing(world: World) -> None:
    world.token()
    world.file("home/jovyan/.config/kfp/context.json", '{"namespace": "old-team"}')
    assert world.examine().cause is None
    assert world.row("Saved context").evidence == "the SDK remembers namespace old-team; not used"
    assert world.row("Namespace").evidence.startswith("alice")


def test_15_a_host_made_of_the_wrong_namespace(world: World) -> None:
    world.token()
    world.settings.endpoint = "http://ml-pipeline.alice.invalid:8888"
    found = cause(world)
    assert found.code == "kfp-dns"
    assert found.message == "No Kubeflow Pipelines at ml-pipeline.alice.invalid:8888."
    assert found.command == "kubectl get svc -A | grep ml-pipeline"


def test_16_the_token_goes_along_with_a_given_endpoint(world: World) -> None:
    token = world.token()
    assert world.examine().cause is None
    assert world.kfp.sent[-1]["Authorization"] == f"Bearer {token}"
    assert not any("kubeflow-userid" in name.lower() for sent in world.kfp.sent for name in sent)


@pytest.mark.parametrize("status", [200, 401, 403])
def test_17_and_19_a_log_in_page_is_no_empty_list(world: World, status: int) -> None:
    world.token()
    world.kfp.everything(status, "<!doctype html><title>Sign in</title>", "text/html")
    found = cause(world)
    assert (found.code, found.message) == ("login-page", "Not signed in.")
    assert found.why.endswith("answered with a web page, not with data.")
    assert found.next == "Use the API service."
    assert found.command == "KF_PIPELINES_ENDPOINT=http://ml-pipeline.kubeflow.svc.cluster.local:8888"


@pytest.mark.parametrize(
    ("path", "step", "command"),
    [
        ("", "Give the address that ends in /pipeline, and a cookie that is still valid", "/pipeline"),
        (
            "/pipeline",
            "Sign in with a browser and write its cookie into the file of `cookie_path` again.",
            "",
        ),
    ],
)
def test_a_log_in_page_outside_of_the_cluster_leads_on(
    world: World, path: str, step: str, command: str
) -> None:
    settings = KfpSettings(endpoint=world.kfp.url + path, namespace="alice")
    world.kfp.everything(200, "<!doctype html><title>Sign in</title>", "text/html")
    found = examine(settings, environment=Environment({}, root=world.root / "none")).cause
    assert found is not None
    assert found.next.startswith(step)
    assert found.command == (f"export JUPYTER_KFP_MT_ENDPOINT={world.kfp.url}{command}" if command else "")


def test_18_nothing_listens(world: World) -> None:
    world.token()
    world.settings.endpoint = "http://127.0.0.1:1"
    found = cause(world)
    assert (found.code, found.message) == ("kfp-unavailable", "Kubeflow Pipelines is down or starting.")


def test_18b_a_sidecar_answers_for_it(world: World) -> None:
    world.token()
    world.kfp.everything(503, "upstream connect error or disconnect/reset before headers")
    assert cause(world).code == "kfp-unavailable"


def test_21_a_redirect_to_a_log_in(world: World) -> None:
    world.token()
    world.kfp.everything(302, "")
    assert cause(world).code == "login-page"


def test_23_a_certificate_of_an_unknown_authority(world: World) -> None:
    world.token()
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    world.settings.endpoint = f"https://127.0.0.1:{server.server_port}"
    found = cause(world)
    server.shutdown()
    server.server_close()
    assert found.code == "kfp-tls"
    assert found.command == 'c.KfpSettings.ca_file = "…"'


@pytest.mark.parametrize(("text", "reason"), [("", "empty"), ("not a token at all", "not a token")])
def test_a_token_file_that_holds_no_token(world: World, text: str, reason: str) -> None:
    world.file("var/run/secrets/kubeflow/pipelines/token", text)
    path = "/var/run/secrets/kubeflow/pipelines/token"
    assert summarize(world) == (
        "token-unreadable",
        "The token file cannot be used.",
        f"{path} is {reason}.",
    )


def test_a_token_path_that_is_a_folder(world: World) -> None:
    (world.root / "var/run/secrets/kubeflow/pipelines/token").mkdir(parents=True)
    assert cause(world).code == "token-unreadable"


def test_a_wrong_address_behind_a_gateway(world: World) -> None:
    world.token()
    world.kfp.everything(404, "")
    assert (cause(world).code, cause(world).next) == (
        "kfp-path",
        "Behind a gateway the address ends in `/pipeline`.",
    )


def test_a_namespace_that_is_no_profile(world: World) -> None:
    world.kube.answer("GET", "/api/v1/namespaces/alice", 200, {"metadata": {"name": "alice"}})
    assert summarize(world) == (
        "not-a-profile",
        "alice is not a Kubeflow profile.",
        "Access to pipelines is set up per profile.",
    )


def test_a_profile_that_is_not_prepared(world: World) -> None:
    world.token()
    world.prepared(label=False, objects=False)
    found = cause(world)
    assert (found.code, found.message) == ("profile-not-ready", "alice is not prepared for runs.")
    assert found.why == "kfp-launcher is not there."


def test_an_account_that_may_only_look(world: World) -> None:
    world.token()
    world.may(run=False)
    assert summarize(world) == (
        "view-only",
        "You can look but not run in alice.",
        f"{ACCOUNT} has view rights.",
    )

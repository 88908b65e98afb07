from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import pytest

from jupyter_kfp_mt.auth import CookieFile, TokenFile
from jupyter_kfp_mt.context import Context, Environment, detect
from jupyter_kfp_mt.context.environment import SERVICE_ACCOUNT
from jupyter_kfp_mt.context.openshift import RUNTIME
from jupyter_kfp_mt.context.poddefault import TOKEN_PATH
from jupyter_kfp_mt.context.saved import forget
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import Caution, RuntimeFile, SavedPart
from jupyter_kfp_mt.settings import KfpSettings
from tests.context.pods import NOTEBOOK, Folder, token

SERVICE = "http://ml-pipeline.kubeflow.svc.cluster.local:8888"


@pytest.fixture
def pod(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "pod")


def settings(tmp_path: Path, **values: object) -> KfpSettings:
    return KfpSettings(data_dir=str(tmp_path / "kfp"), **values)


def code(environment: object, chosen: KfpSettings) -> tuple[str, str]:
    with pytest.raises(KfpError) as caught:
        detect(environment, chosen)  # type: ignore[arg-type]  # an Environment
    return caught.value.code, caught.value.why


class Embedded:
    """A data folder as a running embedded server keeps it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: list[IO[bytes]] = []

    def __call__(self, **values: object) -> RuntimeFile:
        runtime = runtime_file(self._folder, **values)
        self._locks.append((self._folder / "lock").open("wb"))
        fcntl.flock(self._locks[-1], fcntl.LOCK_EX)
        return runtime

    def die(self) -> None:
        while self._locks:
            self._locks.pop().close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    server = Embedded(tmp_path / "kfp")
    yield server
    server.die()


def runtime_file(folder: Path, **values: object) -> RuntimeFile:
    folder.mkdir()
    known = {
        "url": "http://127.0.0.1:8901",
        "pid": 4711,
        "namespace": "ana",
        "owner_key": "k",
        "version": "1",
    }
    runtime = RuntimeFile(token_path=str(folder / "token-ana"), **{**known, **values})  # type: ignore[arg-type]
    (folder / "runtime.json").write_bytes(msgspec.json.encode(runtime))
    for name in ("ana", "team-b"):
        (folder / f"token-{name}").write_text("t")
    return runtime


def test_a_notebook_with_its_token_just_works(pod: Folder, tmp_path: Path) -> None:
    pod.notebook(kfp_token=token())

    found = detect(pod.environment(**NOTEBOOK), settings(tmp_path))

    path = pod.root / TOKEN_PATH.lstrip("/")
    assert (found.endpoint, found.namespace, found.kind) == (SERVICE, "team-a", "notebook")
    assert found.credential == TokenFile(path, SERVICE, account="default-editor")
    assert (found.source, found.notebook.name) == ("from this notebook's pod", "analysis")
    assert found.warnings == ()


def test_the_token_may_be_elsewhere(pod: Folder, tmp_path: Path) -> None:
    pod.notebook().write("/other/token", token())

    found = detect(pod.environment(**NOTEBOOK, KF_PIPELINES_SA_TOKEN_PATH="/other/token"), settings(tmp_path))

    assert found.credential.location == str(pod.root / "other/token")


def test_the_cluster_token_goes_to_the_gateway_only_where_that_is_allowed(
    pod: Folder, tmp_path: Path
) -> None:
    environment = pod.notebook().environment(**NOTEBOOK)

    plain = detect(environment, settings(tmp_path))
    found = detect(environment, settings(tmp_path, gateway_m2m=True))

    assert (plain.endpoint, plain.credential.sent) == (SERVICE, False)
    cluster_token = pod.root / SERVICE_ACCOUNT.lstrip("/") / "token"
    gateway = "http://istio-ingressgateway.istio-system.svc.cluster.local/pipeline"
    assert (found.endpoint, found.kind, found.namespace) == (gateway, "gateway", "team-a")
    assert found.credential == TokenFile(cluster_token, gateway, account="default-editor")
    pod.notebook(kfp_token=token())
    assert detect(environment, settings(tmp_path, gateway_m2m=True)).endpoint == SERVICE


def test_kfp_may_be_installed_in_another_namespace(pod: Folder, tmp_path: Path) -> None:
    pod.notebook(kfp_token=token())

    found = detect(pod.environment(**NOTEBOOK), settings(tmp_path, kfp_namespace="ml"))

    assert found.endpoint == "http://ml-pipeline.ml.svc.cluster.local:8888"
    assert (found.namespace, found.install_namespace) == ("team-a", "ml")


def test_a_notebook_without_token_is_found_and_has_no_credential(pod: Folder, tmp_path: Path) -> None:
    found = detect(pod.notebook().environment(**NOTEBOOK), settings(tmp_path))

    assert (found.namespace, found.credential.sent) == ("team-a", False)


@pytest.mark.parametrize(
    ("content", "wanted", "words"),
    [
        ("", "token-unreadable", f"{TOKEN_PATH} is empty."),
        ("hello", "token-unreadable", f"{TOKEN_PATH} is not a token."),
        ("a\nb", "token-unreadable", f"{TOKEN_PATH} is not a token."),
        (token("https://kubernetes.default.svc"), "token-audience", "“https://kubernetes.default.svc”"),
        (token(minutes=-1), "token-expired", "2026-03-12 14:01:00 UTC"),
    ],
)
def test_a_broken_token_is_told_and_not_passed_over(
    pod: Folder, tmp_path: Path, embedded: Embedded, *, content: str, wanted: str, words: str
) -> None:
    pod.notebook(kfp_token=content)
    embedded()

    found, why = code(pod.environment(**NOTEBOOK), settings(tmp_path))

    assert (found, words in why) == (wanted, True)


def test_the_cure_for_a_wrong_audience_is_the_option_of_this_namespace(pod: Folder, tmp_path: Path) -> None:
    pod.notebook(kfp_token=token("other"))

    with pytest.raises(KfpError) as caught:
        detect(pod.environment(**NOTEBOOK), settings(tmp_path))

    assert "namespace: team-a" in caught.value.command
    assert "audience: pipelines.kubeflow.org" in caught.value.command


def test_a_workspace_is_known_by_its_address(pod: Folder, tmp_path: Path) -> None:
    pod.notebook(kfp_token=token(account="ws-lab"))

    found = detect(pod.environment(NB_PREFIX="/workspace/connect/team-a/lab/jupyter/"), settings(tmp_path))

    assert (found.kind, found.credential.account, found.notebook.name) == ("workspace", "ws-lab", "lab")


def test_an_image_of_kubeflow_elsewhere_is_no_notebook(tmp_path: Path) -> None:
    environment = Folder(tmp_path / "pod").environment(NB_PREFIX="/")

    assert code(environment, settings(tmp_path))[0] == "no-kubeflow"


def test_pod_and_address_that_disagree_are_told(pod: Folder, tmp_path: Path) -> None:
    pod.notebook(kfp_token=token())

    found = detect(pod.environment(NB_PREFIX="/notebook/team-b/analysis"), settings(tmp_path))

    assert found.namespace == "team-a"
    said = "The pod says team-a, the address says team-b. Using team-a."
    assert found.warnings == (Caution("namespace-mismatch", said),)


def test_a_stale_memory_of_the_sdk_is_told_and_not_followed(pod: Folder, tmp_path: Path) -> None:
    pod.notebook(kfp_token=token()).remembered({"namespace": "old"})

    found = detect(pod.environment(**NOTEBOOK), settings(tmp_path))

    assert found.namespace == "team-a"
    said = "The SDK remembers namespace old; this notebook belongs to team-a. Using team-a."
    assert found.warnings == (Caution("context-json-stale", said, forget="old"),)


@pytest.mark.parametrize("part", ["namespace", "header"])
def test_what_the_sdk_remembers_is_forgotten_one_by_one(pod: Folder, tmp_path: Path, part: SavedPart) -> None:
    header = {
        "client_authentication_header_name": "kubeflow-userid",
        "client_authentication_header_value": "x",
    }
    cookie = {"client_authentication_cookie": "secret"}
    pod.notebook(kfp_token=token()).remembered({"namespace": "old", **header, **cookie})
    found = detect(pod.environment(**NOTEBOOK), settings(tmp_path))

    forget(Path(found.saved_path), part)

    left = detect(pod.environment(**NOTEBOOK), settings(tmp_path)).warnings
    codes = {"namespace": "userid-header", "header": "context-json-stale"}
    assert [caution.code for caution in found.warnings] == ["context-json-stale", "userid-header"]
    assert [caution.code for caution in left] == [codes[part]]
    kept = json.loads(Path(found.saved_path).read_text())
    assert kept == (({"namespace": "old"} if part == "header" else header) | cookie)
    assert Path(found.saved_path).stat().st_mode & 0o777 == 0o600


def test_a_memory_behind_a_link_is_changed_where_it_is(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.json", tmp_path / "home" / "context.json"
    real.write_text('{"namespace": "old", "other": 1}')
    link.parent.mkdir()
    link.symlink_to(real)

    forget(link, "namespace")

    assert link.is_symlink()
    assert json.loads(real.read_text()) == {"other": 1}
    assert [path.name for path in link.parent.iterdir()] == ["context.json"]


@pytest.mark.parametrize("text", [None, "not JSON", "[]", '{"other":1}'])
def test_a_memory_that_is_none_is_left_alone(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "context.json"
    if text is not None:
        path.write_text(text)

    forget(path, "namespace")

    assert (path.read_text() if path.exists() else None) == text


def test_an_address_replaces_the_address_only(pod: Folder, tmp_path: Path) -> None:
    pod.notebook(kfp_token=token())

    found = detect(
        pod.environment(**NOTEBOOK, KF_PIPELINES_ENDPOINT="http://kfp.example/"), settings(tmp_path)
    )

    assert (found.endpoint, found.namespace, found.kind) == ("http://kfp.example", "team-a", "settings")
    assert found.credential == TokenFile(
        pod.root / TOKEN_PATH.lstrip("/"), "http://kfp.example", account="default-editor"
    )


def test_the_settings_win_over_the_variable(tmp_path: Path) -> None:
    environment = Folder(tmp_path).environment(KF_PIPELINES_ENDPOINT="http://variable")

    assert detect(environment, settings(tmp_path, endpoint="http://settings")).endpoint == "http://settings"


def test_outside_a_pod_the_sdk_s_memory_names_the_namespace(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "home").remembered(
        {"namespace": "team-a", "client_authentication_cookie": "c"}
    )

    found = detect(folder.environment(), settings(tmp_path, endpoint="kfp.example/pipeline"))

    assert (found.endpoint, found.namespace) == ("https://kfp.example/pipeline", "team-a")
    assert (found.source, found.credential.sent) == ("from the SDK's context.json", False)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not json", '{"namespace": 5}'])
def test_a_memory_that_says_nothing_is_none(tmp_path: Path, text: str) -> None:
    folder = Folder(tmp_path / "home").remembered(text)

    assert detect(folder.environment(), settings(tmp_path, endpoint="http://h")).namespace == ""


def test_a_cookie_file_outside_the_cluster(tmp_path: Path) -> None:
    found = detect(
        Folder(tmp_path).environment(),
        settings(tmp_path, endpoint="https://kf.example/pipeline", cookie_path="/c", namespace="team-a"),
    )

    assert found.credential == CookieFile(Path("/c"), "https://kf.example/pipeline")


def test_a_token_file_of_the_settings_has_to_be_there(tmp_path: Path) -> None:
    chosen = settings(tmp_path, endpoint="http://h", token_path=str(tmp_path / "gone"))

    assert code(Folder(tmp_path).environment(), chosen) == (
        "token-unreadable",
        f"{tmp_path / 'gone'} is missing.",
    )


@pytest.mark.parametrize(
    "address",
    ["ftp://h", "http://", "http://h:0", "http://h:99999", "http://u:p@h", "http://["],
)
def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    assert code(Folder(tmp_path).environment(), settings(tmp_path, endpoint=address))[0] == "bad-input"


def test_a_laptop_has_its_embedded_server(tmp_path: Path, embedded: Embedded) -> None:
    runtime = embedded()

    found = detect(Folder(tmp_path).environment(), settings(tmp_path))

    assert (found.endpoint, found.namespace, found.embedded) == (runtime.url, "ana", True)
    assert found.credential == TokenFile(Path(runtime.token_path), runtime.url, account="default-editor")


def test_another_namespace_of_the_embedded_server_has_its_own_token(
    tmp_path: Path, embedded: Embedded
) -> None:
    embedded()

    found = detect(Folder(tmp_path).environment(), settings(tmp_path)).in_namespace("team-b")

    token_file = tmp_path / "kfp" / "token-team-b"
    assert found.namespace == "team-b"
    assert found.credential == TokenFile(token_file, found.endpoint, account="default-editor")


def test_an_address_that_is_the_embedded_server_gets_its_token(tmp_path: Path, embedded: Embedded) -> None:
    runtime = embedded()

    found = detect(Folder(tmp_path).environment(), settings(tmp_path, endpoint=runtime.url))

    assert (found.embedded, found.namespace) == (True, "ana")


def test_a_server_that_does_not_live_is_none(tmp_path: Path, embedded: Embedded) -> None:
    embedded(pid=os.getpid())  # its id is another's by now
    embedded.die()

    assert code(Folder(tmp_path).environment(), settings(tmp_path))[0] == "no-kubeflow"


def test_a_runtime_file_that_is_half_written_is_none(tmp_path: Path, embedded: Embedded) -> None:
    embedded(pid="x")

    assert code(Folder(tmp_path).environment(), settings(tmp_path))[0] == "no-kubeflow"


def test_a_pod_comes_before_the_embedded_server(pod: Folder, tmp_path: Path, embedded: Embedded) -> None:
    embedded()

    assert not detect(pod.notebook().environment(**NOTEBOOK), settings(tmp_path)).embedded


def test_nothing_that_a_context_shows_is_secret(pod: Folder, tmp_path: Path) -> None:
    secret = token()
    pod.notebook(kfp_token=secret)

    assert secret not in repr(detect(pod.environment(**NOTEBOOK), settings(tmp_path)))
    assert "127.0.0.1" in Context("http://127.0.0.1:1").host


def openshift(pod: Folder, **variables: str) -> Environment:
    """A workbench of OpenShift AI: it looks like a notebook of Kubeflow, and is none."""
    pod.notebook("project").write(f"{SERVICE_ACCOUNT}/service-ca.crt", "ca")
    pod.write(f"{SERVICE_ACCOUNT}/token", token("https://kubernetes.default.svc", account="bench"))
    return pod.environment(NB_PREFIX="/notebook/project/bench", **variables)


@pytest.mark.parametrize("written", [True, False])
def test_a_workbench_of_openshift_ai_has_its_project_s_server(
    pod: Folder, tmp_path: Path, *, written: bool
) -> None:
    address = "https://ds-pipeline-dspa.project.svc.cluster.local:8443"
    if written:
        pod.write(RUNTIME, json.dumps({"metadata": {"api_endpoint": address, "cos_password": "marked"}}))

    found = detect(openshift(pod, NOTEBOOK_ARGS="--x hub_host=y"), settings(tmp_path))

    service_account = pod.root / SERVICE_ACCOUNT.lstrip("/")
    assert (found.kind, found.endpoint, found.namespace) == ("openshift", address, "project")
    assert found.credential == TokenFile(service_account / "token", address, account="bench")
    assert found.ca_file == str(service_account / "service-ca.crt")


def test_a_route_of_openshift_takes_the_bundle_of_the_image(pod: Folder, tmp_path: Path) -> None:
    pod.write(RUNTIME, '{"metadata": {"api_endpoint": "https://dspa.apps.example"}}').write("/ca/b.crt", "ca")

    found = detect(openshift(pod, PIPELINES_SSL_SA_CERTS="/ca/b.crt"), settings(tmp_path))

    assert found.ca_file == str(pod.root / "ca/b.crt")


def test_a_service_of_openshift_has_a_ca_of_its_own_unless_the_settings_name_one(
    pod: Folder, tmp_path: Path
) -> None:
    pod.write(RUNTIME, '{"metadata": {"api_endpoint": "https://dspa.project.svc:8443"}}')
    environment = openshift(pod, KF_PIPELINES_SSL_SA_CERTS="/ca/b.crt")
    own = pod.root / SERVICE_ACCOUNT.lstrip("/") / "service-ca.crt"

    assert detect(environment, settings(tmp_path)).ca_file == str(own)
    assert detect(environment, settings(tmp_path, ca_file="/own.crt")).ca_file == "/own.crt"


@pytest.mark.parametrize("text", ["", "{}", "no json"])
def test_a_broken_runtime_of_openshift_is_told(pod: Folder, tmp_path: Path, text: str) -> None:
    pod.write(RUNTIME, text)

    assert code(openshift(pod), settings(tmp_path))[0] == "bad-input"


@pytest.mark.parametrize("namespace", ["kubeflow", "team-a"])
def test_another_pod_finds_kfp_where_it_answers(pod: Folder, tmp_path: Path, namespace: str) -> None:
    there = f"http://ml-pipeline.{namespace}.svc.cluster.local:8888"
    environment = pod.notebook().environment()._replace(responds=lambda address: address == there)

    found = detect(environment, settings(tmp_path))

    assert (found.endpoint, found.kind, found.install_namespace) == (there, "pod", namespace)


def test_a_pod_far_from_kfp_is_a_laptop(pod: Folder, tmp_path: Path, embedded: Embedded) -> None:
    embedded()

    assert detect(pod.notebook().environment(), settings(tmp_path)).embedded


def test_an_embedded_server_for_one_user_has_no_other_namespaces() -> None:
    alone = Context("http://127.0.0.1:1", embedded=True)
    assert alone.in_namespace("team-b") is alone

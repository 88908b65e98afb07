"""Files of a pod as no installation should leave them: named or passed over, and never waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.context import detect
from jupyter_kfp_mt.context.environment import SERVICE_ACCOUNT
from jupyter_kfp_mt.context.poddefault import TOKEN_PATH
from jupyter_kfp_mt.errors import KfpError, KfpInputError
from jupyter_kfp_mt.settings import KfpSettings
from tests.context.pods import HOME, NOTEBOOK, Folder, token


@pytest.fixture
def pod(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "pod").notebook()


@pytest.fixture
def settings(tmp_path: Path) -> KfpSettings:
    return KfpSettings(data_dir=str(tmp_path / "kfp"))


@pytest.mark.parametrize(
    "text",
    [token(), f" {token()}\r\n", f"\ufeff{token()}", f"Bearer {token()}\n"],
    ids=["plain", "blanks", "byte order mark", "header"],
)
def test_what_surrounds_a_token_is_forgiven(pod: Folder, settings: KfpSettings, text: str) -> None:
    pod.write(TOKEN_PATH, text)

    found = detect(pod.environment(**NOTEBOOK), settings)

    assert found.credential.headers("http://ml-pipeline.kubeflow.svc.cluster.local:8888/x") == {
        "Authorization": f"Bearer {token()}"
    }


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path)


def nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("..data"))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "not readable"),
        (pipe, "not readable"),
        (loop, "not readable"),
        (nowhere, "missing"),
        (lambda path: path.write_text("eyJh.{}.x"), "not a token"),
        (lambda path: path.write_bytes(b"a.W10.c"), "not a token"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "not a token"),
        (lambda path: path.write_text("a" * 100_000), "not a token"),
    ],
)
def test_a_token_that_is_no_file_or_no_token_is_told(
    pod: Folder, settings: KfpSettings, make: Callable[[Path], object], reason: str
) -> None:
    path = pod.root / TOKEN_PATH.lstrip("/")
    path.parent.mkdir(parents=True)
    make(path)

    with pytest.raises(KfpError) as caught:
        detect(pod.environment(**NOTEBOOK), settings)

    assert (caught.value.code, caught.value.why) == ("token-unreadable", f"{TOKEN_PATH} is {reason}.")


@pytest.mark.parametrize("text", ['"eyJh.e30.x"', "two words", "a,b"])
def test_what_no_server_takes_as_a_token_is_not_sent(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)

    with pytest.raises(KfpError, match="cannot be used"):
        TokenFile(tmp_path / "token", "http://kfp").headers("http://kfp/apis")


def test_a_token_is_followed_when_the_kubelet_swaps_it(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token").write_text(name)
    (tmp_path / "..data").symlink_to("first")
    (tmp_path / "token").symlink_to("..data/token")
    auth = TokenFile(tmp_path / "token", "http://kfp")

    before = auth.headers("http://kfp")
    (tmp_path / "..new").symlink_to("second")
    (tmp_path / "..new").replace(tmp_path / "..data")

    assert [each["Authorization"] for each in (before, auth.headers("http://kfp"))] == [
        "Bearer first",
        "Bearer second",
    ]


@pytest.mark.parametrize("text", ["Team-A", "team/a", "..", "\u00e9", "a" * 64, "team-a\nteam-b", "<b>"])
def test_a_namespace_that_is_none_is_told(pod: Folder, settings: KfpSettings, text: str) -> None:
    pod.notebook(text)

    with pytest.raises(KfpInputError, match="serviceaccount/namespace: it holds no name of a namespace"):
        detect(pod.environment(**NOTEBOOK), settings)


@pytest.mark.parametrize("text", ["team-a\n", " team-a\r\n", "\ufeffteam-a"])
def test_what_surrounds_a_namespace_is_forgiven(pod: Folder, settings: KfpSettings, text: str) -> None:
    assert detect(pod.notebook(text).environment(**NOTEBOOK), settings).namespace == "team-a"


@pytest.mark.parametrize("name", ["Team A", "..", "a" * 64, "team_a", "-a", "a\nb"])
def test_a_namespace_of_the_settings_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    chosen = KfpSettings(endpoint="http://kfp", namespace=name, data_dir=str(tmp_path))

    with pytest.raises(KfpInputError, match="is not a name of one"):
        detect(Folder(tmp_path / "pod").environment(), chosen)


@pytest.mark.parametrize(
    "prefix",
    [
        "/notebook",
        "/notebook//nb",
        "/notebook/team-a",
        "/notebook/../nb",
        "/notebook/Team A/nb",
        "/user/ana/",
        "nb",
    ],
)
def test_a_prefix_of_another_form_makes_no_notebook(pod: Folder, settings: KfpSettings, prefix: str) -> None:
    with pytest.raises(KfpError) as caught:
        detect(pod.environment(NB_PREFIX=prefix), settings)

    assert (caught.value.code, "In this cluster none answers" in caught.value.why) == ("no-kubeflow", True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"namespace": 5}',
        '{"namespace": null}',
        '{"namespace": "../x"}',
        "\udcff",
    ],
)
def test_a_memory_of_the_sdk_that_cannot_be_used_is_none(tmp_path: Path, text: str) -> None:
    outside = Folder(tmp_path / "home")
    outside.write(f"{HOME}/.config/kfp/context.json", "")
    (outside.root / f"{HOME}/.config/kfp/context.json".lstrip("/")).write_bytes(
        text.encode(errors="surrogateescape")
    )

    found = detect(
        outside.environment(KF_PIPELINES_ENDPOINT="http://kfp"), KfpSettings(data_dir=str(tmp_path))
    )

    assert (found.namespace, found.warnings) == ("", ())


def test_a_pipe_in_place_of_a_file_is_not_waited_for(pod: Folder, settings: KfpSettings) -> None:
    path = pod.root / SERVICE_ACCOUNT.lstrip("/") / "namespace"
    path.unlink()
    os.mkfifo(path)

    assert detect(pod.environment(**NOTEBOOK), settings).namespace == "team-a"  # by its address

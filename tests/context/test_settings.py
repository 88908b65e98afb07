from __future__ import annotations

import json
from pathlib import Path

import pytest
from traitlets.config import Config

from jupyter_kfp_mt.errors import KfpInputError
from jupyter_kfp_mt.settings import load_settings


def test_files_environment_and_server_are_read_in_this_order(tmp_path: Path) -> None:
    (tmp_path / "jupyter_kfp_mt_config.py").write_text(
        "c.KfpSettings.endpoint = 'http://file'\n"
        "c.KfpSettings.namespace = 'file'\n"
        "c.KfpSettings.kfp_namespace = 'file'\n"
    )
    environ = {"JUPYTER_KFP_MT_NAMESPACE": "variable", "JUPYTER_KFP_MT_KFP_NAMESPACE": "variable"}
    config = Config({"KfpSettings": {"kfp_namespace": "server"}})

    found = load_settings(environ, config=config, path=[str(tmp_path)])

    assert (found.endpoint, found.namespace, found.kfp_namespace) == ("http://file", "variable", "server")


def test_an_earlier_folder_of_the_path_wins(tmp_path: Path) -> None:
    for name in ("user", "system"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "jupyter_kfp_mt_config.json").write_text(
            json.dumps({"KfpSettings": {"namespace": name}})
        )

    found = load_settings({}, path=[str(tmp_path / "user"), str(tmp_path / "system")])

    assert found.namespace == "user"


@pytest.mark.parametrize(
    ("variable", "text", "trait", "value"),
    [
        ("EMBEDDED", "auto", "embedded", "auto"),
        ("REQUEST_TIMEOUT_S", "3", "request_timeout_s", 3.0),
        ("ALLOW_NAMESPACE_SWITCH", "false", "allow_namespace_switch", False),
        ("MAX_UPLOAD_MIB", "8", "max_upload_mib", 8),
    ],
)
def test_variables_have_the_types_of_the_traits(variable: str, text: str, trait: str, value: object) -> None:
    assert getattr(load_settings({f"JUPYTER_KFP_MT_{variable}": text}, path=[]), trait) == value


@pytest.mark.parametrize("text", ["-5", "0", "nan", "inf", "1e99"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(KfpInputError, match="request_timeout_s"):
        load_settings({"JUPYTER_KFP_MT_REQUEST_TIMEOUT_S": text}, path=[])


def test_an_empty_variable_is_as_good_as_none() -> None:
    names = ("REQUEST_TIMEOUT_S", "DATA_DIR", "KFP_NAMESPACE", "EMBEDDED", "ENDPOINT")

    found = load_settings({f"JUPYTER_KFP_MT_{name}": "" for name in names}, path=[])

    assert (found.request_timeout_s, found.kfp_namespace, found.embedded) == (10.0, "kubeflow", "ask")
    assert found.data_dir.endswith("kfp")


@pytest.mark.parametrize("variable", ["REQUEST_TIMEOUT_S", "EMBEDDED"])
def test_a_variable_that_cannot_be_used_is_named(variable: str) -> None:
    with pytest.raises(KfpInputError) as caught:
        load_settings({f"JUPYTER_KFP_MT_{variable}": "soon"}, path=[])

    assert caught.value.code == "bad-input"
    assert "soon" in caught.value.message


@pytest.mark.parametrize(
    "text", ["c.KfpSettings.endpoint =", "1 / 0", "raise SystemExit(3)", "c.KfpSettings.embedded = 'soon'"]
)
def test_a_file_that_cannot_be_used_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "jupyter_kfp_mt_config.py").write_text(text)

    with pytest.raises(KfpInputError):
        load_settings({}, path=[str(tmp_path)])

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_kfp_mt.client import Response
from jupyter_kfp_mt.errors import KfpError, KfpInputError, KfpNotFoundError
from jupyter_kfp_mt.models import CachePolicy, PresetRequest, SourceKind, SubmitRequest
from jupyter_kfp_mt.models import Source as PipelineSource
from jupyter_kfp_mt.service import KfpService, Presets
from jupyter_kfp_mt.service.presets import split_values
from tests.fakes import FakeTransport, ManualClock
from tests.service.stand_ins import CONTEXT, PLAIN, RUNS, kfp

FAST = PresetRequest(pipeline="train", name="fast", parameters={"epochs": 1, "mode": "fast"})


def service(path: Path | None = None, fake: FakeTransport | None = None) -> KfpService:
    return KfpService(CONTEXT, fake or kfp(), clock=ManualClock(), presets=Presets(path))


def names(found: KfpService, pipeline: str = "train") -> list[str]:
    return [preset.name for preset in found.list_presets(pipeline).presets]


def test_a_preset_is_kept_used_replaced_and_deleted_in_any_process(tmp_path: Path) -> None:
    one, other = service(tmp_path / "p"), service(tmp_path / "p")
    one.save_preset(FAST)
    assert other.find_preset("train", "fast").parameters == {"epochs": 1, "mode": "fast"}
    other.save_preset(PresetRequest(pipeline="train", name=" fast ", cache=CachePolicy.OFF))
    assert (names(one), one.find_preset("train", "fast").cache) == (["fast"], CachePolicy.OFF)
    one.delete_preset("train", "fast")
    assert names(other) == []
    with pytest.raises(KfpNotFoundError, match="No such preset"):
        other.delete_preset("train", "fast")


def test_other_pipelines_and_namespaces_have_their_own() -> None:
    here = service()
    here.save_preset(FAST)
    assert names(here, "other") == names(here.in_namespace("bob")) == []


def test_what_looks_like_a_credential_is_not_kept(tmp_path: Path) -> None:
    request = PresetRequest(
        pipeline="train", name="x", parameters={"api_key": "hunter2-hunter2", "epochs": 1}
    )
    kept = service(tmp_path / "p").save_preset(request)
    assert kept.parameters == {"epochs": 1}
    assert b"hunter2" not in (tmp_path / "p").read_bytes()


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_preset_needs_a_name(name: str) -> None:
    with pytest.raises(KfpInputError, match="1 to 100"):
        service().save_preset(PresetRequest(pipeline="train", name=name))


def test_what_is_too_much_is_refused() -> None:
    found = service()
    with pytest.raises(KfpInputError, match="the limit is 1 MiB"):
        found.save_preset(PresetRequest(pipeline="train", name="x", parameters={"a": "x" * (2 << 20)}))
    for number in range(200):
        found.save_preset(PresetRequest(pipeline="train", name=f"{number}"))
    with pytest.raises(KfpInputError, match="200 presets already"):
        found.save_preset(FAST)
    found.save_preset(PresetRequest(pipeline="train", name="7"))


def test_a_run_leaves_its_checked_values_for_the_next() -> None:
    found = service()
    found.start_run(PLAIN)
    last = found.list_presets("train").last
    assert last is not None
    assert (last.name, last.parameters, last.experiment) == ("", {"name": "x"}, "Default")
    assert names(found) == []


def test_a_run_that_was_refused_leaves_nothing() -> None:
    refusing = kfp().answer("POST", RUNS, Response(status=400, headers={}, body=b'{"message": "no"}'))
    found = service(fake=refusing)
    with pytest.raises(KfpError):
        found.start_run(PLAIN)
    assert found.list_presets("train").last is None


def test_a_folder_that_cannot_be_written_keeps_no_run_from_starting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = service(tmp_path / "file" / "p")
    assert found.start_run(PLAIN).state == "PENDING"
    assert found.list_presets("train").last is None
    with pytest.raises(KfpInputError, match="it cannot be kept"):
        found.save_preset(FAST)


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("not a database" * 100)
    found = service(tmp_path / "p")
    found.save_preset(FAST)
    assert names(found) == ["fast"]
    assert (tmp_path / "p.broken").exists()


def test_values_of_parameters_that_are_gone_are_named() -> None:
    found = service()
    preset = found.save_preset(FAST)
    example = found.inspect(PipelineSource(kind=SourceKind.EXAMPLE)).pipeline
    assert split_values(preset, example.parameters) == ({}, ["epochs", "mode"])


def test_the_example_leaves_only_what_the_person_gave() -> None:
    found = service()
    found.start_run(SubmitRequest(source=PipelineSource(kind=SourceKind.EXAMPLE)))
    last = found.list_presets("hello-pipeline").last
    assert last is not None
    assert last.parameters == {}

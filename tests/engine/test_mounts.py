"""Secrets and config maps as files: mounted for one task alone, or refused where that is impossible."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.embedded.engine.execution.mount_probe import MountProbe
from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine import rows_platform
from tests.engine.bench import Bench, list_files
from tests.engine.rows import Row

Compiled = Callable[[Any], Package]


@pytest.fixture
def refused(compiled: Compiled, bench: Bench, tmp_path: Path) -> bool:
    """Whether this machine refuses; then by name, and with the reason that the machine gave."""
    fault = MountProbe(tmp_path).find_fault((*rows_platform.PLACES, rows_platform.BELOW_THE_ROOT))
    problems = {one.task: one.reason for one in bench.engine.find_problems(compiled(rows_platform.files), {})}
    for task in ("see-files", "show-files") if fault else ():
        assert f"a secret as files at {rows_platform.PLACES[0]}" in problems[task]
    assert bool(problems) == bool(fault)
    return bool(fault)


@pytest.mark.parametrize("executor", ["fork", "subprocess"])
def test_only_their_task_sees_the_files(
    executor: str, refused: bool, make_bench: Callable[..., Bench], compiled: Compiled
) -> None:
    bench = make_bench(executor=executor)
    bench.store_secrets("ana", "s3cret")
    run = bench.wait(bench.submit(compiled(rows_platform.files)))

    assert run.state == ("FAILED" if refused else "SUCCEEDED"), run.error
    if not refused:
        assert bench.log(run.run_id, "show-files") == "s3cret"
    assert not any(os.path.exists(place) for place in (*rows_platform.PLACES, rows_platform.BELOW_THE_ROOT))
    assert "s3cret" not in everything_below(bench.folder / "runs", but="log")


def test_an_optional_secret_that_is_missing(refused: bool, bench: Bench, compiled: Compiled) -> None:
    run = bench.wait(bench.submit(compiled(rows_platform.missing_files)))

    tasks = bench.tasks(run.run_id)
    assert tasks["light"].reason == "There is no secret nothing in this namespace."
    assert tasks["see-files"].state == ("FAILED" if refused else "SUCCEEDED")


@pytest.mark.parametrize("row", rows_platform.WHERE_POSSIBLE, ids=lambda row: row.name)
def test_rows(row: Row, refused: bool, bench: Bench, compiled: Compiled) -> None:
    run = bench.wait(bench.submit(compiled(row.pipeline)))

    if not refused:
        assert run.state == row.state, run.error
        row.check(bench.tasks(run.run_id))


def test_a_claim_is_deleted_with_its_run_or_stays(refused: bool, bench: Bench, compiled: Compiled) -> None:
    made, own = (bench.submit(compiled(one)) for one in (rows_platform.volumes, rows_platform.scratch))
    for run_id in (made, own):
        bench.wait(run_id)
        bench.engine.forget(run_id)
        bench.until(lambda run_id=run_id: not (bench.folder / "runs" / run_id).exists())

    assert refused or (bench.folder / "volumes" / "ana" / "own" / "inner").is_dir()


def test_not_the_secret_of_another_tenant(bench: Bench, compiled: Compiled) -> None:
    run = bench.wait(bench.submit(compiled(rows_platform.files), namespace="berta"))

    assert "There is no secret database" in bench.tasks(run.run_id)["show-files"].reason


@pytest.mark.parametrize("place", ["/", "relative", "/proc", "/proc/self/x", "/\0", ""])
def test_paths_that_are_never_hidden(place: str, tmp_path: Path) -> None:
    assert MountProbe(tmp_path).find_fault((place,))


def test_the_data_folder_is_never_hidden(tmp_path: Path) -> None:
    assert MountProbe(tmp_path).find_fault((str(tmp_path.parent),))


def everything_below(folder: Path, *, but: str) -> str:
    files = [path for path in list_files(folder) if path.name not in (but, "ephemeral_component.py")]
    return "".join(path.read_text(errors="replace") for path in files if path.is_file())

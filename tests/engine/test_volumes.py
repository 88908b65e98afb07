"""Claims on volumes as folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.embedded.engine.execution.volumes import CREATE, DELETE, VolumeClaims, find_claims_folder
from jupyter_kfp_mt.embedded.engine.loop.remover import FolderRemover
from jupyter_kfp_mt.embedded.engine.plan.inputs import InputError
from tests.engine.bench import Bench


@pytest.fixture
def claims(tmp_path: Path) -> VolumeClaims:
    run, remover = tmp_path / "runs" / "1" / "volumes", FolderRemover(tmp_path / "removed")
    remover.start()
    return VolumeClaims(tenant=tmp_path / "volumes" / "ana", run=run, remove=remover.put)


def test_a_claim_with_a_fixed_name_is_the_tenants(claims: VolumeClaims, tmp_path: Path) -> None:
    other = msgspec.structs.replace(claims, run=tmp_path / "runs" / "2" / "volumes")

    made = claims.operate(CREATE, {"pvc_name": "mine"}, "task").parameters
    (claims.make_folder("mine", "") / "file").touch()

    assert made == {"name": "mine"}
    assert [path.name for path in other.make_folder("mine", "").iterdir()] == ["file"]


def test_a_claim_with_a_generated_name_is_the_runs(claims: VolumeClaims) -> None:
    name = claims.operate(CREATE, {"pvc_name_suffix": "-data"}, "task").parameters["name"]

    assert name.endswith("-data")
    assert claims.make_folder(name, "").parent == claims.run


def test_a_crash_between_doing_and_storing_does_no_harm(claims: VolumeClaims) -> None:
    for operation, values in ((CREATE, {"pvc_name": "mine"}), (DELETE, {"pvc_name": "mine"})):
        for _ in range(2):
            claims.operate(operation, values, f"task {operation}")

    with pytest.raises(InputError, match="no claim mine"):
        claims.operate(DELETE, {"pvc_name": "mine"}, "another task")


def test_no_claim_is_created_twice(claims: VolumeClaims) -> None:
    claims.operate(CREATE, {"pvc_name": "mine"}, "task")

    with pytest.raises(InputError, match="already"):
        claims.operate(CREATE, {"pvc_name": "mine"}, "another task")


@pytest.mark.parametrize("name", ["../up", "", None, 3, "a/b", ".hidden", "Big", "a" * 254])
def test_invalid_names(name: Any, claims: VolumeClaims) -> None:
    with pytest.raises(InputError, match="not a valid name of a claim"):
        claims.make_folder(name, "")


@pytest.mark.parametrize("part", ["../other", "/etc", "a/../../b"])
def test_no_way_out_of_a_claim(part: str, claims: VolumeClaims) -> None:
    with pytest.raises(InputError, match="not a path in the claim mine"):
        claims.make_folder("mine", part)


@pytest.mark.parametrize("namespace", ["..", "../up", "/etc", ".", "", "a/b"])
def test_no_way_out_by_a_namespace(namespace: str, tmp_path: Path) -> None:
    assert find_claims_folder(tmp_path, namespace).resolve().parent == tmp_path.resolve()


def test_the_claims_of_a_tenant_are_deleted_with_it(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench()
    ana, ben = (find_claims_folder(bench.folder / "volumes", name) for name in ("ana", "ben"))
    for home in (ana, ben):
        (home / "claim").mkdir(parents=True)

    bench.engine.remove_volumes("ana")
    bench.until(lambda: not ana.exists())

    assert (ben / "claim").is_dir()

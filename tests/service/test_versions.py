"""Pipelines in detail through the service, on the embedded server over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.client import AnyVersion, HttpTransport
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError, KfpNotFoundError
from jupyter_kfp_mt.models import (
    PageQuery,
    PipelineQuery,
    PipelineVersion,
    RecurringRunRequest,
    Schedule,
    Source,
    SourceKind,
    SubmitRequest,
)
from jupyter_kfp_mt.pipeline_spec import parse
from jupyter_kfp_mt.service import KfpService
from tests.client.old_server import Old
from tests.embedded.running import Running, running
from tests.pipeline_spec.pipelines import PLATFORM, SIMPLE

NEXT = (
    SIMPLE.replace("defaultValue: 10.0", "defaultValue: 20.0")
    .replace('image: "python:3.11", command: [echo]', 'image: "python:3.12", command: [echo, "a\\nb"]')
    .replace(
        "components:\n",
        "components:\n  comp-report: {executorLabel: exec-report}\n",
    )
    .replace(
        "  inputDefinitions:",
        "      report: {taskInfo: {name: report}, componentRef: {name: comp-report}, dependentTasks: [fit]}\n"
        "  inputDefinitions:",
    )
    .replace(
        "  executors:\n",
        "  executors:\n    exec-report: {container: {image: r, resources: {cpuLimit: 4.0, memoryLimit: 16.0,"
        " accelerator: {type: nvidia.com/gpu, count: '1'}}}}\n",
    )
)


def text(content: str) -> Source:
    return Source(kind=SourceKind.TEXT, path="train.yaml", text=content)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server")) as one:
        yield one


def connect_as(server: Running, folder: Path, namespace: str, *, embedded: bool = True) -> KfpService:
    token = folder / f"token-{namespace}"
    token.write_text(server.token(namespace))
    credential = TokenFile(token, server.url)
    context = Context(server.url, namespace, credential=credential, embedded=embedded)
    return KfpService(context, HttpTransport(context))


@pytest.fixture(scope="module")
def kfp(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KfpService]:
    service = connect_as(server, tmp_path_factory.mktemp("alice"), "alice")
    service.upload(text(SIMPLE), name="train")
    service.upload(text(NEXT + "---\n" + PLATFORM), name="train", version="v2")
    yield service
    service.close()


def in_order(kfp: KfpService, pipeline_id: str) -> list[PipelineVersion]:
    """The versions by name: two of the same second have no order."""
    return sorted(kfp.list_versions(pipeline_id), key=lambda version: version.display_name)


def test_a_pipeline_is_listed_with_the_number_of_its_versions(kfp: KfpService) -> None:
    [train] = kfp.page_pipelines(PipelineQuery(search="train")).pipelines
    listed = kfp.page_versions(train.pipeline_id, PageQuery()).pipeline_versions
    oldest, newest = sorted(listed, key=lambda version: version.display_name)

    assert train.versions == 2
    assert (oldest.tasks, oldest.inputs) == (2, 7)
    assert (newest.display_name, newest.tasks, newest.inputs) == ("v2", 3, 7)
    assert kfp.page_versions(train.pipeline_id, PageQuery(page_size=1)).next_page_token


def test_a_version_has_tasks_inputs_and_both_documents(kfp: KfpService) -> None:
    train = kfp.find_pipeline("train")
    _, newest = in_order(kfp, train.pipeline_id)

    view = kfp.view_version(train.pipeline_id, newest.pipeline_version_id)

    by_name = {task.name: task for task in view.tasks}
    assert by_name["report"].needs == ["fit"]
    assert (by_name["report"].image, by_name["report"].asks) == ("r", "4 CPU, 16 GB, 1 GPU")
    assert by_name["fit"].inputs == ["x"]
    assert "\n---\nplatforms:" in view.spec
    assert parse(view.spec) == parse(NEXT + "---\n" + PLATFORM)


def test_only_what_differs_between_two_versions(kfp: KfpService) -> None:
    train = kfp.find_pipeline("train")
    oldest, newest = in_order(kfp, train.pipeline_id)

    found = kfp.compare_versions(train.pipeline_id, oldest.pipeline_version_id, newest.pipeline_version_id)

    assert [(row.name, row.field, row.left, row.right) for row in found.inputs] == [
        ("epochs", "default", "10", "20")
    ]
    assert [(row.name, row.field, row.left, row.right) for row in found.tasks] == [
        ("load", "image", "python:3.11", "python:3.12"),
        ("fit", "image", "python:3.11", "python:3.12"),
        ("report", "", "", "after fit"),
    ]
    assert [each.name for each in found.code] == ["load", "fit"]
    [same, added] = found.code[0].blocks
    assert (same.is_equal, same.left, added.left, added.right) == (True, ["echo"], [], ["a", "b"])
    for side in ("left", "right"):
        lines = [line for block in found.spec.blocks for line in getattr(block, side)]
        version = oldest if side == "left" else newest
        assert (
            "\n".join(lines) + "\n" == kfp.view_version(train.pipeline_id, version.pipeline_version_id).spec
        )
    nothing = kfp.compare_versions(train.pipeline_id, oldest.pipeline_version_id, oldest.pipeline_version_id)
    assert (nothing.inputs, nothing.tasks, nothing.code) == ([], [], [])
    assert [block.is_equal for block in nothing.spec.blocks] == [True]


def test_what_is_lost_with_a_pipeline(kfp: KfpService) -> None:
    kfp.upload(text(SIMPLE), name="doomed")
    doomed = kfp.find_pipeline("doomed")
    source = Source(kind=SourceKind.PIPELINE, pipeline_id=doomed.pipeline_id)
    run = SubmitRequest(source=source, parameters={"name": "x"}, display_name="nightly")
    kfp.create_recurring_run(RecurringRunRequest(run=run, schedule=Schedule(interval_second=3600)))

    view = kfp.view_pipeline(doomed.pipeline_id)

    assert (view.pipeline.versions, view.recurring_runs) == (1, ["nightly"])
    assert view.used_versions == [kfp.list_versions(doomed.pipeline_id)[0].pipeline_version_id]
    kfp.delete_pipeline(doomed.pipeline_id)
    with pytest.raises(KfpNotFoundError):
        kfp.view_pipeline(doomed.pipeline_id)


def test_a_version_of_another_pipeline_is_like_none(kfp: KfpService) -> None:
    train = kfp.find_pipeline("train")
    kfp.upload(text(SIMPLE), name="other")
    other = kfp.find_pipeline("other")
    version_id = kfp.list_versions(other.pipeline_id)[0].pipeline_version_id

    with pytest.raises(KfpNotFoundError):
        kfp.view_version(train.pipeline_id, version_id)
    with pytest.raises(KfpNotFoundError):
        kfp.compare_versions(train.pipeline_id, version_id, version_id)
    with pytest.raises(KfpNotFoundError):
        kfp.delete_pipeline(train.pipeline_id, version_id)
    assert len(kfp.list_versions(other.pipeline_id)) == 1


def test_private_ones_are_their_own_and_shared_ones_are_the_same(
    kfp: KfpService, server: Running, tmp_path: Path
) -> None:
    kfp.upload(text(SIMPLE), name="for all", shared=True)
    bob = connect_as(server, tmp_path, "bob")

    assert [each.name for each in bob.list_pipelines()] == []
    assert [each.name for each in bob.list_pipelines(shared=True)] == ["for all"]
    [shared] = bob.page_pipelines(PipelineQuery(shared=True)).pipelines
    assert (shared.versions, shared.namespace) == (1, "")
    foreign = kfp.find_pipeline("train").pipeline_id
    for look in (bob.view_pipeline, bob.page_versions, bob.delete_pipeline):
        with pytest.raises(KfpError) as caught:
            look(foreign)
        assert caught.value.code in ("not-found", "forbidden")
    bob.close()


def test_an_old_server_shows_versions_too(kfp: KfpService) -> None:
    context = kfp.context
    old = KfpService(context, AnyVersion(Old(HttpTransport(context))))
    train = old.find_pipeline("train")

    oldest, newest = in_order(old, train.pipeline_id)
    view = old.view_version(train.pipeline_id, newest.pipeline_version_id)
    difference = old.compare_versions(
        train.pipeline_id, oldest.pipeline_version_id, newest.pipeline_version_id
    )

    assert len(view.tasks) == 3
    assert [row.name for row in difference.inputs] == ["epochs"]
    old.close()


def test_a_page_of_a_cluster_counts_the_versions_of_a_few_pipelines(server: Running, tmp_path: Path) -> None:
    cluster = connect_as(server, tmp_path, "carol", embedded=False)
    for number in range(7):
        cluster.upload(text(SIMPLE), name=f"p{number}")

    first = [each.versions for each in cluster.page_pipelines().pipelines]
    second = [each.versions for each in cluster.page_pipelines().pipelines]

    assert (first.count(1), second.count(1)) == (5, 7)
    cluster.close()

"""Types of parameters, artifacts, placeholders."""

# ruff: noqa: B006, PLR0917, SIM115, UP006, UP035, UP045 - written as people write for the SDK
from typing import List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import (
    HTML,
    Artifact,
    ClassificationMetrics,
    Dataset,
    Input,
    InputPath,
    Markdown,
    Metrics,
    Model,
    Output,
    OutputPath,
    SlicedClassificationMetrics,
)

from tests.engine.rows import Row, component


@component
def types(i: int, f: float, s: str, b: bool, xs: list, d: dict):
    assert (type(i), type(f), type(s), type(b)) == (int, float, str, bool), (i, f, s, b)
    assert (i, f, s, b) == (3, 2.0, "text", True)
    assert xs == [1, "a", {"k": 2}], xs
    assert type(xs[0]) is int, xs
    assert type(xs[2]["k"]) is int, xs
    assert d == {"n": 1, "nested": {"deep": [1, 2.5]}}, d
    assert type(d["nested"]["deep"][0]) is int, d


@component
def give() -> NamedTuple(
    "All", [("i", int), ("f", float), ("s", str), ("b", bool), ("xs", list), ("d", dict)]
):  # type: ignore[valid-type]
    from collections import namedtuple

    made = namedtuple("All", "i f s b xs d")
    return made(3, 2.0, "text", True, [1, "a", {"k": 2}], {"n": 1, "nested": {"deep": [1, 2.5]}})


@dsl.pipeline
def every_type(
    i: int = 3,
    f: float = 2.0,
    s: str = "text",
    b: bool = True,
    xs: list = [1, "a", {"k": 2}],
    d: dict = {"n": 1, "nested": {"deep": [1, 2.5]}},
):
    types(i=i, f=f, s=s, b=b, xs=xs, d=d)
    o = give().outputs
    types(i=o["i"], f=o["f"], s=o["s"], b=o["b"], xs=o["xs"], d=o["d"])
    types(i=3, f=2.0, s="text", b=True, xs=[1, "a", {"k": 2}], d={"n": 1, "nested": {"deep": [1, 2.5]}})


@component
def optional(given: Optional[int] = None, text: Optional[str] = None, data: Optional[Input[Dataset]] = None):
    assert given is None
    assert text is None
    assert data is None


@dsl.pipeline
def optional_inputs(text: Optional[str] = None, n: Optional[int] = None):
    optional()
    optional(text=text, given=n)


@component
def long(size: int) -> str:
    return "x" * size


@component
def length(text: str, wanted: int):
    assert len(text) == wanted


@dsl.pipeline
def long_strings(given: str):
    length(text=given, wanted=200_000)
    length(text=long(size=1_000_000).output, wanted=1_000_000)


@component
def literal(text: str, whole: str):
    assert text == "{{$.pipeline_job_name}} {{$}} {{$.inputs.parameters['whole']}}", text
    assert whole == text, whole


@component
def evil() -> str:
    return "{{$.pipeline_job_name}} {{$}} {{$.inputs.parameters['whole']}}"


@dsl.pipeline
def placeholder_like(text: str):
    literal(text=text, whole=text)
    given = evil().output
    literal(text=f"{given}", whole=given)


@component
def see_literals(n: int, text: str):
    assert text == "{{$.inputs.parameters['n']}}", text


@dsl.pipeline
def placeholder_like_constants():
    see_literals(n=3, text="{{$.inputs.parameters['n']}}")


@component
def greet(text: str) -> str:
    return text


@dsl.pipeline
def text_of_nothing(name: Optional[str] = None):
    greet(text=f"Hello {name}")


def names_the_input(tasks):
    assert "There is no value for pipelinechannel--name" in tasks["greet"].reason


@component
def known(
    name: str, resource: str, job: str, task: str, task_id: str, root: str, created: str, scheduled: str
):
    import re

    assert name == "a run", name
    assert resource.startswith("placeholders"), resource
    assert re.fullmatch("[0-9a-f-]{36}", job), job
    assert task == "known", task
    assert re.fullmatch("[0-9a-f-]{36}", task_id), task_id
    assert root.startswith("/"), root
    for moment in (created, scheduled):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment), moment


@dsl.pipeline
def placeholders():
    known(
        name=dsl.PIPELINE_JOB_NAME_PLACEHOLDER,
        resource=dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER,
        job=dsl.PIPELINE_JOB_ID_PLACEHOLDER,
        task=dsl.PIPELINE_TASK_NAME_PLACEHOLDER,
        task_id=dsl.PIPELINE_TASK_ID_PLACEHOLDER,
        root=dsl.PIPELINE_ROOT_PLACEHOLDER,
        created=dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER,
        scheduled=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER,
    )


@component
def every_artifact(
    data: Output[Dataset],
    model: Output[Model],
    metrics: Output[Metrics],
    curve: Output[ClassificationMetrics],
    sliced: Output[SlicedClassificationMetrics],
    page: Output[HTML],
    note: Output[Markdown],
    folder: Output[Artifact],
):
    import os

    for artifact in (data, model, page, note):
        open(artifact.path, "w").write(artifact.name)
    os.makedirs(folder.path)
    open(os.path.join(folder.path, "inside"), "w").write("deep")
    metrics.log_metric("n", 3)
    metrics.log_metric("loss", 0.25)
    curve.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])
    curve.log_roc_curve([0.0, 1.0], [0.0, 1.0], [0.5, 0.1])
    assert sliced.name == "sliced"
    model.metadata["framework"] = "none"


@component
def see_artifacts(
    data: Input[Dataset], model: Input[Model], metrics: Input[Metrics], folder: Input[Artifact]
):
    import os

    assert open(data.path).read() == "data"
    assert model.framework == "none"
    assert metrics.metadata == {"n": 3, "loss": 0.25}, metrics.metadata
    assert type(metrics.metadata["n"]) is int
    assert open(os.path.join(folder.path, "inside")).read() == "deep"


@dsl.pipeline
def artifact_classes():
    made = every_artifact().outputs
    see_artifacts(data=made["data"], model=made["model"], metrics=made["metrics"], folder=made["folder"])


def artifacts_are_reported(tasks):
    outputs = tasks["every-artifact"].outputs.artifacts
    assert outputs["model"][0].type == "system.Model"
    assert outputs["metrics"][0].metadata == {"n": 3, "loss": 0.25}
    assert "confusionMatrix" in outputs["curve"][0].metadata


@component
def elsewhere(data: Output[Dataset], place: str):
    data.uri = place
    open(place, "w").write("here")


@component
def at(data: Input[Dataset], place: str):
    assert data.uri == place
    assert open(data.path).read() == "here"


@dsl.pipeline
def own_uri(place: str):
    at(data=elsewhere(place=place).outputs["data"], place=place)


@component
def returns_artifact() -> Dataset:
    import os
    import tempfile

    path = os.path.join(tempfile.mkdtemp(), "made")
    open(path, "w").write("returned")
    return Dataset(name="mine", uri=path, metadata={"a": 1})


@component
def see_returned(data: Input[Dataset]):
    assert open(data.path).read() == "returned"
    assert data.metadata == {"a": 1}


@dsl.pipeline
def returned_artifact():
    see_returned(data=returns_artifact().output)


@component
def write_paths(
    text: OutputPath(str),  # type: ignore[valid-type]
    n: OutputPath(int),  # type: ignore[valid-type]
    xs: OutputPath(list),  # type: ignore[valid-type]
    data: OutputPath("Dataset"),  # type: ignore[valid-type]
):
    import json

    open(text, "w").write("7")
    open(n, "w").write("7")
    open(xs, "w").write(json.dumps([1, 2.5, "a"]))
    open(data, "w").write("data")


@component
def read_paths(text: str, n: int, xs: list, data: InputPath("Dataset")):  # type: ignore[valid-type]
    assert text == "7"
    assert n == 7
    assert type(n) is int
    assert xs == [1, 2.5, "a"]
    assert open(data).read() == "data"


@dsl.pipeline
def paths():
    made = write_paths().outputs
    read_paths(text=made["text"], n=made["n"], xs=made["xs"], data=made["data"])


@component
def forget_output(value: OutputPath(str)):  # type: ignore[valid-type]
    pass


@dsl.pipeline
def missing_output():
    forget_output()


def says_what_is_missing(tasks):
    assert "value" in tasks["forget-output"].reason


@component
def see_imported(data: Input[Dataset], wanted: str):
    assert open(data.path).read() == wanted
    assert data.metadata == {"k": "v", "n": 1}, data.metadata


@component
def see_remote(data: Input[Dataset]):
    assert data.uri == "s3://bucket/key"


@dsl.pipeline
def imports(place: str):
    local = dsl.importer(artifact_uri=place, artifact_class=Dataset, metadata={"k": "v", "n": 1})
    see_imported(data=local.output, wanted="imported")
    remote = dsl.importer(artifact_uri="s3://bucket/key", artifact_class=Dataset)
    see_remote(data=remote.output)


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def import_of_nothing():
    importer = dsl.importer(artifact_uri="/not/there", artifact_class=Dataset, download_to_workspace=True)
    importer.set_retry(1, backoff_duration="0s")
    dsl.importer(artifact_uri="/dev/zero", artifact_class=Dataset, download_to_workspace=True)


def says_what_is_not_there(tasks):
    assert tasks["importer"].attempt == 2
    assert "/not/there is not a file or folder on this machine" in tasks["importer"].reason
    assert "/dev/zero is not a file or folder on this machine" in tasks["importer-2"].reason


@component
def see_copy(data: Input[Dataset], workspace: str):
    import os

    assert os.path.commonpath([os.path.realpath(data.path), os.path.realpath(workspace)]) == os.path.realpath(
        workspace
    )
    assert open(data.path).read() == "imported"


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def import_to_workspace(place: str):
    copied = dsl.importer(artifact_uri=place, artifact_class=Dataset, download_to_workspace=True)
    see_copy(data=copied.output, workspace=dsl.WORKSPACE_PATH_PLACEHOLDER)


@component
def leave(workspace: str):
    import os

    path = os.path.join(workspace, "note")
    assert not os.path.exists(path), "the workspace is another run's"
    open(path, "w").write("seen")


@component
def take(workspace: str):
    import os

    assert open(os.path.join(workspace, "note")).read() == "seen"


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def workspace():
    first = leave(workspace=dsl.WORKSPACE_PATH_PLACEHOLDER)
    take(workspace=dsl.WORKSPACE_PATH_PLACEHOLDER).after(first)


@component
def artifact_list(data: List[Dataset]) -> int:
    return len(data)


@component
def every_small(n: int, data: Output[Dataset]):
    open(data.path, "w").write(str(n))


@component
def three(n: int):
    assert n == 3


@dsl.pipeline
def artifact_lists():
    with dsl.ParallelFor([1, 2, 3]) as n:
        one = every_small(n=n)
    count = artifact_list(data=dsl.Collected(one.outputs["data"]))
    three(n=count.output)


@component
def no_number() -> dict:
    return {"loss": float("nan")}


@dsl.pipeline
def not_a_number():
    no_number()


def names_what_json_lacks(tasks):
    assert "they contain NaN" in tasks["no-number"].reason


ROWS = [
    Row(
        "NaN and Infinity as outputs",
        not_a_number,
        {},
        "FAILED",
        names_what_json_lacks,
        "fails, as on a cluster",
    ),
    Row("Every parameter type exact, as default, constant and output", every_type),
    Row("Optional inputs unset and `None`", optional_inputs),
    Row("Strings of 200 kB and 1 MB", long_strings, {"given": "x" * 200_000}),
    Row(
        "Values that look like placeholders stay as they are",
        placeholder_like,
        {"text": "{{$.pipeline_job_name}} {{$}} {{$.inputs.parameters['whole']}}"},
    ),
    Row("A constant that looks like a placeholder of another constant", placeholder_like_constants),
    Row(
        "An f-string with an input that has no value",
        text_of_nothing,
        {},
        "FAILED",
        names_the_input,
        "fails, as on a cluster",
    ),
    Row("Placeholders of run and task", placeholders),
    Row(
        "Artifacts of every class, files and folders, metadata",
        artifact_classes,
        check=artifacts_are_reported,
    ),
    Row("`artifact.uri = …` set by the component", own_uri),
    Row("An artifact as return value", returned_artifact),
    Row("`OutputPath` and `InputPath` of each type", paths),
    Row("An output that was not written fails the task", missing_output, {}, "FAILED", says_what_is_missing),
    Row("`dsl.importer`, local and remote", imports, note="a remote one is not downloaded"),
    Row("`importer` with `download_to_workspace`", import_to_workspace),
    Row(
        "`importer` of a missing file to the workspace",
        import_of_nothing,
        {},
        "FAILED",
        says_what_is_not_there,
    ),
    Row("Workspace, one for each run", workspace),
    Row("Lists of artifacts", artifact_lists),
]

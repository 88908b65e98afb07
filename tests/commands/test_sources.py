"""What people have lying around beside compiled pipelines, and what is said of it."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.errors import KfpInputError
from jupyter_kfp_mt.models import Phase
from tests.commands.console import Console
from tests.laptop import Laptop

SPEC: dict[str, Any] = {
    "pipelineInfo": {"name": "p"},
    "schemaVersion": "2.1.0",
    "root": {"dag": {"tasks": {}}},
}
COMPONENT = "name: add\nimplementation:\n  container: {image: alpine, command: [echo, a]}\n"
CRON = "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\n"
WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: hello-v1-
  annotations:
    pipelines.kubeflow.org/kfp_sdk_version: 1.8.22
    pipelines.kubeflow.org/pipeline_spec: >-
      {"name": "hello-v1", "description": "Greets.",
       "inputs": [{"name": "who", "type": "String", "description": "whom"}]}
spec:
  entrypoint: hello
  arguments: {parameters: [{name: who, value: you}]}
  templates:
  - name: hello
    inputs: {parameters: [{name: who}]}
    dag:
      tasks:
      - {name: greet, template: greet,
         arguments: {parameters: [{name: who, value: '{{inputs.parameters.who}}'}]}}
  - name: greet
    inputs: {parameters: [{name: who}]}
    container: {image: alpine, command: [sh, -c], args: ['echo "hello {{inputs.parameters.who}}"']}
"""


@pytest.fixture
def console(laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.chdir(tmp_path)
    return Console(laptop)


@pytest.mark.parametrize(
    ("name", "text", "what", "cure"),
    [
        (
            "job.json",
            json.dumps({"pipelineSpec": SPEC, "runtimeConfig": {}}),
            "a job of Vertex",
            "`pipelineSpec`",
        ),
        (
            "elyra.pipeline",
            json.dumps({"doc_type": "pipeline", "pipelines": []}),
            "an Elyra pipeline",
            "Export",
        ),
        ("component.yaml", COMPONENT, "a component", "load_component_from_file"),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\n", "a Kubernetes object (Pod)", "that the KFP SDK compiled"),
        (
            "cron.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\n",
            "an Argo CronWorkflow",
            "Argo",
        ),
    ],
)
def test_a_file_that_is_something_else_is_named(
    console: Console, name: str, text: str, what: str, cure: str
) -> None:
    Path(name).write_text(text)
    with pytest.raises(KfpInputError) as caught:
        console.do(f"submit {name}")
    assert what in caught.value.message
    assert cure in caught.value.next_step
    assert caught.value.command == ""


def test_a_packed_pipeline_is_unpacked(console: Console) -> None:
    with zipfile.ZipFile("package.zip", "w") as packed:
        packed.writestr("pipeline.yaml", WORKFLOW)
    with tarfile.open("package.tar.gz", "w:gz") as archive:
        about = tarfile.TarInfo("pipeline.yaml")
        about.size = len(json.dumps(SPEC))
        archive.addfile(about, io.BytesIO(json.dumps(SPEC).encode()))
    assert console.do("submit package.zip --dry-run")["pipeline_spec"]["kind"] == "Workflow"
    assert console.do("submit package.tar.gz --dry-run")["pipeline_spec"]["pipelineInfo"] == {"name": "p"}


def test_a_pipeline_of_the_sdk_1_is_run_registered_cloned_and_shown(console: Console) -> None:
    Path("hello.yaml").write_text(WORKFLOW)
    with pytest.raises(KfpInputError, match=r"hello\.yaml takes who"):
        console.do("submit hello.yaml wo=me")
    run = console.do("submit hello.yaml who=Ada --wait")
    assert (run.phase, run.display_name[:8]) == (Phase.SUCCEEDED, "hello-v1")
    assert "hello Ada" in console.do("logs @last")
    assert "kind: Workflow" in console.do("spec @last")

    console.do("upload hello.yaml")
    assert "kind: Workflow" in console.do("spec pipeline:hello-v1")
    assert console.do("submit pipeline:hello-v1 who=Bo --wait").phase is Phase.SUCCEEDED
    assert console.do("clone @last who=Cy --wait").parameters["who"] == "Cy"
    with pytest.raises(KfpInputError, match=r"a pipeline of the KFP SDK 1\.x says itself what is cached"):
        console.do("submit hello.yaml --cache off")

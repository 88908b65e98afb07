"""Pipelines that the 1.8 SDK compiles to Argo Workflows, run by the server at argv[1], token file argv[2].

Run by the Python of an environment with kfp 1.8.22: its pins do not go together with ours.
"""

import base64
import json
import os
import sys
import time

import kfp
import kfp_server_api
from kfp import dsl
from kfp.auth import ServiceAccountTokenVolumeCredentials
from kfp.components import InputPath, OutputPath, create_component_from_func

HOST, TOKEN = sys.argv[1:3]
NAMESPACE = "alice"


def add(a: int, b: int = 3) -> int:
    return a + b


def write(lines: OutputPath(str), n: int):
    with open(lines, "w") as file:
        file.write("line\n" * n)


def count(lines: InputPath(str), note: InputPath(str)) -> str:
    with open(lines) as file, open(note) as more:
        return f"{more.read()}: {len(file.readlines())}"


def need(x: str) -> str:
    import msgspec

    return f"{x} {msgspec.__name__}"


add_op, write_op, count_op = (create_component_from_func(each) for each in (add, write, count))
need_op = create_component_from_func(need, packages_to_install=["msgspec"])


@dsl.pipeline(name="two functions")
def functions(a: int = 1):
    add_op(add_op(a).output, 10).set_display_name("The sum")


@dsl.pipeline(name="shell")
def shell(word: str = "hello"):
    script = 'echo "$0 from {{workflow.uid}}" > /tmp/out.txt'
    said = dsl.ContainerOp(
        name="say",
        image="busybox",
        command=["sh", "-c"],
        arguments=[script, word],
        file_outputs={"out": "/tmp/out.txt"},
    )
    dsl.ContainerOp(name="hear", image="busybox", command=["sh", "-c"], arguments=['echo "$0"', said.output])


@dsl.pipeline(name="files")
def files(note: str = "so many", n: int = 4):
    lines = write_op(n).output
    need_op(count_op(lines, note).output).set_retry(2, policy="Always")


@dsl.pipeline(name="conditional")
def conditional(a: int = 1):
    first = add_op(a)
    with dsl.Condition(first.output == 4):
        add_op(2)


def main():
    client = kfp.Client(host=HOST, credentials=ServiceAccountTokenVolumeCredentials(path=TOKEN))
    client.set_user_namespace(NAMESPACE)
    experiment = client.create_experiment("argo of 1.8", namespace=NAMESPACE)

    packages = {}
    for pipeline in (functions, shell, files, conditional):
        packages[pipeline] = os.path.join(os.path.dirname(TOKEN), f"{pipeline.__name__}.yaml")
        kfp.compiler.Compiler().compile(pipeline, packages[pipeline])

    run = client.run_pipeline(experiment.id, "sums", packages[functions], {"a": 5})
    assert output(ended(client, run), "add", "add-Output") == "8"
    assert artifact(client, run, "The sum", "add-2-Output") == "18"
    run = client.run_pipeline(experiment.id, "words", packages[shell], {"word": "good day"})
    assert output(ended(client, run), "say", "say-out") == f"good day from {run.id}"
    run = client.run_pipeline(experiment.id, "counts", packages[files])
    assert output(ended(client, run), "need", "count-Output", "inputs") == "so many: 4"
    assert artifact(client, run, "need", "need-Output") == "so many: 4 msgspec"

    of_version(client, experiment.id, packages[functions])
    refused(client, experiment.id, packages[conditional])
    print("all of it worked")


def ended(client, run):
    """The nodes of a run that has come to its end."""
    for _ in range(600):
        found = client.get_run(run.id)
        if found.run.status in ("Succeeded", "Failed"):
            break
        time.sleep(0.1)
    assert found.run.status == "Succeeded", found
    assert found.run.pipeline_spec.workflow_manifest
    workflow = json.loads(found.pipeline_runtime.workflow_manifest)
    assert workflow["spec"]["entrypoint"]
    return {node["displayName"]: node for node in workflow["status"]["nodes"].values()}


def output(nodes, node, name, side="outputs"):
    return {each["name"]: each["value"] for each in nodes[node][side]["parameters"]}[name]


def artifact(client, run, node, name):
    """What a task wrote to a file."""
    node_id = ended(client, run)[node]["id"]
    return base64.b64decode(client._run_api.read_artifact(run.id, node_id, name).data).decode()


def of_version(client, experiment_id, package):
    pipeline = client.upload_pipeline(package, pipeline_name="argo of 1.8")
    version = client.upload_pipeline_version(package, "v2", pipeline_id=pipeline.id)
    run = client.run_pipeline(
        experiment_id, "of a version", params={"a": 7}, pipeline_id=pipeline.id, version_id=version.id
    )
    assert output(ended(client, run), "add", "a", "inputs") == "7"
    job = client.create_recurring_run(
        experiment_id,
        "every second",
        interval_second=1,
        params={"a": 8},
        pipeline_id=pipeline.id,
        version_id=version.id,
    )
    for _ in range(300):
        runs = client.list_runs(experiment_id=experiment_id, page_size=100).runs
        fired = [run for run in runs if run.name.startswith("everysecond")]
        if fired:
            break
        time.sleep(0.1)
    client.disable_job(job.id)
    assert output(ended(client, fired[0]), "add", "add-Output") == "11"


def refused(client, experiment_id, package):
    for ask in (
        lambda: client.run_pipeline(experiment_id, "never", package),
        lambda: client.create_recurring_run(
            experiment_id, "never", interval_second=1, pipeline_package_path=package
        ),
    ):
        problem = ""
        try:
            ask()
        except kfp_server_api.ApiException as error:
            problem = f"{error.status} {error.body}"
        assert problem.startswith("400 "), problem
        assert "cannot-run-here: template conditional needs a condition (when)" in problem, problem


if __name__ == "__main__":
    main()

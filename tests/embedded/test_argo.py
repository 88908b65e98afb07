"""Argo Workflows as IR: what is understood, and what is refused with the name of its template."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_kfp_mt.embedded.argo import make_workflow_tags, translate
from jupyter_kfp_mt.embedded.argo.tags import TagRewriter
from tests.embedded.running import Running, running

HOST = {"sh", "python3"}


def workflow(*templates: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A workflow that begins with its first template; a task's work is `work` unless it is among them."""
    work = {"name": "work", "container": {"image": "x", "command": ["sh", "-c", "true"]}}
    names = [each["name"] for each in templates]
    more = [] if "work" in names else [work]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "w-"},
        "spec": {"entrypoint": names[0], "templates": [*templates, *more], **spec},
    }


def dag(*tasks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "main", "dag": {"tasks": list(tasks)}, **fields}


def command(*words: str, **fields: Any) -> dict[str, Any]:
    """A template `work` with these words."""
    return {"name": "work", "container": {"image": "x", "command": list(words)}, **fields}


def problems(given: dict[str, Any]) -> list[tuple[str, str]]:
    _, found = translate(given, "", lambda program, path: program if program in HOST else None)
    return [(each.template, each.reason) for each in found]


def spec(given: dict[str, Any]) -> Any:
    package, found = translate(given, "/bin", lambda program, path: program)
    assert found == []
    return package.pipeline_spec


TASK = {"name": "t", "template": "work"}
FILE = {"parameters": [{"name": "o", "valueFrom": {"path": "/tmp/o"}}]}
REFUSED = [
    (dag({**TASK, "when": "1 == 1"}), "main", "a condition (when)"),
    (dag({**TASK, "withItems": []}), "main", "a loop (withItems)"),
    (dag({**TASK, "withParam": "[1]"}), "main", "a loop (withParam)"),
    (dag({**TASK, "continueOn": {"failed": True}}), "main", "to go on after a failure (continueOn)"),
    (dag({**TASK, "templateRef": {"name": "x"}}), "main", "templateRef"),
    (dag({"name": "t", "template": "no"}), "no", "a template no that the workflow does not have"),
    (dag({**TASK, "depends": "a || b"}), "main", "the condition “a || b” between its tasks (depends)"),
    (dag({"name": "t", "template": "main"}), "main", "itself as one of its tasks"),
    (dag(TASK, parallelism=2), "main", "a limit of parallelism"),
    (dag(TASK, retryStrategy={"limit": 2}), "main", "retries or a time limit of a whole DAG"),
    ({"name": "work", "script": {"source": "x"}}, "work", "a script"),
    ({"name": "work", "steps": [[TASK]]}, "work", "steps"),
    ({"name": "work", "resource": {"action": "create"}}, "work", "a resource of a cluster"),
    ({"name": "work", "suspend": {"duration": 1}}, "work", "a pause (suspend)"),
    ({"name": "work"}, "work", "a command or a DAG"),
    (command("sh", volumes=[{"name": "v"}]), "work", "volumes"),
    (command("sh", sidecars=[{"name": "s"}]), "work", "sidecars"),
    (command("sh", initContainers=[{"name": "s"}]), "work", "init containers"),
    (command("sh", retryStrategy={"limit": 1, "retryPolicy": "OnError"}), "work", "retries OnError"),
    (command(), "work", "the program of its image x"),
    (command("perl"), "work", "the program perl of its image x"),
    (command("sh", outputs=FILE), "work", "its file /tmp/o, which its command does not name"),
    (command("sh", "{{item}}"), "work", "a value for {{item}}"),
    (command("sh", "{{inputs.parameters.no}}"), "work", "a value for {{inputs.parameters.no}}"),
    (command("sh", "{{workflow.parameters.no}}"), "work", "a value for no"),
    (dag(TASK, TASK), "main", "one task t instead of two"),
    (dag({"name": "a/b", "template": "work"}), "main", "another name than “a/b”"),
    (dag({**TASK, "arguments": {"parameters": [{"name": "a", "value": "{{tasks.x.ip}}"}]}}), "main",
     "a value for {{tasks.x.ip}}"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "name", "reason"), REFUSED, ids=[each[2][:40] for each in REFUSED])
def test_what_cannot_run_is_refused_by_the_name_of_its_template(
    template: dict[str, Any], name: str, reason: str
) -> None:
    assert problems(workflow(template)) == [(name, reason)]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"onExit": "work"}, "an exit handler (onExit)"),
        ({"volumes": [{"name": "v"}]}, "volumes"),
        ({"parallelism": 1}, "a limit of parallelism"),
        ({"entrypoint": ""}, "a template (without name) that the workflow does not have"),
    ],
)
def test_what_the_workflow_asks_for_is_refused_under_its_first_template(
    field: dict[str, Any], reason: str
) -> None:
    name = field.get("entrypoint", "main") or "(no entrypoint)"
    assert problems(workflow(dag(TASK), **field)) == [(name, reason)]


def test_a_template_that_is_not_used_may_be_anything() -> None:
    other = {"name": "other", "suspend": {}, "script": {"source": "x"}}
    assert problems(workflow(dag(TASK), other)) == []


def test_what_would_grow_without_limit_is_refused() -> None:
    levels = [
        {"name": f"d{n}", "dag": {"tasks": [{"name": each, "template": f"d{n + 1}"} for each in "abcd"]}}
        for n in range(9)
    ]
    assert problems(workflow(*levels, command("sh", "-c") | {"name": "d9"})) == [
        ("d2", "more than 10000 tasks")
    ]
    deep = [{"name": f"d{n}", "dag": {"tasks": [{"name": "t", "template": f"d{n + 1}"}]}} for n in range(600)]
    assert problems(workflow(*deep)) == [("d30", "more than 30 DAGs in each other")]
    assert problems(workflow(command("sh", "-c", "{" * 1_000_000))) == []


def test_paths_and_values_become_placeholders_as_whole_words_only() -> None:
    template = command(
        "sh",
        "-c",
        "cat /tmp/o.txt > /tmp/o && echo {{ inputs.parameters.a }} {{workflow.parameters.p}}",
        inputs={"parameters": [{"name": "a", "value": 1}]},
        outputs=FILE,
    )
    made = spec(workflow(template, arguments={"parameters": [{"name": "p", "value": True}]}))
    assert made["deploymentSpec"]["executors"]["work"]["container"]["command"][2] == (
        "cat /tmp/o.txt > {{$.outputs.parameters['o'].output_file}} && echo {{$.inputs.parameters['a']}}"
        " {{$.inputs.parameters['workflow.parameters.p']}}"
    )
    assert made["root"]["inputDefinitions"]["parameters"]["p"]["defaultValue"] == "true"
    inputs = made["root"]["dag"]["tasks"]["work"]["inputs"]["parameters"]
    assert inputs["workflow.parameters.p"] == {"componentInputParameter": "p"}


def test_retries_pauses_and_the_end_of_caching_are_taken_over() -> None:
    backoff = {"duration": "2m", "factor": 2, "maxDuration": "1h"}
    metadata = {
        "labels": {"pipelines.kubeflow.org/enable_caching": "true"},
        "annotations": {"pipelines.kubeflow.org/max_cache_staleness": "P0D"},
    }
    template = command("sh", retryStrategy={"limit": "3", "backoff": backoff}, metadata=metadata)
    task = spec(workflow(dag(TASK), template))["root"]["dag"]["tasks"]["t"]
    policy = {"maxRetryCount": 3, "backoffFactor": 2.0, "backoffDuration": "120s"}
    assert task["retryPolicy"] == {**policy, "backoffMaxDuration": "3600s"}
    assert "cachingOptions" not in task


@pytest.fixture
def server(tmp_path: Path) -> Any:
    with running(tmp_path) as found:
        yield found


def ask(server: Running, path: str, manifest: dict[str, Any], **fields: Any) -> Any:
    experiments = server.manager.experiments
    experiment = experiments.create("alice", f"for {path} {len(fields)}", "").experiment_id
    body = {
        "name": "r",
        "resource_references": [{"key": {"type": "EXPERIMENT", "id": experiment}, "relationship": "OWNER"}],
        "pipeline_spec": {"workflow_manifest": yaml.safe_dump(manifest), **fields.pop("spec", {})},
        **fields,
    }
    return server.call("POST", f"/apis/v1beta1/{path}", body, token=server.token("alice"))


@pytest.mark.parametrize(("path", "fields"), [("runs", {}), ("jobs", {"max_concurrency": "1"})])
def test_a_refused_workflow_leaves_nothing_behind(server: Running, path: str, fields: dict[str, str]) -> None:
    reply = ask(server, path, workflow(dag({**TASK, "when": "x"})), **fields)
    assert (reply.status, reply.json["code"]) == (400, 9)
    assert reply.text == "cannot-run-here: template main needs a condition (when)"
    where = "?resource_reference_key.type=NAMESPACE&resource_reference_key.id=alice"
    assert server.call("GET", f"/apis/v1beta1/{path}{where}", token=server.token("alice")).json == {}


def test_a_parameter_without_value_is_asked_for(server: Running) -> None:
    manifest = workflow(dag(TASK), arguments={"parameters": [{"name": "p"}]})
    assert ask(server, "runs", manifest).text.startswith("spec.arguments.p.value")
    given = {"parameters": [{"name": "p", "value": "1"}]}
    assert ask(server, "runs", manifest, spec=given).status == 200


def test_a_recurring_run_may_lack_a_value_until_it_fires(server: Running) -> None:
    manifest = workflow(dag(TASK), arguments={"parameters": [{"name": "p"}]})
    assert ask(server, "jobs", manifest, max_concurrency="1").status == 200


@pytest.mark.parametrize(
    "fields", [{"metadata": [1]}, {"spec": []}, {"spec": {"templates": [1], "arguments": {"parameters": 1}}}]
)
def test_a_workflow_of_another_shape_is_no_template(server: Running, fields: dict[str, Any]) -> None:
    reply = ask(server, "runs", {**workflow(dag(TASK)), **fields})
    assert (reply.status, reply.text) == (400, "unknown template format")


def test_v1_shows_what_was_sent_and_v2_the_values(server: Running) -> None:
    manifest = workflow(dag(TASK), arguments={"parameters": [{"name": "p", "value": "d"}]})
    given = {"parameters": [{"name": "p", "value": "1"}]}
    made = ask(server, "runs", manifest, spec=given).json
    assert made["run"]["pipeline_spec"] == {"workflow_manifest": yaml.safe_dump(manifest), **given}
    assert set(made["pipeline_runtime"]) == {"workflow_manifest"}
    assert json.loads(made["pipeline_runtime"]["workflow_manifest"])["spec"] == manifest["spec"]
    path = f"/apis/v2beta1/runs/{made['run']['id']}"
    seen = server.call("GET", path, token=server.token("alice")).json
    assert seen["pipeline_spec"] == manifest
    assert seen["runtime_config"] == {"parameters": {"p": "1"}}


def test_a_long_text_is_read_once_for_all_paths() -> None:
    """The compiler's paths begin alike, and a body has 8 MiB."""

    def work(paths: int) -> float:
        known = {f"/tmp/outputs/file{number}/data": "{{$.x}}" for number in range(paths)}
        rewriter = TagRewriter(frozenset(), known, make_workflow_tags({}))
        before = time.thread_time()
        assert rewriter.rewrite(text) == text
        return time.thread_time() - before

    text = "/tmp/outputs/f" * 30_000
    assert min(work(100) for _ in range(3)) < 30 * min(work(1) for _ in range(3))


def test_the_longest_of_many_paths_is_replaced() -> None:
    known = {"/" + "a" * number: f"<{number}>" for number in range(1, 101)}
    rewriter = TagRewriter(frozenset(), known, make_workflow_tags({}))

    assert rewriter.rewrite("/a /aa /aaab /aaa.b /" + "a" * 100) == "<1> <2> /aaab /aaa.b <100>"

"""The plan of a compiled pipeline: who waits for whom."""

from __future__ import annotations

from typing import Any

from jupyter_kfp_mt.pipeline_spec import Package
from jupyter_kfp_mt.pipeline_spec.graph import plan_tasks


def task(component: str = "leaf", *after: str) -> dict[str, Any]:
    return {"componentRef": {"name": component}, "dependentTasks": list(after)}


def reads(producer: str) -> dict[str, Any]:
    source = {"taskOutputParameter": {"producerTask": producer, "outputParameterKey": "x"}}
    return {"componentRef": {"name": "leaf"}, "inputs": {"parameters": {"x": source}}}


def needs(root: dict[str, Any], **components: dict[str, Any]) -> dict[str, list[str]]:
    groups = {name: {"dag": {"tasks": tasks}} for name, tasks in components.items()}
    spec = {"root": {"dag": {"tasks": root}}, "components": {"leaf": {"executorLabel": "e"}, **groups}}
    return {each.name: each.needs for each in plan_tasks(Package(pipeline_spec=spec))}


def test_tasks_wait_for_what_they_name_and_what_they_read() -> None:
    assert needs({"a": task(), "b": task("leaf", "a"), "c": reads("b")}) == {"a": [], "b": ["a"], "c": ["b"]}


def test_a_group_is_taken_apart() -> None:
    found = needs(
        {"load": task(), "loop": task("body", "load"), "report": task("leaf", "loop")},
        body={"train": task(), "score": reads("train")},
    )
    assert found == {"load": [], "train": ["load"], "score": ["train"], "report": ["score"]}


def test_groups_in_groups() -> None:
    found = needs(
        {"outer": task("middle"), "end": task("leaf", "outer")},
        middle={"inner": task("body"), "side": task()},
        body={"x": task()},
    )
    assert found == {"x": [], "side": [], "end": ["side", "x"]}


def test_components_used_many_times_stay_small() -> None:
    levels = {
        f"level{n}": {"one": task(f"level{n + 1}"), "two": task(f"level{n + 1}", "one")} for n in range(40)
    }
    assert set(needs({"top": task("level0")}, **levels, level40={"x": task()})) == {"x"}

"""The tasks of a compiled pipeline for people: image, what they ask for, inputs and code. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..models import SpecTask
from . import Package
from .graph import plan_tasks


def describe_tasks(package: Package) -> list[SpecTask]:
    """Return the tasks that executors run, in the order of the spec, each with the tasks it waits for."""
    executors = package.pipeline_spec.get("deploymentSpec", {}).get("executors", {})
    places = dict(reversed(list(_list_places(package))))  # of one name, the first counts
    tasks = []
    for planned in plan_tasks(package):
        task = places.get(planned.name, {})
        component = package.components.get(task.get("componentRef", {}).get("name", ""), {})
        executor = executors.get(component.get("executorLabel"), {})
        container = executor.get("container") or {}
        inputs = task.get("inputs", {})
        tasks.append(
            SpecTask(
                name=planned.name,
                needs=planned.needs,
                image=container.get("image", "") if container else _name_kind(executor),
                asks=describe_resources(container.get("resources", {})),
                inputs=[*inputs.get("parameters", {}), *inputs.get("artifacts", {})],
            )
        )
    return tasks


def read_code(package: Package) -> dict[str, str]:
    """Return what each task runs: its command and arguments, one in a line, a program as it is."""
    executors = package.pipeline_spec.get("deploymentSpec", {}).get("executors", {})
    code: dict[str, str] = {}
    for name, task in _list_places(package):
        component = package.components.get(task.get("componentRef", {}).get("name", ""), {})
        container = executors.get(component.get("executorLabel"), {}).get("container") or {}
        words = [*container.get("command", []), *container.get("args", [])]
        code.setdefault(name, "\n".join(str(word).strip("\n") for word in words))
    return code


def describe_resources(resources: Mapping[str, Any]) -> str:
    """Return “4 CPU, 16 GiB, 1 GPU” for the resources of a container; empty without any."""
    accelerator = resources.get("accelerator", {})
    count = accelerator.get("resourceCount") or accelerator.get("count")
    kind = accelerator.get("resourceType") or accelerator.get("type") or "accelerator"
    cpu = _pick(resources, "CpuLimit", "CpuRequest")
    memory = _pick(resources, "MemoryLimit", "MemoryRequest")
    parts = [f"{_shorten(cpu)} CPU" if cpu else "", _format_memory(memory) if memory else ""]
    parts.append(f"{_shorten(count)} {'GPU' if kind.endswith('gpu') else kind}" if count else "")
    return ", ".join(part for part in parts if part)


def _list_places(package: Package) -> Iterator[tuple[str, Mapping[str, Any]]]:
    graphs = (package.pipeline_spec["root"], *package.components.values())
    for graph in graphs:
        for name, task in graph.get("dag", {}).get("tasks", {}).items():
            if "dag" not in package.components.get(task.get("componentRef", {}).get("name", ""), {}):
                yield name, task


def _name_kind(executor: Mapping[str, Any]) -> str:
    return "importer" if "importer" in executor else ""


def _pick(resources: Mapping[str, Any], *names: str) -> Any:
    """Return the first resource that is set; newer SDKs write texts, older ones numbers."""
    for name in names:
        value = resources.get(f"resource{name}") or resources.get(name[:1].lower() + name[1:])
        if value:
            return value
    return None


def _format_memory(value: Any) -> str:
    """Return Kubernetes' own text, or a number of GB as the IR has it."""
    text = str(value)
    for unit in ("Ki", "Mi", "Gi", "Ti"):
        if text.endswith(unit):
            return f"{text.removesuffix(unit)} {unit}B"
    return f"{_shorten(value)} GB" if isinstance(value, (int, float)) else text


def _shorten(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

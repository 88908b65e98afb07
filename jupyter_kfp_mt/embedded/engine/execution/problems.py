"""Finds the tasks of a pipeline that cannot run on one machine without containers, before it starts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from ....bounds import MAX_TEXT, RunBounds, TextTooLongError
from ....pipeline_spec import Package
from ....pipeline_spec.links import find_broken_links, find_needed_artifacts
from ..plan.components import CommandError, find_python_code, is_containerized_python
from ..plan.executors import Container, Importer
from ..plan.expressions import ExpressionError, compile_condition
from ..plan.foresight import ForeseenTask, Known, foresee_command, walk_tasks
from ..plan.ir import Component, Dag, TaskSpec
from ..plan.kubernetes import KubernetesExecutor
from ..plan.pipeline import CompiledPipeline, read_pipeline
from ..plan.sizes import count_steps
from .active import IMAGE_URI
from .folders import WORKSPACE
from .jobs import KNOWN_FIELDS, POD_METADATA
from .programs import Which, find_lacking, has_module
from .volumes import CREATE, DELETE

MountFault = Callable[[tuple[str, ...]], str]


def refuse_mounts(_places: tuple[str, ...]) -> str:
    """Refuse every mount, for a caller that cannot probe."""
    return "files cannot be mounted for one task alone"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A task that cannot run here; `reason` continues “train needs …”."""

    task: str
    reason: str


def find_package_problems(
    package: Package,
    arguments: Mapping[str, Any] = {},
    mount_fault: MountFault = refuse_mounts,
    which: Which = shutil.which,
    *,
    bounds: RunBounds = RunBounds(),  # noqa: B008 - frozen
) -> list[Problem]:
    """Return the tasks of `package` that cannot run here with the values `arguments`; never raises.

    A package that cannot be read is one problem with its own name.
    """
    try:
        pipeline = read_pipeline(package.pipeline_spec, package.platform_spec or None)
    except msgspec.ValidationError as error:
        return [Problem(task=package.name, reason=f"a form that can be read here ({error})")]
    unlinked = _find_unlinked(package)
    if unlinked:
        return unlinked
    try:
        problems = find_problems(pipeline, arguments, mount_fault, which)
    except TextTooLongError:
        reason = f"more than {MAX_TEXT // 1024**2} MiB of text in place of its placeholders"
        return [Problem(task=package.name, reason=reason)]
    # A component that contains itself has no end, and is one of the problems.
    if not problems and count_steps(pipeline, arguments, bounds.max_steps) > bounds.max_steps:
        problems.append(Problem(task=package.name, reason=f"more than {bounds.describe('max_steps')}"))
    return problems


def _find_unlinked(package: Package) -> list[Problem]:
    """Return what the pipeline takes from nowhere: no run of it can succeed, here or on a cluster."""
    lacking = [
        Problem(task=package.name, reason=f"its input {each.name} from outside: {each.problem}")
        for each in find_needed_artifacts(package.pipeline_spec)
    ]
    broken = [
        Problem(task=each.task, reason=f"{each.wanted} of {each.source}, which has none. {each.cure}")
        for each in find_broken_links(package.pipeline_spec)
    ]
    return [*lacking, *broken]


def find_problems(
    pipeline: CompiledPipeline,
    arguments: Mapping[str, Any] = {},
    mount_fault: MountFault = refuse_mounts,
    which: Which = shutil.which,
) -> list[Problem]:
    """Return the tasks that cannot run here, in the order of the pipeline.

    `arguments` are the values of the run. `mount_fault` returns why nothing can be mounted at some paths,
    empty when it can; `which` finds programs.
    """
    reasons: dict[str, str] = {}
    for component in (pipeline.root, *pipeline.components.values()):
        for name in _find_deadlocked(component.dag.tasks if component.dag else {}):
            reasons[name] = "an order of tasks in which it can start"
    machine = _Machine(which, cache(has_module), mount_fault)
    for task in walk_tasks(pipeline, arguments):
        reason = _check_task(pipeline, task, machine)
        if reason:
            reasons.setdefault(task.name, reason)
    return [Problem(task=name, reason=reason) for name, reason in reasons.items()]


def _find_deadlocked(tasks: Mapping[str, TaskSpec]) -> list[str]:
    """Return the tasks that wait for each other, or for a task that does not exist."""
    waiting = dict(tasks)
    while ready := [name for name, task in waiting.items() if not task.upstream & waiting.keys()]:
        for name in ready:
            del waiting[name]
    unknown = [name for name, task in tasks.items() if task.upstream - tasks.keys()]
    return [*waiting, *unknown]


class _Machine(NamedTuple):
    which: Which
    has_module: Callable[[str, str], bool]
    mount_fault: MountFault


def _check_task(pipeline: CompiledPipeline, foreseen: ForeseenTask, machine: _Machine) -> str:
    task, component = foreseen.spec, foreseen.component
    try:
        compile_condition(task.trigger_policy.condition or "true")
    except (ExpressionError, RecursionError) as error:
        return f"a condition that can be read here: {error}"
    if component.dag is not None:
        return _check_recursion(pipeline, task)
    if not component.executor_label:
        return "a component that the pipeline does not have"
    if task.parameter_iterator or task.artifact_iterator:
        return "a loop over a single component, which the compiler does not write"
    executor = pipeline.executor(component)
    if executor.importer is not None:
        if not component.output_definitions.artifacts:
            return "an artifact to import"
        return _check_importer(executor.importer, foreseen.known)
    if executor.container is None:
        return "an executor that only Vertex AI has"
    try:
        platform = pipeline.platform(component)
        return _check_container(executor.container, platform, foreseen.known, machine) or _check_platform(
            platform, machine.mount_fault
        )
    except CommandError as error:
        return str(error)


def _check_recursion(pipeline: CompiledPipeline, task: TaskSpec) -> str:
    """Return a reason when the component of `task` contains itself: it would never end."""
    seen: set[str] = set()
    level = {task.component_ref.name}
    while level:
        inner = {
            child.component_ref.name
            for name in level
            for child in (pipeline.components.get(name, Component()).dag or Dag()).tasks.values()
        }
        if task.component_ref.name in inner:
            return "a component that contains itself"
        seen |= level
        level = inner - seen
    return ""


def _check_importer(importer: Importer, known: Known) -> str:
    source = importer.artifact_uri
    uri = known.get(source.runtime_parameter) if source.runtime_parameter else source.constant
    return f"the image {uri}" if isinstance(uri, str) and uri.startswith(IMAGE_URI) else ""


def _check_container(
    container: Container, platform: KubernetesExecutor, known: Known, machine: _Machine
) -> str:
    if container.image in {CREATE, DELETE}:
        return ""
    if find_python_code(container) is not None:
        return ""
    if is_containerized_python(container):
        return f"its image {container.image}, which has its code"
    words = foresee_command(container, known) if container.command else []
    if not words:
        return f"the program of its image {container.image}"
    places = [*_find_mounts(platform), WORKSPACE]
    adds_modules = bool(container.requirements) or any(each.name == "PYTHONPATH" for each in container.env)
    module_exists = (lambda _python, _module: True) if adds_modules else machine.has_module
    lacking = find_lacking(words, places, machine.which, module_exists)
    return f"{lacking} of its image {container.image}" if lacking else ""


def _find_mounts(platform: KubernetesExecutor) -> dict[str, str]:
    """Return what is mounted into a task, by its path."""
    return {
        **dict.fromkeys([one.mount_path for one in platform.secret_as_volume], "a secret as files"),
        **dict.fromkeys([one.mount_path for one in platform.config_map_as_volume], "a config map as files"),
        **dict.fromkeys([one.mount_path for one in platform.pvc_mount], "a volume"),
        **dict.fromkeys([one.mount_path for one in platform.scratch], "a volume"),
    }


def _check_platform(platform: KubernetesExecutor, mount_fault: MountFault) -> str:
    places = _find_mounts(platform)
    if places and (fault := mount_fault(tuple(places))):
        return f"{next(iter(places.values()))} at {', '.join(places)} ({fault})"
    for field in platform.field_path_as_env:
        if field.field_path not in KNOWN_FIELDS and not POD_METADATA.fullmatch(field.field_path):
            return f"the field {field.field_path} of its pod"
    return ""

"""A run with all that is shown of it."""

from __future__ import annotations

import msgspec

from ..errors import KfpError, kfp_error
from ..lists import MetricTable, RunMetrics, TaskList
from ..models import NO_DETAILS, NO_SPEC, Failure, ParameterValue, Phase, Run, RunView, Task
from ..pipeline_spec import Package, from_wire, graph, info
from . import logs, runs
from .core import Core
from .details.cluster import run as cluster
from .explain import Facts, explain, facts_of
from .submit.sources import package_of, version_of
from .tasks.rows import failures, metrics_of, values_of

TAIL = 400  # lines of a log in which a failure is looked for


def view(core: Core, run_id: str) -> RunView:
    """Return all that the run view shows but the logs."""
    run = runs.get(core, run_id)
    if run.phase is Phase.UNCONFIRMED:
        return RunView(run=run)
    found = runs.reported(core, run)
    package = package_for(core, run)
    told = _told(core, run, found.tasks)
    return RunView(
        run=msgspec.structs.replace(run, pipeline_spec=NO_SPEC, run_details=NO_DETAILS),
        tasks=[_with_reason(task, told) for task in found.tasks],
        groups=found.groups,
        parameters=parameters(run, package),
        spec=package.to_yaml() if package else "",
        failure=told,
        reports_values=found.values,
        plan=graph.plan(package) if package else [],
        has_pods=core.kubernetes is not None and not core.health().embedded,
    )


def package_for(core: Core, run: Run) -> Package | None:
    """Return the compiled pipeline of a run, or None where it is not to be had."""
    try:
        if run.pipeline_spec != NO_SPEC:
            return from_wire(msgspec.json.decode(run.pipeline_spec), name=run.display_name)
        reference = run.pipeline_version_reference
        if reference is not None and reference.pipeline_version_id:
            version = version_of(core, reference.pipeline_id, reference.pipeline_version_id)
            return package_of(version)
    except KfpError:
        return None  # a pipeline that is gone, or of KFP 1; the run is shown without it
    return None


def parameters(run: Run, package: Package | None) -> list[ParameterValue]:
    """Return the values a run was started with, and the defaults it used."""
    given = dict(run.runtime_config.parameters) if run.runtime_config else {}
    found = [
        ParameterValue(
            name=spec.name,
            type=spec.type,
            value=given.pop(spec.name, spec.default),
            is_default=spec.name not in (run.runtime_config.parameters if run.runtime_config else {}),
            description=spec.description,
        )
        for spec in (info(package).parameters if package else [])
    ]
    return found + [ParameterValue(name=name, value=value) for name, value in given.items()]


def failure(core: Core, run: Run, tasks: list[Task]) -> Failure:
    """Return why a failed run failed; a log that cannot be read leaves the reason out, not the answer."""
    failed = failures(tasks)
    found = _facts(core, run, failed[0]) if failed else _facts_of_run(core, run)
    return explain(tasks, found, run_name=run.display_name)


def _facts(core: Core, run: Run, task: Task) -> Facts:
    if not core.health().embedded:
        return cluster.facts(core, run, task)
    try:
        log = logs.chunk(core, run.run_id, task.task_id, tail=TAIL).text
    except KfpError:
        log = ""
    return facts_of(task, log)


def _facts_of_run(core: Core, run: Run) -> Facts | None:
    return None if core.health().embedded else cluster.facts_of_run(core, run)


def _told(core: Core, run: Run, tasks: list[Task]) -> Failure | None:
    """What goes into the failure box: why a run failed, or what a task of it waits for."""
    if run.phase is Phase.FAILED:
        return failure(core, run, tasks)
    return None if run.ended or core.health().embedded else cluster.waiting(core, run)


def _with_reason(task: Task, told: Failure | None) -> Task:
    """The task that the failure box speaks of says the same, shorter: it is a row of a table."""
    if told is None or not told.task_id or task.task_id != told.task_id:
        return task
    said = told.message.removeprefix(f"Task {told.task} ").removeprefix("stopped: ").rstrip(".")
    return msgspec.structs.replace(task, reason=said)


def why(core: Core, run_id: str) -> Failure | None:
    """Return why a run failed, None when it did not."""
    run = runs.get(core, run_id)
    if run.phase is not Phase.FAILED:
        return None
    tasks, _ = runs.tasks(core, run)
    return failure(core, run, tasks)


def reason(core: Core, run: Run) -> str:
    """Return in one line why `run` ended as it did, for the error of a wait."""
    if run.phase is not Phase.FAILED:
        return ""
    try:
        return failure(core, run, runs.tasks(core, run)[0]).message
    except KfpError:
        return ""  # the run has failed all the same, and that is the news


def task_list(core: Core, run_id: str) -> TaskList:
    """Return the tasks of a run in the order of their start."""
    return TaskList(runs.tasks(core, runs.get(core, run_id))[0])


def outputs(core: Core, run_id: str, task: str = "") -> dict[str, dict[str, object]]:
    """Return what tasks made: task → name → value, or the address of an artifact."""
    found, reported = runs.tasks(core, runs.get(core, run_id))
    if not reported:
        raise kfp_error("old-server", feature="outputs", v=core.health().tag_name, w="a later one")
    chosen = [logs.choose(core, found, task)] if task else found
    made = {each.display_name or each.name: values_of(each) for each in chosen}
    return {name: values for name, values in made.items() if values or task}


def metrics(core: Core, run_ids: list[str]) -> MetricTable:
    """Return the scalar metrics of runs, side by side."""
    rows = []
    for run_id in run_ids:
        run = runs.get(core, run_id)
        rows.append(
            RunMetrics(
                run_id=run.run_id,
                display_name=run.display_name,
                state=run.phase.value,
                metrics=metrics_of(runs.tasks(core, run)[0]),
            )
        )
    return MetricTable(rows)

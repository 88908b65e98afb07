"""A run with everything that its page shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ..callers import carry
from ..errors import KfpError, KfpNotFoundError, kfp_error
from ..lists import TaskList, name_in_loop
from ..models import (
    NO_DETAILS,
    NO_SPEC,
    Failure,
    MetricsPage,
    ParameterValue,
    Phase,
    PodView,
    Run,
    RunMetrics,
    RunView,
    Task,
)
from ..pipeline_spec import Package, from_wire_any, graph, summarize
from ..pipeline_spec.task_plan import TaskPlan, read_task_plan
from ..results import ArtifactFacts, MetricTable, Outputs
from . import logs, runs
from .backend import Backend
from .details.details import Details, MadeArtifact, TaskReport
from .explain import Explanation, explain
from .submit.sources import get_version, read_package
from .tasks.rows import collect_metrics, collect_values, is_metrics, select_failed, select_failed_itself

RUNS_AT_ONCE = 4  # whose metrics are read


class SavedFiles(NamedTuple):
    """The files of artifacts that were written, and why others were not."""

    saved: list[Path]
    failed: list[KfpError]


def view_run(backend: Backend, details: Details, run_id: str) -> RunView:
    """Return everything that the page of a run shows but the logs."""
    run = runs.get_run(backend, run_id)
    if run.phase is Phase.UNCONFIRMED:
        return RunView(run=run)
    report = details.report_tasks(run)
    package = _read_package(backend, run)
    explanation = _explain(details, run, report)
    tasks = details.add_values(run, report.tasks)
    return RunView(
        run=msgspec.structs.replace(run, pipeline_spec=NO_SPEC, run_details=NO_DETAILS),
        tasks=[_add_reason(task, explanation) for task in tasks],
        groups=report.groups,
        parameters=_list_parameters(run, package),
        spec=package.to_yaml() if package else "",
        failure=explanation.failure if explanation is not None else None,
        lists_all_tasks=report.is_complete,
        plan=graph.plan_tasks(package) if package else [],
        has_pods=details.has_pods,
    )


def _read_package(backend: Backend, run: Run) -> Package | None:
    """Return the compiled pipeline of a run, or None if it is not available."""
    try:
        if run.pipeline_spec != NO_SPEC:
            return from_wire_any(msgspec.json.decode(run.pipeline_spec), name=run.display_name)
        reference = run.pipeline_version_reference
        if reference is not None and reference.pipeline_version_id:
            version = get_version(backend, reference.pipeline_id, reference.pipeline_version_id)
            return read_package(version)
    except KfpError:
        return None  # the pipeline was deleted, or is one of KFP 1; the run is shown without it
    return None


def _read_plan(backend: Backend, run: Run) -> TaskPlan:
    """Return the tasks of the pipeline of a run; none if it is not available."""
    reference = run.pipeline_version_reference
    if run.pipeline_spec == NO_SPEC and reference is not None and reference.pipeline_version_id:
        with suppress(KfpError):
            version = get_version(backend, reference.pipeline_id, reference.pipeline_version_id)
            return read_task_plan(version.pipeline_spec)
    return read_task_plan(run.pipeline_spec)


def _list_parameters(run: Run, package: Package | None) -> list[ParameterValue]:
    """Return the values that a run was started with, and the defaults that it used."""
    given = dict(run.runtime_config.parameters) if run.runtime_config else {}
    extra: dict[str, Any] = dict(given)
    values = [
        ParameterValue(
            name=spec.name,
            type=spec.type,
            value=extra.pop(spec.name, spec.default),
            is_default=spec.name not in given,
            description=spec.description,
        )
        for spec in (summarize(package).parameters if package else [])
    ]
    return values + [ParameterValue(name=name, value=value) for name, value in extra.items()]


def _explain(details: Details, run: Run, report: TaskReport) -> Explanation | None:
    """Return why a run failed, or what a task of it waits for."""
    if run.phase is Phase.FAILED:
        return _explain_failure(details, run, report)
    return None if run.ended else details.explain_wait(run)


def _explain_failure(details: Details, run: Run, report: TaskReport) -> Explanation:
    """Return why the first task that failed did so; without one, the innermost group that failed itself."""
    failed = select_failed(report.tasks) or select_failed_itself(report.groups)
    named = [name_in_loop(task, report.groups) for task in failed]
    facts = details.collect_facts(run, named[0] if named else None)
    return explain(named, facts, run_name=run.display_name)


def _add_reason(task: Task, explanation: Explanation | None) -> Task:
    """Give the explained task the short form of the explanation, which fits a row of a table."""
    if explanation is None or not task.task_id or task.task_id != explanation.failure.task_id:
        return task
    return msgspec.structs.replace(task, reason=explanation.short)


def explain_run(backend: Backend, details: Details, run_id: str) -> Failure | None:
    """Return why a run failed, or what an active one waits for; None if neither."""
    run = runs.get_run(backend, run_id)
    if run.phase is Phase.UNCONFIRMED:
        return None
    explanation = _explain(details, run, details.report_tasks(run))
    return explanation.failure if explanation is not None else None


def find_failure(details: Details, run: Run) -> Failure | None:
    """Return why `run` failed; None if it did not, or if nobody says why."""
    if run.phase is not Phase.FAILED:
        return None
    try:
        return _explain_failure(details, run, details.report_tasks(run)).failure
    except KfpError:
        return None  # the run has failed all the same, and that is the news


def list_tasks(backend: Backend, details: Details, run_id: str, *, reasons: bool = False) -> TaskList:
    """Return the tasks of a run in the order of their start; without any, the reason is in `why_empty`.

    With `reasons`, the one that failed or waits has the short form of the explanation, and where no task has
    failed but a loop or condition itself, that is listed too.
    """
    run = runs.get_run(backend, run_id)
    report = details.report_tasks(run)
    listed = TaskList(report.tasks)
    listed.groups = report.groups
    if not run.ended and not report.is_complete:
        listed.awaited = _read_plan(backend, run).names - {task.name for task in report.tasks}
    if (reasons or not report.tasks) and run.phase is not Phase.UNCONFIRMED:
        explanation = _explain(details, run, report)
        if report.tasks and not select_failed(report.tasks):
            listed += select_failed_itself(report.groups)
        listed[:] = [_add_reason(task, explanation) for task in listed]
        listed.why_empty = explanation.failure.text if explanation is not None else ""
    return listed


def view_pod(backend: Backend, details: Details, run_id: str, task_id: str, attempt: int) -> PodView:
    """Return the pod of an attempt at a task; raises `not-found`."""
    run = runs.get_run(backend, run_id)
    logs.check_task_id(backend, task_id)
    return details.view_pod(run, task_id, attempt)


def list_outputs(
    backend: Backend, details: Details, run_id: str, name: str = "", *, inputs: bool = False
) -> Outputs:
    """Return what tasks made, or were given: task → name → value, or the address of an artifact.

    Raises `outputs-unread` if those of the task called `name`, or of every task, cannot be read.
    """
    run = runs.get_run(backend, run_id)
    report = details.report_tasks(run)
    tasks = details.add_values(run, [logs.choose_task(backend, report, name)] if name else report.tasks)
    named = {name_in_loop(task, report.groups).display_name: task for task in tasks}
    outputs = {task: collect_values(made.inputs if inputs else made.outputs) for task, made in named.items()}
    unread = (
        {} if inputs else {task: made.outputs_unread for task, made in named.items() if made.outputs_unread}
    )
    if unread and not any(outputs.values()):
        raise kfp_error("outputs-unread", of=name or run.display_name, reason=next(iter(unread.values())))
    listed = Outputs({task: values for task, values in outputs.items() if values or name}, unread)
    for task, made in named.items():
        for output, artifacts in (made.inputs if inputs else made.outputs).artifacts.items():
            sizes = [details.measure_artifact(artifact) for artifact in artifacts]
            known = [size for size in sizes if size is not None]
            kind = artifacts[0].type.rpartition(".")[2] if artifacts else ""
            size = sum(known) if known and len(known) == len(sizes) else None
            listed.artifacts[task, output] = ArtifactFacts(kind, size)
    return listed


def save_outputs(backend: Backend, details: Details, run_id: str, name: str, folder: Path) -> SavedFiles:
    """Write the files of artifacts into `folder`, a folder for each task; metrics have none.

    What cannot be read does not keep the rest from being saved.
    """
    run = runs.get_run(backend, run_id)
    report = details.report_tasks(run)
    tasks = details.add_values(run, [logs.choose_task(backend, report, name)] if name else report.tasks)
    saved, failed = [], []
    for task in tasks:
        place = folder / _to_file_name(name_in_loop(task, report.groups).display_name)
        for output, artifacts in task.outputs.artifacts.items():
            for number, artifact in enumerate(artifacts):
                if is_metrics(artifact):
                    continue
                path = place / _to_file_name(f"{output}-{number}" if number else output)
                try:
                    details.save_artifact(MadeArtifact(run, task, output, number, artifact), path)
                    saved.append(path)
                except KfpError as error:
                    failed.append(error)
                except OSError as error:
                    problem = f"{error.strerror}: {path}"
                    raise kfp_error("bad-input", field="folder", problem=problem) from None
    return SavedFiles(saved, failed)


def _to_file_name(name: str) -> str:
    """Return `name` as one part of a path that stays inside of its folder."""
    return re.sub(r"[^\w.()-]+", "_", name).lstrip(".") or "_"


def list_metrics(backend: Backend, details: Details, run_ids: Sequence[str]) -> MetricTable:
    """Return the scalar metrics of runs, side by side."""
    read = carry(partial(_read_metrics, backend, details))
    with ThreadPoolExecutor(RUNS_AT_ONCE, thread_name_prefix="kfp-metrics") as pool:
        return MetricTable(list(pool.map(read, run_ids)))


def add_metrics(backend: Backend, details: Details, rows: Sequence[Run]) -> list[Run]:
    """Return runs with their scalar metrics, as far as those can be read."""
    read = carry(partial(_add_metrics, backend, details))
    with ThreadPoolExecutor(RUNS_AT_ONCE, thread_name_prefix="kfp-metrics") as pool:
        return list(pool.map(read, rows))


def _add_metrics(backend: Backend, details: Details, run: Run) -> Run:
    try:
        return msgspec.structs.replace(run, metrics=_read_metrics(backend, details, run.run_id).metrics)
    except KfpError:  # the run itself is known, and that is what was asked for
        return run


def page_metrics(backend: Backend, details: Details, run_ids: Sequence[str]) -> MetricsPage:
    """Return the scalar metrics of those of `run_ids` that are in the namespace."""

    def read(run_id: str) -> RunMetrics | None:
        try:
            return _read_metrics(backend, details, run_id)
        except KfpNotFoundError:
            return None

    with ThreadPoolExecutor(RUNS_AT_ONCE, thread_name_prefix="kfp-metrics") as pool:
        return MetricsPage(metrics=[each for each in pool.map(carry(read), run_ids) if each is not None])


def _read_metrics(backend: Backend, details: Details, run_id: str) -> RunMetrics:
    run = runs.get_run(backend, run_id)
    tasks = details.add_values(run, details.report_tasks(run).tasks, metrics_only=True)
    return RunMetrics(
        run_id=run.run_id,
        display_name=run.display_name,
        state=run.phase.value,
        parameters=run.parameters,
        metrics=collect_metrics(tasks),
        unread=next((task.outputs_unread for task in tasks if task.outputs_unread), ""),
    )

"""What runs, or versions of pipelines, differ in."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import kfp_error
from ..models import RunView, Source
from ..pipeline_spec import parse_any
from ..pipeline_spec.parts import Parts, list_parts
from ..results import Difference, RunDiff
from . import view
from .backend import Backend
from .details.details import Details
from .submit.sources import get_version, read_package
from .tasks.rows import collect_metrics

MOST = 10  # subjects side by side
_LINES = 20  # of code that a difference lists


class _Subject(NamedTuple):
    """One of the things that are compared."""

    name: str
    identifier: str
    parts: Parts


def compare_runs(backend: Backend, details: Details, run_ids: Sequence[str], *, everything: bool) -> RunDiff:
    """Compare runs: outcome, parameters, metrics, tasks, and the pipelines that they ran."""
    _check_count(run_ids)
    views = [view.view_run(backend, details, run_id) for run_id in run_ids]
    subjects = [
        _Subject(each.run.display_name or each.run.run_id, each.run.run_id, _list_run_parts(each))
        for each in views
    ]
    return _compare(subjects, everything=everything)


def compare_versions(backend: Backend, sources: Sequence[Source], *, everything: bool) -> RunDiff:
    """Compare registered versions of pipelines: inputs, tasks, images, code."""
    _check_count(sources)
    versions = [get_version(backend, each.pipeline_id, each.pipeline_version_id) for each in sources]
    subjects = [
        _Subject(each.display_name or each.name, each.pipeline_version_id, list_parts(read_package(each)))
        for each in versions
    ]
    return _compare(subjects, everything=everything)


def _check_count(things: Sequence[object]) -> None:
    if not 2 <= len(things) <= MOST:
        raise kfp_error("bad-input", field="diff", problem=f"it compares 2 to {MOST}, not {len(things)}")


def _list_run_parts(shown: RunView) -> Parts:
    run = shown.run
    parts: Parts = {
        ("run", "state"): run.phase.value,
        ("run", "experiment"): run.experiment_name,
        ("run", "took_s"): round(run.duration, 1) if run.duration is not None else None,
    }
    parts |= {("parameter", each.name): each.value for each in shown.parameters}
    parts |= {("metric", name): value for name, value in collect_metrics(shown.tasks).items()}
    for task in shown.tasks:
        parts["state of task", task.display_name or task.name] = task.phase.value
    return parts | (list_parts(parse_any(shown.spec, name=run.display_name)) if shown.spec else {})


def _compare(subjects: Sequence[_Subject], *, everything: bool) -> RunDiff:
    """Return the parts that are not the same in all, or, with `everything`, all parts."""
    keys = dict.fromkeys(key for subject in subjects for key in subject.parts)
    rows = []
    for kind, name in keys:
        values: list[Any] = [subject.parts.get((kind, name)) for subject in subjects]
        same = all(value == values[0] for value in values)
        if same and not everything:
            continue
        if kind == "code":
            values = [f"{len(values[0])} lines"] * len(values) if same else _pick_lines(values)
        rows.append(Difference(part=kind, name=name, values=values, same=same))
    rows = [row for row in rows if row.name != "took_s" or everything or len(rows) > 1]
    names = [subject.name for subject in subjects]
    titles = [
        f"{subject.name} {subject.identifier[:8]}" if names.count(subject.name) > 1 else subject.name
        for subject in subjects
    ]
    return RunDiff(rows, subjects=titles)


def _pick_lines(values: Sequence[list[str] | None]) -> list[Any]:
    """Return of each code the lines that differ from the first, and of the first those that any lacks."""
    if None in values:  # the task is not in all of them
        return [None if each is None else f"{len(each)} lines" for each in values]
    first = values[0] or []
    missing: dict[int, str] = {}
    picked: list[Any] = []
    for other in values[1:]:
        added: list[str] = []
        matcher = difflib.SequenceMatcher(None, first, other or [], autojunk=False)
        for kind, start, end, other_start, other_end in matcher.get_opcodes():
            if kind != "equal":
                missing |= {number: first[number] for number in range(start, end)}
                added += (other or [])[other_start:other_end]
        picked.append("\n".join(added[:_LINES]))
    lines = [missing[number] for number in sorted(missing)]
    return ["\n".join(lines[:_LINES]), *picked]

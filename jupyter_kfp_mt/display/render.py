"""Render a value as text or HTML by its type."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .. import errors, lists, models, results
from ..plain_text import clean_lines
from . import compare, experiments, pipelines, recurring, runs, status, tasks
from .blocks import Block, Lines
from .markup import draw_html
from .plain import Paint, draw_text, no_colour

_BLOCKS: dict[type, Callable[[Any], Block]] = {
    models.Status: status.describe_status,
    models.Identity: status.describe_identity,
    models.AccessList: status.describe_access,
    models.DoctorReport: status.describe_report,
    errors.ErrorBody: status.describe_error,
    models.Run: runs.describe_run,
    models.RunView: runs.describe_view,
    lists.RunList: runs.describe_runs,
    results.MetricTable: runs.describe_metrics,
    results.BulkResult: lambda result: describe_sentence(f"{len(result.done)} done"),
    lists.TaskList: tasks.describe_tasks,
    models.PodView: tasks.describe_pod,
    results.Outputs: tasks.describe_outputs,
    models.RecurringRun: recurring.describe_recurring_run,
    lists.RecurringRunList: recurring.describe_recurring_runs,
    results.RunDiff: compare.describe_diff,
    results.RunLink: runs.describe_link,
    models.Experiment: experiments.describe_experiment,
    lists.ExperimentList: experiments.describe_experiments,
    lists.PipelineList: pipelines.describe_pipelines,
    models.PipelineVersion: pipelines.describe_version,
    lists.PipelineVersionList: pipelines.describe_versions,
}
KINDS = tuple(_BLOCKS)  # types with a display of their own
TEXTS = (results.Text,)  # types shown as they are, subclasses included


def block_of(value: object) -> Block:
    """Return the block that shows `value`; raises KeyError for a type that is not in `KINDS`."""
    return _BLOCKS[type(value)](value)


def render_text(value: object, *, paint: Paint = no_colour, program: str = errors.PROGRAM) -> str:
    """Return `value` as text, with the commands of `program` and only the control characters of `paint`."""
    if type(value) in _BLOCKS:
        return draw_text(block_of(value), paint, program)
    return "" if value is None else clean_lines(value if isinstance(value, str) else _render_data(value))


def render_html(value: object) -> str:
    """Return `value` as HTML; raises KeyError for a type that is not in `KINDS`."""
    return draw_html(block_of(value))


def describe_sentence(sentence: str) -> Lines:
    """Return one sentence as a block."""
    return Lines([(sentence, "")])


def _render_data(value: object) -> str:
    """Return names one per line, other data as JSON, and anything else as `str` writes it."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return str(value)

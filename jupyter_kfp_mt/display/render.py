"""Render a value as text or HTML by its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import errors, lists, models
from ..commands import BulkResult, Outputs, Text
from ..plain_text import clean_lines
from . import facts
from .blocks import Block, Lines
from .markup import draw as draw_html
from .plain import Paint, no_colour
from .plain import draw as draw_text

_BLOCKS: dict[type, Callable[[Any], Block]] = {
    models.Status: facts.status,
    models.Run: facts.run_card,
    models.RunView: facts.card,
    models.DoctorReport: facts.doctor,
    models.PodView: facts.pod,
    models.Experiment: facts.experiment,
    models.PipelineVersion: facts.version,
    errors.ErrorBody: facts.notice,
    lists.RunList: facts.runs,
    lists.TaskList: facts.tasks,
    lists.ExperimentList: facts.experiments,
    lists.PipelineList: facts.pipelines,
    lists.PipelineVersionList: facts.versions,
    lists.MetricTable: facts.metrics,
    Outputs: facts.outputs,
    BulkResult: facts.bulk,
}
KINDS = tuple(_BLOCKS)  # what has a form of its own
TEXTS = (Text,)  # and what is text to be read as it is; a kind includes what is made from it


def block_of(value: object) -> Block:
    """What is shown of `value`; raises KeyError for what is not in `KINDS`."""
    return _BLOCKS[type(value)](value)


def text(value: object, *, paint: Paint = no_colour, program: str = errors.PROGRAM) -> str:
    """Return `value` as text, free of control characters but those of `paint`, with commands of `program`."""
    if type(value) in _BLOCKS:
        return draw_text(block_of(value), paint, program)
    return "" if value is None else clean_lines(value if isinstance(value, str) else facts.as_text(value))


def html(value: object) -> str:
    """Return `value` as HTML; raises KeyError for what is not in `KINDS`."""
    return draw_html(block_of(value))


def sentence(words: str) -> Lines:
    """One sentence as a block."""
    return Lines([(words, "")])

"""What differs between two compiled pipelines: inputs, tasks, code, and the spec line by line. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import SequenceMatcher

from ..models import DifferenceRow, LineBlock, ParameterSpec, SpecTask, TextDifference
from . import Package, summarize, word_of
from .tasks import describe_tasks, read_code

_MOST_LINES = 4000  # that differ, between what is the same at both ends; comparing takes their square


def compare_inputs(left: Package, right: Package) -> list[DifferenceRow]:
    """Return what differs in the parameters, one row for each property."""
    sides = [
        {each.name: _describe_parameter(each) for each in summarize(side).parameters}
        for side in (left, right)
    ]
    return _compare(sides[0], sides[1], whole="")


def compare_tasks(left: Package, right: Package) -> list[DifferenceRow]:
    """Return what differs in the tasks but for their code, one row for each property."""
    sides = [{task.name: _describe_task(task) for task in describe_tasks(side)} for side in (left, right)]
    return _compare(sides[0], sides[1], whole="after")


def compare_code(left: Package, right: Package) -> list[TextDifference]:
    """Return the difference of each task that both have and that runs something else."""
    before, after = read_code(left), read_code(right)
    return [
        compare_texts(name, before[name], after[name])
        for name in after
        if name in before and before[name] != after[name]
    ]


def compare_texts(name: str, left: str, right: str) -> TextDifference:
    """Compare two texts line by line; the blocks cover both of them whole."""
    before, after = left.splitlines(), right.splitlines()
    head = _count_equal(before, after)
    tail = _count_equal(before[head:][::-1], after[head:][::-1])
    inner = before[head : len(before) - tail], after[head : len(after) - tail]
    blocks = [("equal", 0, head, 0, head)]
    if len(inner[0]) + len(inner[1]) > _MOST_LINES:
        blocks.append(("replace", head, head + len(inner[0]), head, head + len(inner[1])))
    else:
        codes = SequenceMatcher(None, *inner, autojunk=False).get_opcodes()
        blocks += [(kind, head + a, head + b, head + c, head + d) for kind, a, b, c, d in codes]
    blocks.append(("equal", len(before) - tail, len(before), len(after) - tail, len(after)))
    merged: list[LineBlock] = []
    for kind, a, b, c, d in blocks:
        if a == b and c == d:
            continue
        block = LineBlock(
            is_equal=kind == "equal", left_line=a + 1, right_line=c + 1, left=before[a:b], right=after[c:d]
        )
        merged.append(block)
    return TextDifference(name=name, blocks=merged)


def _count_equal(left: list[str], right: list[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _describe_parameter(parameter: ParameterSpec) -> dict[str, str]:
    fields = {
        "type": word_of(parameter.type),
        "default": json.dumps(parameter.default, ensure_ascii=False) if parameter.has_default else "",
        "optional": "yes" if parameter.optional and not parameter.has_default else "",
        "choices": ", ".join(str(each) for each in parameter.literals),
        "description": parameter.description,
    }
    return {name: text for name, text in fields.items() if text}


def _describe_task(task: SpecTask) -> dict[str, str]:
    fields = {
        "image": task.image,
        "asks for": task.asks,
        "after": ", ".join(task.needs),
        "inputs": ", ".join(task.inputs),
    }
    return {name: text for name, text in fields.items() if text}


def _compare(
    left: Mapping[str, Mapping[str, str]], right: Mapping[str, Mapping[str, str]], *, whole: str
) -> list[DifferenceRow]:
    """Compare things by name; one that only one side has is one row, with its property `whole`."""
    rows = []
    for name in dict.fromkeys((*left, *right)):
        before, after = left.get(name), right.get(name)
        if before is None or after is None:
            there = before or after or {}
            text = f"{whole} {there[whole]}" if whole in there else there.get("type", "")
            pair = ("", text) if before is None else (text, "")
            rows.append(DifferenceRow(name=name, left=pair[0], right=pair[1], is_whole=True))
            continue
        rows += [
            DifferenceRow(name=name, field=field, left=before.get(field, ""), right=after.get(field, ""))
            for field in dict.fromkeys((*before, *after))
            if before.get(field) != after.get(field)
        ]
    return rows

"""The feature table: every row is a pipeline of the SDK that checks itself; a wrong value fails its run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine import rows_control, rows_platform, rows_values
from tests.engine.bench import Bench
from tests.engine.rows import Row

ROWS = [*rows_control.ROWS, *rows_values.ROWS, *rows_platform.ROWS]


@pytest.fixture(scope="module")
def runs(
    bench: Bench, compiled: Callable[[Any], Package], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Run all rows at once: they must not disturb each other."""
    folder = tmp_path_factory.mktemp("rows")
    return {row.name: bench.submit(compiled(row.pipeline), _parameters(row, folder)) for row in ROWS}


def _parameters(row: Row, folder: Path) -> dict[str, Any]:
    wanted = row.pipeline.component_spec.inputs or {}
    place = folder / f"{row.name}.txt"
    place.write_text("imported")
    own = {"folder": str(folder / row.name), "place": str(place)}
    return {**row.parameters, **{name: value for name, value in own.items() if name in wanted}}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row, bench: Bench, runs: dict[str, str]) -> None:
    run = bench.wait(runs[row.name])

    tasks = bench.tasks(run.run_id)
    failed = [
        f"{task.name}: {task.reason}\n{bench.log(run.run_id, task.task_id)}"
        for task in tasks.values()
        if task.state == "FAILED" and task.type == "RUNTIME"
    ]
    assert run.state == row.state, "\n".join([run.error, *failed])
    row.check(tasks)


@pytest.mark.parametrize(
    ("row", "task", "reason"), rows_platform.REFUSED, ids=lambda value: getattr(value, "name", None)
)
def test_refused(row: Row, task: str, reason: str, bench: Bench, compiled: Callable[[Any], Package]) -> None:
    problems = {
        problem.task: problem.reason
        for problem in bench.engine.find_problems(compiled(row.pipeline), row.parameters)
    }

    assert reason in problems[task]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_nothing_else_is_refused(row: Row, bench: Bench, compiled: Callable[[Any], Package]) -> None:
    assert bench.engine.find_problems(compiled(row.pipeline), row.parameters) == []

"""Random pipelines on the real engine: states, attempts and outputs are those of a plain evaluator.

`make fuzz` draws many more, and other ones each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jupyter_kfp_mt import pipeline_spec
from tests.engine.bench import Bench
from tests.fuzz.programs import Outcome, Step, compile_program, evaluate, programs
from tests.fuzz.world import EXAMPLES, USUAL

TOGETHER = 4  # programs of one example, which run side by side


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("programs"), tasks=8)
    yield bench
    bench.close()


@settings(
    max_examples=2 if EXAMPLES == USUAL else EXAMPLES // 20,
    derandomize=EXAMPLES == USUAL,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # to look for a smaller example takes many minutes
)
@given(drawn=st.lists(st.tuples(programs(), st.integers(-4, 9)), min_size=TOGETHER, max_size=TOGETHER))
def test_random_pipelines_end_as_the_rules_say(
    drawn: list[tuple[tuple[Step, ...], int]], bench: Bench
) -> None:
    marks = str(bench.folder / "marks")
    run_ids = []
    for program, value in drawn:
        package = pipeline_spec.parse(json.dumps(compile_program(program, marks)))
        run_ids.append(bench.submit(package, {"x": value}))

    for run_id, (program, value) in zip(run_ids, drawn, strict=True):
        assert read_outcome(bench, run_id) == evaluate(program, value)


def read_outcome(bench: Bench, run_id: str) -> Outcome:
    """Return what the engine has made of a run, and where it counts attempts, what its tasks counted."""
    run = bench.wait(run_id)
    tasks: dict[str, tuple[str, int, dict[str, Any]]] = {}
    for row in bench.store.tasks.list_of_run(run_id):
        outputs = row.to_task().outputs.parameters if row.type == "RUNTIME" else {}
        if row.path:
            tasks[row.path] = (row.state, row.attempt, outputs)
        if row.type == "RUNTIME":
            assert count_attempts(bench.folder / "marks" / row.task_id) == row.attempt
    return Outcome(run.state, tasks)


def count_attempts(marks: Path) -> int:
    return len(list(marks.iterdir())) if marks.exists() else 0

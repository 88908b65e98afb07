from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jupyter_kfp_mt.models import Phase, RpcStatus, Task
from jupyter_kfp_mt.service.why import explain

FRAMES = """\
[KFP Executor 2026-03-12 14:02:07,000 INFO]: Looking for component `load`
Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/kfp/dsl/executor.py", line 421, in execute
    result = self.func(**func_kwargs)
  File "/tmp/run/ephemeral_component.py", line 9, in load
    open(path)
"""


def failed(name: str = "load", *, minute: int = 1, **values: object) -> Task:
    ended = datetime(2026, 3, 12, 14, minute, tzinfo=timezone.utc)
    return Task(
        task_id=name,
        display_name=name,
        name=name,
        state="FAILED",
        phase=Phase.FAILED,
        end_time=ended,
        **values,  # type: ignore[arg-type]  # a test's fields
    )


@pytest.mark.parametrize(
    ("last", "message", "why"),
    [
        (
            "FileNotFoundError: [Errno 2] No such file or directory: 'data/raw.csv'",
            "Task load stopped: file not found (data/raw.csv).",
            "Files of this notebook are not in the task.",
        ),
        (
            "ModuleNotFoundError: No module named 'sklearn.svm'",
            "Task load stopped: the package sklearn is not there.",
            "A task has only the packages of its image and of its component.",
        ),
        (
            "ValueError: could not convert string to float: 'x'",
            "Task load stopped: ValueError: could not convert string to float: 'x'.",
            "Raised in ephemeral_component.py line 9, in load.",
        ),
        (
            "KeyError: 'a'",
            "Task load stopped: KeyError: 'a'.",
            "Raised in ephemeral_component.py line 9, in load.",
        ),
        (
            "StopIteration",
            "Task load stopped: StopIteration.",
            "Raised in ephemeral_component.py line 9, in load.",
        ),
        ("MemoryError", "Task load stopped: out of memory.", "ephemeral_component.py line 9, in load"),
        (
            "pandas.errors.EmptyDataError: No columns to parse",
            "Task load stopped: EmptyDataError: No columns to parse.",
            "Raised in ephemeral_component.py line 9, in load.",
        ),
    ],
)
def test_a_python_exception_is_told_in_a_sentence(last: str, message: str, why: str) -> None:
    found = explain([failed(exit_code=1)], FRAMES + last + "\n", run_name="train")

    assert (found.message, found.why) == (message, why)
    assert (found.task, found.exit_code) == ("load", 1)


@pytest.mark.parametrize(
    ("values", "log", "message"),
    [
        ({"exit_code": 137}, "Killed\n", "Task load stopped: killed, probably out of memory."),
        ({"exit_code": -9}, "", "Task load stopped: killed, probably out of memory."),
        ({"exit_code": -11}, "", "Task load stopped: it crashed (segmentation fault)."),
        ({"exit_code": 3}, "one\nthe reason\n", "Task load stopped: exit code 3."),
        ({"reason": "The time limit of 5 s was over."}, "", "Task load stopped: its time limit was over."),
        ({"reason": "It wrote no output “x”."}, "", "Task load stopped: It wrote no output “x”."),
        ({"error": RpcStatus(message="pod gone.")}, "", "Task load stopped: pod gone."),
        ({}, "", "Task load stopped: KFP does not say why."),
    ],
)
def test_what_is_no_exception_is_told_too(values: dict[str, object], log: str, message: str) -> None:
    assert explain([failed(**values)], log, run_name="train").message == message


def test_a_word_in_a_log_is_no_exception() -> None:
    found = explain([failed(exit_code=2)], "ValueError: this is only printed\n", run_name="train")

    assert found.message == "Task load stopped: exit code 2."
    assert found.line == "ValueError: this is only printed"


def test_the_first_that_failed_is_explained_and_the_others_are_named() -> None:
    tasks = [failed("late", minute=9), failed("early", minute=2, exit_code=1)]

    found = explain(tasks, "", run_name="train")

    assert (found.task, found.others) == ("early", ["late"])


def test_a_run_without_a_failed_task_is_told_as_such() -> None:
    assert explain([], "", run_name="train").message == "train failed."


def test_a_line_without_end_is_cut() -> None:
    found = explain([failed(exit_code=1)], FRAMES + "ValueError: " + "x" * 100_000, run_name="train")

    assert len(found.message) < 400
    assert len(found.line) <= 300

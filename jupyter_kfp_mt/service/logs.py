"""The logs of tasks."""

from __future__ import annotations

import msgspec

from ..errors import kfp_error
from ..lists import TaskList
from ..models import LogChunk, Phase, Run, Task
from ..names import LABEL_VALUE
from ..notebooks.loglines import hide_notebook
from . import runs
from .backend import Backend
from .details.details import Details, TaskReport
from .tasks.rows import select_failed

_WHOLE = 1_000_000  # lines that stand for a whole log


def read_log(
    backend: Backend, details: Details, run_id: str, task_id: str, *, offset: int, attempt: int, tail: int
) -> LogChunk:
    """Return a part of a task's log: from byte `offset`, or its last `tail` lines."""
    run = runs.get_run(backend, run_id)
    check_task_id(backend, task_id)
    chunk = details.read_log(run, task_id, offset=offset, attempt=attempt, tail=tail)
    return msgspec.structs.replace(chunk, text=hide_notebook(chunk.text))


def check_task_id(backend: Backend, task_id: str) -> None:
    """Raise `not-found` for what cannot be the id of a task; an empty one stands for the run's driver."""
    if task_id and not LABEL_VALUE.fullmatch(task_id):
        raise backend.not_found_error("task", task_id[:80], Task)


def read_text(
    backend: Backend, details: Details, run: Run, name: str = "", *, tail: int = 0, search: str = ""
) -> str:
    """Return the log of a task; without a name, of one that failed, else runs, else ended last."""
    task = choose_task(backend, details.report_tasks(run), name)
    lines = _WHOLE if search else tail or _WHOLE
    text = hide_notebook(details.read_log(run, task.task_id, offset=0, attempt=0, tail=lines).text)
    if not search:
        return text
    matching = [line for line in text.splitlines(keepends=True) if search.lower() in line.lower()]
    return "".join(matching[-tail:] if tail else matching)


def choose_task(backend: Backend, report: TaskReport, name: str) -> Task:
    """Return the task called `name`, or the one whose log tells most; raises `not-found` and `ambiguous`."""
    tasks = report.tasks
    if name:
        listed = TaskList(tasks)
        listed.groups = report.groups
        matching = listed.find(name)
        if len(matching) > 1:
            ids = listed.describe_ids(matching[:5])
            raise kfp_error("ambiguous", ref=name, n=len(matching), things="tasks", list=ids)
        if not matching:
            raise backend.not_found_error("task", name[:80], Task)
        return matching[0]
    order = [select_failed(tasks), [task for task in tasks if task.phase is Phase.RUNNING], list(tasks)[::-1]]
    started = [task for group in order for task in group if task.phase is not Phase.PENDING]
    if not started:
        raise backend.not_found_error("task with a log", "", Task)
    return started[0]

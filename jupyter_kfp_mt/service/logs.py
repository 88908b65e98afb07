"""The logs of tasks."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ..client import Response
from ..client import runs as requests
from ..errors import kfp_error
from ..models import LogChunk, Phase, Run, Task
from . import runs
from .core import RUN_ID, Core
from .details.cluster import run as cluster
from .tasks.rows import failures

PART = 1024 * 1024  # bytes asked for at once
MOST = 64 * 1024 * 1024  # bytes read for one answer


def chunk(
    core: Core, run_id: str, task_id: str, *, offset: int = 0, attempt: int = 0, tail: int = 0
) -> LogChunk:
    """Return a part of a task's log: from byte `offset`, or its last `tail` lines."""
    run = runs.get(core, run_id)
    if not RUN_ID.fullmatch(task_id):
        raise core.missing("task", task_id[:80], Task)
    if not core.health().embedded:
        return cluster.chunk(core, run, task_id, offset=offset, attempt=attempt, tail=tail)
    part = _read(core, run.run_id, task_id, offset, attempt)
    while tail and not part.complete and part.next_offset > part.offset and len(part.text) < MOST:
        more = _read(core, run.run_id, task_id, part.next_offset, part.attempt)
        if more.next_offset == part.next_offset:
            break
        part = _joined(part, more)
    return _last_lines(part, tail) if tail else part


def _read(core: Core, run_id: str, task_id: str, offset: int, attempt: int) -> LogChunk:
    request = requests.read_log(run_id, task_id, offset=offset, attempt=attempt, limit=PART)
    return _part(core.api.answer(request), run_id, task_id, offset, attempt)


def _part(response: Response, run_id: str, task_id: str, offset: int, attempt: int) -> LogChunk:
    """A log answer as a model; a character cut by the limit is left for the next part."""
    headers = response.headers
    body, complete = response.body, headers.get("x-log-complete", "true") == "true"
    end = _number(headers.get("x-log-next-offset", ""), offset + len(body))
    whole = _whole(body)
    if 0 < whole < len(body) and not complete:
        end, body = end - (len(body) - whole), body[:whole]
    return LogChunk(
        run_id=run_id,
        task_id=task_id,
        attempt=_number(headers.get("x-log-attempt", ""), attempt or 1),
        source="embedded",
        text=body.decode(errors="replace"),
        offset=offset,
        next_offset=end,
        truncated=headers.get("x-log-truncated", "") == "true",
        complete=complete,
    )


def _whole(body: bytes) -> int:
    """How many bytes of `body` are whole UTF-8 characters."""
    for back in range(1, min(4, len(body) + 1)):
        lead = body[-back]
        if lead >= 0xC0:
            wanted = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2
            return len(body) - back if back < wanted else len(body)
        if lead < 0x80:
            break
    return len(body)


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() else otherwise


def _joined(first: LogChunk, second: LogChunk) -> LogChunk:
    return LogChunk(
        run_id=first.run_id,
        task_id=first.task_id,
        attempt=first.attempt,
        source=first.source,
        text=first.text + second.text,
        offset=first.offset,
        next_offset=second.next_offset,
        truncated=first.truncated or second.truncated,
        complete=second.complete,
    )


def _last_lines(part: LogChunk, count: int) -> LogChunk:
    lines = deque(part.text.splitlines(keepends=True), maxlen=count)
    text = "".join(lines)
    skipped = len(part.text.encode()) - len(text.encode())
    return LogChunk(
        run_id=part.run_id,
        task_id=part.task_id,
        attempt=part.attempt,
        source=part.source,
        text=text,
        offset=part.offset + skipped,
        next_offset=part.next_offset,
        truncated=part.truncated or skipped > 0,
        complete=part.complete,
    )


def text(core: Core, run: Run, task: str = "", *, tail: int = 0, search: str = "") -> str:
    """Return the log of a task; without a name of the one that failed, else runs, else ended last."""
    found, _ = runs.tasks(core, run)
    chosen = choose(core, found, task)
    part = chunk(core, run.run_id, chosen.task_id, tail=0 if search else tail or 1_000_000)
    if not search:
        return part.text
    whole = chunk(core, run.run_id, chosen.task_id, tail=1_000_000).text
    lines = [line for line in whole.splitlines(keepends=True) if search.lower() in line.lower()]
    return "".join(lines[-tail:] if tail else lines)


def choose(core: Core, tasks: Sequence[Task], name: str) -> Task:
    """Return the task that `name` means; raises `not-found` and `ambiguous`."""
    if name:
        found = [task for task in tasks if name in (task.name, task.display_name, task.task_id)]
        if len(found) > 1:
            rows = ", ".join(task.task_id for task in found[:5])
            raise kfp_error("ambiguous", ref=name, n=len(found), things="tasks", list=rows)
        if not found:
            raise core.missing("task", name[:80], Task)
        return found[0]
    order = [failures(tasks), [task for task in tasks if task.phase is Phase.RUNNING], list(tasks)[::-1]]
    began = [task for group in order for task in group if task.phase is not Phase.PENDING]
    if not began:
        raise core.missing("task with a log", "", Task)
    return began[0]

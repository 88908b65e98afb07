"""Choose the task whose log is shown, and read or follow it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import kfp_error
from ..models import LogChunk, Phase, Run, Task
from ..results import LogText
from ..run_rules import has_log
from .grammar import did_you_mean
from .session import Session

if TYPE_CHECKING:
    from ..service import KfpService

_FIRST = (Phase.FAILED, Phase.RUNNING)  # the tasks that people want to read about first


def choose_task(tasks: Sequence[Task], word: str, run: Run) -> Task | None:
    """Return the task matching `word`; without one, the most interesting task. None before the first report.

    Raises `not-found`.
    """
    steps = [task for task in tasks if has_log(task.type)]
    if word:
        for task in reversed(steps):  # the newest of several with one name
            if word in {task.display_name, task.name, task.task_id}:
                return task
        if run.ended or steps:
            raise kfp_error(
                "not-found",
                thing="task",
                ref=word,
                ns=run.display_name,
                list=f"tasks {run.run_id[:8]}",
                hint=did_you_mean(word, [task.display_name or task.name for task in steps]),
            )
        return None
    for phase in _FIRST:
        for task in steps:
            if task.phase is phase:
                return task
    started = [task for task in steps if task.start_time]
    return started[-1] if started else steps[-1] if steps else None


def read_log(session: Session, run: Run, task: Task | None, *, tail: int, search: str) -> LogText:
    """Return the log as it is now."""
    if task is None:
        return LogText("", run_id=run.run_id, task="")
    chunks = list(_read_chunks(session.service(), run.run_id, task.task_id, tail))
    if task.cached_from_run_id and not chunks[-1].text:
        name, origin = task.display_name or task.name, task.cached_from_run_id[:8]
        session.front.say(f"{name} was taken from the cache. Its log: {session.program} logs {origin} {name}")
    return _log_text(run, task, _filter_lines("".join(chunk.text for chunk in chunks), search), chunks)


def follow_log(session: Session, run: Run, word: str, *, tail: int, search: str) -> LogText:
    """Show the log as it grows, until the task has ended or the user stops it; return all of it."""
    service = session.service()
    chunks: list[LogChunk] = []
    texts: list[str] = []
    task = choose_task(service.tasks(run.run_id), word, run)
    try:
        while task is None and not run.ended:
            session.sleep(service.poll_interval)
            run = service.get_run(run.run_id)
            task = choose_task(service.tasks(run.run_id), word, run)
        for chunk in _follow_chunks(session, run, task, tail) if task else ():
            chunks.append(chunk)
            texts.append(_filter_lines(chunk.text, search))
            session.front.write(texts[-1])
    except KeyboardInterrupt:
        session.front.say("Stopped waiting. The run goes on.")
    return _log_text(run, task, "".join(texts), chunks, shown=True)


def _follow_chunks(session: Session, run: Run, task: Task, tail: int) -> Iterator[LogChunk]:
    """Yield chunks of whole lines until the log is complete."""
    service = session.service()
    offset, rest, first = 0, "", True
    while True:
        for chunk in _read_chunks(service, run.run_id, task.task_id, tail if first else 0, offset):
            first, offset = False, chunk.next_offset
            whole, newline, rest = (rest + chunk.text).rpartition("\n")
            if chunk.complete:
                yield _with_text(chunk, whole + newline + rest)
                return
            if newline:
                yield _with_text(chunk, whole + newline)
        session.sleep(service.poll_interval)


def _with_text(chunk: LogChunk, text: str) -> LogChunk:
    return LogChunk(
        run_id=chunk.run_id, task_id=chunk.task_id, source=chunk.source, truncated=chunk.truncated, text=text
    )


def _read_chunks(
    service: KfpService, run_id: str, task_id: str, tail: int, offset: int = 0
) -> Iterator[LogChunk]:
    """Yield all chunks from `offset` on, or the last `tail` lines."""
    chunk = service.log(run_id, task_id, offset=offset, tail=tail)
    yield chunk
    while not chunk.complete and chunk.text:
        chunk = service.log(run_id, task_id, offset=chunk.next_offset)
        yield chunk


def _filter_lines(text: str, search: str) -> str:
    if not search:
        return text
    return "".join(line for line in text.splitlines(keepends=True) if search.lower() in line.lower())


def _log_text(
    run: Run, task: Task | None, text: str, chunks: Sequence[LogChunk], *, shown: bool = False
) -> LogText:
    return LogText(
        text,
        run_id=run.run_id,
        task=(task.display_name or task.name) if task else "",
        source=chunks[0].source if chunks else "",
        truncated=any(chunk.truncated for chunk in chunks),
        shown=shown,
    )

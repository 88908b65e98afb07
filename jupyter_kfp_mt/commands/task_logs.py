"""Choose the task whose log is shown, and read or follow it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import KfpNotFoundError, kfp_error
from ..lists import TaskList
from ..models import LogChunk, Phase, Run, Task
from ..results import FollowedLog, LogText
from ..run_rules import FINAL_STATES, has_log
from .grammar import did_you_mean
from .session import Session

if TYPE_CHECKING:
    from ..service import KfpService

_LISTED = 5  # tasks of one name that are listed
_FIRST = (Phase.FAILED, Phase.RUNNING)  # the tasks that people want to read about first


def choose_task(tasks: TaskList, word: str, run: Run) -> Task | None:
    """Return the task matching `word`; without one, the most interesting task. None if it has not started.

    Raises `not-found`, and `ambiguous` if the task ran in several iterations of a loop.
    """
    steps = [task for task in tasks if has_log(task.type)]
    if word:
        matching = [task for task in tasks.find(word) if has_log(task.type)]
        if len(matching) == 1:
            return matching[0]
        if matching:
            ids = tasks.describe_ids(matching[:_LISTED])
            raise kfp_error("ambiguous", ref=word, n=len(matching), things="tasks", list=ids)
        if run.ended or (steps and word not in tasks.awaited):
            names = [*(task.display_name or task.name for task in steps), *sorted(tasks.awaited)]
            raise kfp_error(
                "not-found",
                thing="task",
                ref=word,
                ns=run.display_name,
                list=f"tasks {run.run_id[:8]}",
                hint=did_you_mean(word, names),
            )
        return None
    for phase in _FIRST:
        for task in steps:
            if task.phase is phase:
                return task
    started = [task for task in steps if task.start_time]
    return started[-1] if started else steps[-1] if steps else None


def read_log(session: Session, run: Run, word: str, *, tail: int, search: str) -> LogText:
    """Return the log as it is now: of the chosen task, or of KFP's driver before the first one."""
    tasks = session.service().tasks(run.run_id)
    task = choose_task(tasks, word, run)
    if task is None and tasks:
        session.front.say(f"{word} has not started yet.")
        return LogText("", run_id=run.run_id, task=word)
    if task is None:
        session.front.say(tasks.why_empty or "No task has started yet.")
    elif not word and run.phase is Phase.FAILED and task.phase is not Phase.FAILED:
        failure = session.service().why(run.run_id)  # a loop or condition, which has no log
        session.front.say(failure.text if failure is not None else "")
    try:
        chunks = list(_read_chunks(session.service(), run.run_id, task.task_id if task else "", tail))
    except KfpNotFoundError:
        if task is not None:
            raise
        return LogText("", run_id=run.run_id, task="")  # the driver has not run
    if task is not None and task.cached_from_run_id and not chunks[-1].text:
        name, origin = task.display_name or task.name, task.cached_from_run_id[:8]
        session.front.say(f"{name} was taken from the cache. Its log: {session.program} logs {origin} {name}")
    elif task is not None and task.state in FINAL_STATES and not any(chunk.text for chunk in chunks):
        name = task.display_name or task.name
        session.front.say(f"{name} has no log. {task.reason}".strip())
    return _log_text(run, task, _filter_lines("".join(chunk.text for chunk in chunks), search), chunks)


def follow_log(session: Session, run: Run, word: str, *, tail: int, search: str) -> LogText:
    """Show the log as it grows, until the task has ended or the user stops it; return all of it."""
    service = session.service()
    chunks: list[LogChunk] = []
    texts: list[str] = []
    tasks = service.tasks(run.run_id)
    task = choose_task(tasks, word, run)
    said = ""
    try:
        while task is None and not run.ended:
            if tasks.why_empty and not said:
                said = tasks.why_empty
                session.front.say(said)
            session.sleep(service.poll_interval)
            run = service.get_run(run.run_id)
            tasks = service.tasks(run.run_id)
            task = choose_task(tasks, word, run)
        for chunk in _follow_chunks(session, run, task, tail) if task else ():
            chunks.append(chunk)
            texts.append(_filter_lines(chunk.text, search))
            session.front.write(texts[-1])
    except KeyboardInterrupt:
        session.front.say("Stopped waiting. The run goes on.")
    return _log_text(run, task, "".join(texts), chunks, kind=FollowedLog)


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
    run: Run, task: Task | None, text: str, chunks: Sequence[LogChunk], *, kind: type[LogText] = LogText
) -> LogText:
    return kind(
        text,
        run_id=run.run_id,
        task=(task.display_name or task.name) if task else "",
        source=chunks[0].source if chunks else "",
        truncated=any(chunk.truncated for chunk in chunks),
    )

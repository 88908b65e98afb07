"""Details of a run on the embedded server, which reports them itself: tasks are processes of this machine."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec

from ...client import Response
from ...client import runs as requests
from ...client.system import list_grants
from ...errors import KfpError, kfp_error
from ...files import replace_file
from ...models import AccessList, Artifact, LogChunk, PodView, Run, Task
from ...pipeline_spec.task_plan import read_task_plan
from ..backend import Backend
from ..explain import LOG_LINES, Explanation, Facts, make_facts
from ..tasks.rows import select_groups, select_leaves
from .details import MadeArtifact, TaskReport
from .read_route import save_from_kfp

PART = 1024 * 1024  # bytes asked for at once
MOST = 64 * 1024 * 1024  # bytes read for one response
_MAY_RUN = {"default-editor": True, "default-viewer": False}  # each profile's accounts, in its own namespace

_MOST_FILES = 10_000  # of a folder that is measured


class EmbeddedDetails:
    """The `Details` of a run on the embedded server."""

    has_pods = False

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def may_run(self) -> bool | None:
        """Return whether the account may start runs: known of the two accounts of the namespace's profile."""
        context = self._backend.context
        claims = context.credential.claims()
        return _MAY_RUN.get(claims.account) if claims.namespace == context.namespace else None

    def list_grants(self) -> AccessList:
        """Return the profile's owner, its accounts and its contributors."""
        context = self._backend.context
        return self._backend.api.call(list_grants(context.namespace))

    def report_tasks(self, run: Run) -> TaskReport:
        """Return the tasks of `run`, as the server's own route reports them."""
        tasks = self._backend.api.call(requests.list_tasks(run.run_id)).tasks
        leaves = select_leaves(tasks, read_task_plan(run.pipeline_spec))
        inside = [task for task in tasks if task.parent_task_id]  # all but the root
        return TaskReport(leaves, select_groups(inside), is_complete=True)

    def add_values(self, run: Run, tasks: Sequence[Task], *, metrics_only: bool = False) -> list[Task]:
        """Return `tasks`: this server reports them with their values."""
        return list(tasks)

    def save_artifact(self, made: MadeArtifact, path: Path) -> None:
        """Copy the file, or the folder, of an artifact to `path`: it is on this machine.

        The server reads a file for us that this process may not read.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        place = Path(made.artifact.uri)
        try:
            if place.is_dir():
                shutil.copytree(place, path, dirs_exist_ok=True)
                return
            with place.open("rb") as source, replace_file(path) as file:
                shutil.copyfileobj(source, file)
        except OSError as error:
            if save_from_kfp(self._backend, made, made.task.task_id, path):
                return
            why = f"{made.artifact.uri}: {error.strerror}."
            raise kfp_error("artifact-unread", name=made.artifact.name, why=why, command="") from None

    def measure_artifact(self, artifact: Artifact) -> int | None:
        """Return the bytes of the file or folder, which is on this machine."""
        place = Path(artifact.uri)
        try:
            if not place.is_dir():
                return place.stat().st_size
            files = list(islice(place.rglob("*"), _MOST_FILES + 1))
            if len(files) > _MOST_FILES:
                return None
            return sum(each.lstat().st_size for each in files if not each.is_dir())
        except (OSError, ValueError):  # not there, not ours to read, or not a path
            return None

    def read_log(
        self, run: Run, task_id: str, *, offset: int = 0, attempt: int = 0, tail: int = 0
    ) -> LogChunk:
        """Return a part of a task's log: from byte `offset`, or its last `tail` lines."""
        if not task_id:  # no driver runs before the first task
            return LogChunk(run_id=run.run_id, task_id="", complete=True)
        chunk = self._read(run.run_id, task_id, offset, attempt)
        while tail and not chunk.complete and chunk.next_offset > chunk.offset and len(chunk.text) < MOST:
            more = self._read(run.run_id, task_id, chunk.next_offset, chunk.attempt)
            if more.next_offset == chunk.next_offset:
                break
            chunk = _join(chunk, more)
        return _keep_last_lines(chunk, tail) if tail else chunk

    def view_pod(self, run: Run, task_id: str, attempt: int) -> PodView:
        """Raise `not-found`: there are no pods."""
        why = "Tasks of this server are processes of this machine."
        raise kfp_error("not-found/pod", thing="pod", why=why, list="tasks @last")

    def collect_facts(self, run: Run, task: Task | None) -> Facts | None:
        """Return what `task` and its log say; nothing is known of a run without a failed task."""
        if task is None:
            return None
        try:
            log = self.read_log(run, task.task_id, tail=LOG_LINES).text
        except KfpError:
            log = ""
        return make_facts(task, log)

    def explain_wait(self, run: Run) -> Explanation | None:
        """Return None: no task of this machine waits for a place."""
        return None

    def _read(self, run_id: str, task_id: str, offset: int, attempt: int) -> LogChunk:
        request = requests.read_log(run_id, task_id, offset=offset, attempt=attempt, limit=PART)
        return _to_chunk(self._backend.api.send(request), run_id, task_id, offset, attempt)


def _to_chunk(response: Response, run_id: str, task_id: str, offset: int, attempt: int) -> LogChunk:
    """Return a log response as a model; a character cut by the limit is left for the next part."""
    headers = response.headers
    body, complete = response.body, headers.get("x-log-complete", "true") == "true"
    end = _to_number(headers.get("x-log-next-offset", ""), offset + len(body))
    whole = _count_whole(body)
    if 0 < whole < len(body) and not complete:
        end, body = end - (len(body) - whole), body[:whole]
    return LogChunk(
        run_id=run_id,
        task_id=task_id,
        attempt=_to_number(headers.get("x-log-attempt", ""), attempt or 1),
        source="embedded",
        text=body.decode(errors="replace"),
        offset=offset,
        next_offset=end,
        truncated=headers.get("x-log-truncated", "") == "true",
        complete=complete,
    )


def _count_whole(body: bytes) -> int:
    """Count the bytes of `body` that make up whole UTF-8 characters.

    Looks back, at most over the four bytes of one character, for the last byte that begins one: its high bits
    say how many bytes the character has.
    """
    for back in range(1, min(4, len(body) + 1)):
        lead = body[-back]
        if lead >= 0xC0:
            length = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2
            return len(body) - back if back < length else len(body)
        if lead < 0x80:
            break
    return len(body)


def _to_number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() else otherwise


def _join(first: LogChunk, second: LogChunk) -> LogChunk:
    return msgspec.structs.replace(
        first,
        text=first.text + second.text,
        next_offset=second.next_offset,
        truncated=first.truncated or second.truncated,
        complete=second.complete,
    )


def _keep_last_lines(chunk: LogChunk, count: int) -> LogChunk:
    text = "".join(deque(chunk.text.splitlines(keepends=True), maxlen=count))
    skipped = len(chunk.text.encode()) - len(text.encode())
    return msgspec.structs.replace(
        chunk,
        text=text,
        offset=chunk.offset + skipped,
        truncated=chunk.truncated or skipped > 0,
    )

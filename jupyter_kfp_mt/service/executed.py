"""The executed notebook of a run, with its outputs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..errors import KfpNotFoundError, kfp_error
from ..files import read_file
from ..models import NOT_JSON, ExecutedNotebook, Phase, Run, Task
from ..notebooks.loglines import unpack_from_log
from ..notebooks.task import OUTPUT
from . import runs
from .backend import Backend
from .details.details import Details, MadeArtifact
from .tasks.rows import select_failed

_LAST_LINES = 60  # of a log: behind the notebook come its fault, and the end of KFP's launcher
MOST = 32 * 1024 * 1024  # bytes of an executed notebook


class _Ours(msgspec.Struct, frozen=True):
    name: str = ""  # of the file that was run, noted by notebooks/runner.py


class _Metadata(msgspec.Struct, frozen=True):
    jupyter_kfp_mt: _Ours = _Ours()


class _Notebook(msgspec.Struct):
    cells: list[msgspec.Raw]
    nbformat: int
    metadata: _Metadata = _Metadata()


def read_notebook(backend: Backend, details: Details, run_id: str) -> ExecutedNotebook:
    """Return the executed notebook of a run; raises `not-found`, `artifact-unread` and `too-large`.

    It is an artifact, or, where KFP's launcher uploads none of a task that failed (before 2.17), or its store
    cannot be read here, a line of the task's log.
    """
    run = runs.get_run(backend, run_id)
    tasks = details.report_tasks(run).tasks
    made = _find(details, run, tasks)
    if made is not None:
        try:
            return _read(_load(details, made), run.run_id, made.task.task_id)
        except KfpNotFoundError:
            if made.task.phase is not Phase.FAILED:
                raise
    for task in select_failed(tasks):
        log = details.read_log(run, task.task_id, offset=0, attempt=0, tail=_LAST_LINES).text
        data = unpack_from_log(log, MOST)
        if data:
            return _read(data, run.run_id, task.task_id)
    why = "No task of this run has made one." if run.ended else "It is there when its task has ended."
    raise kfp_error("not-found/notebook", ref=run.run_id[:8], why=why)


def _load(details: Details, made: MadeArtifact) -> bytes:
    with tempfile.TemporaryDirectory(prefix="kfp-notebook-") as folder:
        path = Path(folder) / "executed.ipynb"
        details.save_artifact(made, path)
        data = read_file(path, MOST + 1)
    if len(data) > MOST:
        size, limit = f"It has more than {MOST // 2**20} MiB", f"{MOST // 2**20} MiB"
        cure = f"Save it with %kfp outputs {made.run.run_id[:8]} --save FOLDER."
        raise kfp_error("too-large", thing="The executed notebook", size=size, limit=limit, next=cure)
    return data


def _find(details: Details, run: Run, tasks: Sequence[Task]) -> MadeArtifact | None:
    """Return the artifact that a notebook's task makes."""
    for task in details.add_values(run, tasks):
        for artifact in task.outputs.artifacts.get(OUTPUT, []):
            return MadeArtifact(run, task, OUTPUT, 0, artifact)
    return None


def _read(data: bytes, run_id: str, task_id: str) -> ExecutedNotebook:
    """Return `data` if it is a notebook; an artifact of any pipeline may have this name."""
    try:
        notebook = msgspec.json.decode(data, type=_Notebook)
    except NOT_JSON as error:
        why = "Its artifact of that name is not a notebook."
        raise kfp_error("not-found/notebook", ref=run_id[:8], why=why) from error
    name = notebook.metadata.jupyter_kfp_mt.name or "notebook.ipynb"
    return ExecutedNotebook(run_id=run_id, task_id=task_id, name=name, content=msgspec.Raw(data))

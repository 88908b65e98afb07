"""Edit a recurring run, so that exactly one of the old and the new one is on, whatever fails.

KFP cannot change a recurring run: another takes its place. It is created switched off, so that neither a lost
response nor a process that dies leaves two that are on. Only then the old one is switched off and the new one
on. If a step fails, the new one is deleted and the old one switched on again. Each step is in the journal
before it is taken; what a process could not bring to an end, the next look at the list does.
"""

from __future__ import annotations

import uuid

import msgspec

from ..client import recurring_runs as requests
from ..errors import KfpError, KfpNotFoundError
from ..models import RecurringRun, RecurringRunRequest, SourceKind
from .backend import Backend
from .recurring_runs import (
    build_body,
    ensure_switched,
    get_recurring_run,
    list_named,
    post_recurring_run,
)
from .state.journal import Edit, EditStage
from .submit.settle import Settling


def edit_recurring_run(
    backend: Backend, recurring_run_id: str, request: RecurringRunRequest, settling: Settling
) -> RecurringRun:
    """Put a new recurring run in the place of another, and return it.

    It is on if the old one was. An error means that nothing has changed, or will have in a moment.
    """
    finish_edits(backend, settling)
    old = get_recurring_run(backend, recurring_run_id)
    body = build_body(backend, request, latest=_takes_latest(old, request)) | {"mode": "DISABLE"}
    known = [row.recurring_run_id for row in list_named(backend, body["display_name"])]
    edit = Edit(
        edit_id=str(uuid.uuid4()),
        server=backend.context.server,
        namespace=backend.context.namespace,
        old_id=old.recurring_run_id,
        display_name=body["display_name"],
        known_ids=",".join(known),
        started_at=backend.clock.now().timestamp(),
    )
    backend.journal.write_edit(edit)
    try:
        new = post_recurring_run(backend, body, settling, known)
    except KfpError as error:
        if not error.unclear:
            backend.journal.end_edit(edit.edit_id)
        raise
    if old.enabled:
        _switch(backend, msgspec.structs.replace(edit, new_id=new.recurring_run_id))
    backend.journal.end_edit(edit.edit_id)
    return get_recurring_run(backend, new.recurring_run_id)


def finish_edits(backend: Backend, settling: Settling) -> float | None:
    """Bring the edits of this namespace to an end whose process could not.

    Returns the seconds until another look makes sense, None if all have ended.
    """
    where = backend.context.server, backend.context.namespace
    now = backend.clock.now().timestamp()
    open_ones = [each for each in backend.journal.list_edits() if (each.server, each.namespace) == where]
    pauses: list[float] = []
    for edit in open_ones:
        age = now - edit.started_at
        if edit.stage is not EditStage.UNDOING and 0 <= age < settling.sending:
            pauses.append(settling.sending - age)  # a process may be at it
            continue
        try:
            ended = _finish(backend, edit, late=not 0 <= age < settling.bound)
        except KfpError:
            ended = False
        if ended:
            backend.journal.end_edit(edit.edit_id)
        else:
            pauses.append(settling.longest)
    return min(pauses, default=None)


def _takes_latest(old: RecurringRun, request: RecurringRunRequest) -> bool:
    """Whether the old one takes the newest version each time, and the request names no other."""
    reference, source = old.pipeline_version_reference, request.run.source
    return (
        reference is not None
        and not reference.pipeline_version_id
        and source.kind is SourceKind.PIPELINE
        and (source.pipeline_id, source.pipeline_version_id) == (reference.pipeline_id, "")
    )


def _switch(backend: Backend, edit: Edit) -> None:
    """Switch from the old one to the new one, or back if that fails."""
    backend.journal.write_edit(msgspec.structs.replace(edit, stage=EditStage.SWITCHING))
    try:
        backend.api.call(requests.change_recurring_run(edit.old_id, "disable"))
        backend.api.call(requests.change_recurring_run(edit.new_id, "enable"))
    except KfpError as error:
        undoing = msgspec.structs.replace(edit, stage=EditStage.UNDOING)
        backend.journal.write_edit(undoing)
        try:
            _undo(backend, undoing)
        except KfpError:
            raise error.replace(next="The old one is switched on again as soon as KFP responds.") from None
        backend.journal.end_edit(edit.edit_id)
        raise error.replace(next="The old one is still on. Try again.") from None


def _finish(backend: Backend, edit: Edit, *, late: bool) -> bool:
    """Go on where an edit has stopped; whether it has ended."""
    if edit.stage is EditStage.CREATING:
        known = {edit.old_id, *edit.known_ids.split(",")}
        new_ones = [
            row for row in list_named(backend, edit.display_name) if row.recurring_run_id not in known
        ]
        for row in new_ones:
            if not row.enabled:
                _remove(backend, row.recurring_run_id)
        return late or bool(new_ones)
    if edit.stage is EditStage.UNDOING:
        _undo(backend, edit)
        return True
    try:
        get_recurring_run(backend, edit.new_id)
    except KfpNotFoundError:
        _undo(backend, edit)
        return True
    _ensure_off(backend, edit.old_id)
    ensure_switched(backend, edit.new_id, on=True)
    return True


def _undo(backend: Backend, edit: Edit) -> None:
    """Remove the new one and switch the old one on: in this order, so that never both are on."""
    try:
        _remove(backend, edit.new_id)
    except KfpNotFoundError:
        pass
    except KfpError:
        _ensure_off(backend, edit.new_id)
    try:
        ensure_switched(backend, edit.old_id, on=True)
    except KfpNotFoundError:  # somebody has deleted it
        return


def _remove(backend: Backend, recurring_run_id: str) -> None:
    backend.api.call(requests.delete_recurring_run(recurring_run_id))


def _ensure_off(backend: Backend, recurring_run_id: str) -> None:
    try:
        ensure_switched(backend, recurring_run_id, on=False)
    except KfpNotFoundError:
        return

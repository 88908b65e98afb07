"""Who we are, where, and whether it works."""

from __future__ import annotations

from pathlib import Path

import msgspec

from .. import __version__
from ..client import filters
from ..client import runs as requests
from ..errors import KfpConnectionError, KfpError, KfpRefusedError
from ..models import AccessList, Phase, Run, Status
from ..run_rules import ACTIVE, phase_of
from ..tokens import warn_if_late
from .backend import Backend
from .details.choose import choose_details
from .details.cluster.access import missing_token_error, read_access
from .paging import MAX_PAGE
from .submit.settle import Settling, reconcile


def read_status(backend: Backend, *, counts: bool, settling: Settling) -> Status:
    """Return who we are, where, and whether it works; a failed connection is in `error`, not raised.

    With `counts` it also counts the active runs and those that failed today, for two more calls; beyond a
    page of failed runs, terminated ones count as failed. Without, the status is shared by all callers for
    ten seconds.
    """
    if counts:
        return _read(backend, settling)
    kept = backend.caches.status.get(backend.context.namespace)
    if kept is not None:
        return _add_rights(backend, kept)
    status = _read(backend, None)
    return status if status.error else backend.caches.status.put(backend.context.namespace, status)


def list_grants(backend: Backend) -> AccessList:
    """Return who has access to the namespace."""
    if not backend.health().multi_user:
        everybody = "This KFP has no separate users: whoever reaches it may see everything."
        return AccessList(namespace=backend.context.namespace, unread=everybody)
    return choose_details(backend).list_grants()


def _read(backend: Backend, settling: Settling | None) -> Status:
    """Read the status from the server; without `settling`, no runs are counted."""
    context = backend.context
    claims = context.credential.claims()
    account = context.credential.account or claims.account
    late = warn_if_late(claims.expires_at, backend.clock.now())
    known = Status(
        connected=False,
        namespace=context.namespace,
        namespaces=sorted(context.profile_credentials) or [context.namespace] if context.namespace else [],
        identity=account,
        endpoint=context.endpoint,
        embedded=context.embedded,
        source=context.source,
        credential=context.credential.location,
        token_expires_at=claims.expires_at,
        warnings=[*context.warnings, *late],
        notebook=context.notebook.name,
        outlives_pod=Path(__file__).is_relative_to(Path.home()),
        version=__version__,
    )
    try:
        health = backend.health(fresh=True)
        known = msgspec.structs.replace(
            known,
            kfp_version=health.tag_name,
            multi_user=health.multi_user,
            embedded=health.embedded,
            connected=True,
        )
        running, failed = _count_runs(backend, settling) if settling else (None, None)
        if not settling:
            backend.learn_experiments()  # a page needs the names anyway, and the call shows that we may read
    except KfpRefusedError as error:
        return msgspec.structs.replace(known, can_run=False, error=error.body)
    except KfpError as error:
        return msgspec.structs.replace(known, connected=False, error=error.body)
    may_run = _may_run(backend)
    return msgspec.structs.replace(known, running=running, failed_today=failed, can_run=may_run)


def explain_missing_token(backend: Backend, error: KfpError) -> KfpError:
    """Return the error of the step that is missing to a token; the same one where that is not known."""
    context = backend.context
    if backend.kubernetes is None or not context.notebook.name or context.credential.sent:
        return error
    try:
        found = missing_token_error(context, read_access(backend.kubernetes, context))
    except KfpConnectionError:  # Kubernetes cannot be asked, so that no step can be named
        return error
    return found.replace(request_id=error.request_id, details=error.details)


def _may_run(backend: Backend) -> bool | None:
    """Return whether we may start runs here, None while unknown; on a single-user server everybody may."""
    return choose_details(backend).may_run() if backend.health().multi_user else True


def _add_rights(backend: Backend, known: Status) -> Status:
    """Return `known` with the right to run, which may have become known since."""
    if known.can_run is not None or not known.connected:
        return known
    return msgspec.structs.replace(known, can_run=_may_run(backend))


def _count_runs(backend: Backend, settling: Settling) -> tuple[int, int]:
    """Count the active runs, unconfirmed submits included, and the runs that failed today."""
    waiting = len(reconcile(backend, settling))
    return waiting + _count(backend, *filters.in_phases(ACTIVE)), _count_failed_today(backend)


def _count_failed_today(backend: Backend) -> int:
    midnight = backend.clock.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    since = filters.not_before("created_at", midnight)
    here = filters.equals("storage_state", "AVAILABLE")
    predicates = [here, filters.equals("state", "FAILED"), since]
    request = requests.list_runs(backend.namespace(), predicates, page_size=MAX_PAGE)
    page = backend.api.call(request)
    canceled = sum(_is_canceled(run) for run in page.runs)  # KFP stores a terminated run as FAILED
    return max(page.total_size, len(page.runs)) - canceled


def _is_canceled(run: Run) -> bool:
    return phase_of(run.state, (entry.state for entry in run.state_history)) is Phase.CANCELED


def _count(backend: Backend, *predicates: filters.Predicate) -> int:
    here = filters.equals("storage_state", "AVAILABLE")
    request = requests.list_runs(backend.namespace(), [here, *predicates], page_size=1)
    return backend.api.call(request).total_size

"""Start a run exactly once, however often it is submitted and whatever happens to the response.

KFP starts a second Workflow when it gets the same `run_id` again: it creates the Workflow before it inserts
the row (`CreateRun` in backend/src/apiserver/resource/resource_manager.go). So we check beforehand what KFP
checks too late, write the attempt into the journal, send one POST with an id of our own, and after an unclear
response look that id up. We send again only what surely did not reach KFP, with the same id, and write that
down first.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from ...client import Request
from ...client import runs as requests
from ...client.api import TRANSIENT
from ...errors import KfpError, KfpNotStartedError, kfp_error
from ...models import CachePolicy, Origin, PipelineVersionReference, Run, SubmitRequest
from ...names import OBJECT_NAME
from ...pipeline_spec import Package, check_links, check_parameters, with_cache
from .. import experiments
from ..backend import Backend
from ..experiments import check_text
from ..presets import note_last_values
from ..state.journal import OPEN, Intent, Stage
from . import settle
from .settle import Settling
from .sources import Resolved, resolve, take_run_name

OnUnclear = Callable[[], object]


def preview_body(backend: Backend, request: SubmitRequest) -> dict[str, Any]:
    """Return the body of the POST, without the id of the run and that of an experiment to be created."""
    experiment = experiments.find_open_experiment(backend, request.experiment)
    ids = {} if experiment is None else {"experiment_id": experiment.experiment_id}
    return {**build_body(backend, request), **ids}


def build_body(backend: Backend, request: SubmitRequest) -> dict[str, Any]:
    """Return the body of the POST without its ids; raises what is wrong with the request."""
    return _build_body(backend, request, resolve(backend, request.source))


def _build_body(backend: Backend, request: SubmitRequest, resolved: Resolved) -> dict[str, Any]:
    package = resolved.package
    if resolved.compiled is not None:
        resolved.compiled.check()
    values = dict(request.parameters)
    if resolved.greets:
        values = {"name": backend.context.namespace or "you", **values}
    check_links(package)
    values = check_parameters(package, values)
    name = request.display_name or take_run_name(backend, resolved.title)
    for field, text in (
        ("display_name", name),
        ("description", request.description),
        ("service_account", request.service_account),
    ):
        check_text(field, text)
    account = request.service_account
    if account and not OBJECT_NAME.fullmatch(account):
        problem = f"“{account}” is not the name of a service account"
        raise kfp_error("bad-input", field="service_account", problem=problem)
    if not name.strip():
        raise kfp_error("bad-input", field="display_name", problem="a name is needed")
    config = {"parameters": values, "pipeline_root": request.pipeline_root}
    optional = {"description": request.description, "service_account": request.service_account}
    return {
        "display_name": name,
        **{key: value for key, value in optional.items() if value},
        "runtime_config": {key: value for key, value in config.items() if value},
        **_choose_pipeline(package, resolved.reference, request.cache),
    }


def _choose_pipeline(
    package: Package, reference: PipelineVersionReference | None, cache: CachePolicy
) -> dict[str, Any]:
    """Return the registered version itself, or the compiled pipeline if caching is to be changed."""
    if reference is not None and cache is CachePolicy.COMPILED:
        return {"pipeline_version_reference": msgspec.to_builtins(reference)}
    return {"pipeline_spec": with_cache(package, cache).wire()}


def submit_run(
    backend: Backend,
    request: SubmitRequest,
    settling: Settling,
    on_unclear: OnUnclear | None,
    *,
    recurring_run_id: str = "",
) -> Run:
    """Start one run and return it; raises what is wrong, or `not-started`.

    After an unclear response `on_unclear` is called, and then the outcome is waited for; without it the run
    is returned as unconfirmed. A run with `recurring_run_id` counts as one of that recurring run.
    """
    known = backend.journal.find_by_key(request.submit_key)
    if known is not None and known.stage in (*OPEN, Stage.ACCEPTED):
        return _resume(backend, known, settling, on_unclear)
    resolved = resolve(backend, request.source)
    body = _build_body(backend, request, resolved)
    body["experiment_id"] = experiments.ensure_experiment(backend, request.experiment).experiment_id
    body["run_id"] = str(uuid.uuid4())
    if recurring_run_id:
        body["recurring_run_id"] = recurring_run_id
    intent = Intent(
        run_id=body["run_id"],
        submit_key=request.submit_key,
        server=backend.context.server,
        namespace=backend.context.namespace,
        display_name=body["display_name"],
        experiment_id=body["experiment_id"],
        sent_at=backend.clock.now().timestamp(),
    )
    known = backend.journal.begin(intent)
    if known is not None:
        return _resume(backend, known, settling, on_unclear)
    origin = _find_origin(request, resolved)
    if origin is not None:
        backend.journal.note_origin(intent, origin)
    run = _send(backend, intent, body, settling, on_unclear)
    sent = body["runtime_config"].get("parameters", {})
    note_last_values(backend, resolved.package.title, request, sent)
    return run


def _find_origin(request: SubmitRequest, resolved: Resolved) -> Origin | None:
    """Return the notebook that a run is started from; a cell of it has the number that Jupyter shows."""
    found = resolved.compiled.origin if resolved.compiled is not None else None
    if request.origin is None or found is None or not found.cell:
        return request.origin or found
    return msgspec.structs.replace(request.origin, cell=found.cell)


def _send(
    backend: Backend, intent: Intent, body: dict[str, Any], settling: Settling, on_unclear: OnUnclear | None
) -> Run:
    request = requests.create_run(body, timeout=settling.timeout)
    pauses = iter(settling.again)
    doubt: KfpError | None = None  # the response after which the run may exist
    while True:
        sent = backend.clock.monotonic()
        try:
            return _post(backend, intent, request)
        except KfpError as error:
            failure = error
        doubt = failure if failure.unclear else doubt
        pause = next(pauses, None) if _may_send_again(backend, failure) else None
        settled = Stage.REFUSED if doubt is None else Stage.UNCLEAR
        if pause is None or not _begin_again(backend, intent, pause, settled):
            break
    backend.journal.settle(intent.run_id, settled)
    if doubt is None:
        if failure.code not in TRANSIENT:
            raise failure
        raise settle.not_started_error(intent, failure, embedded=backend.context.embedded)
    if on_unclear is None:
        return settle.to_unconfirmed_run(backend, intent)
    on_unclear()
    try:
        return settle.wait_until_settled(backend, intent, settling, backend.clock.monotonic() - sent)
    except KfpNotStartedError as error:
        raise error.replace(details=doubt.details or doubt.why, request_id=doubt.request_id) from None


def _post(backend: Backend, intent: Intent, request: Request[Run]) -> Run:
    """Send the request once, and note that it was accepted."""
    try:
        run = backend.api.call(request)
    except KfpError:
        raise
    except BaseException:  # interrupted: the request may have arrived
        backend.journal.settle(intent.run_id, Stage.UNCLEAR)
        raise
    if run.run_id != intent.run_id and run.display_name != intent.display_name:  # KFP 1 assigns the id
        text = f"with run {run.run_id[:8]}"
        raise kfp_error("kfp-error", status="A submit was answered", text=text).replace(unclear=True)
    backend.journal.accept(intent.run_id, run.run_id)
    return run


def _may_send_again(backend: Backend, failure: KfpError) -> bool:
    """Whether a second request cannot start a second execution and may fare better.

    The embedded server responds to the same id and body with the run that it has.
    """
    away = failure.code in ("embedded-stopped", "kfp-unavailable")
    return away and (not failure.unclear or backend.context.embedded)


def _begin_again(backend: Backend, intent: Intent, pause: float, settled: Stage) -> bool:
    """Wait, and note in the journal that the attempt is sent again; False if somebody has settled it."""
    try:
        backend.clock.sleep(pause)
    except BaseException:  # interrupted
        backend.journal.settle(intent.run_id, settled)
        raise
    return backend.journal.send_again(intent.run_id, backend.clock.now().timestamp())


def _resume(backend: Backend, intent: Intent, settling: Settling, on_unclear: OnUnclear | None) -> Run:
    """Return the run of an attempt that was made with the same submit key."""
    if (intent.server, intent.namespace) != (backend.context.server, backend.context.namespace):
        elsewhere = f"it was used in {intent.namespace or 'another place'}"
        raise kfp_error("bad-input", field="submit_key", problem=elsewhere)
    if intent.stage is Stage.ACCEPTED:
        return backend.api.call(requests.get_run(intent.run_id))
    if on_unclear is None:
        return settle.to_unconfirmed_run(backend, intent)
    on_unclear()
    age = backend.clock.now().timestamp() - intent.sent_at
    return settle.wait_until_settled(backend, intent, settling, age)

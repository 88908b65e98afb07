"""Start a run exactly once, however often it is submitted and whatever happens to the response.

KFP starts a second Workflow when it gets the same `run_id` again: it creates the Workflow before it inserts
the row (`CreateRun` in backend/src/apiserver/resource/resource_manager.go). So we check beforehand what KFP
checks too late, write the attempt into the journal, send one POST with an id of our own, and after an unclear
response look that id up; we never send it again.
"""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from ...client import runs as requests
from ...client.gateway_errors import unavailable_error
from ...errors import KfpError, kfp_error
from ...models import CachePolicy, PipelineVersionReference, Run, SubmitRequest
from ...pipeline_spec import Package, check_parameters, with_cache
from .. import experiments
from ..backend import Backend
from ..experiments import check_text
from ..state.journal import OPEN, Intent, Stage
from . import settle
from .settle import Settling
from .sources import propose_run_name, resolve


def build_body(backend: Backend, request: SubmitRequest) -> dict[str, Any]:
    """Return the body of the POST without its ids; raises what is wrong with the request."""
    resolved = resolve(backend, request.source)
    package = resolved.package
    values = dict(request.parameters)
    if resolved.example:
        values = {"name": backend.context.namespace or "you", **values}
    values = check_parameters(package, values)
    name = request.display_name or propose_run_name(backend, package.name)
    for field, text in (
        ("display_name", name),
        ("description", request.description),
        ("service_account", request.service_account),
    ):
        check_text(field, text)
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


def submit_run(backend: Backend, request: SubmitRequest, settling: Settling, *, patient: bool) -> Run:
    """Start one run and return it; raises what is wrong, or that nothing is known to have started.

    After an unclear response a patient caller waits until the outcome is known; others get the run as
    unconfirmed.
    """
    known = backend.journal.find_by_key(request.submit_key)
    if known is not None and known.stage in (*OPEN, Stage.ACCEPTED):
        return _resume(backend, known, settling, patient=patient)
    body = build_body(backend, request)
    body["experiment_id"] = experiments.ensure_experiment(backend, request.experiment).experiment_id
    body["run_id"] = str(uuid.uuid4())
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
        return _resume(backend, known, settling, patient=patient)
    return _send(backend, intent, body, settling, patient=patient)


def _send(
    backend: Backend, intent: Intent, body: dict[str, Any], settling: Settling, *, patient: bool
) -> Run:
    sent = backend.clock.monotonic()
    try:
        run = backend.api.call(requests.create_run(body, timeout=settling.timeout))
    except KfpError as error:
        backend.journal.settle(intent.run_id, Stage.UNCLEAR if error.unclear else Stage.REFUSED)
        if not error.unclear:
            raise
        unclear = error
    except BaseException:  # interrupted: the request may have arrived
        backend.journal.settle(intent.run_id, Stage.UNCLEAR)
        raise
    else:
        if run.run_id == intent.run_id or run.display_name == intent.display_name:  # KFP 1 assigns the id
            backend.journal.accept(intent.run_id, run.run_id)
            return run
        backend.journal.settle(intent.run_id, Stage.UNCLEAR)
        unclear = kfp_error("kfp-error", status="A submit was answered", text=f"with run {run.run_id[:8]}")
    age = backend.clock.monotonic() - sent
    return (
        _wait_or_raise(backend, intent, settling, unclear, age=age)
        if patient
        else settle.to_unconfirmed_run(backend, intent)
    )


def _resume(backend: Backend, intent: Intent, settling: Settling, *, patient: bool) -> Run:
    """Return the run of an attempt that was made with the same submit key."""
    if (intent.server, intent.namespace) != (backend.context.server, backend.context.namespace):
        elsewhere = f"it was used in {intent.namespace or 'another place'}"
        raise kfp_error("bad-input", field="submit_key", problem=elsewhere)
    if intent.stage is Stage.ACCEPTED:
        return backend.api.call(requests.get_run(intent.run_id))
    if not patient:
        return settle.to_unconfirmed_run(backend, intent)
    age = backend.clock.now().timestamp() - intent.sent_at
    return _wait_or_raise(backend, intent, settling, unavailable_error(backend.context), age=age)


def _wait_or_raise(
    backend: Backend, intent: Intent, settling: Settling, error: KfpError, *, age: float
) -> Run:
    run = settle.wait_until_settled(backend, intent, settling, age)
    if run is None:
        raise error
    return run

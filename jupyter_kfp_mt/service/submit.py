"""One press of Run is one run.

A real server starts a second execution when it is sent the same `run_id` again (kfp-api §2.3, "Exactly-once
submit"), so: what it checks too late is checked here, one POST goes out under an id of ours, and an unclear
answer is settled by looking that id up, never by sending again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ..client import runs as requests
from ..errors import KfpError, KfpNotFoundError, kfp_error
from ..models import Cache, PipelineVersionReference, Run
from ..spec import Package, check_parameters, with_cache
from . import experiments
from .core import Core
from .experiments import check_text
from .pipelines import short_name
from .sources import AnySource, resolve


class Settling(NamedTuple):
    """How long an unclear submit is looked up before it counts as "did not start"."""

    first: float = 0.5  # seconds, twice as long each time
    longest: float = 8.0
    bound: float = 120.0  # since the POST: 55 s deadline, 50 s lock wait, and a margin


class Wish(NamedTuple):
    """What a person asks for."""

    source: AnySource
    parameters: Mapping[str, Any]
    experiment: str = "Default"
    name: str = ""
    description: str = ""
    cache: Cache = Cache.COMPILED
    pipeline_root: str = ""
    service_account: str = ""


def body_of(core: Core, wish: Wish) -> dict[str, Any]:
    """Return the run that would be sent, but for its ids; raises what is wrong with the wish."""
    found = resolve(core, wish.source)
    package = found.package
    values = dict(wish.parameters)
    if found.example:
        values = {"name": core.context.namespace or "you", **values}
    values = check_parameters(package, values)
    moment = core.clock.now().astimezone().strftime("%Y-%m-%d %H-%M")
    name = wish.name or f"{short_name(package.name)} {moment}"
    for field, text in (
        ("display_name", name),
        ("description", wish.description),
        ("service_account", wish.service_account),
    ):
        check_text(field, text)
    if not name.strip():
        raise kfp_error("bad-input", field="display_name", problem="a name is needed")
    config = {"parameters": values, "pipeline_root": wish.pipeline_root}
    optional = {"description": wish.description, "service_account": wish.service_account}
    return {
        "display_name": name,
        **{key: value for key, value in optional.items() if value},
        "runtime_config": {key: value for key, value in config.items() if value},
        **_what(package, found.reference, wish.cache),
    }


def _what(package: Package, reference: PipelineVersionReference | None, cache: Cache) -> dict[str, Any]:
    """The registered version itself, or the compiled pipeline where caching is to be changed."""
    if reference is not None and cache is Cache.COMPILED:
        return {"pipeline_version_reference": msgspec.to_builtins(reference)}
    return {"pipeline_spec": with_cache(package, cache).wire()}


def submit(core: Core, wish: Wish, settling: Settling) -> Run:
    """Start one run and return it; raises what is wrong, or that nothing is known to have started."""
    body = body_of(core, wish)
    body["experiment_id"] = experiments.ensure(core, wish.experiment).experiment_id
    body["run_id"] = str(uuid.uuid4())
    sent_at = core.clock.monotonic()
    try:
        return core.api.call(requests.create_run(body))
    except KfpError as error:
        if not error.unclear:
            raise
        return _settle(core, body["run_id"], error, sent_at, settling)


def _settle(core: Core, run_id: str, error: KfpError, sent_at: float, settling: Settling) -> Run:
    """Look the run up until it is there or cannot come any more; then raise `error`."""
    pause = settling.first
    while True:
        try:
            return core.api.call(requests.get_run(run_id))
        except KfpNotFoundError:
            pass  # may still come: the server may wait for its database
        except KfpError as trouble:
            error.details = error.details or trouble.details
        if core.clock.monotonic() + pause - sent_at > settling.bound:
            raise error
        core.clock.sleep(pause)
        pause = min(settling.longest, pause * 2)

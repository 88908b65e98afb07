"""Commands that start a run: submit and clone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..models import CachePolicy, Run, Source, SourceKind, SubmitRequest
from ..pipeline_spec.credentials import find_credentials
from .argument_types import parse_parameters
from .arguments import RUN, SOURCE, TIMEOUT
from .grammar import Argument, argument, command
from .runs import wait_for_run
from .session import Session
from .sources import read_source

_PARAMETERS = argument(
    "parameters",
    metavar="KEY=VALUE",
    nargs="*",
    help="values of parameters; $name takes a variable of the notebook",
)
_DEFAULT = "Default"
_OPTIONS = (
    argument(
        "--name", metavar="NAME", default="", help="the run's name (default: the pipeline's, with the time)"
    ),
    argument(
        "--cache",
        choices=[mode.value for mode in CachePolicy],
        metavar="compiled|on|off",
        default="compiled",
        help="whether tasks may take earlier results (default: compiled)",
    ),
    argument("--description", metavar="TEXT", default="", help="a note that stays with the run"),
    argument(
        "--root", metavar="URI", default="", help="where artifacts go (default: the namespace's own place)"
    ),
    argument("--service-account", metavar="SA", default="", help="the account that the tasks run as"),
    argument("--dry-run", action="store_true", help="check and show what would be sent; send nothing"),
    argument("--wait", action="store_true", help="wait until the run has ended; fails when the run fails"),
    TIMEOUT,
)


def _experiment(default: str, said: str) -> Argument:
    """Return the option for the experiment of the new run."""
    return argument(
        "--experiment",
        "-e",
        metavar="EXPERIMENT",
        default=default,
        help=f"created if it does not exist (default: {said})",
    )


_UNCLEAR = (
    "Not confirmed yet. KFP did not answer after the request was sent. "
    "We ask until we know, for two minutes at most. Nothing is sent twice."
)


@command("submit", SOURCE, _PARAMETERS, _experiment(_DEFAULT, _DEFAULT), *_OPTIONS)
def submit(
    session: Session, *, source: str, parameters: Sequence[str], **options: Any
) -> Run | dict[str, Any]:
    """Start a run of a pipeline.

    Values are checked against the pipeline's parameters before anything is sent.
    """
    values = parse_parameters(parameters)
    return _start_with(session, read_source(session, source), values, **options)


@command("clone", RUN, _PARAMETERS, _experiment("", "that of RUN"), *_OPTIONS)
def clone(
    session: Session, *, run: str, parameters: Sequence[str], experiment: str, **options: Any
) -> Run | dict[str, Any]:
    """Start a run with the pipeline and the values of another one; given values replace the old ones."""
    values = parse_parameters(parameters)
    view = session.service().view_run(session.find_run(run))
    version = view.run.pipeline_version_reference
    if version is not None and version.pipeline_version_id:
        source = Source(
            kind=SourceKind.PIPELINE,
            pipeline_id=version.pipeline_id,
            pipeline_version_id=version.pipeline_version_id,
        )
    else:
        source = Source(kind=SourceKind.TEXT, text=view.spec, path=view.run.display_name)
    before = view.run.runtime_config.parameters if view.run.runtime_config else {}
    experiment = experiment or view.run.experiment_name or _DEFAULT
    return _start_with(session, source, {**before, **values}, experiment=experiment, **options)


def _start_with(
    session: Session,
    source: Source,
    parameters: dict[str, Any],
    *,
    name: str,
    cache: str,
    root: str,
    experiment: str,
    description: str,
    service_account: str,
    **how: Any,
) -> Run | dict[str, Any]:
    """Start a run with the options of `submit`; `how` are those of `start_run`."""
    request = SubmitRequest(
        source=source,
        parameters=parameters,
        experiment=experiment,
        display_name=name,
        description=description,
        cache=CachePolicy(cache),
        pipeline_root=root,
        service_account=service_account,
    )
    return start_run(session, request, **how)


def _warn_of_credential(name: str, namespace: str, *, embedded: bool) -> str:
    """Return the warning about the value of a parameter, and the line that makes a secret of it."""
    secret = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "mine"
    line = (
        f"jupyter kfp secrets set {secret} value=-"
        if embedded
        else f"kubectl create secret generic {secret} -n {namespace} --from-file=value=/dev/stdin"
    )
    where = namespace or "this KFP"
    return (
        f"{name} looks like a password or key. Everybody who may look at {where} can read it."
        f" Use a secret: → {line}"
    )


def start_run(
    session: Session,
    request: SubmitRequest,
    *,
    dry_run: bool = False,
    wait: bool = False,
    timeout: float | None = None,
) -> Run | dict[str, Any]:
    """Start the run that `request` describes, or, for a dry run, return what would be sent."""
    service = session.service(start=not dry_run)
    inspection = service.inspect(request.source)
    for warning in inspection.warnings:
        session.front.say(warning)
    for field, why in inspection.ignored.items():
        if getattr(request, field):
            session.front.say(why)
    for name in find_credentials(request.parameters):
        session.front.say(_warn_of_credential(name, service.namespace, embedded=service.context.embedded))
    if dry_run:
        return service.preview(request)
    run = session.remember(service.start_run(request, on_unclear=lambda: session.front.say(_UNCLEAR)))
    return wait_for_run(session, run, timeout) if wait else run

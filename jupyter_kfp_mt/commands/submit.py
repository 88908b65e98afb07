"""Commands that start a run: submit and clone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from ..models import (
    CachePolicy,
    Inspection,
    RecurringRun,
    RecurringRunRequest,
    Run,
    Source,
    SourceKind,
    SubmitRequest,
)
from ..notebooks.gathered import add_options
from ..pipeline_spec.credentials import find_credentials
from . import presets
from .argument_types import parse_list, parse_parameters
from .arguments import PARAMETERS, RUN, SOURCE, TIMEOUT
from .grammar import Argument, argument, command, usage_error
from .runs import wait_for_run
from .schedules import SCHEDULE, preview, read_schedule
from .session import Session
from .sources import read_source

_DEFAULT = "Default"
Started = Run | RecurringRun | dict[str, Any]  # a dict: what a dry run would send
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
    argument(
        "--preset", metavar="NAME", default="", help="values and options that were kept; given ones win"
    ),
    argument("--save-preset", metavar="NAME", default="", help="keep the values and options under NAME"),
    *SCHEDULE,
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


_NOTEBOOK_OPTIONS = (
    argument(
        "--files",
        metavar="A,B",
        type=parse_list,
        default=(),
        help="of a notebook: files that go along, 512 KiB at most",
    ),
    argument(
        "--packages",
        metavar="P,Q",
        type=parse_list,
        default=(),
        help="of a notebook: packages to install for it",
    ),
    argument(
        "--image",
        metavar="IMAGE",
        default="",
        help="of a notebook: the container image (default: this notebook's own, else Python)",
    ),
)


@command("submit", SOURCE, PARAMETERS, _experiment(_DEFAULT, _DEFAULT), *_OPTIONS, *_NOTEBOOK_OPTIONS)
def submit(
    session: Session,
    *,
    source: str,
    parameters: Sequence[str],
    files: Sequence[str],
    packages: Sequence[str],
    image: str,
    **options: Any,
) -> Started:
    """Start a run of a pipeline or a notebook, now or on a schedule.

    Values are checked against the pipeline's parameters before anything is sent.
    """
    values = parse_parameters(parameters)
    chosen = add_options(read_source(session, source), files, packages, image)
    return _start_with(session, chosen, values, **options)


@command("clone", RUN, PARAMETERS, _experiment("", "that of RUN"), *_OPTIONS)
def clone(
    session: Session, *, run: str, parameters: Sequence[str], experiment: str, **options: Any
) -> Started:
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
    preset: str,
    save_preset: str,
    every: float | None,
    cron: str,
    timezone: str,
    **how: Any,
) -> Started:
    """Start a run with the options of `submit`; `how` are those of `start_run`."""
    schedule = read_schedule(every, cron, timezone)
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
    if preset:
        request = presets.apply_preset(session, request, preset)
    started: Started
    if schedule is None:
        started = start_run(session, request, **how)
    else:
        started = _start_on_schedule(session, RecurringRunRequest(run=request, schedule=schedule), **how)
    if save_preset and not how["dry_run"]:
        presets.keep_preset(session, request, save_preset)
    return started


def _start_on_schedule(
    session: Session, request: RecurringRunRequest, *, dry_run: bool, wait: bool, timeout: float | None
) -> RecurringRun | dict[str, Any]:
    """Create a recurring run, which is named after its pipeline unless it has a name."""
    if wait or timeout is not None:
        raise usage_error("--wait and --timeout are for a run that starts now.")
    service = session.service(start=True)
    name = request.run.display_name or service.inspect(request.run.source).pipeline.name
    run = msgspec.structs.replace(request.run, display_name=name)
    meaning = preview(session, request)
    _warn(session, run)
    if dry_run:
        return {**service.preview(run), "trigger": msgspec.to_builtins(meaning.trigger)}
    return service.create_recurring_run(msgspec.structs.replace(request, run=run))


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


def _warn(session: Session, request: SubmitRequest) -> None:
    """Show what the server does not apply, and which values look like credentials."""
    service = session.service()
    inspection = service.inspect(request.source)
    for warning in inspection.warnings:
        session.front.say(warning)
    for field, why in inspection.ignored.items():
        if getattr(request, field):
            session.front.say(why)
    for text in _describe_lacks(inspection, embedded=service.context.embedded):
        session.front.say(text)
    for name in find_credentials(request.parameters):
        session.front.say(_warn_of_credential(name, service.namespace, embedded=service.context.embedded))


def _describe_lacks(inspection: Inspection, *, embedded: bool) -> list[str]:
    """Return what a notebook imports that does not go along, and that a stock image of Python lacks."""
    lacking = [each for each in inspection.imports if not each.is_listed]
    said = [
        f"{each.module} is imported, and does not go along. Add: --files {each.file}"
        for each in lacking
        if each.file
    ]
    packages = ",".join(each.requirement for each in lacking if not each.file)
    if packages and not embedded and inspection.image.startswith("python:"):
        said.append(f"The image {inspection.image} may lack what is imported. Add: --packages {packages}")
    return said


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
    if request.source.kind is not SourceKind.NOTEBOOK:
        request = msgspec.structs.replace(request, origin=session.find_origin())
    _warn(session, request)
    if dry_run:
        return service.preview(request)
    run = session.remember(service.start_run(request, on_unclear=lambda: session.front.say(_UNCLEAR)))
    return wait_for_run(session, run, timeout) if wait else run

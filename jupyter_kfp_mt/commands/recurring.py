"""Commands on recurring runs: list, switch on and off, run now, edit, delete."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..errors import PROGRAM
from ..lists import RecurringRunList
from ..models import RecurringRun, Run
from ..results import BulkResult
from .argument_types import parse_parameters
from .arguments import FRAME, LIMIT, PARAMETERS, SEARCH, YES
from .grammar import argument, command, usage_error
from .schedules import SCHEDULE, preview, read_schedule
from .session import Session

_RECURRING = argument(
    "name", metavar="NAME", help="name of a recurring run, its id, or the first 4 or more letters of that"
)


@command("recurring", SEARCH, LIMIT, FRAME)
def recurring(session: Session, *, search: str, limit: int) -> RecurringRunList:
    """List recurring runs: their schedules, next starts and last states.

    `submit SOURCE --every 6h` or `--cron "0 9 * * 1-5"` makes one.
    """
    return session.service().list_recurring_runs(search=search, limit=limit)


@command("recurring on", _RECURRING)
def switch_on(session: Session, *, name: str) -> RecurringRun:
    """Switch a recurring run on."""
    service = session.service()
    return service.enable_recurring_run(service.find_recurring_run(name).recurring_run_id)


@command("recurring off", _RECURRING)
def switch_off(session: Session, *, name: str) -> RecurringRun:
    """Switch a recurring run off; runs that have started go on."""
    service = session.service()
    return service.disable_recurring_run(service.find_recurring_run(name).recurring_run_id)


@command("recurring run", _RECURRING)
def run_now(session: Session, *, name: str) -> Run:
    """Start one run of a recurring run now, on or off."""
    service = session.service(start=True)
    found = service.find_recurring_run(name)
    return session.remember(service.run_recurring_run(found.recurring_run_id))


@command("recurring edit", _RECURRING, PARAMETERS, *SCHEDULE)
def edit_recurring(
    session: Session,
    *,
    name: str,
    parameters: Sequence[str],
    every: float | None,
    cron: str,
    timezone: str,
) -> RecurringRun:
    """Give a recurring run other values or another schedule; what is not given stays.

    Another one takes its place, so its id changes. It is on if the old one was.
    """
    service = session.service()
    values, schedule = parse_parameters(parameters), read_schedule(every, cron, timezone)
    if not values and schedule is None:
        raise usage_error("Nothing to change.", next_step=f"{PROGRAM} help recurring edit")
    old = service.find_recurring_run(name)
    request = service.describe_recurring_request(old.recurring_run_id)
    run = msgspec.structs.replace(request.run, parameters={**request.run.parameters, **values})
    kept = {"catch_up": request.schedule.catch_up, "max_concurrency": request.schedule.max_concurrency}
    chosen = msgspec.structs.replace(schedule, **kept) if schedule is not None else request.schedule
    request = msgspec.structs.replace(request, run=run, schedule=chosen)
    preview(session, request)
    return service.edit_recurring_run(old.recurring_run_id, request)


@command("recurring delete", _RECURRING, YES)
def delete_recurring(session: Session, *, name: str, yes: bool) -> BulkResult:
    """Delete a recurring run for good; its runs stay."""
    service = session.service()
    found = service.find_recurring_run(name)
    if not yes:
        raise usage_error(
            f"Delete {found.display_name}? Nothing was done.",
            why="It starts no more runs. Runs that have started go on. This cannot be undone.",
            next_step="add --yes",
        )
    service.delete_recurring_run(found.recurring_run_id)
    return BulkResult(done=[found.recurring_run_id])

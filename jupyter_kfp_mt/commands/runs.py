"""Commands on runs: list, show, wait, terminate, retry, archive, delete, compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import KfpError, kfp_error
from ..lists import RunList
from ..models import Origin, Phase, Run
from ..results import BulkResult, MetricTable
from .argument_types import parse_metrics, parse_sorting, parse_states
from .arguments import ARCHIVED, FRAME, LIMIT, RUN, RUNS, SEARCH, TIMEOUT, YES
from .grammar import argument, command, usage_error
from .session import Session

_NOT_FAILED = {
    Phase.PENDING: "waits to start",
    Phase.RUNNING: "is running",
    Phase.PAUSED: "is paused",
    Phase.CANCELING: "is being canceled",
    Phase.CANCELED: "was canceled",
    Phase.SUCCEEDED: "has succeeded",
    Phase.SKIPPED: "was skipped",
    Phase.UNCONFIRMED: "is not confirmed yet",
}


@command(
    "runs",
    argument(
        "--state",
        metavar="S[,S]",
        type=parse_states,
        default=(),
        help="only these states: running, failed, …",
    ),
    SEARCH,
    argument("--experiment", "-e", metavar="E", default="", help="only runs of this experiment"),
    argument("--pipeline", metavar="P", default="", help="only runs of this registered pipeline"),
    argument("--recurring", metavar="R", default="", help="only runs of this recurring run"),
    argument("--this-notebook", action="store_true", help="only runs started from this notebook"),
    ARCHIVED,
    argument(
        "--sort",
        metavar="FIELD",
        type=parse_sorting,
        default="created_at desc",
        help="field and asc or desc",
    ),
    argument(
        "--metrics",
        metavar="A,B",
        type=parse_metrics,
        default=(),
        help="with these metrics as columns, at most three",
    ),
    LIMIT,
    FRAME,
)
def runs(
    session: Session,
    *,
    state: Sequence[str],
    search: str,
    experiment: str,
    pipeline: str,
    recurring: str,
    this_notebook: bool,
    archived: bool,
    sort: str,
    metrics: Sequence[str],
    limit: int,
) -> RunList:
    """List runs, newest first."""
    listed = session.service().list_runs(
        state=state,
        search=search,
        experiment=experiment,
        pipeline=pipeline.removeprefix("pipeline:"),
        recurring_run=recurring,
        archived=archived,
        notebook=_find_notebook(session) if this_notebook else None,
        sort_by=sort,
        limit=limit,
        metrics=bool(metrics),
    )
    listed.shown_metrics = metrics
    return listed


def _find_notebook(session: Session) -> Origin:
    origin = session.find_origin()
    if origin is None:
        raise usage_error("This is not in a notebook.", next_step=f"{session.program} runs")
    return origin


@command("show", RUN)
def show(session: Session, *, run: str) -> Run:
    """Show a run as a card; in a notebook it is live."""
    return session.find_run(run)


@command("why", RUN)
def why(session: Session, *, run: str) -> str:
    """Say why a run failed, or what it waits for."""
    chosen_run = session.find_run(run)
    failure = session.service().why(chosen_run.run_id)
    if failure is None:
        state = _NOT_FAILED.get(chosen_run.phase, "is active")
        return f"{chosen_run.display_name} has not failed. It {state}."
    return failure.text


@command("wait", RUNS, TIMEOUT)
def wait(session: Session, *, refs: Sequence[str], timeout: float | None) -> Run | RunList:
    """Wait until runs have ended; fails when one of them fails."""
    waiting = session.find_runs(refs)
    ended = [wait_for_run(session, run, timeout) for run in waiting]
    return ended[0] if len(ended) == 1 else RunList(ended, total_size=len(ended))


def wait_for_run(session: Session, run: Run, timeout: float | None) -> Run:
    """Wait until `run` has ended; raises RunFailed, RunTimeout, and RunTimeout on Ctrl-C, too."""
    service = session.service()

    def show_progress(changed: Run) -> None:
        session.front.show_progress(changed, lambda: service.view_run(changed.run_id))

    try:
        return service.wait(run.run_id, timeout=timeout, on_change=show_progress)
    except KeyboardInterrupt:
        raise kfp_error("run-timeout/stopped", ref=run.run_id[:8]) from None


@command("terminate", RUNS)
def terminate(session: Session, *, refs: Sequence[str]) -> Run | BulkResult:
    """Stop runs now. Finished tasks keep their results."""
    targets = session.find_runs(refs)
    running = [run for run in targets if not run.ended]
    for run in targets:
        if run.ended:
            session.front.say(f"{run.display_name} has already ended.")
    if len(targets) == 1 and not running:
        return targets[0]
    result = _act_on_each(session, running, session.service().terminate)
    several = len(targets) > 1 and isinstance(result, Run)
    return BulkResult(done=[running[0].run_id]) if several else result


@command("retry", RUNS)
def retry(session: Session, *, refs: Sequence[str]) -> Run | BulkResult:
    """Continue failed or canceled runs from where they stopped."""
    return _act_on_each(session, session.find_runs(refs), session.service().retry)


@command("archive", RUNS)
def archive(session: Session, *, refs: Sequence[str]) -> Run | BulkResult:
    """Take runs out of the lists; --archived shows them."""
    return _act_on_each(session, session.find_runs(refs), session.service().archive, said="Archived")


@command("restore", RUNS)
def restore(session: Session, *, refs: Sequence[str]) -> Run | BulkResult:
    """Bring archived runs back into the lists."""
    return _act_on_each(session, session.find_runs(refs), session.service().restore, said="Restored")


@command("delete", RUNS, YES)
def delete(session: Session, *, refs: Sequence[str], yes: bool) -> BulkResult:
    """Delete runs for good."""
    service = session.service()
    doomed = session.find_runs(refs)
    if not yes:
        names = ", ".join(run.display_name for run in doomed[:5])
        raise usage_error(
            f"Delete {names}? Nothing was done.",
            why="The run and its history in KFP are removed. Artifacts stay in the store."
            " This cannot be undone.",
            next_step="add --yes",
        )

    def delete_one(run_id: str) -> Run:
        service.delete_run(run_id)
        return next(run for run in doomed if run.run_id == run_id)

    result = _act_on_each(session, doomed, delete_one)
    return result if isinstance(result, BulkResult) else BulkResult(done=[result.run_id])


@command("metrics", RUNS, FRAME)
def metrics(session: Session, *, refs: Sequence[str]) -> MetricTable:
    """Compare the metrics of runs."""
    return session.service().metrics([run.run_id for run in session.find_runs(refs)])


def _act_on_each(
    session: Session, targets: Sequence[Run], act: Callable[[str], Run], *, said: str = ""
) -> Run | BulkResult:
    """Do `act` with every run, and return the run itself where it is one, which is named after `said`."""
    if len(targets) == 1:
        changed = act(targets[0].run_id)
        if said:
            session.front.say(f"{said} {changed.display_name}.")
        return changed
    done: list[str] = []
    failures: list[tuple[str, KfpError]] = []
    for run in targets:
        try:
            act(run.run_id)
        except KfpError as error:
            failures.append((run.display_name or run.run_id, error))
        else:
            done.append(run.run_id)
    if failures:
        raise _bulk_error(len(done), failures)
    return BulkResult(done=done)


def _bulk_error(done: int, failures: Sequence[tuple[str, KfpError]]) -> KfpError:
    """Return the error of a bulk action of which some failed, in the class of the first failure."""
    reasons = "; ".join(f"{name}: {error.message}" for name, error in failures[:5])
    message = f"{done} of {done + len(failures)} done."
    return failures[0][1].replace(message=message, why=reasons, details="", request_id="")

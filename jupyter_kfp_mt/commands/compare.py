"""`diff`: what runs, or versions of pipelines, differ in."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import PROGRAM
from ..results import RunDiff
from .arguments import FRAME
from .grammar import argument, command, usage_error, write_value
from .session import Session
from .sources import REGISTERED


@command(
    "diff",
    argument("refs", metavar="A", nargs="+", help="two to ten runs, or pipeline:NAME@VERSION"),
    argument("--all", dest="everything", action="store_true", help="also what is the same"),
    FRAME,
)
def diff(session: Session, *, refs: Sequence[str], everything: bool) -> RunDiff:
    """Compare runs: parameters, metrics, tasks, pipelines; or compare versions of pipelines."""
    words = [write_value(ref) for ref in refs]
    pipelines = [word for word in words if word.startswith(REGISTERED)]
    if not pipelines:
        runs = [run.run_id for run in session.find_runs(refs)]
        _require_several(len(runs))
        return session.service().diff(runs, everything=everything)
    if len(pipelines) < len(refs):
        problem = "A run and a pipeline cannot be compared."
        raise usage_error(problem, next_step=f"{PROGRAM} spec RUN -o FILE, then upload it")
    _require_several(len(pipelines))
    return session.service().diff_versions(pipelines, everything=everything)


def _require_several(count: int) -> None:
    if count < 2:
        raise usage_error("Two are needed to compare.", next_step=f"{PROGRAM} diff A B")

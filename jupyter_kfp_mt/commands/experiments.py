"""Commands on experiments: list, create, archive, delete."""

from __future__ import annotations

from ..lists import ExperimentList
from ..models import Experiment, RunQuery
from ..results import BulkResult
from .arguments import ARCHIVED, FRAME, LIMIT, SEARCH, YES
from .grammar import argument, command, usage_error
from .session import Session

_EXPERIMENT = argument("name", metavar="NAME", help="an experiment's name or id")


@command("experiments", SEARCH, ARCHIVED, LIMIT, FRAME)
def experiments(session: Session, *, search: str, archived: bool, limit: int) -> ExperimentList:
    """List experiments, newest first."""
    return session.service().list_experiments(search=search, archived=archived, limit=limit)


@command(
    "experiment create",
    argument("name", metavar="NAME", help="name of the new experiment"),
    argument("--description", metavar="TEXT", default="", help="a note that stays with it"),
)
def create_experiment(session: Session, *, name: str, description: str) -> Experiment:
    """Create an experiment: a group for runs that belong together."""
    return session.service(start=True).create_experiment(name, description=description)


@command("experiment archive", _EXPERIMENT)
def archive_experiment(session: Session, *, name: str) -> Experiment:
    """Archive an experiment with its runs; its recurring runs stop."""
    archived = session.service().archive_experiment(name)
    session.front.say(f"Archived {archived.display_name} with its runs.")
    return archived


@command("experiment restore", _EXPERIMENT)
def restore_experiment(session: Session, *, name: str) -> Experiment:
    """Bring an archived experiment back; its runs stay archived."""
    restored = session.service().restore_experiment(name)
    session.front.say(f"Restored {restored.display_name}.")
    return restored


@command("experiment delete", _EXPERIMENT, YES)
def delete_experiment(session: Session, *, name: str, yes: bool) -> BulkResult:
    """Delete an experiment for good."""
    service = session.service()
    experiment = service.get_experiment(name)
    if not yes:
        pages = [
            service.page_runs(
                RunQuery(experiment_id=experiment.experiment_id, archived=archived, page_size=1)
            )
            for archived in (False, True)
        ]
        count = sum(page.total_size for page in pages)
        stay = "1 run stays" if count == 1 else f"{count} runs stay"
        raise usage_error(
            f"Delete {experiment.display_name}? Nothing was done.",
            why=f"Its {stay} but can no longer be terminated or retried. This cannot be undone.",
            next_step="add --yes",
        )
    service.delete_experiment(experiment.experiment_id)
    return BulkResult(done=[experiment.experiment_id])

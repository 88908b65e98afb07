"""Commands on the tasks of a run: list, logs, events, outputs."""

from __future__ import annotations

from pathlib import Path

from ..errors import PROGRAM
from ..files import display_path
from ..lists import TaskList
from ..models import PodView
from ..results import LogText, Outputs, Text
from . import task_logs
from .argument_types import parse_line_count
from .arguments import FRAME, RUN, TASK
from .grammar import argument, command, usage_error
from .session import Session


@command("tasks", RUN, FRAME)
def tasks(session: Session, *, run: str) -> TaskList:
    """List the tasks of a run with their states, times and reasons."""
    return session.service().tasks(session.find_run(run).run_id, reasons=True)


@command(
    "logs",
    RUN,
    TASK,
    argument("--tail", metavar="N", type=parse_line_count, default=0, help="the last N lines"),
    argument("--search", metavar="TEXT", default="", help="only lines that contain TEXT"),
    argument("--follow", action="store_true", help="until the task has ended"),
)
def logs(session: Session, *, run: str, task: str, tail: int, search: str, follow: bool) -> LogText:
    """Show the log of a task; without TASK, of the failed one, else the running one, else the last one."""
    chosen_run = session.find_run(run)
    if follow:
        return task_logs.follow_log(session, chosen_run, task, tail=tail, search=search)
    return task_logs.read_log(session, chosen_run, task, tail=tail, search=search)


@command(
    "events", RUN, TASK, argument("--yaml", action="store_true", help="the pod itself instead of its events")
)
def events(session: Session, *, run: str, task: str, yaml: bool) -> PodView | Text:
    """Show what the cluster says about a task's pod; without TASK, of the task that `logs` would choose.

    Before the first task, it is the pod of KFP's driver.
    """
    chosen_run = session.find_run(run)
    chosen = task_logs.choose_task(session.service().tasks(chosen_run.run_id), task, chosen_run)
    pod = session.service().pod(chosen_run.run_id, chosen.task_id if chosen else "")
    return Text(pod.manifest) if yaml and pod.manifest else pod


@command(
    "outputs",
    RUN,
    TASK,
    argument("--inputs", action="store_true", help="what the tasks were given instead"),
    argument("--save", metavar="FOLDER", default="", help="write the files of artifacts into FOLDER"),
)
def outputs(session: Session, *, run: str, task: str, inputs: bool, save: str) -> Outputs | Text:
    """Show the outputs of the tasks of a run: values, and addresses of artifacts."""
    if inputs and save:
        raise usage_error("Take one of --inputs and --save.", next_step=f"{PROGRAM} help outputs")
    chosen_run = session.find_run(run)
    if not save:
        return session.service().outputs(chosen_run.run_id, task, inputs=inputs)
    saved, failed = session.service().save_outputs(chosen_run.run_id, task, folder=Path(save).expanduser())
    if failed and saved:
        session.front.say("\n".join(display_path(path) for path in saved))
    if failed:
        raise failed[0]
    return Text("\n".join(display_path(path) for path in saved) or "No artifacts with a file.")

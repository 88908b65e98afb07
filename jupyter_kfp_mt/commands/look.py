"""The verbs that look: nothing is changed by them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import kfp_error
from ..lists import ExperimentList, PipelineList, PipelineVersionList, RunList, TaskList
from ..models import DoctorReport, PodView, Run, Status
from ..results import LogText, MetricTable, Outputs, Text
from . import logs as reading
from .grammar import argument, command, usage_error
from .session import Session
from .sources import read_spec
from .words import rows, states, tail

RUN = argument("run", metavar="RUN", help="id, its first 4 or more letters, a unique name, or @last")
RUNS = argument(
    "refs", metavar="RUN", nargs="+", help="id, its first 4 or more letters, a unique name, or @last"
)
TASK = argument("task", metavar="TASK", nargs="?", default="", help="the name of a task")
_SEARCH = argument("--search", metavar="TEXT", default="", help="only names that contain TEXT")
_NUMBER = argument("-n", dest="limit", metavar="N", type=rows, default=20, help="at most N rows (20)")
_FRAME = argument("--df", action="store_true", help="as a pandas DataFrame")
_ARCHIVED = argument("--archived", action="store_true", help="the archived ones instead")


@command("")
def status(session: Session) -> Status:
    """Who you are, where, whether it works, and what is running."""
    return session.status()


@command("doctor")
def doctor(session: Session) -> DoctorReport:
    """Check the connection step by step; the first real cause comes with its cure."""
    return session.examine()


@command(
    "use",
    argument("namespace", metavar="NAMESPACE", nargs="?", default="", help="where to work from now on"),
    argument("--default", action="store_true", help="back to the namespace found by itself"),
)
def use(session: Session, *, namespace: str, default: bool) -> Status:
    """Work in another namespace, for this kernel only."""
    if bool(namespace) == default:
        raise usage_error("Which namespace?", next_step="%kfp use NAMESPACE, or %kfp use --default")
    return session.use(namespace)


@command("namespaces")
def namespaces(session: Session) -> list[str]:
    """List the namespaces known to be usable."""
    return session.status().namespaces


@command(
    "runs",
    argument(
        "--state", metavar="S[,S]", type=states, default=(), help="only these states: running, failed, …"
    ),
    _SEARCH,
    argument("--experiment", "-e", metavar="E", default="", help="only runs of this experiment"),
    _ARCHIVED,
    argument("--sort", metavar="FIELD", default="created_at desc", help="field and asc or desc"),
    _NUMBER,
    _FRAME,
)
def runs(
    session: Session,
    *,
    state: Sequence[str],
    search: str,
    experiment: str,
    archived: bool,
    sort: str,
    limit: int,
) -> RunList:
    """List runs, newest first."""
    return session.service().list_runs(
        state=state, search=search, experiment=experiment, archived=archived, sort_by=sort, limit=limit
    )


@command("experiments", _SEARCH, _ARCHIVED, _NUMBER, _FRAME)
def experiments(session: Session, *, search: str, archived: bool, limit: int) -> ExperimentList:
    """List experiments, newest first."""
    return session.service().list_experiments(search=search, archived=archived, limit=limit)


@command(
    "pipelines",
    argument("--shared", action="store_true", help="those that everyone can read"),
    _SEARCH,
    _NUMBER,
    _FRAME,
)
def pipelines(session: Session, *, shared: bool, search: str, limit: int) -> PipelineList:
    """List registered pipelines: private ones, or shared ones."""
    return session.service().list_pipelines(shared=shared, search=search, limit=limit)


@command("versions", argument("pipeline", metavar="PIPELINE", help="name or id"), _NUMBER, _FRAME)
def versions(session: Session, *, pipeline: str, limit: int) -> PipelineVersionList:
    """List the versions of a registered pipeline, newest first."""
    service = session.service()
    return service.list_versions(service.find_pipeline(pipeline).pipeline_id, limit=limit)


@command("show", RUN)
def show(session: Session, *, run: str) -> Run:
    """Show a run as a card; in a notebook it is live."""
    return session.find_run(run)


@command("tasks", RUN, _FRAME)
def tasks(session: Session, *, run: str) -> TaskList:
    """List the tasks of a run with their states, times and reasons."""
    return session.service().tasks(session.find_run(run).run_id)


@command("why", RUN)
def why(session: Session, *, run: str) -> str:
    """Say in a sentence why a run failed."""
    found = session.find_run(run)
    failure = session.service().why(found.run_id)
    if failure is None:
        return f"{found.display_name} has not failed. It is {found.phase.value.lower()}."
    return " ".join(part for part in (failure.message, failure.why, failure.next) if part)


@command(
    "logs",
    RUN,
    TASK,
    argument("--tail", metavar="N", type=tail, default=0, help="the last N lines"),
    argument("--search", metavar="TEXT", default="", help="only lines that contain TEXT"),
    argument("--follow", action="store_true", help="go on until the task has ended"),
)
def logs(session: Session, *, run: str, task: str, tail: int, search: str, follow: bool) -> LogText:
    """Show the log of a task; without TASK the one that failed, else is running, else was last."""
    found = session.find_run(run)
    if follow:
        return reading.follow(session, found, task, tail=tail, search=search)
    chosen = reading.choose_task(session.service().tasks(found.run_id), task, found)
    return reading.read(session, found, chosen, tail=tail, search=search)


@command(
    "events", RUN, TASK, argument("--yaml", action="store_true", help="the pod itself instead of its events")
)
def events(session: Session, *, run: str, task: str, yaml: bool) -> PodView | Text:
    """Show what the cluster says of a task's pod; without TASK as `logs` chooses one."""
    found = session.find_run(run)
    chosen = reading.choose_task(session.service().tasks(found.run_id), task, found)
    if chosen is None:
        raise kfp_error("not-found", thing="task", ref=task, ns=found.display_name, list=f"tasks {run}")
    pod = session.service().pod(found.run_id, chosen.task_id)
    return Text(pod.manifest) if yaml and pod.manifest else pod


@command("outputs", RUN, TASK)
def outputs(session: Session, *, run: str, task: str) -> Outputs:
    """Show what the tasks of a run made: values, and addresses of artifacts."""
    return Outputs(session.service().outputs(session.find_run(run).run_id, task))


@command("metrics", RUNS, _FRAME)
def metrics(session: Session, *, refs: Sequence[str]) -> MetricTable:
    """Compare the metrics of runs."""
    return session.service().metrics([session.find_run(ref).run_id for ref in refs])


@command(
    "spec",
    argument("ref", metavar="RUN|pipeline:NAME[@VERSION]", help="a run or a registered pipeline"),
    argument("-o", dest="output", metavar="FILE", default="", help="write it to FILE"),
)
def spec(session: Session, *, ref: str, output: str) -> Text:
    """Show the compiled pipeline of a run, or of a registered pipeline, as YAML."""
    text = read_spec(session, ref)
    if not output:
        return Text(text)
    try:
        Path(output).expanduser().write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"“{output}” cannot be written: {error.strerror}"
        raise kfp_error("bad-input", field="-o", problem=problem) from None
    return Text(f"Wrote {output}.")

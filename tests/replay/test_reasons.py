"""Every recorded failure and wait, in both configurations, in its exact words: `reasons.json` has them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.kube import KubernetesEvent
from jupyter_kfp_mt.models import Phase
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.settings import KfpSettings
from tests.fakes import ManualClock
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS, Moment, load_run, load_series, runs, series_names
from tests.replay.server import Pod, serve

REASONS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "reasons.json").read_text())
FAILED = [(configuration, name) for configuration, names in REASONS["failed"].items() for name in names]
WAITING = [(configuration, name) for configuration, names in REASONS["waiting"].items() for name in names]

Serve = Callable[[str], Pod]


@pytest.fixture
def serve_cluster(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda configuration: stack.enter_context(serve(ReplayCluster(configuration), tmp_path))


def service_of(pod: Pod, clock: ManualClock) -> KfpService:
    settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
    return connect(settings=settings, environment=Environment(pod.variables, root=pod.root), clock=clock)


def last_word_of_pods(moment: Moment) -> datetime:
    """Return when the recorded pods were heard of last."""
    events = [event for name, listed in moment.events.items() if "-system-" in name for event in listed]
    return max(
        filter(None, (each.at for each in msgspec.convert(events, list[KubernetesEvent], strict=False)))
    )


def as_it_waited(moment: Moment) -> Moment:
    """Return a run that was terminated while a task waited as it was before."""
    before = copy.deepcopy(moment)
    before.v2["state"] = "RUNNING"
    before.v2["state_history"] = [
        entry for entry in moment.v2["state_history"] if entry.get("state") not in ("CANCELING", "FAILED")
    ]
    workflow = json.loads(moment.v1["pipeline_runtime"]["workflow_manifest"])
    nodes, until = workflow["status"]["nodes"], f"{last_word_of_pods(moment):%Y-%m-%dT%H:%M:%SZ}"
    for key in [key for key, node in nodes.items() if node["startedAt"] > until]:
        del nodes[key]
    for node in nodes.values():
        if node["phase"] in ("Failed", "Error"):
            node["phase"] = "Pending" if node["type"] == "Pod" else "Running"
            node.pop("message", None)
    before.v1["pipeline_runtime"]["workflow_manifest"] = json.dumps(workflow)
    return before


@pytest.mark.parametrize(("configuration", "name"), FAILED)
def test_a_recorded_failure_is_explained_in_these_words(
    serve_cluster: Serve, configuration: str, name: str
) -> None:
    wanted = REASONS["failed"][configuration][name]
    pod = serve_cluster(configuration)
    run_id = pod.cluster.add(name)
    failure = service_of(pod, ManualClock()).why(run_id)
    assert failure is not None
    assert {key: getattr(failure, key) for key in wanted} == wanted


@pytest.mark.parametrize(("configuration", "name"), WAITING)
def test_a_recorded_wait_is_explained_in_these_words(
    serve_cluster: Serve, configuration: str, name: str
) -> None:
    wanted = REASONS["waiting"][configuration][name]
    pod = serve_cluster(configuration)
    moment = load_run(configuration, name)
    run_id = pod.cluster.put(moment if moment.v2["state"] == "RUNNING" else as_it_waited(moment))
    service = service_of(pod, ManualClock(last_word_of_pods(moment)))
    failure = service.why(run_id)
    assert failure is not None
    assert {key: getattr(failure, key) for key in wanted} == wanted
    assert service.view_run(run_id).message == failure.text


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_each_recording_that_did_not_succeed_has_its_words(configuration: str) -> None:
    moments = {name: load_run(configuration, name) for name in runs(configuration)}
    unhappy = {name for name, moment in moments.items() if moment.v2["state"] != "SUCCEEDED"}
    unhappy -= {"terminated"}  # by a person, while its task ran
    explained = {*REASONS["failed"][configuration], *REASONS["waiting"][configuration]}
    assert explained == unhappy


def row_of(kind: str, configuration: str, name: str) -> str:
    """Return the row of `docs/reasons.md`: what KFP's API gives its UI of the run, beside our words."""
    run, said = load_run(configuration, name).v2, REASONS[kind][configuration][name]
    tasks = [task for task in run["run_details"]["task_details"] if task.get("state") == "FAILED"]
    errors = [task["error"] for task in (run, *tasks) if task.get("error")]
    names = " ".join(sorted(task["display_name"] for task in tasks))
    theirs = (
        f"{run['state']}, {f'{len(errors)} errors' if errors else 'no `error`'}; FAILED: {names or 'none'}"
    )
    ours = " ".join(filter(None, (said["message"], said["why"], said["next"])))
    return " | ".join(("", f"{name}, {configuration}", theirs, ours.replace("|", "\\|"), "")).strip()


def test_the_page_of_reasons_has_each_recorded_failure() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reasons.md").read_text(encoding="utf-8").splitlines()
    rows = {row_of("failed", *pair) for pair in FAILED} | {row_of("waiting", *pair) for pair in WAITING}
    assert {line for line in page if line.startswith("| ") and ", " in line.split(" | ")[0]} == rows


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@pytest.mark.parametrize("name", series_names("plain"))
def test_nothing_is_said_to_wait_while_a_run_makes_progress(
    serve_cluster: Serve, configuration: str, name: str
) -> None:
    pod = serve_cluster(configuration)
    run_id = pod.cluster.start(name)
    created = pod.cluster.moments()[run_id].v2["created_at"]
    clock = ManualClock(datetime.fromisoformat(created.replace("Z", "+00:00")))
    service = service_of(pod, clock)
    for _ in range(int(load_series(configuration, name).seconds / 10) + 1):
        view = service.view_run(run_id)
        assert view.failure is None or view.run.phase is Phase.FAILED
        pod.cluster.advance(10)
        clock.advance(10)

"""Attempts whose supervisor was never forked."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.bounds import RunBounds
from jupyter_kfp_mt.embedded.engine.execution.active import ActiveRun
from jupyter_kfp_mt.embedded.engine.execution.attempts import STOPPED, Attempts
from jupyter_kfp_mt.embedded.engine.execution.copies import Copier
from jupyter_kfp_mt.embedded.engine.execution.folders import RunFolder
from jupyter_kfp_mt.embedded.engine.execution.jobs import Job
from jupyter_kfp_mt.embedded.engine.execution.launchers import Handle
from jupyter_kfp_mt.embedded.engine.execution.machine import Machine
from jupyter_kfp_mt.embedded.engine.execution.packages import Packages
from jupyter_kfp_mt.embedded.engine.execution.volumes import VolumeClaims
from jupyter_kfp_mt.embedded.engine.loop.commands import CommandQueue
from jupyter_kfp_mt.embedded.engine.loop.containment import Containment
from jupyter_kfp_mt.embedded.engine.loop.current_run import CurrentRun
from jupyter_kfp_mt.embedded.engine.loop.timers import Timers
from jupyter_kfp_mt.embedded.store import RunRow, Store
from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine import pipelines


class DyingLauncher:
    """A launcher whose fork server ends before it makes a supervisor."""

    def __init__(self, _paths: Sequence[str]) -> None:
        pass

    ready = True

    def prepare(self) -> None:
        pass

    def wake(self, *, restart: bool) -> None:
        pass

    def start(self, _job: Job) -> Handle:
        reader, writer = os.pipe()
        os.close(writer)
        return os.fdopen(reader, "rb")

    def close(self) -> None:
        pass


@pytest.fixture
def run(compiled: Callable[[Any], Package], tmp_path: Path) -> Iterator[ActiveRun]:
    store = Store(tmp_path / "store.sqlite")
    spec = msgspec.json.encode(compiled(pipelines.talks).wire())
    folder = RunFolder(tmp_path, "run")
    claims = VolumeClaims(tenant=tmp_path, run=folder.volumes, remove=lambda _: None)
    yield ActiveRun(
        row=RunRow(
            run_id="run", namespace="ana", experiment_id="e", display_name="run", created_at=1, spec=spec
        ),
        tasks=[],
        folder=folder,
        claims=claims,
        sources=store.tenants,
        machine=Machine(environment={}),
        log_limit=1,
        bounds=RunBounds(),
        copier=Copier(folder=folder, claims=claims, bounds=RunBounds(), is_own_run=lambda _: False),
    )
    store.close()


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[tuple[Attempts, selectors.BaseSelector]]:
    with contextlib.closing(CommandQueue()) as commands, selectors.DefaultSelector() as selector:
        attempts = Attempts(
            packages=Packages(tmp_path / "packages"),
            make_launcher=DyingLauncher,
            clock=time.time,
            selector=selector,
            commands=commands,
            timers=Timers(),
            containment=Containment(lambda _run, _why: None, CurrentRun(tmp_path / "current-run")),
            discard=lambda _: None,
        )
        yield attempts, selector
        attempts.close()


@pytest.mark.parametrize(("stopped", "launched_again"), [(False, True), (True, False)])
def test_an_attempt_that_never_started_is_launched_again_unless_the_run_ends(
    stopped: bool, launched_again: bool, run: ActiveRun, setting: tuple[Attempts, selectors.BaseSelector]
) -> None:
    attempts, selector = setting
    run.start(1)
    node = run.plan.ready.popleft()
    attempts.add(run, node)
    attempts.launch()
    if stopped:
        run.plan.cancel(STOPPED, 2)

    for key, _ in selector.select():
        attempts.handle_end(key.data)

    assert (len(attempts) == 1, node.state.final) == (launched_again, stopped)

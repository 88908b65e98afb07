"""Attempts whose supervisor never came to be."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_kfp_mt.embedded.engine.execution.active import ActiveRun
from jupyter_kfp_mt.embedded.engine.execution.attempts import STOPPED, Attempts
from jupyter_kfp_mt.embedded.engine.execution.folders import RunFolder
from jupyter_kfp_mt.embedded.engine.execution.packages import Packages
from jupyter_kfp_mt.embedded.engine.execution.volumes import Claims
from jupyter_kfp_mt.embedded.engine.loop.containment import Containment
from jupyter_kfp_mt.embedded.engine.loop.mailbox import Mailbox
from jupyter_kfp_mt.embedded.engine.loop.timers import Timers
from jupyter_kfp_mt.embedded.store import RunRow, Store
from jupyter_kfp_mt.pipeline_spec import Package

from . import pipelines


@pytest.fixture
def run(compiled: Callable[[Any], Package], tmp_path: Path) -> Iterator[ActiveRun]:
    store = Store(tmp_path / "store.sqlite")
    spec = msgspec.json.encode(compiled(pipelines.talks).wire())
    folder = RunFolder(tmp_path, "run")
    yield ActiveRun(
        row=RunRow(
            run_id="run", namespace="ana", experiment_id="e", display_name="run", created_at=1, spec=spec
        ),
        tasks=[],
        folder=folder,
        claims=Claims(tenant=tmp_path, run=folder.volumes, remove=lambda _: None),
        sources=store.tenants,
        environment={},
        log_limit=1,
    )
    store.close()


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[tuple[Attempts, selectors.BaseSelector]]:
    with contextlib.closing(Mailbox()) as commands, selectors.DefaultSelector() as selector:
        attempts = Attempts(
            packages=Packages(tmp_path / "packages"),
            executor="",
            clock=time.time,
            selector=selector,
            commands=commands,
            timers=Timers(),
            containment=Containment(lambda _run, _why: None),
        )
        yield attempts, selector


@pytest.mark.parametrize(("stopped", "begun_anew"), [(False, True), (True, False)])
def test_is_begun_anew_unless_the_run_ends(
    stopped: bool, begun_anew: bool, run: ActiveRun, setting: tuple[Attempts, selectors.BaseSelector]
) -> None:
    attempts, selector = setting
    run.start(1)
    node = run.plan.ready.popleft()
    attempts.take(run, node)
    (under,) = attempts._to_launch
    reader, writer = os.pipe()
    os.close(writer)  # the fork server ended before it made the supervisor
    under.handle = os.fdopen(reader, "rb")
    selector.register(reader, selectors.EVENT_READ)
    if stopped:
        run.plan.cancel(STOPPED, 2)

    attempts.ended(under)

    assert (len(attempts) == 1, node.state.final) == (begun_anew, stopped)

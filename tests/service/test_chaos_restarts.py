"""Presses of Run on the embedded server, while the network breaks and the server is killed and restarted.

`KFP_CHAOS_PRESSES` says how many (`make chaos`: 1,000). What ran is counted from what the tasks wrote.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.client import HttpTransport
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import Phase, RunQuery, Source, SourceKind, SubmitRequest
from jupyter_kfp_mt.service import Journal, KfpService, Policies, Settling
from tests.service.network import Network

PRESSES = int(os.environ.get("KFP_CHAOS_PRESSES", "30"))
PATIENCE = Settling(timeout=2.0, first=0.1, longest=0.5, bound=4.0, sending=3.0)
PIPELINE = """
pipelineInfo: {{name: trace}}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
components:
  comp-trace:
    executorLabel: exec-trace
    inputDefinitions: {{parameters: {{key: {{parameterType: STRING}}}}}}
deploymentSpec:
  executors:
    exec-trace:
      container: {{image: busybox, command: [sh, -c, 'echo "$0" >> "{effects}"'],
                   args: ['{{{{$.inputs.parameters[''key'']}}}}']}}
root:
  inputDefinitions: {{parameters: {{key: {{parameterType: STRING}}}}}}
  dag:
    tasks:
      trace:
        cachingOptions: {{}}
        componentRef: {{name: comp-trace}}
        inputs: {{parameters: {{key: {{componentInputParameter: key}}}}}}
        taskInfo: {{name: trace}}
"""


class Restarts:
    """Ends the server every few seconds, gently or with kill -9 in turn, and starts it again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.killed, self.stopped = folder, 0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def start(self) -> None:
        with warnings.catch_warnings():  # the server outlives its Popen on purpose
            warnings.simplefilter("ignore", ResourceWarning)
            embedded.ensure_running(self.folder, namespace="ana")

    def _go_on(self) -> None:
        while not self._over.wait(3.0 if self.killed else 1.0):  # the first early: a short run may end soon
            runtime = embedded.find(self.folder)
            if runtime is not None and self.killed <= self.stopped:
                os.kill(runtime.pid, signal.SIGKILL)
                self.killed += 1
            elif embedded.stop(self.folder):
                self.stopped += 1
            self.start()

    def __enter__(self) -> Restarts:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    Restarts(tmp_path / "kfp").start()
    with Network(tmp_path / "kfp") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    embedded.stop(tmp_path / "kfp")


def press(service: KfpService, source: Source, key: str) -> tuple[str, int]:
    """Press Run, and "Try again" where it is offered; return the run and how often it was pressed."""
    pressed = 0
    while True:
        pressed += 1
        try:
            run = service.start_run(
                SubmitRequest(source=source, parameters={"key": key}, display_name=key, submit_key=key),
                patient=False,
            )
        except KfpError:
            time.sleep(0.2)  # said to have come to nothing
            continue
        if run.phase is not Phase.UNCONFIRMED:
            return run.run_id, pressed
        while _unconfirmed(service, run.run_id):
            time.sleep(0.2)


def _unconfirmed(service: KfpService, run_id: str) -> bool:
    try:
        rows = service.page_runs().runs
    except KfpError:
        return True
    return any(row.run_id == run_id and row.phase is Phase.UNCONFIRMED for row in rows)


def finished(service: KfpService) -> int:
    """Wait for the runs to end; return how many there are."""
    while True:
        try:
            active = service.page_runs(RunQuery(state=["PENDING", "RUNNING", "CANCELING"])).runs
            if not active:
                return service.page_runs().total_size
        except KfpError:
            pass
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(300 + PRESSES)
def test_each_press_is_one_run_and_one_execution(
    network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    effects, folder = tmp_path / "effects", tmp_path / "kfp"
    source = Source(kind=SourceKind.TEXT, path="trace.yaml", text=PIPELINE.format(effects=effects))
    context = Context(
        network.url, "ana", credential=TokenFile(folder / "token-ana", network.url), timeout=5.0
    )
    journals = [Journal(tmp_path / "journal.sqlite") for _ in range(2)]  # two processes, one file
    services = [
        KfpService(context, HttpTransport(context), journal=each, policies=Policies(settling=PATIENCE))
        for each in journals
    ]
    keys = [f"press-{number}" for number in range(PRESSES)]
    started = time.monotonic()

    with Restarts(folder) as restarts, ThreadPoolExecutor(24) as pool:
        both = [(service, source, key) for key in keys for service in services]
        pressed = list(pool.map(lambda call: press(*call), both))
    total = finished(services[0])

    ran = Counter(effects.read_text().split())
    open_ones = [intent for each in journals for intent in each.list_unsettled(network.url, "ana")]
    figures = {
        "presses": PRESSES,
        "runs": total,
        "executions": sum(ran.values()),
        "not confirmed": len(open_ones),
        "pressed again": sum(times - 1 for _, times in pressed),
        "kill -9": restarts.killed,
        "stops": restarts.stopped,
        "seconds": round(time.monotonic() - started),
        **network.faults,
    }
    with capsys.disabled():
        sys.stdout.write(f"\nchaos: {', '.join(f'{name} {count}' for name, count in figures.items())}\n")
    assert ran == Counter(keys)
    assert (total, len({run_id for run_id, _ in pressed}), open_ones) == (PRESSES, PRESSES, [])
    assert restarts.killed >= 1
    assert len(network.faults) == 8
    for each in [*services, *journals]:
        each.close()

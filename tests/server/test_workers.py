from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from jupyter_kfp_mt.server.workers import Workers


def test_results_and_errors_come_back() -> None:
    workers = Workers(2, "test")
    assert workers.submit(divmod, 7, 2).result(10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        workers.submit(divmod, 7, 0).result(10)
    workers.close()


def test_no_more_threads_than_said() -> None:
    workers, gate, names = Workers(2, "test"), threading.Event(), set()

    def work() -> None:
        names.add(threading.current_thread().name)
        gate.wait(10)

    futures = [workers.submit(work) for _ in range(10)]
    gate.set()
    for future in futures:
        future.result(10)
    workers.close()
    assert names <= {"test-1", "test-2"}


def test_work_that_was_cancelled_is_not_done() -> None:
    workers, gate, done = Workers(1, "test"), threading.Event(), []
    first = workers.submit(gate.wait, 10)
    assert workers.submit(done.append, 1).cancel()
    last = workers.submit(done.append, 2)
    gate.set()
    assert first.result(10)
    last.result(10)
    assert done == [2]
    workers.close()


def test_closing_drops_work_that_has_not_started() -> None:
    workers, gate = Workers(1, "test"), threading.Event()
    started = threading.Event()
    workers.submit(lambda: (started.set(), gate.wait(10)))
    started.wait(10)
    waiting = workers.submit(divmod, 1, 1)
    workers.close()
    gate.set()
    for future in (waiting, workers.submit(divmod, 1, 1)):
        with pytest.raises(CancelledError):
            future.result(10)


def test_a_process_ends_while_work_hangs() -> None:
    code = "import time; from jupyter_kfp_mt.server.workers import Workers;"
    code += "Workers(1, 'x').submit(time.sleep, 600)"
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True, cwd=Path(__file__).parents[2])

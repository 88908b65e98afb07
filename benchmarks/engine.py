"""Running tasks: the embedded engine and the SDK's local runner on the same compiled pipelines."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .table import Row, milliseconds

CHAIN = 50

SOURCE = """
from kfp import dsl

@dsl.component(base_image="python:3.12", install_kfp_package=False)
def step(number: int) -> int:
    return number + 1

@dsl.component(base_image="python:3.12", install_kfp_package=False)
def pause(seconds: float):
    import time
    time.sleep(seconds)

@dsl.pipeline
def chain(start: int = 0):
    number = start
    for _ in range({length}):
        task = step(number=number).set_caching_options(False)
        number = task.output

@dsl.pipeline
def pair(seconds: float = 2.0):
    pause(seconds=seconds).set_caching_options(False)
    pause(seconds=seconds).set_caching_options(False)
"""

LOCAL = """
import sys, time, logging
sys.path.insert(0, {folder!r})
logging.disable(logging.CRITICAL)
from kfp import local
import pipelines
runner = local.SubprocessRunner(use_venv=False)
local.init(runner=runner, raise_on_error=True, pipeline_root={folder!r} + "/out")
started = time.perf_counter()
pipelines.{name}()
sys.stderr.write(f"SECONDS {{time.perf_counter() - started}}\\n")
"""


def rows() -> list[Row]:
    """Compare a chain of trivial tasks, and two independent tasks that sleep."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pipelines.py").write_text(SOURCE.format(length=CHAIN), encoding="utf-8")
        for pipeline in ("chain", "pair"):
            _compile(folder, pipeline)
        with _service(folder) as service:
            _seconds(service, folder / "chain.yaml")  # warm
            chain = _seconds(service, folder / "chain.yaml") / CHAIN
            pair = _seconds(service, folder / "pair.yaml")
        local_chain = _local(folder, "chain") / CHAIN
        local_pair = _local(folder, "pair")
    return [
        Row(
            f"trivial task, end to end (chain of {CHAIN})",
            milliseconds(chain),
            f"kfp.local {milliseconds(local_chain)}",
            f"{local_chain / chain:.1f} ×",
            "≤ 20 ms",
        ),
        Row(
            "two independent tasks of 2 s",
            f"{pair:.2f} s",
            f"kfp.local {local_pair:.2f} s",
            f"{local_pair / pair:.1f} ×",
            "≤ 2.2 s",
        ),
    ]


def _compile(folder: Path, name: str) -> None:
    code = (
        "import sys; from kfp import compiler; sys.path.insert(0, '.'); import pipelines;"
        f"compiler.Compiler().compile(pipelines.{name}, '{name}.yaml')"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=folder, check=True)


def _seconds(service, package: Path) -> float:  # type: ignore[no-untyped-def]
    """Return the seconds from creation to end as the server states them, from submit to seen finished."""
    started = time.perf_counter()
    run = service.submit(package)
    service.wait(run.run_id, timeout=120)
    return time.perf_counter() - started


def _local(folder: Path, name: str) -> float:
    code = LOCAL.format(folder=str(folder), name=name)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stderr.split("SECONDS ")[1].split()[0])


@contextlib.contextmanager
def _service(folder: Path) -> Iterator[object]:
    os.environ["JUPYTER_KFP_MT_DATA_DIR"] = str(folder / "kfp")
    from jupyter_kfp_mt import connect
    from jupyter_kfp_mt.embedded import stop

    try:
        yield connect(start_embedded=True)
    finally:
        stop(folder / "kfp")

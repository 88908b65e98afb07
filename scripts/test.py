"""Run every check and test in three lanes, side by side, and end with one summary.

`--fast` leaves out what needs a browser or a kernel, and the tests that are marked slow.
"""

from __future__ import annotations

import argparse
import compileall
import subprocess
import sys
import threading
import time
from typing import NamedTuple

PYTHON = sys.executable
# files are independent of each other, the tests of a file often share a server
PYTEST = [PYTHON, "-m", "pytest", "-q"]
PARALLEL = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]


class Step(NamedTuple):
    """One command of the suite."""

    name: str
    command: list[str]
    folder: str = "."
    fast: bool = True  # part of `--fast`
    slow: bool = True  # part of the whole


class Result(NamedTuple):
    """How a step went."""

    step: Step
    seconds: float
    passed: bool


LANES: tuple[tuple[Step, ...], ...] = (
    (
        Step("pytest", [*PYTEST, *PARALLEL], fast=False),
        Step("pytest", [*PYTEST, *PARALLEL, "-m", "not slow"], slow=False),
    ),
    (
        Step("ruff", ["ruff", "check", "."]),
        Step("ruff format", ["ruff", "format", "--check", "."]),
        Step("mypy", ["mypy"]),
        Step("import arrows", ["lint-imports"]),
        Step("generated types", ["npm", "run", "--silent", "api:check"], "labextension"),
        Step("tsc", ["npm", "run", "--silent", "typecheck"], "labextension"),
        Step("eslint", ["npm", "run", "--silent", "lint"], "labextension"),
        Step("vitest", ["npm", "run", "--silent", "test"], "labextension"),
    ),
    (  # a browser often waits, and leaves the processor to the others
        Step("browser", [*PYTEST, "ui-tests", "--ignore=ui-tests/test_notebooks.py"], fast=False),
        Step("notebooks", [*PYTEST, "ui-tests/test_notebooks.py"], fast=False),
    ),
)


def main() -> int:
    """Run the lanes; return 1 if any step failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="without browser and notebooks")
    fast = parser.parse_args().fast
    # once for the many processes that tests start; the Makefile keeps them from writing bytecode themselves
    compileall.compile_dir("jupyter_kfp_mt", quiet=1)
    results: list[Result] = []
    printing = threading.Lock()
    threads = [threading.Thread(target=run_lane, args=(lane, fast, results, printing)) for lane in LANES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return summary(results)


def run_lane(lane: tuple[Step, ...], fast: bool, results: list[Result], printing: threading.Lock) -> None:
    """Run the steps of one lane in order; a failed one does not stop the rest."""
    for step in lane:
        if not (step.fast if fast else step.slow):
            continue
        started = time.monotonic()
        done = subprocess.run(
            step.command,
            cwd=step.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        result = Result(step, time.monotonic() - started, done.returncode == 0)
        with printing:
            results.append(result)
            sys.stdout.write(f"\n=== {step.name} ({result.seconds:.0f} s)\n{done.stdout}")
            sys.stdout.flush()


def summary(results: list[Result]) -> int:
    """Print one line a step and the counts; return the exit code."""
    sys.stdout.write("\n=== Summary\n")
    for step, seconds, passed in results:
        sys.stdout.write(f"{'passed' if passed else 'FAILED'}  {seconds:6.1f} s  {step.name}\n")
    failed = sum(not result.passed for result in results)
    sys.stdout.write(f"\nsteps: {len(results) - failed} passed, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

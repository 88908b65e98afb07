"""Run every check and test in three lanes, side by side, and end with one summary.

`--fast` leaves out what needs a browser or a kernel, and the tests that are marked slow.

The lanes load the machine, so a few tests that failed run again alone at the end. A test that passes then is
listed as flaky: it does not fail the suite, and it is to be repaired.
"""

from __future__ import annotations

import argparse
import compileall
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

PYTHON = sys.executable
# files are independent of each other, the tests of a file often share a server
PYTEST = [PYTHON, "-m", "pytest", "-q"]
PARALLEL = ["--numprocesses=3", "--dist=loadfile"]  # more than processors: tests often wait
# the part of ui-tests/ that runs in the lane that would end first
SHORT_LANE = {"notebooks": "ui-tests/test_notebooks.py", "browser, sources": "ui-tests/test_sources.py"}
MOST_AGAIN = 5  # more failures than these are no accident


class Step(NamedTuple):
    """One command of the suite."""

    name: str
    command: list[str]
    folder: str = "."
    fast: bool = True  # part of `--fast`
    slow: bool = True  # part of the whole
    cache: Path | None = None  # where pytest notes what failed; lanes must not share it


class Result(NamedTuple):
    """How a step went."""

    step: Step
    seconds: float
    passed: bool
    flaky: tuple[str, ...] = ()  # tests that failed, and passed alone


def pytest(name: str, *arguments: str, fast: bool = False, slow: bool = True) -> Step:
    """Return a step of pytest, with a cache of its own."""
    cache = Path(".pytest_cache", name).resolve()
    return Step(name, [*PYTEST, "-o", f"cache_dir={cache}", *arguments], fast=fast, slow=slow, cache=cache)


LANES: tuple[tuple[Step, ...], ...] = (
    (
        pytest("pytest", *PARALLEL),
        pytest("pytest", *PARALLEL, "-m", "not slow", fast=True, slow=False),
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
        *(pytest(name, file) for name, file in SHORT_LANE.items()),
    ),
    # a browser often waits, and leaves the processor to the others
    (pytest("browser", "ui-tests", *(f"--ignore={file}" for file in SHORT_LANE.values())),),
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
    return summary([result if result.passed else run_failed_again(result) for result in results])


def run_lane(lane: tuple[Step, ...], fast: bool, results: list[Result], printing: threading.Lock) -> None:
    """Run the steps of one lane in order; a failed one does not stop the rest."""
    for step in lane:
        if not (step.fast if fast else step.slow):
            continue
        started = time.monotonic()
        if step.cache:
            shutil.rmtree(step.cache, ignore_errors=True)
        done = run(step.command, step.folder)
        result = Result(step, time.monotonic() - started, done.returncode == 0)
        with printing:
            results.append(result)
            report(step.name, result.seconds, done.stdout)


def run_failed_again(result: Result) -> Result:
    """Run the tests of a step that failed again, alone, if they are few."""
    step, started = result.step, time.monotonic()
    failed = read_failed(step)
    if not 0 < len(failed) <= MOST_AGAIN:
        return result
    done = run([*(part for part in step.command if part not in PARALLEL), "--last-failed"], step.folder)
    seconds = time.monotonic() - started
    report(f"{step.name}, what failed again", seconds, done.stdout)
    if done.returncode:
        return result
    return Result(step, result.seconds + seconds, passed=True, flaky=failed)


def read_failed(step: Step) -> tuple[str, ...]:
    """Return the tests that failed, as pytest noted them; none if the step is not of pytest."""
    noted = step.cache / "v/cache/lastfailed" if step.cache else None
    return tuple(json.loads(noted.read_text())) if noted and noted.exists() else ()


def run(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    """Run `command` in `folder` to its end, errors in the output."""
    return subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def report(name: str, seconds: float, output: str) -> None:
    """Print what a command printed, under its name."""
    sys.stdout.write(f"\n=== {name} ({seconds:.0f} s)\n{output}")
    sys.stdout.flush()


def summary(results: list[Result]) -> int:
    """Print one line a step and the counts; return the exit code."""
    sys.stdout.write("\n=== Summary\n")
    for step, seconds, passed, flaky in results:
        sys.stdout.write(f"{'passed' if passed else 'FAILED'}  {seconds:6.1f} s  {step.name}\n")
        sys.stdout.writelines(f"flaky              {test}\n" for test in flaky)
    failed = sum(not result.passed for result in results)
    sys.stdout.write(f"\nsteps: {len(results) - failed} passed, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

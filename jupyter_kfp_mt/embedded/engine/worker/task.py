"""The process of a task: sets up its session, log, environment and folder, then runs the user's code.

Standard library only; KFP's executor is imported when it is needed. The job comes on the standard input,
which is empty afterwards; without a job the process ends.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from typing import Any, NoReturn, TextIO

from mounts import MountError, mount_folders  # type: ignore[import-not-found] # run by path
from supervisor import PR_SET_PDEATHSIG, prctl  # type: ignore[import-not-found] # run by path


def become_task(output: int) -> NoReturn:
    """Turn this process, a child of a supervisor, into a task that writes to `output`; does not return."""
    code = 1
    try:
        _detach(output)
        job = _read_job()
        _set_up(job)
        code = _run(job)
    except SystemExit as error:
        code = _get_exit_code(error)
    except BaseException:
        _show_error()
    finally:
        _leave(code)


def _detach(output: int) -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    signal.set_wakeup_fd(-1)
    for name in (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(name, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as in a fresh Python
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, 256)
    sys.stdout, sys.stderr = _open_text(1), _open_text(2)  # not `reconfigure`: they may have been files


def _read_job() -> dict[str, Any]:
    with open(0, "rb", closefd=False) as file:
        data = file.read()
    if not data:
        os._exit(0)  # the supervisor has ended
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - open as long as the process
    job: dict[str, Any] = json.loads(data)
    return job


def _set_up(job: dict[str, Any]) -> None:
    if job["files"] or job["volumes"]:
        _mount(job)
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["work"])


def _mount(job: dict[str, Any]) -> None:
    own = os.path.join(job["folder"], "mounts")
    os.mkdir(own, 0o700)
    try:
        mount_folders(job["files"], own, job["volumes"])
    except MountError as error:
        raise SystemExit(f"Files cannot be mounted for this task alone: {error}.") from None
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # the change of credentials has cleared it


def _open_text(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, closefd=False, encoding="utf-8", errors="backslashreplace")


def _run(job: dict[str, Any]) -> int:
    if job["command"]:
        return _run_program(job["command"], job["program"])
    sys.dont_write_bytecode = True
    for ours in ("supervisor", "task", "forkserver", "mounts"):
        sys.modules.pop(ours, None)  # the user's modules may have these names
    sys.path[:0] = job["paths"]
    module = os.path.join(job["work"], "ephemeral_component.py")
    with open(module, "w", encoding="utf-8") as file:
        file.write(job["source"])
    sys.argv = [
        "executor_main",
        *("--component_module_path", module),
        *("--function_to_execute", job["function"]),
        *("--executor_input", json.dumps(job["executor_input"])),
    ]
    from kfp.dsl.executor_main import executor_main

    quiet_executor()
    executor_main()
    return 0


def _run_program(command: list[str], program: str) -> int:
    """Become a program; return its exit code only if there is no such program, which KFP's launcher words."""
    try:
        os.execvp(program or command[0], command)  # noqa: S606 - the task is any program
    except PermissionError:
        fault, code = "permission denied", 126
    except OSError as error:
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        fault, code = "executable file not found in $PATH" if missing else str(error.strerror), 127
    sys.stderr.write(f'failed to execute component: exec: "{command[0]}": {fault}\n')
    return code


def quiet_executor() -> None:
    """Set up logging like the executor, without its own lines: they repeat every input in every log."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[KFP Executor %(asctime)s %(levelname)s]: %(message)s"))
    handler.addFilter(lambda record: record.module != "executor_main")
    logging.basicConfig(handlers=[handler], level=logging.INFO)


def _get_exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    sys.stderr.write(f"{error.code}\n")
    return 1


def _show_error() -> None:
    import traceback

    kind, error, trace = sys.exc_info()
    # Skip our own frames, so that the traceback looks like that of `python component.py`.
    while trace is not None and trace.tb_next is not None and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    traceback.print_exception(kind, error, trace)


def _is_ours(filename: str) -> bool:
    return os.path.dirname(os.path.abspath(filename)) == os.path.dirname(os.path.abspath(__file__))


def _leave(code: int) -> NoReturn:
    """End like an interpreter: join threads, run `atexit` functions; never return into the parent's code."""
    import atexit
    import threading

    try:
        threading._shutdown()  # type: ignore[attr-defined] # there is no public name for it
        logging.shutdown()
        atexit._run_exitfuncs()
    except BaseException:
        _show_error()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    become_task(1)

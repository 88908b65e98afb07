"""The process of a task: sets up its session, log, environment and folder, then runs the user's code.

Standard library only; KFP's executor is imported when it is needed. The job comes on the standard input,
which is empty afterwards; without a job the process ends.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import signal
import sys
import tempfile
from typing import Any, NoReturn, TextIO

import installs  # type: ignore[import-not-found] # run by path, as the next two
import mounts  # type: ignore[import-not-found]
from supervisor import PR_SET_PDEATHSIG, prctl  # type: ignore[import-not-found]

HERE = os.path.dirname(os.path.abspath(__file__))
NICE = 3  # many tasks that compute must not keep the server from answering
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a mount point

_NO_MOUNT = "Files cannot be mounted for this task alone"


def become_task(output: int) -> NoReturn:
    """Turn this process, a child of a supervisor, into a task that writes to `output`; does not return."""
    code = 1
    try:
        _detach(output)
        fault = _enter_namespace()  # before the job comes, so that it does not wait for it
        job = _read_job()
        _set_up(job, fault)
        code = _run(job)
    except SystemExit as error:
        code = _get_exit_code(error)
    except BaseException:
        _show_error()
    finally:
        _leave(code)


def _detach(output: int) -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(NICE)
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


def _enter_namespace() -> mounts.MountError | None:
    """Enter a mount namespace where this machine lets us; returns why it failed."""
    try:
        if mounts.works():
            mounts.enter_namespace()
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # the change of credentials has cleared it
    except mounts.MountError as error:
        return error
    return None


def _set_up(job: dict[str, Any], fault: mounts.MountError | None) -> None:
    environment: dict[str, str] = job["environment"]
    own: str = job["own"]
    if (job["files"] or job["volumes"]) and not mounts.works():
        fault = mounts.MountError("this machine allows no mount namespace")
    if fault is not None:
        raise SystemExit(f"{_NO_MOUNT}: {fault}.")
    try:
        os.mkdir(own, 0o700)
        os.makedirs(installs.find_packages(own))  # now: Python looks once whether it is there
        for folder in job["hidden"].values():
            os.mkdir(folder)
            os.chmod(folder, 0o1777)  # noqa: S103 - as /tmp; nobody else can enter the folder around it
        if mounts.works():
            _mount(job)
        else:
            environment.setdefault("TMPDIR", _shorten(job))
    except OSError as error:
        raise SystemExit(f"Its own folders could not be made: {error.strerror}.") from None
    except mounts.MountError as error:
        raise SystemExit(f"{_NO_MOUNT}: {error}.") from None
    job["paths"].insert(0, installs.add_variables(environment, own, job["interpreter"]))
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # the fork server may have looked it up in its own environment
    os.chdir(job["work"])


def _mount(job: dict[str, Any]) -> None:
    """Give this process its own /tmp, the server's packages to read only, and the job's files and volumes."""
    volumes = dict(job["volumes"])
    if job["workspace"]:
        volumes.update([job["workspace"]])
    hidden = {**job["hidden"], SHARED_MEMORY: ""}
    hidden.update({place: volumes.pop(place) for place in hidden if place in volumes})
    mounts.hide_places(hidden, [*job["shown"], *list_needed(), *map(os.path.realpath, job["given"])])
    mounts.protect_folders([*installs.list_shared(), *job["protected"]], job["writable"])
    if volumes or job["files"]:
        workshop = os.path.join(job["folder"], "mounts")
        os.mkdir(workshop, 0o700)
        mounts.mount_folders(job["files"], workshop, volumes, hidden)


@functools.cache
def list_needed() -> list[str]:
    """Return what this Python needs."""
    return [*installs.list_shared(), *map(os.path.realpath, [*sys.path, HERE])]


def _shorten(job: dict[str, Any]) -> str:
    """Return a path to the temporary folder that leaves room for the name of a socket (108 bytes)."""
    long, short = str(next(iter(job["hidden"].values()))), str(job["temporary"])
    try:
        os.symlink(long, short)
    except FileExistsError:
        return long
    return short


def _open_text(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, closefd=False, encoding="utf-8", errors="backslashreplace")


def _run(job: dict[str, Any]) -> int:
    if job["command"]:
        return _run_program(job["command"], job["program"])
    sys.dont_write_bytecode = True
    for ours in ("supervisor", "task", "forkserver", "mounts", "installs"):
        sys.modules.pop(ours, None)  # the user's modules may have these names
    sys.path[:0] = job["paths"]
    sys.meta_path.insert(0, installs.PipFinder())
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

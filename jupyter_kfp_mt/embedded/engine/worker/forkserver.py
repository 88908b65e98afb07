"""The fork server: a small process with KFP's executor loaded, which forks a supervisor for each task.

`python forkserver.py PATH…` uses only the standard library and kfp, and no threads: a fork copies only the
thread that forks. Its standard input is a socket through which connections come. Each connection brings one
job (JSON, terminated by closing the sending side) and is closed when the attempt has ended. The fork server
ends with its standard input, and so with the server. Supervisors and tasks go on.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
STANDBY = 30.0  # seconds that a supervisor stands by for the next job


def main(paths: list[str]) -> None:
    """Serve until the standard input ends."""
    import mounts  # type: ignore[import-not-found] # loaded once, for all
    import supervisor  # type: ignore[import-not-found]
    import task  # type: ignore[import-not-found]

    sys.path[:] = [*paths, *(entry for entry in sys.path if os.path.abspath(entry or ".") != HERE)]
    warm_up()
    mounts.works()  # tried once, for all tasks
    task.list_needed()
    supervisor.prctl(supervisor.PR_SET_CHILD_SUBREAPER)
    gc.collect()
    gc.freeze()
    with contextlib.suppress(BrokenPipeError):  # the server has already ended
        os.write(1, b"ready\n")
        accept(socket.socket(fileno=0))


def accept(channel: socket.socket) -> None:
    """Hand each connection to a supervisor until the standard input ends.

    After each job, the supervisor and the task process of the next one are forked ahead, so that a job waits
    for no fork. They end when no job comes for a while, so that an idle server is small.
    """
    standby: socket.socket | None = None
    supervisors: set[int] = set()
    ended = watch_children()
    while True:
        ready, _, _ = select.select([channel.fileno(), ended], [], [], STANDBY if standby else None)
        if ended in ready:
            os.read(ended, 4096)
            reap_children(supervisors)
        if channel.fileno() in ready:
            _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
            if not descriptors:
                return
            with socket.socket(fileno=descriptors[0]) as connection:
                pass_on(connection, standby, supervisors)
            standby = None
            with contextlib.suppress(OSError):  # no process can be forked now; the next job tries again
                standby = fork_standby(supervisors)
        elif standby is not None and not ready:
            standby.close()
            standby = None


def watch_children() -> int:
    """Return a descriptor that becomes readable when a child ends."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def reap_children(supervisors: set[int]) -> None:
    """Reap exited children and kill the orphans of killed supervisors.

    The fork server is a subreaper: when a supervisor dies before its task, the task and what it started
    become children of the fork server. A supervisor that ends normally leaves none behind.
    """
    from supervisor import find_descendants

    orphans = False
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            pid, status = ended
            orphans = orphans or status != 0 or pid not in supervisors
            supervisors.discard(pid)
    for pid in find_descendants(os.getpid(), supervisors) if orphans else ():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def pass_on(connection: socket.socket, standby: socket.socket | None, supervisors: set[int]) -> None:
    """Pass `connection` to the supervisor that stands by, or to a new one if it has ended."""
    for channel in (standby, None):
        gone = contextlib.suppress(BrokenPipeError, ConnectionResetError)
        with gone, channel or fork_standby(supervisors) as taker:
            socket.send_fds(taker, [b"!"], [connection.fileno()])
            return


def fork_standby(supervisors: set[int]) -> socket.socket:
    """Fork a supervisor that waits for a connection; returns the socket to pass it through."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        serve(theirs)
    supervisors.add(pid)
    theirs.close()
    return ours


def warm_up() -> None:
    """Run an empty component once: KFP's executor imports lazily, and no task should wait for that."""
    from kfp.dsl.executor_main import executor_main
    from task import quiet_executor

    with tempfile.TemporaryDirectory(prefix="kfp-") as folder:
        module = os.path.join(folder, "warm_up.py")
        with open(module, "w", encoding="utf-8") as file:
            file.write("from kfp.dsl import *\nfrom typing import *\ndef f(x: int) -> int:\n    return x\n")
        output = {"outputFile": os.path.join(folder, "executor_output.json")}
        executor_input = {"inputs": {"parameterValues": {"x": 1}}, "outputs": output}
        sys.argv[1:] = ["--component_module_path", module, "--function_to_execute", "f"]
        sys.argv += ["--executor_input", json.dumps(executor_input)]
        quiet_executor()
        executor_main()
    for handler in logging.getLogger().handlers[:]:
        logging.getLogger().removeHandler(handler)
    sys.modules.pop("warm_up", None)


def serve(channel: socket.socket) -> NoReturn:
    """Become the supervisor of the job whose connection comes through `channel`, if one comes."""
    import supervisor

    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        start = prepare_task()
        _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        if descriptors:
            connection = socket.socket(fileno=descriptors[0])
            data = receive(connection)
            supervisor.supervise(json.loads(data), lambda: start(data), connection.sendall)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def receive(source: socket.socket) -> bytes:
    """Read until the end."""
    parts = []
    while part := source.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)


def prepare_task() -> Callable[[bytes], tuple[int, int]]:
    """Fork the process of a task, which waits for its job; returns the function that starts it."""
    output, written = os.pipe()
    job_end, send_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        from task import become_task

        os.dup2(job_end, 0)
        become_task(written)
    os.close(written)
    os.close(job_end)

    def start(job: bytes) -> tuple[int, int]:
        with open(send_end, "wb") as file:
            file.write(job)
        return pid, output

    return start


if __name__ == "__main__":
    main(sys.argv[1:])

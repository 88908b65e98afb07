"""The fork server: a small process with KFP's executor loaded, which forks a supervisor for each task.

`python forkserver.py SOCKET PATH…` – standard library and kfp only, no threads. Each connection brings one
job (JSON, ended by closing the sending side) and is closed when the attempt has ended. The fork server ends
when its standard input does: with the server. Supervisors and tasks go on.
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
from typing import Any, NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))


def main(path: str, paths: list[str]) -> None:
    """Serve until the standard input ends."""
    import supervisor  # type: ignore[import-not-found] # noqa: F401 - loaded once, for all
    import task  # type: ignore[import-not-found] # noqa: F401

    sys.path[:] = [*paths, *(entry for entry in sys.path if os.path.abspath(entry or ".") != HERE)]
    warm_up()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(128)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors are not waited for
    gc.collect()
    gc.freeze()
    try:
        os.write(1, b"ready\n")
        accept(listener)
    except BrokenPipeError:
        pass  # the server has gone already
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
            os.rmdir(os.path.dirname(path))


def accept(listener: socket.socket) -> None:
    """Fork a supervisor for each connection until the standard input ends."""
    while True:
        ready, _, _ = select.select([listener.fileno(), 0], [], [])
        if 0 in ready and not os.read(0, 4096):
            return
        if listener.fileno() in ready:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                serve(connection)
            connection.close()


def warm_up() -> None:
    """Load KFP's executor and run an empty component once, so that no task pays for what is lazy in it."""
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


def serve(connection: socket.socket) -> NoReturn:
    """Be the supervisor of the job that `connection` brings."""
    import supervisor

    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        job = receive(connection)
        supervisor.supervise(job, fork_task)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def receive(connection: socket.socket) -> dict[str, Any]:
    """Read one job."""
    parts = []
    while part := connection.recv(1 << 20):
        parts.append(part)
    job: dict[str, Any] = json.loads(b"".join(parts))
    return job


def fork_task(job: dict[str, Any], output: int) -> int:
    """Make the task's process by fork."""
    pid = os.fork()
    if pid == 0:
        from task import become

        become(job, output)
    return pid


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

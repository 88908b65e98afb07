"""`jupyter kfp serve`: the embedded server in front or in the background, and what to do with it."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .. import embedded
from ..commands import Text
from ..commands.grammar import argument, command, usage_error
from ..errors import kfp_error
from ..models import RuntimeFile
from .desk import Desk
from .front import PROGRAM

_TOLD = (
    "url",
    "pid",
    "namespace",
    "token_path",
    "version",
    "multi_user",
)  # the owner key is nobody's business
_START_S = 20.0
_LOOK_S = 0.05


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        problem = f"“{text}” is not a port"
        raise kfp_error("bad-input", field="--port", problem=problem, next="write --port 8901")
    return int(text)


@command(
    "serve",
    argument("--background", action="store_true", help="start it and come back"),
    argument("--stop", action="store_true", help="stop the one that runs"),
    argument("--status", action="store_true", help="tell whether one runs"),
    argument("--port", metavar="N", type=_port, default=0, help="its port; else the last one, or a free one"),
    argument("--single-user", action="store_true", help="without namespaces, to try tools that know none"),
)
def serve(
    desk: Desk, *, background: bool, stop: bool, status: bool, port: int, single_user: bool
) -> Text | dict[str, object] | None:
    """Start the embedded server: Kubeflow Pipelines on this machine, for you only.

    A second start finds the first. --data DIR names another server with a store of its own.
    """
    if background + stop + status > 1:
        raise usage_error("Take one of --background, --stop and --status.", next_step="%kfp help serve")
    if status:
        return tell(desk, running(desk), stop=f"{PROGRAM} serve --stop{desk.data_option}")
    if stop:
        found = running(desk)
        embedded.stop(desk.data_dir)
        return {"stopped": found.url} if desk.terminal.json else Text("Stopped. History stays.")
    known = embedded.find(desk.data_dir)
    if known is not None:
        desk.front.say("It is running already.")
        return tell(desk, known, stop=f"{PROGRAM} serve --stop{desk.data_option}")
    if background:
        started = embedded.ensure_running(
            desk.data_dir, port=port, single_user=single_user, on_step=desk.front.say
        )
        return tell(desk, started, stop=f"{PROGRAM} serve --stop{desk.data_option}")
    _serve_in_front(desk, port, single_user)
    return None


def running(desk: Desk) -> RuntimeFile:
    """The server that is meant; raises `no-kubeflow` when none runs."""
    found = embedded.find(desk.data_dir)
    if found is None:
        raise kfp_error("no-kubeflow/stopped", folder=desk.data_dir, options=desk.data_option)
    return found


def tell(desk: Desk, found: RuntimeFile, *, stop: str) -> Text | dict[str, object]:
    """How to use the server."""
    if desk.terminal.json:
        return {name: getattr(found, name) for name in _TOLD}
    lab = "finds it by itself"
    if desk.data_option:
        lab = f"with JUPYTER_KFP_MT_DATA_DIR={shlex.quote(str(desk.data_dir))}"
    where = f", namespace {found.namespace}," if found.multi_user else ", one user, no namespaces,"
    client = f'kfp.Client(host="{found.url}"'
    if found.multi_user:
        client += (
            f', namespace="{found.namespace}",\n'
            f'                 credentials=ServiceAccountTokenVolumeCredentials("{found.token_path}"))'
        )
    else:
        client += ")"
    return Text(
        f"Embedded Kubeflow Pipelines{where} on this machine only.\n"
        f"  JupyterLab   {lab}\n"
        f"  Python       {client}\n"
        f"  Stop         {stop}"
    )


def _serve_in_front(desk: Desk, port: int, single_user: bool) -> None:
    """Run the server as a child that writes its log here, until Ctrl-C or the end of either."""
    words = ["--data", str(desk.data_dir), "--port", str(port), *(["--single-user"] if single_user else [])]
    with _ended_by_signals():
        # a session of its own: Ctrl-C reaches us, and we end it in order
        child = subprocess.Popen(
            [sys.executable, "-m", "jupyter_kfp_mt.embedded", *words], start_new_session=True
        )
        try:
            desk.terminal.show(tell(desk, _started(desk, child), stop="Ctrl-C"))
            code = child.wait()
            desk.front.say("The server has stopped.")
        except KeyboardInterrupt:
            child.terminate()
            code = child.wait()
            desk.front.say("Stopped. History stays.")
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
    if code:
        raise kfp_error("embedded-failed", line=f"It ended with exit code {code}.")


def _started(desk: Desk, child: subprocess.Popen[bytes]) -> RuntimeFile:
    deadline = time.monotonic() + _START_S
    while child.poll() is None and time.monotonic() < deadline:
        found = embedded.find(desk.data_dir)
        if found is not None and found.pid == child.pid:
            return found
        time.sleep(_LOOK_S)
    raise kfp_error("embedded-failed", line="Its log is above.")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end us as Ctrl-C does, so that the server never stays behind."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

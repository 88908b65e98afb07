"""`jupyter kfp serve`: the embedded server in the foreground or background; its status and its end."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from .. import embedded
from ..bounds import HELP, make_option
from ..commands import serving
from ..commands.grammar import argument, command, usage_error
from ..errors import kfp_error
from ..models import RuntimeFile
from .session import TerminalSession
from .terminal import PROGRAM

_FIELDS = (
    "url",
    "pid",
    "namespace",
    "token_path",
    "version",
    "multi_user",
    "access",
)  # without the owner key, which is secret
_START_S = 20.0  # seconds until the server must be up
_POLL_S = 0.05


def _parse_port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        problem = f"“{text}” is not a port"
        raise kfp_error("bad-input", field="--port", problem=problem, next="write --port 8901")
    return int(text)


def _parse_bound(text: str) -> int:
    if not text.isdecimal() or len(text) > 12 or int(text) < 1:
        problem = f"“{text}” is not a bound"
        raise kfp_error("bad-input", field="A bound", problem=problem, next="write a whole number from 1")
    return int(text)


def _parse_origins(text: str) -> str:
    for origin in filter(None, map(str.strip, text.split(","))):
        if not re.fullmatch(r"https?://[^/]+/?", origin):
            problem = f"“{origin}” is not an origin"
            following = "write --allowed-origins http://127.0.0.1:3000"
            raise kfp_error("bad-input", field="--allowed-origins", problem=problem, next=following)
    return text


@command(
    "serve",
    argument("--background", action="store_true", help="start the server and return"),
    argument("--stop", action="store_true", help="stop the running server"),
    argument("--status", action="store_true", help="say whether a server runs"),
    argument(
        "--port",
        metavar="N",
        type=_parse_port,
        default=0,
        help="its port (default: the last one, or a free one)",
    ),
    argument(
        "--single-user", action="store_true", help="without namespaces, to try tools that do not know them"
    ),
    *(argument(make_option(name), metavar="N", type=_parse_bound, help=HELP[name]) for name in HELP),
    argument("--recover", action="store_true", help="bring back folders of runs that were set aside"),
    argument(
        "--open",
        action="store_true",
        help="where no token is needed (--single-user, --identity-header): let every user of this machine in",
    ),
    argument(
        "--identity-header",
        metavar="NAME",
        default="",
        help="trust this header as the user's name; only behind a front that sets it",
    ),
    argument(
        "--shared-pipelines",
        metavar="WHO",
        choices=["all", "owner"],
        default="all",
        help="who may upload pipelines without a namespace: all tenants, or owner, the first profile",
    ),
    argument(
        "--allowed-hosts",
        metavar="HOST,…",
        default="",
        help="further names that the server may be called by, for a front such as the KFP UI",
    ),
    argument(
        "--allowed-origins",
        metavar="ORIGIN,…",
        default="",
        type=_parse_origins,
        help="origins whose web pages may call, such as http://127.0.0.1:3000",
    ),
)
def serve(
    session: TerminalSession,
    *,
    background: bool,
    stop: bool,
    status: bool,
    port: int,
    single_user: bool,
    open: bool,  # noqa: A002 - the name of the option
    identity_header: str,
    shared_pipelines: str,
    allowed_hosts: str,
    allowed_origins: str,
    recover: bool,
    **bounds: int | None,
) -> object:
    """Start the embedded server: Kubeflow Pipelines on this machine, for you only.

    A second start finds the first server. --data DIR names another server with its own store.
    """
    if background + stop + status > 1:
        raise usage_error("Take one of --background, --stop and --status.", next_step=f"{PROGRAM} help serve")
    if open and not (single_user or identity_header):
        problem = "--open is for a server without tokens: --single-user or --identity-header."
        raise usage_error(problem, next_step=f"{PROGRAM} help serve")
    options = [
        *(["--single-user"] if single_user else []),
        *(["--open"] if open else []),
        *(["--identity-header", identity_header] if identity_header else []),
        *(["--shared-pipelines", shared_pipelines] if shared_pipelines != "all" else []),
        *(["--allowed-hosts", allowed_hosts] if allowed_hosts else []),
        *(["--allowed-origins", allowed_origins] if allowed_origins else []),
    ]
    stop_command = f"{PROGRAM} serve --stop{session.data_option}"
    if status:
        return describe_server(session, find_running(session), stop=stop_command)
    if stop:
        runtime = find_running(session)
        embedded.stop(session.data_dir)
        return session.result({"stopped": runtime.url}, "Stopped. History stays.")
    run_bounds = session.settings.run_bounds._replace(
        **{name: value for name, value in bounds.items() if value is not None}
    )
    known = embedded.find(session.data_dir)
    if known is not None and recover:
        raise usage_error("The server runs, and recovers only at its start.", next_step=stop_command)
    if known is not None:
        session.front.say("It is running already.")
        return describe_server(session, known, stop=stop_command)
    if background:
        started = embedded.ensure_running(
            session.data_dir,
            port=port,
            options=options,
            recover=recover,
            bounds=run_bounds,
            on_step=session.front.say,
        )
        return describe_server(session, started, stop=stop_command)
    options += [*run_bounds.to_arguments(), *(["--recover"] if recover else [])]
    _serve_in_foreground(session, port, options)
    return None


def find_running(session: TerminalSession) -> RuntimeFile:
    """Return the running server; raises `no-kubeflow` when none runs."""
    runtime = embedded.find(session.data_dir)
    if runtime is None:
        raise kfp_error("no-kubeflow/stopped", folder=session.data_dir, options=session.data_option)
    return runtime


def describe_server(session: TerminalSession, runtime: RuntimeFile, *, stop: str) -> object:
    """Return how to use the server."""
    lab = "finds it by itself"
    if session.data_option:
        lab = f"with JUPYTER_KFP_MT_DATA_DIR={shlex.quote(str(session.data_dir))}"
    document = {name: getattr(runtime, name) for name in _FIELDS}
    return session.result(document, serving.describe_server(runtime, stop=stop, lab=lab))


def _serve_in_foreground(session: TerminalSession, port: int, options: Sequence[str]) -> None:
    """Run the server as a child that logs to this terminal, until Ctrl-C or until it ends."""
    words = ["--data", str(session.data_dir), "--port", str(port), *options]
    with _interrupted_by_sigterm():
        # In a session of its own, since Ctrl-C is for this process, which then stops the child in order.
        child = subprocess.Popen(
            [sys.executable, "-m", "jupyter_kfp_mt.embedded", *words], start_new_session=True
        )
        try:
            session.terminal.show(describe_server(session, _wait_for_start(session, child), stop="Ctrl-C"))
            code = child.wait()
            session.front.say("The server has stopped.")
        except KeyboardInterrupt:
            child.terminate()
            code = child.wait()
            session.front.say("Stopped. History stays.")
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
    if code:
        raise kfp_error("embedded-failed", line=f"It ended with exit code {code}.")


def _wait_for_start(session: TerminalSession, child: subprocess.Popen[bytes]) -> RuntimeFile:
    deadline = time.monotonic() + _START_S
    while child.poll() is None and time.monotonic() < deadline:
        runtime = embedded.find(session.data_dir)
        if runtime is not None and runtime.pid == child.pid:
            return runtime
        time.sleep(_POLL_S)
    raise kfp_error("embedded-failed", line="Its log is above.")


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt, so that the server never outlives this process."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

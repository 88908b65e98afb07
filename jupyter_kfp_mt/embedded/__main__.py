"""Runs the embedded server of one data folder: `python -m jupyter_kfp_mt.embedded --data DIR`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..bounds import HELP, RunBounds, make_option
from ..errors import KfpError
from .environment import make_server_environment, prevent_core_files
from .listening import HIGHEST_PORT
from .server import AlreadyRunningError, Options, serve
from .store import StoreError


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; returns 0 when stopped or already running, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_kfp_mt.embedded", description=__doc__)
    parser.add_argument("--data", type=_folder, required=True, help="folder of the store and all files")
    parser.add_argument("--port", type=_port, default=0, help="0 = a free port, the last one if possible")
    parser.add_argument("--namespace", default="", help="the first profile; default: the user's name")
    parser.add_argument("--single-user", action="store_true", help="no tenants; for processes of this user")
    parser.add_argument("--open", action="store_true", help="without tokens: for every user of this machine")
    parser.add_argument(
        "--identity-header",
        default="",
        help="trust this header as the user's name; only behind a front that sets it",
    )
    parser.add_argument(
        "--shared-pipelines",
        choices=("all", "owner"),
        default="all",
        help="who may upload pipelines without a namespace: every tenant, or the first profile",
    )
    parser.add_argument(
        "--allowed-hosts",
        type=_names,
        default=frozenset(),
        metavar="HOST,…",
        help="further names in Host that are served, for a front such as the KFP UI",
    )
    parser.add_argument(
        "--allowed-origins",
        type=_names,
        default=frozenset(),
        metavar="ORIGIN,…",
        help="origins (http://HOST:PORT) whose pages may call",
    )
    parser.add_argument(
        "--idle-minutes", type=float, default=0, help="stop after so many minutes without work; 0 = never"
    )
    for name, value in RunBounds()._asdict().items():
        parser.add_argument(make_option(name), type=int, default=value, help=HELP[name])
    parser.add_argument(
        "--recover", action="store_true", help="bring back all folders of runs from `removed/`"
    )
    parsed = parser.parse_args(arguments)
    options = Options(
        data=parsed.data,
        port=parsed.port,
        namespace=parsed.namespace,
        multi_user=not parsed.single_user,
        identity_header=parsed.identity_header,
        shared_pipelines=parsed.shared_pipelines,
        open=parsed.open,
        allowed_hosts=parsed.allowed_hosts,
        allowed_origins=parsed.allowed_origins,
        idle_seconds=parsed.idle_minutes * 60,
        bounds=RunBounds(*(getattr(parsed, name) for name in RunBounds._fields)),
        recover=parsed.recover,
    )
    try:
        serve(options)
    except AlreadyRunningError as error:
        print(error)  # noqa: T201 - for the person or process that starts it
    except (KfpError, OSError, StoreError) as error:
        print(f"cannot start: {_reason(error)}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    return 0


def _folder(text: str) -> Path:
    """Return the folder of this name; an empty name would be the folder the server is started in."""
    if not text:
        raise argparse.ArgumentTypeError("a folder needs a name")
    return Path(text)


def _names(text: str) -> frozenset[str]:
    """Return the names in a list with commas, as they are compared."""
    return frozenset(name.strip().lower().rstrip("/") for name in text.split(",") if name.strip())


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(text)


def _reason(error: Exception) -> str:
    if isinstance(error, KfpError):
        return error.why
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _drop_environment() -> None:
    """Start this program again without the variables that it does not need: they stay readable for ever."""
    environment = make_server_environment(os.environ)
    if environment != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - this program


if __name__ == "__main__":
    _drop_environment()
    prevent_core_files()
    sys.exit(main())

"""Runs the embedded server of one data folder: `python -m jupyter_kfp_mt.embedded --data DIR`."""

from __future__ import annotations

import os
import sys

from ..errors import KfpError
from .environment import make_server_environment, prevent_core_files
from .options import parse_options
from .server import AlreadyRunningError, serve
from .store import StoreError


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; returns 0 when stopped or already running, 1 when it could not start."""
    options = parse_options(arguments, __doc__)
    try:
        serve(options)
    except AlreadyRunningError as error:
        print(error)  # noqa: T201 - for the person or process that starts it
    except (KfpError, OSError, StoreError) as error:
        print(f"cannot start: {_reason(error)}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    return 0


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
    code = main()
    sys.stdout.flush()
    os._exit(code)  # `sys.exit` waits for threads: a call that takes long must not keep a stopped server

"""`python -m jupyter_kfp_mt.embedded --data DIR`: one server for one data folder, in front of nobody else."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..errors import KfpError
from .server import AlreadyRunningError, Options, serve
from .store import StoreError


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; 0 = stopped or already running, 1 = could not start."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_kfp_mt.embedded", description=__doc__)
    parser.add_argument("--data", type=_folder, required=True, help="folder with everything that is kept")
    parser.add_argument("--port", type=int, default=0, help="0 = a free one, the last one if possible")
    parser.add_argument("--namespace", default="", help="the first profile; default: the user's name")
    parser.add_argument("--single-user", action="store_true", help="no tenants, no tokens")
    parser.add_argument(
        "--identity-header",
        default="",
        help="trust this header as the user's name; only behind a front that sets it",
    )
    parser.add_argument(
        "--idle-minutes", type=float, default=0, help="stop after so long without work; 0 = never"
    )
    given = parser.parse_args(arguments)
    options = Options(
        data=given.data,
        port=given.port,
        namespace=given.namespace,
        multi_user=not given.single_user,
        identity_header=given.identity_header,
        idle_seconds=given.idle_minutes * 60,
    )
    try:
        serve(options)
    except AlreadyRunningError as error:
        print(error)  # noqa: T201 - read by whoever starts it
    except (KfpError, OSError, StoreError) as error:
        print(f"cannot start: {_reason(error)}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    return 0


def _folder(text: str) -> Path:
    """The folder of this name; without a name it would be wherever the server is started, "/" perhaps."""
    if not text:
        raise argparse.ArgumentTypeError("a folder needs a name")
    return Path(text)


def _reason(error: Exception) -> str:
    if isinstance(error, KfpError):
        return error.why
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


if __name__ == "__main__":
    sys.exit(main())

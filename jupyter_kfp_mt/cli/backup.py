"""`jupyter kfp backup`: a copy of the embedded server's store, taken while the server runs or not."""

from __future__ import annotations

import shlex
from pathlib import Path

from .. import embedded
from ..commands.grammar import argument, command
from ..errors import kfp_error
from .session import TerminalSession


@command(
    "backup", argument("file", metavar="FILE", help="the copy to write; a file that exists is not replaced")
)
def backup(session: TerminalSession, *, file: str) -> object:
    """Copy the store of the embedded server into a file.

    It holds runs with their states and values, pipelines, recurring runs, profiles and secrets; the files of
    runs (logs, artifacts, volumes) are folders beside the store. The lines that it prints restore it.
    """
    target = Path(file).absolute()
    try:
        store = embedded.back_up(session.data_dir, target)
    except FileExistsError:
        problem = f"{target} exists already"
        raise kfp_error("bad-input", field="FILE", problem=problem, next="Write another name.") from None
    except FileNotFoundError as error:
        problem = f"{error.filename} does not exist"
        raise kfp_error("bad-input", field="backup", problem=problem, next="Check the paths.") from None
    except OSError as error:
        problem = f"{target} could not be written ({error.strerror or error})"
        raise kfp_error("bad-input", field="FILE", problem=problem, next="Write another path.") from None
    size = target.stat().st_size
    stop = f"jupyter kfp serve --stop{session.data_option}"
    text = (
        f"{target} has the store of {session.data_dir}, {size} bytes. To restore it:\n"
        f"  {stop}\n"
        f"  rm -f {shlex.quote(f'{store}-wal')} {shlex.quote(f'{store}-shm')}\n"
        f"  cp {shlex.quote(str(target))} {shlex.quote(str(store))}\n"
        f"  jupyter kfp serve{session.data_option}"
    )
    return session.result({"file": str(target), "bytes": size}, text)

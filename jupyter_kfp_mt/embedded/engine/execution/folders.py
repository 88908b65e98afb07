"""The folders of a run, and the state of an attempt as its folder shows it.

```text
runs/<run id>/workspace/                     shared by the tasks of the run (`dsl.WorkspaceConfig`)
runs/<run id>/volumes/<claim>/               see volumes.py
runs/<run id>/tasks/<task id>/<attempt>/     claim, log, exit.json (see worker/supervisor.py), out/, work/
runs/<run id>/tasks/<task id>/<attempt>/own/ its /tmp and what it installs, until its outputs are read
runs/<run id>/artifacts/<task id>/<attempt>/<output>
```
An attempt that never started (the server died while it was launched) leaves `<attempt>` behind with an empty
claim; the next try to start it is in `<attempt>.1`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import msgspec

from ....files import open_beneath

_LONGEST_EXIT = 64 * 1024  # bytes
# place → folder of the task alone
_HIDDEN = {"/tmp": "tmp", **({"/var/tmp": "var-tmp"} if os.path.isdir("/var/tmp") else {})}  # noqa: S108
WORKSPACE = "/kfp-workspace"  # where KFP mounts the workspace of a run
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,190}")


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended."""

    code: int
    reason: str = ""
    at: float = 0
    mounts: bool = True  # whether the task could have mounts, and with them a /tmp of its own


class LogPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a log; read on from `next_offset` until `complete`."""

    data: bytes = b""
    attempt: int = 0
    offset: int = 0
    next_offset: int = 0
    size: int = 0  # of the whole log, so far
    complete: bool = False
    truncated: bool = False  # the log exceeded its limit, a part is lost


class RunFolder:
    """The folder of one run; raises ValueError for an id that is not a plain name."""

    def __init__(self, runs: Path, run_id: str) -> None:
        if not is_run_id(run_id):
            raise ValueError(f"“{run_id}” is not the id of a run")
        self.path = runs / run_id
        self.workspace = self.path / "workspace"
        self.volumes = self.path / "volumes"

    def attempt(self, task_id: str, attempt: int) -> AttemptFolder:
        """Return the newest folder of this attempt; it need not exist."""
        base = self.path / "tasks" / task_id
        tries = sorted(base.glob(f"{attempt}.*"), key=lambda path: int(path.suffix[1:] or 0))
        return AttemptFolder(tries[-1] if tries else base / str(attempt))

    def make_attempt(self, task_id: str, attempt: int) -> AttemptFolder:
        """Make the folder for a try to start this attempt."""
        folder = self.attempt(task_id, attempt)
        if folder.path.exists():
            number = int(folder.path.suffix[1:] or 0) + 1
            folder = AttemptFolder(folder.path.with_name(f"{attempt}.{number}"))
        for part in (folder.out, folder.work):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def find_supervisors(self) -> list[int]:
        """Return the process ids of all living supervisors of the run."""
        pids = [AttemptFolder(path).find_supervisor() for path in self.path.glob("tasks/*/*")]
        return [pid for pid in pids if pid]

    def artifact_path(self, task_id: str, attempt: int, name: str) -> Path:
        """Return the path of an output artifact."""
        return self.path / "artifacts" / task_id / str(attempt) / quote(name, safe="")

    def removable_paths(self, *, keep_artifacts: bool) -> list[Path]:
        """Return what is deleted with the run: its folder, or all but artifacts that another run uses."""
        return [self.path / "tasks", self.workspace, self.volumes] if keep_artifacts else [self.path]


class AttemptFolder:
    """The folder of one attempt."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.out = path / "out"
        self.work = path / "work"
        self.own = path / "own"
        # The path of a socket is limited, so where /tmp cannot be hidden its stand-in has a short name.
        mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        self.short_tmp = Path(tempfile.gettempdir()) / f"kfp-{mark}"
        self._claim = path / "claim"

    @property
    def run(self) -> Path:
        """The folder of the run."""
        return self.path.parents[2]

    def _open(self, name: str) -> int:
        """Open a file of this folder, which the task can have replaced by anything; raises OSError."""
        return open_beneath(self.run, self.path / name)

    @property
    def hidden(self) -> dict[str, Path]:
        """The places of the machine that the task does not see, and the folders that it sees there."""
        return {place: self.own / name for place, name in _HIDDEN.items()}

    def remove_own(self, remove: Callable[[Path], None]) -> None:
        """Remove what ends with the attempt, once its outputs are read."""
        with contextlib.suppress(OSError):
            self.short_tmp.unlink()
        remove(self.own)

    def read_exit(self) -> Exit | None:
        """Return how the attempt ended; None while it runs, or when the file cannot be read.

        The task can have done anything to its folder, and a power cut can have lost the contents of the file.
        """
        try:
            with open(self._open("exit.json"), "rb") as file:
                return parse_exit(file.read(_LONGEST_EXIT))
        except OSError:
            return None

    def find_supervisor(self) -> int:
        """Return the process id of its living supervisor; 0 without one."""
        try:
            # The task can have put a pipe there, or a link.
            descriptor = os.open(self._claim, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                return 0
            raise
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.read(descriptor, 32) or 0)
        finally:
            os.close(descriptor)
        return 0

    def is_claimed(self) -> bool:
        """Whether a supervisor has claimed the attempt; its folder is made before, so none means yes."""
        return os.path.exists(self._claim) or not os.path.exists(self.path)

    def prevent_start(self) -> bool:
        """Prevent the attempt from starting; returns False if it already has.

        An empty claim marks an attempt that must not start.

        The folder is made before the attempt is stored: if it is gone, the task has run and removed it.
        """
        try:
            os.close(os.open(self._claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return self._claim.stat().st_size == 0
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def write_log(self, text: str) -> None:
        """Write the log of an attempt that does not start; a full disk is not its fault."""
        with contextlib.suppress(OSError):
            (self.path / "log").write_text(text, encoding="utf-8", errors="replace")

    def read_log(self, offset: int, limit: int, *, over: bool) -> LogPart:
        """Return at most `limit` bytes of the log from `offset`; `over`: the log is complete."""
        over = (
            over or self.read_exit() is not None
        )  # checked first, so that nothing written before the end is missed
        try:
            with open(self._open("log"), "rb") as file:
                file.seek(offset)
                data = file.read(limit)
                size = os.fstat(file.fileno()).st_size
        except OSError:  # there is no log yet, or the task replaced it
            data, size = b"", 0
        end = offset + len(data)
        return LogPart(data=data, offset=offset, next_offset=end, size=size, complete=over and end >= size)


def leads_to_server(path: Path, run: Path) -> bool:
    """Whether `path`, which a task of `run` has written, leads to a file of the server or of another run."""
    real, own = Path(os.path.realpath(path)), Path(os.path.realpath(run))
    return real.is_relative_to(own.parent.parent) and not real.is_relative_to(own)


def is_run_id(name: str) -> bool:
    """Whether `name` is a plain name, as every folder of a run has."""
    return _SAFE_ID.fullmatch(name) is not None


def parse_exit(data: bytes) -> Exit | None:
    """Parse the end of an attempt as its supervisor wrote it; None when it is incomplete."""
    try:
        return msgspec.json.decode(data, type=Exit)
    except msgspec.DecodeError:
        return None

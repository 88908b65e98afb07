"""Copies files and folders that tasks name, in a process of its own: the engine's thread never reads them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ....bounds import RunBounds
from .folders import AttemptFolder, RunFolder
from .volumes import VolumeClaims

_PATIENCE = 0.2  # seconds for a killed process to end
_COPIER = Path(__file__).parents[1] / "worker" / "copier.py"


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder to copy."""

    source: str
    target: str
    optional: bool = False  # it need not exist
    missing: str  # the sentence for a source that is no file or folder


class Copier(msgspec.Struct, frozen=True, kw_only=True):
    """Starts the copies of one run, from folders that belong to the run or to nobody."""

    folder: RunFolder
    claims: VolumeClaims
    bounds: RunBounds
    is_own_run: Callable[[str], bool]  # whether a run of this id is the same tenant's

    def start(self, copies: Sequence[Copy], attempt: AttemptFolder) -> CopyProcess:
        """Start copies that an attempt asks for; raises OSError."""
        runs = self.folder.path.parent
        allowed = [self.folder.path, self.claims.tenant]
        for copy in copies:
            source = Path(os.path.normpath(copy.source))
            if source.is_relative_to(runs) and self.is_own_run(owner := source.relative_to(runs).parts[0]):
                allowed.append(runs / owner / "artifacts")
        order = _Order(
            copies=copies,
            limit=self.bounds.max_copy_mib * 1024**2,
            inside=[str(attempt.path), str(self.folder.workspace)],
            private=[str(runs.parent)],
            allowed=list(map(str, allowed)),
            home=str(self.folder.path),
        )
        return CopyProcess(order, self.bounds)


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the process of a copy needs to know."""

    copies: Sequence[Copy]
    limit: int  # bytes of all copies
    inside: Sequence[str]  # folders to which links may lead
    private: Sequence[str]  # folders from which nothing is copied
    allowed: Sequence[str]  # folders in them from which it may be
    home: str  # the folder of all targets


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    fault: str = ""
    path: str = ""
    detail: str = ""


class CopyProcess:
    """A running copy: a handle that becomes readable at its end, and can be stopped."""

    def __init__(self, order: _Order, bounds: RunBounds) -> None:
        self._order = order
        self._bounds = bounds
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(_COPIER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(msgspec.json.encode(order) + b"\n")
                self._process.stdin.flush()

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return -1 if self._process.stdout is None else self._process.stdout.fileno()

    def read_fault(self) -> str:
        """Return why the copy could not be made, in a sentence; empty when it was made."""
        data = b"" if self._process.stdout is None else self._process.stdout.read()
        try:
            result = msgspec.json.decode(data, type=_Result)
        except msgspec.DecodeError:
            return "The process that copied its files has ended before they were copied."
        return self._describe(result) if result.fault else ""

    def close(self) -> None:
        """Stop the copy if it is under way."""
        self._process.kill()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # a file system that hangs holds it; it ends when that answers
            self._process.returncode = -9
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _describe(self, result: _Result) -> str:
        for copy in self._order.copies:
            if result.fault == "missing" and copy.source == result.path:
                return copy.missing
        whole = ", ".join(copy.source for copy in self._order.copies)
        reasons = {
            "special": f"{result.path} is neither a file nor a folder",
            "outside": f"{result.path} leads out of it",
            "large": f"it takes more than {self._bounds.describe('max_copy_mib')}",
            "private": f"{result.path} is a file of the server",
            "system": f"{result.detail} ({result.path})",
        }
        return f"{whole} cannot be copied: {reasons.get(result.fault, result.fault)}."

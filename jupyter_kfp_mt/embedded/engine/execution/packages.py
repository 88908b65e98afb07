"""Installs the packages that components require: one folder for each list of requirements."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from ....errors import KfpError, kfp_error
from ...environment import make_server_environment

RUNTIME = ("--no-deps", "kfp>=2.8,<3")
_TIMEOUT = 1800  # seconds for an installation
_HOST = re.compile(r"Connection(?:Pool)?\(host='([^']{1,200})'")
_OUTPUT = 64 * 1024  # characters of pip's output that are kept of a failed one


def _has_kfp() -> bool:
    return importlib.util.find_spec("kfp") is not None


class Packages:
    """The package folders below `folder`; thread-safe, and safe for several servers at once."""

    def __init__(self, folder: Path, has_kfp: Callable[[], bool] = _has_kfp) -> None:
        self._folder = folder
        self._has_kfp = has_kfp
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._failed: dict[str, tuple[float, KfpError]] = {}

    def find(self, requirements: tuple[str, ...]) -> list[str] | None:
        """Return the entries of `sys.path` for these requirements; None when they must be installed."""
        if all(_is_installed(requirement) for requirement in requirements):
            return []
        target = self._folder_of(requirements)
        return [str(target)] if target.is_dir() else None

    def install(self, requirements: tuple[str, ...]) -> None:
        """Install the requirements unless they are installed; raises `packages-unavailable`."""
        target = self._folder_of(requirements)
        started = time.monotonic()
        with self._lock:
            own = self._locks.setdefault(target.name, threading.Lock())
        with own:
            when, error = self._failed.get(target.name, (0.0, None))
            if error is not None and when > started:
                raise error  # we waited for an installation that failed
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self._folder / f"{target.name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not target.is_dir():
                    try:
                        self._run_pip(requirements, target)
                    except KfpError as failure:
                        self._failed[target.name] = (time.monotonic(), failure)
                        raise

    def find_runtime(self) -> list[str] | None:
        """Return the entries of `sys.path` for KFP's executor; None when `RUNTIME` must be installed.

        None are needed where kfp is installed. Elsewhere it is a copy without dependencies: the executor
        needs none.
        """
        if self._has_kfp():
            return []
        target = self._folder_of(RUNTIME)
        return [str(target)] if target.is_dir() else None

    def _folder_of(self, requirements: tuple[str, ...]) -> Path:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        digest = hashlib.sha256("\n".join([version, *requirements]).encode()).hexdigest()
        return self._folder / digest[:24]

    def _run_pip(self, requirements: tuple[str, ...], target: Path) -> None:
        draft = target.with_name(f"{target.name}.{os.getpid()}.part")
        shutil.rmtree(draft, ignore_errors=True)
        command = [sys.executable, "-B", "-m", "pip", "install", "--quiet", "--no-input", "--no-compile"]
        command += ["--disable-pip-version-check", "--no-warn-script-location", "--target", str(draft)]
        try:
            done = subprocess.run(
                [*command, *requirements],
                capture_output=True,
                text=True,
                timeout=_TIMEOUT,
                stdin=subprocess.DEVNULL,
                env=make_server_environment(os.environ),
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _make_error(requirements, str(error)) from error
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise _make_error(
                requirements, _last_error(done.stderr or done.stdout), done.stdout + done.stderr
            )
        draft.mkdir(exist_ok=True)
        draft.rename(target)


def _is_installed(requirement: str) -> bool:
    """Whether this Python has the requirement; false for an option of pip."""
    import importlib.metadata  # 3 MiB that most servers never need

    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        return False
    if wanted.marker is not None and not wanted.marker.evaluate():
        return True
    if wanted.url:
        return False
    try:
        version = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return wanted.specifier.contains(version, prereleases=True)


def _make_error(requirements: tuple[str, ...], reason: str, output: str = "") -> KfpError:
    names = " ".join(requirements)
    return kfp_error("packages-unavailable", list=names, reason=reason, details=output[-_OUTPUT:])


def _last_error(output: str) -> str:
    """Return why pip failed. Of an index that does not answer it says last that there is no such package."""
    if "(from versions: none)" in output and "after connection broken by" in output:
        named = _HOST.search(output)  # by pip 25 and newer
        host = named[1] if named else urlsplit(os.environ.get("PIP_INDEX_URL", "")).hostname
        return f"the package index{f' {host}' if host else ''} does not answer"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["pip printed nothing"])[-1][:500]

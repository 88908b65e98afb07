"""The embedded server as a process: it locks its folder, listens, keeps its files, and stops."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import getpass
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from .. import __version__
from ..bounds import RunBounds
from ..models import Access, RuntimeFile
from ..owner import LOCK, RUNTIME, STORE, read_runtime
from . import find
from .api.app import MOST_HEADER, MOST_READ, ApiServer
from .api.lanes import THREADS
from .core.resource_manager import ResourceManager
from .core.runner import Runner
from .engine import UnknownFolders
from .listening import PORT, BoundedServer, last_port, listen, room_for_connections
from .log import log_to_stderr, rotate
from .options import Options
from .peers import SameUser, can_find_users
from .store import Store
from .tenants import Tenancy, profile_name

TOKEN_SECONDS = 7200
TOKEN_RENEWED = 1200.0  # seconds between renewals of the token files
_CHECK = 15.0  # seconds between checks of whether to stop
_SWITCH = 0.0005  # seconds after which a thread that computes lets another one go on
_LAST_CALLS = 2.0  # seconds for calls under way when the server is stopped
_PATIENCE, _PAUSE = 20.0, 0.02  # seconds to wait for a server that stops, and between attempts

log = logging.getLogger("jupyter_kfp_mt.embedded")


class AlreadyRunningError(Exception):
    """Another process serves this folder."""


class Startable(Runner, Protocol):
    """An engine that is started and stopped with the server."""

    def start(self) -> None:
        """Start executing the stored runs."""

    def stop(self) -> None:
        """Stop; running tasks are adopted at the next start."""


MakeEngine = Callable[[Store, Path, Tenancy], Startable]


def serve(options: Options, make_engine: MakeEngine | None = None) -> None:
    """Serve until stopped; raises AlreadyRunningError, OSError."""
    folder = options.data
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    with (folder / LOCK).open("a+b") as lock:
        _take_lock(lock, folder)
        (folder / RUNTIME).unlink(missing_ok=True)  # left by a server that was killed
        log_to_stderr()
        ServerProcess(options, make_engine or partial(_make_engine, options.bounds), lock).run()


def _take_lock(lock: BinaryIO, folder: Path) -> None:
    """Lock the folder; raises AlreadyRunningError when another server holds it.

    Waits for a server that is starting or stopping, and for a process that is only probing the lock.
    """
    until = time.monotonic() + _PATIENCE
    while not _try_lock(lock):
        if find(folder) is not None or time.monotonic() > until:
            raise AlreadyRunningError(f"an embedded server is already running for {folder}")
        time.sleep(_PAUSE)


def _try_lock(lock: BinaryIO) -> bool:
    """Take the lock if it is free; returns whether it was."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_engine(bounds: RunBounds, store: Store, folder: Path, tenancy: Tenancy) -> Startable:
    from .engine import Engine, Limits

    return Engine(store, folder, Limits(run=bounds), is_allowed=tenancy.is_allowed)


def _choose_access(options: Options) -> Access:
    """Return how callers show that they may use the server; raises OSError for a way that is not safe here.

    A header that names the user is no secret: without a check of the peer, any local user could send it.
    """
    if options.multi_user and not options.identity_header:
        return "token"
    if options.open:
        return "open"
    if can_find_users():
        return "user"
    if options.identity_header:
        raise OSError("--identity-header takes --open here: the system does not tell whose connections come")
    return "token"


class ServerProcess:
    """Starts and stops all parts of the server in order, and keeps its files while it runs."""

    def __init__(self, options: Options, make_engine: MakeEngine, lock: BinaryIO) -> None:
        self._folder = options.data
        self._lock = lock
        self._runtime_path = options.data / RUNTIME
        self._port = 0
        self._options = options
        self._namespace = options.namespace or profile_name(getpass.getuser())
        self._owner_key = secrets.token_hex(32)
        self._store = Store(self._folder / STORE)
        UnknownFolders(self._store, self._folder).bring_back(everything=options.recover)
        self._access = _choose_access(options)
        self._tenancy = Tenancy(
            self._store,
            multi_user=options.multi_user,
            token_required=self._access == "token",
            identity_header=options.identity_header,
            shared_pipelines=options.shared_pipelines,
            owner_key=self._owner_key,
        )
        self._engine = make_engine(self._store, self._folder, self._tenancy)
        self._stopped = asyncio.Event()

    def run(self) -> None:
        """Serve until stopped."""
        # SQLite lets go of the interpreter for each row, and the engine may compute all the time: with the
        # usual 5 ms, a list of 20 runs would wait for a tenth of a second.
        sys.setswitchinterval(_SWITCH)
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._tenancy.prepare(self._namespace)
        manager = ResourceManager(
            self._store, self._engine, self._tenancy, self._folder, profiles_changed=self._write_tokens
        )
        if not self._options.multi_user:
            manager.experiments.ensure_default()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        executor = ThreadPoolExecutor(THREADS, "request")
        server = ApiServer(
            manager,
            executor,
            __version__,
            stop=self._stopped.set,
            hosts=self._options.allowed_hosts,
            origins=self._options.allowed_origins,
            admits=SameUser().admits if self._access == "user" else None,
        )
        listener = listen(self._options.port, last_port(self._folder))
        http = BoundedServer(
            server.application(),
            most=room_for_connections(),
            max_header_size=MOST_HEADER,
            max_body_size=MOST_READ,
            idle_connection_timeout=120,
            body_timeout=60,
        )
        http.add_socket(listener)
        self._engine.start()
        self._write_tokens()
        self._port = listener.getsockname()[1]
        self._write_port()
        self._write_runtime()
        log.info("serving %s, namespace %s", listener.getsockname(), self._namespace)
        if self._access == "open":
            log.warning("every user of this machine can run code as %s: --open", getpass.getuser())
        await self._until_stopped(server)
        http.stop()
        self.remove_traces()
        manager.templates.stop()
        ended = await server.lanes.wait_for_end(_LAST_CALLS)
        executor.shutdown(wait=ended, cancel_futures=True)
        self._engine.stop()
        if ended:
            self._store.close()
        else:
            log.warning("stopped during a call, which has changed all or nothing")
        log.info("stopped")

    async def _until_stopped(self, server: ApiServer) -> None:
        renewed = time.monotonic()
        while not await self._wait_for_stop():
            if not self.holds_folder():
                log.error("the folder was removed or replaced")
                return
            renewed = self.keep_files(renewed)
            rotate(self._folder)
            if self.is_idle(time.monotonic() - server.last_call):
                log.info("nothing to do for %.0f s", self._options.idle_seconds)
                return

    async def _wait_for_stop(self) -> bool:
        """Wait until the next check; returns whether a signal or a call has stopped the server."""
        with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), _CHECK)
        return self._stopped.is_set()

    def is_idle(self, quiet: float) -> bool:
        """Whether to stop `quiet` seconds after the last call: nothing runs and nothing is scheduled."""
        if not self._options.idle_seconds or quiet < self._options.idle_seconds:
            return False
        return not self._store.runs.list_unfinished() and not self._store.recurring_runs.count_waiting()

    def holds_folder(self) -> bool:
        """Whether the folder is still the one that was locked, not a new one that another server may lock."""
        try:
            present = (self._folder / LOCK).stat()
        except OSError:
            return False
        ours = os.fstat(self._lock.fileno())
        return (present.st_dev, present.st_ino) == (ours.st_dev, ours.st_ino)

    def keep_files(self, renewed: float) -> float:
        """Renew tokens before they expire, and write all files again if someone has damaged or removed them.

        Returns the time of the last renewal; after an error, such as a full disk, the next check tries again.
        """
        gone = read_runtime(self._folder) != self._describe_runtime()
        try:
            if gone or time.monotonic() - renewed > TOKEN_RENEWED:
                self._write_tokens()
                renewed = time.monotonic()
            if gone:
                self._write_runtime()
        except OSError as error:
            log.warning("tokens were not renewed: %s", error)
        return renewed

    def _write_tokens(self) -> None:
        """Write a new token for each profile: the owner of this folder is the owner of the server."""
        wanted = {self._token_path(each.namespace): each.namespace for each in self._tenancy.list_profiles()}
        for path, namespace in wanted.items():
            token, _ = self._tenancy.issue(namespace, seconds=TOKEN_SECONDS)
            _write_private(path, token.encode())
        for path in self._folder.glob("token-*"):
            if path not in wanted:
                _remove_file(path)

    def _token_path(self, namespace: str) -> Path:
        return self._folder / f"token-{namespace}"

    def remove_traces(self) -> None:
        """Remove runtime and token files, unless the folder is no longer ours."""
        if self.holds_folder():
            for path in (self._runtime_path, *self._folder.glob("token-*")):
                _remove_file(path)

    def _write_port(self) -> None:
        try:
            _write_private(self._folder / PORT, str(self._port).encode())
        except OSError as error:  # somebody has put a folder there; the next start takes any port
            log.warning("the port is not remembered: %s", error)

    def _describe_runtime(self) -> RuntimeFile:
        return RuntimeFile(
            url=f"http://127.0.0.1:{self._port}",
            pid=os.getpid(),
            namespace=self._namespace,
            token_path=str(self._token_path(self._namespace)),
            owner_key=self._owner_key,
            version=__version__,
            multi_user=self._options.multi_user,
            access=self._access,
            options=self._options.to_arguments(),
        )

    def _write_runtime(self) -> None:
        _write_private(self._runtime_path, msgspec.json.encode(self._describe_runtime()))


def _remove_file(path: Path) -> None:
    """Remove a file; something else of its name, which somebody has put there, is left and logged."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is not removed: %s", path, error.strerror)


def _write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read; it appears complete or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError:  # the disk is full
        part.unlink(missing_ok=True)
        raise

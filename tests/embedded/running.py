"""A real embedded server over HTTP for tests; only what runs the tasks can be a stand-in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.testing import bind_unused_port

from jupyter_kfp_mt.embedded.api.app import MOST_HEADER, MOST_READ, ApiServer
from jupyter_kfp_mt.embedded.api.lanes import THREADS
from jupyter_kfp_mt.embedded.core.resource_manager import ResourceManager
from jupyter_kfp_mt.embedded.engine import LogPart, Problem
from jupyter_kfp_mt.embedded.store import Store
from jupyter_kfp_mt.embedded.store.db import flush_file
from jupyter_kfp_mt.embedded.tenants import EDITOR, SHARED, SharedPipelines, Tenancy, subject
from jupyter_kfp_mt.pipeline_spec import Package

OWNER_KEY = "owner-key-of-a-test"
NAMESPACES = ("alice", "bob", "carol")


@dataclass
class StandIn:
    """Runs nothing: remembers its orders, and ends runs when a test says so."""

    store: Store
    orders: list[tuple[str, str]] = field(default_factory=list)
    log: LogPart | None = None  # what every task has
    sick: str = ""  # why no task can start
    fault: Exception | None = None  # what a look at a pipeline comes to

    def start(self) -> None:
        self.orders.append(("start", ""))

    def stop(self) -> None:
        self.orders.append(("stop", ""))

    def find_problems(self, package: Package, arguments: Mapping[str, Any]) -> Sequence[Problem]:
        if self.fault is not None:
            raise self.fault
        return ()

    def find_fault(self) -> str:
        return self.sick

    def submit(self, run_id: str) -> None:
        self.orders.append(("submit", run_id))

    def terminate(self, run_id: str) -> None:
        self.orders.append(("terminate", run_id))

    def retry(self, run_id: str) -> None:
        self.orders.append(("retry", run_id))
        self.store.runs.set_state(run_id, "RUNNING", finished_at=0)

    def forget(self, run_id: str) -> None:
        self.orders.append(("forget", run_id))

    def remove_volumes(self, namespace: str) -> None:
        self.orders.append(("empty", namespace))

    def read_log(
        self, run_id: str, task_id: str, *, attempt: int = 0, offset: int = 0, limit: int = 0
    ) -> LogPart:
        if self.log is None:
            raise LookupError(task_id)
        return self.log


@dataclass
class Running:
    """A server that runs: its address, and what is behind it."""

    url: str
    manager: ResourceManager
    runner: StandIn

    def token(self, namespace: str, account: str = EDITOR, **options: Any) -> str:
        return self.manager.tenancy.issue(namespace, account, **options)[0]

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        headers: Sequence[tuple[str, str]] = (),
    ) -> Reply:
        """Send one request as it is: no client in between that repairs it."""
        sent = [("Authorization", f"Bearer {token}")] if token else []
        return send(self.url, method, path, body, [*sent, *headers])


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The short text of an error."""
        return str(self.json.get("details", [{}])[0].get("message", self.json.get("message", "")))


def send(url: str, method: str, path: str, body: object, headers: Sequence[tuple[str, str]]) -> Reply:
    """Send one request to any server."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.putrequest(method, parts.path + path, skip_host=any(n == "Host" for n, _ in headers))
        for name, value in headers:
            connection.putheader(name, value)
        if data is not None and all(name != "Content-Length" for name, _ in headers):
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@contextlib.contextmanager
def running(
    folder: Path,
    *,
    multi_user: bool = True,
    token_required: bool = False,
    identity_header: str = "",
    shared_pipelines: SharedPipelines = "all",
    admits: Callable[[IOStream], Awaitable[bool]] | None = None,
    flush: Callable[[int], None] = flush_file,
    **options: Any,
) -> Iterator[Running]:
    """An embedded server with the tenants alice, bob and carol; alice registers shared pipelines."""
    store = Store(folder / "store.sqlite", flush=flush)
    tenancy = Tenancy(
        store,
        multi_user=multi_user,
        token_required=token_required,
        identity_header=identity_header,
        shared_pipelines=shared_pipelines,
        owner_key=OWNER_KEY,
    )
    for name in (SHARED, *NAMESPACES):
        tenancy.add_profile(name, f"{name}@example.com")
    store.tenants.share(SHARED, subject("alice", EDITOR), "shared")
    runner = StandIn(store)
    manager = ResourceManager(store, runner, tenancy, folder, **options)
    if not multi_user:
        manager.experiments.ensure_default()
    listener, port = bind_unused_port()
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        ended = asyncio.Event()
        with ThreadPoolExecutor(THREADS) as executor:
            server = ApiServer(manager, executor, "0.0.0", stop=ended.set, admits=admits)
            http = HTTPServer(server.application(), max_header_size=MOST_HEADER, max_body_size=MOST_READ)
            http.add_socket(listener)
            end.append(ended)
            ready.set()
            await ended.wait()
            http.stop()
            await http.close_all_connections()

    end: list[asyncio.Event] = []
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait(10)
    try:
        yield Running(f"http://127.0.0.1:{port}", manager, runner)
    finally:
        loop.call_soon_threadsafe(end[0].set)
        thread.join(10)
        loop.close()
        store.close()

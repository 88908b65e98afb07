"""The server that is asked: one of our own in this process, or any other by its address and token files."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from jupyter_kfp_mt.embedded.core.fetch import fetch
from jupyter_kfp_mt.embedded.errors import invalid_input
from jupyter_kfp_mt.embedded.store import Store
from jupyter_kfp_mt.embedded.tenants import EDITOR, Tenancy, subject
from tests.contract.packages import CONTENTS
from tests.embedded.running import Reply, Running, running, send

URL = os.environ.get("KFP_CONTRACT_URL", "")
TOKENS = os.environ.get("KFP_CONTRACT_TOKENS", "")
NAMESPACES = ("alice", "bob", "anna", "ben", "dora", "dora2", "shared", "empty")
WRITERS = ("alice", "anna", "dora")  # may write in the namespace `shared` too
FILES = "http://FILES/"
SERVED = {
    "hello.yaml": "plain",
    "h.zip": "zip",
    "bad.yaml": "mapping",
    "empty.yaml": "empty",
    "plat.yaml": "platform",
}
HOUR = 3600
FINAL = ("SUCCEEDED", "FAILED")
SOON = 60  # seconds for a pipeline of one short task
Headers = list[tuple[str, str]]
Caller = Callable[[str], Any]  # a path of v2beta1 → what a GET answers


class CannotSetUpError(Exception):
    """The server under test cannot be brought to where the case begins."""


class Keys(Protocol):
    """What gives the callers their tokens, and lets runs come so far."""

    def token(self, who: str) -> str:
        """A token of `<namespace> <role>`, or of a kind that is refused."""

    def reach(self, run_id: str, state: str, call: Caller) -> None:
        """Return when the run is in that state."""


@dataclass
class Target:
    """A server and what is known of it."""

    url: str
    keys: Keys
    engine: bool  # whether runs go on by themselves
    sleep: Callable[[float], None] = time.sleep
    # set-ups that are made once: the names of what they made, None if they failed
    kept: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    made: list[tuple[Headers, str]] = field(default_factory=list, repr=False)  # whose, what deletes it

    def __post_init__(self) -> None:
        health = send(self.url, "GET", "/apis/v2beta1/healthz", None, []).json
        self.embedded = bool(health.get("embedded"))
        self.keeps_order = (
            self.embedded
        )  # of what was made in one second; a real server sorts it by random id
        self.mode = "multi-user" if health["multi_user"] else "single-user"
        asked = [("kubeflow-userid", "nobody@example.com")]
        self.believes_header = (
            self.call("GET", "/apis/v2beta1/runs?namespace=alice", None, asked).status != 401
        )

    def remove(self, made: list[tuple[Headers, str]]) -> None:
        """Delete what was made, last first."""
        for headers, path in reversed(made):
            identity = [each for each in headers if each[0].lower() in ("authorization", "kubeflow-userid")]
            shared = self.headers("alice editor") if self.mode == "multi-user" else []  # she may remove those
            for one in (identity, shared):
                reply = self.call("DELETE", f"/apis/v2beta1/{path}", None, one)
                if reply.status in (200, 404):
                    break
        made.clear()

    def clean(self) -> None:
        """Delete what was made once for many cases."""
        self.remove(self.made)
        self.kept.clear()

    def headers(self, who: str) -> Headers:
        """What says who asks."""
        return [] if who == "anonymous" else [("Authorization", f"Bearer {self.keys.token(who)}")]

    def reach(self, run_id: str, state: str, who: str) -> None:
        """Let a run come so far; raises CannotSetUpError when it does not."""
        as_who = self.headers(who)
        self.keys.reach(
            run_id, state, lambda path: self.call("GET", f"/apis/v2beta1/{path}", None, as_who).json
        )

    def call(self, method: str, path: str, body: object, headers: Sequence[tuple[str, str]]) -> Reply:
        return send(self.url, method, path, body, headers)


@dataclass
class Files:
    """Tokens of another server: a file for each caller, as `alice-editor` or `alice-editor-expired`."""

    folder: Path

    def token(self, who: str) -> str:
        path = self.folder / who.replace(" ", "-")
        if not path.exists():
            raise CannotSetUpError(f"there is no token file {path.name}")
        return path.read_text().strip()

    def reach(self, run_id: str, state: str, call: Caller) -> None:
        end = time.monotonic() + SOON
        while not _reached(found := call(f"runs/{run_id}"), state):
            now = found.get("state", "without a state")
            if state == "PENDING" or now in FINAL or time.monotonic() > end:
                raise CannotSetUpError(f"a run is {now}, which is to be {state}")
            time.sleep(0.05)


def _reached(run: dict[str, Any], state: str) -> bool:
    """Whether the run is in that state, or has been on its way; one that waits has to wait still."""
    past = [] if state == "PENDING" else [each.get("state") for each in run.get("state_history", [])]
    return state in (run.get("state"), *past)


@dataclass
class Own:
    """A server of ours in this process, whose tasks never run."""

    server: Running
    issued: dict[str, str] = field(default_factory=dict, repr=False)

    def token(self, who: str) -> str:
        if who not in self.issued:
            namespace, role, *kind = who.split()
            options: dict[str, Any] = {"audience": "other"} if kind == ["wrong-audience"] else {}
            tenancy = self.server.manager.tenancy
            if kind == ["expired"]:
                tenancy = Tenancy(self.server.manager.store, now=lambda: time.time() - 2 * HOUR)
                options = {"seconds": 60}
            self.issued[who] = tenancy.issue(namespace, f"default-{role}", **options)[0]
        return self.issued[who]

    def reach(self, run_id: str, state: str, call: Caller) -> None:
        if call(f"runs/{run_id}")["state_history"][-1]["state"] == state:
            return
        ended = {"finished_at": int(time.time())} if state in FINAL else {}
        self.server.manager.store.runs.set_state(run_id, state, **ended)


def people(tenancy: Tenancy, store: Store) -> None:
    """The tenants that the cases speak of; some of them may write in `shared` too."""
    for name in NAMESPACES:
        if store.tenants.get_profile(name) is None:
            tenancy.add_profile(name, f"{name}@example.com")
    for name in WRITERS:
        store.tenants.share("shared", subject(name, EDITOR), "edit")


def files(url: str) -> bytes:
    """What is at a URL: a file of ours, where the recorded server had one."""
    if not url.startswith(FILES):
        return fetch(url)
    name = url.removeprefix(FILES)
    if name not in SERVED:
        raise invalid_input(f"error fetching pipeline spec from {url} - request returned 404 File not found")
    return CONTENTS[SERVED[name]]


@contextmanager
def own(folder: Path, mode: str, **options: Any) -> Iterator[Target]:
    """A server of ours in this process."""
    options = {"multi_user": mode == "multi-user", "identity_header": "kubeflow-userid", **options}
    with running(folder, fetch=files, **options) as server:
        people(server.manager.tenancy, server.manager.store)
        yield Target(server.url, Own(server), engine=False)


def other() -> Target:
    """The server that the environment names."""
    return Target(URL.rstrip("/"), Files(Path(TOKENS)), engine=True)

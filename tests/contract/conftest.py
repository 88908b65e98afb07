"""One embedded server as people run it: its own process, the real engine, tenants of its owner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.models import RuntimeFile
from tests.contract.target import URL
from tests.embedded.running import Reply, send


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the cases that another server could not be asked."""
    for report in terminalreporter.stats.get("skipped", []) if URL else []:
        reason = report.longrepr[2].removeprefix("Skipped: ")
        terminalreporter.write_line(f"left out: {report.nodeid.partition('[')[2].rstrip(']')}: {reason}")


@dataclass
class Served:
    """A running server and the key to its tenants."""

    runtime: RuntimeFile
    folder: Path

    @property
    def url(self) -> str:
        return self.runtime.url

    def owner(self, method: str, path: str, body: object = None) -> Any:
        """Call a route of the owner."""
        reply = send(self.url, method, path, body, [("X-Kfp-Owner-Key", self.runtime.owner_key)])
        assert reply.status == 200, reply.body
        return reply.json

    def token_file(self, namespace: str, account: str = "default-editor") -> Path:
        """A file with a token, as the SDK's volume credentials want it."""
        path = self.folder / f"{namespace}-{account}"
        issued = self.owner("POST", f"/embedded/profiles/{namespace}/tokens", {"account": account})
        path.write_text(issued["token"])
        return path

    def call(self, method: str, path: str, body: object, token: str) -> Reply:
        return send(self.url, method, path, body, [("Authorization", f"Bearer {token}")])


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    runtime = embedded.ensure_running(folder / "kfp", namespace="alice")
    try:
        made = Served(runtime, folder)
        for name in ("bob", "carol"):
            made.owner("POST", "/embedded/profiles", {"namespace": name})
        yield made
    finally:
        embedded.stop(folder / "kfp")


@pytest.fixture(scope="session")
def hello() -> dict[str, Any]:
    """The compiled example as JSON."""
    import yaml

    text = (Path(embedded.__file__).parents[1] / "example" / "hello.yaml").read_text()
    return json.loads(json.dumps(yaml.safe_load(text)))

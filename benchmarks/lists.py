"""Listing runs: our client and `kfp.Client` against the same server with prebuilt answers."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from .table import Row, median_seconds, milliseconds

RUNS = 1000


def rows() -> list[Row]:
    """Compare a walk of all runs in a warm process."""
    with _stub(RUNS) as url:
        ours = median_seconds(lambda: _walk_ours(url))
        sdk = median_seconds(lambda: _walk_sdk(url), times=3)
    return [
        Row(
            f"list {RUNS:,} runs",
            milliseconds(ours),
            f"kfp.Client {milliseconds(sdk)}",
            f"{sdk / ours:.0f} ×",
            "≥ 20 ×",
        )
    ]


def _walk_ours(url: str) -> None:
    from jupyter_kfp_mt import connect

    service = connect(endpoint=url, namespace="team-a")
    assert len(service.list_runs(limit=RUNS)) == RUNS


def _walk_sdk(url: str) -> None:
    import kfp

    client = kfp.Client(host=url, namespace="team-a")
    token, seen = "", 0
    while True:
        page = client.list_runs(page_token=token, page_size=100, namespace="team-a")
        seen += len(page.runs)
        token = page.next_page_token
        if not token:
            break
    assert seen == RUNS


@contextlib.contextmanager
def _stub(runs: int) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.stub", str(runs)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        assert server.stdin is not None
        server.stdin.close()

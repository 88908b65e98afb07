"""Listing runs: our client, `kfp.Client` and requests + orjson against a server with prebuilt answers."""

from __future__ import annotations

from .processes import Cost, costs
from .stub import serving
from .table import Row, times

# A process of its own each; what lies between BEGIN and the end is timed apart from the imports.
OURS = """
import sys
from jupyter_kfp_mt import connect
service = connect(endpoint=sys.argv[1], namespace="team-a")
BEGIN()
runs = service.list_runs(limit=int(sys.argv[2]))
assert len(runs) == int(sys.argv[2])
"""
SDK = """
import sys, kfp
client, token, seen = kfp.Client(host=sys.argv[1], namespace="team-a"), "", 0
BEGIN()
while seen < int(sys.argv[2]):
    page = client.list_runs(page_token=token, page_size=100, namespace="team-a")
    seen, token = seen + len(page.runs), page.next_page_token
"""
PLAIN = """
import sys, orjson, requests
session, token, runs = requests.Session(), "", []
BEGIN()
while len(runs) < int(sys.argv[2]):
    query = {"namespace": "team-a", "page_size": 100, "page_token": token}
    page = orjson.loads(session.get(sys.argv[1] + "/apis/v2beta1/runs", params=query).content)
    runs += page["runs"]
    token = page.get("next_page_token", "")
"""


def rows() -> list[Row]:
    """Compare the first page of a cold process, and walks of all runs in a warm one."""
    with serving(100) as url:
        first = costs([OURS, SDK, PLAIN], url, "100", rounds=5)
    with serving(1000) as url:
        short = costs([OURS, SDK], url, "1000", rounds=3)
    with serving(10_000) as url:
        long = costs([OURS, SDK, PLAIN], url, "10000", rounds=2, warm=False)
    cold = "cold process to the first page of 100 runs"
    return [
        Row(cold, _cold(first[0]), f"kfp.Client {_cold(first[1])}", _times(first, 1), "≥ 4 ×, ≤ 40 MiB"),
        Row(cold, _cold(first[0]), f"requests + orjson {_cold(first[2])}", _times(first, 2)),
        Row(
            "list 1,000 runs",
            _warm(short[0]),
            f"kfp.Client {_warm(short[1])}",
            _warm_times(short, 1),
            "≥ 20 ×",
        ),
        Row(
            "list 10,000 runs", _warm(long[0]), f"kfp.Client {_warm(long[1])}", _warm_times(long, 1), "≥ 60 ×"
        ),
        Row(
            "list 10,000 runs",
            _warm(long[0]),
            f"requests + orjson {_warm(long[2])}",
            _warm_times(long, 2),
            "≤ 1.3 × its time (≥ 0.77 ×)",
        ),
    ]


def _cold(cost: Cost) -> str:
    return f"{cost.seconds:.2f} s, {cost.mebibytes:.0f} MiB"


def _warm(cost: Cost) -> str:
    return f"{cost.timed:.2f} s"


def _times(taken: list[Cost], other: int) -> str:
    return times(taken[other].seconds, taken[0].seconds)


def _warm_times(taken: list[Cost], other: int) -> str:
    return times(taken[other].timed, taken[0].timed)

"""Listing runs with our client, `kfp.Client` and requests + orjson, from a server with prebuilt responses."""

from __future__ import annotations

from .processes import Cost, measure_costs
from .stub import run_stub
from .table import Row, format_ratio

# Each runs as a new process; the code after BEGIN() is timed without the imports.
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


def measure() -> list[Row]:
    """Compare the first page of a cold process, and the listing of all runs in a warm one."""
    with run_stub(100) as url:
        first = measure_costs([OURS, SDK, PLAIN], url, "100", rounds=5)
    with run_stub(1000) as url:
        short = measure_costs([OURS, SDK], url, "1000", rounds=3)
    with run_stub(10_000) as url:
        long = measure_costs([OURS, SDK, PLAIN], url, "10000", rounds=2, warm=False)
    cold = "cold process to the first page of 100 runs"
    return [
        Row(
            cold,
            _format_cold(first[0]),
            f"kfp.Client {_format_cold(first[1])}",
            _cold_ratio(first, 1),
            "≥ 4 ×, ≤ 40 MiB",
        ),
        Row(
            cold,
            _format_cold(first[0]),
            f"requests + orjson {_format_cold(first[2])}",
            _cold_ratio(first, 2),
        ),
        Row(
            "list 1,000 runs",
            _format_warm(short[0]),
            f"kfp.Client {_format_warm(short[1])}",
            _warm_ratio(short, 1),
            "≥ 20 ×",
        ),
        Row(
            "list 10,000 runs",
            _format_warm(long[0]),
            f"kfp.Client {_format_warm(long[1])}",
            _warm_ratio(long, 1),
            "≥ 60 ×",
        ),
        Row(
            "list 10,000 runs",
            _format_warm(long[0]),
            f"requests + orjson {_format_warm(long[2])}",
            _warm_ratio(long, 2),
            "≤ 1.3 × its time (≥ 0.77 ×)",
        ),
    ]


def _format_cold(cost: Cost) -> str:
    return f"{cost.seconds:.2f} s, {cost.mebibytes:.0f} MiB"


def _format_warm(cost: Cost) -> str:
    return f"{cost.timed:.2f} s"


def _cold_ratio(costs: list[Cost], other: int) -> str:
    return format_ratio(costs[other].seconds, costs[0].seconds)


def _warm_ratio(costs: list[Cost], other: int) -> str:
    return format_ratio(costs[other].timed, costs[0].timed)

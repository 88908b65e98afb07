"""The embedded server's API with authorization on, at 100, 10,000 and 100,000 stored runs.

They are compared with figures of the real server (Go, MariaDB, no rate limit), measured on another machine of
this kind, as it cannot run here.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from .laptop import TRIVIAL, V2, Caller, Laptop, run_laptop, store_runs
from .processes import read_cpu_seconds
from .table import Row, format_ms, time_call

STEPS = (100, 10_000, 100_000)
REAL = {"create": 0.041, "get": 0.024, "list of 20": 0.043, "list of 100": 0.130}
WALK, CLIENTS, REAL_WALK, REAL_CLIENTS = 10_000, 8, 11.4, 42.0


def measure() -> list[Row]:
    """Measure at each number of stored runs."""
    rows: list[Row] = []
    with run_laptop() as server:
        experiment, run_ids = server.create_experiment("bench"), list[str]()
        for size in STEPS:
            run_ids += store_runs(server.folder, experiment, range(len(run_ids), size))
            started = statistics.median(server.restart() for _ in range(3))
            rows += _measure_at(server, experiment, run_ids)
        rows.append(Row("server start", f"{started:.2f} s, with 100,000 runs stored", goal="≤ 1 s"))
    with run_laptop() as server:
        server.connect().get(f"{V2}/runs", namespace="ana")
        time.sleep(2)
        alone, _ = server.read_memory()
    return [*rows, Row("idle, the server alone", f"{alone:.0f} MiB", goal="≤ 40 MiB")]


def _measure_at(server: Laptop, experiment: str, run_ids: list[str]) -> list[Row]:
    caller, chance, size = server.connect(), random.Random(1), len(run_ids)
    actions: dict[str, Callable[[], object]] = {
        "get": lambda: caller.get(f"{V2}/runs/{chance.choice(run_ids)}"),
        "list of 20": lambda: _get_page(caller, 20),
        "list of 100": lambda: _get_page(caller, 100),
    }
    times = {"create": _time_creates(caller, experiment)}
    spent = dict[str, float]()
    for name, action in actions.items():
        times[name], spent[name] = _time_calls(action, server)
    rows = [
        Row(
            f"{name}, {size:,} runs stored",
            f"p50 {format_ms(times[name])}" + _format_cpu(spent.get(name)),
            f"real server {REAL[name] * 1000:.0f} ms*",
            f"{REAL[name] / times[name]:.0f} ×",
            "≥ 10 ×",
        )
        for name in REAL
    ]
    if size >= WALK:
        walk, cost = _time_calls(lambda: _walk(caller), server, count=3, before=1)
        rows.append(
            Row(
                f"page through and decode {WALK:,} runs, {size:,} stored",
                f"{walk:.2f} s, {cost:.2f} s on a core",
                f"real server {REAL_WALK} s*",
                f"{REAL_WALK / walk:.0f} ×",
                "≥ 10 ×",
            )
        )
    rate = _measure_rate(server)
    rows.append(
        Row(
            f"{CLIENTS} clients, list of 20, {size:,} stored",
            f"{rate:.0f}/s",
            f"real server {REAL_CLIENTS:.0f}/s*",
            f"{rate / REAL_CLIENTS:.0f} ×",
            "≥ 10 ×",
        )
    )
    return rows


def _time_calls(
    action: Callable[[], object], server: Laptop, count: int = 100, before: int = 5
) -> tuple[float, float]:
    """Return the median seconds of a call and the CPU seconds it costs the server; `before` warms up."""
    for _ in range(before):
        action()
    spent = read_cpu_seconds(server.runtime.pid)
    taken = statistics.median(time_call(action) for _ in range(count))
    return taken, (read_cpu_seconds(server.runtime.pid) - spent) / count


def _format_cpu(spent: float | None) -> str:
    return "" if spent is None else f", {format_ms(spent)} on a core"


def _time_creates(caller: Caller, experiment: str) -> float:
    """Return the median seconds of a create; each run ends before the next is created."""
    taken = []
    for number in range(30):
        body = {"display_name": f"made-{number}", "experiment_id": experiment, "pipeline_spec": TRIVIAL}
        started = time.perf_counter()
        run_id = caller.post(f"{V2}/runs", body)["run_id"]
        taken.append(time.perf_counter() - started)
        if caller.wait(run_id) != "SUCCEEDED":
            raise RuntimeError("the run failed")
    return statistics.median(taken)


def _get_page(caller: Caller, size: int, token: str = "") -> bytes:
    query = {"namespace": "ana", "page_size": size, "sort_by": "created_at desc"}
    return caller.get(f"{V2}/runs", **query, **({"page_token": token} if token else {}))


def _walk(caller: Caller) -> None:
    """Get all pages one after another and decode each, as a client must."""
    seen, token = 0, ""
    while seen < WALK:
        page = json.loads(_get_page(caller, 100, token))
        seen, token = seen + len(page["runs"]), page.get("next_page_token", "")


def _measure_rate(server: Laptop, each: int = 50) -> float:
    """Return the lists of 20 per second, from clients that send the next request after each response."""

    def send_requests(caller: Caller) -> None:
        for _ in range(each):
            _get_page(caller, 20)

    callers = [server.connect() for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        taken = time_call(lambda: list(pool.map(send_requests, callers)))
    return CLIENTS * each / taken

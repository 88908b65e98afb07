"""The embedded server's API with authorization on, at 100, 10,000 and 100,000 stored runs.

The other side are figures of the real server (Go, MariaDB, no rate limit), measured elsewhere on a machine
of this kind; it cannot be run beside.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from .laptop import TRIVIAL, V2, Caller, Laptop, laptop, store_runs
from .processes import cpu_seconds
from .table import Row, milliseconds, seconds

STEPS = (100, 10_000, 100_000)
REAL = {"create": 0.041, "get": 0.024, "list of 20": 0.043, "list of 100": 0.130}
WALK, CLIENTS, REAL_WALK, REAL_CLIENTS = 10_000, 8, 11.4, 42.0


def rows() -> list[Row]:
    """Measure at each size."""
    made: list[Row] = []
    with laptop() as server:
        experiment, run_ids = server.experiment("bench"), list[str]()
        for size in STEPS:
            run_ids += store_runs(server.folder, experiment, range(len(run_ids), size))
            started = statistics.median(server.restart() for _ in range(3))
            made += _at(server, experiment, run_ids)
        made.append(Row("server start", f"{started:.2f} s, with 100,000 runs stored", goal="≤ 1 s"))
    with laptop() as server:
        server.caller().get(f"{V2}/runs", namespace="ana")
        time.sleep(2)
        alone, _ = server.memory()
    return [*made, Row("idle, the server alone", f"{alone:.0f} MiB", goal="≤ 40 MiB")]


def _at(server: Laptop, experiment: str, run_ids: list[str]) -> list[Row]:
    caller, chance, size = server.caller(), random.Random(1), len(run_ids)
    actions: dict[str, Callable[[], object]] = {
        "get": lambda: caller.get(f"{V2}/runs/{chance.choice(run_ids)}"),
        "list of 20": lambda: _page(caller, 20),
        "list of 100": lambda: _page(caller, 100),
    }
    taken = {"create": _create(caller, experiment)}
    spent = dict[str, float]()
    for name, action in actions.items():
        taken[name], spent[name] = _several(action, server)
    made = [
        Row(
            f"{name}, {size:,} runs stored",
            f"p50 {milliseconds(taken[name])}" + _cpu(spent.get(name)),
            f"real server {REAL[name] * 1000:.0f} ms*",
            f"{REAL[name] / taken[name]:.0f} ×",
            "≥ 10 ×",
        )
        for name in REAL
    ]
    if size >= WALK:
        walk, cost = _several(lambda: _walk(caller), server, count=3, before=1)
        made.append(
            Row(
                f"walk of {WALK:,} runs and decoding, {size:,} stored",
                f"{walk:.2f} s, {cost:.2f} s on a core",
                f"real server {REAL_WALK} s*",
                f"{REAL_WALK / walk:.0f} ×",
                "≥ 10 ×",
            )
        )
    rate = _many(server)
    made.append(
        Row(
            f"{CLIENTS} clients, list of 20, {size:,} stored",
            f"{rate:.0f}/s",
            f"real server {REAL_CLIENTS:.0f}/s*",
            f"{rate / REAL_CLIENTS:.0f} ×",
            "≥ 10 ×",
        )
    )
    return made


def _several(
    action: Callable[[], object], server: Laptop, count: int = 100, before: int = 5
) -> tuple[float, float]:
    """The median seconds of a call, and what one costs the server on a core; some are made before."""
    for _ in range(before):
        action()
    spent = cpu_seconds(server.runtime.pid)
    taken = statistics.median(seconds(action) for _ in range(count))
    return taken, (cpu_seconds(server.runtime.pid) - spent) / count


def _cpu(spent: float | None) -> str:
    return "" if spent is None else f", {milliseconds(spent)} on a core"


def _create(caller: Caller, experiment: str) -> float:
    """The median seconds of a create; each run ends before the next is made."""
    taken = []
    for number in range(30):
        body = {"display_name": f"made-{number}", "experiment_id": experiment, "pipeline_spec": TRIVIAL}
        began = time.perf_counter()
        run_id = caller.post(f"{V2}/runs", body)["run_id"]
        taken.append(time.perf_counter() - began)
        if caller.wait(run_id) != "SUCCEEDED":
            raise RuntimeError("the run failed")
    return statistics.median(taken)


def _page(caller: Caller, size: int, token: str = "") -> bytes:
    query = {"namespace": "ana", "page_size": size, "sort_by": "created_at desc"}
    return caller.get(f"{V2}/runs", **query, **({"page_token": token} if token else {}))


def _walk(caller: Caller) -> None:
    """All pages one after another, each decoded as a client has to."""
    seen, token = 0, ""
    while seen < WALK:
        page = json.loads(_page(caller, 100, token))
        seen, token = seen + len(page["runs"]), page.get("next_page_token", "")


def _many(server: Laptop, each: int = 50) -> float:
    """Lists of 20 a second, from clients that ask again as soon as they are answered."""

    def ask(caller: Caller) -> None:
        for _ in range(each):
            _page(caller, 20)

    callers = [server.caller() for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        taken = seconds(lambda: list(pool.map(ask, callers)))
    return CLIENTS * each / taken

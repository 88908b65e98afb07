"""How long a submit takes to say what became of it, for each way in which its request can go wrong.

The waiting times are the real ones, so this takes two minutes; the faults are tried at the same time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyter_kfp_mt.client import HttpTransport, Request, Response
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import SubmitRequest
from jupyter_kfp_mt.service import Journal, KfpService
from tests.service.faulty import Kfp, serving
from tests.service.stand_ins import TRAIN

from .table import Row

SURE = 5.0  # seconds until what is sure is said
BOUND = 125.0
NOBODY = "http://127.0.0.1:9"  # the discard port: refused

FAULTS: tuple[tuple[str, tuple[str, ...], str, float], ...] = (  # what, its fault at each try, said, seconds
    ("no fault", ("none",), "started", SURE),
    ("connection refused", ("refused",), "not-started", SURE),
    ("mesh: no healthy upstream", ("no upstream",), "not-started", SURE),
    ("mesh: connection failure", ("no connection",), "not-started", SURE),
    (
        "mesh: no healthy upstream, twice, then it is back",
        ("no upstream", "no upstream", "none"),
        "started",
        SURE,
    ),
    ("Kubernetes refuses: too large", ("too large",), "cluster-refused", SURE),
    ("a firewall's page", ("page",), "gateway-refused", SURE),
    ("accepted, response lost", ("drop",), "started", SURE),
    ("accepted, 504", ("504 after",), "started", SURE),
    ("response lost, arrives 3 s later", ("late",), "started", 10.0),
    ("reset, does not arrive", ("reset",), "not-started", BOUND),
    ("bare 502, does not arrive", ("502",), "not-started", BOUND),
    ("bare 503, does not arrive", ("503",), "not-started", BOUND),
    ("silence, does not arrive", ("silent",), "not-started", BOUND),
)


class _Faulty(Kfp):
    """Fails in one way after another, and then as the last time."""

    late = 3.0

    def __init__(self, kinds: tuple[str, ...]) -> None:
        super().__init__()
        self._kinds = list(kinds)

    def choose_fault(self, name: str) -> str:
        return self._kinds.pop(0) if len(self._kinds) > 1 else self._kinds[0]


class _Refused:
    """Sends looks to a server, and changes to where nobody listens."""

    def __init__(self, context: Context) -> None:
        self._looks, self._changes = HttpTransport(context), HttpTransport(context._replace(endpoint=NOBODY))

    def send(self, request: Request[Any]) -> Response:
        return (self._looks if request.method == "GET" else self._changes).send(request)

    def in_context(self, context: Context) -> _Refused:
        return self

    def close(self) -> None:
        self._looks.close()
        self._changes.close()


def measure() -> list[Row]:
    """Submit once with each fault, all at the same time."""
    with ThreadPoolExecutor(len(FAULTS)) as pool:
        return list(pool.map(lambda fault: _measure(*fault), FAULTS))


def _measure(what: str, kinds: tuple[str, ...], expected: str, limit: float) -> Row:
    with serving(_Faulty(kinds)) as kfp:
        context = Context(kfp.url, "alice")
        transport = _Refused(context) if kinds == ("refused",) else HttpTransport(context)
        service = KfpService(context, transport, journal=Journal())
        seconds, said = _time(
            lambda: service.start_run(SubmitRequest(source=TRAIN, parameters={"name": "x"}))
        )
        started = len(kfp.runs), sum(kfp.executions.values())
        service.close()
    if said != expected or started != ((1, 1) if expected == "started" else (0, 0)):
        raise RuntimeError(f"{what}: {said} with {started[0]} runs and {started[1]} executions")
    return Row(f"submit: {what}", f"{said} after {seconds:.1f} s", goal=f"≤ {limit:g} s")


def _time(submit: Callable[[], object]) -> tuple[float, str]:
    """Return after how many seconds what was said."""
    start = time.monotonic()
    try:
        submit()
    except KfpError as error:
        return time.monotonic() - start, error.code
    return time.monotonic() - start, "started"

"""Names for completion: what this kernel has seen, and what a look in the background adds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import KfpError
from ..lists import ExperimentList, PipelineList, RecurringRunList, RunList, TaskList
from ..models import Run

if TYPE_CHECKING:
    from ..service import KfpService

_KEPT = 20  # newest runs
_FRESH_S = 60.0  # seconds between two looks


class KnownNames:
    """The names that completion offers; never asks a server in the thread that completes."""

    def __init__(self, variables: Mapping[str, object] = MappingProxyType({})) -> None:
        self.variables = variables  # of the notebook
        self.runs: list[Run] = []
        self.experiments: list[str] = []
        self.pipelines: list[str] = []
        self.recurring_runs: list[str] = []
        self.namespaces: list[str] = []
        self.tasks: dict[str, list[str]] = {}  # run → names
        self.metrics: list[str] = []
        self._looked = float("-inf")
        self._lock = threading.Lock()

    def remember(self, result: object) -> None:
        """Remember the names in the result of a command."""
        if isinstance(result, (Run, RunList)):
            runs = [result] if isinstance(result, Run) else result
            merged = {run.run_id: run for run in (*runs, *self.runs)}
            self.runs = list(merged.values())[:_KEPT]
            self.metrics = _merge(self.metrics, (name for run in runs for name in run.metrics))
        elif isinstance(result, ExperimentList):
            self.experiments = _merge(self.experiments, (each.display_name for each in result))
        elif isinstance(result, PipelineList):
            self.pipelines = _merge(self.pipelines, (each.display_name or each.name for each in result))
        elif isinstance(result, RecurringRunList):
            self.recurring_runs = _merge(self.recurring_runs, (each.display_name for each in result))
        elif isinstance(result, TaskList) and result:
            self.tasks[result[0].run_id] = [each.display_name or each.name for each in result]

    def look(self, service: Callable[[], KfpService | None]) -> None:
        """Read the newest names in a thread, once a minute at most, if there is a service already."""
        connected = service()
        with self._lock:
            if connected is None or time.monotonic() - self._looked < _FRESH_S:
                return
            self._looked = time.monotonic()
        threading.Thread(target=self._read, args=(connected,), name="kfp-names", daemon=True).start()

    def _read(self, service: KfpService) -> None:
        self.namespaces = sorted(service.context.profile_credentials) or [service.namespace]
        for read in (
            service.list_runs,
            service.list_experiments,
            service.list_pipelines,
            service.list_recurring_runs,
        ):
            try:
                self.remember(read())
            except KfpError:  # names that cannot be read are not offered
                continue


def _merge(known: list[str], names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*(name for name in names if name), *known]))[:200]

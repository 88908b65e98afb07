"""What all methods of the service share: KFP's API, what is cached, and the guard between namespaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ..client import Api
from ..client import experiments as requests
from ..client.http import Request
from ..client.response_errors import not_found_error
from ..client.system import get_healthz
from ..clock import Clock
from ..context import Context
from ..errors import KfpNotFoundError, kfp_error
from ..models import Experiment, Healthz, PipelineVersion, Run, Status, Task
from .state.cache import TtlCache
from .state.journal import Journal
from .state.podlogs import PodLogs
from .state.presets import Presets
from .state.rights import Rights

if TYPE_CHECKING:
    from ..kube import Kubernetes
    from .state.podlogs import LogCopy, NoLog
    from .tasks.workflow import RunSteps

T = TypeVar("T")

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

LOOK_UPS = 5  # experiments read one by one; further runs of a page go without their name


class Caches(NamedTuple):
    """What is kept for all namespaces of one server."""

    health: TtlCache[str, Healthz]
    experiments: TtlCache[str, Experiment]
    versions: TtlCache[str, PipelineVersion]
    status: TtlCache[str, Status]
    journal: Journal
    workflows: TtlCache[tuple[str, ...], RunSteps]  # by run and what KFP reports of it
    logs: PodLogs
    archived: TtlCache[tuple[str, str], LogCopy | NoLog]
    outputs: TtlCache[tuple[str, str], Task]  # by namespace and pod
    rights: Rights
    names: TtlCache[str, int]  # how many runs got a proposed name
    presets: Presets
    versions_of: TtlCache[str, int]  # how many versions a pipeline has
    deleted: TtlCache[str, str]  # recurring runs that were deleted from here, with their namespace

    @classmethod
    def new(cls, clock: Clock, journal: Journal | None = None, presets: Presets | None = None) -> Caches:
        """Return empty caches; what never changes, as the spec of a version, is kept longest."""
        return cls(
            TtlCache(clock, seconds=60.0, size=1),
            TtlCache(clock, seconds=600.0, size=2000),
            TtlCache(clock, seconds=3600.0, size=50),
            TtlCache(clock, seconds=10.0, size=20),
            journal or Journal(),
            TtlCache(clock, seconds=4.0, size=20),
            PodLogs(),
            TtlCache(clock, seconds=60.0, size=16),
            TtlCache(clock, seconds=float("inf"), size=500),
            Rights(TtlCache(clock, seconds=300.0, size=100)),
            TtlCache(clock, seconds=60.0, size=100),
            presets or Presets(),
            TtlCache(clock, seconds=600.0, size=2000),
            TtlCache(clock, seconds=3600.0, size=100),
        )


class Backend:
    """One KFP server in one namespace."""

    def __init__(self, api: Api, caches: Caches, kubernetes: Kubernetes | None = None) -> None:
        self.api = api
        self.caches = caches
        self.kubernetes = kubernetes  # None outside of a cluster

    @property
    def journal(self) -> Journal:
        """The submits whose outcome may not be known yet."""
        return self.caches.journal

    @property
    def presets(self) -> Presets:
        """The values that this user keeps for his pipelines."""
        return self.caches.presets

    @property
    def context(self) -> Context:
        """Where Kubeflow Pipelines is, and as whom we call it."""
        return self.api.context

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self.api.clock

    def health(self, *, fresh: bool = False) -> Healthz:
        """Return what the server reports about itself, at most a minute old."""
        kept = None if fresh else self.caches.health.get("")
        return kept or self.caches.health.put("", self.api.call(get_healthz()))

    def namespace(self) -> str:
        """Return the namespace to ask for, empty on a single-user server; raises `namespace-missing`."""
        if not self.health().multi_user:
            return ""
        if not self.context.namespace:
            raise kfp_error("namespace-missing")
        return self.context.namespace

    def not_found_error(self, thing: str, ref: str, what: type[T]) -> KfpNotFoundError:
        """Return the error for what does not exist, is malformed, or belongs to another namespace."""
        request = Request(method="GET", path="", reply=what, thing=thing, ref=ref)
        error = not_found_error(request, self.context)
        assert isinstance(error, KfpNotFoundError)  # noqa: S101 - the catalogue's own class
        return error

    def get_experiment(self, experiment_id: str) -> Experiment | None:
        """Return an experiment by id, from memory if known; None if it was deleted."""
        kept = self.caches.experiments.get(experiment_id)
        if kept is not None or not experiment_id:
            return kept
        try:
            return self.remember(self.api.call(requests.get_experiment(experiment_id)))
        except KfpNotFoundError:
            return None

    def remember(self, experiment: Experiment) -> Experiment:
        """Remember `experiment`, and return it."""
        return self.caches.experiments.put(experiment.experiment_id, experiment)

    def get_experiments_of(self, runs: list[Run]) -> dict[str, Experiment]:
        """Return the experiments of a page of runs by id.

        If some are unknown, one call reads the newest ones, and at most `LOOK_UPS` more are read one by one.
        """
        wanted = {run.experiment_id for run in runs if run.experiment_id}
        if any(self.caches.experiments.get(each) is None for each in wanted):
            self.learn_experiments()
        experiments = {each: self.caches.experiments.get(each) for each in wanted}
        for each in [key for key, value in experiments.items() if value is None][:LOOK_UPS]:
            experiments[each] = self.get_experiment(each) or self.remember(
                Experiment(experiment_id=each, namespace=self.context.namespace)  # a deleted one has no name
            )
        return {key: value for key, value in experiments.items() if value is not None}

    def learn_experiments(self) -> None:
        """Read and remember the newest experiments of the namespace, in one call."""
        request = requests.list_experiments(self.namespace(), sort_by="created_at desc", page_size=200)
        for experiment in self.api.call(request).experiments:
            self.remember(experiment)

    def guard(self, run: Run) -> Experiment | None:
        """Return the experiment of `run`; raises `not-found` if it belongs to another namespace."""
        experiment = self.get_experiment(run.experiment_id)
        if experiment is not None and experiment.namespace != self.namespace():
            raise self.not_found_error("run", run.run_id, Run)
        return experiment

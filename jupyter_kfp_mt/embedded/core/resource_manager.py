"""The rules as one object, which both API versions call."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..store import Store
from ..tenants import Tenancy
from .experiments import Experiments
from .fetch import fetch
from .listing import Lists
from .pipelines import Pipelines
from .reader import TemplateReader
from .recurring_runs import RecurringRuns
from .runner import Runner
from .runs import EDITOR, RUNNER_ACCOUNT, Runs
from .sources import PipelineSources


class ResourceManager:
    """Holds the rules of each resource, named as in KFP (`backend/src/apiserver/resource`)."""

    def __init__(
        self,
        store: Store,
        runner: Runner,
        tenancy: Tenancy,
        folder: Path,
        fetch: Callable[[str], bytes] = fetch,
        *,
        profiles_changed: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.profiles_changed = profiles_changed
        self.folder = folder
        self.fetch = fetch
        self.templates = TemplateReader()
        self.store = store
        self.runner = runner
        self.tenancy = tenancy
        self.lists = Lists(tenancy.page_key)
        sources = PipelineSources(store, runner)
        account = EDITOR if tenancy.multi_user else RUNNER_ACCOUNT
        self.experiments = Experiments(store, multi_user=tenancy.multi_user, now=now)
        self.runs = Runs(store, runner, sources, account=account, now=now)
        self.recurring_runs = RecurringRuns(store, sources, account=account, now=now)
        self.pipelines = Pipelines(store, now=now)

    def empty(self, namespace: str) -> None:
        """Delete everything in a namespace: runs with their files, recurring runs, pipelines, volumes."""
        for run_id in self.store.empty(namespace):
            self.runner.forget(run_id)
        self.runner.remove_volumes(namespace)

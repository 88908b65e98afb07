"""A stand-in for `KfpService` in tests of what the server adds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from jupyter_kfp_mt import __version__, models
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError, kfp_error
from jupyter_kfp_mt.run_rules import phase_of

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


class FakeKfp:
    """Runs in memory; counts calls, and fails or hangs on demand."""

    def __init__(self) -> None:
        self.runs: dict[str, models.Run] = {}
        self.calls: list[str] = []
        self.starts: list[bool] = []
        self.error: KfpError | BaseException | None = None
        self.no_connection: KfpError | None = None
        self.namespaces = ("team-a",)
        self._hang: threading.Event | None = None

    def connect(self, start_embedded: bool) -> FakeService:
        self.starts.append(start_embedded)
        if self.no_connection is not None and not start_embedded:
            raise self.no_connection
        return FakeService(self, "team-a")

    def hang(self) -> None:
        self._hang = threading.Event()

    def release(self) -> None:
        if self._hang is not None:
            self._hang.set()

    def put(self, run_id: str, state: str = "RUNNING", minute: int | None = None) -> models.Run:
        known = self.runs.get(run_id)
        created = (
            known.created_at
            if known
            else START + timedelta(minutes=len(self.runs) if minute is None else minute)
        )
        run = models.Run(run_id=run_id, state=state, phase=phase_of(state), created_at=created)
        self.runs = {**self.runs, run_id: run}
        return run

    def delete(self, run_id: str) -> None:
        self.runs = {known: run for known, run in self.runs.items() if known != run_id}

    def asked(self, verb: str) -> None:
        self.calls.append(verb)
        if self._hang is not None:
            self._hang.wait(60)
        if self.error is not None:
            raise self.error


class FakeService:
    """The verbs, for one namespace."""

    def __init__(self, kfp: FakeKfp, namespace: str) -> None:
        self.kfp = kfp
        self.namespace = namespace
        self.context = Context("http://kfp")

    def in_namespace(self, namespace: str) -> FakeService:
        return FakeService(self.kfp, namespace)

    def on_behalf(self, request_id: str) -> FakeService:
        return self

    def status(self, *, counts: bool = True) -> models.Status:
        self.kfp.calls.append("status")
        return models.Status(
            connected=True, namespace=self.namespace, endpoint="http://kfp", version=__version__
        )

    def list_grants(self) -> models.AccessList:
        self.kfp.asked("list_grants")
        return models.AccessList(namespace=self.namespace)

    def page_runs(self, query: models.RunQuery) -> models.RunPage:
        self.kfp.asked("page_runs")
        runs = sorted(self.kfp.runs.values(), key=lambda run: (run.created_at, run.run_id), reverse=True)
        if self.namespace not in self.kfp.namespaces:
            runs = []
        runs = [run for run in runs if not query.state or run.state in query.state]
        return models.RunPage(
            runs=runs[: query.page_size],
            total_size=len(runs),
            next_page_token="more" if len(runs) > query.page_size else "",
        )

    def get_run(self, run_id: str) -> models.Run:
        self.kfp.asked("get_run")
        if run_id not in self.kfp.runs or self.namespace not in self.kfp.namespaces:
            raise kfp_error("not-found", thing="run", ref=run_id, ns=self.namespace, list="runs")
        return self.kfp.runs[run_id]

    def view_run(self, run_id: str) -> models.RunView:
        return models.RunView(run=self.get_run(run_id))

    def start_run(self, request: models.SubmitRequest, *, patient: bool = True) -> models.Run:
        self.kfp.asked("start_run")
        self.kfp.submitted = request.source
        return self.kfp.put(f"run-{len(self.kfp.runs)}")

    def inspect(self, source: models.Source) -> models.Inspection:
        self.kfp.asked("inspect")
        name = source.text or source.data.hex()
        return models.Inspection(pipeline=models.PipelineInfo(name=name), display_name=source.path)

    def terminate(self, run_id: str) -> models.Run:
        self.kfp.asked("terminate")
        self.get_run(run_id)
        return self.kfp.put(run_id, "CANCELING")

    def list_by_id(self, run_ids: Sequence[str]) -> dict[str, models.Run]:
        self.kfp.asked("list_by_id")
        return {run_id: self.kfp.runs[run_id] for run_id in run_ids if run_id in self.kfp.runs}

    def change_one(self, run: models.Run | str, verb: models.BulkVerb) -> None:
        run_id = run if isinstance(run, str) else run.run_id
        self.kfp.asked(f"{verb.value} {run_id}")
        self.get_run(run_id)
        self.kfp.delete(run_id)

    def delete_run(self, run_id: str) -> None:
        self.kfp.asked("delete_run")
        self.get_run(run_id)
        self.kfp.delete(run_id)

"""Changes of many runs, which go on when the page closes, and end with this server.

A job makes at most eight calls at a time, reports its progress in the event stream, and can be stopped. One
that waits before it starts makes it possible to undo a delete.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Protocol

from ..errors import ErrorBody, KfpConnectionError, KfpError, kfp_error
from ..models import BulkEvent, BulkFailure, BulkJob, BulkList, BulkRequest, BulkState, BulkVerb, Run
from .workers import Workers

if TYPE_CHECKING:
    from ..service import KfpService

AT_ONCE = 8  # calls of KFP, of all jobs together
LISTED = 50  # runs looked up at once
TELL_S = 0.1  # between two events of a job
KEPT_S = 3600.0  # for which a job can be read after its end
UNFINISHED = 20  # jobs

_ENDED = (BulkState.STOPPED, BulkState.DONE)


class Board(Protocol):
    """Where jobs report; `Streams` does it."""

    def publish(self, namespace: str, event: BulkEvent) -> None:
        """Send an event to the pages of a namespace."""

    def look_now(self, namespace: str = ..., run_id: str = ...) -> None:
        """Let the watch of a namespace look at once."""


class Bulk:
    """The bulk jobs of this Jupyter server, by namespace."""

    def __init__(
        self, open_service: Callable[[str], KfpService], board: Board, log: Callable[[str], object]
    ) -> None:
        self._open = open_service
        self._board = board
        self._log = log
        self._lock = threading.Lock()
        self._jobs: dict[tuple[str, str], _Job] = {}
        self._workers = Workers(AT_ONCE, "kfp-bulk")

    def start(self, namespace: str, request: BulkRequest, request_id: str = "") -> BulkJob:
        """Start a job, or return the one that has its id."""
        key = namespace, request.job_id or uuid.uuid4().hex
        if self._find(key) is None:  # else the namespace was checked when the job started
            service = self._open(namespace).on_behalf(request_id)
            service.list_by_id(request.run_ids[:LISTED])  # raises if this account may not look there
        with self._lock:
            self._forget_old()
            job = self._jobs.get(key)
            if job is None:
                unfinished = sum(not each.ended for each in self._jobs.values())
                if unfinished >= UNFINISHED:
                    raise kfp_error(
                        "too-large",
                        thing="The number of bulk actions",
                        size=f"{unfinished} have not ended",
                        limit=str(UNFINISHED),
                        next="Wait until one has ended.",
                    )
                job = self._jobs[key] = _Job(namespace, key[1], request)
                threading.Thread(
                    target=self._run, args=(job, request_id), name="kfp-bulk-job", daemon=True
                ).start()
        return job.view()

    def list_jobs(self, namespace: str) -> BulkList:
        """Return the jobs of a namespace."""
        with self._lock:
            self._forget_old()
            return BulkList(jobs=[job.view() for (where, _), job in self._jobs.items() if where == namespace])

    def get(self, namespace: str, job_id: str) -> BulkJob:
        """Return a job; raises `not-found`."""
        return self._require(namespace, job_id).view()

    def stop(self, namespace: str, job_id: str) -> BulkJob:
        """Stop a job: what has started is completed, the rest is left. One that has ended is forgotten."""
        job = self._require(namespace, job_id)
        if job.ended:
            with self._lock:
                self._jobs.pop((namespace, job_id), None)
        job.stop()
        job.over.wait(TELL_S)  # one that has not started is stopped at once
        return job.view()

    def close(self) -> None:
        """Stop every job."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.stop()
        self._workers.close()

    def _find(self, key: tuple[str, str]) -> _Job | None:
        with self._lock:
            return self._jobs.get(key)

    def _require(self, namespace: str, job_id: str) -> _Job:
        job = self._find((namespace, job_id))
        if job is None:
            raise kfp_error("not-found", thing="bulk action", ref=job_id, ns=namespace, list="runs")
        return job

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEPT_S
        self._jobs = {key: job for key, job in self._jobs.items() if job.ended_at > oldest}

    def _run(self, job: _Job, request_id: str) -> None:
        try:
            if not job.stopping.wait(job.request.delay_s):
                self._change_all(job, request_id)
        finally:
            job.end()
            self._tell(job)
            self._board.look_now(job.namespace)
            self._log(f"bulk {job.describe_outcome()} (request {request_id})")

    def _change_all(self, job: _Job, request_id: str) -> None:
        job.state = BulkState.RUNNING
        self._tell(job)
        while (chunk := job.left[:LISTED]) and not job.stopping.is_set():
            try:
                service = self._open(job.namespace).on_behalf(request_id)
                rows = service.list_by_id(chunk)
            except KfpConnectionError as error:  # for the others, too
                for run_id in job.left:
                    job.fail(run_id, "", error.body)
                return
            except KfpError as error:
                for run_id in chunk:
                    job.fail(run_id, "", error.body)
                continue
            calls = [self._workers.submit(self._change, job, service, each, rows.get(each)) for each in chunk]
            self._wait_for(job, calls)

    def _wait_for(self, job: _Job, calls: list[Future[None]]) -> None:
        pending = set(calls)
        while pending:
            done, pending = wait(pending, timeout=TELL_S)
            if job.stopping.is_set():
                for call in pending:
                    call.cancel()
            self._tell(job)
            for call in done:
                if not call.cancelled():
                    call.result()  # a fault of ours ends the job

    def _change(self, job: _Job, service: KfpService, run_id: str, row: Run | None) -> None:
        if job.stopping.is_set():
            return
        try:
            service.change_one(row or run_id, job.request.verb)
        except KfpError as error:
            job.fail(run_id, row.display_name if row else "", error.body)
        else:
            job.succeed(run_id)

    def _tell(self, job: _Job) -> None:
        event = job.next_event()
        if event is None:
            return
        self._board.publish(job.namespace, event)
        if job.request.verb is BulkVerb.RETRY:  # a run below the newest page is active again
            for run_id in event.run_ids:
                self._board.look_now(job.namespace, run_id)


class _Job:
    """One job; used by its own thread, by the workers and by requests."""

    def __init__(self, namespace: str, job_id: str, request: BulkRequest) -> None:
        self.namespace = namespace
        self.job_id = job_id
        self.request = request
        self.state = BulkState.WAITING
        self.stopping = threading.Event()
        self.over = threading.Event()
        self.ended_at = float("inf")
        self.done: list[str] = []
        self._failures: list[BulkFailure] = []
        self._left = dict.fromkeys(request.run_ids)  # without repetitions
        self._total = len(self._left)
        self._told: tuple[BulkState, int, int] | None = None
        self._lock = threading.Lock()
        self._starts_at = datetime.now(timezone.utc) + timedelta(seconds=request.delay_s)

    @property
    def ended(self) -> bool:
        """Whether nothing more happens."""
        return self.state in _ENDED

    @property
    def left(self) -> list[str]:
        """The runs that have not been tried."""
        with self._lock:
            return list(self._left)

    def stop(self) -> None:
        """Start no more calls."""
        self.stopping.set()

    def succeed(self, run_id: str) -> None:
        """Note that a run was changed."""
        with self._lock:
            self._left.pop(run_id, None)
            self.done.append(run_id)

    def fail(self, run_id: str, name: str, error: ErrorBody) -> None:
        """Note that a run was not changed."""
        with self._lock:
            self._left.pop(run_id, None)
            self._failures.append(BulkFailure(run_id=run_id, display_name=name, error=error))

    def end(self) -> None:
        """Note that nothing more happens."""
        with self._lock:
            self.state = BulkState.STOPPED if self._left else BulkState.DONE
            self.ended_at = time.monotonic()
        self.over.set()

    def describe_outcome(self) -> str:
        """Return a line for the log."""
        return f"{self.request.verb.value} in {self.namespace}: {len(self.done)} of {self._total} done"

    def view(self) -> BulkJob:
        """Return the job as it is now."""
        with self._lock:
            return BulkJob(
                job_id=self.job_id,
                verb=self.request.verb,
                state=self.state,
                total=self._total,
                done=len(self.done),
                failures=list(self._failures),
                left=list(self._left),
                starts_at=self._starts_at,
            )

    def next_event(self) -> BulkEvent | None:
        """Return what has changed since the last event; None if nothing has."""
        with self._lock:
            known = self._told or (BulkState.WAITING, 0, 0)
            now = (self.state, len(self.done), len(self._failures))
            if now == self._told:
                return None
            self._told = now
            return BulkEvent(
                namespace=self.namespace,
                job_id=self.job_id,
                verb=self.request.verb,
                state=self.state,
                total=self._total,
                done=now[1],
                failed=now[2],
                run_ids=self.done[known[1] :],
            )

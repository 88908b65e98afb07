"""One change of many runs."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from ..errors import ErrorBody


class BulkVerb(str, Enum):
    """What can be done with many runs at once."""

    TERMINATE = "terminate"
    RETRY = "retry"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    DELETE = "delete"


class BulkRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for one change of many runs; the namespace is in the route."""

    verb: BulkVerb
    run_ids: Annotated[list[Annotated[str, Meta(max_length=128)]], Meta(min_length=1, max_length=10_000)]
    delay_s: Annotated[float, Meta(ge=0, le=60)] = 0.0  # until it starts; it can be stopped before
    job_id: Annotated[str, Meta(pattern="^([A-Za-z0-9-]{8,64})?$")] = ""  # the same id is one job


class BulkState(str, Enum):
    """How far a bulk job has come."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


class BulkFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A run that a bulk job did not change, and why."""

    run_id: str
    display_name: str = ""
    error: ErrorBody


class BulkJob(msgspec.Struct, frozen=True, kw_only=True):
    """One change of many runs, which the Jupyter server makes whether a page is open or not."""

    job_id: str
    verb: BulkVerb
    state: BulkState = BulkState.WAITING
    total: int = 0
    done: int = 0
    failures: list[BulkFailure] = []
    left: list[str] = []  # the ids of the runs that have not been tried
    starts_at: datetime | None = None


class BulkList(msgspec.Struct, frozen=True, kw_only=True):
    """The bulk jobs of a namespace that have not ended, or ended within the last hour, oldest first."""

    jobs: list[BulkJob] = []


class BulkEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Event `bulk` of the stream: how far a bulk job has come, and the runs changed since the last event."""

    namespace: str
    job_id: str
    verb: BulkVerb
    state: BulkState
    total: int
    done: int
    failed: int
    run_ids: list[str] = []

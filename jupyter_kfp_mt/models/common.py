"""Parts of many messages: what KFP says of itself and of errors, and what a list is asked for."""

from __future__ import annotations

from datetime import datetime, timezone

import msgspec

NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # raised by decoding foreign JSON
NO_SPEC = msgspec.Raw(b"null")  # no spec, or one that was left out
NO_DETAILS = NO_SPEC  # no tasks, or tasks that were left out


def make_no_spec() -> msgspec.Raw:
    """Return the default of a spec; msgspec wants a function."""
    return NO_SPEC


def known_time(moment: datetime | None) -> datetime | None:
    """Return `moment`, or None for KFP's values of "not set": 1970 and the year 1."""
    return moment if moment is not None and moment.year > 1970 else None


class RpcStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The cause of an error, as a server reports it (`google.rpc.Status`)."""

    code: int = 0
    message: str = ""


class RuntimeStatus(msgspec.Struct, frozen=True, kw_only=True, gc=False):  # from JSON, so without cycles
    """One entry of a state history; KFP also writes entries without a state."""

    update_time: datetime | None = None
    state: str = ""
    error: RpcStatus | None = None


class Healthz(msgspec.Struct, frozen=True, kw_only=True):
    """The response of `/apis/v2beta1/healthz`; only the embedded server sends `embedded`."""

    multi_user: bool = False
    tag_name: str = ""
    commit_sha: str = ""
    pipeline_store: str = ""
    embedded: bool = False


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list, as asked for."""

    search: str = ""
    sort_by: str = "created_at desc"
    page_size: int = 50
    page_token: str = ""


def seconds_between(start: datetime | None, end: datetime | None, *, ended: bool) -> float | None:
    """Return how long something took, or takes by now; None if that is not known."""
    if start is None or (ended and end is None):
        return None
    return ((end if end is not None else datetime.now(timezone.utc)) - start).total_seconds()

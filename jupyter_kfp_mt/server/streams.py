"""The events of each namespace: one watch, a log of the last events, and the clients that wait for more."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ..models import BulkEvent, RunsEvent, Status
from ..polling import SHARED_S
from .pages import Shareable, SharedPages, SharingService

if TYPE_CHECKING:  # the client of KFP is imported when a page needs it, not when Jupyter starts
    from .watch import Change, LiveWatch

REMEMBERED = 1000  # events
REMEMBERED_BYTES = 1 << 20
NAMESPACES = 32  # whose events are kept while nobody listens

Wake = Callable[[], object]


class StreamEvent(NamedTuple):
    """One event in its wire format."""

    seq: int
    text: bytes


class EventLog:
    """The last events of a namespace, so that a page can resume after its connection was lost.

    Ids are `<epoch>-<seq>`: the epoch names this log, and seq counts from 1.
    """

    def __init__(self, epoch: str = "", most: int = REMEMBERED, most_bytes: int = REMEMBERED_BYTES) -> None:
        self._epoch = epoch or secrets.token_hex(4)
        self._most = most
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._events: deque[StreamEvent] = deque()
        self._bytes = 0
        self._seq = 0
        self._has_reset = False  # whether the log starts with a full read, on which differences build

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever added."""
        return self._seq == 0

    def add(self, change: Change | BulkEvent) -> None:
        """Append `change`, and drop the oldest events if there are too many."""
        with self._lock:
            self._seq += 1
            self._has_reset |= not isinstance(change, (Status, BulkEvent))
            event = StreamEvent(self._seq, _encode(self._id(self._seq), change))
            self._events.append(event)
            self._bytes += len(event.text)
            while len(self._events) > self._most or (
                self._bytes > self._most_bytes and len(self._events) > 1
            ):
                self._bytes -= len(self._events.popleft().text)

    def since(self, last_id: str) -> tuple[list[bytes], str]:
        """Return the events after `last_id` and the id to ask with next.

        If some of them are missing, there is one `reset` instead: the client has to read everything again.
        """
        with self._lock:
            position = self._id(self._seq)
            seq = self._seq_of(last_id)
            if seq is None and self._has_reset:
                return [_encode(position, None)], position
            return [event.text for event in self._events if event.seq > (seq or 0)], position

    def _id(self, seq: int) -> str:
        return f"{self._epoch}-{seq}"

    def _seq_of(self, last_id: str) -> int | None:
        """Return the number in `last_id` if the log has every event after it."""
        epoch, _, digits = last_id.partition("-")
        if epoch != self._epoch or not (digits.isascii() and digits.isdigit() and len(digits) < 16):
            return None
        oldest = self._events[0].seq if self._events else self._seq + 1
        return int(digits) if oldest - 1 <= int(digits) <= self._seq else None


class Stream:
    """The events of one namespace; used in the event loop, fed by the thread of the watch."""

    def __init__(self, watch: LiveWatch, log: EventLog, forget_pages: Callable[[], object]) -> None:
        self._watch = watch
        self._log = log
        self._forget_pages = forget_pages
        self._waiting: dict[int, Wake] = {}  # replaced, never changed: two threads read it
        self._tickets = 0
        self.since = log.since
        self.look_now = watch.look_now

    @property
    def idle(self) -> bool:
        """Whether nobody listens."""
        return not self._waiting

    def join(self, wake: Wake) -> int:
        """Call `wake`, from any thread, after each new event; returns the ticket for `leave`."""
        self._tickets += 1
        first = self.idle
        self._waiting = {**self._waiting, self._tickets: wake}
        if first:
            self._watch.add(self._record)
        return self._tickets

    def leave(self, ticket: int) -> None:
        """Stop calling; without listeners the watch pauses."""
        self._waiting = {other: wake for other, wake in self._waiting.items() if other != ticket}
        if self.idle:
            self._watch.remove(self._record)

    def close(self) -> None:
        """Wake all listeners for the last time."""
        waiting, self._waiting = self._waiting, {}
        self._watch.remove(self._record)
        for wake in waiting.values():
            wake()

    def publish(self, event: BulkEvent) -> None:
        """Send an event that no watch has seen; pages of runs are read again."""
        self._forget_pages()
        self._record(event)

    def _record(self, change: Change | BulkEvent) -> None:
        if isinstance(change, RunsEvent):
            self._forget_pages()  # who reads the list after this event must not get one from before it
        self._log.add(change)
        for wake in self._waiting.values():
            wake()


class Streams:
    """The streams of all namespaces that are or were watched; a paused one can be resumed.

    `active` and `idle` are the seconds between two looks.
    """

    def __init__(self, open_service: Callable[[str, bool], Shareable], active: float, idle: float) -> None:
        self._open = open_service
        self._active = active
        self._idle = idle
        self._pages = SharedPages()
        self._streams: dict[str, Stream] = {}
        self.closed = False

    def get_stream(self, namespace: str) -> Stream:
        """Return the stream of `namespace`."""
        stream = self._streams.pop(namespace, None)
        if stream is None:
            stream = self._make_stream(namespace)
        self._streams[namespace] = stream  # the latest used last
        for name in [name for name, old in self._streams.items() if old.idle][:-NAMESPACES]:
            del self._streams[name]
        return stream

    def _make_stream(self, namespace: str) -> Stream:
        from .watch import LiveWatch, Pace

        log = EventLog()

        def open_service(again: bool) -> SharingService:
            service = self._open(namespace, again)
            if not log.is_empty:
                return SharingService(service, self._pages, namespace, None, watch.learn)
            self._pages.renew(namespace)  # for this look and the page that reads again after it
            return self.share_pages(service, namespace, watch.learn)

        watch = LiveWatch(open_service, namespace, Pace(active=self._active, idle=self._idle))
        return Stream(watch, log, forget_pages=lambda: self._pages.drop(namespace))

    def share_pages(
        self, service: Shareable, namespace: str, on_page: Callable[[float], None] = lambda _: None
    ) -> SharingService:
        """Return `service`, of which pages of runs that were just read are not read again.

        So a page that opens and the watch that starts for it read the list once. On this machine, where the
        watch looks more often than that, only those who ask at the same time share.
        """
        seconds = 0.0 if service.context.embedded else min(SHARED_S, self._active / 2)
        return SharingService(service, self._pages, namespace, seconds, on_page)

    def publish(self, namespace: str, event: BulkEvent) -> None:
        """Send an event to all who listen to `namespace`; who does not reads the job."""
        stream = self._streams.get(namespace)
        if stream is not None:
            stream.publish(event)

    def look_now(self, namespace: str = "", run_id: str = "") -> None:
        """After our own change, let the watches of `namespace`, or of all, look at once."""
        self._pages.drop(namespace)
        for name, stream in self._streams.items():
            if name == namespace or not namespace:
                stream.look_now(run_id)

    def close(self) -> None:
        """End every stream, and start no more."""
        self.closed = True
        for stream in self._streams.values():
            stream.close()


_KINDS: dict[type, str] = {RunsEvent: "runs", Status: "status", BulkEvent: "bulk"}


def _encode(event_id: str, change: Change | BulkEvent | None) -> bytes:
    kind = _KINDS.get(type(change), "reset")
    data = b"{}" if kind == "reset" else msgspec.json.encode(change)
    return f"id: {event_id}\nevent: {kind}\ndata: ".encode() + data + b"\n\n"

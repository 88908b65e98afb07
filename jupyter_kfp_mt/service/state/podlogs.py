"""Logs of pods as bytes with fixed offsets: what was read is kept, and outlives the pod.

Kubernetes cannot read a log from an offset, and the kubelet rotates logs. So each read asks for lines not
older than the last one seen, by time stamp, and appends the new ones to a bounded copy.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from ...errors import KfpNotFoundError

if TYPE_CHECKING:
    from ...kube import Kubernetes

FIRST_LINES = 20_000  # of a log when it is read for the first time
KEPT = 4 * 1024 * 1024  # bytes of one log
COPIES = 32  # logs kept at once


class LogSlice(NamedTuple):
    """A part of a log; `start` and `end` are byte offsets from its first known line."""

    text: bytes
    start: int
    end: int
    truncated: bool  # something before `start` is missing
    source: str = "pod"  # "copy" if its pod is gone, "archive" if KFP had kept it


class LogCopy:
    """What is known of one log."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.whole = True  # from its first line on
        self.ended = False  # it was read after its pod had ended, so it has the last line, too
        self.source = "pod"
        self._text = bytearray()
        self._start = 0  # offset of the first byte kept
        self._stamp = ""  # of the last line
        self._same = 0  # lines with that stamp

    @classmethod
    def of_archive(cls, text: bytes, *, whole: bool) -> LogCopy:
        """Return a log that nothing is added to; it is not `whole` if `text` lacks its start."""
        copy = cls()
        copy.source, copy.ended, copy.whole = "archive", True, whole
        copy._start = max(0, len(text) - KEPT)
        copy._text = bytearray(text[copy._start :])
        return copy

    @property
    def since(self) -> datetime | None:
        """The second of the last line, None before the first."""
        if not self._stamp:
            return None
        return datetime.strptime(self._stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)

    @property
    def size(self) -> int:
        """The known bytes of the log, dropped ones included."""
        return self._start + len(self._text)

    def add(self, stamped: bytes, *, cut: bool = False) -> int:
        """Append the lines of `stamped` that are new, and return how many; a `cut` last line waits.

        Kubernetes' `sinceTime` is a whole second, so each read repeats lines. Lines with older stamps are
        known; of those with the last stamp, as many are skipped as were seen with it.
        """
        lines = stamped.splitlines(keepends=True)
        if cut and lines and not lines[-1].endswith(b"\n"):
            lines.pop()
        seen, added = self._same, 0
        for line in lines:
            moment, _, text = line.partition(b" ")
            stamp = _to_comparable(moment)
            if not stamp or stamp < self._stamp:
                continue
            if stamp == self._stamp and seen:
                seen -= 1
                continue
            self._same = self._same + 1 if stamp == self._stamp else 1
            self._stamp, seen = stamp, 0
            self._text += text
            added += 1
        over = len(self._text) - KEPT
        if over > 0:
            del self._text[:over]
            self._start += over
        return added

    def part(self, offset: int, limit: int) -> LogSlice:
        """Return at most `limit` bytes from `offset` on."""
        start = min(max(offset, self._start), self.size)
        text = bytes(self._text[start - self._start : start - self._start + limit])
        return LogSlice(text, start, start + len(text), start > offset or not self.whole, self.source)

    def last(self, lines: int) -> LogSlice:
        """Return the last `lines` lines."""
        kept = bytes(self._text).splitlines(keepends=True)[-lines:]
        text = b"".join(kept)
        start = self.size - len(text)
        return LogSlice(text, start, self.size, start > 0 or not self.whole, self.source)


class NoLog(NamedTuple):
    """No archived log could be read: what each route said, and a refusal among that."""

    said: str
    refusal: str = ""


class PodLogs:
    """The copies of the logs read last, in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: OrderedDict[tuple[str, str], LogCopy] = OrderedDict()

    def read(self, kubernetes: Kubernetes, pod: str, namespace: str, *, ended: bool = False) -> LogCopy:
        """Return the log of a pod as it is now; of a removed one, what was read before.

        `ended` says that the pod writes no more. Raises `logs-gone` if nothing was read before, `logs-denied`
        and `kubernetes-unavailable`.
        """
        copy = self._copy((namespace, pod))
        with copy.lock:
            try:
                self._follow(kubernetes, copy, pod, namespace)
                copy.source, copy.ended = "pod", ended
            except KfpNotFoundError:
                copy.source = "copy"
                if not copy.size:
                    self._drop((namespace, pod))
                    raise
        return copy

    @staticmethod
    def _follow(kubernetes: Kubernetes, copy: LogCopy, pod: str, namespace: str) -> None:
        first = copy.since is None
        while True:
            tail = FIRST_LINES if copy.since is None else 0
            text = kubernetes.read_pod_log(pod, namespace, tail=tail, since=copy.since, timestamps=True)
            added = copy.add(text.text, cut=not text.complete)
            if first:
                copy.whole, first = added < FIRST_LINES, False
            if text.complete or not added:
                return

    def _copy(self, key: tuple[str, str]) -> LogCopy:
        with self._lock:
            copy = self._copies.setdefault(key, LogCopy())
            self._copies.move_to_end(key)
            while len(self._copies) > COPIES:
                self._copies.popitem(last=False)
            return copy

    def _drop(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._copies.pop(key, None)


def _to_comparable(moment: bytes) -> str:
    """Return a time stamp of Kubernetes with all nine digits: it leaves out zeros at the end."""
    text = moment.decode("ascii", errors="replace")
    second, _, rest = text.partition(".")
    if len(second) < 19 or second[10:11] != "T":
        return ""
    digits = "".join(character for character in rest if character.isdecimal())[:9] if rest else ""
    return f"{second[:19]}.{digits.ljust(9, '0')}"

"""Computes when a trigger fires; every time is in seconds since 1970.

The rules are those of KFP's controller (kubeflow/pipelines, crd/controller/scheduledworkflow/util): the
first time is one interval, or the next time of the cron text, after the start or, without one, the creation.
"""

from __future__ import annotations

import msgspec

from .cron import find_interval, generate_times

NEVER = 1 << 53  # later than anything, and exact in JSON


class Trigger(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a recurring run fires; without `cron` and `interval` it fires once, immediately."""

    cron: str = ""
    interval: int = 0
    start: int = 0
    end: int = 0

    @property
    def periodic(self) -> bool:
        """Whether it fires by interval."""
        return self.interval > 0

    def find_next_time(self, *, created: int, last: int | None) -> int:
        """Return the time after `last`, or the first one; NEVER when there is none."""
        base = last if last is not None else self.start or created
        if not self.cron and not self.periodic:
            return created if last is None else NEVER
        after = max(base, self.start)
        if self.periodic:
            time = min(NEVER, after + self.interval)
        else:
            time = _find_next_of_cron(self.cron, after, self.start or created)
        return NEVER if self.end and self.end < time else time

    def list_next_times(self, *, created: int, last: int | None, now: int, count: int) -> list[int]:
        """Return the next `count` times after `now`; the last run was started for `last`."""
        if not self.cron and not self.periodic:
            return []
        if self.periodic:
            base = max(last if last is not None else self.start or created, self.start)
            last = base + max(0, now - base) // self.interval * self.interval
        else:
            last = max(now, self.start)
        times: list[int] = []
        while len(times) < count:
            last = self.find_next_time(created=created, last=last)
            if last == NEVER:
                break
            times.append(last)
        return times

    def skip_missed(self, due: int, *, now: int) -> int:
        """Return the one time to fire for when several, from `due` on, have passed by `now`."""
        if self.periodic:
            return now if now >= due + self.interval else due
        return _find_latest(self.cron, due, min(now, self.end or now)) if self.cron else due


def _find_latest(text: str, due: int, limit: int) -> int:
    """Return the last time of a cron text from `due`, which is one, to `limit`.

    It searches by bisection: after a long pause there may be billions of times in between.
    """
    first, step = due, find_interval(text)
    if step:
        return due + max(0, limit - due) // step * step
    late = limit  # no time of the text lies after it
    while due < late:
        middle = (due + late) // 2
        following = _find_next_of_cron(text, middle, first - 1)
        if middle < following <= limit:
            due = following
        else:
            late = middle
    return due


def _find_next_of_cron(text: str, after: int, since: int) -> int:
    return next(generate_times(text, after, since), NEVER)

"""How often to look at what changes: the embedded server is near, a real KFP pays for each call.

As shipped, KFP's API server answers about five authorized calls a second, for all notebooks together: each
call costs a review of the token and one of the right, and its client of Kubernetes sends five a second
(k8s.io/client-go/rest, `DefaultQPS`). More callers only wait longer, and so does a person who clicks.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import NamedTuple

ACTIVE_S = 5.0  # seconds between two looks while something runs
IDLE_S = 30.0  # while nothing does
SHARED_S = 2.0  # for which a list that was read is not read again
EMBEDDED_ACTIVE_S = 0.5  # on this machine a look costs a few milliseconds
EMBEDDED_IDLE_S = 0.8


def poll_interval(*, embedded: bool) -> float:
    """Return how long to wait before looking again at something that runs."""
    return EMBEDDED_ACTIVE_S if embedded else ACTIVE_S


class Pacing(NamedTuple):
    """Makes pauses longer while calls queue up in KFP, and shorter again when they do not.

    A call that takes much longer than the fastest of its kind has waited for others, as in LEDBAT (RFC 6817).
    The longer it waited the longer is the next pause, so that those who click find a short queue. The answer
    is a strong one: KFP works on calls whose caller has left, and a queue that is there for a while stays.
    """

    stretch: float = 1.0
    fastest: Mapping[Hashable, float] = MappingProxyType({})  # seconds by kind of call

    def after(self, latency: float, kind: Hashable = None) -> Pacing:
        """Return the pacing after a call of some kind that took `latency` seconds."""
        fastest = min(self.fastest.get(kind, _SLOWEST_FAST_S) * _RISE, latency)
        queued = (latency - fastest) / _QUEUED_S
        factor = min(1 + queued, _MOST_FACTOR) if queued > 1 else _RECOVERY
        stretch = min(max(1.0, self.stretch * factor), _MOST_STRETCH)
        return Pacing(stretch, MappingProxyType({**self.fastest, kind: fastest}))

    def pause(self, usual: float, *, took: float) -> float:
        """Return the pause after a look that took `took` seconds and usually has a pause of `usual`."""
        return max(usual * self.stretch, took * _PATIENCE)

    def pause_unanswered(self, usual: float, *, failures: int) -> float:
        """Return the pause after looks in a row that KFP did not answer in time; one may be a hiccup."""
        stretch = min(self.stretch, _UNANSWERED * 2.0 ** min(failures - 1, 16))
        return min(usual * stretch, _MOST_UNANSWERED_S)


_QUEUED_S = 0.15  # seconds: a call that took so much longer than the fastest has waited in a queue
_SLOWEST_FAST_S = 2.0  # no call that is slower counts as fast
_RISE = 1.02  # of the fastest with each call, since lists grow
_MOST_FACTOR = 32.0
_RECOVERY = 0.8
_MOST_STRETCH = 60.0  # 5 minutes while something runs, 30 while nothing does
_UNANSWERED = 16.0  # stretch after one look without an answer
_MOST_UNANSWERED_S = 600.0  # as KFP may hang, and be back
_PATIENCE = 19.0  # pauses for each second of waiting: a poller waits for KFP a twentieth of its time


def spread(pause: float, chance: float) -> float:
    """Return 0.8 to 1.2 times `pause` for a `chance` from 0 to 1, so that notebooks opened together part."""
    return pause * (0.8 + 0.4 * chance)

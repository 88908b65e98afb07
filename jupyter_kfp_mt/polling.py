"""How often to look at what changes: the embedded server is near, a real KFP pays for each call.

As shipped, KFP's API server answers about five authorized calls a second, for all notebooks together: each
call costs a review of the token and one of the right, and its client of Kubernetes sends five a second
(k8s.io/client-go/rest, `DefaultQPS`). More callers only wait longer, and so does a person who clicks.
"""

from __future__ import annotations

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

    A call that takes much longer than the fastest one has waited for others, as in LEDBAT (RFC 6817). The
    longer it waited the longer is the next pause, so that those who click find a short queue.
    """

    stretch: float = 1.0
    fastest: float = 2.0  # seconds; no call that is slower than this counts as fast

    def after(self, latency: float) -> Pacing:
        """Return the pacing after a call that took `latency` seconds."""
        fastest = min(self.fastest, latency)
        queued = (latency - fastest) / _QUEUED_S
        factor = min(1 + queued, _MOST_FACTOR) if queued > 1 else _RECOVERY
        return Pacing(min(max(1.0, self.stretch * factor), _MOST_STRETCH), fastest)

    def pause(self, usual: float, *, took: float) -> float:
        """Return the pause after a look that took `took` seconds and usually has a pause of `usual`."""
        return max(usual * self.stretch, took * _PATIENCE)

    def pause_unanswered(self, usual: float) -> float:
        """Return the pause after a look that KFP did not answer in time."""
        return min(usual * self.stretch, _MOST_UNANSWERED_S)


_QUEUED_S = 0.3  # seconds: a call that took so much longer than the fastest has waited in a queue
_MOST_FACTOR = 4.0
_RECOVERY = 0.95
_MOST_STRETCH = 30.0  # 150 s while something runs, 15 minutes while nothing does
_MOST_UNANSWERED_S = 600.0  # as KFP may hang, and be back
_PATIENCE = 19.0  # pauses for each second of waiting: a poller waits for KFP a twentieth of its time


def spread(pause: float, chance: float) -> float:
    """Return 0.8 to 1.2 times `pause` for a `chance` from 0 to 1, so that notebooks opened together part."""
    return pause * (0.8 + 0.4 * chance)

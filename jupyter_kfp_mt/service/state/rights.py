"""Whether this account may start runs, asked in the background.

Asking Kubernetes may take seconds, so nobody waits for it: until the response is there, the right counts as
unknown, and buttons are on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ...errors import KfpError
from .cache import TtlCache

if TYPE_CHECKING:
    from ...kube import Kubernetes


class Rights:
    """The right to start runs in each namespace; safe in any thread."""

    def __init__(self, known: TtlCache[str, bool]) -> None:
        self._known = known
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Thread] = {}

    def may_run(self, kubernetes: Kubernetes, namespace: str) -> bool | None:
        """Return whether runs may be started, or None and ask."""
        known = self._known.get(namespace)
        if known is None:
            self._ask(kubernetes, namespace)
        return known

    def settle(self, seconds: float) -> None:
        """Wait until every question is answered, at most `seconds` for each."""
        for thread in list(self._asking.values()):
            thread.join(seconds)

    def _ask(self, kubernetes: Kubernetes, namespace: str) -> None:
        with self._lock:
            if namespace in self._asking:
                return
            thread = threading.Thread(
                target=self._answer, args=(kubernetes, namespace), name="kfp-rights", daemon=True
            )
            self._asking[namespace] = thread
            thread.start()

    def _answer(self, kubernetes: Kubernetes, namespace: str) -> None:
        from ...kube import Access  # not imported outside of a cluster

        try:
            self._known.put(namespace, kubernetes.may(Access("create", "runs"), namespace))
        except KfpError:
            return  # unknown; the next call asks again
        finally:
            with self._lock:
                self._asking.pop(namespace, None)

"""Whether this account may start runs: asked once in a while, beside everything else.

Loading the `kubernetes` client and asking costs half a second, so nobody waits for it: until the answer is
there, the right counts as not known, and the buttons are on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ...errors import KfpError
from .cache import TtlCache

if TYPE_CHECKING:
    from ...kube import Kubernetes


class Rights:
    """Answers by namespace; for many threads."""

    def __init__(self, answers: TtlCache[str, bool]) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Thread] = {}

    def may_run(self, kubernetes: Kubernetes, namespace: str) -> bool | None:
        """Return the answer if it is known, else None and ask."""
        known = self._answers.get(namespace)
        if known is None:
            self._ask(kubernetes, namespace)
        return known

    def settle(self, seconds: float) -> None:
        """Wait until all that is asked is answered, at most `seconds` for each."""
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
        from ...kube import Access  # not read where there is no cluster to ask

        try:
            self._answers.put(namespace, kubernetes.may(Access("create", "runs"), namespace))
        except KfpError:
            return  # not known; the next look asks again
        finally:
            with self._lock:
                self._asking.pop(namespace, None)

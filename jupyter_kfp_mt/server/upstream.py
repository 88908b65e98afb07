"""The Kubeflow Pipelines of this Jupyter server: found when first needed, and again when it was lost."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from .. import __version__
from ..errors import KfpError, kfp_error
from ..models import EmbeddedMode, Status
from .routes import NO_NAMESPACE

if TYPE_CHECKING:
    from ..service import KfpService

FIND_S = 5.0
START_S = 20.0


class ServiceFactory(Protocol):
    """Finds KFP and returns its verbs, as `connect()` does; may start the embedded server if told so."""

    def __call__(self, *, start_embedded: bool) -> KfpService:
        """Raises `KfpError`."""


class Upstream:
    """One connection for all requests. Every method may block: not for the event loop."""

    def __init__(
        self, connect: ServiceFactory, stop_embedded: Callable[[], bool], mode: EmbeddedMode
    ) -> None:
        self._connect = connect
        self._stop_embedded = stop_embedded
        self._mode = mode
        self._may_start = mode is EmbeddedMode.AUTO
        self._lock = threading.Lock()
        self._found: Future[KfpService] | None = None
        self._finder = ThreadPoolExecutor(1, "kfp-find")

    def service(self, namespace: str = "") -> KfpService:
        """Return the verbs of `namespace`; raises `KfpError`, after `FIND_S` seconds at most."""
        try:
            service = self._search().result(FIND_S)
        except concurrent.futures.TimeoutError:
            raise kfp_error("kfp-timeout", host="Kubeflow Pipelines", s=f"{FIND_S:.0f}") from None
        return service if namespace in ("", NO_NAMESPACE) else service.in_namespace(namespace)

    def status(self, namespace: str = "") -> Status:
        """Who and where; trouble is told in `error`, never raised."""
        try:
            return self.service(namespace).status()
        except KfpError as error:
            may_start = self._mode is not EmbeddedMode.OFF and error.code in (
                "no-kubeflow",
                "embedded-failed",
            )
            return Status(
                connected=False, version=__version__, can_start_embedded=may_start, error=error.body
            )

    def start_embedded(self) -> Status:
        """Start the embedded server, or find the one that runs."""
        if self._mode is EmbeddedMode.OFF:
            raise kfp_error("embedded-failed", line="It is switched off in this server's settings.")
        self._may_start = True
        try:
            self.forget()
            return self._search().result(START_S).status()
        except concurrent.futures.TimeoutError:
            raise kfp_error("embedded-failed", line=f"Nothing from it in {START_S:.0f} s.") from None
        finally:
            self._may_start = self._mode is EmbeddedMode.AUTO

    def stop_embedded(self) -> Status:
        """Stop the embedded server if it runs; it does not start again by itself."""
        self._may_start = False
        self._stop_embedded()
        self.forget()
        return self.status()

    def forget(self) -> None:
        """Look for KFP anew at the next call."""
        with self._lock:
            self._found = None

    def _search(self) -> Future[KfpService]:
        """The search that goes on or has found something, else a new one: many callers cost one."""
        with self._lock:
            if self._found is None or (self._found.done() and self._found.exception() is not None):
                self._found = self._finder.submit(self._connect, start_embedded=self._may_start)
            return self._found

    def close(self) -> None:
        """Start no more searches."""
        self._finder.shutdown(wait=False, cancel_futures=True)

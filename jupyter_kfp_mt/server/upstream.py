"""The connection of this Jupyter server to KFP: found when first needed, and again after it was lost."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from .. import __version__
from ..context import NOTHING_FOUND
from ..context.embedded import lacks_profiles
from ..errors import CATALOGUE, ErrorBody, KfpError, kfp_error
from ..models import Check, DoctorReport, EmbeddedMode, SavedPart, Status
from .routes import NO_NAMESPACE
from .workers import Workers

if TYPE_CHECKING:
    from ..service import KfpService

OnCheck = Callable[[Check], object]

FIND_S = 5.0
START_S = 20.0
PAGE_RETRY_S = 5.0  # a page asks again after so long: labextension/src/model/connection.ts


class ServiceFactory(Protocol):
    """Finds KFP as `connect()` does; starts the embedded server only with `start_embedded`."""

    def __call__(self, *, start_embedded: bool) -> KfpService:
        """Return the service; raises `KfpError`."""


class Upstream:
    """One connection for all requests. Every method may block, so none is for the event loop."""

    def __init__(
        self,
        connect: ServiceFactory,
        stop_embedded: Callable[[], bool],
        examine: Callable[[str, OnCheck], DoctorReport],
        *,
        mode: EmbeddedMode = EmbeddedMode.ASK,
        may_switch: bool = True,
        may_change: bool = True,
    ) -> None:
        self._connect = connect
        self._stop_embedded = stop_embedded
        self._examine = examine
        self._mode = mode
        self._may_switch = may_switch
        self._may_change = may_change
        self._may_start = mode is EmbeddedMode.AUTO
        self._lock = threading.Lock()
        self._forgetting = threading.Lock()
        self._latest: Future[KfpService] | None = None
        self._finder = Workers(1, "kfp-find")

    def service(self, namespace: str = "", again: bool = False) -> KfpService:
        """Return the service of `namespace`, after finding KFP again if `again`; raises `KfpError`."""
        if again:
            self.forget()
        limit = START_S if self._may_start else FIND_S
        try:
            service = self._search().result(limit)
            if lacks_profiles(service.context):
                self.forget()
                service = self._search().result(limit)
        except concurrent.futures.TimeoutError:
            raise kfp_error("kfp-timeout", host="Kubeflow Pipelines", s=f"{limit:.0f}") from None
        if namespace in ("", NO_NAMESPACE, service.namespace):
            return service
        if not self._may_switch:
            raise kfp_error("jupyter-denied", why=f"It works in {service.namespace} only.")
        return service.in_namespace(namespace)

    def status(self, namespace: str = "") -> Status:
        """Return who we are and where; a failure is in `error`, not raised."""
        try:
            status = self.service(namespace).status(counts=False)
        except KfpError as error:
            startable = error.code in NOTHING_FOUND or error.code == "embedded-failed"
            may_start = startable and self._mode is not EmbeddedMode.OFF
            status = Status(
                connected=False, version=__version__, can_start_embedded=may_start, error=error.body
            )
        if not status.connected:
            self.forget()
        if status.error is None:
            return status
        return msgspec.structs.replace(status, error=promise_retry(status.error, PAGE_RETRY_S))

    def doctor(self, namespace: str = "", on_check: OnCheck = lambda _: None) -> DoctorReport:
        """Run the checks of the doctor; `on_check` gets each as soon as it is known."""
        return self._examine("" if namespace == NO_NAMESPACE else namespace, on_check)

    def create_access_option(self) -> None:
        """Create “Allow access to Kubeflow Pipelines” in this notebook's profile."""
        self.service().create_access_option(allowed=self._may_change)

    def restart_notebook(self) -> None:
        """Restart this notebook with the option; this process ends."""
        self.service().restart_notebook(allowed=self._may_change)

    def forget_saved(self, part: SavedPart = "namespace") -> None:
        """Remove `part` from the SDK's `context.json`, and find KFP again."""
        from ..context.saved import forget

        path = Path(self.service().context.saved_path)
        with self._forgetting:  # else one of two parts removed at once would come back
            forget(path, part)
        self.forget()

    def start_embedded(self) -> Status:
        """Start the embedded server, or find the running one."""
        if self._mode is EmbeddedMode.OFF:
            raise kfp_error("embedded-failed", line="It is switched off in this server's settings.")
        with self._lock:
            search = self._latest = self._finder.submit(self._connect, start_embedded=True)
        try:
            status = search.result(START_S).status(counts=False)
        except concurrent.futures.TimeoutError:
            raise kfp_error("embedded-failed", line=f"Nothing from it in {START_S:.0f} s.") from None
        self._may_start = self._mode is EmbeddedMode.AUTO
        return status

    def stop_embedded(self) -> Status:
        """Stop the embedded server if it runs; it does not start again by itself."""
        self._may_start = False
        self._stop_embedded()
        self.forget()
        return self.status()

    def forget(self) -> None:
        """Find KFP again at the next call."""
        with self._lock:
            if self._latest is not None and self._latest.done():
                self._latest = None

    def close(self) -> None:
        """Start no more searches."""
        self._finder.close()

    def _search(self) -> Future[KfpService]:
        """Return the search that is running or has succeeded, else start one: callers share it."""
        with self._lock:
            search = self._latest
            if search is None or (search.done() and search.exception() is not None):
                search = self._latest = self._finder.submit(self._connect, start_embedded=self._may_start)
            return search


def promise_retry(body: ErrorBody, seconds: float) -> ErrorBody:
    """Return `body`; if it tells the reader to try again, it says when we do that instead."""
    if (body.code, body.next) != ("kfp-unavailable", CATALOGUE["kfp-unavailable"].next):
        return body
    promise = CATALOGUE["kfp-unavailable/watched"].next
    return msgspec.structs.replace(body, next=promise.format(s=round(seconds)))

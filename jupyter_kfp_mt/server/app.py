"""The Jupyter server extension: builds its parts, serves the route table, and stops everything again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets
from jupyter_server.extension.application import ExtensionApp

from ..errors import KfpError
from ..models import Check, DoctorReport, EmbeddedMode
from ..settings import KfpSettings, load_settings
from . import handlers
from .base import Parts, UnknownPathHandler
from .bulk import Bulk
from .routes import ROUTES, Route
from .settler import Settler
from .streams import Streams
from .upstream import ServiceFactory, Upstream
from .workers import WorkerLanes

if TYPE_CHECKING:
    from ..context import Environment

THREADS = 16  # of each lane


class KfpExtension(ExtensionApp):
    """Kubeflow Pipelines for the pages of this Jupyter server."""

    name = "jupyter_kfp_mt"
    description = "Kubeflow Pipelines in JupyterLab."

    service_factory = traitlets.Callable(
        help="`(start_embedded: bool) -> KfpService`: finds Kubeflow Pipelines; by default `connect()`."
    ).tag(config=True)

    surroundings = traitlets.Callable(
        help="`() -> Environment`: the variables and files that say where we are; by default this process's."
    ).tag(config=True)

    @traitlets.default("surroundings")
    def _here(self) -> Callable[[], Environment]:
        from ..kube import read_environment_with_kubeconfig

        return read_environment_with_kubeconfig

    @traitlets.default("service_factory")
    def _connect(self) -> ServiceFactory:
        def factory(*, start_embedded: bool) -> Any:
            from ..connection import connect

            return connect(
                settings=self._load_settings(),
                start_embedded=start_embedded,
                environment=self.surroundings(),
            )

        return factory

    def initialize_settings(self) -> None:
        """Build what the handlers share; nothing calls KFP before a page asks for it."""
        settings = self._load_usable_settings()
        upstream = Upstream(
            self.service_factory,
            self._stop_embedded,
            self._examine,
            mode=EmbeddedMode(settings.embedded),
            may_switch=settings.allow_namespace_switch,
            may_change=settings.allow_doctor_changes,
        )
        self.settler = Settler(Path(settings.data_dir).expanduser(), upstream.service)
        self.settler.start()  # for submits that an earlier process left open
        streams = Streams(upstream.service, settings.poll_active_s, settings.poll_idle_s)
        self.parts = Parts(
            upstream=upstream,
            streams=streams,
            bulk=Bulk(upstream.service, streams, lambda line: self.log.info("jupyter_kfp_mt: %s", line)),
            lanes=WorkerLanes.open(THREADS),
            settler=self.settler,
            upload_limit=settings.max_upload_mib << 20,
        )

    def initialize_handlers(self) -> None:
        """Serve the route table."""
        self.handlers.extend(make_url_specs(self.parts))

    async def stop_extension(self) -> None:
        """End the event streams and accept no more work."""
        self.settler.close()
        self.parts.bulk.close()
        self.parts.streams.close()
        self.parts.lanes.close()
        self.parts.upstream.close()

    def _stop_embedded(self) -> bool:
        from ..embedded import stop

        return stop(Path(self._load_settings().data_dir).expanduser())

    def _examine(self, namespace: str, on_check: Callable[[Check], object]) -> DoctorReport:
        from ..doctor import examine

        return examine(
            self._load_settings(),
            environment=self.surroundings(),
            namespace=namespace,
            on_check=on_check,
        )

    def _load_settings(self) -> KfpSettings:
        return load_settings(config=self.config)

    def _load_usable_settings(self) -> KfpSettings:
        """Return the settings, or the defaults if a file is broken: the panel says so, and Jupyter starts."""
        try:
            return self._load_settings()
        except KfpError as error:
            self.log.warning("jupyter_kfp_mt: %s", error.message)
            return KfpSettings()


def make_url_specs(parts: Parts) -> list[tuple[str, type, dict[str, object]]]:
    """Return the route table for tornado; handlers check the parts of a path, so any text matches here."""
    verbs: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        verbs.setdefault(route.path, {})[route.method] = route
    served: list[tuple[str, type, dict[str, object]]] = [
        (
            "/jupyter-kfp-mt/" + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path),
            getattr(handlers, next(iter(routes.values())).handler),
            {"parts": parts, "routes": routes},
        )
        for path, routes in verbs.items()
    ]
    return [*served, ("/jupyter-kfp-mt/.*", UnknownPathHandler, {"parts": parts, "routes": {}})]

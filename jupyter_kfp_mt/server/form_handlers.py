"""The handlers of what a form for a new run shows and keeps, see `handlers.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import PresetRequest, Preview, PreviewRequest, SubmitRequest
from .base import KfpHandler, may
from .files import read_file_source

if TYPE_CHECKING:
    from ..service import KfpService


class PreviewHandler(KfpHandler):
    """What a submit would send."""

    changes = False

    @web.authenticated
    @may("read")
    async def post(self, namespace: str) -> None:
        """Return the request as JSON, `curl`, Python and `%kfp`; sends nothing."""
        request = self.body(PreviewRequest)
        run = msgspec.structs.replace(request.run, source=await read_file_source(self, request.run.source))
        service = await self.service(namespace)
        self.send(await self.off_loop(_preview, service, run, request))


class PresetsHandler(KfpHandler):
    """The presets of this user for a pipeline."""

    changes = False  # of nothing that a watch looks at

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Return them by name, and the values of the last run."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.list_presets, self.query().get("pipeline", "")))

    @web.authenticated
    @authorized
    async def post(self, namespace: str) -> None:
        """Keep one, in place of one with its name."""
        request = self.body(PresetRequest)
        service = await self.service(namespace)
        self.send(await self.off_loop(service.save_preset, request))

    @web.authenticated
    @authorized
    async def delete(self, namespace: str) -> None:
        """Delete one."""
        query = {"pipeline": "", "name": "", **self.query()}
        service = await self.service(namespace)
        await self.off_loop(service.delete_preset, **query)
        self.send()


def _preview(service: KfpService, run: SubmitRequest, request: PreviewRequest) -> Preview:
    """Return what `run`, whose file has been read, would send, and the code for `request`."""
    from ..commands.code import place_source, write_curl, write_line, write_python

    body = service.preview(run)
    text = msgspec.json.format(msgspec.json.encode(body), indent=2).decode()
    written = msgspec.structs.replace(
        request.run,
        source=place_source(request.run.source, request.folder),
        parameters=body["runtime_config"].get("parameters", {}),
        display_name=request.run.display_name if request.is_named else "",
    )
    experiment = request.run.experiment or "Default"
    return Preview(
        body=text,
        curl=write_curl(text, service.context),
        python=write_python(service, written, body.get("pipeline_spec")),
        line=write_line(service, written, clone_of=request.clone_of),
        notes=[] if "experiment_id" in body else [f"Experiment {experiment} is created first."],
    )

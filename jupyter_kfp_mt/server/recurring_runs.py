"""The handlers of recurring runs and schedules, see `handlers.py`."""

from __future__ import annotations

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import Phase, RecurringRunQuery, RecurringRunRequest, Schedule
from .base import KfpHandler, may
from .files import read_file_source


async def _read_request(handler: KfpHandler) -> RecurringRunRequest:
    """Return the body, with a file replaced by its text."""
    request = handler.body(RecurringRunRequest)
    source = await read_file_source(handler, request.run.source)
    return msgspec.structs.replace(request, run=msgspec.structs.replace(request.run, source=source))


class ScheduleHandler(KfpHandler):
    """A schedule for the form."""

    changes = False

    @web.authenticated
    @may("read")
    async def post(self, namespace: str) -> None:
        """Return its words and next starts; creates nothing."""
        schedule = self.body(Schedule)
        service = await self.service(namespace)
        self.send(await self.off_loop(service.preview_schedule, schedule))


class RecurringRunsHandler(KfpHandler):
    """The recurring runs of a namespace."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Return one page."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.page_recurring_runs, RecurringRunQuery(**self.query())))

    @web.authenticated
    @may("execute")
    async def post(self, namespace: str) -> None:
        """Create a recurring run."""
        request = await _read_request(self)
        service = await self.service(namespace)
        self.send(await self.off_loop(service.create_recurring_run, request))


class RecurringRunHandler(KfpHandler):
    """One recurring run."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, recurring_run_id: str) -> None:
        """Return the recurring run."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.get_recurring_run, recurring_run_id))

    @web.authenticated
    @authorized
    async def delete(self, namespace: str, recurring_run_id: str) -> None:
        """Delete the recurring run; its runs go on."""
        service = await self.service(namespace)
        await self.off_loop(service.delete_recurring_run, recurring_run_id)
        self.send()


class EnableHandler(KfpHandler):
    """Switch a recurring run on."""

    @web.authenticated
    @may("execute")
    async def post(self, namespace: str, recurring_run_id: str) -> None:
        """Switch it on; safe to repeat."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.enable_recurring_run, recurring_run_id))


class DisableHandler(KfpHandler):
    """Switch a recurring run off."""

    @web.authenticated
    @authorized
    async def post(self, namespace: str, recurring_run_id: str) -> None:
        """Switch it off; safe to repeat."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.disable_recurring_run, recurring_run_id))


class RunNowHandler(KfpHandler):
    """Start a run of a recurring run."""

    @web.authenticated
    @may("execute")
    async def post(self, namespace: str, recurring_run_id: str) -> None:
        """Start one run now."""
        service = await self.service(namespace)
        run = await self.off_loop(service.run_recurring_run, recurring_run_id, patient=False)
        if run.phase is Phase.UNCONFIRMED:
            self.set_status(202)
        self.send(run)


class EditHandler(KfpHandler):
    """Edit a recurring run."""

    @web.authenticated
    @may("execute")
    async def post(self, namespace: str, recurring_run_id: str) -> None:
        """Put a new one in its place."""
        request = await _read_request(self)
        service = await self.service(namespace)
        try:
            self.send(await self.off_loop(service.edit_recurring_run, recurring_run_id, request))
        except Exception:
            self.parts.settler.start()  # what is left to do may be done later
            raise

"""The URLs for many runs at once: their metrics, and changes of them."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import BulkRequest, BulkVerb
from .base import KfpHandler


class MetricsHandler(KfpHandler):
    """Metrics of runs."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Return them by run."""
        service = await self.service(namespace)
        self.send(await self.off_loop(service.page_metrics, self.query().get("run_ids", ())))


class BulkHandler(KfpHandler):
    """Changes of many runs."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str) -> None:
        """Return those that are being made, or have lately been."""
        await self.service(namespace)
        self.send(self.parts.bulk.list_jobs(namespace))

    @web.authenticated
    @authorized
    async def post(self, namespace: str) -> None:
        """Start one; the response does not wait for it."""
        request = self.body(BulkRequest)
        if request.verb is BulkVerb.RETRY and not await self.is_allowed("execute"):
            raise web.HTTPError(403)
        self.send(await self.off_loop(self.parts.bulk.start, namespace, request, self.request_id))


class BulkJobHandler(KfpHandler):
    """One change of many runs."""

    @web.authenticated
    @authorized
    async def get(self, namespace: str, job_id: str) -> None:
        """Return how far it has come."""
        await self.service(namespace)
        self.send(self.parts.bulk.get(namespace, job_id))

    @web.authenticated
    @authorized
    async def delete(self, namespace: str, job_id: str) -> None:
        """Stop it."""
        await self.service(namespace)
        self.send(await self.off_loop(self.parts.bulk.stop, namespace, job_id))

"""The health of the server, for anyone who asks: 503 with the reason while no task can start."""

from __future__ import annotations

from ..core.resource_manager import ResourceManager
from ..errors import UNAVAILABLE, ApiError
from .shared.calls import Call
from .shared.rendering import Json
from .shared.routing import ApiRoute, Handler


def routes(version: str) -> list[ApiRoute]:
    """List the routes of both API versions; only v2beta1 names the kind of pipeline store."""
    return [
        ApiRoute("GET", "/apis/v2beta1/healthz", None, _healthz(version, pipeline_store="database")),
        ApiRoute("GET", "/apis/v1beta1/healthz", None, _healthz(version)),
    ]


def _healthz(version: str, **more: str) -> Handler:
    def handle(manager: ResourceManager, _call: Call) -> Json:
        fault = manager.runner.find_fault()
        if fault:
            raise ApiError(UNAVAILABLE, fault)
        return {
            "commit_sha": "embedded",
            "tag_name": version,
            "multi_user": manager.tenancy.multi_user,
            "embedded": True,  # a real KFP does not send it
            **more,
        }

    return handle

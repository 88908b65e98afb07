"""Builds the requests about the server itself."""

from __future__ import annotations

from ..models import Healthz
from .http import V2, Request, get


def get_healthz() -> Request[Healthz]:
    """Build the request that asks for the version and whether the server has users."""
    return get(f"{V2}/healthz", Healthz)

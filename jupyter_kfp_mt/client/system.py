"""Builds the requests about the server itself."""

from __future__ import annotations

from urllib.parse import quote

from ..models import AccessList, Healthz
from .http import V2, Request, get


def get_healthz() -> Request[Healthz]:
    """Build the request that asks for the version and whether the server has users."""
    return get(f"{V2}/healthz", Healthz)


def list_grants(namespace: str) -> Request[AccessList]:
    """Build the request that asks the embedded server who has access to a namespace."""
    return get(f"/embedded/namespaces/{quote(namespace)}/access", AccessList)

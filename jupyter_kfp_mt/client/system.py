"""Requests about the server itself."""

from __future__ import annotations

from ..models import Healthz
from .http import V2, Request, get


def healthz() -> Request[Healthz]:
    """Is it there, which version, one user or many."""
    return get(f"{V2}/healthz", Healthz)

"""The v1beta1 routes."""

from __future__ import annotations

from .http import Route


def routes() -> list[Route]:
    """All of them."""
    return []

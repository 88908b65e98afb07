"""The one place that chooses whom to ask for the details of a run."""

from __future__ import annotations

from ..backend import Backend
from .cluster.details import ClusterDetails
from .details import Details
from .embedded import EmbeddedDetails


def choose_details(backend: Backend) -> Details:
    """Return the details of the kind of server that `backend` is."""
    return EmbeddedDetails(backend) if backend.health().embedded else ClusterDetails(backend)

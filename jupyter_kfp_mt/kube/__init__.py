"""The Kubernetes API as far as this product needs it: rights, namespace, pods, events, logs, two cures.

Only this folder imports the official `kubernetes` client, and only when something is asked (0.3 s, 60 MiB).
A refusal is `kubernetes-denied` or `logs-denied`, no answer is `kubernetes-unavailable`, and a thing that is
not there is None or an empty list. No call goes beyond one namespace.
"""

from __future__ import annotations

from .client import Access, Kubernetes, PodText, in_cluster
from .config import surroundings
from .objects import Event, Namespace, Pod, PodDefault, Review
from .transport import Api, Cluster, Timeouts, cluster_of

__all__ = [
    "Access",
    "Api",
    "Cluster",
    "Event",
    "Kubernetes",
    "Namespace",
    "Pod",
    "PodDefault",
    "PodText",
    "Review",
    "Timeouts",
    "cluster_of",
    "in_cluster",
    "surroundings",
]

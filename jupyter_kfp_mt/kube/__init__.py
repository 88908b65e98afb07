"""The Kubernetes API as far as this product needs it: rights, namespaces, pods, events, logs, two changes.

The official `kubernetes` client is imported by `config.py` alone, and only to read a kubeconfig. A refusal is
`kubernetes-denied` or `logs-denied`, a missing response is `kubernetes-unavailable`, and a missing object is
None or an empty list. Every call stays within one namespace.
"""

from __future__ import annotations

from .client import Access, Kubernetes, PodText, in_cluster
from .config import read_environment_with_kubeconfig
from .objects import (
    AccessReview,
    KubernetesEvent,
    Namespace,
    Pod,
    PodDefault,
    PolicyRule,
    RoleBinding,
    RoleSubject,
)
from .transport import Cluster, KubernetesApi, Timeouts, cluster_of

__all__ = [
    "Access",
    "AccessReview",
    "Cluster",
    "Kubernetes",
    "KubernetesApi",
    "KubernetesEvent",
    "Namespace",
    "Pod",
    "PodDefault",
    "PodText",
    "PolicyRule",
    "RoleBinding",
    "RoleSubject",
    "Timeouts",
    "cluster_of",
    "in_cluster",
    "read_environment_with_kubeconfig",
]

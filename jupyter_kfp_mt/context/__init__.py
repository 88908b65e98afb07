"""Finds out where Kubeflow Pipelines is, which namespace is ours and which credential proves who we are.

`detect(environment, settings)` returns a `Context`. Everything that detection may look at is in its
`Environment`: only here and in `settings.py` do environment variables decide where and as whom we work. The
variables for proxies and CA certificates are read by `client/connections.py`, as `requests` reads them.
"""

from __future__ import annotations

from .environment import Environment, read_environment
from .model import Context, KubeconfigServer, Notebook
from .providers import PROVIDERS, Provider, detect

NOTHING_FOUND = frozenset({"no-kubeflow", "embedded-stopped"})  # codes of `detect` where a server may start

__all__ = [
    "NOTHING_FOUND",
    "PROVIDERS",
    "Context",
    "Environment",
    "KubeconfigServer",
    "Notebook",
    "Provider",
    "detect",
    "read_environment",
]

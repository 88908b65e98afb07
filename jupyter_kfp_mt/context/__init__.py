"""Where Kubeflow Pipelines is, which namespace is ours, and what proves who we are.

`detect(environment, settings)` → `Context`. The only reader of environment variables besides `settings.py`.
"""

from __future__ import annotations

from .environment import Environment, this_process
from .model import Context, Gate, Notebook
from .providers import PROVIDERS, Provider, detect

__all__ = [
    "PROVIDERS",
    "Context",
    "Environment",
    "Gate",
    "Notebook",
    "Provider",
    "detect",
    "this_process",
]

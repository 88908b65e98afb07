"""Modules that are imported when they are first used: a list of runs needs few of them."""

from __future__ import annotations

from importlib import import_module


class Later:
    """Stands for a module of this package and imports it at the first use."""

    def __init__(self, name: str) -> None:
        self._name = f"{__package__}.{name}"

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self._name), name)

    def __repr__(self) -> str:
        return f"Later({self._name!r})"

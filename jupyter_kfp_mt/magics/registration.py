"""Registers the magics with IPython."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..connection import connect
from .kfp import KfpMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> KfpMagics:
    """Register the magics and the display of our models with `shell`."""
    magics = KfpMagics(shell, connect, live=hasattr(shell, "kernel"))
    shell.register_magics(magics)
    magics.cards.register()
    shell.set_hook(  # type: ignore[no-untyped-call]  # IPython has no types for it
        "complete_command", magics.complete, str_key="%kfp"
    )
    return magics

"""`%kfp` and `%%kfp`: the commands in a notebook, with rich output (`%load_ext jupyter_kfp_mt`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .kfp import KfpMagics

__all__ = ["register"]


def register(shell: InteractiveShell) -> KfpMagics:
    """Register the magics and the display of our models with `shell`."""
    from ..connection import connect
    from .kfp import KfpMagics

    magics = KfpMagics(shell, connect, live=hasattr(shell, "kernel"))
    shell.register_magics(magics)
    magics.cards.register()
    shell.set_hook(  # type: ignore[no-untyped-call]  # IPython has no types for it
        "complete_command", magics.complete, str_key="%kfp"
    )
    return magics

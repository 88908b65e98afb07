"""Registers the magics with IPython."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    context_matcher,
)

from ..connection import connect
from .kfp import KfpMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> KfpMagics:
    """Register the magics and the display of our models with `shell`."""
    magics = KfpMagics(shell, connect, live=hasattr(shell, "kernel"))
    shell.register_magics(magics)
    magics.cards.register()
    _add_matcher(shell, magics)
    return magics


def _add_matcher(shell: InteractiveShell, magics: KfpMagics) -> None:
    """Complete our lines ourselves, and keep IPython from adding names of Python to them."""

    def complete_kfp(context: CompletionContext) -> dict[str, object]:
        found = magics.complete(context.text_until_cursor)
        word, offered = found or ("", [])
        return {
            "completions": [SimpleCompletion(text) for text in offered],
            "suppress": found is not None,
            "matched_fragment": word,
        }

    matcher: Any = context_matcher(identifier="kfp", priority=1000)(complete_kfp)
    completer = shell.Completer
    if completer is not None:
        known = completer.custom_matchers
        known[:] = [matcher, *(each for each in known if getattr(each, "matcher_identifier", "") != "kfp")]

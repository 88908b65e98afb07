"""Argo Workflows, which the 1.8 SDK compiles: the part of them that runs on one machine, as IR.

`workflow.py` reads what is understood and names what is not → `tags.py` knows `{{…}}` → `translate.py` writes
the IR that the engine runs. Nothing here runs anything.
"""

from __future__ import annotations

from .translate import translate
from .workflow import UnfitTemplate, is_argo

__all__ = ["UnfitTemplate", "is_argo", "translate"]

"""Translates Argo Workflows, which the 1.8 SDK compiles, into IR, as far as they can run on one machine.

`workflow.py` reads the fields that are supported and names others; `tags.py` rewrites `{{…}}`;
`containers.py` makes components of container templates; `translate.py` puts the pipeline together. Nothing
here runs anything.
"""

from __future__ import annotations

from .translate import translate
from .workflow import UnfitTemplate, is_argo

__all__ = ["UnfitTemplate", "is_argo", "translate"]

"""Translates Argo Workflows, which the 1.8 SDK compiles, into IR, as far as they can run on one machine.

`workflow.py` reads the fields that are supported and names others; `tags.py` rewrites `{{…}}`, but for the
tags of a run, which `run_tags.py` replaces when it starts, in IR too; `containers.py` makes components of
container templates; `translate.py` puts the pipeline together. Nothing here runs anything.
"""

from __future__ import annotations

from .run_tags import WorkflowTags, make_workflow_tags, replace_retries
from .translate import translate
from .workflow import UnfitTemplate, is_argo

__all__ = [
    "UnfitTemplate",
    "WorkflowTags",
    "is_argo",
    "make_workflow_tags",
    "replace_retries",
    "translate",
]

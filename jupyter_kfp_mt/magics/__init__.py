"""`%kfp` and `%%kfp`: the commands in a notebook, with rich output (`%load_ext jupyter_kfp_mt`)."""

from __future__ import annotations

from .registration import register

__all__ = [
    "register",
]

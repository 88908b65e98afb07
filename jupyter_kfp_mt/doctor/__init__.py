"""Explains why there is no connection and who can fix it, in ordered checks with the first real cause on top.

`evidence.py` gathers, once and within five seconds; `checks.py` decides; `report.py` renders.
"""

from __future__ import annotations

from .doctor import examine

__all__ = [
    "examine",
]

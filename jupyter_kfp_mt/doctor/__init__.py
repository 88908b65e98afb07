"""Why is it not connected, and who can mend it: ordered checks, the first real cause on top.

`evidence.py` looks, once and within five seconds; `checks.py` decides; `report.py` writes it down.
"""

from __future__ import annotations

from .doctor import examine

__all__ = [
    "examine",
]

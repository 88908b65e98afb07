"""How far the long tests go: a short form, or all of it with `KFP_TESTS=full` (`make chaos`, `make fuzz`)."""

from __future__ import annotations

import os

FULL = os.environ.get("KFP_TESTS") == "full"

"""What holds for all tests."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

# Tasks have a /tmp of their own, and tests look at files that tasks leave.
_TEMPORARY = Path(__file__).parents[1] / ".tmp"
_TEMPORARY.mkdir(exist_ok=True)
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_TEMPORARY))

# no test measures time: a busy machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

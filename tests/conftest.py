"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# Rewriting the assertions of all tests takes seconds: pytest keeps what it wrote beside them.
sys.dont_write_bytecode = False

# An optional part of jsonschema builds 38 parsers while it is imported, for a format that no schema here has.
sys.modules.setdefault("rfc3987_syntax", None)

# What is collected stays to the end: a look at it by each collection of garbage takes a third of a second.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage from now on, among what the tests make."""
    gc.enable()
    gc.freeze()


# Tasks have a /tmp of their own, and tests look at files that tasks leave.
_TEMPORARY = Path(__file__).parents[1] / ".tmp"
_TEMPORARY.mkdir(exist_ok=True)
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_TEMPORARY))

# no test measures time: a busy machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

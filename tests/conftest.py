"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# no test measures time: a busy machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

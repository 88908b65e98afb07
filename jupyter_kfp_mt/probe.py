"""Finds out whether KFP listens at an address, before anything is known about it."""

from __future__ import annotations

import threading

import msgspec
import urllib3

from .models import NOT_JSON

TIMEOUT = 2.0  # seconds
_MAX_BYTES = 1024 * 1024


class _Healthz(msgspec.Struct, frozen=True):
    """The fields of `GET /apis/v2beta1/healthz` that tell KFP from anything else."""

    multi_user: bool | None = None
    tag_name: str | None = None


def responds_as_kfp(endpoint: str) -> bool:
    """Whether KFP responds at `endpoint` in time; sends no credential, since anything may listen there."""
    responses: list[bool] = []
    asking = threading.Thread(target=lambda: responses.append(_ask(endpoint)), daemon=True)
    asking.start()
    asking.join(TIMEOUT)  # of the whole: the resolver has no time-out, and a response may trickle in
    return any(responses)


def _ask(endpoint: str) -> bool:
    try:
        with urllib3.PoolManager() as pool:
            response = pool.request(
                "GET",
                f"{endpoint}/apis/v2beta1/healthz",
                timeout=TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            health = msgspec.json.decode(response.read(_MAX_BYTES), type=_Healthz)
    except (urllib3.exceptions.HTTPError, OSError, *NOT_JSON):
        return False
    return response.status == 200 and (health.multi_user is not None or health.tag_name is not None)

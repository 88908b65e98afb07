"""Finds out whether KFP listens at an address, before anything is known about it."""

from __future__ import annotations

import threading

import msgspec
import urllib3

from .models import NOT_JSON

TIMEOUT = 2.0  # seconds
_MAX_BYTES = 1024 * 1024


class _Healthz(msgspec.Struct, frozen=True):
    """The fields of KFP's healthz that tell it from anything else."""

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
            status, body = _get_healthz(pool, endpoint, "v2beta1")
            if status == 404:  # Kubeflow ≤ 1.7 has v1beta1 only
                status, body = _get_healthz(pool, endpoint, "v1beta1")
            health = msgspec.json.decode(body, type=_Healthz)
    except (urllib3.exceptions.HTTPError, OSError, *NOT_JSON):
        return False
    return status == 200 and (health.multi_user is not None or health.tag_name is not None)


def _get_healthz(pool: urllib3.PoolManager, endpoint: str, version: str) -> tuple[int, bytes]:
    response = pool.request(
        "GET",
        f"{endpoint}/apis/{version}/healthz",
        timeout=TIMEOUT,
        retries=False,
        redirect=False,
        preload_content=False,
    )
    return response.status, response.read(_MAX_BYTES)

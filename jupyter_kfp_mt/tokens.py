"""Reads what a token says about itself: to explain it, never to trust it.

A service account token is a JSON Web Token (RFC 7519); Kubernetes adds the claim `kubernetes.io`
(kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin).
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import msgspec

from .models import NOT_JSON, Caution

LATE = timedelta(minutes=10)  # the kubelet renews a token when 80 % of its two hours have passed


class TokenClaims(NamedTuple):
    """The claims of a token that help to explain an error."""

    subject: str = ""  # system:serviceaccount:<namespace>:<account>
    audiences: tuple[str, ...] = ()
    expires_at: datetime | None = None
    pod: str = ""

    @property
    def account(self) -> str:
        """The name of the service account; empty when the subject is not a service account."""
        return self._service_account[1]

    @property
    def namespace(self) -> str:
        """The namespace of the service account; empty when the subject is not a service account."""
        return self._service_account[0]

    @property
    def _service_account(self) -> tuple[str, str]:
        parts = self.subject.split(":")
        is_account = parts[:2] == ["system", "serviceaccount"] and len(parts) == 4
        return (parts[2], parts[3]) if is_account else ("", "")


class _Payload(msgspec.Struct, frozen=True):
    sub: str = ""
    aud: str | list[str] = []
    exp: float | None = None
    kubernetes: _Kubernetes | None = msgspec.field(name="kubernetes.io", default=None)


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Kubernetes(msgspec.Struct, frozen=True):
    pod: _Named | None = None


def parse_claims(token: str) -> TokenClaims | None:
    """Return the claims of `token`, or None when it is not a JSON Web Token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        payload = msgspec.json.decode(raw, type=_Payload)
        expires = None if payload.exp is None else datetime.fromtimestamp(payload.exp, timezone.utc)
    except (binascii.Error, *NOT_JSON, ValueError, OverflowError, OSError):
        return None
    audiences = (payload.aud,) if isinstance(payload.aud, str) else tuple(payload.aud)
    pod = payload.kubernetes.pod.name if payload.kubernetes and payload.kubernetes.pod else ""
    return TokenClaims(payload.sub, audiences, expires, pod)


def warn_if_late(ends: datetime | None, now: datetime) -> list[Caution]:
    """Return the warning `token-late`; empty while the token was renewed in time or does not expire."""
    left = ends - now if ends is not None else LATE * 2
    if not timedelta() < left <= LATE:
        return []
    minutes = int(left.total_seconds() // 60)
    rest = f"{minutes} min" if minutes else f"{int(left.total_seconds())} s"
    return [Caution("token-late", f"The token was not renewed in time. It ends in {rest}.")]

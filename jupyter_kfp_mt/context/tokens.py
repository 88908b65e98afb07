"""What a token says of itself: read to explain, never to trust."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..auth import read_secret
from ..errors import kfp_error
from ..models import NOT_JSON, Caution

AUDIENCE = "pipelines.kubeflow.org"
LATE = timedelta(minutes=10)  # the kubelet renews a token after 80 % of its two hours
TOKEN_PATH = "/var/run/secrets/kubeflow/pipelines/token"  # noqa: S105 - a path
OPTION_SELECTION = "access-ml-pipeline=true"  # the label by which a notebook chooses the PodDefault

PODDEFAULT = """\
kubectl apply -f - <<'EOF'
apiVersion: kubeflow.org/v1alpha1
kind: PodDefault
metadata: {{name: access-ml-pipeline, namespace: {namespace}}}
spec:
  desc: Allow access to Kubeflow Pipelines
  selector: {{matchLabels: {{access-ml-pipeline: "true"}}}}
  env: [{{name: KF_PIPELINES_SA_TOKEN_PATH, value: /var/run/secrets/kubeflow/pipelines/token}}]
  volumes:
  - name: volume-kf-pipeline-token
    projected: {{sources: [{{serviceAccountToken: \
{{path: token, expirationSeconds: 7200, audience: pipelines.kubeflow.org}}}}]}}
  volumeMounts: [{{name: volume-kf-pipeline-token, mountPath: /var/run/secrets/kubeflow/pipelines, \
readOnly: true}}]
EOF"""


class Claims(NamedTuple):
    """The claims of a token that explain something."""

    subject: str = ""  # system:serviceaccount:<namespace>:<account>
    audiences: tuple[str, ...] = ()
    expires_at: datetime | None = None
    pod: str = ""

    @property
    def account(self) -> str:
        """The service account's own name, empty when the subject is no service account."""
        parts = self.subject.split(":")
        return parts[3] if parts[:2] == ["system", "serviceaccount"] and len(parts) == 4 else ""


class _Payload(msgspec.Struct, frozen=True):
    sub: str = ""
    aud: str | list[str] = []
    exp: float | None = None
    kubernetes: _Kubernetes | None = msgspec.field(name="kubernetes.io", default=None)


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Kubernetes(msgspec.Struct, frozen=True):
    pod: _Named | None = None


def claims_of(token: str) -> Claims | None:
    """Return what `token` says of itself, or None when it is no JSON Web Token."""
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
    return Claims(payload.sub, audiences, expires, pod)


def lateness(ends: datetime | None, now: datetime) -> list[Caution]:
    """Return the warning `token-late`; none while the token was renewed in time or has no end."""
    left = ends - now if ends is not None else LATE * 2
    if not timedelta() < left <= LATE:
        return []
    minutes = int(left.total_seconds() // 60)
    rest = f"{minutes} min" if minutes else f"{int(left.total_seconds())} s"
    return [Caution("token-late", f"The token was not renewed in time. It ends in {rest}.")]


def examine_token(path: Path, shown: str, *, namespace: str, pod: str, now: datetime) -> Claims:
    """Return the claims of the KFP token in `path`; raises the `token-…` error that describes it.

    `shown` is the path as the person knows it.
    """
    claims = claims_of(read_secret(path, shown))
    if claims is None:
        raise kfp_error("token-unreadable", path=shown, reason="not a token")
    if AUDIENCE not in claims.audiences:
        raise kfp_error(
            "token-audience",
            aud=", ".join(claims.audiences) or "nobody",
            poddefault=PODDEFAULT.format(namespace=namespace),
        )
    if claims.expires_at is not None and claims.expires_at <= now:
        raise kfp_error(
            "token-expired",
            time=claims.expires_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            pod=claims.pod or pod,
            ns=namespace,
        )
    return claims

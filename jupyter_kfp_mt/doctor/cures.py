"""The step that leads on, where an error outside of the doctor says to run it."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec.structs import replace

from ..context import Context
from ..errors import CATALOGUE, ErrorBody, KfpError, kfp_error
from .evidence import NOWHERE, Evidence


def lead_on(error: ErrorBody, evidence: Evidence) -> ErrorBody:
    """Return `error`; in place of the advice to run the doctor, with what to do next."""
    if not error.command.endswith("kfp doctor"):
        return error
    place = evidence.place if isinstance(evidence.place, Context) else NOWHERE
    pod = evidence.pod
    parts = urlsplit(place.endpoint)
    words = kfp_error(
        _choose_words(error.code, evidence, place),
        kfp=evidence.install_namespace,
        ns=place.namespace or (pod.namespace if pod else "NAMESPACE"),
        pod=pod.notebook.pod if pod else "",
        origin=f"{parts.scheme}://{parts.netloc}",
    )
    return replace(error, next=words.next_step, command=words.command)


def _choose_words(code: str, evidence: Evidence, place: Context) -> str:
    """Return the row of the catalogue with the words for this place."""
    variant = "doctor"
    if code == "token-rejected" and isinstance(evidence.server, KfpError):
        variant = "doctor-front"  # KFP itself answers its healthz to everybody
    elif code in ("token-unreadable", "login-page") and evidence.pod is not None:
        variant = "doctor-pod"
    elif code == "login-page" and place.endpoint.endswith("/pipeline"):
        variant = "doctor-signed-out"
    key = f"{code}/{variant}"
    return key if key in CATALOGUE else "kfp-error/doctor"

"""Rules for what Kubernetes answered when KFP created the Workflow of a run.

CreateRun (backend/src/apiserver/resource/resource_manager.go) creates the Workflow before it stores the run,
and gives Kubernetes' text back: `Failed to create a workflow for (NAME): TEXT`, as code 13, or as code 14
with `- try again later` after a time-out. There is never a run after that. Whether there is a Workflow
depends on the text: admission, validation, quota and size are checked before anything is stored.
"""

from __future__ import annotations

import re

from ..errors import KfpError, kfp_error
from .gateway_errors import unavailable_error
from .responses import Exchange, mask_tokens

_REFUSAL = re.compile(
    r"Failed to create a workflow for \([^)]*\)(?: - try again later)?: (?P<text>.+)", re.DOTALL
)
_LIMIT = 300  # characters of Kubernetes' text
_USER = re.compile(r'User "(?P<user>[^"]+)" cannot')
_NOT_ASKED = re.compile(  # KFP did not get as far as Kubernetes
    r"dial tcp|client rate limiter Wait|too many requests|(?:net/http: )?TLS handshake timeout"
)
_KINDS = (  # a text of Kubernetes, and the row of the catalogue that it means; the first match counts
    (
        r"request is too large|[Rr]equest entity too large|larger than max|annotations: Too long",
        "cluster-refused/too-large",
    ),
    (r"failed calling webhook|failed to call webhook", "cluster-refused/webhook"),
    (r"exceeded quota|failed quota", "cluster-refused/quota"),
    (r"being terminated|namespaces? \S+ not found|is being deleted", "cluster-refused/namespace"),
    (r"denied the request|denied request", "cluster-refused/policy"),
    (r"is forbidden: User ", "cluster-refused/forbidden"),
    (r"is forbidden", "cluster-refused/policy"),
    (r"is invalid|already exists|strict decoding error|unable to decode", "cluster-refused/invalid"),
    (
        r"could not find the requested resource|no matches for kind|Unauthorized|database space exceeded",
        "cluster-refused",
    ),
)


def match_cluster_refusal(exchange: Exchange) -> KfpError | None:
    """Match Kubernetes refusing the Workflow of a run, or KFP not reaching Kubernetes."""
    text = _refusal_of(exchange)
    if not text:
        return None
    key = _kind_of(text)
    if key:
        user = _USER.search(text)
        return kfp_error(
            key,
            text=_quote(text),
            ns=exchange.context.namespace,
            kfp=exchange.context.install_namespace,
            user=user["user"] if user else "",
        )
    if _NOT_ASKED.search(text):
        return unavailable_error(exchange.context, "cannot reach Kubernetes")
    return None


def may_have_created(exchange: Exchange) -> bool | None:
    """Whether a Workflow may exist without a run; None if the response is not about creating one."""
    text = _refusal_of(exchange)
    return not (_kind_of(text) or _NOT_ASKED.search(text)) if text else None


def _refusal_of(exchange: Exchange) -> str:
    match = _REFUSAL.search(exchange.message)
    return match["text"] if match else ""


def _kind_of(text: str) -> str:
    return next((key for pattern, key in _KINDS if re.search(pattern, text)), "")


def _quote(text: str) -> str:
    """Return Kubernetes' words as one line that ends in a period."""
    line = " ".join(mask_tokens(text).split()).rstrip(".")
    return (line if len(line) < _LIMIT else f"{line[: _LIMIT - 1]}…") + "."

"""What an answer that is no answer means: (status, headers, body) → one error of the catalogue, once.

Pure and total. Sources: kubeflow-environment §5.3, kfp-api §1.4. The rules are tried in order; the first that
knows the answer names it.
"""

from __future__ import annotations

import re
from typing import Any

from ..auth import NoAuth
from ..context import Context
from ..context.tokens import PODDEFAULT, Claims
from ..errors import ErrorBody, KfpError, kfp_error
from . import gateways
from .facts import Facts, Rule, facts_of, masked, shortened
from .http import Request, Response

_AUDIENCE = re.compile(r"token audiences \[(?P<aud>[^\]]*)\] is invalid")
_USER = re.compile(r"User '(?P<user>[^']*)' is not authorized")
_NAMESPACE = re.compile(r"[{,]Namespace:(?P<value>[^,}]*)")
_VERB = re.compile(r"[{,]Verb:(?P<value>[^,}]*)")
_RESOURCE = re.compile(r"[{,]Resource:(?P<value>[^,}]*)")
_GONE = re.compile(r"(?P<thing>Experiment|Run|Job|Pipeline|PipelineVersion) (?P<ref>\S+) not found")
_THINGS = {"Job": "recurring run", "PipelineVersion": "pipeline version"}
_REVIEWED = (
    "Authentication failure",
    "bearer token",
    "service account token",
    "'Authorization'",
    "Review.Status",
)
# the server says so before it has made anything (kfp-api §2.3, the table of outcomes)
_NOTHING_MADE = (
    "conversion error",
    "error fetching manifest",
    "Failed to generate the ExecutionSpec",
    "Failed to create SubjectAccessReview",
    "there is no user identity header",  # KFP 1.x answers 500
)
_PERHAPS_MADE = (1, 2, 4, 13, 14, 15)  # gRPC: cancelled, unknown, deadline, internal, unavailable, data loss
_REFUSED_BY_KUBERNETES = ("is invalid", "already exists", "larger than max")
DOCTOR = "jupyter kfp doctor"
_READING = ("get", "list", "readArtifact", "")
_PLURALS = {"pipeline": "pipelines", "pipeline version": "pipelines", "experiment": "experiments"}


def classify(
    request: Request[Any], response: Response, context: Context, claims: Claims | None = None
) -> KfpError:
    """Return the error that `response` to `request` means; `claims` are those of the token that was sent."""
    facts = facts_of(response)
    for rule in RULES:
        error = rule(facts, request, context, claims)
        if error is not None:
            break
    else:
        error = kfp_error("kfp-error", status=facts.status, text=facts.short or "without a word")
    error.details = error.details or masked(facts.message or facts.text)[:4000]
    error.unclear = not request.repeatable and _unclear(facts)
    return error


def _unclear(facts: Facts) -> bool:
    """Whether a request that makes something may have made it, or may yet (kfp-api §2.3)."""
    if (
        facts.kubernetes or facts.code is None
    ):  # of what is on the way: 408 and 499 come after it was passed on
        return facts.status >= 500 or facts.status in (408, 499)
    if facts.code not in _PERHAPS_MADE:
        return False
    if any(text in facts.message for text in _NOTHING_MADE):
        return False
    if "Failed to create a workflow for (" in facts.message:
        return not any(text in facts.message for text in _REFUSED_BY_KUBERNETES)
    stored = ("Duplicate entry", "Failed to set last run timestamp")
    return "Failed to store run" not in facts.message or any(text in facts.message for text in stored)


def _identity(facts: Facts, _: Request[Any], context: Context, claims: Claims | None) -> KfpError | None:
    old = facts.status == 500 and "Unauthenticated:" in facts.message  # KFP 1.x
    if facts.status != 401 and facts.code != 16 and not old:
        return None
    text = facts.message or facts.text
    audience = _AUDIENCE.search(text)
    if audience is not None:
        cure = PODDEFAULT.format(namespace=context.namespace)
        return kfp_error(
            "token-audience", aud=audience["aud"].replace('"', "").replace("\\", ""), poddefault=cure
        )
    if "token has expired" in text or "token is expired" in text:
        ended = claims.expires_at if claims else None
        when = ended.strftime("%Y-%m-%d %H:%M:%S UTC") if ended else "a time it does not say"
        return kfp_error("token-expired", time=when, pod=context.notebook.pod, ns=context.namespace)
    if "'kubeflow-userid' headers" in text:
        return kfp_error("userid-header", source="something between here and KFP", cure=DOCTOR)
    if any(mark in text for mark in _REVIEWED):
        return kfp_error("token-rejected", text=_reason(text))
    sent = bool(context.token_path) or not isinstance(context.auth, NoAuth)
    if sent and facts.code is None and not old:  # somebody else than KFP has read it
        return kfp_error("token-rejected", text=shortened(masked(text), 120) or f"{facts.status}")
    return no_credential(context)


def no_credential(context: Context) -> KfpError:
    """Return the error of a call without credential; in a notebook the access option was not chosen."""
    if context.kind in ("notebook", "workspace") and not context.token_path:
        where = {"nb": context.notebook.name, "ns": context.notebook.namespace}
        return kfp_error("no-token-not-chosen", kfp=context.install_namespace, **where)
    error = kfp_error("no-credential", host=context.host)
    if context.kind == "kubeconfig":
        error.why = "This KFP has users, and the API server takes out who asks."
        error.next_step = "Forward a port instead, and set a token."
        error.command = f"kubectl port-forward -n {context.install_namespace} svc/ml-pipeline 8888:8888"
    return error


def _reason(text: str) -> str:
    """The part of a 401's chain that says something."""
    for known in ("has been invalidated", "incorrectly formatted", "unexpected number of 'Authorization'"):
        if known in text:
            start = text.rfind(": ", 0, text.find(known))
            return shortened(text[start + 2 if start >= 0 else 0 :], 120)
    if "invalid bearer token" in text:
        return "invalid bearer token"
    return shortened(masked(text), 120)


def _rights(facts: Facts, request: Request[Any], context: Context, _: Claims | None) -> KfpError | None:
    user = _USER.search(facts.message)
    if user is None or facts.code not in (7, None, 13):
        return None
    namespace = _found(_NAMESPACE, facts.message) or context.namespace
    verb, resource = _found(_VERB, facts.message), _found(_RESOURCE, facts.message)
    if request.ref and context.namespace and namespace != context.namespace:
        return not_found(request, context)  # of somebody else: the same as not there
    source, account = _service_account(user["user"])
    viewer = account == "default-viewer" and verb not in _READING
    return kfp_error(
        "view-only" if viewer else "forbidden",
        verb=verb,
        resource=resource,
        ns=namespace,
        id=user["user"],
        src=source,
        sa=account,
    )


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found["value"] if found else ""


def _service_account(user: str) -> tuple[str, str]:
    parts = user.split(":")
    return (
        (parts[2], parts[3]) if parts[:2] == ["system", "serviceaccount"] and len(parts) == 4 else ("", user)
    )


def not_found(request: Request[Any], context: Context) -> KfpError:
    """Return the one answer for what is not there, malformed, or somebody else's."""
    return kfp_error(
        "not-found",
        thing=request.thing or "address",
        ref=request.ref,
        ns=context.namespace or "this KFP",
        list=_PLURALS.get(request.thing, "runs"),
    )


def _missing(facts: Facts, request: Request[Any], context: Context, _: Claims | None) -> KfpError | None:
    if facts.status != 404:
        return None
    gone = _GONE.search(facts.short) if facts.code == 5 else None
    if gone is not None:  # perhaps not what was asked for, but what that belongs to
        thing = _THINGS.get(gone["thing"], gone["thing"].lower())
        if thing != request.thing:
            request = Request(method="GET", path="", reply=bytes, thing=thing, ref=gone["ref"])
        return not_found(request, context)
    if facts.code == 5 and facts.message != "Not Found" and request.thing:
        return not_found(request, context)
    other_handler = any(part in request.path for part in ("/upload", "/artifacts/", "/log"))
    if request.thing and facts.code is None and facts.message and other_handler:
        return not_found(request, context)
    return kfp_error("kfp-path", url=context.endpoint)


def _namespace_missing(facts: Facts, _: Request[Any], __: Context, ___: Claims | None) -> KfpError | None:
    known = ("cannot have an empty namespace", "Experiment id can not be empty in multi-user mode")
    if facts.status == 400 and any(text in facts.message for text in known):
        return kfp_error("namespace-missing")
    return None


def _upload(facts: Facts, request: Request[Any], context: Context, _: Claims | None) -> KfpError | None:
    if facts.status != 400 or "/pipelines/upload" not in request.path:
        return None
    if facts.message.startswith("Failed to create a pipeline") and len(facts.message) < 60:
        who = context.account or "This account"
        return kfp_error("upload-refused", id=who, where=context.namespace)
    return None


def _state(facts: Facts, request: Request[Any], _: Context, __: Claims | None) -> KfpError | None:
    if facts.status == 409 and (facts.code == 6 or "/upload" in request.path):
        return kfp_error("conflict", name=request.ref, holder=f"Another {request.thing or 'object'}")
    retry = request.path.endswith(":retry") and facts.code in (3, 9, 10)
    if retry:
        return kfp_error("retry-refused", reason=facts.short, ref=request.ref)
    if facts.status == 400 and request.path.endswith(":terminate") and "Row not found" in facts.message:
        return kfp_error("bad-input", field="run", problem="it has already ended, or is ending")
    return None


def _cannot_run(facts: Facts, request: Request[Any], context: Context, _: Claims | None) -> KfpError | None:
    """The embedded server's refusal of tasks that this machine cannot run: its words are the user's."""
    if not (context.embedded and facts.code == 9 and request.path.endswith("/runs")):
        return None
    known = kfp_error("cannot-run-here", n="Some")
    head, dot, rest = facts.short.partition(". ")
    message, why = (f"{head}.", rest) if dot else (known.message, facts.short)
    return KfpError.from_body(
        ErrorBody(code="cannot-run-here", message=message, why=why, next=known.next_step)
    )


def _input(facts: Facts, _: Request[Any], __: Context, ___: Claims | None) -> KfpError | None:
    if facts.status == 413:
        return kfp_error("too-large", thing="The request", size="KFP refused its size", limit="not known")
    if facts.status in (400, 422):
        return kfp_error("bad-input", field="KFP", problem=facts.short.rstrip(".") or "it says no more")
    return None


RULES: tuple[Rule, ...] = (
    gateways.moved,
    gateways.proxy,
    gateways.port,
    gateways.mesh,
    gateways.api_server,
    gateways.gateway,
    gateways.page,
    _rights,
    _identity,
    _namespace_missing,
    _upload,
    _missing,
    _state,
    _cannot_run,
    gateways.down,
    _input,
)

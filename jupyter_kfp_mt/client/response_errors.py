"""Maps an error response to one error of the catalogue.

Pure and total: the rules are tried in order, and the first that matches names the error. What KFP writes, and
in which order it checks, was read in kubeflow/pipelines, backend/src/apiserver: server/*.go for the texts,
auth/ and resource/resource_manager.go for identity and rights, backend/src/common/util/error.go for the body.
"""

from __future__ import annotations

import re
from typing import Any

from ..auth import CookieFile
from ..context import Context
from ..context.poddefault import OPTION_LABEL, poddefault_command
from ..errors import KfpError, kfp_error
from ..tokens import TokenClaims
from . import gateway_errors, workflow_errors
from .http import Request, Response
from .responses import Exchange, Rule, inspect_exchange, mask_tokens, shorten

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
# CreateRun (resource_manager.go) fails with these before it creates the workflow
_NOTHING_CREATED = (
    "due to conversion error",
    "Failed to create a run due to",
    "Failed to generate the ExecutionSpec",
    "Failed to compile job",
    "Failed to validate workflow for (",
    "Failed to create SubjectAccessReview",
    "there is no user identity header",  # KFP 1.x answers 500
)
_PERHAPS_CREATED = (1, 2, 4, 13, 14, 15)  # gRPC: cancelled, unknown, deadline, internal, unavailable, loss
DOCTOR = "jupyter kfp doctor"
_READING = ("get", "list", "readArtifact", "")
_PLURALS = {"pipeline": "pipelines", "pipeline version": "pipelines", "experiment": "experiments"}


def classify(
    request: Request[Any],
    response: Response,
    context: Context,
    claims: TokenClaims = TokenClaims(),  # noqa: B008 - a value
) -> KfpError:
    """Return the error that `response` to `request` means; `claims` are those of the token that was sent."""
    exchange = inspect_exchange(request, response, context, claims)
    for rule in RULES:
        error = rule(exchange)
        if error is not None:
            break
    else:
        error = kfp_error("kfp-error", status=exchange.status, text=exchange.short or "without a word")
    return error.replace(
        details=error.details or mask_tokens(exchange.message or exchange.text)[:4000],
        unclear=not request.repeatable and _may_have_acted(exchange),
        retry_after=_read_retry_after(exchange),
    )


def _read_retry_after(exchange: Exchange) -> float:
    """Return the seconds in `Retry-After` (RFC 9110, 10.2.3), at most an hour; rate limits send no date."""
    text = exchange.headers.get("retry-after", "")
    return min(float(text), 3600.0) if text.isascii() and text.isdigit() else 0.0


def _may_have_acted(exchange: Exchange) -> bool:
    """Whether a request that creates something may have created it, or may still do so.

    CreateRun creates the workflow first and stores the run after that: a failure in between leaves a workflow
    without a run, and a time-out of the database may still end in success.
    """
    if exchange.kubernetes or exchange.code is None:  # from something on the way, which may have passed it on
        failed = exchange.status >= 500 or exchange.status in (408, 499)
        return failed and not gateway_errors.was_not_passed_on(exchange)
    if exchange.code not in _PERHAPS_CREATED:
        return False
    if any(text in exchange.message for text in _NOTHING_CREATED):
        return False
    created = workflow_errors.may_have_created(exchange)
    if created is not None:
        return created
    stored = ("Duplicate entry", "Failed to set last run timestamp")
    return "Failed to store run" not in exchange.message or any(text in exchange.message for text in stored)


def _match_identity(exchange: Exchange) -> KfpError | None:
    old = exchange.status == 500 and "Unauthenticated:" in exchange.message  # KFP 1.x
    if exchange.status != 401 and exchange.code != 16 and not old:
        return None
    text = exchange.message or exchange.text
    audience = _AUDIENCE.search(text)
    if audience is not None:
        cure = poddefault_command(exchange.context.namespace)
        return kfp_error(
            "token-audience", aud=audience["aud"].replace('"', "").replace("\\", ""), poddefault=cure
        )
    if "token has expired" in text or "token is expired" in text:
        ended = exchange.claims.expires_at
        when = ended.strftime("%Y-%m-%d %H:%M:%S UTC") if ended else "a time it does not say"
        return kfp_error(
            "token-expired", time=when, pod=exchange.context.notebook.pod, ns=exchange.context.namespace
        )
    if "'kubeflow-userid' headers" in text:
        return kfp_error("userid-header", source="something between here and KFP", cure=DOCTOR)
    if any(mark in text for mark in _REVIEWED):
        return kfp_error("token-rejected", text=_reason_of(text))
    by_kfp = old or exchange.code is not None
    if exchange.context.credential.sent and not by_kfp:  # something on the way has read it
        return kfp_error("token-rejected", text=shorten(mask_tokens(text), 120) or f"{exchange.status}")
    if exchange.context.credential.sent and exchange.context.kind != "kubeconfig":
        return _unseen_credential_error(exchange.context)
    return no_credential_error(exchange.context)


def _unseen_credential_error(context: Context) -> KfpError:
    """Return the error of a credential that was sent although KFP has seen none.

    A gateway has taken it away (kubeflow/pipelines #4440, #5138, #7466), or KFP does not look at it: it reads
    tokens since 1.7 and never cookies, which are for gateways.
    """
    if isinstance(context.credential, CookieFile):
        return kfp_error("token-not-seen/cookie", host=context.host, kfp=context.install_namespace)
    direct = context.host.partition(".")[0] == "ml-pipeline"
    key = "token-not-seen/unread" if direct else "token-not-seen"
    return kfp_error(key, host=context.host, kfp=context.install_namespace)


def no_credential_error(context: Context) -> KfpError:
    """Return the error of a request without a credential; in a notebook the access option was not chosen."""
    if context.kind in ("notebook", "workspace") and not context.credential.sent:
        notebook = context.notebook
        return kfp_error(
            "no-token-not-chosen", nb=notebook.name, ns=notebook.namespace, labels=f"{OPTION_LABEL}=true"
        )
    if context.kind == "kubeconfig":
        return kfp_error("no-credential/kubeconfig", kfp=context.install_namespace)
    return kfp_error("no-credential", host=context.host)


def _reason_of(text: str) -> str:
    """Return the part of a 401's chain of reasons that explains it."""
    for known in ("has been invalidated", "incorrectly formatted", "unexpected number of 'Authorization'"):
        if known in text:
            start = text.rfind(": ", 0, text.find(known))
            return shorten(text[start + 2 if start >= 0 else 0 :], 120)
    if "invalid bearer token" in text:
        return "invalid bearer token"
    return shorten(mask_tokens(text), 120)


def _match_rights(exchange: Exchange) -> KfpError | None:
    user = _USER.search(exchange.message)
    if user is None or exchange.code not in (7, None, 13):
        return None
    namespace = _search(_NAMESPACE, exchange.message) or exchange.context.namespace
    verb, resource = _search(_VERB, exchange.message), _search(_RESOURCE, exchange.message)
    if exchange.request.ref and exchange.context.namespace and namespace != exchange.context.namespace:
        return not_found_error(exchange.request, exchange.context)  # somebody else's: never confirm it
    source, account = _service_account(user["user"])
    viewer = account == "default-viewer" and verb not in _READING
    code = "view-only" if viewer else "forbidden"
    return kfp_error(
        f"{code}/embedded" if exchange.context.embedded else code,
        verb=verb,
        resource=resource,
        ns=namespace,
        id=user["user"],
        src=source,
        sa=account,
    )


def _search(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match["value"] if match else ""


def _service_account(user: str) -> tuple[str, str]:
    parts = user.split(":")
    return (
        (parts[2], parts[3]) if parts[:2] == ["system", "serviceaccount"] and len(parts) == 4 else ("", user)
    )


def not_found_error(request: Request[Any], context: Context) -> KfpError:
    """Return the one error for an id that is unknown, malformed or somebody else's."""
    return kfp_error(
        "not-found",
        thing=request.thing or "address",
        ref=request.ref,
        ns=context.namespace or "this KFP",
        list=_PLURALS.get(request.thing, "runs"),
    )


def _match_not_found(exchange: Exchange) -> KfpError | None:
    if exchange.status != 404:
        return None
    gone = _GONE.search(exchange.short) if exchange.code == 5 else None
    if gone is not None:  # perhaps not the thing asked for but its owner
        thing = _THINGS.get(gone["thing"], gone["thing"].lower())
        request = exchange.request
        if thing != request.thing:
            request = Request(method="GET", path="", reply=bytes, thing=thing, ref=gone["ref"])
        return not_found_error(request, exchange.context)
    if exchange.code == 5 and exchange.message != "Not Found" and exchange.request.thing:
        return not_found_error(exchange.request, exchange.context)
    other_handler = any(part in exchange.request.path for part in ("/upload", "/artifacts/", "/log"))
    if exchange.request.thing and exchange.code is None and exchange.message and other_handler:
        return not_found_error(exchange.request, exchange.context)
    return kfp_error("kfp-path", url=exchange.context.endpoint)


def _match_missing_namespace(exchange: Exchange) -> KfpError | None:
    known = ("cannot have an empty namespace", "Experiment id can not be empty in multi-user mode")
    if exchange.status == 400 and any(text in exchange.message for text in known):
        return kfp_error("namespace-missing")
    return None


def _match_upload(exchange: Exchange) -> KfpError | None:
    if exchange.status != 400 or "/pipelines/upload" not in exchange.request.path:
        return None
    if exchange.message.startswith("Failed to create a pipeline") and len(exchange.message) < 60:
        namespace = exchange.context.namespace
        source, account = _service_account(exchange.claims.subject)
        account = account or exchange.context.credential.account
        return kfp_error(
            "upload-refused",
            id=account or "This account",
            ns=namespace,
            src=source or namespace,
            sa=account or "ACCOUNT",
        )
    return None


def _match_state(exchange: Exchange) -> KfpError | None:
    if exchange.status == 409 and (exchange.code == 6 or "/upload" in exchange.request.path):
        return kfp_error(
            "conflict", name=exchange.request.ref, holder=f"Another {exchange.request.thing or 'object'}"
        )
    retry = exchange.request.path.endswith(":retry") and exchange.code in (3, 9, 10)
    if retry:
        return kfp_error("retry-refused", reason=exchange.short, ref=exchange.request.ref)
    if (
        exchange.status == 400
        and exchange.request.path.endswith(":terminate")
        and "Row not found" in exchange.message
    ):
        return kfp_error("bad-input", field="run", problem="it has already ended, or is ending")
    return None


def _match_cannot_run(exchange: Exchange) -> KfpError | None:
    """Match the embedded server refusing tasks that this machine cannot run; its words are for the user."""
    if not (exchange.context.embedded and exchange.code == 9 and exchange.request.path.endswith("/runs")):
        return None
    head, dot, rest = exchange.short.partition(". ")
    if not dot:
        return kfp_error("cannot-run-here/embedded", n="Some", why=exchange.short)
    return kfp_error("cannot-run-here/embedded", why=rest).replace(message=f"{head}.")


def _match_bad_input(exchange: Exchange) -> KfpError | None:
    if exchange.status == 413 or (exchange.code == 8 and "larger than max" in exchange.message):
        return kfp_error("too-large", thing="The request", size="KFP refused its size", limit="not known")
    if exchange.status in (400, 422):
        return kfp_error("bad-input", field="KFP", problem=exchange.short.rstrip(".") or "it says no more")
    return None


RULES: tuple[Rule, ...] = (
    gateway_errors.match_redirect,
    gateway_errors.match_proxy,
    gateway_errors.match_plain_http,
    gateway_errors.match_mesh,
    gateway_errors.match_api_server,
    gateway_errors.match_gateway,
    gateway_errors.match_web_page,
    _match_rights,
    _match_identity,
    _match_missing_namespace,
    _match_upload,
    _match_not_found,
    _match_state,
    _match_cannot_run,
    workflow_errors.match_cluster_refusal,
    gateway_errors.match_outage,
    _match_bad_input,
)

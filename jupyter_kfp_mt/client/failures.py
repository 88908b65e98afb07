"""What an answer that is no answer means: (status, headers, body) → one error of the catalogue, once.

Pure and total. Sources: kubeflow-environment §5.3, kfp-api §1.4. The rules are tried in order; the first that
knows the answer names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from ..context import Context
from ..context.tokens import PODDEFAULT, Claims
from ..errors import ErrorBody, KfpError, kfp_error
from .http import Request, Response

_AUDIENCE = re.compile(r"token audiences \[(?P<aud>[^\]]*)\] is invalid")
_USER = re.compile(r"User '(?P<user>[^']*)' is not authorized")
_NAMESPACE = re.compile(r"[{,]Namespace:(?P<value>[^,}]*)")
_VERB = re.compile(r"[{,]Verb:(?P<value>[^,}]*)")
_RESOURCE = re.compile(r"[{,]Resource:(?P<value>[^,}]*)")
_JWT_SHAPED = re.compile(r"[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}")
_GONE = re.compile(r"(?P<thing>Experiment|Run|Job|Pipeline|PipelineVersion) (?P<ref>\S+) not found")
_KUBERNETES = re.compile(r'User "(?P<user>[^"]+)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"')
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


class _Detail(msgspec.Struct, frozen=True):
    message: str = ""


class _Body(msgspec.Struct, frozen=True):
    """KFP's error body in its three dialects (kfp-api §1.4)."""

    code: int | None = None
    message: str = ""
    error: Any = None
    error_message: str = ""
    details: list[Any] | dict[str, Any] = []
    kind: str = ""


class Facts(NamedTuple):
    """An answer as the rules look at it."""

    status: int
    headers: Any
    text: str  # the body's beginning
    html: bool
    code: int | None  # KFP's own
    message: str  # the whole chain
    short: str  # the part meant for people
    kubernetes: bool = False  # the API server itself answers, and not KFP behind it


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
        error = kfp_error("kfp-error", status=facts.status, text=facts.short)
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


def is_answer(response: Response) -> bool:
    """Whether `response` is data of KFP: a log-in page also comes with status 200."""
    return 200 <= response.status < 300 and not _is_html(response)


def facts_of(response: Response) -> Facts:
    """Return what the rules ask about `response`."""
    text = response.body[:16_384].decode(errors="replace").strip()
    try:
        body = msgspec.json.decode(response.body[:1_000_000], type=_Body)
    except msgspec.MsgspecError:
        body = _Body()
    error = body.error if isinstance(body.error, str) else ""
    message = body.message or body.error_message or error
    detail = next((_text_of(entry) for entry in body.details), "") if isinstance(body.details, list) else ""
    short = detail if detail and detail != "Internal Server Error" else message or text
    return Facts(
        response.status,
        response.headers,
        text,
        _is_html(response),
        body.code,
        message,
        shortened(masked(short)) or "(no text)",
        body.kind == "Status",
    )


def shortened(text: str, limit: int = 200) -> str:
    """Return one line of at most `limit` characters; of a chain of reasons the end says most."""
    line = text.split("\n", 1)[0].strip()
    return line if len(line) <= limit else "…" + line[1 - limit :]


def masked(text: str) -> str:
    """Return `text` without anything that looks like a token: a proxy may repeat what it was sent."""
    return _JWT_SHAPED.sub("(token)", text)


def _text_of(detail: Any) -> str:
    found = detail.get("message", "") if isinstance(detail, dict) else ""
    return found if isinstance(found, str) else ""


def _is_html(response: Response) -> bool:
    if "text/html" in response.headers.get("content-type", "").lower():
        return True
    return response.body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


Rule = Callable[[Facts, Request[Any], Context, "Claims | None"], "KfpError | None"]


def _moved(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    if not 300 <= facts.status < 400:
        return None
    target = urlsplit(facts.headers.get("location", ""))
    same = target.hostname in (None, urlsplit(context.endpoint).hostname)
    if same and "/apis/" in target.path:
        return kfp_error("kfp-path", url=context.endpoint)  # another scheme or a cleaned path
    return kfp_error("login-page", host=context.host)


def _proxy(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    return in_the_way(context, "It wants a log-in of its own") if facts.status == 407 else None


def _page(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    if not facts.html:
        return None
    if facts.status in (502, 503, 504):
        return _unavailable(context)
    return kfp_error(
        "kfp-path" if facts.status == 404 else "login-page", host=context.host, url=context.endpoint
    )


def _mesh(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    if facts.status == 403 and facts.text == "RBAC: access denied":
        return kfp_error("istio-denied", host=context.host, kfp=context.install_namespace)
    return None


def _api_server(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    """What the API server of a kubeconfig says before KFP is asked."""
    if not facts.kubernetes or context.kind != "kubeconfig":
        return None
    if facts.status == 403:
        found = _KUBERNETES.search(facts.message)
        named = found.groupdict() if found else {"user": "This account", "verb": "use", "resource": ""}
        denied = kfp_error(
            "kubernetes-denied",
            act="use",
            what="services/proxy",
            ns=context.install_namespace,
            id=named["user"],
            verb=named["verb"],
            resource=named["resource"] or "services/proxy",
        )
        denied.next_step = "Ask an admin for that right, or forward a port."
        denied.command = f"kubectl auth can-i get services/proxy -n {context.install_namespace}"
        return denied
    if facts.status == 401:
        return kfp_error(
            "kubernetes-unavailable", host=context.host, reason="It does not accept the kubeconfig's log-in."
        )
    if facts.status == 404:
        return kfp_error("kfp-dns", host=context.host, kfp=context.install_namespace)
    return None


def _gateway(facts: Facts, _: Request[Any], __: Context, ___: Claims | None) -> KfpError | None:
    jwt = facts.status == 401 and facts.code is None and facts.text.startswith(("Jwt ", "Jwks ", "OpenID"))
    if jwt or "x-goog-iap-generated-response" in facts.headers:
        return kfp_error("gateway-jwt", text=shortened(masked(facts.text)) or "IAP")
    return None


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
    if not any(mark in text for mark in _REVIEWED):
        return no_credential(context)
    return kfp_error("token-rejected", text=_reason(text))


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
    if facts.code == 5 and facts.message != "Not Found" and request.thing:
        return not_found(request, context)
    gone = _GONE.search(facts.short) if facts.code == 5 else None
    if gone is not None:
        thing = _THINGS.get(gone["thing"], gone["thing"].lower())
        return not_found(Request(method="GET", path="", reply=bytes, thing=thing, ref=gone["ref"]), context)
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
        return kfp_error("bad-input", field="KFP", problem=facts.short.rstrip("."))
    return None


def _down(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    if facts.status == 504 or facts.code == 4:
        return timed_out(context)
    if facts.status in (429, 502, 503):
        return _unavailable(context)
    return None


def _unavailable(context: Context) -> KfpError:
    error = kfp_error("kfp-unavailable", host=context.host, kfp=context.install_namespace, s=5)
    if context.embedded:  # there is no cluster to look into
        error.next_step, error.command = "Start it again. History is kept.", "jupyter kfp serve"
    return error


def timed_out(context: Context) -> KfpError:
    """Return the error of an answer that did not come in time."""
    seconds = f"{context.timeout:g}"
    error = kfp_error(
        "kfp-timeout", host=context.host, s=seconds, ns=context.namespace, kfp=context.install_namespace
    )
    if context.embedded:  # no network policy stands in its way
        error.why = f"Nothing from {context.host} in {seconds} s. This machine may be busy."
        error.next_step = "Wait, or stop it and start it again. History is kept."
        error.command = "jupyter kfp serve --stop; jupyter kfp serve --background"
    return error


def unavailable(context: Context) -> KfpError:
    """Return the error of a refused or broken connection."""
    return _unavailable(context)


def in_the_way(context: Context, reason: str) -> KfpError:
    """Return the error of a proxy that does not pass a call on: KFP was sent nothing."""
    error = unavailable(context)
    error.message = "The proxy is in the way."
    error.why = (
        f"The proxy that the environment names for {context.host} does not pass the call on: {reason}."
    )
    error.next_step = "Leave the address out of the proxy, or correct it."
    error.command = f"export NO_PROXY=$NO_PROXY,{urlsplit(context.endpoint).hostname}"
    return error


RULES: tuple[Rule, ...] = (
    _moved,
    _proxy,
    _page,
    _mesh,
    _api_server,
    _gateway,
    _rights,
    _identity,
    _namespace_missing,
    _upload,
    _missing,
    _state,
    _cannot_run,
    _down,
    _input,
)

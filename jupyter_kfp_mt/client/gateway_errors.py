"""Rules for responses that do not come from KFP: log-ins, gateways, meshes, proxies and other servers.

`response_errors.py` applies them. What each server writes was read in its source (Envoy's RBAC and JWT
filters, oauth2-proxy, Go's net/http, nginx) and in kubeflow/pipelines #4311, #4440, #7133 and #9774.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..context import Context
from ..context.embedded import is_gone
from ..errors import KfpError, kfp_error
from .http import Response
from .responses import Exchange, mask_tokens, shorten, title_of

_KUBERNETES = re.compile(r'User "(?P<user>[^"]+)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"')
# Envoy names the reason of its own response (`resetReasonToString` in source/common/http/utility.cc). With
# these it had no connection to send on, or its peer refused the stream unread. "retried and the latest reset
# reason" does not match, since an earlier try may have been sent.
_ENVOY = (
    r"upstream connect error or disconnect/reset before headers\. reset reason: "
    r"(?:(?:local |remote )?(?:connection failure|refused stream reset)|connection timeout|overflow)"
)
_NOT_PASSED_ON = re.compile(
    rf"\A(?:no healthy upstream|{_ENVOY})\b"
    r"|\Ano available server\Z"  # Traefik
    r"|<title>503 Service Temporarily Unavailable</title>"  # nginx and ELB, without an upstream
    r"|No server is available to handle this request"  # HAProxy
    r"|<h1>Application is not available</h1>"  # the router of OpenShift
    r"|no endpoints available for service|error trying to reach service: dial tcp"  # Kubernetes' proxy
)
_LINKERD = re.compile(r"service in fail-fast|client error \(Connect\)")


def was_not_passed_on(exchange: Exchange) -> bool:
    """Whether what stands before KFP says in its own words that it did not pass the request on.

    A bare 502 does not: it also means that KFP broke off while it was responding.
    """
    if exchange.status not in (500, 502, 503, 504) or (exchange.code is not None and not exchange.kubernetes):
        return False
    by_linkerd = _LINKERD.search(exchange.headers.get("l5d-proxy-error", ""))
    return bool(by_linkerd or _NOT_PASSED_ON.search(exchange.text))


def match_redirect(exchange: Exchange) -> KfpError | None:
    """Match a redirect, to a log-in or to where KFP really is; we never follow one with a credential."""
    if not 300 <= exchange.status < 400 or "location" not in exchange.headers:
        return None
    ours, target = urlsplit(exchange.context.endpoint), urlsplit(exchange.headers["location"])
    if target.hostname not in (None, ours.hostname) or "/apis/" not in target.path:
        return kfp_error("login-page", host=exchange.context.host)
    if not target.path.endswith(exchange.request.path):
        return kfp_error("kfp-path", url=exchange.context.endpoint)  # Go cleaned the path
    # the same path under another scheme, port or prefix: that is KFP all the same
    prefix = target.path.removesuffix(exchange.request.path)
    moved_to = f"{target.scheme or ours.scheme}://{target.netloc or ours.netloc}{prefix}"
    return kfp_error("kfp-path/moved", target=moved_to)


def match_proxy(exchange: Exchange) -> KfpError | None:
    """Match the proxy of the environment asking for a log-in of its own."""
    return proxy_error(exchange.context, "It wants a log-in of its own") if exchange.status == 407 else None


def match_web_page(exchange: Exchange) -> KfpError | None:
    """Match a web page in place of data: a log-in, unless its status says otherwise."""
    if not exchange.html:
        return None
    refused = exchange.status in (400, 406, 415, 451) and exchange.request.method != "GET"  # by a firewall
    if exchange.status < 400 or exchange.status in (401, 403, 405) or refused:
        return kfp_error("login-page", host=exchange.context.host)
    return None


def page_error(response: Response, context: Context) -> KfpError:
    """Return the error of a page in place of the response to a change, where looking works: no log-in."""
    page = f"{response.status} {title_of(response)}".strip()
    return kfp_error("gateway-refused", host=context.host, page=page)


def match_plain_http(exchange: Exchange) -> KfpError | None:
    """Match plain HTTP sent to a port that speaks TLS, as Go and nginx word it."""
    words = ("HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port")
    if exchange.status == 400 and any(text in exchange.text for text in words):
        return kfp_error("kfp-path/tls")
    return None


def match_mesh(exchange: Exchange) -> KfpError | None:
    """Match a refusal by Istio's authorization, before KFP."""
    if exchange.status == 403 and exchange.text == "RBAC: access denied":
        return kfp_error("istio-denied", host=exchange.context.host, kfp=exchange.context.install_namespace)
    return None


def match_api_server(exchange: Exchange) -> KfpError | None:
    """Match a Kubernetes API server: it refused to pass the call on, or the address is wrong."""
    if not exchange.kubernetes:
        return None
    if exchange.context.kind != "kubeconfig":
        return kfp_error("kfp-path/kubernetes", host=exchange.context.host)
    if exchange.status == 403:
        match = _KUBERNETES.search(exchange.message)
        named = match.groupdict() if match else {"user": "This account", "verb": "use", "resource": ""}
        return kfp_error(
            "kubernetes-denied/kubeconfig",
            act="use",
            what="services/proxy",
            ns=exchange.context.install_namespace,
            id=named["user"],
            verb=named["verb"],
            resource=named["resource"] or "services/proxy",
        )
    if exchange.status == 401:
        return kfp_error(
            "kubernetes-unavailable",
            host=exchange.context.host,
            reason="It does not accept the kubeconfig's log-in.",
        )
    if exchange.status == 404:
        return kfp_error("kfp-dns", host=exchange.context.host, kfp=exchange.context.install_namespace)
    return None


def match_gateway(exchange: Exchange) -> KfpError | None:
    """Match a token that Istio or Google's IAP refused before KFP."""
    words = ("Jwt ", "Jwks ", "OpenID", "Audiences in Jwt")
    jwt = exchange.status in (401, 403) and exchange.code is None and exchange.text.startswith(words)
    if jwt or ("x-goog-iap-generated-response" in exchange.headers and exchange.status >= 400):
        return kfp_error("gateway-jwt", text=shorten(mask_tokens(exchange.text)) or "IAP")
    return None


def match_outage(exchange: Exchange) -> KfpError | None:
    """Match a server that cannot respond now: KFP or something on the way to it."""
    slow = exchange.status == 503 and "connection timeout" in exchange.text  # a sidecar waited in our place
    if exchange.status in (504, 524) or exchange.code == 4 or slow:
        return timeout_error(exchange.context)
    if exchange.context.embedded and exchange.status == 503 and exchange.code == 14:
        return kfp_error("kfp-unavailable/sick", why=exchange.message)
    away = exchange.status in (429, 502, 503) or was_not_passed_on(exchange)
    if away or (exchange.code is None and exchange.status >= 520):
        text = exchange.short.removeprefix(str(exchange.status)).strip(" .")
        return unavailable_error(exchange.context, f"answers {exchange.status}{f': {text}' if text else ''}")
    return None


def timeout_error(context: Context) -> KfpError:
    """Return the error of a response that did not arrive in time."""
    return kfp_error(
        "kfp-timeout/embedded" if context.embedded else "kfp-timeout",
        host=context.host,
        s=f"{context.timeout:g}",
        ns=context.namespace,
        kfp=context.install_namespace,
    )


def unavailable_error(context: Context, reason: str = "refused the connection") -> KfpError:
    """Return the error of a refused or broken connection."""
    if is_gone(context):
        return kfp_error("embedded-stopped")
    key = "kfp-unavailable/embedded" if context.embedded else "kfp-unavailable"
    return kfp_error(key, host=context.host, reason=reason, kfp=context.install_namespace)


def proxy_error(context: Context, reason: str) -> KfpError:
    """Return the error of a proxy that does not pass the request on."""
    name = urlsplit(context.endpoint).hostname
    return kfp_error("kfp-unavailable/proxy", host=context.host, reason=reason, name=name)

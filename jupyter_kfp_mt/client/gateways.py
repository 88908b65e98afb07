"""What stands between us and KFP and answers in its place: log-ins, gateways, meshes, proxies, other servers.

Rules as in `failures.py`. Source: kubeflow-environment §5.3.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ..context import Context
from ..context.tokens import Claims
from ..errors import KfpError, kfp_error
from .facts import Facts, masked, shortened
from .http import Request

_KUBERNETES = re.compile(r'User "(?P<user>[^"]+)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"')


def moved(facts: Facts, request: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    """Sent elsewhere: to log in, or to where KFP really is. Nobody follows with a credential."""
    if not 300 <= facts.status < 400 or "location" not in facts.headers:
        return None
    ours, target = urlsplit(context.endpoint), urlsplit(facts.headers["location"])
    if target.hostname not in (None, ours.hostname) or "/apis/" not in target.path:
        return kfp_error("login-page", host=context.host)
    if not target.path.endswith(request.path):
        return kfp_error("kfp-path", url=context.endpoint)  # a cleaned path
    prefix = target.path.removesuffix(request.path)  # another scheme, port or prefix: KFP all the same
    moved_to = f"{target.scheme or ours.scheme}://{target.netloc or ours.netloc}{prefix}"
    return _wrong_address(context, f"It sends on to {moved_to}.", "Use that address.")


def proxy(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    """The proxy of the environment, which wants to know who asks."""
    return in_the_way(context, "It wants a log-in of its own") if facts.status == 407 else None


def page(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    """A web page in place of data: a log-in, unless its status says something else."""
    if facts.html and (facts.status < 400 or facts.status in (401, 403, 405)):
        return kfp_error("login-page", host=context.host)
    return None


def port(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    """Plain HTTP sent to a port that speaks TLS, in the words of Go and of nginx."""
    words = ("HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port")
    if facts.status == 400 and any(text in facts.text for text in words):
        return _wrong_address(context, "It speaks TLS.", "Write `https://` in the address.")
    return None


def mesh(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    """Istio's authorization, before KFP."""
    if facts.status == 403 and facts.text == "RBAC: access denied":
        return kfp_error("istio-denied", host=context.host, kfp=context.install_namespace)
    return None


def api_server(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    """What the API server of a kubeconfig says before KFP is asked; anywhere else it is a wrong address."""
    if not facts.kubernetes:
        return None
    if context.kind != "kubeconfig":
        return _wrong_address(
            context, f"A Kubernetes API server answers at {context.host}.", "Name KFP's own."
        )
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


def gateway(facts: Facts, _: Request[Any], __: Context, ___: Claims | None) -> KfpError | None:
    """Tokens that Istio, or Google's IAP, looks at before KFP."""
    words = ("Jwt ", "Jwks ", "OpenID", "Audiences in Jwt")
    jwt = facts.status in (401, 403) and facts.code is None and facts.text.startswith(words)
    if jwt or ("x-goog-iap-generated-response" in facts.headers and facts.status >= 400):
        return kfp_error("gateway-jwt", text=shortened(masked(facts.text)) or "IAP")
    return None


def down(facts: Facts, _: Request[Any], context: Context, __: Claims | None) -> KfpError | None:
    """Something on the way, or KFP itself, cannot answer now."""
    slow = facts.status == 503 and "connection timeout" in facts.text  # a sidecar has waited for us
    if facts.status in (504, 524) or facts.code == 4 or slow:
        return timed_out(context)
    if facts.status in (429, 502, 503) or (facts.code is None and facts.status >= 520):
        error = unavailable(context)
        told = facts.short.removeprefix(str(facts.status)).strip(" .")
        error.why = f"{context.host} answers {facts.status}{f': {told}' if told else ''}."
        return error
    return None


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
    error = kfp_error("kfp-unavailable", host=context.host, kfp=context.install_namespace, s=5)
    if context.embedded:  # there is no cluster to look into
        error.next_step, error.command = "Start it again. History is kept.", "jupyter kfp serve"
    return error


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


def _wrong_address(context: Context, why: str, next_step: str) -> KfpError:
    error = kfp_error("kfp-path", url=context.endpoint)
    error.why, error.next_step = why, next_step
    return error

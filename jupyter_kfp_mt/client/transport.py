"""The one place that opens connections: `requests`, a pool, two time-outs, no redirects, no cookies kept."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NameResolutionError, NewConnectionError

from .. import __version__
from ..context import Context
from ..errors import KfpError, kfp_error
from .failures import shortened, timed_out, unavailable
from .http import Request, Response
from .scrub import scrubbed

CONNECT_TIMEOUT = 5.0  # seconds
POOL = 16  # connections kept; one Jupyter server serves one person


class RequestsTransport:
    """Sends to the endpoint of `context` with its credential; may be used from many threads."""

    def __init__(self, context: Context, session: requests.Session | None = None) -> None:
        self._context = context
        self._session = session or _session(context)

    def in_context(self, context: Context) -> RequestsTransport:
        """Return a transport that shares the connections and has the credential of `context`."""
        return RequestsTransport(context, self._session)

    def send(self, request: Request[Any]) -> Response:
        """Send once; see `Transport`."""
        if self._context.ca_file and not Path(self._context.ca_file).is_file():
            raise self._tls(f"The CA file {self._context.ca_file} is not there")
        try:
            answer = self._session.request(
                request.method,
                self._context.endpoint + request.path,
                params=request.query or None,
                data=request.body or None,
                auth=self._context.auth,
                headers={"Content-Type": request.content_type, **dict(request.headers)}
                if request.body
                else None,
                timeout=(CONNECT_TIMEOUT, request.read_timeout or self._context.timeout),
                allow_redirects=False,
                verify=self._context.ca_file or None,  # wins over REQUESTS_CA_BUNDLE, unlike the session's
                stream=bool(request.last),
            )
            body, dropped = _last(answer, request.last) if request.last else (answer.content, False)
        except requests.RequestException as error:
            raise self._failure(request, error) from None
        except OSError as error:  # a CA bundle that the environment names, and that is not there
            raise self._tls(shortened(str(error), 160)) from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        found = Response(status=answer.status_code, headers=headers, body=body, dropped=dropped)
        return scrubbed(found, answer.request.headers)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def __repr__(self) -> str:
        return f"RequestsTransport({self._context.endpoint!r})"

    def _failure(self, request: Request[Any], error: requests.RequestException) -> KfpError:
        if isinstance(error, requests.exceptions.SSLError):
            return self._tls(shortened(_innermost(error), 160))
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return timed_out(self._context)
        if isinstance(error, requests.exceptions.Timeout):
            return self._unclear(request, timed_out(self._context))
        if isinstance(error, requests.ConnectionError):
            causes = _causes(error)
            if any(isinstance(cause, NameResolutionError) for cause in causes):
                return kfp_error("kfp-dns", host=self._context.host, kfp=self._context.install_namespace)
            failure = unavailable(self._context)
            never_sent = any(isinstance(cause, NewConnectionError) for cause in causes)
            return failure if never_sent else self._unclear(request, failure)
        if isinstance(
            error, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)
        ):
            return self._unclear(request, unavailable(self._context))
        return kfp_error("kfp-path", url=self._context.endpoint)

    def _tls(self, reason: str) -> KfpError:
        return kfp_error("kfp-tls", host=self._context.host, reason=reason.rstrip(".") + ".")

    @staticmethod
    def _unclear(request: Request[Any], error: KfpError) -> KfpError:
        error.unclear = not request.repeatable
        return error


def _session(context: Context) -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"jupyter_kfp_mt/{__version__}"
    session.headers["Accept"] = "application/json, */*"
    session.trust_env = not context.local  # no proxy between us and our own machine
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.cert = context.certificate
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=POOL, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _last(answer: requests.Response, size: int) -> tuple[bytes, bool]:
    """The last `size` bytes of an answer of any length, and whether more came before them."""
    kept, dropped = bytearray(), False
    with answer:
        for part in answer.iter_content(1 << 16):
            kept += part
            if len(kept) > 2 * size:
                del kept[:-size]
                dropped = True
    return bytes(kept[-size:]), dropped or len(kept) > size


def _causes(error: BaseException) -> list[BaseException]:
    """The exceptions inside `error`: `requests` and urllib3 keep them in arguments and attributes."""
    found: list[BaseException] = []
    pending: list[object] = [error]
    while pending and len(found) < 20:
        inner = pending.pop()
        if isinstance(inner, BaseException) and inner not in found:
            found.append(inner)
            pending += [*inner.args, getattr(inner, "reason", None), inner.__cause__, inner.__context__]
    return found


def _innermost(error: BaseException) -> str:
    causes = _causes(error)
    return str(getattr(causes[-1], "verify_message", "") or causes[-1])

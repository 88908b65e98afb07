"""What all our handlers share: who may ask, what may be asked, where the work is done, how it is answered."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar, cast

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..errors import KfpConnectionError, KfpError, kfp_error
from .reading import NoBody, check_names, check_size, read_body, read_query
from .routes import Route
from .settler import Settler
from .streams import Streams
from .upstream import Upstream
from .workers import Workers

if TYPE_CHECKING:
    from ..service import KfpService

P = ParamSpec("P")
T = TypeVar("T")

F = TypeVar("F", bound=Callable[..., Any])


def may(action: str) -> Callable[[F], F]:
    """`@authorized(action)` of jupyter_server, with types."""
    return cast("Callable[[F], F]", authorized(action))


class Parts(NamedTuple):
    """What the extension gives its handlers."""

    upstream: Upstream
    streams: Streams
    settler: Settler
    workers: Workers  # ours alone: when KFP hangs, the rest of the Jupyter server does not
    upload_limit: int  # bytes of a pipeline


class KfpHandler(APIHandler):
    """One URL of the route table.

    Verbs are decorated in leaf classes only: `@authorized` remembers its first call, so a verb inherited by
    two handlers would be checked as the other's.
    """

    auth_resource = "kfp"
    changes = True  # whether POST and DELETE change something

    def initialize(self, parts: Parts, routes: Mapping[str, Route]) -> None:
        """Take what the route table hands on; `routes` are the verbs of this URL."""
        self.parts = parts
        self._route = routes.get(self.request.method or "")
        self._track_activity = self.request.method != "GET"  # looking on keeps no idle server alive
        self._left = False  # the caller is gone
        self._queued: Future[Any] | None = None

    @cached_property
    def request_id(self) -> str:
        """The id of this request in answers and logs: the caller's own, if it is a decent one."""
        given = self.request.headers.get("X-Request-ID", "")
        return given if re.fullmatch(r"[A-Za-z0-9-]{8,64}", given) else uuid.uuid4().hex

    def set_default_headers(self) -> None:
        """Answers are private, and say by which name they are in the log."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Request-ID", self.request_id)

    async def prepare(self) -> None:  # type: ignore[override]  # as jupyter_server's own APIHandler
        """Refuse what no verb could use; strangers learn nothing, they are refused by the verb."""
        await super().prepare()
        if self.current_user and self._route is not None:
            check_size(self.request.body, 2 * self.parts.upload_limit)  # JSON may double a text
            check_names({**self.query(), **self.path_kwargs})
            if self._route.method != "GET" and self._route.request is None:
                self.body(NoBody)

    async def service(self, namespace: str) -> KfpService:
        """The verbs of `namespace`, on behalf of this request; raises when there is no KFP."""
        service = await self.off_loop(self.parts.upstream.service, namespace)
        return service.on_behalf(self.request_id)

    def query(self) -> dict[str, Any]:
        """The arguments after the `?`, in the types of the route table."""
        return read_query(self.request.query_arguments, self._route.query if self._route else ())

    def body(self, model: type[T]) -> T:
        """The body as a `model`."""
        return read_body(self.request.body, model)

    async def off_loop(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in our own threads; work that waits is dropped when the caller goes away."""
        self._queued = future = self.parts.workers.submit(call, *args, **kwargs)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if self._left:
                raise web.Finish from None
            raise kfp_error("jupyter-error", why="It is stopping.") from None

    def on_connection_close(self) -> None:
        """Nobody waits for the answer any more."""
        super().on_connection_close()
        self._left = True
        if self._queued is not None:
            self._queued.cancel()

    def send(self, answer: msgspec.Struct | None = None) -> None:
        """Answer with a model, or with `{}`."""
        self.finish(msgspec.json.encode(answer) if answer is not None else b"{}")

    def on_finish(self) -> None:
        """After a change: one line in the log, and a look by those who watch."""
        super().on_finish()
        if self.request.method not in ("POST", "DELETE") or not self.changes:
            return
        user = getattr(self._known_user, "username", "nobody")
        outcome = (self.request.method, self.request.path, user, self.get_status(), self.request_id)
        self.log.info("jupyter_kfp_mt: %s %s by %s: %d (request %s)", *outcome)
        if self.get_status() < 400:
            where, run_id = (self.path_kwargs.get(name, "") for name in ("namespace", "run_id"))
            self.parts.streams.look_now(where, run_id)
        if self.get_status() == 202:  # a submit that is not confirmed yet
            self.parts.settler.start()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The one place where an error becomes JSON; never with a stack."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, KfpError):
            self.set_status(error.status)
        else:
            error = self._translate_error(status_code, error)
        if isinstance(error, KfpConnectionError):
            self.parts.upstream.forget()
        # the id of this request, whose search for KFP may have failed for many at once
        self.send(msgspec.structs.replace(error.body, request_id=self.request_id))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """An error of the catalogue is one line; anything else is a fault of ours, with its stack."""
        if isinstance(value, KfpError):
            # it may quote what it was sent: neither a line break nor an escape of it gets into the log
            told = "".join(each if each.isprintable() else " " for each in value.message)
            self.log.warning("jupyter_kfp_mt: %s: %s (request %s)", value.code, told, self.request_id)
        else:
            super().log_exception(typ, value, tb)

    @property
    def _known_user(self) -> object:
        """Who asks, as far as it is known: `current_user` must not be asked before Jupyter has looked."""
        return getattr(self, "_jupyter_current_user", None)

    def _translate_error(self, status: int, error: BaseException | None) -> KfpError:
        """What tornado and Jupyter refuse, in our words."""
        reason = error.log_message or "" if isinstance(error, web.HTTPError) else ""
        if status in (401, 403):
            if not self._known_user:
                return kfp_error("jupyter-login")
            return kfp_error("jupyter-denied", why=reason)
        if status in (400, 405):
            method = self.request.method
            return kfp_error("bad-input", field="request", problem=reason or f"{method} is not possible here")
        if status == 404:
            return kfp_error("not-found", thing="page", ref=self.request.path, ns="Jupyter", list="runs")
        return kfp_error("jupyter-error", why=f"Look for {self.request_id} in its log.")


class UnknownPathHandler(KfpHandler):
    """Any other path below ours: an error in our form, so that a page knows that we are here."""

    async def prepare(self) -> None:  # type: ignore[override]  # as above
        """There is no such thing."""
        await super().prepare()
        raise web.HTTPError(404)

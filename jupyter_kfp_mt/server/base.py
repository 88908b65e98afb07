"""What all handlers share: authorization, checks of the request, worker threads, responses and errors."""

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
from jupyter_server.utils import ensure_async
from tornado import web

from ..callers import Caller, CallerLeftError
from ..errors import KfpConnectionError, KfpError, kfp_error
from .bulk import Bulk
from .reading import NoBody, check_names, check_size, read_body, read_query
from .routes import Route
from .settler import Settler
from .streams import Streams
from .upstream import Upstream
from .workers import WorkerLanes, Workers

if TYPE_CHECKING:
    from ..service import KfpService

P = ParamSpec("P")
T = TypeVar("T")

F = TypeVar("F", bound=Callable[..., Any])


def may(action: str) -> Callable[[F], F]:
    """Return jupyter_server's `@authorized(action)` with types."""
    return cast("Callable[[F], F]", authorized(action))


class Parts(NamedTuple):
    """What the extension hands to its handlers."""

    upstream: Upstream
    streams: Streams
    settler: Settler
    bulk: Bulk
    lanes: WorkerLanes  # of our own: if KFP hangs, the rest of the Jupyter server does not
    upload_limit: int  # bytes of a pipeline


class KfpHandler(APIHandler):
    """One URL of the route table.

    Decorate methods in leaf classes only: `@authorized` remembers its first call, so of two handlers that
    inherit one method, the second would be checked as the first.
    """

    auth_resource = "kfp"
    changes = True  # whether POST and DELETE change something

    def initialize(self, parts: Parts, routes: Mapping[str, Route]) -> None:
        """Take the arguments of the route table; `routes` are the methods of this URL."""
        self.parts = parts
        self._route = routes.get(self.request.method or "")
        self._track_activity = self.request.method != "GET"  # watching does not keep an idle server alive
        self._left = False  # the client has disconnected
        self._caller = Caller()
        self._queued: Future[Any] | None = None

    @cached_property
    def request_id(self) -> str:
        """The id of this request in responses and logs: the client's own, if it is well-formed."""
        given = self.request.headers.get("X-Request-ID", "")
        return given if re.fullmatch(r"[A-Za-z0-9-]{8,64}", given) else uuid.uuid4().hex

    def set_default_headers(self) -> None:
        """Forbid caching, and send the id under which the request is logged."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Request-ID", self.request_id)

    async def prepare(self) -> None:  # type: ignore[override]  # as jupyter_server's own APIHandler
        """Reject a malformed request.

        Unauthenticated requests are rejected later, by the method, before any detail of the check leaks.
        """
        await super().prepare()
        if self.current_user and self._route is not None:
            check_size(self.request.body, 2 * self.parts.upload_limit)  # JSON may double the size of a text
            check_names({**self.query(), **self.path_kwargs})
            if self._route.method != "GET" and self._route.request is None:
                self.body(NoBody)

    async def service(self, namespace: str) -> KfpService:
        """Return the service of `namespace` for this request; raises if there is no KFP."""
        service = await self.off_loop(self.parts.upstream.service, namespace)
        return service.on_behalf(self.request_id)

    async def is_allowed(self, action: str) -> bool:
        """Whether the user may do this now; `@authorized` has asked once, and a stream lasts for hours."""
        verdict = self.authorizer.is_authorized(self, self.current_user, action, self.auth_resource)
        return bool(await ensure_async(verdict))

    def query(self) -> dict[str, Any]:
        """Return the query arguments in the types of the route table."""
        return read_query(self.request.query_arguments, self._route.query if self._route else ())

    def body(self, model: type[T]) -> T:
        """Return the body as a `model`."""
        return read_body(self.request.body, model)

    async def off_loop(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in our own threads.

        If the client disconnects, work that is queued is dropped, and reading ends; a change is completed.
        """
        self._queued = future = self._workers.submit(self._caller.serve, call, *args, **kwargs)
        try:
            return await asyncio.wrap_future(future)
        except CallerLeftError:
            raise web.Finish from None
        except asyncio.CancelledError:
            if self._left:
                raise web.Finish from None
            raise kfp_error("jupyter-error", why="It is stopping.") from None

    @property
    def _workers(self) -> Workers:
        if self.request.method != "GET":
            return self.parts.lanes.changes
        return self.parts.lanes.objects if "run_id" in self.path_kwargs else self.parts.lanes.lists

    def on_connection_close(self) -> None:
        """Drop queued work, and stop reading: nobody waits for the response."""
        super().on_connection_close()
        self._left = True
        if self._queued is not None:
            self._queued.cancel()
        if self.request.method == "GET":
            self._caller.leave()

    def send(self, model: msgspec.Struct | None = None) -> None:
        """Send a model, or `{}`."""
        self.finish(msgspec.json.encode(model) if model is not None else b"{}")

    def on_finish(self) -> None:
        """After a change, log one line and wake the watches of the namespace."""
        super().on_finish()
        if self.request.method not in ("POST", "DELETE") or not self.changes:
            return
        user = getattr(self._known_user, "username", "nobody")
        outcome = (self.request.method, self.request.path, user, self.get_status(), self.request_id)
        self.log.info("jupyter_kfp_mt: %s %s by %s: %d (request %s)", *outcome)
        if self.get_status() < 400:
            where, run_id = (self.path_kwargs.get(name, "") for name in ("namespace", "run_id"))
            self.parts.streams.look_now(where, run_id)
        if self.get_status() == 202:  # an unconfirmed submit
            self.parts.settler.start()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an error as JSON, without its traceback; no other place does."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, KfpError):
            self.set_status(error.status)
        else:
            error = self._translate_error(status_code, error)
        if isinstance(error, KfpConnectionError):
            self.parts.upstream.forget()
        # with the id of this request: one failed search for KFP may be shared by many
        self.send(msgspec.structs.replace(error.body, request_id=self.request_id))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log an error of the catalogue in one line, and any other, which is a bug, with its traceback."""
        if isinstance(value, KfpError):
            # it may quote the request: keep its line breaks and escape sequences out of the log
            message = "".join(each if each.isprintable() else " " for each in value.message)
            self.log.warning("jupyter_kfp_mt: %s: %s (request %s)", value.code, message, self.request_id)
        else:
            super().log_exception(typ, value, tb)

    @property
    def _known_user(self) -> object:
        """The user, if known yet: `current_user` must not be read before Jupyter has authenticated."""
        return getattr(self, "_jupyter_current_user", None)

    def _translate_error(self, status: int, error: BaseException | None) -> KfpError:
        """Return the error of the catalogue for what tornado or Jupyter refused."""
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
    """Any other path below ours: a 404 in our format tells the page that the extension is installed."""

    async def prepare(self) -> None:  # type: ignore[override]  # as above
        """Raise 404."""
        await super().prepare()
        raise web.HTTPError(404)

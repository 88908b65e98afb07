"""Stand-ins for what is outside: a KFP that answers from a table, and a clock that only tests move."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from jupyter_kfp_mt.client import Request, Response
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError

Answer = Response | KfpError | Callable[[Request[Any]], Response]

HEALTH = {"multi_user": True, "tag_name": "2.15.0"}


class ManualClock:
    """Time that passes only in `sleep` and `advance`."""

    def __init__(self, start: datetime = datetime(2026, 3, 12, 14, 2, tzinfo=timezone.utc)) -> None:
        self._now = start
        self._seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._seconds += seconds
        self._now += timedelta(seconds=seconds)

    def set_back(self, **span: float) -> None:
        """Somebody sets the clock; no time passes."""
        self._now -= timedelta(**span)


class FakeTransport:
    """Answers by method and path; the last answer of a list stays. Remembers what it was asked."""

    def __init__(self, answers: dict[tuple[str, str], Any] | None = None) -> None:
        self._answers: dict[tuple[str, str], list[Answer]] = {}
        self.requests: list[Request[Any]] = []
        self.closed = False
        self.answer("GET", "/apis/v2beta1/healthz", HEALTH)
        for (method, path), answer in (answers or {}).items():
            self.answer(method, path, *(answer if isinstance(answer, tuple) else (answer,)))

    def answer(self, method: str, path: str, *answers: Any) -> FakeTransport:
        """Answer `method path` with these in turn: a body, a Response, an error to raise, or a function."""
        self._answers[method, path] = [_answer(each) for each in answers]
        return self

    def send(self, request: Request[Any]) -> Response:
        self.requests.append(request)
        known = self._answers.get((request.method, request.path))
        if known is None:
            return problem(404, 5, f"{request.path} not found")
        answer = known.pop(0) if len(known) > 1 else known[0]
        if isinstance(answer, KfpError):
            raise answer
        return answer if isinstance(answer, Response) else answer(request)

    def sent(self, method: str, path: str) -> list[Request[Any]]:
        """What was asked of `method path`."""
        return [each for each in self.requests if (each.method, each.path) == (method, path)]

    def in_context(self, context: Context) -> FakeTransport:
        return self

    def close(self) -> None:
        self.closed = True


def _answer(value: Any) -> Answer:
    if isinstance(value, (Response, KfpError)) or callable(value):
        return value
    return ok(value)


def ok(body: object) -> Response:
    """A good answer of KFP."""
    return Response(status=200, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def problem(status: int, code: int, text: str, message: str = "") -> Response:
    """A KFP error: `text` is the short one, `message` the whole chain."""
    body = {"code": code, "message": message or text, "details": [{"code": code, "message": text}]}
    return Response(
        status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode()
    )

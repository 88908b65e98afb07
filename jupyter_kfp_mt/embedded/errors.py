"""Errors as KFP words them: a gRPC code, a short text for people, and the chain of steps that failed.

Codes and texts are those of KFP's `backend/src/common/util/error.go`, recorded in tests/contract/.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

INVALID, DEADLINE, NOT_FOUND, EXISTS, DENIED, EXHAUSTED = 3, 4, 5, 6, 7, 8
PRECONDITION, ABORTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED = 9, 10, 12, 13, 14, 16

HTTP_STATUS = {
    INVALID: 400,
    DEADLINE: 504,
    NOT_FOUND: 404,
    EXISTS: 409,
    DENIED: 403,
    EXHAUSTED: 429,
    PRECONDITION: 400,
    ABORTED: 409,
    UNIMPLEMENTED: 501,
    INTERNAL: 500,
    UNAVAILABLE: 503,
    UNAUTHENTICATED: 401,
}


class ApiError(Exception):
    """A call that is rejected: `text` is the short text, `message` the whole chain, outermost step first.

    `bare`: the gateway in front of KFP's code rejects the call, so the response has no `details`.
    `final`: the message is complete; outer steps must not prefix it again.
    """

    def __init__(
        self, code: int, text: str, *, message: str = "", bare: bool = False, final: bool = False
    ) -> None:
        self.final = final
        self.code = code
        self.text = text
        self.message = message or text
        self.bare = bare
        super().__init__(self.message)

    def with_prefix(self, prefix: str, *, final: bool = False) -> ApiError:
        """Return the same error as one step further out words it; bare and final ones stay as they are."""
        if self.bare or self.final or not prefix:
            return self
        return ApiError(self.code, self.text, message=f"{prefix}: {self.message}", final=final)


@contextmanager
def prefix_errors(prefix: str, *, final: bool = False) -> Iterator[None]:
    """Put `prefix` before the message of an ApiError that leaves the block."""
    try:
        yield
    except ApiError as error:
        raise error.with_prefix(prefix, final=final) from None


def invalid_input(text: str, *, final: bool = False) -> ApiError:
    """400: a value cannot be used."""
    return ApiError(INVALID, text, message=f"Invalid input error: {text}", final=final)


def malformed_request(text: str) -> ApiError:
    """400 from the gateway: the body or the query cannot be read."""
    return ApiError(INVALID, text, bare=True)


def not_found(kind: str, name: str) -> ApiError:
    """404: there is no such object, or the caller may not know of it."""
    return ApiError(
        NOT_FOUND, f"{kind} {name} not found", message=f"ResourceNotFoundError: {kind} {name} not found"
    )


def already_exists(text: str) -> ApiError:
    """409: the name or the id is taken."""
    return ApiError(EXISTS, text, message=f"Already exist error: {text}")


def bad_request(text: str, inner: str = "") -> ApiError:
    """409 with code 10, which KFP calls a bad request."""
    return ApiError(ABORTED, text, message=f"BadRequestError: {text}" + (f": {inner}" if inner else ""))


def failed_precondition(text: str, inner: str = "") -> ApiError:
    """400 with code 9: something else has to happen first."""
    return ApiError(
        PRECONDITION, text, message=f"FailedPreconditionError: {text}" + (f": {inner}" if inner else "")
    )


def unknown_route() -> ApiError:
    """404 from the gateway: nothing is served under this path."""
    return ApiError(NOT_FOUND, "Not Found", bare=True)


def wrong_method() -> ApiError:
    """501 from the gateway: the path is known, the method or the `:verb` is not."""
    return ApiError(UNIMPLEMENTED, "Method Not Allowed", bare=True)

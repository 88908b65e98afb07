"""Refusals as KFP words them: a gRPC code, a short text for people, and the chain of what was tried.

Source of codes and words: the KFP API server's `common/util/error.go`, recorded in tests/contract/.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

INVALID, DEADLINE, NOT_FOUND, EXISTS, DENIED, EXHAUSTED = 3, 4, 5, 6, 7, 8
PRECONDITION, ABORTED, UNIMPLEMENTED, INTERNAL, UNAUTHENTICATED = 9, 10, 12, 13, 16

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
    UNAUTHENTICATED: 401,
}


class ApiError(Exception):
    """A call that is refused: `text` is short, `message` the whole chain, outermost first.

    `bare` errors come from the gateway, before any KFP code: they carry no details. `final` ones have been
    told to the end: what is tried further out adds nothing.
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

    def within(self, context: str, *, final: bool = False) -> ApiError:
        """The same refusal seen from one level further out."""
        if self.bare or self.final or not context:
            return self
        return ApiError(self.code, self.text, message=f"{context}: {self.message}", final=final)


@contextmanager
def saying(context: str, *, final: bool = False) -> Iterator[None]:
    """Put `context` before the message of a refusal in the block; nothing before that where it is `final`."""
    try:
        yield
    except ApiError as error:
        raise error.within(context, final=final) from None


def invalid(text: str, *, final: bool = False) -> ApiError:
    """400: what was given cannot be used."""
    return ApiError(INVALID, text, message=f"Invalid input error: {text}", final=final)


def malformed(text: str) -> ApiError:
    """400 from the gateway: the body or the query cannot be read."""
    return ApiError(INVALID, text, bare=True)


def not_found(kind: str, name: str) -> ApiError:
    """404: there is no such thing, or it is not the caller's to see."""
    return ApiError(
        NOT_FOUND, f"{kind} {name} not found", message=f"ResourceNotFoundError: {kind} {name} not found"
    )


def exists(text: str) -> ApiError:
    """409: the name or the id is taken."""
    return ApiError(EXISTS, text, message=f"Already exist error: {text}")


def aborted(text: str, inner: str = "") -> ApiError:
    """409 with code 10, KFP's "bad request"."""
    return ApiError(ABORTED, text, message=f"BadRequestError: {text}" + (f": {inner}" if inner else ""))


def precondition(text: str, inner: str = "") -> ApiError:
    """400 with code 9: something else has to happen first."""
    return ApiError(
        PRECONDITION, text, message=f"FailedPreconditionError: {text}" + (f": {inner}" if inner else "")
    )


def no_route() -> ApiError:
    """404 from the gateway."""
    return ApiError(NOT_FOUND, "Not Found", bare=True)


def wrong_method() -> ApiError:
    """501 from the gateway: the path is known, the method or the `:verb` is not."""
    return ApiError(UNIMPLEMENTED, "Method Not Allowed", bare=True)

"""The tree of exceptions, and the JSON body that they share.

```text
KfpError                     anything between us and Kubeflow Pipelines        exit code 3
├── KfpConnectionError       not reached, or no usable credential       424    exit code 3
├── KfpRefusedError          reached, but the right is missing          403    exit code 4
├── KfpNotFoundError         no such thing, or not yours to see         404    exit code 4
│   └── KfpNotStartedError   a run did not start, submit it again       424    exit code 6
├── KfpConflictError         the thing is in another state              409    exit code 4
├── KfpInputError            what was given cannot be used   400, 413, 422    exit code 2
│   └── KfpUsageError        a command was written wrongly              400    exit code 2
├── RunFailed                `wait` saw the run end without success            exit code 1
└── RunTimeout               `wait` reached its time limit                     exit code 5
```

The REST body of an error is `ErrorBody`; the notebook shows `_render_traceback_`; both hold the same four
lines: what happened, why, the next step, and the command to copy.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

AnyError = TypeVar("AnyError", bound="KfpError")


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON body of every error of the extension's REST interface."""

    code: str
    message: str
    why: str = ""
    next: str = ""
    command: str = ""
    details: str = ""
    request_id: str = ""


class KfpError(Exception):
    """An error that people can act on: a code of the catalogue, and the words for this case.

    Errors are immutable: `replace` returns another one.
    """

    exit_code = 3

    def __init__(
        self, body: ErrorBody, *, status: int, unclear: bool = False, retry_after: float = 0.0
    ) -> None:
        super().__init__(body.message)
        self._body = body
        self._status = status
        self._unclear = unclear
        self._retry_after = retry_after

    @property
    def body(self) -> ErrorBody:
        """The error as the REST interface and `--json` write it."""
        return self._body

    @property
    def status(self) -> int:
        """The HTTP status that the REST interface answers with."""
        return self._status

    @property
    def unclear(self) -> bool:
        """Whether the request may have taken effect all the same."""
        return self._unclear

    @property
    def retry_after(self) -> float:
        """The seconds that the other side asks to wait before the next request."""
        return self._retry_after

    @property
    def code(self) -> str:
        """The code of the catalogue."""
        return self._body.code

    @property
    def message(self) -> str:
        """What happened."""
        return self._body.message

    @property
    def why(self) -> str:
        """Why it happened."""
        return self._body.why

    @property
    def next_step(self) -> str:
        """What to do about it."""
        return self._body.next

    @property
    def command(self) -> str:
        """The command to copy, if one helps."""
        return self._body.command

    @property
    def details(self) -> str:
        """What the other side said, for a report."""
        return self._body.details

    @property
    def request_id(self) -> str:
        """The id by which the request is found in KFP's log."""
        return self._body.request_id

    def replace(
        self: AnyError, *, unclear: bool | None = None, retry_after: float | None = None, **fields: str
    ) -> AnyError:
        """Return the same error with other `fields` of its body, to be raised in its place."""
        changed = type(self)(
            msgspec.structs.replace(self._body, **fields),
            status=self._status,
            unclear=self._unclear if unclear is None else unclear,
            retry_after=self._retry_after if retry_after is None else retry_after,
        )
        changed.__cause__, changed.__context__ = self.__cause__, self.__context__
        changed.__suppress_context__ = self.__suppress_context__
        return changed.with_traceback(self.__traceback__)

    def lines(self) -> list[str]:
        """Return the error in at most four lines of text, the first with its code."""
        return [f"{type(self).__name__} [{self.code}]  {self.message}", *self._advice()]

    def __str__(self) -> str:
        """Return what a script that does not catch the error leaves behind, below the name of its class."""
        return "\n".join([f"{self.message} [{self.code}]", *self._advice()])

    def _advice(self) -> list[str]:
        rest = [f"  {word:<6}{text}" for word, text in (("Why", self.why), ("Next", self.next_step)) if text]
        return [*rest, *([f"  →     {self.command}"] if self.command else [])]

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of the stack."""
        return self.lines()


class KfpConnectionError(KfpError):
    """Kubeflow Pipelines was not reached, or there is no usable credential."""


class KfpRefusedError(KfpError):
    """Kubeflow Pipelines knows the caller and refuses."""

    exit_code = 4


class KfpNotFoundError(KfpError):
    """There is no such thing here, or the caller may not see it."""

    exit_code = 4


class KfpConflictError(KfpError):
    """The thing exists in a state that does not allow this."""

    exit_code = 4


class KfpInputError(KfpError):
    """An input cannot be used."""

    exit_code = 2


class KfpUsageError(KfpInputError):
    """A command was written wrongly."""


class KfpNotStartedError(KfpNotFoundError):
    """A run surely did not start; submitting it again cannot make two."""

    exit_code = 6


class RunFailed(KfpError):  # noqa: N818 - a fact about the run, not a fault of ours
    """The run that `wait` waited for ended without success."""

    exit_code = 1


class RunTimeout(KfpError):  # noqa: N818 - as above
    """The run that `wait` waited for had not ended at the time limit."""

    exit_code = 5

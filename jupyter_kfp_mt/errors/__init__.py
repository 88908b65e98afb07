"""All errors: one tree of exceptions (`tree.py`), one catalogue of their words (`catalogue.py`)."""

from __future__ import annotations

from .catalogue import CATALOGUE, error_from_body, kfp_error
from .program import PROGRAM, body_for_notebook, body_for_program, text_for_program
from .tree import (
    ErrorBody,
    KfpConflictError,
    KfpConnectionError,
    KfpError,
    KfpInputError,
    KfpNotFoundError,
    KfpNotStartedError,
    KfpRefusedError,
    KfpUsageError,
    RunFailed,
    RunTimeout,
)

__all__ = [
    "CATALOGUE",
    "PROGRAM",
    "ErrorBody",
    "KfpConflictError",
    "KfpConnectionError",
    "KfpError",
    "KfpInputError",
    "KfpNotFoundError",
    "KfpNotStartedError",
    "KfpRefusedError",
    "KfpUsageError",
    "RunFailed",
    "RunTimeout",
    "body_for_notebook",
    "body_for_program",
    "error_from_body",
    "kfp_error",
    "text_for_program",
]

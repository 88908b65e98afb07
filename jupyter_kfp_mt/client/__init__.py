"""The client of the KFP API: pure request builders, one transport, one mapping from failures to errors."""

from __future__ import annotations

from .api import Api, RetryPolicy
from .http import Empty, Request, Response, Transport
from .transport import HttpTransport
from .versions import AnyVersion

__all__ = [
    "AnyVersion",
    "Api",
    "Empty",
    "HttpTransport",
    "Request",
    "Response",
    "RetryPolicy",
    "Transport",
]

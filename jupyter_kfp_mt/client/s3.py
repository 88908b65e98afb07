"""Reads one object of an S3-compatible store with Signature Version 4, and nothing else.

The signature is described in https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timezone
from typing import BinaryIO
from urllib.parse import quote, urlsplit

import msgspec

from ..callers import require_caller
from ..deadlines import BoundedConnection, SecureBoundedConnection

TIMEOUT = 20.0  # seconds without a byte; the whole has the bound of `deadlines`
_EMPTY = hashlib.sha256().hexdigest()  # of the body of a GET
_PIECE = 1024 * 1024


class ArtifactStore(msgspec.Struct, frozen=True):
    """Where a store is, and the keys for it, which no text of ours shows."""

    endpoint: str  # http://host:port or https://host:port
    access_key: str
    secret_key: str
    region: str = "us-east-1"

    def __repr__(self) -> str:
        return f"ArtifactStore({self.endpoint!r})"


def sign(store: ArtifactStore, path: str, headers: Mapping[str, str], moment: datetime) -> str:
    """Return the `Authorization` header of a GET of the encoded `path` with `headers`, in lower case."""
    stamp = moment.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = f"GET\n{path}\n\n{lines}\n{names}\n{headers['x-amz-content-sha256']}"
    scope = f"{stamp[:8]}/{store.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{store.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{store.access_key}/{scope}"
    return f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}"


def download(
    store: ArtifactStore, bucket: str, key: str, file: BinaryIO, *, now: datetime, limit: int
) -> str:
    """Write an object into `file`; return why that failed, empty if it did not. Follows no redirect."""
    try:
        return _download(store, f"/{bucket}/{key}", file, now=now, limit=limit)
    except (
        OSError,
        ValueError,
        http.client.HTTPException,
    ) as error:  # ValueError: no address
        return f"The store {store.endpoint} cannot be read: {error or type(error).__name__}."


def _download(store: ArtifactStore, place: str, file: BinaryIO, *, now: datetime, limit: int) -> str:
    require_caller()
    url = urlsplit(store.endpoint)
    path = quote(place, safe="/-_.~")
    stamp = now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": url.netloc, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
    headers["authorization"] = sign(store, path, headers, now)
    kind = SecureBoundedConnection if url.scheme == "https" else BoundedConnection
    with closing(kind(url.netloc, timeout=TIMEOUT)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            return _explain(response.status)
        left = limit
        while piece := response.read(min(_PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                return f"It is larger than {limit >> 20} MiB."
            file.write(piece)
    return "The connection broke." if response.length else ""


def _explain(status: int) -> str:
    if status == 404:
        return "The store has no such object: it may be a folder, or be gone."
    return (
        "The store refuses the keys of this namespace." if status == 403 else f"The store answered {status}."
    )

"""Downloads pipeline packages by URL, from allowed hosts only, as KFP does (`pipeline_server.go`)."""

from __future__ import annotations

from ...downloads import Downloader, DownloadError, RefusedUrlError
from ..errors import invalid_input
from .packages import MAX_UPLOAD

ALLOWED_HOSTS = ("storage.googleapis.com", "s3.amazonaws.com", "github.com", "raw.githubusercontent.com")


def fetch(url: str, downloader: Downloader = Downloader(is_allowed=ALLOWED_HOSTS.__contains__)) -> bytes:  # noqa: B008 - a value
    """Return the content at `url`, at most 32 MiB; raises ApiError (400)."""
    if not url or "://" not in url:
        raise invalid_input(f"invalid pipeline spec URL: {url}")
    try:
        return downloader.download(url, MAX_UPLOAD)
    except RefusedUrlError:
        raise invalid_input("Pipeline URL validation failed") from None
    except DownloadError as error:
        raise invalid_input(f"error fetching pipeline spec from {error.url} - {error}") from None

"""Read a pipeline from a public https address; nothing of ours is sent there."""

from __future__ import annotations

import posixpath
import ssl
from urllib.parse import urlsplit

from ...client.connections import find_ca_bundle
from ...downloads import Downloader, DownloadError, RefusedUrlError
from ...errors import kfp_error
from ...pipeline_spec import Package, parse_any_file
from ...pipeline_spec.reading import MAX_BYTES

PREFIX = "https://"
_FROM_DISK = "Download it, and choose it from disk."


def _trust_public_hosts() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=find_ca_bundle())


def read_address(url: str, downloader: Downloader = Downloader(tls=_trust_public_hosts)) -> Package:  # noqa: B008 - a value
    """Return the pipeline behind `url`; raises `bad-input`, `too-large` and `not-a-pipeline`."""
    try:
        data = downloader.download(url.strip(), MAX_BYTES)
    except RefusedUrlError as error:
        raise kfp_error(
            "bad-input", field="The address", problem=str(error), next=f"Write a public {PREFIX}… address."
        ) from None
    except DownloadError as error:
        if error.too_large:
            limit = f"{MAX_BYTES >> 20} MiB"
            raise kfp_error("too-large", thing="The file", size="It is longer", limit=limit) from None
        host = urlsplit(error.url).hostname
        raise kfp_error(
            "bad-input",
            field="The address",
            problem="cannot be read",
            why=f"{host}: {error}.",
            next=_FROM_DISK,
        ) from None
    if data.lstrip()[:1] == b"<":
        raise kfp_error("not-a-pipeline", n=1, reason="this is a web page").replace(
            next="Use the address of the file itself; on GitHub that is the button Raw.", command=""
        )
    return parse_any_file(data, name=posixpath.basename(urlsplit(url).path))

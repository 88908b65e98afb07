"""Files come from the public internet over https, and nothing is asked of anything else."""

from __future__ import annotations

import gzip
import http.server
import ssl
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest
import trustme

from jupyter_kfp_mt.downloads import Address, Downloader, DownloadError, RefusedUrlError, is_public
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.service.submit.address import read_address
from tests.contract.packages import zipped
from tests.pipeline_spec.pipelines import SIMPLE

FILES = {
    "/train.yaml": SIMPLE.encode(),
    "/train.zip?raw=1": zipped(("pipeline.yaml", SIMPLE.encode())),
    "/page": b"\n<!DOCTYPE html><html></html>",
    "/large": b"x" * 2000,
}
REDIRECTS = {
    "/moved": "/train.yaml",
    "/inside": "https://inside.example/train.yaml",
    "/plain": "http://files.example/train.yaml",
    "/round": "/round",
}


class Handler(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        target = REDIRECTS.get(self.path)
        body = FILES.get(self.path, b"")
        self.send_response(302 if target else 200 if body else 404)
        if target:
            self.send_header("Location", target)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def downloader() -> Iterator[Downloader]:
    """Downloads from a server that stands in for files.example."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("files.example").configure_cert(tls)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def find_address(host: str) -> Address:
        if host == "inside.example":
            raise RefusedUrlError("it is inside")
        return "127.0.0.1", int(server.server_address[1])

    def trust() -> ssl.SSLContext:
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        return trusted

    yield Downloader(find_address=find_address, tls=trust)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["train.yaml", "train.zip?raw=1", "moved"])
def test_a_file_is_read_and_nothing_of_ours_is_sent(downloader: Downloader, path: str) -> None:
    Handler.seen.clear()
    assert read_address(f" https://files.example/{path} ", downloader).name == "train"
    assert all(set(headers) == {"host", "accept-encoding"} for headers in Handler.seen)


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("http://files.example/train.yaml", "bad-input", "does not begin with https"),
        ("file:///etc/passwd", "bad-input", "does not begin with https"),
        ("https://", "bad-input", "does not begin with https"),
        ("https://[::1", "bad-input", "is not an address"),
        ("https://me:secret@files.example/train.yaml", "bad-input", "holds a user or a password"),
        ("https://files.example:8443/train.yaml", "bad-input", "port"),
        ("https://inside.example/", "bad-input", "it is inside"),
        ("https://files.example/inside", "bad-input", "it is inside"),
        ("https://files.example/plain", "bad-input", "does not begin with https"),
        ("https://files.example/round", "bad-input", "redirects too often"),
        ("https://files.example/gone?token=secret", "bad-input", "404"),
        ("https://other.example/train.yaml", "bad-input", "other.example: SSLCertVerificationError"),
        ("https://files.example/page", "not-a-pipeline", "web page"),
        ("https://files.example/large", "not-a-pipeline", "Line 1"),
    ],
)
def test_anything_else_is_refused_in_words(downloader: Downloader, url: str, code: str, words: str) -> None:
    with pytest.raises(KfpError) as caught:
        read_address(url, downloader)
    assert caught.value.code == code
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_over_the_limit_is_not_kept(downloader: Downloader) -> None:
    with pytest.raises(DownloadError, match="larger than 1000 bytes"):
        downloader.download("https://files.example/large", 1000)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "no.invalid"]
)
def test_a_host_inside_is_refused(host: str) -> None:
    with pytest.raises(RefusedUrlError):
        Downloader().download(f"https://{host}/", 1000)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("140.82.121.4", True),
        ("2606:50c0:8000::154", True),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::8c52:7904", True),
        ("2002:a00:1::", False),
        ("nonsense", False),
    ],
)
def test_public_addresses(address: str, expected: bool) -> None:
    assert is_public(address) is expected


def test_a_broken_archive_is_named(downloader: Downloader) -> None:
    FILES["/broken.tar.gz"] = gzip.compress(b"no tar")
    with pytest.raises(KfpError) as caught:
        read_address("https://files.example/broken.tar.gz", downloader)
    assert caught.value.why.startswith("broken.tar.gz: ")

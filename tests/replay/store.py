"""The S3 store of a replay cluster, as much of it as a GET of one object needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from tests.replay.kubernetes import KEY


@contextmanager
def serve_store(objects: Mapping[str, bytes]) -> Iterator[str]:
    """Serve objects by /BUCKET/KEY to whoever has the namespace's key; yields host:port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = objects.get(unquote(self.path))
            scheme = f"AWS4-HMAC-SHA256 Credential={KEY}/"
            known = self.headers.get("Authorization", "").startswith(scheme)
            self.send_response(403 if not known else 404 if found is None else 200)
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: object) -> None:
            """Keep the output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""A network between us and the server that loses, delays and replaces what it carries."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_kfp_mt import embedded


class Network(ThreadingHTTPServer):
    """Between us and the server, wherever that is by now: loses, delays and replaces what it carries."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Wire)
        self.folder = folder
        self.lock = threading.Lock()
        self.chance = random.Random(56)  # brings each fault early
        self.faults: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """The caller has gone away: no news here."""

    def fault(self) -> str:
        kinds = ["none"] * 4 + ["reset", "drop", "late", "slow", "502", "503", "504 after"]
        with self.lock:
            kind = self.chance.choice(kinds)
            self.faults[kind] += 1
            return kind

    def carry(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        runtime = embedded.find(self.folder)
        if runtime is None:
            return 503, b"no healthy upstream"
        connection = HTTPConnection(urlsplit(runtime.url).netloc, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException):
            return 502, b"upstream connect error or disconnect/reset before headers"
        finally:
            connection.close()


class Wire(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Network

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        kept = ("Authorization", "Content-Type")
        headers = {name: self.headers[name] for name in kept if self.headers[name]}
        call = self.command, self.path, body, headers
        create = self.command == "POST" and self.path.endswith("/runs")
        fault = self.server.fault() if create else "none"
        if fault in ("502", "503"):
            self.answer(int(fault), b"no healthy upstream")
            return
        if fault == "late":  # it arrives, long after its sender got no response
            threading.Timer(1.0, self.server.carry, call).start()
        elif fault != "reset":
            status, found = self.server.carry(*call)
            time.sleep(2.5 if fault == "slow" else 0)
        if fault in ("reset", "late", "drop"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "504 after":
            self.answer(504, b'{"code": 4, "message": "context deadline exceeded"}')
        else:
            self.answer(status, found)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return

"""HTTP/1.1 on this machine: connections that stay open, compressed answers, and connections that
break on purpose."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.google.faults import Request


class Answer(NamedTuple):
    """status 0: none, the connection is closed. share: how much of the body is sent before the
    connection ends; date: by the server's clock."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    share: float = 1.0
    date: float | None = None


class Wire:
    """Listens on a port of its own, a thread for each connection."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        wire = self

        class Bound(_Handler):
            def setup(self) -> None:
                super().setup()
                with wire._lock:
                    wire._open.add(self.connection)

            def finish(self) -> None:
                with wire._lock:
                    wire._open.discard(self.connection)
                super().finish()

            def answer(self, request: Request) -> Answer:
                return wire._answer(request)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="google", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close what is still open, and wait for its threads."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        with self._lock:
            for connection in self._open:
                _shut(connection)
        self._server.server_close()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = Request(
            self.command,
            self.path,
            body,
            {name.lower(): value for name, value in self.headers.items()},
        )
        found = self.answer(request)
        if not found.status:
            self._break()
            return
        self._send(request, found)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def _send(self, request: Request, found: Answer) -> None:
        body = found.body
        self.send_response_only(found.status)
        self.send_header("Date", self.date_time_string(found.date))
        for name, value in found.headers:
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json; charset=UTF-8")
        if len(body) > 1000 and "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        if found.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: int(len(body) * found.share)])
        self.wfile.flush()
        if found.share < 1:
            self._break()

    def _break(self) -> None:
        self.close_connection = True
        _shut(self.connection)

"""A web server for tests, over real sockets, that takes what chat services take."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

HANG_UP, SILENCE, DRIP = "hang up", "silence", "drip"


class Webhook:
    """script: what it answers, first come, first served: a status, a pair of status and text, or how it
    breaks off; else 200."""

    def __init__(self) -> None:
        self.script: deque[Any] = deque()
        self.taken: list[tuple[str, bytes]] = []
        self.over = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                hook.taken.append((self.path, self.rfile.read(length)))
                said = hook.script.popleft() if hook.script else 200
                if said == HANG_UP:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if said == SILENCE:
                    hook.over.wait(30)
                    return
                if said == DRIP:
                    self.send_response(200)
                    self.send_header("Content-Length", "100000")
                    self.end_headers()
                    while not hook.over.is_set():
                        try:
                            self.wfile.write(b"x")
                        except OSError:
                            return
                        time.sleep(0.05)
                    return
                status, text = said if isinstance(said, tuple) else (said, "ok")
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> Webhook:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

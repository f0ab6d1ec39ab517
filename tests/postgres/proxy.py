"""A way to the database that can be cut: what goes through it is counted, and at a chosen message the
connection breaks, before the server has it or after it did what it says."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any


class Proxy:
    """Listens on this machine. cut: at which message from the client, counted over all connections
    from 1; after: whether the server is to have answered it first; last: whether nobody gets through
    from then on. cut 0 cuts nothing."""

    def __init__(self, port: int, *, cut: int = 0, after: bool = False, last: bool = False) -> None:
        self._to, self._last = port, last
        self._cut, self._after = cut, after
        self.messages = self.cuts = 0
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self._last and self.cuts:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._to))
                self._open += [client, server]
                threading.Thread(target=self._talk, args=(client, server), daemon=True).start()

    def _talk(self, client: socket.socket, server: socket.socket) -> None:
        """Each packet of the client, and then the answers until the server waits for more."""
        state: dict[str, Any] = {"cut": False}
        answers = threading.Thread(target=self._answers, args=(client, server, state), daemon=True)
        answers.start()
        with suppress(OSError):
            while data := client.recv(1 << 16):
                with self._lock:
                    self.messages += 1
                    here = self.messages == self._cut
                if here:
                    self.cuts += 1
                    state["cut"] = True
                    if self._after:
                        server.sendall(data)
                        answers.join(0.3)
                    break
                server.sendall(data)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _answers(self, client: socket.socket, server: socket.socket, state: dict[str, Any]) -> None:
        with suppress(OSError):
            while data := server.recv(1 << 16):
                if state["cut"]:
                    return  # it did it, and nobody hears of it
                client.sendall(data)

    def close(self) -> None:
        """Listen no longer."""
        self._listening.close()
        for end in self._open:
            with suppress(OSError):
                end.close()

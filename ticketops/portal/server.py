"""The portal served by uvicorn: connections that are slow are cut, only named proxies are believed."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ticketops.config import Settings
from ticketops.errors import UnusableError
from ticketops.portal.app import LOG, app_of
from ticketops.portal.limits import Limits

HEAD_SECONDS = 10.0
"""How long the head of a request may take to come."""
MOST_CONNECTIONS = 500
_LONGEST_HEAD = 1 << 14
_IDLE_SECONDS = 30


class Cutting(H11Protocol):
    """HTTP/1.1, of which no head may take longer than HEAD_SECONDS."""

    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        if self._cut is None and self._waits():
            self._start()
        super().data_received(data)
        if not self._waits():
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _waits(self) -> bool:
        """Whether no request is being answered, so that what comes is the head of one."""
        return self.conn.their_state is h11.IDLE

    def _start(self) -> None:
        self._cut = self.loop.call_later(HEAD_SECONDS, self._end)

    def _stop(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None

    def _end(self) -> None:
        self._cut = None
        if self._waits() and not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """Ends on a signal as a command does that is done, not as one that was killed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {one: signal.signal(one, self.handle_exit) for one in signals}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def config_of(app: Any, host: str, port: int, proxies: str) -> uvicorn.Config:
    """How uvicorn serves the portal. proxies: addresses whose forwarded headers are believed."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Cutting,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or "",
        limit_concurrency=MOST_CONNECTIONS,
        backlog=256,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=20,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
    )


def serve(
    settings: Settings,
    workbook: Path | str,
    base: str,
    host: str,
    port: int,
    *,
    limits: Limits | None = None,
) -> tuple[int, int]:
    """Serve until SIGINT or SIGTERM; how many requests were answered, and how many of them failed.
    What is being saved is saved first. Raises UnusableError where the port is taken."""
    _log_to_stderr()
    app = app_of(settings, workbook, base, limits=limits)
    server = Server(config_of(app, host, port, settings.portal_proxies))
    try:
        sockets = [server.config.bind_socket()]
    except (OSError, SystemExit):
        raise UnusableError(
            f"can't listen on {host}:{port}", "is another program there? --port names another one"
        ) from None
    server.run(sockets=sockets)
    return app.answered, app.failed


def _log_to_stderr() -> None:
    """One line a request, without addresses, names and links; of uvicorn only what is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
        logging.getLogger(name).setLevel(logging.CRITICAL)

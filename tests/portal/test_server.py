"""The portal as it is served: slow connections, servers in front, the command (§7, §8, §9)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, Runner
from tests.portal.visiting import GENEROUS, Portals
from ticketops.config import Settings
from ticketops.portal import app, server
from ticketops.portal.limits import Limits, Rate


@contextmanager
def served(settings: Settings, limits: Limits | None = None, proxies: str = "") -> Iterator[int]:
    """The portal at a port of this machine."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        portal = Portals(settings, f"http://127.0.0.1:{port}", limits)
        running = server.Server(server.config_of(portal.app, "127.0.0.1", port, proxies))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until(lambda: running.started)
            yield port
        finally:
            running.should_exit = True
            thread.join()


def until(happens: Callable[[], object]) -> None:
    for _ in range(1000):
        if happens():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other end closes."""
    connection.settimeout(10)
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


GET = b"GET /i/x HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"
POST = (
    b"POST /i/open HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 100\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)


@pytest.mark.slow
def test_slow_connections_are_cut(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(app, "BODY_SECONDS", 0.5)
    with served(settings) as port:
        address = ("127.0.0.1", port)
        with socket.create_connection(address) as silent:
            assert all_of(silent) == b""
        with socket.create_connection(address) as slow:
            slow.sendall(GET[:20])
            assert all_of(slow) == b""
        with socket.create_connection(address) as later:
            later.sendall(GET % port)
            until(lambda: b"</html>" in later.recv(65536))
            later.sendall(GET[:20])
            assert all_of(later) == b""
        with socket.create_connection(address) as body:
            body.sendall(POST % port + b"secret=")
            answer = all_of(body)
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"frame-ancestors 'none'" in answer
        with socket.create_connection(address) as large:
            large.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000)
            assert b" 400 " in all_of(large)[:20]
        assert httpx.get(f"http://127.0.0.1:{port}/i/x").status_code == 200


@pytest.mark.parametrize(
    ("proxies", "codes"),
    [("", [403, 429, 429]), ("127.0.0.1", [403, 403, 429]), ("192.0.2.0/24", [403, 429, 429])],
)
def test_only_servers_that_are_named_say_who_asks(
    settings: Settings, proxies: str, codes: list[int]
) -> None:
    once = Limits(opening=Rate(1, 0.001), asking=GENEROUS)
    with served(settings, once, proxies) as port:
        found = [
            httpx.post(
                f"http://127.0.0.1:{port}/i/open",
                data={"secret": "x"},
                headers={"X-Forwarded-For": address, "X-Forwarded-Proto": "https"},
            ).status_code
            for address in ("192.0.2.1", "192.0.2.2", "192.0.2.2")
        ]
    assert found == codes


@pytest.mark.slow
def test_the_command_serves_until_it_is_ended(book: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
    env |= {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path), "TICKETOPS_USER": "olga"}
    serve = [sys.executable, "-m", "ticketops", "serve", "-w", str(book), "--port", str(port)]
    child = subprocess.Popen(serve, env=env, stderr=subprocess.PIPE, cwd=tmp_path)

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/i/nobody-s-secret").status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(answers)
        second = subprocess.run(serve, env=env, capture_output=True, cwd=tmp_path, check=False)
        assert (second.returncode, b"can't listen on 127.0.0.1" in second.stderr) == (3, True)
    finally:
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=60)[1].decode()
    assert child.returncode == 0
    assert "GET /i/{secret} 200" in said
    assert "nobody-s-secret" not in said
    assert said.splitlines()[-1] == "1 request, 0 failed"


def test_without_what_it_needs_one_line(
    book: Path, in_process: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ticketops.portal.server", None)
    done = in_process("serve", "-w", str(book))
    assert done.code == 2
    assert done.err.splitlines() == [
        "ticketops: the portal needs starlette and uvicorn, which are not installed (pip install 'ticketops[portal]')"
    ]


@pytest.mark.parametrize(
    "words",
    [["--host", "0.0.0.0"], ["--base-url", "http://tickets.example"], ["--base-url", "nonsense"]],
)
def test_in_clear_only_on_this_machine(book: Path, in_process: Runner, words: list[str]) -> None:
    done = in_process("serve", "-w", str(book), *words)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET /i/x HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 9\r\n\r\n",
        b"GET /static/portal.css HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /nothing HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 9\r\n\r\n",
    ],
)
def test_a_body_that_nobody_reads_holds_no_connection(settings: Settings, head: bytes) -> None:
    """One byte a minute would hold it for as long as its sender likes."""
    with served(settings) as port, socket.create_connection(("127.0.0.1", port)) as held:
        held.sendall(head % port)
        assert all_of(held).startswith(b"HTTP/1.1 ")

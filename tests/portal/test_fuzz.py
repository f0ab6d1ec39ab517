"""Requests that nobody would send: none ends in an error of ours, and none tells anything."""

from __future__ import annotations

import asyncio
import random
import string
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.dispatching import ANA
from tests.portal.canaries import TOKEN, folded, found_in, logged
from tests.portal.visiting import BASE, HIDDEN, Portals
from ticketops.portal.app import PAGES

WHO = {"client": "Acme Ltd", "supplier": "BEE", "staff": ANA}
PIECES = (
    *("", "/", "..", "%2e%2e", "\0", "%00", "%0d%0a", "\r\nSet-Cookie: a=b", "'", '"', "<script>"),
    *(
        "{{7*7}}",
        "${7*7}",
        "S4-1",
        "PT00002",
        "T00003",
        "-1",
        "99999999999999999999",
        "٣",
        "é",
        "\ud83d",
    ),
    *(
        "=1+1",
        "%",
        "%zz",
        "%ff%fe",
        "a" * 3000,
        "null",
        "true",
        "[]",
        "{}",
        "; DROP TABLE",
        "../" * 20,
    ),
    *("שרה", "\u202e", "1e309", "NaN", "0x10", "bolt", "&", "&&&=", "=", "?", "#", "\\", "//"),
)
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "")
KINDS = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded; charset=\xff",
)


class Fuzz:
    """Makes requests, straight to the application."""

    def __init__(self, seed: int, portal: Portals) -> None:
        self.random = random.Random(seed)
        self.portal = portal
        self.inside = {}
        for kind, name in WHO.items():
            browser = portal.inside(kind, name)
            page = browser.get("/")
            called = portal.portal.site.cookie
            self.inside[kind] = (
                f"{called}={browser.cookies[called]}",
                dict(HIDDEN.findall(page.text)),
            )
        self.paths = sorted({page.path for page in PAGES} | {"/static/portal.css"})

    def piece(self) -> str:
        if self.random.random() < 0.3:
            return "".join(self.random.choices(string.printable, k=self.random.randrange(30)))
        return self.random.choice(PIECES)

    def come_back(self, kind: str) -> None:
        """Whoever left comes in again, so that later requests are from inside."""
        name, cookie = self.inside[kind][0].split("=", 1)
        token = self.portal.portal.house.link(cookie.partition(".")[0])
        assert token is not None
        fresh = self.portal.portal.doors.admit(token, time.time())
        visit = self.portal.portal.doors.visit(fresh, token, time.time())
        assert visit is not None
        self.inside[kind] = (f"{name}={fresh}", self.inside[kind][1] | {"csrf": visit.csrf})

    def request(self) -> tuple[str, dict[str, Any], bytes]:
        """(kind of who asks, scope, body)"""
        draw = self.random
        kind = draw.choice(list(WHO))
        cookie, hidden = self.inside[kind]
        path = draw.choice(self.paths)
        for name in ("{secret}", "{key}", "{task}"):
            path = path.replace(name, self.piece() or "x")
        if draw.random() < 0.2:
            path = f"/{self.piece()}/{self.piece()}"
        query = "&".join(
            f"{draw.choice(('page', 'match', 'sort', 'view', 'filter', self.piece()))}={self.piece()}"
            for _ in range(draw.randrange(4))
        )
        fields = dict(hidden) if draw.random() < 0.8 else {}
        for _ in range(draw.randrange(4)):
            fields[draw.choice([*hidden, "secret", "r0.first_name", self.piece()])] = self.piece()
        try:
            body = httpx.Request("POST", BASE, data=fields).read()
        except (UnicodeError, ValueError):
            body = draw.randbytes(draw.randrange(200))
        if draw.random() < 0.15:
            body = draw.randbytes(draw.randrange(2000))
        headers = [
            (b"host", b"portal.example" if draw.random() < 0.95 else self.bytes()),
            (
                b"content-type",
                (KINDS[0] if draw.random() < 0.7 else draw.choice(KINDS)).encode("latin-1"),
            ),
            (b"content-length", str(len(body)).encode() if draw.random() < 0.95 else self.bytes()),
        ]
        if draw.random() < 0.9:
            headers.append((b"cookie", cookie.encode()))
        else:
            headers.append((b"cookie", b"__Host-ticketops=" + self.bytes()))
        if draw.random() < 0.3:
            name = draw.choice((b"origin", b"sec-fetch-site", b"if-none-match", b"x-forwarded-for"))
            headers.append((name, self.bytes()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": draw.choice(METHODS) if draw.random() < 0.3 else draw.choice(("GET", "POST")),
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("utf-8", "surrogatepass"),
            "query_string": query.encode("utf-8", "surrogatepass"),
            "root_path": "",
            "headers": headers,
            "client": ("192.0.2.7", 1),
            "server": ("127.0.0.1", 1),
        }
        return kind, scope, body

    def bytes(self) -> bytes:
        return self.piece().encode("utf-8", "surrogatepass")[:400]


async def asked(app: Any, scope: dict[str, Any], body: bytes) -> httpx.Response:
    sent: list[dict[str, Any]] = []
    pieces = [body[: len(body) // 2], body[len(body) // 2 :]]

    async def receive() -> dict[str, Any]:
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    head = sent[0]
    content = b"".join(one.get("body", b"") for one in sent[1:])
    headers: Sequence[tuple[bytes, bytes]] = head["headers"]
    assert all(b"\r" not in v and b"\n" not in v and b"\0" not in v for _k, v in headers)
    kept = [(k, v) for k, v in headers if k not in (b"content-length", b"content-encoding")]
    return httpx.Response(head["status"], headers=kept, content=content)


def fuzzed(portal: Portals, seed: int, count: int) -> dict[int, int]:
    fuzz = Fuzz(seed, portal)
    codes: dict[int, int] = {}

    async def all_of_them() -> None:
        for number in range(count):
            kind, scope, body = fuzz.request()
            answer = await asked(portal.app, scope, body)
            codes[answer.status_code] = codes.get(answer.status_code, 0) + 1
            about = (number, scope["method"], scope["path"], scope["query_string"], body[:300])
            assert answer.status_code not in (500, 501, 502), about
            text = scope["path"] + scope["query_string"].decode("utf-8", "replace")
            text += body.decode("utf-8", "replace") + str(scope["headers"])
            told = [one for one in found_in(answer, kind) if one not in folded(text)]
            assert told == [], about
            if answer.status_code == 403:
                fuzz.come_back(kind)

    with logged() as lines:
        asyncio.run(all_of_them())
    assert TOKEN.findall("\n".join(lines)) == []
    return codes


def test_a_few_fuzzed_requests(portal: Portals) -> None:
    codes = fuzzed(portal, 1, 400)
    assert codes[200] > 15
    assert sum(codes.values()) == 400


@pytest.mark.slow
def test_ten_thousand_fuzzed_requests(portal: Portals, book: Path) -> None:
    codes = fuzzed(portal, 2, 10_000)
    assert codes[200] > 300

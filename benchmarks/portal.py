"""The portal under load, on this machine only: sessions that read and sessions that save, all of them
clients of a workbook of a whole event, beside a Starlette hello-world that is served and asked alike.
`python benchmarks/portal.py [BOOK [SECONDS]]` writes its section of RESULTS.md."""

from __future__ import annotations

import asyncio
import html
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from statistics import median, quantiles

import httpx
from harness import HERE, WORK, fresh, own_section, tool

READERS, WRITERS, CLIENTS = 200, 20, 20
SECONDS = 60.0
PAUSE = 4.0
"""Seconds that a reader looks at a page, and a writer types; on average."""
PORT, PEER_PORT = 8361, 8362
BASE = f"http://127.0.0.1:{PORT}"
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_FIELD = re.compile(r'name="(r\d+\.comment)"')
_TICKET = re.compile(r'href="/ticket/([^"]+)"')
_PEER = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
page = "<!doctype html><title>hello</title><p>hello, world"
app = Starlette(routes=[Route("/", lambda request: HTMLResponse(page))])
uvicorn.run(app, port=int(sys.argv[1]), http="h11", loop="asyncio", log_level="critical")
"""
_SERVE = """
import sys
from pathlib import Path
from ticketops import config
from ticketops.portal.limits import Limits, Rate
from ticketops.portal.server import serve
free = Rate(10**9, 10**9)
limits = Limits(opening=free, asking=free, reading=free, saving=free)
book, base, port = sys.argv[1:]
serve(config.load({}), Path(book), base, "127.0.0.1", int(port), limits=limits)
"""
_ENV = os.environ | {"TICKETOPS_ROLE": "super_admin", "PYTHONPATH": str(HERE.parent)}


class Load:
    """What was asked, how long it took, and what was said to be saved."""

    def __init__(self) -> None:
        self.reads: list[float] = []
        self.writes: list[float] = []
        self.said: dict[str, str] = {}
        self.refused: dict[int, int] = {}

    def told(self, answer: httpx.Response) -> bool:
        if answer.status_code in (200, 303):
            return True
        self.refused[answer.status_code] = self.refused.get(answer.status_code, 0) + 1
        return False


def _said(*words: str) -> dict:
    done = subprocess.run(
        tool(*words, "--json"), capture_output=True, cwd=WORK, env=_ENV, check=True
    )
    return json.loads(done.stdout)["result"]


def _invited(book: str) -> list[str]:
    """Links of the clients with most tickets that have a unit."""
    groups = _said("client", "groups", "-w", book)["clients"]
    groups.sort(key=lambda one: -one["allocated"])
    return [
        _said(
            "portal",
            "invite",
            "--client",
            one["companies"][0],
            "--base-url",
            BASE,
            "-w",
            book,
            "-y",
        )["link"]
        for one in [one for one in groups if one["confirmed"]][:CLIENTS]
    ]


async def _inside(link: str) -> httpx.AsyncClient:
    browser = httpx.AsyncClient(base_url=BASE, timeout=600.0)
    answer = await browser.post("/i/open", data={"secret": link.rpartition("/")[2]})
    assert answer.status_code == 303, answer.status_code
    return browser


async def _reads(browser: httpx.AsyncClient, load: Load, until: float, seed: int) -> None:
    draw = random.Random(seed)
    paths = ("/", "/?page=2", "/?guests=missing", "/?sort=last-name", "/?delivery=SENT")
    await asyncio.sleep(draw.random() * PAUSE)
    while time.monotonic() < until:
        began = time.perf_counter()
        answer = await browser.get(draw.choice(paths))
        if load.told(answer):
            load.reads.append(time.perf_counter() - began)
        await asyncio.sleep(draw.random() * 2 * PAUSE)


async def _writes(browser: httpx.AsyncClient, load: Load, until: float, seed: int) -> None:
    """A writer has a page of its own, and says something new of one ticket of it each time."""
    draw, number = random.Random(seed), 0
    await asyncio.sleep(draw.random() * PAUSE)
    while time.monotonic() < until:
        page = await browser.get("/?allocation=allocated&size=25")
        if not load.told(page):
            continue
        form = next(
            one for one in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if "/save" in one
        )
        fields = {k: html.unescape(v) for k, v in _HIDDEN.findall(form)}
        name = draw.choice(_FIELD.findall(form))
        key = _TICKET.findall(form)[int(name[1 : name.index(".")])]
        number += 1
        text = f"writer {seed} says {number}"
        await asyncio.sleep(draw.random() * PAUSE)
        began = time.perf_counter()
        answer = await browser.post("/save", data=fields | {name: text, "do": "save"})
        if answer.status_code == 303:
            load.writes.append(time.perf_counter() - began)
            load.said[html.unescape(key)] = text
        else:
            load.told(answer)


async def _loaded(links: list[str], seconds: float) -> Load:
    load = Load()
    wanted = [*links[:WRITERS], *(links[n % len(links)] for n in range(READERS))]
    inside = await asyncio.gather(*map(_inside, wanted))
    writers, readers = inside[:WRITERS], inside[WRITERS:]
    until = time.monotonic() + seconds
    await asyncio.gather(
        *(_reads(browser, load, until, n) for n, browser in enumerate(readers)),
        *(_writes(browser, load, until, n) for n, browser in enumerate(writers)),
    )
    for browser in (*readers, *writers):
        await browser.aclose()
    return load


async def _hello(seconds: float) -> Load:
    """The peer, asked as the readers ask."""
    load = Load()
    base = f"http://127.0.0.1:{PEER_PORT}"
    browsers = [httpx.AsyncClient(base_url=base, timeout=600.0) for _ in range(READERS)]
    until = time.monotonic() + seconds
    await asyncio.gather(*(_reads(one, load, until, n) for n, one in enumerate(browsers)))
    for one in browsers:
        await one.aclose()
    return load


def _started(code: str, *words: str, port: int) -> subprocess.Popen:
    child = subprocess.Popen(
        [sys.executable, "-c", code, *words], env=_ENV, cwd=WORK, stderr=subprocess.DEVNULL
    )
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return child
    child.kill()
    raise RuntimeError("the server did not start")


def _ended(child: subprocess.Popen) -> float:
    """End it; the most memory it took, in MB."""
    with open(f"/proc/{child.pid}/status", encoding="ascii") as status:
        peak = next(int(one.split()[1]) for one in status if one.startswith("VmHWM"))
    child.send_signal(signal.SIGTERM)
    child.wait(30)
    return peak / 1024


def _lost(book: str, load: Load) -> int:
    """How many words that were said to be saved are not in the workbook."""
    from ticketops import config
    from ticketops.engine.opening import open_store
    from ticketops.schema.layouts.event import DISTRIBUTION

    frame = open_store(WORK / book, config.load({})).read(DISTRIBUTION)[DISTRIBUTION].frame
    now = dict(frame.select("sales_id", "comment").iter_rows())
    return sum(now.get(key) != text for key, text in load.said.items())


def bench_portal(book: str, seconds: float = SECONDS) -> str:
    """The section of the page."""
    live = fresh(book, f"live-portal-{book}")
    links = _invited(live)
    server = _started(_SERVE, live, BASE, str(PORT), port=PORT)
    try:
        load = asyncio.run(_loaded(links, seconds))
    finally:
        peak = _ended(server)
    commits = sum(
        "portal save" in one["command"] for one in _said("log", "-w", live)["transactions"]
    )
    lost = _lost(live, load)
    peer = _started(_PEER, str(PEER_PORT), port=PEER_PORT)
    try:
        hello = asyncio.run(_hello(min(seconds, 20.0)))
    finally:
        peer_peak = _ended(peer)
    lines = [
        "",
        "## The portal",
        "",
        f"{READERS} sessions that read and {WRITERS} that save for {seconds:.0f} seconds, all on this machine, the sessions among them; between two requests",
        f"each waits {PAUSE:.0f} seconds on average. {len(load.writes)} pages were saved in {commits} transactions; of what was said to be saved, {lost} cells were lost.",
        f"Other answers: {load.refused or 'none'}.",
        "",
        "| what | requests | median ms | 99th percentile ms | peak MB |",
        "| --- | --- | --- | --- | --- |",
        _row("a page of tickets", load.reads, peak),
        _row("a page is saved", load.writes, peak),
        _row("Starlette hello-world, the same readers", hello.reads, peer_peak),
    ]
    return "\n".join([*lines, ""])


def _row(name: str, seconds: list[float], peak: float) -> str:
    last = quantiles(seconds, n=100)[-1] if len(seconds) > 1 else 0.0
    return f"| {name} | {len(seconds):,} | {median(seconds) * 1000:,.0f} | {last * 1000:,.0f} | {peak:,.0f} |"


if __name__ == "__main__":
    wanted = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    own_section(HERE / "RESULTS.md", lambda book: bench_portal(book, wanted))

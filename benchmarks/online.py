"""Commands on a full-size Google Sheet, beside gspread merely reading or writing the same cells, on
a local server that speaks Google's API.

The server is in this process, on the same machine: times are ours, Google's own come on top.
Requests are what counts there.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from harness import WORK, Measured, alternate, fresh, once, pending_sales, row, script, tool

sys.path.insert(0, str(Path(__file__).parent.parent))

REPORTS = ("_ALLOCATION_AUDIT", "_REPORT_POSITION", "_PURCHASE_UNITS_AUDIT")
"""Dashboards, and a sheet that is empty: neither is pushed."""
SHEETS = ("Distribution", "_PURCHASE_UNITS")
_CONNECT = """
import json, sys
import gspread
from gspread.http_client import HTTPClient
class C(HTTPClient):
    def request(self, method, endpoint, *args, **kwargs):
        return super().request(method, endpoint.replace('https://sheets.googleapis.com', sys.argv[2]), *args, **kwargs)
    """
_READ = (
    _CONNECT
    + """
client = gspread.service_account_from_dict(json.load(open(sys.argv[1])), http_client=C)
client.http_client.values_batch_get(sys.argv[3], sys.argv[4:], {'valueRenderOption': 'UNFORMATTED_VALUE'})
"""
)
_WRITE = (
    _CONNECT
    + """
client = gspread.service_account_from_dict(json.load(open(sys.argv[1])), http_client=C)
sheet = client.open_by_key(sys.argv[3])
page = sheet.worksheet('Distribution')
rows = page.get_all_values(value_render_option='UNFORMATTED_VALUE')
page.batch_update([{'range': f'B{r}:G{r}', 'values': [['v', 'e', 'p', 'c', 1, 'x']]} for r in range(100, 104)], raw=True)
"""
)
_CELLS = """
import json, sys
import openpyxl
book = openpyxl.load_workbook(sys.argv[1], read_only=True)
sheets = {name: [[None if cell is None else cell if isinstance(cell, (int, float, bool)) else str(cell)
                  for cell in row] for row in book[name].iter_rows(values_only=True)]
          for name in sys.argv[3:]}
json.dump(sheets, open(sys.argv[2], 'w'))
"""
_WRITE_ALL = (
    _CONNECT
    + """
client = gspread.service_account_from_dict(json.load(open(sys.argv[1])), http_client=C)
sheet = client.open_by_key(sys.argv[3])
for name, rows in json.load(open(sys.argv[4])).items():
    width = max(map(len, rows))
    page = sheet.add_worksheet(name, len(rows), width)
    step = max(1, 200_000 // width)  # cells: some two million bytes
    for first in range(0, len(rows), step):
        page.update(rows[first:first + step], f'A{first + 1}', raw=True)
"""
)


def _serve(pipe: Any) -> None:
    """A server in a process of its own: first what is needed to reach it and two empty spreadsheets,
    then the number of requests whenever it is asked."""
    from tests.google.server import GoogleServer

    with GoogleServer() as server:
        info = server.service_account()
        keys = [
            server.new_spreadsheet(name, None, {str(info["client_email"]): "writer"})
            for name in ("full", "peer")
        ]
        pipe.send((server.url, info, keys))
        while pipe.recv():
            pipe.send(sum(call.kind != "token" for call in server.log))


def bench_google(runs: int) -> dict[str, tuple[Measured, Measured, int, int]]:
    """{what: (ours, the peer's, our requests, the peer's)}."""
    pipe, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs,), daemon=True
    )
    process.start()
    url, info, (key, empty) = pipe.recv()

    def requests() -> int:
        pipe.send(True)
        return int(pipe.recv())

    try:
        (WORK / "google-key.json").write_text(json.dumps(info))
        shutil.rmtree(WORK / "google-state", ignore_errors=True)
        env = {
            "TICKETOPS_GOOGLE_KEY": "google-key.json",
            "TICKETOPS_GOOGLE_API": url,
            "TICKETOPS_STATE": "google-state",
        }
        book = fresh("full.xlsx", "google.xlsx")
        words = ("-w", f"gsheet:{key}", "-q")
        pushing = _first_push(book, url, key, empty, env, requests)
        sales = list(pending_sales(WORK / book))
        every = _pushed(book)
        commands = {
            "`audit run`": (
                lambda _n: tool("audit", "run", *words),
                script(_READ, "google-key.json", url, key, *SHEETS),
            ),
            "`sync diff`, nothing changed": (
                lambda _n: tool("sync", "diff", "-w", book, "--with", f"gsheet:{key}", "-q"),
                script(_READ, "google-key.json", url, key, *every),
            ),
            "`allocate commit` of one sale": (
                lambda n: tool("allocate", "commit", sales[n], *words, "-y"),
                script(_WRITE, "google-key.json", url, key),
            ),
        }
        results = {}
        for what, (ours_of, peer_words) in commands.items():
            ours, peer = Measured(what), Measured(f"gspread {what}")
            counts = [0, 0]

            def run_ours(n: int, ours: Measured = ours, ours_of=ours_of, counts=counts) -> None:
                before = requests()
                once(ours, ours_of(n), env=env)
                counts[0] = requests() - before

            def run_peer(
                _n: int, peer: Measured = peer, peer_words=peer_words, counts=counts
            ) -> None:
                before = requests()
                once(peer, peer_words)
                counts[1] = requests() - before

            alternate(runs, run_ours, run_peer)
            results[what] = ours, peer, counts[0], counts[1]
        results["`sync push` of the whole event into an empty Google Sheet"] = pushing
        return results
    finally:
        pipe.send(False)
        process.join(10)


def _pushed(book: str) -> list[str]:
    """The sheets that a push writes."""
    names = openpyxl.load_workbook(WORK / book, read_only=True).sheetnames
    return [name for name in names if name not in REPORTS]


def _first_push(
    book: str, url: str, key: str, empty: str, env: dict[str, str], requests: Callable[[], int]
) -> tuple[Measured, Measured, int, int]:
    """The whole event into an empty Google Sheet, and gspread writing the same cells into another,
    which neither reads a workbook nor keeps a journal nor reads back."""
    subprocess.run(script(_CELLS, book, "google-cells.json", *_pushed(book)), cwd=WORK, check=True)
    ours, peer = Measured("push"), Measured("gspread push")
    began = requests()
    once(ours, tool("sync", "push", "-w", book, "--with", f"gsheet:{key}", "-q", "-y"), env=env)
    after = requests()
    once(peer, script(_WRITE_ALL, "google-key.json", url, empty, "google-cells.json"))
    return ours, peer, after - began, requests() - after


def counted(requests: int) -> str:
    return f"{requests} request" + "s" * (requests != 1)


def google_report(results: dict[str, tuple[Measured, Measured, int, int]]) -> str:
    """The section of the page."""
    lines = [
        "",
        "## A full-size Google Sheet, on a local server that speaks Google's API",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
    ]
    for what, (ours, peer, mine, theirs) in results.items():
        does = (
            "writes as many cells, unchecked"
            if "commit" in what
            else "writes the same cells, unchecked"
            if "push" in what
            else "merely reads the sheets"
        )
        lines.append(
            row(
                f"{what}: {counted(mine)}",
                ours,
                f"{ours.median / peer.median:.2f} × gspread that {does}",
            )
        )
        lines.append(row(f"gspread {does}: {counted(theirs)}", peer))
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(google_report(bench_google(3)))

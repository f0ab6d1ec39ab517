"""An event in PostgreSQL, alone and among 81 others: a million units. And many writers at once.

    python benchmarks/postgres.py [WORKBOOK]
    python benchmarks/postgres.py writers [EVENTS [PROCESSES [COMMITS]]]

A server is started for it in a temporary folder. `allocate commit`, `allocate preview` and `sale show`
are run alternately in a database with one event and in one with 82; beside the time of a command stands
the processor time of the client and of the server, which a busy machine changes less.

`writers` prints its section in place of writing it: 8 processes that make 100 commits each, on 8 events
(each on its own) unless told otherwise, `writers 1` on one event. The database says afterwards what was
written: a benchmark that lost a commit fails.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from harness import (
    HERE,
    WORK,
    Measured,
    alternate,
    once,
    own_section,
    pending_sales,
    row,
    script,
    tool,
)

EVENTS = 82
ALONE, AMONG = "alone", "among"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Both(Measured):
    """Runs of one command. server: seconds of processor time of the database."""

    server: list[float] = field(default_factory=list)


def bench_postgres(book: str, runs: int) -> dict[tuple[str, str], Both]:
    """{(command, database): its runs}, and the number of units."""
    sys.path.insert(0, str(HERE.parent))
    from tests.database import started

    database = started()
    try:
        for name in (ALONE, AMONG):
            database.execute(f"CREATE DATABASE {name}")
            event = database.url("E01", database=name)
            subprocess.run(tool("db", "init", "-w", event), check=True, capture_output=True)
            copy = tool("workbook", "copy", book, event, "--replace")
            subprocess.run(copy, check=True, cwd=WORK, capture_output=True)
        _multiplied(database.url(database=AMONG))
        measured: dict[tuple[str, str], Both] = {}
        sales = {name: cycle(_sales(book)) for name in (ALONE, AMONG)}
        postmaster = database.pid()

        def step(command: str, name: str, event: str) -> None:
            words = [*command.split(), next(sales[name])]
            of = measured.setdefault((command, name), Both(command))
            before = _spent(postmaster)
            once(of, tool(*words, "-w", database.url(event, database=name)), ok=(0, 1))
            of.server.append(_spent(postmaster) - before)

        def both(number: int) -> None:
            for command in ("allocate commit", "allocate preview", "sale show"):
                step(command, ALONE, "E01")
                step(command, AMONG, f"E{1 + (37 * number) % EVENTS:02d}")

        both(0)
        measured.clear()
        alternate(runs, both)
        return measured
    finally:
        database.stop()


def _sales(book: str) -> Iterator[str]:
    return pending_sales(WORK / book)


def _multiplied(address: str) -> None:
    """81 more events like the first."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema"
            ".columns WHERE table_schema = 'public' AND column_name <> 'event_id'"
            " AND table_name <> 'ticketops_schema' GROUP BY 1"
        ).fetchall()
        for name, columns in tables:
            listed = f", {columns}" if columns else ""
            connection.execute(
                f"INSERT INTO {name} (event_id{listed}) SELECT 'E' || lpad(n::text, 2, '0'){listed}"
                f" FROM {name}, generate_series(2, {EVENTS}) AS n WHERE event_id = 'E01'"
            )
        connection.execute(
            "INSERT INTO ticketops_turns SELECT 'E' || lpad(n::text, 2, '0') FROM"
            f" generate_series(1, {EVENTS}) AS n ON CONFLICT DO NOTHING"
        )
        connection.execute("VACUUM ANALYZE")
        units = connection.execute("SELECT count(*) FROM event_purchase_units").fetchone()
        assert units is not None
        print(f"{units[0]:,} units", file=sys.stderr)


def _spent(postmaster: int) -> float:
    """Processor time of a server's processes that have ended: there is one for each connection."""
    fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICKS


def postgres_report(measured: dict[tuple[str, str], Both]) -> str:
    """The section of RESULTS.md."""
    lines = [
        "",
        "## An event in PostgreSQL, alone and among 81 others",
        "",
        "| what | seconds | range | peak MB | processor: client + server |",
        "| --- | --- | --- | --- | --- |",
    ]
    for (command, name), of in measured.items():
        work = f"{_median(of.cpu):.2f} + {_median(of.server):.2f} s"
        if name == AMONG:
            alone = measured[command, ALONE]
            more = (_median(of.cpu) + _median(of.server)) / (
                _median(alone.cpu) + _median(alone.server)
            )
            work += f": {more:.2f} ×; time {of.median / alone.median:.2f} × (at most 1.2)"
        called = f"`{command}`, {'one event' if name == ALONE else f'one of {EVENTS} events'}"
        lines.append(row(called, of, work))
    peak = max(of.peak for of in measured.values())
    return "\n".join([*lines, "", f"Peak memory: {peak:,.0f} MB (at most 200).", ""])


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


_WRITES = """
    import json, sys, time
    from datetime import datetime
    from decimal import Decimal

    from ticketops.config import Settings
    from ticketops.domain.purchasing.purchases import PurchaseLine
    from ticketops.domain.selling.sales import Order, SaleLine
    from ticketops.engine.opening import open_store
    from ticketops.engine.transaction import carry_out, new_run
    from ticketops.services import allocation, purchasing, selling

    address, state, commits = sys.argv[1], sys.argv[2], int(sys.argv[3])
    own = Settings(user=state.rpartition("/")[2], state=__import__("pathlib").Path(state))
    day, sold = datetime(2026, 4, 17), ""
    bought = PurchaseLine("M01", "Viagogo", "000777", "Cat 1", 2, Decimal("120.50"), "USD", day)
    line = SaleLine("M01", "Cat 1", 2, Decimal(350))
    print("ready", flush=True)
    sys.stdin.readline()
    taken = []
    for number in range(commits):
        job = (
            purchasing.purchase_add([bought]) if number % 3 == 0
            else selling.sale_add(Order("Meridian", "USD", day), [line]) if number % 3 == 1
            else allocation.allocate_commit(sold)
        )
        start = time.perf_counter()
        done = carry_out(open_store(address, own), job, new_run(own.user, day))
        taken.append(time.perf_counter() - start)
        assert done.written
        if number % 3 == 1:
            sold = done.plan.result.sales_ids[0].partition("-")[0]
    print(json.dumps(taken))
"""
"""Purchases, sales and allocations of what was sold, by turns; how long each commit took."""


def bench_writers(events: int, processes: int, commits: int) -> str:
    """Rows of a table: how long many writers take on so many events, by turns one event each. Raises
    RuntimeError where an event does not hold every commit once."""
    sys.path.insert(0, str(HERE.parent))
    from tests.database import started

    database = started()
    working: list[subprocess.Popen[str]] = []
    try:
        names = [database.new() for _ in range(events)]
        with tempfile.TemporaryDirectory() as folder:
            for number in range(processes):
                address = database.url(names[number % events])
                words = script(_WRITES, address, f"{folder}/writer{number}", str(commits))
                pipe = subprocess.PIPE
                made = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, bufsize=1)
                working.append(made)
            for one in working:
                assert one.stdout is not None
                if one.stdout.readline() != "ready\n":
                    raise RuntimeError("a writer did not start")
            start = time.perf_counter()
            for one in working:
                assert one.stdin is not None
                one.stdin.write("go\n")
            said = [one.communicate()[0] for one in working]
            seconds = time.perf_counter() - start
        if any(one.returncode for one in working):
            raise RuntimeError("a writer failed")
        taken = [each for words in said for each in json.loads(words)]
        counted = database.execute(
            "SELECT event_id, count(*), count(DISTINCT number), max(number) FROM ticketops_journal"
            " GROUP BY 1 ORDER BY 1"
        )
        wanted = [
            commits * len(range(number, processes, events))
            for number in range(min(events, processes))
        ]
        twice = database.execute(
            "SELECT count(*) FROM (SELECT 1 FROM event_distribution WHERE unit_ids <> ''"
            " GROUP BY event_id, unit_ids HAVING count(*) > 1) AS t"
        )
        if sorted(one[1] for one in counted) != sorted(wanted) or twice != [(0,)]:
            raise RuntimeError(f"commits were lost, or a unit was given twice: {counted}, {twice}")
    finally:
        for one in working:
            one.kill()
        database.stop()
    median = statistics.median(taken)
    return "\n".join(
        [
            f"{processes} processes, {commits} commits each (purchases, sales, allocations by turns):",
            "",
            "| events | commits | seconds | per second | median | longest |",
            "| --- | --- | --- | --- | --- | --- |",
            f"| {events} | {len(taken)} | {seconds:.0f} | {len(taken) / seconds:.1f} |"
            f" {median:.2f} s | {max(taken):.1f} s |",
        ]
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["writers"]:
        sizes = [int(word) for word in sys.argv[2:]]
        print(bench_writers(*[*sizes, *(8, 8, 100)[len(sizes) :]]))
        sys.exit()
    own_section(HERE / "RESULTS.md", lambda book: postgres_report(bench_postgres(book, 7)))

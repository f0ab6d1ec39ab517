"""An event in PostgreSQL, alone and among 81 others: a million units.

    python benchmarks/postgres.py [WORKBOOK]

A server is started for it in a temporary folder. `allocate commit`, `allocate preview` and `sale show`
are run alternately in a database with one event and in one with 82; beside the time of a command stands
the processor time of the client and of the server, which a busy machine changes less.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from harness import HERE, WORK, Measured, alternate, once, own_section, pending_sales, row, tool

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


if __name__ == "__main__":
    own_section(HERE / "RESULTS.md", lambda book: postgres_report(bench_postgres(book, 7)))

"""Many who write to a database at once: eight processes, 100 commits each, on one event and on eight.

    python benchmarks/contention.py [WORKBOOK [COMMITS]]

A server is started for it in a temporary folder. Each process is one `batch` whose lines purchase, sell
and allocate by turns, each line a transaction of its own. Afterwards every commit is looked for in the
journal, and every unit must be on one ticket at most. The workbook is not used.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from harness import HERE, own_section, tool

PROCESSES = 8


@dataclass
class Contended:
    """What eight processes did. seconds: of the whole; each: of single commits; lost: commits that no
    journal has; twice: units on two tickets."""

    events: int
    commits: int
    seconds: float
    each: list[float]
    refused: int
    lost: int
    twice: int


def bench_contention(commits: int) -> list[Contended]:
    """One event for all eight processes, then one for each."""
    sys.path.insert(0, str(HERE.parent))
    from tests.database import started

    database = started()
    try:
        return [_contended(database, events, commits) for events in (1, PROCESSES)]
    finally:
        database.stop()


def _contended(database, events: int, commits: int) -> Contended:
    name = f"of_{events}"
    database.execute(f"CREATE DATABASE {name}")
    urls = [database.url(f"E{number}", database=name) for number in range(events)]
    for url in urls:
        subprocess.run(tool("db", "init", "-w", url), check=True, capture_output=True)
    with tempfile.TemporaryDirectory() as folder:
        started_at, running = time.monotonic(), []
        for number in range(PROCESSES):
            lines = Path(folder, f"{number}.txt")
            lines.write_text("\n".join(_commands(number, commits)) + "\n")
            words = tool("batch", lines, "--keep-going", "--json", "-w", urls[number % events])
            running.append(
                subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            )
        with ThreadPoolExecutor(PROCESSES) as readers:
            said = [line for lines in readers.map(_timed, running) for line in lines]
        seconds = time.monotonic() - started_at
    each = [took for took, line in said if line.get("run_id") and line["changes"]]
    journal = _asked(database, name, "SELECT count(*) FROM ticketops_journal")
    twice = _asked(
        database,
        name,
        "SELECT count(*) FROM (SELECT 1 FROM event_distribution WHERE unit_ids IS NOT NULL"
        " GROUP BY event_id, unit_ids HAVING count(*) > 1) AS doubled",
    )
    refused = PROCESSES * commits - len(each)
    return Contended(events, len(each), seconds, each, refused, len(each) - journal, twice)


def _timed(process: subprocess.Popen) -> list[tuple[float, dict]]:
    """(seconds since the line before, what a line of a batch says)."""
    assert process.stdout is not None
    found, before = [], time.monotonic()
    for line in process.stdout:
        now = time.monotonic()
        found.append((now - before, json.loads(line)))
        before = now
    process.wait()
    return found


def _commands(number: int, commits: int) -> list[str]:
    """Lines that are right in whatever order they come between those of the others. What one allocates
    another may have allocated already: then there is nothing to write."""
    buy = f'purchase add --match M01 --vendor "V{number}" --line "Cat 1:2@100" --new -y'
    sell = f'sale add --client "C{number}" --line "M01:Cat 1:1@150" --new -y'
    return [(buy, sell, "allocate auto -y")[nth % 3] for nth in range(commits)]


def _asked(database, name: str, sql: str) -> int:
    import psycopg

    with psycopg.connect(database.url(database=name), autocommit=True) as connection:
        row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def contention_report(found: list[Contended]) -> str:
    """The section of RESULTS.md."""
    lines = [
        "",
        "## Eight processes at once in PostgreSQL",
        "",
        "| events | commits | seconds | commits/s | refused | lost | units on two tickets |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in found:
        rate = f"{one.commits / one.seconds:.1f}"
        lines.append(
            f"| {one.events} | {one.commits} | {one.seconds:.0f} | {rate} | {one.refused} | {one.lost}"
            f" | {one.twice} |"
        )
    for one in found:
        if one.each:
            longest, usual = max(one.each), median(one.each)
            lines.append("")
            lines.append(f"On {one.events}: median {usual:.2f} s, longest {longest:.2f} s.")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    per_process = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    own_section(HERE / "RESULTS.md", lambda _book: contention_report(bench_contention(per_process)))

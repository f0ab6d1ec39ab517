"""Airline tickets at 20,000 passengers, beside the commands of an event that do as much per ticket.

    python benchmarks/issuance.py

What is printed is user and system time (of a busy machine, too, they say how much work a command is), the
time per thousand tickets, and the ratio of that to the command of an event. No ratio is to be above 1.5.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
WORK = HERE / "work" / "issuance"
BOOKINGS = 10_000


def run(*words: str) -> tuple[float, str]:
    """A command in a process of its own: the seconds of processor that it took, and what it printed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TICKETOPS_")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "ticketops", *words],
        cwd=WORK,
        env=kept | {"PYTHONPATH": str(HERE.parent), "TICKETOPS_ROLE": "super_admin"},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def without_tickets(path: Path) -> None:
    """The sample without its tickets, so that a refresh has to make all of them."""
    from ticketops.books.canonical import SheetContent, write_workbook
    from ticketops.books.sample import tickets
    from ticketops.schema.layouts.issuance import HISTORY, ISSUANCE, TICKETS

    day = datetime(2026, 11, 30)
    rows = tickets.tickets(2026, day, BOOKINGS)
    contents = {
        name: SheetContent(tickets._tuples(name, rows[name]))
        for name in rows
        if name not in (TICKETS, HISTORY)
    }
    write_workbook(path, ISSUANCE, contents, created=day)


def numbers(path: Path, listed: str) -> int:
    """A file with a number for each ticket of a list; how many."""
    lines = list(csv.DictReader(listed.splitlines()))
    with path.open("w", newline="") as file:
        written = csv.writer(file)
        written.writerow(["TicketID", "PassengerName", "TicketNumber"])
        for place, line in enumerate(lines):
            number = f"176{9_000_000_000 + place}"
            written.writerow([line["ticket_id"], line["passenger"], number])
    return len(lines)


def main() -> None:
    """Make the workbooks, run the commands, print the table."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    run("sample", "full", "orders.xlsx", "--orders-only")
    run("sample", "full", "full.xlsx")
    without_tickets(WORK / "new.xlsx")
    rows = []

    def measured(name: str, event: tuple[float, int], tickets: tuple[float, int]) -> None:
        each = [1000 * seconds / count for seconds, count in (event, tickets)]
        rows.append((name, *event, *tickets, each[1] / each[0]))

    run("purchase", "expand", "-w", "orders.xlsx", "-q")
    expand, _ = run("sale", "expand", "-w", "orders.xlsx", "-q")
    _, listed = run("ticket", "list", "-w", "orders.xlsx", "--csv", "-", "-q")
    sold = listed.count("\n") - 1
    refresh, _ = run("issuance", "refresh", "--all", "-w", "new.xlsx", "-q")
    run("issuance", "queue", "-w", "new.xlsx", "-q")  # the cache is warm for both
    queue, listed = run("issuance", "queue", "-w", "new.xlsx", "--csv", "-", "-q")
    made = listed.count("\n") - 1
    measured("refresh : sale expand", (expand, sold), (refresh, made))
    seconds, _ = run("ticket", "list", "-w", "orders.xlsx", "--csv", "-", "-q")
    measured("queue : ticket list", (seconds, sold), (queue, made))
    run("issuance", "finance-clear", "--approved", "-w", "new.xlsx", "-q")
    _, listed = run("issuance", "queue", "ready", "-w", "new.xlsx", "--csv", "-", "-q")
    ready = numbers(WORK / "numbers.csv", listed)
    issue, _ = run("issuance", "issue", "--csv", "numbers.csv", "-w", "new.xlsx", "-q")
    seconds, said = run("allocate", "auto", "-w", "full.xlsx", "--json")
    allocated = json.loads(said)["result"]["units"]
    measured("issue --csv : allocate auto", (seconds, allocated), (issue, ready))
    print("tickets : event                  event s   tickets   issuance s   tickets   ratio")
    for name, one, first, other, second, ratio in rows:
        print(f"{name:32} {one:7.2f} {first:9,} {other:12.2f} {second:9,} {ratio:7.2f}")


if __name__ == "__main__":
    main()

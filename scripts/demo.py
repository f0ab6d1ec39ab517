"""`make demo`: the whole backbone on a sample workbook, stage by stage, through the command line
that users have.

Leaves the workbook and the reports in the folder that is named (default: demo/).
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from type_into import type_into

BOOK = "event.xlsx"


def ticketops(folder: Path, *words: str, expect: tuple[int, ...] = (0,), save: str = "") -> str:
    """Run one command in the folder, show it and what it printed; `save` keeps the output in a
    file."""
    if "--json" not in words:
        print(f"$ ticketops {shlex.join(words)}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "ticketops", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if "--json" not in words:
        print(done.stdout + done.stderr, flush=True)
    if done.returncode not in expect:
        sys.exit(f"demo: exit code {done.returncode}, {expect} expected\n{done.stderr}")
    if save:
        (folder / save).write_text(done.stdout, "utf-8")
    return done.stdout


def stage(title: str) -> None:
    """A heading."""
    print(f"\n━━ {title} ━━", flush=True)


def fill_in(path: Path) -> None:
    """What a client does in its spreadsheet program: names and addresses into the yellow cells."""
    guests = {
        "First name": "Ana",
        "Last Name": "Guest {row}",
        "Client Email": "guest{row}@guests.example.com",
    }
    type_into(path, guests)
    print(f"… the client fills in {path.name}\n", flush=True)


def main(folder: Path) -> None:
    """The stages of the backbone: purchase, units, sale, distribution, allocation, audit, position;
    and back."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    book = ("-w", BOOK)

    stage("A sample event")
    ticketops(folder, "sample", "small", BOOK)
    ticketops(folder, "status", *book)

    stage("1 · A purchase becomes units")
    ticketops(
        folder,
        "purchase",
        "add",
        *book,
        "--match",
        "M1",
        "--vendor",
        "Viagogo",
        "--contract",
        "000777",
        "--line",
        "Cat 1:3@120.50",
        "--line",
        "Cat 2:4@80",
    )
    ticketops(folder, "purchase", "expand", *book)

    stage("2 · A sale over two matches becomes one row a ticket")
    sold = json.loads(
        ticketops(
            folder,
            "sale",
            "add",
            *book,
            "--client",
            "Meridian Travel",
            "--line",
            "M01:Cat 1:2@350",
            "--line",
            "M01:Cat 2:3@210",
            "--json",
        )
    )
    first, second = sold["result"]["sales_ids"]
    print(f"Sale {first} and {second}: {sold['result']['rows_created']} distribution rows\n")

    stage("3 · Allocation: first what it would do, then one sale, then all that is pending")
    ticketops(folder, "allocate", "preview", "S1", *book)
    ticketops(folder, "allocate", "commit", first, *book, "--dry-run")
    ticketops(folder, "allocate", "commit", first, *book)
    ticketops(folder, "allocate", "auto", *book, expect=(0, 1))

    stage("Plans change: a sale goes back and is allocated anew, all sales together")
    ticketops(
        folder,
        "override",
        "unallocate",
        first,
        *book,
        "--confirm",
        "UNDO",
        "--reason",
        "the client wants other seats",
    )
    ticketops(folder, "allocate", "compare", *book)
    ticketops(folder, "allocate", "auto", "--optimize", *book, expect=(0, 1))

    stage("4 · Sales and Distribution agree")
    ticketops(folder, "sale", "expand", *book)

    stage("5 · The audit proves that it adds up")
    ticketops(folder, "audit", "run", *book, "--write", save="audit.txt")

    stage("6 · Where the event stands")
    ticketops(folder, "report", "position", *book, "--write", save="position.txt")
    (folder / "position.json").write_text(
        ticketops(folder, "report", "position", *book, "--json"), "utf-8"
    )
    ticketops(folder, "status", *book, save="status.txt")

    stage("7 · The tickets go out: a book for every client, and one that comes back filled in")
    ticketops(folder, "supplier", "learn", *book)
    ticketops(folder, "client", "build", "--all", "-o", "books", *book)
    ticketops(folder, "staff", "queue", *book)
    fill_in(folder / "books" / "CLIENT - Meridian Travel.xlsx")
    ticketops(folder, "client", "pull", "books/CLIENT - Meridian Travel.xlsx", *book, expect=(0, 1))
    ticketops(folder, "supplier", "build", "--all", "-o", "books", *book)
    ticketops(folder, "dispatch", "sync", *book)
    ticketops(folder, "dispatch", "status", *book, expect=(0, 1), save="dispatch.txt")

    stage("8 · What was done, and the last of it taken back and done again")
    ticketops(folder, "log", *book)
    ticketops(folder, "undo", *book)
    ticketops(folder, "report", "position", *book, "--write", "--quiet", "--json")
    ticketops(folder, "log", *book, "--most", "3", save="log.txt")

    print(
        f"\nLook at {folder / BOOK} (in any spreadsheet program), its books in {folder / 'books'}, and audit.txt, position.txt, status.txt and dispatch.txt beside it."
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))

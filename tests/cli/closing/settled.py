"""What makes an event in which nothing is outstanding: three tickets of two clients, sent and paid."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Runner

GUESTS = {
    f"S{sale}": {
        "First name": "Ada",
        "Last Name": f"Byron{sale}",
        "Client Email": "ada@example.org",
    }
    for sale in ("1-1", "1-2", "2-1")
}
BEFORE = (
    "event set --name Cup --code X26 --state DISPATCHING --start 2026-06-11 --end 2026-07-19",
    "purchase add --match M01 --vendor Ann --line Cat~1:6@100",
    "sale add --client Acme --line M01:Cat~1:2@350.50",
    "sale add --client Bolt --line M01:Cat~1:1@400 --currency EUR",
    "allocate auto",
)
AFTER = (
    "dispatch sync",
    "staff mark SENT T00001 T00002 T00003",
    "payment add --for S1 --amount 701",
    "payment add --for S2 --amount 400",
)


def words(line: str) -> list[str]:
    """A command line; a tilde stands for a space inside a word."""
    return [word.replace("~", " ") for word in line.split()]


def archived(here: Runner, book: Path, *before: str) -> Path:
    for line in (*before, "event advance", "event accept --all --reason x", "event advance"):
        done = here(*words(line), "-y")
        assert done.code in (0, 1), (line, done.err)
    (found,) = book.parent.glob("event-archive-R*.zip")
    return found

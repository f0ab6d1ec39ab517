"""A copy that was synced and is newer blocks the archive (§13)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.closing.settled import words
from tests.cli.dispatching import type_by_key
from tests.conftest import Runner
from tests.online import Google


@pytest.fixture
def copy(here: Runner, book: Path) -> Path:
    """Another file, in step with the workbook of a closed event."""
    other = book.with_name("other.xlsx")
    shutil.copy(book, other)
    for line in ("sync push --with other.xlsx", "event advance", "sync push --with other.xlsx"):
        done = here(*words(line), "-y")
        assert done.code in (0, 1), done.err
    return other


def codes(here: Runner) -> list[str]:
    found = here("event", "outstanding", "--json").json["result"]["issues"]
    return [one["code"] for one in found if one["state"] == "open"]


@pytest.mark.slow
def test_a_newer_copy_blocks_until_it_is_pulled(here: Runner, book: Path, copy: Path) -> None:
    assert codes(here) == []
    type_by_key(copy, "Sales", "SalesID", {"S1": {"Notes": "said over there"}})
    assert codes(here) == ["SYNC:NEWER"]
    refused = here("event", "advance", "-y")
    assert (refused.code, "sync pull --with" in refused.err) == (4, True)
    (one,) = here("event", "outstanding", "--json").json["result"]["issues"]
    assert (one["message"], one["subjects"]) == (f"1 cell newer in {copy}", [str(copy)])
    done = here(*words("sync pull --with"), str(copy), "-y")
    assert done.code in (0, 1), done.err
    assert codes(here) == []
    assert here("event", "advance", "-y").code == 0


@pytest.mark.slow
def test_a_copy_that_is_out_of_reach_is_named_and_can_be_accepted(
    here: Runner, book: Path, copy: Path
) -> None:
    copy.unlink()
    assert codes(here) == ["SYNC:NOT_REACHED"]
    refused = here("event", "advance", "-y")
    assert (refused.code, "nobody knows whether" in refused.err) == (4, True)
    assert here("event", "accept", "SYNC:NOT_REACHED", "--reason", "deleted", "-y").code == 0
    assert here("event", "advance", "-y").code == 0


def test_shares_of_books_at_google_end_with_the_event(
    here: Runner, book: Path, google: Google
) -> None:
    """The owner and we keep the book; a share that can't be ended is said, and ended again."""
    key = google.new({"Sheet1": [[]]})
    settings = {
        name.removeprefix("TICKETOPS_").lower(): value
        for name, value in google.environment().items()
    }
    shared = ("--to", "gsheet", "--into", f"Acme=gsheet:{key}", "--share", "Acme=eve@desk.example")
    built = here("client", "build", "Acme", *shared, "-y", **settings)
    assert built.code == 0, built.err + built.out
    assert "eve@desk.example" in google.server.drive.files[key].roles
    for line in ("event advance", "event accept --all --reason x"):
        assert here(*words(line), "-y", **settings).code in (0, 1)
    google.server.drive.files[key].roles[google.email] = "reader"
    done = here("event", "advance", "-y", **settings)
    assert (done.code, "is still shared" in done.out) == (1, True), done.out + done.err
    google.server.drive.files[key].roles[google.email] = "writer"
    again = here("archive", "build", "--shares", **settings)
    assert (again.code, "eve@desk.example" in again.out) == (0, True), again.out + again.err
    assert "eve@desk.example" not in google.server.drive.files[key].roles
    assert google.server.drive.files[key].roles[google.email] == "writer"

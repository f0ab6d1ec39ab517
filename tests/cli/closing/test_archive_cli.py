"""The sealed archive (§13): what is in it as zipfile reads it, and that one flipped bit is found."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.cli.closing.settled import archived, words
from tests.cli.dispatching import fill, rows_of
from tests.cli.terminal import ENTER, at_terminal
from tests.conftest import Runner


@pytest.mark.slow
def test_the_step_ends_books_and_seals_the_archive(here: Runner, book: Path) -> None:
    path = archived(here, book, "client build Acme")
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as sealed:
        names = sealed.namelist()
        told = json.loads(sealed.read("manifest.json"))
        assert sealed.read("workbook/event.xlsx") == book.read_bytes()
        entries = sorted((book.parent / "event.xlsx.ticketops" / "journal").glob("*.json.gz"))
        for entry in entries:
            assert sealed.read(f"journal/{entry.name}") == entry.read_bytes()
        for one in told["files"]:
            content = sealed.read(one["path"])
            assert (len(content), hashlib.sha256(content).hexdigest()) == (
                one["size"],
                one["sha256"],
            )
    assert [one["path"] for one in told["files"]] == names[:-1]
    assert [name for name in names if name.startswith("books/")] == ["books/CLIENT - Acme.xlsx"]
    assert {"exports/financial.xlsx", "exports/revenue.csv"} <= set(names)
    assert "journal/secret.key" not in names, "what opens digests of passwords stays out"
    assert (told["event"], told["retention_days"], told["swept"]) == ("X26", 365, None)
    shown = here("archive", "show", str(path), "--json").json["result"]
    assert (shown["intact"], shown["sha256"]) == (
        True,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    books = rows_of(book, "_BOOKS")
    assert len(books) == 2
    assert books[1]["BookID"] == books[0]["BookID"]
    assert (books[0]["EndedAt"], books[1]["EndedAt"] is not None) == (None, True)
    place = book.parent / "books" / "CLIENT - Acme.xlsx"
    back = fill(place, book.with_name("back.xlsx"), {"S1-1": {"Status": "ACCEPTED"}})
    refused = here("client", "pull", str(back), "-n")
    assert (refused.code, "its book was ended" in refused.out) == (1, True)
    assert here("client", "pull", str(back)).code == 4
    assert here("undo", "-y").code == 4


def test_the_same_event_makes_the_same_archive(here: Runner, book: Path) -> None:
    path = archived(here, book)
    first = path.read_bytes()
    refused = here("archive", "build")
    assert (refused.code, "already exists" in refused.err) == (4, True)
    assert here("archive", "build", "-n", "--force").code == 0
    path.unlink()
    assert here("archive", "build").code == 0
    assert path.read_bytes() == first
    assert here("archive", "build", "-o", "else.zip", role="sr_operator").code == 6


@pytest.mark.slow
def test_enter_is_not_enough_for_the_step_that_nothing_leads_back_from(
    book: Path, environment: dict[str, str]
) -> None:
    asked = ("event", "advance")
    closed = at_terminal(*asked, cwd=book.parent, env=environment, typed=[ENTER])
    assert closed.code in (0, 1), closed.out
    kept = book.read_bytes()
    refused = at_terminal(*asked, cwd=book.parent, env=environment, typed=[ENTER])
    assert (refused.code, "nothing leads back from ARCHIVED" in refused.out) == (4, True)
    assert book.read_bytes() == kept
    done = at_terminal(*asked, cwd=book.parent, env=environment, typed=[f"y{ENTER}"])
    assert (done.code, "sealed:" in done.out) == (0, True)


def test_no_file_that_is_written_replaces_the_workbook(here: Runner, book: Path) -> None:
    """Neither under its name nor by a link to it, however it is called."""
    path = archived(here, book)
    link = book.with_name("financial.xlsx")
    link.hardlink_to(book)
    before = book.read_bytes(), path.read_bytes()
    for line in (
        "archive build -o event.xlsx",
        "archive build -o financial.xlsx",
        "export financial -o .",
        "event clone event.xlsx --name Two --code X27",
    ):
        refused = here(*words(line), "--force")
        assert (refused.code, "is the workbook" in refused.err) == (2, True), line
    assert (book.read_bytes(), path.read_bytes()) == before
    assert link.samefile(book)


def test_only_an_archived_event_has_an_archive(here: Runner, book: Path) -> None:
    refused = here("archive", "build")
    assert (refused.code, "is DISPATCHING, not ARCHIVED" in refused.err) == (4, True)
    assert not list(book.parent.glob("*.zip"))


def test_a_step_whose_archive_fails_stands_and_the_archive_is_made_later(
    here: Runner, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ticketops.services import archive

    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(archive, "put", full)
        for line in ("event advance", "event advance"):
            done = here(*words(line), "-y")
    assert (done.code, "archive build" in done.out) == (1, True)
    assert here("event", "show", "--json").json["result"]["state"] == "ARCHIVED"
    assert not list(book.parent.glob("*.zip"))
    assert here("archive", "build").code == 0
    (path,) = book.parent.glob("event-archive-R*.zip")
    assert here("archive", "verify", str(path)).code == 0


@pytest.fixture
def small(here: Runner, book: Path) -> Path:
    return archived(here, book)


def test_one_flipped_bit_anywhere_is_found(here: Runner, small: Path) -> None:
    """In the places where formats are soft (headers, directory, comment, manifest), and anywhere."""
    from ticketops.services import archive

    data = small.read_bytes()
    assert archive.look(small)[1].intact
    rng = random.Random(7)
    soft = [
        *range(60),
        *range(len(data) - 200, len(data)),
        *(data.find(b"manifest.json") + k for k in range(-30, 60)),
        *(data.rfind(b"PK\x01\x02") + k for k in range(46)),
        *(rng.randrange(len(data)) for _ in range(150)),
    ]
    target = small.with_name("flipped.zip")
    for place in soft:
        flipped = bytearray(data)
        flipped[place] ^= 1 << rng.randrange(8)
        target.write_bytes(flipped)
        try:
            assert not archive.look(target)[1].intact, place
        except archive.UnusableError:
            assert place < 4 or place >= len(data) - 200
    assert here("archive", "verify", str(target)).code in (1, 3)


def test_what_was_cut_added_or_taken_out_is_named(here: Runner, small: Path) -> None:
    data = small.read_bytes()
    target = small.with_name("other.zip")
    for cut in (len(data) - 1, len(data) - 64, len(data) // 2, 100):
        target.write_bytes(data[:cut])
        done = here("archive", "verify", str(target))
        assert (done.code, "cut off" in done.out) == (1, True), cut
    target.write_bytes(data + b"x")
    assert here("archive", "verify", str(target)).code == 1
    shutil.copy(small, target)
    with zipfile.ZipFile(target, "a") as more:
        more.writestr("extra.txt", "hello")
    done = here("archive", "verify", str(target))
    assert (done.code, "extra.txt was added" in done.out) == (1, True)
    with zipfile.ZipFile(small) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            if info.filename != "exports/cost.csv":
                new.writestr(info, old.read(info))
    done = here("archive", "verify", str(target))
    assert (done.code, "exports/cost.csv is missing" in done.out) == (1, True)
    target.write_bytes(data[:100])
    done = here("archive", "show", str(target))
    assert (done.code, "None" in done.out) == (1, False)
    done = here("archive", "verify", "event.xlsx")
    assert (done.code, "is not an archive" in done.err, done.out) == (3, True, "")
    target.write_bytes(b"hello")
    done = here("archive", "verify", str(target))
    assert (done.code, "is not an archive" in done.err) == (3, True)
    done = here("archive", "verify", "gone.zip")
    assert (done.code, "can't be read" in done.err) == (3, True)
    os.mkfifo(small.with_name("pipe.zip"))
    assert here("archive", "verify", "pipe.zip").code == 3

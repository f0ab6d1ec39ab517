"""Books: made, made again, in the way, open elsewhere, taken back, filled in and pulled."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.dispatching import (
    ANA,
    ASSIGN,
    GUEST,
    Do,
    below,
    book_rows,
    client_book,
    codes,
    fill,
    rows_of,
    supplier_book,
    tickets_of,
    type_by_key,
)
from tests.conftest import Runner

# --- books: made, made again, in the way, open elsewhere, taken back


def test_a_second_build_changes_nothing(here: Runner, do: Do, book: Path) -> None:
    do(*ASSIGN)
    for words, number in (
        (["client", "build", "--all"], 2),
        (["supplier", "build", "--all"], 1),
        (["staff", "build", "--all"], 2),
    ):
        assert [made["state"] for made in do(*words)["books"]] == ["new"] * number
        before = below(book.parent)
        done = here(*words, "--json")
        assert (done.code, done.json["changes"], done.err) == (0, {}, "")
        assert {made["state"] for made in done.json["result"]["books"]} == {"unchanged"}
        assert below(book.parent) == before
        text = here(*words)
        assert f"{number} book{'s' * (number > 1)} unchanged" in text.out
        assert "nothing to do" in text.err
    assert here("dispatch", "sync", "--json").json["changes"] == {}
    assert len(rows_of(book, "_BOOKS")) == 5


@pytest.mark.slow
def test_what_was_typed_in_place_is_read_and_kept(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "--all")
    path = fill(
        client_book(book),
        client_book(book),
        {
            "S1-3": {
                "First name": "Eve",
                "Last Name": "Gray",
                "Client Email": "eve@guests.example.com",
            },
            "S3-1": {"First name": "Early"},
        },
    )
    typed = path.read_bytes()
    dry = here("client", "build", "acme", "-n", "--json")
    result = dry.json["result"]
    assert (result["edits"], result["taken"], result["refused"]) == (4, 3, 1)
    assert path.read_bytes() == typed
    done = here("client", "build", "acme", "--json")
    assert (done.code, codes(done)) == (1, ["CLOSED_CELL"])
    assert tickets_of(book, *GUEST)["S1-3"] == ("Eve", "Gray", "eve@guests.example.com")
    (kept,) = (book.parent / "books" / "returned").iterdir()
    assert re.fullmatch(r"CLIENT - Acme Ltd \d{8}-\d{6}\.xlsx", kept.name)
    assert kept.read_bytes() == typed
    assert [book_rows(path)["S1-3"][head] for head in GUEST] == [
        "Eve",
        "Gray",
        "eve@guests.example.com",
    ]
    assert book_rows(path)["S3-1"]["First name"] is None
    assert here("client", "build", "acme", "--json").json["changes"] == {}


def test_an_undone_build_is_made_good(here: Runner, do: Do, book: Path) -> None:
    """The book that stands there says what the workbook says, also after undo."""
    do("client", "build", "acme")
    fill(
        client_book(book),
        client_book(book),
        {
            "S1-3": {
                "First name": "Eve",
                "Last Name": "Gray",
                "Client Email": "eve@guests.example.com",
            }
        },
    )
    do("client", "build", "acme")
    assert here("undo", "-y").code == 0
    assert tickets_of(book, "First name")["S1-3"] is None
    assert here("dispatch", "sync").code in (0, 1)
    assert here("client", "build", "acme").code in (0, 1)
    assert (
        book_rows(client_book(book))["S1-3"]["First name"] == tickets_of(book, "First name")["S1-3"]
    )


@pytest.mark.parametrize(
    "again", [["client", "build", "Bolt"], ["dispatch", "sync"]], ids=["build", "sync"]
)
def test_a_book_that_is_open_is_made_later(
    here: Runner, do: Do, book: Path, again: list[str]
) -> None:
    do("client", "build", "--all")
    before = client_book(book, "bolt").read_bytes()
    do("client", "copy-down", "S4-2")
    lock = client_book(book, "bolt").with_name(".~lock.CLIENT - Bolt.xlsx#")
    lock.write_text(",kim,desk,21.11.2026 10:00,file:///x;")
    done = here("client", "build", "--all", "--json")
    assert (done.code, codes(done)) == (1, ["BOOK_OPEN"])
    assert [(made["party"], made["state"]) for made in done.json["result"]["books"]] == [
        ("acme", "unchanged"),
        ("bolt", "open elsewhere"),
    ]
    assert client_book(book, "bolt").read_bytes() == before
    assert "kim" in here("dispatch", "sync").out
    lock.unlink()
    assert here(*again).code == 0
    assert book_rows(client_book(book, "bolt"))["S4-3"]["First name"] == "Ed"


def test_a_book_that_could_not_be_written_is_made_later(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "Bolt")
    do("client", "copy-down", "S4-2")
    books = book.parent / "books"
    books.rename(book.parent / "away")
    (book.parent / "books").mkdir()
    (book.parent / "books" / "CLIENT - Bolt.xlsx").mkdir()
    done = here("client", "build", "Bolt")
    assert done.code == 1
    (book.parent / "books" / "CLIENT - Bolt.xlsx").rmdir()
    (book.parent / "books").rmdir()
    (book.parent / "away").rename(books)
    assert here("client", "build", "Bolt").code == 0
    assert book_rows(client_book(book, "bolt"))["S4-3"]["First name"] == "Ed"


@pytest.mark.parametrize(
    "what", ["text", "a workbook", "another party's book", "a book of another workbook"]
)
def test_a_file_in_the_way_is_left_alone(
    here: Runner, do: Do, book: Path, tmp_path: Path, what: str
) -> None:
    path = client_book(book)
    path.parent.mkdir()
    if what == "text":
        path.write_text("my notes")
    elif what == "a workbook":
        shutil.copy(book, path)
    elif what == "another party's book":
        do("client", "build", "Bolt")
        shutil.copy(client_book(book, "bolt"), path)
    else:
        other = Path(shutil.copy(book, tmp_path / "other.xlsx"))
        do("client", "build", "acme", workbook=str(other))
        shutil.rmtree(tmp_path / "other.xlsx.ticketops")
    before = path.read_bytes()
    done = here("client", "build", "acme", "--json")
    assert done.code == 1
    assert "FILE_IN_THE_WAY" in codes(done)
    assert [made["state"] for made in done.json["result"]["books"]] == ["in the way"]
    assert path.read_bytes() == before


def test_books_are_read_from_any_folder(
    here: Runner, do: Do, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names with blanks and accents; another working folder; a book that was moved is no longer
    kept up to date."""
    out = book.parent / "Bücher für «Kunden» 2026"
    do("client", "build", "--all", "-o", str(out))
    elsewhere = book.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    do("client", "copy-down", "S4-2")
    result = do("dispatch", "sync")
    assert {made["party"]: made["state"] for made in result["books"]} == {
        "acme": "unchanged",
        "bolt": "rebuilt",
    }
    assert book_rows(out / "CLIENT - Bolt.xlsx")["S4-3"]["First name"] == "Ed"
    (out / "CLIENT - Acme Ltd.xlsx").rename(elsewhere / "Kopie von CLIENT - Acme Ltd (1).xlsx")
    fill(
        elsewhere / "Kopie von CLIENT - Acme Ltd (1).xlsx",
        elsewhere / "Kopie von CLIENT - Acme Ltd (1).xlsx",
        {"S1-3": {"First name": "Eve"}},
        key="Sales ID",
    )
    assert do("dispatch", "sync")["gone"] == 1
    done = here("client", "pull", "Kopie von CLIENT - Acme Ltd (1).xlsx", "--json")
    assert (done.code, done.json["result"]["taken"], codes(done)) == (1, 1, ["INCOMPLETE"])
    assert tickets_of(book, "First name")["S1-3"] == "Eve"
    assert list(elsewhere.iterdir()) == [elsewhere / "Kopie von CLIENT - Acme Ltd (1).xlsx"]


def test_a_second_copy_of_a_book_lacks_nothing_that_is_filled_in(
    here: Runner, do: Do, book: Path
) -> None:
    do("client", "build", "--all")
    guest = {"First name": "Eve", "Last Name": "Ek", "Client Email": "eve@example.org"}
    for name in ("one.xlsx", "two.xlsx"):
        fill(client_book(book), book.parent / name, {"S1-3": guest}, key="Sales ID")
    done = here("client", "pull", "one.xlsx", "two.xlsx", "--json")
    told = [found for found in done.json["findings"] if found["code"] == "INCOMPLETE"]
    assert [found["sales_id"] for found in told if found["sales_id"] == "S1-3"] == []
    assert tickets_of(book, "Client Email")["S1-3"] == "eve@example.org"


@pytest.mark.slow
def test_pull_tells_what_it_refuses(here: Runner, do: Do, book: Path) -> None:
    """Other kinds, other parties, damage: a line each, the rest is taken."""
    do("client", "build", "--all")
    do("supplier", "build", "--all")
    good = fill(
        client_book(book),
        book.parent / "good.xlsx",
        {
            "S1-3": {"First name": "Eve", "Client Email": "no address"},
            "S3-1": {"Status": "ACCEPTED"},
            "S2-1": {"First name": "=1+1"},
            "S2-2": {"Clients notes": "by post"},
        },
        key="Sales ID",
    )
    (book.parent / "cut.xlsx").write_bytes(good.read_bytes()[:3000])
    (book.parent / "empty.xlsx").touch()
    (book.parent / "text.xlsx").write_text("hello")
    done = here(
        "client",
        "pull",
        "good.xlsx",
        "cut.xlsx",
        "empty.xlsx",
        "text.xlsx",
        "event.xlsx",
        str(supplier_book(book)),
        "--json",
    )
    assert done.code == 1
    found = codes(done)
    assert {code: found.count(code) for code in set(found) - {"INCOMPLETE"}} == {
        "UNUSABLE": 4,
        "WRONG_KIND": 1,
        "BAD_EMAIL": 1,
        "CLOSED_CELL": 1,
        "FORMULA": 1,
    }
    assert [done.json["result"][name] for name in ("edits", "taken", "refused")] == [5, 2, 3]
    assert tickets_of(book, "First name", "Client Email", "Clients notes")["S1-3"] == (
        "Eve",
        None,
        None,
    )
    assert tickets_of(book, "Clients notes")["S2-2"] == "by post"
    again = here("client", "pull", "good.xlsx", "--json")
    assert (again.json["result"]["edits"], again.json["result"]["refused"]) == (3, 3)
    assert again.json["changes"] == {}
    wrong = here("client", "pull", "good.xlsx", "--company", "Bolt", "--json")
    assert codes(wrong) == ["WRONG_PARTY"]


@pytest.mark.slow
def test_conflicts_and_prefer(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "acme")
    fill(
        client_book(book),
        book.parent / "a.xlsx",
        {"S1-1": {"First name": "Augusta"}},
        key="Sales ID",
    )
    type_by_key(book, "Distribution", "ID", {"S1-1": {"First name": "Adele"}}, 2)
    theirs = Path(shutil.copy(book, book.parent / "theirs.xlsx"))
    done = here("client", "pull", "a.xlsx", "--json")
    assert (done.code, done.json["result"]["conflicts"]) == (1, 1)
    assert tickets_of(book, "First name")["S1-1"] == "Adele"
    done = here("client", "pull", "a.xlsx", "--prefer", "theirs", "--json", workbook=str(theirs))
    assert done.json["result"]["conflicts"] == 0
    assert tickets_of(theirs, "First name")["S1-1"] == "Augusta"


# --- how much waits for its reader, and what stands in a book's place


def test_how_many_rows_wait_for_their_reader(do: Do, book: Path) -> None:
    """A guest without an address; a ticket that is still to be sent."""

    def counts(*words: str) -> dict[str, tuple[int, int]]:
        return {
            made["party"].casefold(): (made["rows"], made["to_fill"])
            for made in do(*words)["books"]
        }

    assert counts("client", "build", "--all") == {
        "acme": (6, 2),
        "bolt": (4, 1),
    }  # a ticket without a unit can't be filled in yet
    type_by_key(book, "Distribution", "ID", {"S1-3": {"Client Email": "x@guests.example.com"}}, 2)
    assert counts("client", "build", "--all") == {"acme": (6, 1), "bolt": (4, 1)}
    assert counts("supplier", "build", "BEE") == {"bee": (3, 3)}
    type_by_key(
        book,
        "Distribution",
        "ID",
        {"S1-1": {"Delivery": "SENT"}, "S1-2": {"Delivery": "PENDING"}},
        2,
    )
    assert counts("supplier", "build", "BEE") == {"bee": (3, 1)}
    do("staff", "assign", "--unassigned", "--to", ANA)
    assert counts("staff", "build", ANA) == {ANA: (3, 3)}
    do("staff", "mark", "SENT", "T00002")
    assert counts("staff", "build", ANA)[ANA][1] == 2


@pytest.mark.slow
def test_what_stands_in_a_book_s_place_is_not_heard(do: Do, here: Runner, book: Path) -> None:
    """A supplier's book that was filled in and saved over a client's; then a file that is none;
    then the client's own."""
    do("supplier", "build", "BEE")
    do("client", "build", "--all")
    own = client_book(book).read_bytes()
    fill(
        supplier_book(book),
        client_book(book),
        {"P00006": {"Delivery": "SENT"}},
        key="AllocatedUnitIDs",
    )
    for content in (client_book(book).read_bytes(), b"PK\x03\x04 no archive", b""):
        client_book(book).write_bytes(content)
        before = tickets_of(book, "Delivery")
        done = here("client", "build", "--all", "--json")
        assert done.code == 1, done.err
        assert codes(done) == ["FILE_IN_THE_WAY"]
        assert {made["party"].casefold(): made["state"] for made in done.json["result"]["books"]}[
            "acme"
        ] == "in the way"
        assert done.json["result"]["edits"] == 0
        assert tickets_of(book, "Delivery") == before
        assert client_book(book).read_bytes() == content
    client_book(book).write_bytes(own)
    fill(client_book(book), client_book(book), {"S1-3": {"First name": "Flo"}})
    assert here("client", "build", "--all", "--json").json["result"]["taken"] == 1
    assert tickets_of(book, "First name")["S1-3"] == "Flo"

"""What rests on an assumption that failed is refused, and nothing is written; everything else goes
on. Each is turned on the server, measured by the probe, and then worked against."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.desk import Desk
from tests.google.ways import WAYS
from tests.online import Google
from tests.sampling import some
from tests.stores.gsheets.commands import SALE, Command, one_line
from tests.stores.gsheets.fixtures import (
    ENTRY,
    column_of,
    committed,
    content,
    interrupted,
    is_locked,
    journal,
    stocked,
    titles,
)
from tests.stores.gsheets.probing import ALLOWED_BY, HARMLESS, probe, protect, throw_away
from ticketops.engine.opening import connect
from ticketops.errors import RuleError, SchemaError, TicketopsError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import PURCHASES, REFUNDS, SALES
from ticketops.stores.gsheets import drive, sending

Act = Callable[[Google, str], Any]


def store(google: Google, key: str) -> Any:
    """With the account that was probed."""
    return google.store(key)


def sell(google: Google, key: str) -> None:
    Desk(store(google, key)).sell(("M01", "Cat 1", 1))


def buy(google: Google, key: str) -> None:
    Desk(store(google, key)).buy(("M02", "Cat 2", 1))


def note(text: str) -> Act:
    """The note of the first sale becomes another one."""

    def act(google: Google, key: str) -> None:
        at = store(google, key)
        snapshot = at.read(SALES)
        held = snapshot[SALES].frame.row(0, named=True)
        changes = ChangeSet()
        changes.set(SALES, held["row"], held["sales_id"], {"notes": (held["notes"], text)})
        at.commit(changes, snapshot.revision, ENTRY)

    return act


def notes(step: int) -> Act:
    """The notes of many purchases, of every one or with others between them."""

    def act(google: Google, key: str) -> None:
        at = store(google, key)
        snapshot = at.read(PURCHASES)
        changes = ChangeSet()
        for held in list(snapshot[PURCHASES].frame.iter_rows(named=True))[::step]:
            new = f"{held['notes']} {'x' * 150}"
            cells = {"notes": (held["notes"], new)}
            changes.set(PURCHASES, held["row"], held["purchase_id"], cells)
        at.commit(changes, snapshot.revision, ENTRY)

    return act


def share(google: Google, key: str) -> None:
    done = drive.share(connect(key, google.settings()), key, {"anna@desk.example": "writer"})
    if done.refused:
        raise RuleError(done.refused["anna@desk.example"])


# --- spreadsheets that are as they must be for it to matter


def plain(google: Google) -> str:
    """Ticketops has written into it already."""
    key = stocked(google)
    buy(google, key)
    return key


def new(google: Google) -> str:
    """Ticketops never wrote into it."""
    return stocked(google)


def with_many_purchases(google: Google) -> str:
    key = google.new()
    rows = [(f"P{i}", "M01", f"Cat {i % 3}", f"note {i}") for i in range(80)]
    columns = ("purchase_id", "match", "category", "notes")
    committed(store(google, key), lambda c, _s: c.append(PURCHASES, 2, columns, rows), PURCHASES)
    return key


def area(google: Google, key: str, top: int, left: int, bottom: int, right: int) -> dict[str, int]:
    return {
        "sheetId": google.server.sheet(key, SALES).id,
        "startRowIndex": top - 1,
        "startColumnIndex": left - 1,
        "endRowIndex": bottom,
        "endColumnIndex": right,
    }


def filtered(google: Google) -> str:
    key = plain(google)
    place = column_of(google.server, key, SALES, "Client") - 1
    own = {
        "range": area(google, key, 1, 1, 9, place + 1),
        "criteria": {str(place): {"hiddenValues": ["Meridian Travel"]}},
    }
    google.server.request(key, {"setBasicFilter": {"filter": own}})
    return key


def merged(google: Google) -> str:
    key = plain(google)
    google.server.request(
        key, {"mergeCells": {"range": area(google, key, 9, 2, 9, 3), "mergeType": "MERGE_ALL"}}
    )
    return key


def with_plain_text(google: Google) -> str:
    """The number of tickets stands in a cell that is formatted as text; new rows look like it."""
    key = plain(google)
    place = column_of(google.server, key, SALES, "Number")
    google.server.set_format(key, SALES, 2, place, {"numberFormat": {"type": "TEXT"}})
    return key


def validated(google: Google) -> str:
    key = plain(google)
    place = column_of(google.server, key, SALES, "Notes")
    rule = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "yes"}]}}
    where = area(google, key, 2, place, 2, place)
    google.server.request(
        key, {"setDataValidation": {"range": where, "rule": rule | {"strict": True}}}
    )
    return key


def with_totals(google: Google) -> str:
    key = plain(google)
    client, count = (column_of(google.server, key, SALES, name) for name in ("Client", "Number"))
    google.server.set(key, SALES, 3, client, "Total")
    letter = chr(ord("A") + count - 1)
    google.server.set_formula(key, SALES, 3, count, f"=SUM({letter}2:{letter}2)", 2)
    return key


def protected(google: Google) -> str:
    key = plain(google)
    google.server.sheet(key, SALES).column_count = 60
    protect(google.server, key, SALES, 40, 60)
    return key


@dataclass(frozen=True)
class Case:
    """made: the spreadsheet; refused: what is; others: what goes on."""

    made: Callable[[Google], str]
    refused: Act
    others: Act | None


LARGE = Case(with_many_purchases, notes(1), sell)
FIRST = Case(new, sell, None)
CASES = {
    "new-sheet-in-answer": FIRST,
    "copy-under-filter": LARGE,
    "write-under-filter": Case(filtered, sell, buy),
    "write-into-merge": Case(merged, sell, buy),
    "paste-text": LARGE,
    "number-in-plain-text": Case(with_plain_text, sell, note("seen")),
    "carriage-returns": Case(plain, note("a\r\nb"), note("a\nb")),
    "control-characters": Case(plain, note("a\x0bb"), note("a\nb")),
    "strict-validation": Case(validated, note("no"), buy),
    "same-sheet-id": FIRST,
    "same-title": Case(plain, sell, None),
    "formula-in-another-locale": Case(with_totals, sell, buy),
    "many-ranges": Case(with_many_purchases, notes(2), notes(1)),
    "protected-cell": Case(protected, sell, buy),
    "sharing-refused": Case(plain, share, sell),
}
FLIPS = [
    (name, answer)
    for name, answers in WAYS.items()
    for answer in answers[1:]
    if (name, answer) not in HARMLESS
]


@pytest.fixture
def small_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of many purchases is a large one."""
    monkeypatch.setattr(sending, "ADVISED", 14_000)


@pytest.mark.parametrize(("name", "answer"), some(FLIPS, 3, of=2))
def test_what_rests_on_a_wrong_assumption_is_refused(
    name: str, answer: str, google: Google, command: Command, request: pytest.FixtureRequest
) -> None:
    case = CASES[name]
    key = case.made(google)
    if case is LARGE:
        request.getfixturevalue("small_requests")
    google.server.ways.turn(name, answer)
    assert probe(command, google, throw_away(google)).code == 1
    before = google.server.snapshot(key)
    rows = content(google.server, key), len(journal(google.server, key))
    with pytest.raises(RuleError) as refused:
        case.refused(google, key)
    said = refused.value.message
    assert f"{name}: {answer}" in said
    assert f"`{ALLOWED_BY}`" in said
    assert "\n" not in said
    assert (content(google.server, key), len(journal(google.server, key))) == rows
    assert google.server.snapshot(key)["roles"] == before["roles"]
    if case is FIRST or name == "same-title":  # not even the lock was taken
        assert google.server.snapshot(key) == before
    assert not is_locked(google.server, key)
    assert not [title for title in titles(google.server, key) if "STAGING" in title]
    if case.others is not None:
        case.others(google, key)
        assert len(journal(google.server, key)) == rows[1] + 1
    google.server.ways.turned.clear()
    assert command("google", "probe", "--forget").code == 0
    case.refused(google, key)


@pytest.mark.parametrize("name", ["new-sheet-in-answer", "same-sheet-id"])
def test_a_spreadsheet_that_has_its_sheets_goes_on(
    name: str, google: Google, command: Command
) -> None:
    key = plain(google)
    google.server.ways.turn(name, WAYS[name][-1])
    probe(command, google, throw_away(google))
    sell(google, key)
    assert len(journal(google.server, key)) == 2


@pytest.mark.parametrize("work", ["a new sheet", "a large change"])
def test_what_makes_sheets_in_a_spreadsheet_at_work_is_refused(
    work: str, google: Google, command: Command, request: pytest.FixtureRequest
) -> None:
    key = with_many_purchases(google)
    google.server.ways.turn("same-sheet-id", "other words")
    probe(command, google, throw_away(google))
    before = content(google.server, key)
    if work == "a new sheet":
        role = {"TICKETOPS_ROLE": "super_admin"}
        words = ("policy", "set", "--min-margin", "5", "-y", "-w", f"gsheet:{key}")
        one_line(command(*words, **role), 4, "same-sheet-id: other words", ALLOWED_BY)
    else:
        request.getfixturevalue("small_requests")
        with pytest.raises(RuleError, match="same-sheet-id"):
            notes(1)(google, key)
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)


def test_texts_in_a_sheet_that_is_made_for_them_are_seen_too(
    google: Google, command: Command
) -> None:
    key = plain(google)
    assert REFUNDS not in titles(google.server, key)
    google.server.ways.turn("carriage-returns", "changed")
    probe(command, google, throw_away(google))

    def refund(note: str) -> None:
        fill = [("S1", note)]
        columns = ("sales_id", "reason")
        committed(store(google, key), lambda c, _s: c.append(REFUNDS, 2, columns, fill), REFUNDS)

    with pytest.raises(RuleError, match="carriage returns"):
        refund("one\r\nother")
    assert REFUNDS not in titles(google.server, key)
    refund("one")
    assert REFUNDS in titles(google.server, key)


def test_a_number_in_a_plain_text_cell_itself_is_refused(google: Google, command: Command) -> None:
    key = with_plain_text(google)
    google.server.ways.turn("number-in-plain-text", "text")
    probe(command, google, throw_away(google))

    def count(number: int) -> None:
        at = store(google, key)
        snapshot = at.read(SALES)
        held = snapshot[SALES].frame.row(0, named=True)
        changes = ChangeSet()
        changes.set(SALES, held["row"], "S1", {"number": (held["number"], number)})
        at.commit(changes, snapshot.revision, ENTRY)

    with pytest.raises(RuleError, match="formatted as plain text"):
        count(3)
    place = column_of(google.server, key, SALES, "Number")
    google.server.set_format(key, SALES, 2, place, {"numberFormat": {"type": "NUMBER"}})
    count(3)
    assert google.server.rows(key, SALES)[1][place - 1] == 3


def test_cells_that_are_merged_no_more_hold_nobody_up(google: Google, command: Command) -> None:
    key = merged(google)
    google.server.ways.turn("write-into-merge", "kept")
    probe(command, google, throw_away(google))
    with pytest.raises(RuleError, match="merged cells"):
        sell(google, key)
    google.server.ways.turned.clear()
    sheet = google.server.sheet(key, SALES).id
    google.server.request(key, {"unmergeCells": {"range": {"sheetId": sheet}}})
    sell(google, key)


# --- other answers under which nothing is lost, so that nothing is refused


def test_a_new_sheet_that_an_answer_shows(google: Google) -> None:
    google.server.ways.turn("new-sheet-in-answer", "shown")
    key = new(google)
    sell(google, key)
    assert len(journal(google.server, key)) == 1
    assert store(google, key).read(SALES)[SALES].frame.height == 2


def test_copying_that_reaches_hidden_rows(google: Google, small_requests: None) -> None:
    """Somebody filters in the moment before the cells are copied."""
    google.server.ways.turn("copy-under-filter", "written")
    key = with_many_purchases(google)
    own = {
        "range": {"sheetId": google.server.sheet(key, PURCHASES).id},
        "criteria": {"2": {"hiddenValues": ["Cat 1"]}},
    }
    google.server.before = lambda request: (
        google.server.request(key, {"setBasicFilter": {"filter": own}})
        if b"copyPaste" in request.body
        else None
    )
    notes(1)(google, key)
    google.server.before = None
    assert google.server.sheet(key, PURCHASES).filter
    place = column_of(google.server, key, PURCHASES, "Notes") - 1
    written = [row[place] for row in google.server.rows(key, PURCHASES)[1:]]
    assert written == [f"note {i} {'x' * 150}" for i in range(80)]


def test_a_merge_that_refuses_what_it_covers(google: Google) -> None:
    """It is made in the moment before the write: then nothing of the sale is there."""
    google.server.ways.turn("write-into-merge", "refused")
    key = plain(google)
    over = {"range": area(google, key, 3, 2, 3, 9), "mergeType": "MERGE_ALL"}
    before = content(google.server, key)
    with (
        interrupted(google.server, 4, lambda: google.server.request(key, {"mergeCells": over})),
        pytest.raises(TicketopsError),
    ):
        sell(google, key)
    assert google.server.sheet(key, SALES).merges
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)


def test_a_rule_that_refuses_what_it_does_not_allow(google: Google) -> None:
    google.server.ways.turn("strict-validation", "refused")
    key = validated(google)
    before = content(google.server, key)
    with pytest.raises(SchemaError, match="Google refused the change"):
        note("no")(google, key)
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)
    note("yes")(google, key)


# --- whom it is about


def test_an_account_that_was_not_probed_is_not_meant(google: Google, command: Command) -> None:
    key = plain(google)
    google.server.ways.turn("same-title", "made")
    probe(command, google, throw_away(google))
    with pytest.raises(RuleError):
        sell(google, key)
    google.server.ways.turned.clear()
    other = google.server.service_account("another robot")
    google.server.share(key, str(other["client_email"]), "writer")
    file = google.folder / "other.json"
    file.write_text(json.dumps(other))
    Desk(google.store(key, google_key=file)).sell(("M01", "Cat 1", 1))


def test_reading_goes_on(google: Google, command: Command) -> None:
    key = plain(google)
    google.server.ways.turn("same-title", "made")
    probe(command, google, throw_away(google))
    assert store(google, key).read(SALES)[SALES].frame.height == 1
    done = command(*SALE, "--new", "-w", f"gsheet:{key}")
    one_line(done, 4, "same-title: made", ALLOWED_BY)
    assert command("sale", "list", "-w", f"gsheet:{key}").code == 0
    assert command(*SALE, "--new", "-n", "-w", f"gsheet:{key}").code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"format": 2, "failed": {}}', '{"format": 1, "failed": {"x": "y"}}']
)
def test_a_memory_that_is_not_understood_lets_nothing_be_written(
    text: str, google: Google, command: Command
) -> None:
    key = plain(google)
    google.server.ways.turn("same-title", "made")
    probe(command, google, throw_away(google))
    google.server.ways.turned.clear()
    (file,) = (google.folder / "state" / ".google-accounts").glob("*.json")
    file.write_text(text)
    before = google.server.snapshot(key)
    with pytest.raises(UnusableError, match="does not say what may be written") as refused:
        sell(google, key)
    assert ALLOWED_BY in str(refused.value.hint)
    assert google.server.snapshot(key) == before
    empty = google.server.new_spreadsheet("Empty", None, {google.email: "writer"})
    some = command("google", "probe", "-w", f"gsheet:{empty}", "-y", "--out", str(file) + ".new")
    one_line(some, 3, "does not say what may be written")
    assert file.read_text() == text
    assert probe(command, google, throw_away(google)).code == 0
    sell(google, key)


# --- books


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", ""),
        ("formula-in-another-locale", "BOOK_NOT_WRITTEN"),
        ("protected-cell", "BOOK_NOT_WRITTEN"),
        ("sharing-refused", "NOT_SHARED"),
    ],
)
def test_books(name: str, code: str, google: Google, command: Command) -> None:
    """What is not done with a book is a finding."""
    key = plain(google)
    book = google.server.new_spreadsheet("Book", None, {google.email: "writer"})
    if name == "protected-cell":
        protect(google.server, book, "Sheet1", 90, 9)
    if name:
        google.server.ways.turn(name, WAYS[name][-1])
        assert probe(command, google, throw_away(google)).code == 1
        google.server.ways.turned.clear()
    before = content(google.server, book)
    build = ("client", "build", "--all", "--to", "gsheet", "-w", f"gsheet:{key}")
    into = ("--into", f"Meridian Travel=gsheet:{book}")
    done = command(*build, *into, "--share", "Meridian Travel=ana@desk.example")
    found = [
        line
        for line in done.out.splitlines()
        if any(one in line for one in ("BOOK_NOT_WRITTEN", "NOT_SHARED"))
    ]
    assert len(found) == bool(code)
    assert all(code in line and name in line and ALLOWED_BY in line for line in found)
    assert (content(google.server, book) != before) == (code != "BOOK_NOT_WRITTEN")
    shared = google.server.snapshot(book)["roles"]
    assert ("ana@desk.example" in shared) == (code != "NOT_SHARED")

"""How a workbook was after each transaction, whatever happened since (§11)."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.online import Google
from ticketops.engine.not_undoable import not_undoable
from ticketops.errors import NotFoundError, TicketopsError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import ALLOC_LOG, EVENT, SALES, UNITS, VENDOR_CREDENTIALS
from ticketops.schema.structure import with_structure
from ticketops.stores.base import Entry, Store
from ticketops.stores.xlsx.store import XlsxStore

START = datetime(2026, 4, 17, 14, 0, 0)
SHEETS = (SALES, UNITS, ALLOC_LOG)


def opened(path: Path, backups: int = 2) -> XlsxStore:
    return XlsxStore(path, layout=EVENT, backups=backups, not_undoable=not_undoable)


def entry(number: int) -> Entry:
    at = START + timedelta(minutes=number)
    return Entry(f"R{at:%Y%m%d-%H%M%S}", f"step {number}", "tester", at)


def seen(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    snapshot = store.read(*SHEETS, strict=False)
    return {name: snapshot[name].frame.sort("row").rows() for name in SHEETS}


def past(store: Any, when: str | datetime) -> tuple[dict[str, list[tuple[Any, ...]]], list[str]]:
    found = store.as_of(when, *SHEETS)
    rows = {name: found.snapshot[name].frame.sort("row").rows() for name in SHEETS}
    return rows, list(found.unknown)


def write(store: Store, number: int, fill: Any, *sheets: str) -> None:
    snapshot = store.read(*sheets)
    changes = ChangeSet()
    fill(changes, snapshot)
    store.commit(with_structure(changes, snapshot), snapshot.revision, entry(number))


def sell(changes: ChangeSet, snapshot: Any, number: int, client: str = "Meridian") -> None:
    columns = ("match", "client", "category", "number", "price", "sales_id", "source_sale_id")
    row = ("M01", client, "Cat 1", 2, 10.5 + number, f"S{number}", f"S_{number}")
    changes.append(SALES, snapshot[SALES].next_row, columns, [row])


def reprice(changes: ChangeSet, snapshot: Any, random: Random) -> None:
    frame = snapshot[SALES].frame
    at = random.randrange(frame.height)
    row, price, name = (frame[c][at] for c in ("row", "price", "sales_id"))
    changes.set(SALES, row, name or "", {"price": (price, random.randrange(1, 500) / 4)})


def strike(changes: ChangeSet, snapshot: Any, random: Random) -> None:
    frame = snapshot[SALES].frame
    at = random.randrange(frame.height)
    changes.delete(SALES, {frame["row"][at]: frame["sales_id"][at] or ""})


def by_hand(path: Path, random: Random, note: int) -> None:
    """Somebody types, adds, removes or sorts rows, and saves with another program."""
    book = openpyxl.load_workbook(path)
    sheet = book[SALES]
    headers = {cell.value: cell.column for cell in sheet[1]}
    last = max(
        (r for r in range(2, sheet.max_row + 1) if sheet.cell(r, headers["SalesID"]).value),
        default=1,
    )
    what = random.choice(("type", "add", "empty", "sort", "nothing"))
    if what == "type" and last > 1:
        sheet.cell(random.randrange(2, last + 1), headers["Notes"]).value = f"by hand {note}"
    elif what == "add":
        for header, value in (("SalesID", f"S9{note}"), ("Client", "Typed"), ("Number", 3)):
            sheet.cell(last + 1, headers[header]).value = value
    elif what == "empty" and last > 2:
        row = random.randrange(2, last + 1)
        for column in headers.values():
            sheet.cell(row, column).value = None
    elif what == "sort" and last > 2:
        width = max(headers.values())
        rows = [[sheet.cell(r, c).value for c in range(1, width + 1)] for r in range(2, last + 1)]
        random.shuffle(rows)
        for r, values in enumerate(rows, start=2):
            for c, value in enumerate(values, start=1):
                sheet.cell(r, c).value = value
    book.save(path)


@pytest.mark.slow
@settings(max_examples=2)
@given(st.integers(0, 10**9))
def test_every_state_of_a_random_history_comes_back(
    tmp_path_factory: Any, empty_source: Path, seed: int
) -> None:
    live_through(tmp_path_factory, empty_source, seed)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.integers(0, 10**9))
def test_every_state_of_many_histories_comes_back(
    tmp_path_factory: Any, empty_source: Path, seed: int
) -> None:
    live_through(tmp_path_factory, empty_source, seed)


def live_through(tmp_path_factory: Any, empty_source: Path, seed: int) -> None:
    random = Random(seed)
    path = Path(shutil.copy(empty_source, tmp_path_factory.mktemp("past") / "event.xlsx"))
    states: dict[str, Any] = {}
    number = 0
    for _ in range(14):
        number += 1
        if number > 3 and random.random() < 0.35:
            by_hand(path, random, number)
        store = opened(path)
        step = random.choice(("sell", "sell", "reprice", "strike", "log", "undo", "undo"))
        try:
            if step == "undo" and states:
                store.undo(entry(number))
            elif step in ("reprice", "strike") and store.read(SALES)[SALES].frame.height:
                act = reprice if step == "reprice" else strike
                write(store, number, lambda c, s, act=act: act(c, s, random), SALES)
            elif step == "log":
                write(store, number, lambda c, s, n=number: logged(c, s, n), ALLOC_LOG)
            else:
                write(store, number, lambda c, s, n=number: sell(c, s, n), SALES)
        except TicketopsError:
            continue  # an undo of what somebody changed by hand is refused
        states[entry(number).run_id] = seen(opened(path))
    by_hand(path, random, 99)
    for run_id, state in states.items():
        assert past(opened(path), run_id) == (state, []), run_id


def logged(changes: ChangeSet, snapshot: Any, number: int) -> None:
    columns = ("timestamp", "action", "sale_id", "reason")
    changes.append(
        ALLOC_LOG, snapshot[ALLOC_LOG].next_row, columns, [(START, "ALLOCATE", f"S{number}", "why")]
    )


def history(store: Store, *, last: int = 4) -> dict[str, Any]:
    states = {}
    for number in range(1, last + 1):
        write(store, number, lambda c, s, n=number: sell(c, s, n), SALES)
        states[entry(number).run_id] = seen(store)
    return states


def test_a_moment_is_the_last_transaction_until_then(empty: Path) -> None:
    states = history(opened(empty))
    moment = START + timedelta(minutes=2, seconds=30)
    assert past(opened(empty), moment)[0] == states[entry(2).run_id]
    with pytest.raises(NotFoundError, match="until 2026-04-17 13:00"):
        past(opened(empty), START - timedelta(hours=1))
    with pytest.raises(NotFoundError, match="R20200101-000000"):
        past(opened(empty), "R20200101-000000")


def test_what_was_changed_by_hand_is_in_no_state_before(empty: Path) -> None:
    states = history(opened(empty))
    book = openpyxl.load_workbook(empty)
    book[SALES]["D2"] = "Somebody else"
    book.save(empty)
    assert past(opened(empty), entry(4).run_id) == (states[entry(4).run_id], [])
    write(opened(empty), 5, lambda c, s: sell(c, s, 5), SALES)
    assert past(opened(empty), entry(4).run_id) == (states[entry(4).run_id], [])


def test_where_it_is_not_known_it_is_said(empty: Path) -> None:
    history(opened(empty, backups=1))
    state = empty.with_name("event.xlsx.ticketops")
    (state / "committed.xlsx").unlink()
    book = openpyxl.load_workbook(empty)
    book[SALES]["D2"] = "Somebody else"
    book.save(empty)
    for number in (5, 6, 7):
        write(opened(empty, backups=1), number, lambda c, s, n=number: sell(c, s, n), SALES)
    rows, unknown = past(opened(empty, backups=1), entry(3).run_id)
    assert len(rows[SALES]) == 3
    assert unknown == [f"what was changed by hand before {entry(5).run_id} is unknown"]


def test_a_lost_entry_is_no_answer(empty: Path) -> None:
    history(opened(empty, backups=1), last=5)
    (empty.with_name("event.xlsx.ticketops") / "journal" / "000003.json.gz").unlink()
    with pytest.raises(UnusableError, match="has lost the entry 000003"):
        past(opened(empty, backups=1), entry(1).run_id)


def test_no_password_comes_back(empty: Path) -> None:
    def login(changes: ChangeSet, snapshot: Any) -> None:
        table = snapshot[VENDOR_CREDENTIALS]
        changes.append(
            VENDOR_CREDENTIALS,
            table.next_row,
            ("vendor", "email", "password"),
            [("V", "a@b.example", "tulip-7")],
        )

    store = opened(empty, backups=1)
    write(store, 1, login, VENDOR_CREDENTIALS)

    def change(changes: ChangeSet, snapshot: Any) -> None:
        row = snapshot[VENDOR_CREDENTIALS].frame["row"][0]
        changes.set(VENDOR_CREDENTIALS, row, "V", {"password": ("tulip-7", "rose-8")})

    for number in (2, 3, 4):
        write(
            store,
            number,
            change if number == 2 else lambda c, s, n=number: sell(c, s, n),
            VENDOR_CREDENTIALS,
            SALES,
        )
    found = opened(empty, backups=1).as_of(entry(1).run_id, VENDOR_CREDENTIALS)
    assert found.snapshot[VENDOR_CREDENTIALS].frame["password"].to_list() == [None]


def test_a_google_sheet_tells_what_its_journal_tells(google: Google) -> None:
    store = google.store(google.new())
    states = history(store)
    store.undo(entry(9))
    rows, unknown = past(store, entry(2).run_id)
    assert rows == states[entry(2).run_id]
    assert any("in the Google Sheet itself" in one for one in unknown)

"""A workbook that goes into a database and back holds the same: every cell by value and type, the
office's own columns and sheets, the journal; and every table of it is read as before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Runner
from tests.database import Database
from tests.online import Google
from tests.postgres.cells import CELLS
from tests.postgres.trips import assert_read_as, assert_same, content, there_and_back
from tests.sampling import thorough
from tests.stores.xlsx.plain_workbook import DIALECTS, plain_workbook
from tests.stores.xlsx.rich_workbook import rich_workbook
from ticketops.config import Settings
from ticketops.engine.opening import open_store
from ticketops.errors import NotPermittedError, RuleError, UnusableError, UsageError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import EVENT, PURCHASES, SALES, UNITS, USERS
from ticketops.schema.structure import with_structure
from ticketops.services import copying
from ticketops.stores.base import Entry
from ticketops.stores.content import Content
from ticketops.stores.postgres.address import address_of
from ticketops.stores.postgres.connection import Connection
from ticketops.stores.postgres.events import fill

pytestmark = pytest.mark.slow


@pytest.fixture
def mine(tmp_path: Path) -> Settings:
    return Settings(user="tester", state=tmp_path / "state")


def sample(size: str) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        from ticketops.services.creation import sample as made

        return made(size, path, seed=1)

    return make


ODD: dict[str, Any] = {
    "small": sample("small"),
    "issuance": sample("issuance"),
    "rich": rich_workbook,
    **{
        f"written by {name}": lambda path, dialect=dialect: (
            plain_workbook(path, dialect=dialect) or path
        )
        for name, dialect in DIALECTS.items()
    },
}


@pytest.mark.parametrize("made", ["small", "issuance", "rich"])
def test_a_workbook_comes_back_as_it_was(
    made: str, database: Database, tmp_path: Path, mine: Settings
) -> None:
    path = tmp_path / "event.xlsx"
    ODD[made](path)
    there_and_back(path, database, mine)


@pytest.mark.parametrize("made", thorough(sorted(ODD)[::2], sorted(ODD)))
def test_odd_workbooks_come_back_as_they_were(
    made: str, database: Database, tmp_path: Path, mine: Settings
) -> None:
    path = tmp_path / "event.xlsx"
    ODD[made](path)
    there_and_back(path, database, mine)


def test_a_full_workbook_comes_back_as_it_was(
    database: Database, tmp_path: Path, mine: Settings
) -> None:
    path = sample("full")(tmp_path / "event.xlsx")
    address = database.url(database.new())
    copying.copy(path, address, mine)
    copying.copy(address, tmp_path / "back.xlsx", mine)
    assert_same(content(path, mine), content(tmp_path / "back.xlsx", mine))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(CELLS, max_size=8), max_size=6),
    st.permutations(["UnitID", "SetPos", "CreatedAt", "Price", "ours", None, "Status"]),
    st.booleans(),
)
def test_whatever_stands_in_a_sheet_is_held(
    database: Database, rows: list[list[Any]], header: list[Any], own: bool
) -> None:
    """Columns in any order, the office's own among them, and sheets of its own."""
    title = "Notes" if own else UNITS
    whole = {title: [header, *rows], SALES: [["SalesID"]]}
    key = database.new()
    connection = Connection(address_of(database.url(key)))
    fill(connection, Content(EVENT.anew(), whole))  # which reads it again
    connection.close()


def test_the_journal_goes_along_and_undo_goes_on(
    database: Database, empty: Path, mine: Settings
) -> None:
    file = open_store(empty, mine)
    for nth, quantity in enumerate((4, 9)):
        snapshot = file.read(PURCHASES)
        changes = ChangeSet()
        changes.append(
            PURCHASES, snapshot[PURCHASES].next_row, ("match", "number"), [("M01", quantity)]
        )
        file.commit(
            with_structure(changes, snapshot),
            snapshot.revision,
            Entry(f"R20260417-14302{nth}", "purchase add", "ana", datetime(2026, 4, 17, 14, 30)),
        )
    back = there_and_back(empty, database, mine)
    address = database.url(database.new())
    copying.copy(back, address, mine)
    for name in (address, back):
        store = open_store(name, mine)
        assert [t.entry.user for t in store.log()] == ["ana", "ana"]
        assert (
            store.undo(Entry("R20260418-090000", "undo", "ana", datetime(2026, 4, 18))).number == 2
        )
        assert store.read(PURCHASES)[PURCHASES].frame["number"].to_list() == [4]


def test_a_google_sheet_goes_into_a_database(
    google: Google, database: Database, small: Path
) -> None:
    mine = google.settings()
    sheet = f"gsheet:{google.new()}"
    store = open_store(sheet, mine)
    snapshot = store.read(UNITS)
    changes = ChangeSet()
    moment = datetime(2026, 6, 11, 18, 0, 1)
    rows = [("P00001", "0012", 3, moment), ("P00002", None, None, None)]
    changes.append(UNITS, 2, ("unit_id", "contract", "set_pos", "created_at"), rows)
    store.commit(
        with_structure(changes, snapshot), snapshot.revision, Entry("R1", "x", "ana", moment)
    )
    address = database.url(database.new())
    done = copying.copy(sheet, address, mine)
    assert done.transactions == 1
    assert_read_as(open_store(sheet, mine), open_store(address, mine))
    copied = open_store(address, mine)
    assert copied.undo(Entry("R2", "undo", "ana", moment)).number == 1
    assert copied.read(UNITS)[UNITS].frame.height == 0


# --- what is refused


def test_what_can_be_no_target_is_refused(
    database: Database, small: Path, tmp_path: Path, mine: Settings
) -> None:
    address = database.url(database.new())
    copying.copy(small, address, mine)
    before = content(address, mine)
    for target, error, said in (
        (address, RuleError, "holds an event already"),
        ("gsheet:1AbCdEfGh", UsageError, "can't be the target"),
        (tmp_path / "event.csv", UsageError, r"does not end in \.xlsx"),
        (tmp_path / "none" / "event.xlsx", UnusableError, "the folder does not exist"),
        (small, UsageError, "onto itself"),
    ):
        with pytest.raises(error, match=said):
            copying.copy(small, target, mine)
    with pytest.raises(RuleError, match="already exists"):
        copying.copy(address, small, mine)
    assert_same(before, content(address, mine))
    assert sorted(path.name for path in tmp_path.glob("*.xlsx")) == ["small.xlsx"]


def test_a_dry_run_writes_nothing_and_says_the_same(
    database: Database, small: Path, tmp_path: Path, mine: Settings
) -> None:
    key = database.new()
    address = database.url(key)
    planned = copying.copy(small, address, mine, dry_run=True)
    assert not planned.written
    assert database.execute("SELECT 1 FROM event_sales WHERE event_id = %s", key) == []
    done = copying.copy(small, address, mine)
    assert (planned.sheets, planned.rows) == (done.sheets, done.rows)
    with pytest.raises(RuleError, match="holds an event already"):
        copying.copy(small, address, mine, dry_run=True)
    copying.copy(small, address, mine, dry_run=True, over=True)
    copying.copy(address, tmp_path / "new.xlsx", mine, dry_run=True)
    assert not (tmp_path / "new.xlsx").exists()


def test_only_who_may_see_and_write_all_may_copy(
    database: Database, small: Path, tmp_path: Path, mine: Settings
) -> None:
    from msgspec.structs import replace

    file = open_store(small, mine)
    snapshot = file.read(USERS)
    changes = ChangeSet()
    people = [("boss", "super_admin"), ("tester", "operator")]
    changes.append(USERS, snapshot[USERS].next_row, ("user", "role"), people)
    file.commit(
        with_structure(changes, snapshot),
        snapshot.revision,
        Entry("R20260417-143022", "user set", "boss", datetime(2026, 4, 17)),
    )
    with pytest.raises(NotPermittedError, match="needs the role"):
        copying.copy(small, tmp_path / "mine.xlsx", mine)
    copying.copy(small, tmp_path / "mine.xlsx", replace(mine, user="boss"))


def test_what_no_file_can_hold_is_named_and_nothing_is_left(
    database: Database, tmp_path: Path, mine: Settings
) -> None:
    for cell in ("x" * 40_000, "half \ud800"):
        connection = Connection(address_of(database.url(database.new())))
        rows = {UNITS: [["UnitID"], ["P1"], [cell]]}
        fill(connection, Content(EVENT.anew(), rows))
        connection.close()
        with pytest.raises(UnusableError, match=f"{UNITS}!A3"):
            copying.copy(connection.name, tmp_path / "new.xlsx", mine)
        assert list(tmp_path.glob("*new*")) == []


def test_a_copy_cut_short_leaves_nothing_that_counts(
    database: Database, small: Path, tmp_path: Path, mine: Settings, monkeypatch: Any
) -> None:
    """Killed between the journal and the file, there is no workbook; the next copy goes through."""
    from ticketops.stores.xlsx import whole

    target = tmp_path / "new.xlsx"

    def killed(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(whole, "put_in_place", lambda path, _t, journal: (journal(), killed()))
        with pytest.raises(SystemExit):
            copying.copy(small, target, mine)
    assert not target.exists()
    assert target.with_name("new.xlsx.ticketops").exists()
    copying.copy(small, target, mine)
    assert_same(content(small, mine), content(target, mine))


# --- as a user


def test_the_commands(database: Database, in_process: Runner, small: Path, tmp_path: Path) -> None:
    address = database.url(database.new())
    home = {"HOME": str(tmp_path)}
    done = in_process("workbook", "copy", str(small), address, env=home)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("18 sheets, ")
    again = in_process("workbook", "copy", str(small), address, env=home)
    assert again.code == 4
    assert "--replace puts the other in its place" in again.err
    seen = in_process("status", "-w", address, "--json", env=home).json
    file = in_process("status", "-w", str(small), "--json", env=home).json
    assert seen["result"] == file["result"]
    hidden = in_process("status", "-w", "postgresql://ana:geheim@h/db?event=E", env=home)
    assert hidden.code == 2
    assert "geheim" not in hidden.err
    assert in_process("db", "status", "-w", str(small), env=home).code == 2
    nowhere = in_process("status", "-w", "postgresql://127.0.0.1:1/db?event=E", env=home)
    assert nowhere.code == 3
    assert nowhere.err.startswith("ticketops: can't connect to postgresql://127.0.0.1:1/db?event=E")
    assert nowhere.err.count("\n") == 1
    none = in_process("status", "-w", database.url("NONE"), env=home)
    assert (none.code, none.err.count("\n")) == (3, 1)
    assert "has no event NONE" in none.err

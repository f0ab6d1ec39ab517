"""One suite for every store."""

from __future__ import annotations

import ast
import inspect
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.online import Google
from tests.routing import on_two_servers
from ticketops.domain.audit.conformance import examine
from ticketops.engine.not_undoable import not_undoable
from ticketops.errors import ConflictError, LockedError, RuleError, SchemaError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    EVENT,
    NOTIFICATION_LOG,
    PURCHASES,
    REPAIR_LOG,
    SALES_RECON_AUDIT,
    UNITS,
    UNITS_AUDIT,
)
from ticketops.schema.structure import with_structure
from ticketops.services.book_registry import BookRegistry
from ticketops.stores.base import (
    Entry,
    HasFolders,
    Historic,
    LocalFile,
    Metered,
    Spreadsheet,
    Store,
    as_spreadsheet,
    place_of,
    with_folders,
    with_history,
)
from ticketops.stores.gsheets.store import GoogleSheetStore
from ticketops.stores.memory import MemoryStore
from ticketops.stores.postgres.store import PostgresStore
from ticketops.stores.xlsx.store import XlsxStore

NOW = datetime(2026, 4, 17, 14, 30, 22)
ENTRY = Entry("R20260417-143022", "test", "tester", NOW)
STORES: dict[type, tuple[type, ...]] = {
    MemoryStore: (Store, Spreadsheet),
    XlsxStore: (Store, Spreadsheet, HasFolders, LocalFile, Historic),
    GoogleSheetStore: (Store, Spreadsheet, HasFolders, Metered, Historic),
    PostgresStore: (Store, Spreadsheet, HasFolders, Historic),
}
PROTOCOLS = (Store, Spreadsheet, HasFolders, LocalFile, Metered, Historic)


@pytest.fixture(
    params=[
        *("memory", "xlsx", "xlsx without cache", "gsheets", "postgres"),
        pytest.param("two servers", marks=pytest.mark.slow),
    ]
)
def store(request: pytest.FixtureRequest, empty_source: Path, tmp_path: Path) -> Any:
    if request.param == "two servers":
        return on_two_servers(request, tmp_path)
    if request.param == "memory":
        return MemoryStore(layout=EVENT, not_undoable=not_undoable)
    if request.param == "gsheets":
        google = request.getfixturevalue("google")
        return google.store(google.new())
    if request.param == "postgres":
        database = request.getfixturevalue("database")
        return database.store(database.new(), tmp_path)
    path = Path(shutil.copy(empty_source, tmp_path / "event.xlsx"))
    return XlsxStore(
        path, use_cache=request.param == "xlsx", layout=EVENT, not_undoable=not_undoable
    )


def commit(store: Any, fill: Any, *sheets: str) -> str:
    snapshot = store.read(*sheets)
    changes = ChangeSet()
    fill(changes, snapshot)
    return store.commit(with_structure(changes, snapshot), snapshot.revision, ENTRY)


def add_units(store: Any, *ids: str) -> None:
    rows = [(unit, "M01", "0012", "AVAILABLE", n + 1, NOW) for n, unit in enumerate(ids)]
    columns = ("unit_id", "match", "contract", "status", "set_pos", "created_at")
    commit(store, lambda c, s: c.append(UNITS, s[UNITS].next_row, columns, rows), UNITS)


def units(store: Any, *columns: str) -> list[Any]:
    return store.read(UNITS)[UNITS].frame.select(columns).rows()


def test_a_new_workbook_is_empty_and_has_every_canonical_sheet(store: Any) -> None:
    names = [sheet.name for sheet in EVENT.canonical()]
    snapshot = store.read(*names)
    assert [name for name in names if not snapshot[name].exists] == []
    assert [name for name in names if snapshot[name].frame.height] == []
    assert snapshot[DISTRIBUTION].next_row == 3
    assert snapshot[PURCHASES].next_row == 2


def test_appended_rows_come_back_with_their_types(store: Any) -> None:
    add_units(store, "P00001", "P00002")
    assert units(store, "row", "unit_id", "contract", "status", "set_pos", "created_at") == [
        (2, "P00001", "0012", "AVAILABLE", 1, NOW),
        (3, "P00002", "0012", "AVAILABLE", 2, NOW),
    ]
    assert store.read(UNITS)[UNITS].next_row == 4


def test_set_cells_changes_those_cells_only(store: Any) -> None:
    add_units(store, "P00001", "P00002")
    commit(
        store,
        lambda c, _s: c.set(
            UNITS, 3, "P00002", {"status": ("AVAILABLE", "ALLOCATED"), "sales_id": (None, "S1-1")}
        ),
        UNITS,
    )
    assert units(store, "unit_id", "status", "sales_id", "contract") == [
        ("P00001", "AVAILABLE", None, "0012"),
        ("P00002", "ALLOCATED", "S1-1", "0012"),
    ]


def test_a_deleted_row_leaves_the_rows_below_in_place(store: Any) -> None:
    add_units(store, "P00001", "P00002", "P00003")
    commit(store, lambda c, _s: c.delete(UNITS, {3: "P00002"}), UNITS)
    assert units(store, "row", "unit_id") == [(2, "P00001"), (4, "P00003")]
    add_units(store, "P00004")
    assert units(store, "row", "unit_id")[-1] == (5, "P00004")


def test_rows_are_appended_where_trailing_rows_were_deleted(store: Any) -> None:
    add_units(store, "P00001", "P00002")
    commit(store, lambda c, _s: c.delete(UNITS, {3: "P00002"}), UNITS)
    assert store.read(UNITS)[UNITS].next_row == 3


def test_replace_rows_writes_a_queue_anew(store: Any) -> None:
    columns = ("action", "dist_row", "sales_id", "process_now")
    for rows in (
        [("KEEP", 3, "S1-1", False), ("KEEP", 4, "S1-2", True)],
        [("MISSING_IN_DIST", None, "S2-1", False)],
    ):
        commit(
            store,
            lambda c, _s, rows=rows: c.replace(SALES_RECON_AUDIT, columns, rows),
            SALES_RECON_AUDIT,
        )
        assert store.read(SALES_RECON_AUDIT)[SALES_RECON_AUDIT].frame.select(columns).rows() == rows


def test_an_extension_sheet_and_extension_columns_are_made_when_first_needed(store: Any) -> None:
    def fill(changes: ChangeSet, snapshot: Any) -> None:
        changes.append(
            UNITS_AUDIT,
            snapshot[UNITS_AUDIT].next_row,
            ("issue", "purchases_qty"),
            [("MISSING_ROWS_ADDED", 4)],
        )
        changes.append(
            PURCHASES,
            snapshot[PURCHASES].next_row,
            ("match", "number", "currency"),
            [("M01", 4, "EUR")],
        )

    assert not store.read(UNITS_AUDIT)[UNITS_AUDIT].exists
    commit(store, fill, UNITS_AUDIT, PURCHASES)
    assert store.read(UNITS_AUDIT)[UNITS_AUDIT].frame.select("issue", "purchases_qty").rows() == [
        ("MISSING_ROWS_ADDED", 4)
    ]
    assert store.read(PURCHASES)[PURCHASES].frame.select("match", "number", "currency").rows() == [
        ("M01", 4, "EUR")
    ]
    assert store.read(PURCHASES)[PURCHASES].missing == []


def test_a_log_is_append_only(store: Any) -> None:
    commit(
        store,
        lambda c, s: c.append(ALLOC_LOG, s[ALLOC_LOG].next_row, ("action",), [("ALLOCATE",)]),
        ALLOC_LOG,
    )
    with pytest.raises(SchemaError, match="append-only"):
        commit(
            store,
            lambda c, _s: c.set(ALLOC_LOG, 2, "1", {"action": ("ALLOCATE", "UNDO_SALE")}),
            ALLOC_LOG,
        )
    with pytest.raises(SchemaError, match="append-only"):
        commit(store, lambda c, _s: c.delete(ALLOC_LOG, {2: "1"}), ALLOC_LOG)


@pytest.mark.parametrize("sheet", [ALLOC_LOG, REPAIR_LOG])
@pytest.mark.parametrize("action", ["allocate", "ALLOCATED", "HOLD", "REPAIR_", ""])
def test_no_action_outside_the_closed_set_gets_into_a_log(
    store: Any, sheet: str, action: str
) -> None:
    with pytest.raises(SchemaError, match="must be one of"):
        commit(
            store,
            lambda c, s: c.append(
                sheet, s[sheet].next_row, ("user", "action"), [("ana", "UNDO"), ("ana", action)]
            ),
            sheet,
        )
    assert store.read(sheet)[sheet].frame.height == 0
    assert store.log() == []


def test_an_action_of_old_is_read_and_stays(empty: Path) -> None:
    book = openpyxl.load_workbook(empty)
    book[ALLOC_LOG].append([NOW, "script", "MANUAL_FIX", "S1", None, 1, False, "by hand"])
    book.save(empty)
    store = XlsxStore(empty, layout=EVENT)
    commit(
        store,
        lambda c, s: c.append(ALLOC_LOG, s[ALLOC_LOG].next_row, ("action",), [("UNDO_SALE",)]),
        ALLOC_LOG,
    )
    log = store.read(ALLOC_LOG)[ALLOC_LOG]
    assert log.frame["action"].to_list() == ["MANUAL_FIX", "UNDO_SALE"]
    names = [sheet.name for sheet in EVENT]
    found = examine(
        EVENT, store.sheet_names(), store.read(*names, strict=False).tables, store.raw_rows(*names)
    )
    assert [finding for finding in found if finding.sheet == ALLOC_LOG] == []


def test_a_ledger_is_never_replaced(store: Any) -> None:
    with pytest.raises(SchemaError, match="can't be replaced"):
        commit(store, lambda c, _s: c.replace(UNITS, ("unit_id",), [("P1",)]), UNITS)


def test_a_forbidden_transition_is_refused_and_nothing_written(store: Any) -> None:
    add_units(store, "P00001")
    before = store.revision()
    with pytest.raises(SchemaError, match="can't change from AVAILABLE to allocatd"):
        commit(
            store,
            lambda c, _s: c.set(UNITS, 2, "P00001", {"status": ("AVAILABLE", "allocatd")}),
            UNITS,
        )
    assert store.revision() == before


def test_a_value_of_the_wrong_type_is_refused(store: Any) -> None:
    with pytest.raises(SchemaError, match="holds integer"):
        commit(
            store, lambda c, s: c.append(UNITS, s[UNITS].next_row, ("set_pos",), [("one",)]), UNITS
        )


def test_what_changed_in_the_meantime_is_not_overwritten(store: Any) -> None:
    add_units(store, "P00001")
    stale = store.read(UNITS).revision
    add_units(store, "P00002")
    changes = ChangeSet()
    changes.set(UNITS, 2, "P00001", {"status": ("AVAILABLE", "ALLOCATED")})
    with pytest.raises(ConflictError):
        store.commit(changes, stale, ENTRY)
    assert units(store, "unit_id", "status") == [("P00001", "AVAILABLE"), ("P00002", "AVAILABLE")]


def test_an_empty_change_set_writes_nothing(store: Any) -> None:
    before = store.revision()
    assert store.commit(ChangeSet(), before, ENTRY) == before
    assert store.log() == []


def test_the_log_tells_what_was_done(store: Any) -> None:
    add_units(store, "P00001", "P00002")
    (done,) = store.log()
    assert (done.number, done.entry.run_id, done.entry.user, done.entry.command) == (
        1,
        "R20260417-143022",
        "tester",
        "test",
    )
    assert done.counts[UNITS]["appended"] == 2
    assert done.revision_after == store.revision()


def test_undo_goes_back_one_transaction_at_a_time(store: Any) -> None:
    first = store.revision()
    add_units(store, "P00001")
    second = units(store, "unit_id", "status")
    commit(
        store,
        lambda c, _s: c.set(UNITS, 2, "P00001", {"status": ("AVAILABLE", "ALLOCATED")}),
        UNITS,
    )
    store.undo(ENTRY)
    assert units(store, "unit_id", "status") == second
    store.undo(ENTRY)
    assert units(store, "unit_id") == []
    if isinstance(store, XlsxStore):
        assert store.revision() == first
    with pytest.raises(RuleError, match="nothing to undo"):
        store.undo(ENTRY)
    assert [(t.number, t.undoes, t.undone_by) for t in store.log()] == [
        (1, None, 4),
        (2, None, 3),
        (3, 2, None),
        (4, 1, None),
    ]


def test_undo_takes_back_made_sheets_and_replaced_rows(store: Any) -> None:
    columns = ("action", "sales_id")
    commit(
        store,
        lambda c, _s: c.replace(SALES_RECON_AUDIT, columns, [("KEEP", "S1-1")]),
        SALES_RECON_AUDIT,
    )
    commit(
        store,
        lambda c, _s: c.replace(SALES_RECON_AUDIT, columns, [("KEEP", "S2-1"), ("KEEP", "S2-2")]),
        SALES_RECON_AUDIT,
    )
    store.undo(ENTRY)
    assert store.read(SALES_RECON_AUDIT)[SALES_RECON_AUDIT].frame.select(columns).rows() == [
        ("KEEP", "S1-1")
    ]


def test_a_missing_ledger_column_is_a_clear_error() -> None:
    broken = MemoryStore.of_rows({PURCHASES: [["Date", "Match"]]}, layout=EVENT)
    with pytest.raises(SchemaError, match="has no Game, Vendor, Contract"):
        broken.read(PURCHASES)
    assert broken.read(PURCHASES, strict=False)[PURCHASES].missing[0] == "Game"


def test_what_a_transaction_wrote_is_told_cell_by_cell(store: Any) -> None:
    add_units(store, "P00001", "P00002")
    table = store.read(UNITS)[UNITS]
    row = table.frame["row"][1]
    cells = {"status": ("AVAILABLE", "ALLOCATED"), "password": (None, "geheim")}
    later = NOW + timedelta(days=1)
    cells["created_at"] = (NOW, later)
    commit(store, lambda c, _s: c.set(UNITS, row, "P00002", cells), UNITS)
    first, second = store.logged(1, 2)
    assert {(c.key, c.column, c.was, c.became) for c in second} == {
        ("P00002", "status", "AVAILABLE", "ALLOCATED"),
        ("P00002", "password", None, "•••"),
        ("P00002", "created_at", NOW, later),
    }
    assert {c.row for c in second} == {row}
    assert {(c.sheet, c.key) for c in first} == {(UNITS, "P00001"), (UNITS, "P00002")}
    assert ("unit_id", None, "P00002") in {(c.column, c.was, c.became) for c in first}


# --- the protocols: who offers what, and how it is called


def methods(protocol: type) -> dict[str, Any]:
    """The methods that a protocol declares, those it inherits included."""
    return {
        n: f
        for base in protocol.__mro__
        if base in PROTOCOLS
        for n, f in vars(base).items()
        if inspect.isfunction(f) and n[0] != "_"
    }


def called(function: Any, *, returns: bool) -> list[tuple[Any, ...]]:
    """How a function is called. A context manager is declared by what it makes and written as what
    it yields."""
    signature = inspect.signature(function, eval_str=True)
    made = [(p.name, p.kind, p.default, p.annotation) for p in signature.parameters.values()]
    return [*made, ("return", signature.return_annotation)] if returns else made


@pytest.mark.parametrize(
    ("kind", "protocol"),
    [(kind, protocol) for kind, offered in STORES.items() for protocol in offered],
)
def test_a_store_is_called_as_the_protocol_says(kind: type, protocol: type) -> None:
    for name, declared in methods(protocol).items():
        written = getattr(kind, name)
        plain = not hasattr(written, "__wrapped__")
        assert called(written, returns=plain) == called(declared, returns=plain), (
            f"{kind.__name__}.{name}"
        )


def test_every_method_of_the_protocols_is_called_in_this_suite() -> None:
    tree = ast.parse(Path(__file__).read_text())
    used = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert {name for protocol in PROTOCOLS for name in methods(protocol)} - used == set()


def test_a_store_offers_its_protocols_and_no_others(store: Any) -> None:
    assert {protocol for protocol in PROTOCOLS if isinstance(store, protocol)} == set(
        STORES[type(store)]
    )
    offered = set().union(*(methods(protocol) for protocol in STORES[type(store)]))
    foreign = {name for protocol in PROTOCOLS for name in methods(protocol)} - offered
    assert [name for name in sorted(foreign) if hasattr(store, name)] == []


def test_a_store_has_a_name_and_one_place(store: Any) -> None:
    assert store.name
    where = str(store.path) if isinstance(store, XlsxStore) else store.name
    assert place_of(store) == where.replace("ticketops@", "")  # whoever asks for a database


class Core:
    """Nothing but the core of a store."""

    name = "a database"
    layout = EVENT

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in methods(Store):
            return lambda *_args, **_options: None
        raise AttributeError(name)


def test_what_a_store_does_not_offer_is_refused_in_one_line() -> None:
    core: Any = Core()
    assert isinstance(core, Store)
    with pytest.raises(UnusableError, match="a database is not a spreadsheet"):
        as_spreadsheet(core)
    with pytest.raises(UnusableError, match="this machine keeps no versions of a database"):
        with_folders(core)
    assert BookRegistry.of(core).written() == {}
    BookRegistry.of(core).record_written({})


# --- rows


def test_a_row_keeps_its_number_whatever_happens_around_it(store: Any) -> None:
    add_units(store, "P00001", "P00002", "P00003", "P00004")
    numbers = {unit: row for row, unit in units(store, "row", "unit_id")}
    assert len(set(numbers.values())) == 4
    assert list(numbers.values()) == sorted(numbers.values())
    commit(store, lambda c, _s: c.delete(UNITS, {numbers["P00002"]: "P00002"}), UNITS)
    commit(
        store,
        lambda c, _s: c.set(UNITS, numbers["P00003"], "P00003", {"contract": ("0012", "0013")}),
        UNITS,
    )
    add_units(store, "P00005")
    after = {unit: row for row, unit in units(store, "row", "unit_id")}
    assert {unit: after[unit] for unit in ("P00001", "P00003", "P00004")} == {
        u: numbers[u] for u in ("P00001", "P00003", "P00004")
    }
    assert after["P00005"] > numbers["P00004"]
    for _ in range(3):
        store.undo(ENTRY)
    assert {unit: row for row, unit in units(store, "row", "unit_id")} == numbers


def test_changes_and_raw_rows_name_rows_as_tables_do(store: Any) -> None:
    add_units(store, "P00001", "P00002")
    commit(store, lambda c, _s: c.delete(UNITS, {2: "P00001"}), UNITS)
    row = units(store, "row", "unit_id")[0][0]
    assert "P00002" in store.raw_rows(UNITS)[UNITS][row - 1]
    commit(
        store,
        lambda c, _s: c.set(UNITS, row, "P00002", {"status": ("AVAILABLE", "ALLOCATED")}),
        UNITS,
    )
    assert units(store, "row", "unit_id", "status") == [(row, "P00002", "ALLOCATED")]


# --- the journal


def later(minutes: int, command: str = "test") -> Entry:
    at = NOW + timedelta(minutes=minutes)
    return Entry(f"R{at:%Y%m%d-%H%M%S}", command, "tester", at)


def write_unit(store: Any, unit: str, entry: Entry) -> None:
    snapshot = store.read(UNITS)
    changes = ChangeSet()
    changes.append(UNITS, snapshot[UNITS].next_row, ("unit_id", "match"), [(unit, "M01")])
    store.commit(with_structure(changes, snapshot), snapshot.revision, entry)


def test_the_newest_run_id_is_known(store: Any) -> None:
    store.read(UNITS)
    assert store.last_run_id() == ""
    write_unit(store, "P00001", later(1))
    write_unit(store, "P00002", later(2))
    store.read(UNITS)
    assert store.last_run_id() == later(2).run_id == store.log()[-1].entry.run_id


def test_undoable_says_what_undo_sets(store: Any) -> None:
    with pytest.raises(RuleError, match="nothing to undo"):
        store.undoable(ENTRY)
    add_units(store, "P00001")
    commit(
        store,
        lambda c, _s: c.set(UNITS, 2, "P00001", {"status": ("AVAILABLE", "ALLOCATED")}),
        UNITS,
    )
    before = store.revision()
    undoing = store.undoable(ENTRY)
    last = undoing.transaction
    assert store.revision() == before
    assert (last.number, last.entry.run_id) == (2, ENTRY.run_id)
    assert [(c.sheet, c.row, c.key, dict(c.cells)) for c in undoing.cells] == [
        (UNITS, 2, "P00001", {"status": ("ALLOCATED", "AVAILABLE")})
    ]
    assert store.undo(ENTRY) == last
    assert units(store, "status") == [("AVAILABLE",)]


@pytest.mark.parametrize(
    "command", ["credentials reveal", "staff reveal T1", "staff build --with-passwords Ann"]
)
def test_undo_looks_behind_what_lasts(store: Any, command: str) -> None:
    write_unit(store, "P00001", later(1))
    write_unit(store, "P00002", later(2, command))
    undoing = store.undoable(later(3))
    assert undoing.transaction.number == 1
    assert [t.entry.command for t in undoing.passed] == [command]
    assert store.undo(later(3)).number == 1
    assert units(store, "unit_id") == [("P00002",)]
    with pytest.raises(RuleError, match="nothing to undo"):
        store.undoable(later(4))


def test_what_lasts_is_said_by_whoever_opens_the_store(empty: Path) -> None:
    opened = {
        "file": lambda said: XlsxStore(empty, not_undoable=said, layout=EVENT),
        "memory": lambda said: MemoryStore(not_undoable=said, layout=EVENT),
    }
    for name, open_it in opened.items():
        store = open_it(lambda entry: entry.command == "send")
        write_unit(store, "P00001", later(1, "send"))
        with pytest.raises(RuleError, match="nothing to undo"):
            store.undo(later(2))
        assert units(store, "unit_id") == [("P00001",)], name


# --- the lock


def test_the_lock_may_be_entered_again_and_is_given_back(store: Any) -> None:
    with store.locked(ENTRY), store.locked(ENTRY):
        add_units(store, "P00001")
    add_units(store, "P00002")
    assert units(store, "unit_id") == [("P00001",), ("P00002",)]


def test_another_writer_waits_and_is_told_who_writes(empty: Path, google: Google) -> None:
    key = google.new()
    pairs: list[tuple[Any, Any]] = [
        (XlsxStore(empty, layout=EVENT), XlsxStore(empty, lock_timeout=0.1, layout=EVENT)),
        (google.store(key, machine="a"), google.store(key, machine="b", lock_timeout=0.1)),
    ]
    for first, second in pairs:
        entry = Entry("R20260417-143022", "allocate auto", "ana", NOW)
        with first.locked(entry), pytest.raises(LockedError, match=r"ana \(allocate auto"):
            write_unit(second, "P00001", ENTRY)


# --- what only spreadsheets offer


def test_raw_rows_are_those_of_the_sheets_that_exist(store: Any) -> None:
    add_units(store, "P00001")
    raw = store.raw_rows(UNITS, UNITS_AUDIT)
    assert set(raw) == {UNITS}
    header, *rows = raw[UNITS]
    assert len(rows) == 1
    assert rows[0][header.index("UnitID")] == "P00001"


def test_sheet_names_are_those_of_the_workbook_in_order(store: Any) -> None:
    before = store.sheet_names()
    assert {name for name in before if name in EVENT} == {sheet.name for sheet in EVENT.canonical()}
    if isinstance(store, XlsxStore):
        assert before == openpyxl.load_workbook(store.path, read_only=True).sheetnames
    commit(
        store,
        lambda c, s: c.append(UNITS_AUDIT, s[UNITS_AUDIT].next_row, ("issue",), [("GAP",)]),
        UNITS_AUDIT,
    )
    assert set(store.sheet_names()) - set(before) == {UNITS_AUDIT}


def test_no_formula_is_found_where_there_is_none(store: Any) -> None:
    add_units(store, "P00001")
    store.read(UNITS)
    assert store.formulas({UNITS: {2: ["status", "unit_id"]}}) == set()


def test_a_formula_is_found_in_the_cell_that_holds_it(empty: Path, google: Google) -> None:
    location = next(
        i for i, header in enumerate(EVENT[UNITS].canonical_headers, start=1) if header == "Status"
    )
    file = XlsxStore(empty, layout=EVENT)
    add_units(file, "P00001", "P00002")
    book = openpyxl.load_workbook(empty)
    book[UNITS].cell(2, location).value = '="AVAIL"&"ABLE"'
    book.save(empty)
    key = google.new()
    online = google.store(key)
    add_units(online, "P00001", "P00002")
    google.server.set_formula(key, UNITS, 2, location, '="AVAIL"&"ABLE"', "AVAILABLE")
    for store in (XlsxStore(empty, layout=EVENT), online):
        store.read(UNITS)
        assert store.formulas({UNITS: {2: ["status", "unit_id"], 3: ["status"]}}) == {
            (UNITS, 2, "status")
        }


# --- what only files and services offer


def test_a_file_keeps_older_versions_until_they_are_purged(store: Any) -> None:
    if not isinstance(store, LocalFile):
        return
    assert store.older_versions() == []
    assert store.doubt() == ""
    add_units(store, "P00001")
    add_units(store, "P00002")
    assert len(kept := store.older_versions()) == 2
    assert all(path.is_relative_to(store.state_folder) for path in kept)
    assert store.purge(ENTRY) == 2
    assert store.older_versions() == []
    assert store.doubt() == ""
    assert [path for path in kept if path.exists()] == []
    assert units(store, "unit_id") == [("P00001",), ("P00002",)]
    store.undo(ENTRY)
    assert units(store, "unit_id") == [("P00001",)]


def test_a_file_names_entries_of_its_journal_that_cant_be_read(store: Any) -> None:
    if not isinstance(store, LocalFile):
        return
    add_units(store, "P00001")
    assert (store.damaged_entries(), store.set_aside()) == ([], [])
    (entry,) = (store.state_folder / "journal").glob("*.json.gz")
    entry.write_bytes(b"half of it")
    other = XlsxStore(store.path, layout=EVENT)
    assert [one.number for one in other.damaged_entries()] == [1]
    add_units(other, "P00002")
    assert [one.number for one in other.set_aside()] == [1]
    assert other.set_aside() == [], "told once"
    assert [one.number for one in other.damaged_entries()] == [1]


def test_a_file_forgets_its_tables(store: Any) -> None:
    if not isinstance(store, LocalFile):
        return
    add_units(store, "P00001")
    store.forget_tables()
    assert list(store.state_folder.rglob("*.arrow")) == []
    assert units(XlsxStore(store.path, layout=EVENT), "unit_id") == [("P00001",)]
    store.forget_tables()


def test_the_folders_of_a_workbook(store: Any) -> None:
    if not isinstance(store, HasFolders):
        return
    add_units(store, "P00001")
    assert store.state_folder.is_dir()
    assert with_folders(store) is store
    if isinstance(store, LocalFile):
        assert store.home == store.path.parent
        assert store.state_folder.parent == store.home
    else:
        assert store.home is None


def test_requests_are_counted(google: Google) -> None:
    store = google.store(google.new())
    assert store.requests == 0
    store.read(UNITS)
    first = store.requests
    assert first > 0
    store.read(UNITS)
    assert store.requests > first


def test_what_stood_after_a_transaction_is_told_where_a_store_has_a_past(store: Any) -> None:
    if not isinstance(store, Historic):
        with pytest.raises(UnusableError, match="nothing is kept of how memory was"):
            with_history(store)
        return
    add_units(store, "P00001", "P00002")
    run_id = store.last_run_id()
    store.undo(Entry("R20260417-150000", "undo", "tester", NOW + timedelta(hours=1)))
    past = with_history(store).as_of(run_id, UNITS)
    assert past.snapshot[UNITS].frame["unit_id"].to_list() == ["P00001", "P00002"]
    assert past.transaction.entry.run_id == run_id
    assert store.read(UNITS)[UNITS].frame.height == 0


# --- an outbox: what was queued and not done is called off, what was done stays done


def queue(store: Any, minute: int, *messages: str, unit: str = "") -> None:
    """A transaction that queues messages, and adds a unit."""
    snapshot = store.read(UNITS, NOTIFICATION_LOG, strict=False)
    changes = ChangeSet()
    if unit:
        changes.append(UNITS, snapshot[UNITS].next_row, ("unit_id",), [(unit,)])
    rows = [(one, f"{one}@x.example", "QUEUED") for one in messages]
    columns = ("message", "recipient", "state")
    changes.append(NOTIFICATION_LOG, snapshot[NOTIFICATION_LOG].next_row, columns, rows)
    store.commit(with_structure(changes, snapshot), snapshot.revision, later(minute, "sale add"))


def send(store: Any, minute: int, **outcomes: str) -> None:
    """Messages are taken, and what became of them, as the command that sends records it."""
    become(store, later(minute, "message send"), dict.fromkeys(outcomes, "SENDING"))
    become(store, later(minute, "message send"), outcomes)


def become(store: Any, entry: Entry, states: dict[str, str]) -> None:
    snapshot = store.read(NOTIFICATION_LOG)
    changes = ChangeSet()
    for row, one, state in (
        snapshot[NOTIFICATION_LOG].frame.select("row", "message", "state").rows()
    ):
        if one in states:
            changes.set(NOTIFICATION_LOG, row, one, {"state": (state, states[one])})
    store.commit(changes, snapshot.revision, entry)


def outbox(store: Any) -> dict[str, str]:
    table = store.read(NOTIFICATION_LOG, strict=False)[NOTIFICATION_LOG]
    return dict(table.frame.select("message", "state").rows())


def test_undo_withdraws_what_was_queued_and_keeps_its_rows(store: Any) -> None:
    queue(store, 1, "N00001", unit="P00001")
    queue(store, 2, "N00002", "N00003", unit="P00002")
    told = store.undoable(later(3))
    assert told.stays == ()
    store.undo(later(3))
    assert units(store, "unit_id") == [("P00001",)]
    assert outbox(store) == {"N00001": "QUEUED", "N00002": "WITHDRAWN", "N00003": "WITHDRAWN"}
    store.undo(later(4))
    assert units(store, "unit_id") == []
    assert set(outbox(store).values()) == {"WITHDRAWN"}
    assert len(outbox(store)) == 3


def test_undo_says_what_was_sent_and_never_unsends_it(store: Any) -> None:
    queue(store, 1, "N00001", unit="P00001")
    queue(store, 2, "N00002", "N00003", "N00004", unit="P00002")
    states = {"N00001": "SENT", "N00002": "SENT", "N00003": "FAILED", "N00004": "UNKNOWN"}
    send(store, 3, **states)
    told = store.undoable(later(4))
    assert [t.entry.command for t in told.passed] == ["message send"] * 2
    assert [text.split()[0] for text in told.stays] == ["N00002", "N00004"]
    assert "N00002@x.example" in told.stays[0]
    store.undo(later(4))
    assert units(store, "unit_id") == [("P00001",)]
    assert outbox(store) == states | {"N00003": "WITHDRAWN"}
    store.undo(later(5))
    assert units(store, "unit_id") == []
    assert outbox(store) == states | {"N00003": "WITHDRAWN"}


def test_undo_of_what_came_before_a_sending_does_not_queue_it_again(store: Any) -> None:
    """What stands between may come back byte for byte; what was sent meanwhile stays sent."""
    queue(store, 1, "N00001", unit="P00001")
    write_unit(store, "P00002", later(2))
    send(store, 3, N00001="SENT")
    store.undo(later(4))
    assert units(store, "unit_id") == [("P00001",)]
    assert outbox(store) == {"N00001": "SENT"}


def test_a_transaction_that_only_queues_can_be_taken_back(store: Any) -> None:
    queue(store, 1, "N00001")
    store.undo(later(2))
    assert outbox(store) == {"N00001": "WITHDRAWN"}


def test_rows_of_an_outbox_are_found_wherever_they_are_now(store: Any) -> None:
    queue(store, 1, "N00001", unit="P00001")
    queue(store, 2, "N00002", unit="P00002")
    table = store.read(NOTIFICATION_LOG)[NOTIFICATION_LOG]
    first, second = table.frame["row"].to_list()
    changes = ChangeSet()
    for row, was, now in ((first, "N00001", "N00002"), (second, "N00002", "N00001")):
        cells = {"message": (was, now), "recipient": (f"{was}@x.example", f"{now}@x.example")}
        changes.set(NOTIFICATION_LOG, row, was, cells)
    store.commit(changes, store.revision(), later(3, "message resolve"))
    store.undo(later(4))
    assert outbox(store) == {"N00001": "QUEUED", "N00002": "WITHDRAWN"}

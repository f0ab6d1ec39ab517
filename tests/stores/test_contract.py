"""One suite for every store (DESIGN: contracts)."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ticketops.errors import ConflictError, RuleError, SchemaError
from ticketops.model.changes import ChangeSet
from ticketops.schema.tables import with_structure
from ticketops.schema.workbook import (
    ALLOC_LOG,
    DISTRIBUTION,
    MANIFEST,
    PURCHASES,
    SALES_RECON_AUDIT,
    UNITS,
    UNITS_AUDIT,
)
from ticketops.stores.base import Entry
from ticketops.stores.memory import MemoryStore
from ticketops.stores.xlsx.store import XlsxStore

NOW = datetime(2026, 4, 17, 14, 30, 22)
ENTRY = Entry("R20260417-143022", "test", "tester", NOW)


@pytest.fixture(params=["memory", "xlsx", "xlsx without cache", "gsheets"])
def store(request: pytest.FixtureRequest, empty_source: Path, tmp_path: Path) -> Any:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "gsheets":
        google = request.getfixturevalue("google")
        return google.store(google.new())
    path = Path(shutil.copy(empty_source, tmp_path / "event.xlsx"))
    return XlsxStore(path, use_cache=request.param == "xlsx")


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
    names = [sheet.name for sheet in MANIFEST.canonical()]
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
    commit(store, lambda c, _s: c.set(UNITS, 3, "P00002", {"status": ("AVAILABLE", "ALLOCATED"), "sales_id": (None, "S1-1")}), UNITS)
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
    for rows in ([("KEEP", 3, "S1-1", False), ("KEEP", 4, "S1-2", True)], [("MISSING_IN_DIST", None, "S2-1", False)]):
        commit(store, lambda c, _s, rows=rows: c.replace(SALES_RECON_AUDIT, columns, rows), SALES_RECON_AUDIT)
        assert store.read(SALES_RECON_AUDIT)[SALES_RECON_AUDIT].frame.select(columns).rows() == rows


def test_an_extension_sheet_and_extension_columns_are_made_when_first_needed(store: Any) -> None:
    def fill(changes: ChangeSet, snapshot: Any) -> None:
        changes.append(UNITS_AUDIT, snapshot[UNITS_AUDIT].next_row, ("issue", "purchases_qty"), [("MISSING_ROWS_ADDED", 4)])
        changes.append(PURCHASES, snapshot[PURCHASES].next_row, ("match", "number", "currency"), [("M01", 4, "EUR")])

    assert not store.read(UNITS_AUDIT)[UNITS_AUDIT].exists
    commit(store, fill, UNITS_AUDIT, PURCHASES)
    assert store.read(UNITS_AUDIT)[UNITS_AUDIT].frame.select("issue", "purchases_qty").rows() == [("MISSING_ROWS_ADDED", 4)]
    assert store.read(PURCHASES)[PURCHASES].frame.select("match", "number", "currency").rows() == [("M01", 4, "EUR")]
    assert store.read(PURCHASES)[PURCHASES].missing == []


def test_a_log_is_append_only(store: Any) -> None:
    commit(store, lambda c, s: c.append(ALLOC_LOG, s[ALLOC_LOG].next_row, ("action",), [("ALLOCATE",)]), ALLOC_LOG)
    with pytest.raises(SchemaError, match="append-only"):
        commit(store, lambda c, _s: c.set(ALLOC_LOG, 2, "1", {"action": ("ALLOCATE", "UNDO_SALE")}), ALLOC_LOG)
    with pytest.raises(SchemaError, match="append-only"):
        commit(store, lambda c, _s: c.delete(ALLOC_LOG, {2: "1"}), ALLOC_LOG)


def test_a_ledger_is_never_replaced(store: Any) -> None:
    with pytest.raises(SchemaError, match="never replaced"):
        commit(store, lambda c, _s: c.replace(UNITS, ("unit_id",), [("P1",)]), UNITS)


def test_a_forbidden_transition_is_refused_and_nothing_written(store: Any) -> None:
    add_units(store, "P00001")
    before = store.revision()
    with pytest.raises(SchemaError, match="may not go from AVAILABLE to allocatd"):
        commit(store, lambda c, _s: c.set(UNITS, 2, "P00001", {"status": ("AVAILABLE", "allocatd")}), UNITS)
    assert store.revision() == before


def test_a_value_of_the_wrong_type_is_refused(store: Any) -> None:
    with pytest.raises(SchemaError, match="holds integer"):
        commit(store, lambda c, s: c.append(UNITS, s[UNITS].next_row, ("set_pos",), [("one",)]), UNITS)


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
    assert (done.number, done.entry.run_id, done.entry.user, done.entry.command) == (1, "R20260417-143022", "tester", "test")
    assert done.counts[UNITS]["appended"] == 2
    assert done.revision_after == store.revision()


def test_undo_goes_back_one_transaction_at_a_time(store: Any) -> None:
    first = store.revision()
    add_units(store, "P00001")
    second = units(store, "unit_id", "status")
    commit(store, lambda c, _s: c.set(UNITS, 2, "P00001", {"status": ("AVAILABLE", "ALLOCATED")}), UNITS)
    store.undo(ENTRY)
    assert units(store, "unit_id", "status") == second
    store.undo(ENTRY)
    assert units(store, "unit_id") == []
    if isinstance(store, XlsxStore):
        assert store.revision() == first
    with pytest.raises(RuleError, match="nothing to undo"):
        store.undo(ENTRY)
    assert [(t.number, t.undoes, t.undone_by) for t in store.log()] == [(1, None, 4), (2, None, 3), (3, 2, None), (4, 1, None)]


def test_undo_takes_back_made_sheets_and_replaced_rows(store: Any) -> None:
    columns = ("action", "sales_id")
    commit(store, lambda c, _s: c.replace(SALES_RECON_AUDIT, columns, [("KEEP", "S1-1")]), SALES_RECON_AUDIT)
    commit(store, lambda c, _s: c.replace(SALES_RECON_AUDIT, columns, [("KEEP", "S2-1"), ("KEEP", "S2-2")]), SALES_RECON_AUDIT)
    store.undo(ENTRY)
    assert store.read(SALES_RECON_AUDIT)[SALES_RECON_AUDIT].frame.select(columns).rows() == [("KEEP", "S1-1")]


def test_a_missing_ledger_column_is_a_clear_error() -> None:
    broken = MemoryStore.of_rows({PURCHASES: [["Date", "Match"]]})
    with pytest.raises(SchemaError, match="lacks Game, Vendor, Contract"):
        broken.read(PURCHASES)
    assert broken.read(PURCHASES, strict=False)[PURCHASES].missing[0] == "Game"

"""New rows look like those above, dates like dates, flags can be ticked; what other people made of
the sheet stays as it was."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.desk import Desk
from tests.google.grid import BLANK, Cell
from tests.google.server import OWNER, GoogleServer
from tests.online import Google
from tests.stores.gsheets.fixtures import (
    CFG,
    ENTRY,
    JOURNAL,
    PERSON,
    column_of,
    content,
    desk_with_stock,
    is_locked,
    quick,
    rows_of,
    stocked,
    titles,
    values,
)
from ticketops.domain.audit import checks
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.errors import TicketopsError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    PURCHASES,
    SALES,
    SALES_RECON_AUDIT,
    UNITS,
)
from ticketops.schema.structure import with_structure
from ticketops.services import allocation, selling

YELLOW: dict[str, Any] = {"backgroundColor": {"red": 1, "green": 1}}
EUROS: dict[str, Any] = {"numberFormat": {"type": "CURRENCY", "pattern": "€#,##0.00"}}
LIST: dict[str, Any] = {
    "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "UNALLOCATED"}]},
    "strict": False,
}
TICK_BOX = {"condition": {"type": "BOOLEAN"}, "strict": True}


def dress(server: GoogleServer, key: str, sheet: str, row: int, column: int, **looks: Any) -> None:
    """Somebody formats a cell: format, validation, note."""
    found = server.sheet(key, sheet)
    found.put(row - 1, column - 1, found.cell(row - 1, column - 1)._replace(**looks))


def looks(server: GoogleServer, key: str) -> dict[str, Any]:
    """All that is no cell: sizes of columns, filters, protections, merges, conditional formats,
    named ranges, the grid's columns."""
    snapshot = server.snapshot(key)
    kept = (
        "id",
        "title",
        "column_count",
        "grid",
        "more",
        "merges",
        "protected",
        "conditional",
        "filter",
        "sizes",
    )
    sheets = [
        {name: one[name] for name in kept}
        for one in snapshot["sheets"]
        if one["title"] not in (CFG, JOURNAL)
    ]
    return {
        "named": snapshot["named"],
        "metadata": snapshot["metadata"],
        "properties": snapshot["properties"],
        "sheets": sheets,
        "roles": snapshot["roles"],
    }


def furnished(google: Google) -> str:
    """A spreadsheet that people have furnished."""
    key = stocked(google)
    server = google.server
    sales, units = server.sheet(key, SALES).id, server.sheet(key, UNITS).id
    price = column_of(server, key, SALES, "Price")
    dress(server, key, SALES, 2, price, format=EUROS)
    dress(
        server,
        key,
        SALES,
        2,
        column_of(server, key, SALES, "Status"),
        validation=LIST,
        note="ask Bert",
        format=YELLOW,
    )
    dress(server, key, UNITS, 3, 9, format=YELLOW, note="a note")
    server.set(key, SALES, 2, 26, "mine")
    whole = {"sheetId": sales, "startRowIndex": 0, "startColumnIndex": 0, "endColumnIndex": 10}
    server.request(
        key,
        {"setBasicFilter": {"filter": {"range": whole}}},
        {
            "updateDimensionProperties": {
                "range": {"sheetId": sales, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 2},
                "properties": {"pixelSize": 200},
                "fields": "pixelSize",
            }
        },
        {
            "addConditionalFormatRule": {
                "rule": {
                    "ranges": [whole],
                    "booleanRule": {"condition": {"type": "NOT_BLANK"}, "format": YELLOW},
                },
                "index": 0,
            }
        },
        {
            "addNamedRange": {
                "namedRange": {
                    "namedRangeId": "n1",
                    "name": "prices",
                    "range": whole | {"startColumnIndex": 7, "endColumnIndex": 8},
                }
            }
        },
        {
            "addProtectedRange": {
                "protectedRange": {
                    "range": {"sheetId": units, "startRowIndex": 0, "endRowIndex": 1},
                    "warningOnly": True,
                }
            }
        },
        {
            "mergeCells": {
                "range": {
                    "sheetId": units,
                    "startRowIndex": 40,
                    "endRowIndex": 42,
                    "startColumnIndex": 22,
                    "endColumnIndex": 24,
                }
            }
        },
    )
    return key


def written_by(
    before: dict[tuple[str, int, int], Any], after: dict[tuple[str, int, int], Any]
) -> set[tuple[str, int, int]]:
    return {at for at in before | after if before.get(at) != after.get(at)}


@pytest.mark.parametrize("work", ["sell", "allocate", "recon", "unallocate", "undo"])
def test_what_people_made_of_the_sheet_stays(google: Google, work: str) -> None:
    key = furnished(google)
    server = google.server
    desk = Desk(quick(google, key), role="ops_manager")
    if work in ("unallocate", "undo"):
        desk.do(allocation.allocate_auto())
    looked, cells, held = looks(server, key), content(server, key), values(server, key)
    {
        "sell": lambda: desk.sell(("M01", "Cat 1", 1)),
        "allocate": lambda: desk.do(allocation.allocate_auto()),
        "recon": lambda: desk.do(selling.recon_run()),
        "unallocate": lambda: desk.do(
            allocation.override_unallocate("S1", "x", set_id="", keep_seats=False, force=True)
        ),
        "undo": desk.undo,
    }[work]()
    now = content(server, key)
    made = [one for one in looks(server, key)["sheets"] if one["title"] in cells]
    assert looks(server, key) | {"sheets": made} == looked
    ours = written_by(held, values(server, key))
    assert ours
    for title, rows in cells.items():
        for row, line in enumerate(rows, start=1):
            for column, cell in enumerate(line, start=1):
                old, new = cell or BLANK, Cell(*(at(now, title, row, column)))
                assert (new.validation, new.note) == (old.validation, old.note), (
                    title,
                    row,
                    column,
                )
                if (title, row, column) in ours:
                    assert new.format == old.format or isinstance(new.value, (int, float)), (
                        title,
                        row,
                        column,
                    )
                else:
                    assert new == old, (title, row, column)


def at(cells: dict[str, list[Any]], title: str, row: int, column: int) -> Cell:
    rows = cells[title]
    line = rows[row - 1] if row <= len(rows) else ()
    return (line[column - 1] if column <= len(line) else None) or BLANK


def test_new_rows_look_like_the_one_above(google: Google) -> None:
    key = furnished(google)
    server = google.server
    desk = Desk(quick(google, key))
    desk.sell(("M01", "Cat 1", 1), ("M2", "Cat 1", 1))
    last = server.sheet(key, SALES)
    width = max(len(row) for row in last.rows[:4])
    for row in (3, 4):
        for column in range(1, width + 1):
            above, new = server.cell(key, SALES, 2, column), server.cell(key, SALES, row, column)
            assert (new.format, new.validation) == (above.format, above.validation), (row, column)
            assert new.note is None
        assert server.cell(key, SALES, row, column_of(server, key, SALES, "Price")).format == EUROS
        assert (
            server.cell(key, SALES, row, column_of(server, key, SALES, "Status")).validation == LIST
        )
        assert server.cell(key, SALES, row, 26).value is None
    assert [row[0] for row in server.rows(key, SALES)[1:]] == [46129] * 3


def test_the_first_rows_of_a_sheet_have_date_formats_and_tick_boxes(google: Google) -> None:
    key = google.new()
    server = google.server
    desk = Desk(quick(google, key))
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    day, moment = (
        {"type": "DATE", "pattern": "yyyy-mm-dd"},
        {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm:ss"},
    )
    for sheet, header, header_row, pattern in (
        (SALES, "Date", 1, day),
        (PURCHASES, "Date", 1, day),
        (UNITS, "CreatedAt", 1, moment),
        (DISTRIBUTION, "Date", 2, day),
    ):
        for row in range(header_row + 1, len(server.rows(key, sheet)) + 1):
            found = server.cell(key, sheet, row, column_of(server, key, sheet, header, header_row))
            assert found.format == {"numberFormat": pattern}, (sheet, row)
    for header in ("Sold (Y/N)", "Process_Now"):
        for row in (3, 4):
            cell = server.cell(
                key, DISTRIBUTION, row, column_of(server, key, DISTRIBUTION, header, 2)
            )
            assert (cell.validation, cell.value) in (
                (TICK_BOX, True),
                (TICK_BOX, False),
                (TICK_BOX, None),
            )
        assert (
            server.cell(
                key, DISTRIBUTION, 5, column_of(server, key, DISTRIBUTION, header, 2)
            ).validation
            is None
        )
    assert server.cell(key, DISTRIBUTION, 2, 1).format is None, "the header is not ours to format"


def test_a_sheet_that_is_made(google: Google) -> None:
    key = stocked(google)
    server = google.server
    there = titles(server, key)
    desk = Desk(quick(google, key), role="ops_manager")
    desk.do(allocation.unit_hold(["P00004"], "Meridian Travel", datetime(2026, 5, 1), "x"))
    (made,) = [title for title in titles(server, key) if title not in (*there, CFG, JOURNAL)]
    sheet = server.sheet(key, made)
    assert sheet.grid.get("frozenRowCount") == 1
    assert not sheet.more.get("hidden")
    header = server.rows(key, made)[0]
    assert all(
        server.cell(key, made, 1, column).format == {"textFormat": {"bold": True}}
        for column in range(1, len(header) + 1)
    )
    for name, kind in (("Until", "DATE"), ("HeldAt", "DATE_TIME")):
        for row in (2, 3, 50):
            assert (
                server.cell(key, made, row, header.index(name) + 1).format["numberFormat"]["type"]
                == kind
            )  # type: ignore[index]
    hidden = {
        title: bool(server.sheet(key, title).more.get("hidden")) for title in titles(server, key)
    }
    assert {title for title, is_hidden in hidden.items() if is_hidden} == {JOURNAL}


def test_a_date_where_none_stood_looks_like_one(google: Google) -> None:
    """And where somebody chose a format, that stays."""
    key = stocked(google)
    server = google.server
    place = column_of(server, key, UNITS, "AllocatedAt")
    own = {"numberFormat": {"type": "DATE", "pattern": "d mmm"}}
    server.set(key, UNITS, 3, place, datetime(2026, 1, 1))
    server.set_format(key, UNITS, 3, place, own)
    store = quick(google, key)
    snapshot = store.read(UNITS)
    changes = ChangeSet()
    for row, unit, before in ((2, "P00001", None), (3, "P00002", datetime(2026, 1, 1))):
        changes.set(UNITS, row, unit, {"allocated_at": (before, datetime(2026, 4, 17, 14, 30))})
    store.commit(with_structure(changes, snapshot), snapshot.revision, ENTRY)
    assert server.cell(key, UNITS, 2, place).format == {
        "numberFormat": {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm:ss"}
    }
    assert server.cell(key, UNITS, 3, place).format == own
    assert (
        store.read(UNITS)[UNITS].frame["allocated_at"].to_list()[:2]
        == [datetime(2026, 4, 17, 14, 30)] * 2
    )


def test_the_grid_grows_as_far_as_it_must(google: Google) -> None:
    key = stocked(google, tight=True)
    server = google.server
    before = {
        title: (server.sheet(key, title).row_count, server.sheet(key, title).column_count)
        for title in titles(server, key)
    }
    desk = Desk(quick(google, key))
    desk.sell(("M01", "Cat 1", 3))
    desk.buy(("M01", "Cat 1", 2))
    for title, (rows, columns) in before.items():
        sheet = server.sheet(key, title)
        height = len(server.rows(key, title))
        width = max((len(row) for row in server.rows(key, title)), default=0)
        assert (sheet.row_count, sheet.column_count) == (max(rows, height), max(columns, width)), (
            title
        )
    assert server.sheet(key, DISTRIBUTION).row_count == before[DISTRIBUTION][0] + 3
    assert checks.audit(quick(google, key, machine="b").read(DISTRIBUTION, UNITS))[1] == []


def test_columns_that_are_added_stand_at_the_right_end(google: Google) -> None:
    """Beyond people's own columns, on a grid that has no room for them."""
    rows = rows_of(desk_with_stock())
    rows[SALES] = [
        [
            cell
            for header, cell in zip(rows[SALES][0], row, strict=True)
            if header not in ("ClientPO", "PaymentStatus")
        ]
        for row in rows[SALES]
    ]
    rows[SALES][0].append("Mine")
    rows[SALES][1].append("own")
    key = google.new(rows, tight=True)
    server = google.server
    width = len(rows[SALES][0])
    desk = Desk(quick(google, key))
    order = Order("Acme", "USD", datetime(2026, 4, 17), client_po="PO-7")
    desk.do(selling.sale_add(order, [SaleLine("M01", "Cat 1", 1, Decimal(350))]))
    header = server.rows(key, SALES)[0]
    assert header[:width] == rows[SALES][0]
    assert "ClientPO" in header[width:]
    assert server.sheet(key, SALES).column_count == len(header)
    assert server.cell(key, SALES, 2, width).value == "own"
    assert quick(google, key).read(SALES)[SALES].frame["client_po"].to_list() == [None, "PO-7"]


def test_a_queue_that_is_rewritten_keeps_its_looks(google: Google) -> None:
    key = stocked(google)
    server = google.server
    store = quick(google, key)
    for column in (1, 2):
        server.set(key, SALES_RECON_AUDIT, 2, column, "KEEP")
        dress(server, key, SALES_RECON_AUDIT, 2, column, format=YELLOW, validation=LIST)
    for ids in (["S1", "S2", "S3"], ["S4"]):
        snapshot = store.read(SALES_RECON_AUDIT)
        changes = ChangeSet()
        changes.replace(
            SALES_RECON_AUDIT, ("action", "reason", "sales_id"), [("KEEP", "x", one) for one in ids]
        )
        store.commit(with_structure(changes, snapshot), snapshot.revision, ENTRY)
    for row in (2, 3, 4):
        cell = server.cell(key, SALES_RECON_AUDIT, row, 1)
        assert (cell.format, cell.validation) == (YELLOW, LIST)
        assert cell.value == ("KEEP" if row == 2 else None)


# --- what is protected


def protect(server: GoogleServer, key: str, sheet: str, **part: int) -> None:
    where = {"sheetId": server.sheet(key, sheet).id} | part
    server.request(
        key,
        {"addProtectedRange": {"protectedRange": {"range": where, "editors": {"users": [OWNER]}}}},
    )


@pytest.mark.parametrize("sheet", [SALES, DISTRIBUTION, CFG, JOURNAL])
def test_a_sheet_that_is_protected_from_us_is_one_line(google: Google, sheet: str) -> None:
    key = stocked(google)
    Desk(quick(google, key)).buy(("M2", "Cat 1", 1))
    protect(google.server, key, sheet)
    before = content(google.server, key)
    with pytest.raises(TicketopsError, match="protected") as refused:
        Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert refused.value.exit_code in (3, 6)
    assert "\n" not in refused.value.message
    if sheet in (SALES, DISTRIBUTION):
        assert refused.value.exit_code == 6
        assert f"{OWNER}, who owns it," in refused.value.hint, "who can lift it"
        assert PERSON in refused.value.message
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)


def test_cells_that_are_protected_elsewhere_are_no_matter(google: Google) -> None:
    key = stocked(google)
    protect(google.server, key, SALES, startRowIndex=0, endRowIndex=2)
    protect(google.server, key, ALLOC_LOG)
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert len(google.server.rows(key, SALES)) == 3


def test_a_column_of_one_s_own_may_be_protected(google: Google) -> None:
    key = stocked(google)
    google.server.set(key, SALES, 1, 25, "Mine")
    protect(google.server, key, SALES, startColumnIndex=24, endColumnIndex=25)
    Desk(quick(google, key)).sell(("M01", "Cat 1", 1))
    assert len(google.server.rows(key, SALES)) == 3


def test_tick_boxes_that_somebody_drew_far_down(google: Google) -> None:
    """Boxes that are off are no rows: what is appended goes right below the last one, and their
    boxes stay."""
    key = stocked(google)
    server = google.server
    place = column_of(server, key, DISTRIBUTION, "Process_Now", 2)
    for row in range(3, 200):
        server.set(
            key, DISTRIBUTION, row, place, server.cell(key, DISTRIBUTION, row, place).value or False
        )
        dress(server, key, DISTRIBUTION, row, place, validation=TICK_BOX)
    desk = Desk(quick(google, key))
    desk.sell(("M01", "Cat 1", 2))
    assert desk.rows(DISTRIBUTION, "row") == [3, 4, 5, 6]
    desk.do(allocation.allocate_auto())
    desk.undo()
    desk.undo()
    assert desk.rows(DISTRIBUTION, "row") == [3, 4]
    for row in range(5, 200):
        cell = server.cell(key, DISTRIBUTION, row, place)
        assert (cell.value or False, cell.validation) == (False, TICK_BOX)

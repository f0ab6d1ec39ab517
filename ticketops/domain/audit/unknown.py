"""Cells that say something nobody understands (D16): unknown, never blank. Their rows are kept out
of allocation, dispatch and unallocation until somebody corrects them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.ticket.identity import sale_of, sale_of_each
from ticketops.errors import RuleError
from ticketops.model import categories, spelling
from ticketops.model.findings import Finding, Severity
from ticketops.schema.columns import ERRORS, Column
from ticketops.schema.layouts.event import DISTRIBUTION, HOLDS, PURCHASES, SALES, SCHEDULE, UNITS
from ticketops.schema.sheets import Sheet
from ticketops.schema.tables import Snapshot

UNKNOWN_VALUE = "UNKNOWN_VALUE"

_LOOKED_AT = {
    DISTRIBUTION: (
        "row_type",
        "match",
        "category",
        "alloc_from",
        "status",
        "unit_ids",
        "delivery",
        "dispatch_status",
    ),
    UNITS: ("unit_id", "match", "category", "status", "sales_id", "set_id"),
    SALES: ("match", "category", "status"),
    PURCHASES: ("match", "category"),
    HOLDS: ("unit_id",),
}
"""The cells that decide what may be done with a row."""
_NO_ERRORS = {
    DISTRIBUTION: ("sales_id", "company", "source_sale_id", "line_key"),
    UNITS: ("vendor", "contract", "purchase_id"),
    SALES: ("client", "contract", "number", "sales_id", "source_sale_id"),
    PURCHASES: ("vendor", "contract", "number", "purchase_id"),
    HOLDS: ("client",),
}
"""Further ones, which may hold anything but an error such as #REF!."""
FAILED = "a formula failed, or what it refers to is gone"
"""What is said of a cell that holds an error."""
_FIFA = r"^M[0-9]{2,3}$"


@dataclass(frozen=True, slots=True)
class Unknown:
    """One cell that is not understood. key: the SalesID or UnitID of its row, empty where it has
    none. near: what it may mean, where that is known."""

    sheet: str
    row: int
    column: str
    header: str
    text: str
    allowed: tuple[str, ...]
    key: str = ""
    near: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The cell in words, with what is understood."""
        near = " or ".join(self.near) or spelling.nearest(self.text, self.allowed)
        hint = f"did you mean {near}?" if near else f"write {_form(self)}"
        if self.text in ERRORS:
            hint = FAILED
        return f"{self.sheet} row {self.row}: {self.header} {self.text!r} is not understood; {hint}"

    def finding(self) -> Finding:
        return Finding(
            UNKNOWN_VALUE,
            Severity.HIGH,
            f"{self.said}; the row is skipped until the cell is corrected",
            self.sheet,
            self.row,
            self.key if self.key.startswith("S") else "",
            self.key if self.key.startswith("P") else "",
        )


def _form(cell: Unknown) -> str:
    if cell.allowed and len(cell.allowed) <= 12:
        return "one of " + ", ".join(cell.allowed)
    return {
        "unit_id": "P00001",
        "unit_ids": "P00001, P00002",
        "sales_id": "S147-1",
        "set_id": "PR0001-S01",
        "match": "M01",
    }.get(cell.column, "an entry from the list")


def unknown_cells(snapshot: Snapshot, sheets: Collection[str] = tuple(_LOOKED_AT)) -> list[Unknown]:
    """The cells of these sheets, of those that were read, that are not understood, in sheet
    order."""
    found: list[Unknown] = []
    catalogue = Catalogue.of(snapshot) if SCHEDULE in snapshot else Catalogue({}, {})
    games, bought = frozenset(catalogue.games), _own_categories(snapshot)
    for name in sheets:
        if name not in snapshot or name not in _LOOKED_AT:
            continue
        sheet = snapshot[name].sheet
        key = "sales_id" if name in (SALES, DISTRIBUTION) else "unit_id" if name == UNITS else ""
        frame = snapshot[name].frame
        if name == DISTRIBUTION:
            frame = frame.filter(
                pl.col("row_type").ne_missing("Purchases"), pl.col("sales_id").is_not_null()
            )
        elif key:
            frame = frame.filter(
                pl.col(key).is_not_null()
                | (pl.col("match").is_not_null() & pl.col("category").is_not_null())
            )
        of_sheet: list[Unknown] = []
        columns = [sheet.by_name[wanted] for wanted in _LOOKED_AT[name]]
        odd = {column.name: _odd(frame, column, games, bought) for column in columns}
        there_are = frame.select(cells.any().alias(wanted) for wanted, cells in odd.items())
        for column in columns:
            wanted = column.name
            if not there_are[wanted].item():
                continue
            allowed = column.choices or (
                (*categories.FIFA_CATEGORIES, *sorted(bought))
                if column.kind is spelling.Kind.CATEGORY
                else ()
            )
            names = ("row", wanted, key) if key and key != wanted else ("row", wanted)
            for row, text, *keys in frame.filter(odd[wanted]).select(names).iter_rows():
                near = (
                    allowed or tuple(sorted(games))
                    if wanted == "match"
                    else allowed or _suggested(wanted, text)
                )
                of_sheet.append(
                    Unknown(
                        name,
                        row,
                        wanted,
                        column.header,
                        text,
                        near,
                        (keys[0] if keys else text) or "",
                        tuple(catalogue.candidates(text))
                        if wanted == "match" and text not in ERRORS
                        else (),
                    )
                )
        of_sheet += _errors(snapshot, name, key)
        found += sorted(of_sheet, key=lambda cell: cell.row)
    return found


def _errors(snapshot: Snapshot, name: str, key: str) -> Iterator[Unknown]:
    """Cells that hold an error where any text or number would do."""
    table = snapshot[name]
    erring = [(m.row, m.column, m.text) for m in table.misfits if m.column in _NO_ERRORS[name]]
    for column in _coded(table.sheet):
        if column not in _LOOKED_AT[name]:
            shown = table.frame.filter(pl.col(column).is_in(list(ERRORS)))
            erring += [(row, column, text) for row, text in shown.select("row", column).iter_rows()]
    keys = dict(table.frame.select("row", key).iter_rows()) if key and erring else {}
    for row, column, text in erring:
        if text in ERRORS:
            header = table.sheet.by_name[column].header
            yield Unknown(name, row, column, header, text, (), keys.get(row) or "")


def _coded(sheet: Sheet) -> list[str]:
    """The columns in which an error is read as a word that is not understood."""
    return [
        name
        for name in (*_LOOKED_AT[sheet.name], *_NO_ERRORS[sheet.name])
        if sheet.by_name[name].spell
    ]


def unread(snapshot: Snapshot, sheet: str) -> dict[int, Unknown]:
    """{row of Sales or Purchases: the first cell of it that holds an error}: what such a row asks
    for is not known, so that what was made of it stays as it is (D17)."""
    table = snapshot[sheet]
    shown = pl.any_horizontal(pl.col(_coded(table.sheet)).is_in(list(ERRORS)))
    erring = any(m.text in ERRORS for m in table.misfits)
    if not erring and not table.frame.select(shown.any()).item():
        return {}
    cells = unknown_cells(snapshot.of((sheet,)), (sheet,))
    return by_row((cell for cell in cells if cell.text in ERRORS), sheet)


def _suggested(column: str, text: str) -> tuple[str, ...]:
    return (
        (", ".join(sorted(spelling.mentioned(text))),)
        if column == "unit_ids" and spelling.mentioned(text)
        else ()
    )


def _odd(
    frame: pl.DataFrame, column: Column, games: Collection[str], bought: Collection[str]
) -> pl.Expr:
    """Which cells of a column are not understood."""
    cells = pl.col(column.name)
    if column.choices:
        odd = ~cells.is_in(column.choices)
    elif column.kind in spelling.UNDERSTOOD:
        odd = ~cells.str.contains(spelling.UNDERSTOOD[column.kind])
    elif column.kind is spelling.Kind.MATCH:
        odd = cells.is_in(
            [
                code
                for code in frame[column.name].drop_nulls().unique()
                if not _is_match(code, games)
            ]
        )
    else:
        odd = pl.col("match").str.contains(_FIFA) & ~cells.is_in(
            [*categories.FIFA_CATEGORIES, *bought]
        )
    return (odd | cells.is_in(list(ERRORS))) & cells.is_not_null()


def _is_match(code: str, games: Collection[str]) -> bool:
    """Whether a code names a match: where there is a schedule, one of it (D23), else any that may
    be a code."""
    return code in games if games else not spelling.is_no_match(code)


def _own_categories(snapshot: Snapshot) -> frozenset[str]:
    """Categories beyond the scheme that the office buys under, in no spelling of the scheme: they
    are its own."""
    sheet = next((name for name in (PURCHASES, UNITS) if name in snapshot), None)
    used = snapshot[sheet].frame["category"].drop_nulls().unique() if sheet else ()
    return frozenset(
        category
        for category in used
        if category not in categories.FIFA_CATEGORIES and not spelling.is_slip(category)
    )


def findings(cells: Iterable[Unknown]) -> list[Finding]:
    """One finding a cell."""
    return [cell.finding() for cell in cells]


def digits_lost(snapshot: Snapshot, sheets: Iterable[str]) -> list[Finding]:
    """Codes that stand in number cells and are longer than 15 digits."""
    return [
        Finding(
            "DIGITS_LOST",
            Severity.HIGH,
            f"{name} row {row}: {snapshot[name].sheet.by_name[column].header} is a number of more than 15 digits; "
            "those past the 15th are lost: type it again as text",
            name,
            row,
        )
        for name in sheets
        if name in snapshot
        for row, column in snapshot[name].rounded
    ]


def by_row(cells: Iterable[Unknown], sheet: str) -> dict[int, Unknown]:
    """{row: the first unknown cell of it} of one sheet."""
    found: dict[int, Unknown] = {}
    for cell in cells:
        if cell.sheet == sheet:
            found.setdefault(cell.row, cell)
    return found


def unknown_tickets(snapshot: Snapshot, cells: Iterable[Unknown]) -> dict[int, Unknown]:
    """{row of Distribution: why nothing is done with it}: its own cells, and those of its sale."""
    found = by_row(cells, DISTRIBUTION)
    sales = {cell.key: cell for cell in by_row(cells, SALES).values() if cell.key}
    if sales:
        frame = snapshot[DISTRIBUTION].frame.filter(
            sale_of_each(pl.col("sales_id")).is_in(list(sales))
        )
        for row, sales_id in frame.select("row", "sales_id").iter_rows():
            found.setdefault(row, sales[sale_of(sales_id)])
    return found


def require_understood(
    snapshot: Snapshot, rows: Iterable[int], unit_ids: Collection[str] = ()
) -> None:
    """Raises RuleError where a ticket of Distribution, or a unit of it, is in a row with an unknown
    cell."""
    cells = unknown_cells(snapshot, (DISTRIBUTION, SALES, UNITS))
    if not cells:
        return
    tickets = unknown_tickets(snapshot, cells)
    wrong: Iterator[Unknown] = (tickets[row] for row in rows if row in tickets)
    cell = next(wrong, None) or next(
        (one for one in by_row(cells, UNITS).values() if one.key in unit_ids), None
    )
    if cell is not None:
        raise RuleError(cell.said, "correct the cell, then run the command again")

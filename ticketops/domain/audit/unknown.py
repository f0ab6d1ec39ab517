"""Cells that say something nobody understands (D16): unknown, never blank. Their rows are kept out
of allocation, dispatch and unallocation until somebody corrects them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import polars as pl
from msgspec import Struct

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.schemes import Schemes
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.ticket.identity import is_sold, sale_of, sale_of_each
from ticketops.errors import RuleError
from ticketops.model import categories, spelling, states
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
        "sub_game",
        "category",
        "alloc_from",
        "status",
        "unit_ids",
        "delivery",
        "dispatch_status",
    ),
    UNITS: ("unit_id", "match", "sub_game", "category", "status", "sales_id", "set_id"),
    SALES: ("match", "sub_game", "category", "status"),
    PURCHASES: ("match", "sub_game", "category"),
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


class Unknown(Struct, frozen=True):
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
        if self.text in self.allowed:
            other = " or ".join(one for one in self.allowed if one != self.text)
            return f"{self.sheet} row {self.row}: {self.header} is {self.text!r}, but its ID or SalesLineKey is that of a sold ticket; write {other}"
        if not self.text:
            return f"{self.sheet} row {self.row}: {self.header} is blank, but the match has several; write {_form(self)}"
        allowed = self.allowed
        if self.column == "category":  # what differs in a digit is something else (D23)
            allowed = tuple(spelling.of_same_digits(self.text, allowed))
        near = " or ".join(self.near) or spelling.nearest(self.text, allowed)
        if self.column in ("unit_ids", "unit_id"):
            near = " or ".join(self.allowed)
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
        "unit_id": f"the UnitID, P and its number; {UNITS} has them all"
        if cell.sheet != UNITS
        else "the UnitID that it had, P and its number",
        "unit_ids": f"UnitIDs of {UNITS}, with commas between",
        "sales_id": "S147-1",
        "set_id": "PR0001-S01",
        "match": "M01",
    }.get(cell.column, "an entry from the list")


def unknown_cells(snapshot: Snapshot, sheets: Collection[str] = tuple(_LOOKED_AT)) -> list[Unknown]:
    """The cells of these sheets, of those that were read, that are not understood, in sheet
    order."""
    found: list[Unknown] = []
    meant: dict[str, tuple[str, ...]] = {}
    catalogue = Catalogue.of(snapshot) if SCHEDULE in snapshot else Catalogue({}, {})
    games = frozenset(catalogue.games)
    sub_games = SubGames.of(snapshot)
    kept = Categories(Schemes.of(snapshot), _own_categories(snapshot))
    for name in sheets:
        if name not in snapshot or name not in _LOOKED_AT:
            continue
        sheet = snapshot[name].sheet
        key = "sales_id" if name in (SALES, DISTRIBUTION) else "unit_id" if name == UNITS else ""
        frame = snapshot[name].frame
        if name == DISTRIBUTION:
            frame = frame.filter(is_sold())
        elif key:
            frame = frame.filter(
                pl.col(key).is_not_null()
                | (pl.col("match").is_not_null() & pl.col("category").is_not_null())
            )
        of_sheet: list[Unknown] = []
        columns = [
            sheet.by_name[wanted]
            for wanted in _LOOKED_AT[name]
            if wanted != "sub_game" or sub_games.names
        ]
        odd = {column.name: _odd(frame, column, games, kept, sub_games) for column in columns}
        there_are = frame.select(cells.any().alias(wanted) for wanted, cells in odd.items())
        for column in columns:
            wanted = column.name
            if not there_are[wanted].item():
                continue
            units: Collection[str] = ()
            if wanted in ("unit_ids", "unit_id") and name != UNITS and UNITS in snapshot:
                units = frozenset(snapshot[UNITS].frame["unit_id"].drop_nulls())
            where = ("match", "sub_game") if "match" in frame.columns else (wanted, wanted)
            names = [pl.col(one).alias(f"of_{i}") for i, one in enumerate(where)]
            names += [pl.col("row"), pl.col(wanted)]
            names += [pl.col(key)] if key and key != wanted else []
            found_odd = frame.filter(odd[wanted]).select(names)
            for match, sub_game, row, text, *keys in found_odd.iter_rows():
                allowed = column.choices
                if column.kind is spelling.Kind.CATEGORY:
                    allowed = kept.allowed(match or "", sub_game)
                elif wanted == "sub_game":
                    allowed = tuple(sub_games.names.get(match, ()))
                if wanted == "match" and text not in meant:
                    meant[text] = () if text in ERRORS else tuple(catalogue.candidates(text))
                near = (
                    allowed or tuple(sorted(games))
                    if wanted == "match"
                    else allowed or _suggested(wanted, text, units)
                )
                of_sheet.append(
                    Unknown(
                        name,
                        row,
                        wanted,
                        column.header,
                        text or "",
                        near,
                        (keys[0] if keys else text) or "",
                        meant[text] if wanted == "match" else (),
                    )
                )
        of_sheet += _errors(snapshot, name, key)
        found += sorted(of_sheet, key=lambda cell: cell.row)
    return found


def _errors(snapshot: Snapshot, name: str, key: str) -> Iterator[Unknown]:
    """Cells that hold an error where any text or number would do."""
    table = snapshot[name]
    erring = [(m.row, m.column, m.text) for m in table.misfits if m.column in _NO_ERRORS[name]]
    others = [column for column in _coded(table.sheet) if column not in _LOOKED_AT[name]]
    perhaps = table.frame.select(pl.col(others).str.starts_with("#").any())
    for column in others:
        if perhaps[column].item():
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
    """{row of Sales or Purchases: the first cell of it that is not understood}: what such a row asks
    for is not known, so that nothing is made of it, and what was made of it stays as it is (D16,
    D17)."""
    return by_row(unknown_cells(snapshot, (sheet,)), sheet)


def require_read(snapshot: Snapshot, sheet: str, row: int | None) -> None:
    """Raises RuleError where a row of Sales or Purchases has a cell that is not understood."""
    cell = unread(snapshot, sheet).get(row or 0)
    if cell is not None:
        raise RuleError(cell.said, "correct the cell, then run the command again")


def _suggested(column: str, text: str, units: Collection[str]) -> tuple[str, ...]:
    """The UnitIDs of the workbook that a cell may mean: a bare number, a letter for a digit."""
    if column not in ("unit_ids", "unit_id"):
        return ()
    bare = re.fullmatch(r"\s*(\d{1,7})\s*", text, re.ASCII)
    meant = {f"P{int(bare[1]):05d}"} if bare else set()
    for spoken in (text, text[:1] + text[1:].translate(spelling.LIKE_DIGITS)):
        meant |= spelling.mentioned(spoken)
    there = sorted(meant & set(units))
    return (", ".join(there),) if there else ()


def _odd(
    frame: pl.DataFrame,
    column: Column,
    games: Collection[str],
    kept: Categories,
    sub_games: SubGames,
) -> pl.Expr:
    """Which cells of a column are not understood: all that hold an error are among them."""
    cells = pl.col(column.name)
    if column.name == "sub_game":
        return sub_games.unknown()
    if column.choices:
        odd = ~cells.is_in(column.choices)
        if column.name == "row_type":  # of a sold ticket
            odd |= cells != states.SOLD_ROW
    elif column.kind in spelling.UNDERSTOOD:
        odd = ~cells.str.contains(spelling.UNDERSTOOD[column.kind])
    elif column.kind is spelling.Kind.MATCH:
        odd = cells.is_in(
            [
                code
                for code in frame[column.name].drop_nulls().unique()
                if code in ERRORS or not _is_match(code, games)
            ]
        )
    else:
        odd = cells.is_in(list(ERRORS)) | kept.odd(frame, cells)
    return odd & cells.is_not_null()


def _is_match(code: str, games: Collection[str]) -> bool:
    """Whether a code names a match: where there is a schedule, one of it (D23), else any that may
    be a code."""
    return code in games if games else not spelling.is_no_match(code)


class Categories(Struct, frozen=True):
    """Which categories the rows of a match may have. bought: those that the office buys under
    beyond the schemes."""

    schemes: Schemes
    bought: frozenset[str]

    def allowed(self, match: str, sub_game: str | None) -> tuple[str, ...]:
        """Those of a match or sub-game."""
        own = self.schemes.own(match, sub_game)
        return (*self.schemes.all_of(match), *sorted(self.bought)) if own is None else tuple(own)

    def odd(self, frame: pl.DataFrame, cells: pl.Expr) -> pl.Expr:
        """Which of these cells are none of those that their match has. What stands together is looked
        at once each: a thousand sessions may each have categories of their own."""
        named = "sub_game" in frame.columns
        sub_game = pl.col("sub_game").fill_null("") if named else pl.lit("")
        parts = (pl.col("match"), sub_game, cells)
        together = frame.select(
            part.alias(f"of_{place}") for place, part in enumerate(parts)
        ).unique()
        wrong = [
            spelling.SEAM.join((match, code, category))
            for match, code, category in together.drop_nulls().iter_rows()
            if not self._has(match, code, category)
        ]
        if not wrong:
            return pl.lit(False)
        return pl.concat_str(parts, separator=spelling.SEAM).is_in(wrong)

    def _has(self, match: str, sub_game: str, category: str) -> bool:
        """Whether a match has a category; one of no scheme, without categories of its own, has any."""
        own = self.schemes.own(match, sub_game or None)
        if own is not None:
            return category in own
        scheme = self.schemes.all_of(match)
        return not scheme or category in scheme or category in self.bought


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


def row_types(snapshot: Snapshot) -> list[Finding]:
    """The sold tickets whose Purchases/Sales is not understood, or says that they are none."""
    if DISTRIBUTION not in snapshot:
        return []
    frame = snapshot[DISTRIBUTION].frame
    if frame["row_type"].fill_null(states.SOLD_ROW).eq(states.SOLD_ROW).all():
        return []
    cells = unknown_cells(snapshot.of((DISTRIBUTION,)), (DISTRIBUTION,))
    return [cell.finding() for cell in cells if cell.column == "row_type"]


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

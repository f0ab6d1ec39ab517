"""Events that are odd in many ways: a sample, and changes to it as people and programs make them."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ticketops.schema.columns import ErrorValue
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, SALES, UNITS
from ticketops.stores.content import Content

Rows = list[list[Any]]


class Sheet:
    """The rows of a sheet by their headers."""

    def __init__(self, content: Content, title: str) -> None:
        layout = content.layout[title]
        self.rows: Rows = [list(row) for row in content.sheets[title]]
        content.sheets[title] = self.rows  # type: ignore[index]
        self.first = layout.header_row
        self.header = self.rows[self.first - 1]

    def place(self, header: str) -> int:
        """The place of a header; a new one is put at the end."""
        if header not in self.header:
            self.header.append(header)
        return self.header.index(header)

    def filled(self, header: str) -> list[int]:
        """The rows in which something stands there."""
        at = self.place(header)
        return [
            nth
            for nth in range(self.first, len(self.rows))
            if at < len(self.rows[nth]) and self.rows[nth][at] not in (None, "")
        ]

    def get(self, row: int, header: str) -> Any:
        at = self.place(header)
        return self.rows[row][at] if at < len(self.rows[row]) else None

    def set(self, row: int, header: str, value: Any) -> None:
        at, cells = self.place(header), self.rows[row]
        cells.extend([None] * (at + 1 - len(cells)))
        cells[at] = value


def _some(sheet: Sheet, header: str, chance: random.Random, most: int = 6) -> list[int]:
    rows = sheet.filled(header)
    return chance.sample(rows, min(len(rows), chance.randint(1, most)))


def _cells(title: str, key: str, header: str, *values: Any) -> Callable[..., None]:
    """Some rows get one of these values there."""

    def change(content: Content, chance: random.Random) -> None:
        sheet = Sheet(content, title)
        for row in _some(sheet, key, chance):
            sheet.set(row, header, chance.choice(values))

    return change


def _twice(title: str, key: str) -> Callable[..., None]:
    def change(content: Content, chance: random.Random) -> None:
        sheet = Sheet(content, title)
        for row in _some(sheet, key, chance, 2):
            sheet.rows.append(list(sheet.rows[row]))

    return change


def _several_units(content: Content, chance: random.Random) -> None:
    """Tickets that list several units, also those of others."""
    sheet, units = Sheet(content, DISTRIBUTION), Sheet(content, UNITS)
    known = [units.get(row, "UnitID") for row in units.filled("UnitID")]
    for row in _some(sheet, "ID", chance):
        sheet.set(row, "AllocatedUnitIDs", ", ".join(chance.sample(known, chance.randint(1, 3))))


def _totals(content: Content, _chance: random.Random) -> None:
    sheet = Sheet(content, SALES)
    sheet.rows.append([])
    sheet.rows.append([None] * len(sheet.header))
    sheet.set(len(sheet.rows) - 1, "Client", "Total")
    sheet.set(len(sheet.rows) - 1, "Total", 99999.5)


def _own_columns(content: Content, chance: random.Random) -> None:
    for title in (DISTRIBUTION, SALES):
        sheet = Sheet(content, title)
        for row in range(sheet.first, len(sheet.rows), 3):
            sheet.set(row, "Our remarks", chance.choice(["x", 12, True, datetime(2026, 6, 1)]))
        sheet.rows[sheet.first - 1].append("Status?")


def _beside(title: str, header: list[str], rows: Rows) -> Callable[..., None]:
    """A sheet of ours that the sample lacks. {sale}, {purchase}: one of the sample's."""

    def change(content: Content, chance: random.Random) -> None:
        sales, bought = Sheet(content, SALES), Sheet(content, PURCHASES)

        def filled(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            sale = sales.get(_some(sales, "SalesID", chance, 1)[0], "SalesID")
            one = bought.get(_some(bought, "PurchaseID", chance, 1)[0], "PurchaseID")
            return value.format(sale=sale, purchase=one)

        whole = [column.header for column in content.layout[title].columns]
        content.sheets[title] = [  # type: ignore[index]
            [*header, *(one for one in whole if one not in header)],
            *([filled(v) for v in row] for row in rows),
        ]

    return change


PLAIN: dict[str, Callable[..., None]] = {
    "states in other spellings": _cells(
        DISTRIBUTION, "ID", "Status", "Cancelled", " CANCELLED", "cancelled", "CANCELLED"
    ),
    "deliveries": _cells(
        DISTRIBUTION, "ID", "Delivery", "SENT", "sent", "ACCEPTED", "ISSUE", "Uploaded", None
    ),
    "euros": _cells(SALES, "SalesID", "Currency", "EUR", "eur", None),
    "unknown currencies": _cells(SALES, "SalesID", "Currency", "GBP", "EURO", "$"),
    "purchases in euros": _cells(PURCHASES, "PurchaseID", "Currency", "EUR", " EUR ", None),
    "rates": _cells(PURCHASES, "PurchaseID", "FxRate", 1.1, 0.875, 1),
    "prices": _cells(SALES, "SalesID", "Price", 0.005, 1234.565, None, 7),
    "costs": _cells(PURCHASES, "PurchaseID", "Price", 0.01, 333.333, None),
    "totals": _cells(PURCHASES, "PurchaseID", "Total", 100.01, 0, None),
    "numbers": _cells(PURCHASES, "PurchaseID", "Number", 1, 7, None),
    "ended sales": _cells(SALES, "SalesID", "Status", "CANCELLED", "Rejected"),
    "units": _cells(UNITS, "UnitID", "Status", "CANCELLED", "available", "SOLD", None),
    "several units": _several_units,
    "fees": _beside(
        "_FEES",
        ["FeeID", "Kind", "For", "Amount", "Currency", "Status"],
        [
            ["F0001", "PLATFORM", "{sale}", 12.5, "USD", "RECORDED"],
            ["F0002", "DELIVERY", "{purchase}", 10, "EUR", None],
            ["F0003", "OTHER", "{purchase}", 99.99, None, "VOID"],
            ["F0004", "OTHER", "{purchase}", 0.1, None, None],
            ["F0005", "OTHER", "what is this", 3, None, None],
        ],
    ),
    "refunds": _beside(
        "_REFUNDS",
        ["SalesID", "Amount", "Decision", "DecidedAmount"],
        [
            ["{sale}-1", 100, "REFUND", 60],
            ["{sale}", 50.5, "CREDIT", 50.5],
            ["{sale}-2", 80, "NO_REFUND", None],
            ["{sale}", 80, None, None],
            ["S999999", 80, "NO_REFUND", None],
        ],
    ),
    "own columns": _own_columns,
}
"""What a query can count."""
ODD: dict[str, Callable[..., None]] = {
    "unknown states": _cells(DISTRIBUTION, "ID", "Status", "Cancelled?", "gone", "#REF!"),
    "unknown deliveries": _cells(DISTRIBUTION, "ID", "Delivery", "maybe", 12),
    "unknown matches": _cells(DISTRIBUTION, "ID", "M-No.", "M999", "Final", 7),
    "unknown categories": _cells(DISTRIBUTION, "ID", "Category", "Cat 9", "Cat1 ", 1),
    "unknown units": _cells(
        DISTRIBUTION, "ID", "AllocatedUnitIDs", "P1", "p00002", "some", "P00001;P00002"
    ),
    "odd units": _cells(UNITS, "UnitID", "UnitID", "p1", "P 00003", 12, "x"),
    "odd kinds of rows": _cells(DISTRIBUTION, "ID", "Purchases/Sales", "Purchases", "?", None),
    "odd IDs": _cells(DISTRIBUTION, "ID", "ID", "s1-1", "S0001-2", "x", None, 5),
    "odd sales": _cells(SALES, "SalesID", "SalesID", "s1", None, "S2 "),
    "sales that are not expanded": _cells(SALES, "SalesID", "SourceSaleID", None, " "),
    "texts for numbers": _cells(SALES, "SalesID", "Price", "120.50", "1.350", "free", "1,5"),
    "texts for quantities": _cells(PURCHASES, "PurchaseID", "Number", "4", "four", 2.5),
    "errors": _cells(SALES, "SalesID", "Total", ErrorValue("#REF!"), ErrorValue("#N/A")),
    "odd codes": _cells(PURCHASES, "PurchaseID", "Currency", 12, True),
    "tickets twice": _twice(DISTRIBUTION, "ID"),
    "units twice": _twice(UNITS, "UnitID"),
    "sales twice": _twice(SALES, "SalesID"),
    "purchases twice": _twice(PURCHASES, "PurchaseID"),
    "totals below": _totals,
}
"""What makes a query count wrongly, so that the event is read whole."""


def odd_event(of: Content, seed: int, *, odd: bool) -> Content:
    """A copy of a workbook with some of these changes, the same for a seed."""
    chance = random.Random(seed)
    made = Content(
        of.layout,
        {title: copy.deepcopy([list(row) for row in rows]) for title, rows in of.sheets.items()},
    )
    known = PLAIN | ODD if odd else PLAIN
    for name in chance.sample(sorted(known), chance.randint(2, 5)):
        known[name](made, chance)
    return made

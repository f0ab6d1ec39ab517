"""What `add` would refuse in rows that were typed into the sheet (D16)."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from ticketops.domain.audit.unknown import FAILED, digits_lost, unknown_cells
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.quantity import MAX_QUANTITY
from ticketops.schema.columns import ERRORS, why_not
from ticketops.schema.layouts.event import SALES
from ticketops.schema.tables import Snapshot, Table

WRONG_TYPE = "WRONG_TYPE"
_MOST = 20
"""Rows of one column that findings name; what is beyond is counted in one more."""


def refused_by_add(snapshot: Snapshot, sheet: str, needed: Collection[str]) -> list[Finding]:
    """What `add` would refuse in rows that were typed: cells that are not understood, blank ones
    that are needed, and what does not fit its column; and codes whose digits are lost. `sheet` is
    Purchases or Sales; rows that ask for no ticket are left out."""
    table = snapshot[sheet]
    key = "sales_id" if sheet == SALES else "purchase_id"
    ended = (
        pl.col("status").is_in([states.CANCELLED, states.REJECTED])
        if sheet == SALES
        else pl.lit(False)
    )
    complete = table.frame.filter(
        pl.col("match").is_not_null(), pl.col("category").is_not_null(), ~ended.fill_null(False)
    )
    unknown = unknown_cells(snapshot, (sheet,))
    told = {(cell.row, cell.column) for cell in unknown}
    unfit = {(misfit.row, misfit.column) for misfit in table.misfits}
    asking = set(
        table.frame.filter(pl.col("match").is_not_null() | pl.col("category").is_not_null())["row"]
    )
    found = [cell.finding() for cell in unknown if cell.row in asking]
    for name in needed:
        header = table.sheet.by_name[name].header
        blank = complete.filter(pl.col(name).is_null())
        rows = [
            one
            for one in blank.select("row", key).iter_rows()
            if (one[0], name) not in told | unfit
        ]
        found += [
            _of_row("MISSING_VALUE", sheet, row, f"{header} is blank", of)
            for row, of in rows[:_MOST]
        ]
        if len(rows) > _MOST:
            more = f"{counted(len(rows) - _MOST, 'more row')} whose {header} is blank"
            found.append(Finding("MISSING_VALUE", Severity.MEDIUM, more, sheet))
    for row, of, number, price in complete.select("row", key, "number", "price").iter_rows():
        if number == 0:
            message = f"Number is 0: write 1 to {MAX_QUANTITY:,}, or cancel or delete the row"
            found.append(_of_row("BAD_QUANTITY", sheet, row, message, of))
        if price is not None and price < 0:
            message = f"Price is {price:,.2f}: write 0 or more"
            found.append(_of_row("BAD_PRICE", sheet, row, message, of))
    found += not_fitting(table, told | {(misfit.row, "number") for misfit in table.misfits})
    found += digits_lost(snapshot, (sheet,))
    return sorted(found, key=lambda finding: finding.row or 0)


def _of_row(code: str, sheet: str, row: int, what: str, key: str | None) -> Finding:
    """A finding about a row; key: its SalesID, where it is one of Sales."""
    sales_id = key if sheet == SALES and key else ""
    return Finding(code, Severity.MEDIUM, f"{sheet} row {row}: {what}", sheet, row, sales_id)


def not_fitting(table: Table, told: Collection[tuple[int, str]] = ()) -> list[Finding]:
    """One finding for each cell that does not fit its column; told: (row, column) of those that were
    told already."""
    found = []
    for misfit in table.misfits:
        if (misfit.row, misfit.column) in told:
            continue
        column = table.sheet.by_name[misfit.column]
        why = why_not(column, misfit.text)
        if misfit.text in ERRORS:
            why = f"{misfit.text!r} is not understood; {FAILED}"
        what = f"{column.header} {why}"
        found.append(_of_row(WRONG_TYPE, table.sheet.name, misfit.row, what, None))
    return found

"""What `add` would refuse in rows that were typed into the sheet (D16)."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from ticketops.domain.audit.unknown import FAILED, digits_lost, unknown_cells
from ticketops.model.findings import Finding, Severity
from ticketops.schema.columns import ERRORS, why_not
from ticketops.schema.layouts.event import SALES
from ticketops.schema.tables import Snapshot


def refused_by_add(snapshot: Snapshot, sheet: str, needed: Collection[str]) -> list[Finding]:
    """What `add` would refuse in rows that were typed: cells that are not understood, blank ones
    that are needed, and what does not fit its column; and codes whose digits are lost. `sheet` is
    Purchases or Sales; rows that ask for no ticket are left out."""
    table = snapshot[sheet]
    key = "sales_id" if sheet == SALES else ""
    unknown = unknown_cells(snapshot, (sheet,))
    told = {(cell.row, cell.column) for cell in unknown}
    asking = set(
        table.frame.filter(pl.col("match").is_not_null() | pl.col("category").is_not_null())["row"]
    )
    found = [cell.finding() for cell in unknown if cell.row in asking]
    for name in needed:
        header = table.sheet.by_name[name].header
        blank = table.frame.filter(
            pl.col(name).is_null(), pl.col("match").is_not_null(), pl.col("category").is_not_null()
        )
        for row, *keys in blank.select(("row", key) if key else ("row",)).iter_rows():
            if (row, name) in told:
                continue
            found.append(
                Finding(
                    "MISSING_VALUE",
                    Severity.MEDIUM,
                    f"{sheet} row {row}: {header} is blank",
                    sheet,
                    row,
                    (keys[0] if keys else "") or "",
                )
            )
    for misfit in table.misfits:
        if misfit.column != "number" and (misfit.row, misfit.column) not in told:
            column = table.sheet.by_name[misfit.column]
            why = why_not(column, misfit.text)
            if misfit.text in ERRORS:
                why = f"{misfit.text!r} is not understood; {FAILED}"
            found.append(
                Finding(
                    "WRONG_TYPE",
                    Severity.MEDIUM,
                    f"{sheet} row {misfit.row}: {column.header} {why}",
                    sheet,
                    misfit.row,
                )
            )
    found += digits_lost(snapshot, (sheet,))
    return sorted(found, key=lambda finding: finding.row or 0)

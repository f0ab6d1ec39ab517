"""A sheet whole: its records as a table, without what nobody may see."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ticketops.schema.tables import Misfit, Table


@dataclass(frozen=True)
class Records:
    """The records of a sheet. frame: the sheet row, and every declared column that is no secret, by
    its name. unreadable: cells that are not what their column holds; null stands in their place."""

    sheet: str
    frame: pl.DataFrame
    unreadable: tuple[Misfit, ...]


def records(table: Table) -> Records:
    """The records of a table, in sheet order."""
    secret = [column.name for column in table.sheet.columns if column.secret]
    told = tuple(misfit for misfit in table.misfits if misfit.column not in secret)
    return Records(table.sheet.name, table.frame.drop(secret), told)

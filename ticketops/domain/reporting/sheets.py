"""A sheet whole: its records as a table, without what nobody may see."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ticketops.schema.tables import Misfit, Table


@dataclass(frozen=True)
class Records:
    """The records of a sheet. frame: the sheet row, and every declared column that is no secret, by
    its name. headers: {name: header} of these columns. unreadable: cells that are not what their
    column holds; null stands in their place."""

    sheet: str
    frame: pl.DataFrame
    headers: dict[str, str]
    unreadable: tuple[Misfit, ...]


def records(table: Table) -> Records:
    """The records of a table, in sheet order."""
    headers = {column.name: column.header for column in table.sheet.columns if not column.secret}
    told = tuple(misfit for misfit in table.misfits if misfit.column in headers)
    return Records(table.sheet.name, table.frame.select("row", *headers), headers, told)

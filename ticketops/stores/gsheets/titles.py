"""Which sheet of a spreadsheet is which, where its title is not its name: by the headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketops.schema.sheets import Sheet
from ticketops.schema.sheets_api import quoted
from ticketops.schema.tables import locate
from ticketops.stores.gsheets.connection import Connection

_HEADS = "1:3"
"""The rows among which a header is that a sheet is found by."""


class Headers:
    """Whether sheets have the headers that they are found by. read: the rows of sheets that were
    read already; others: titles of which the first rows are asked for, at once, when one of them
    matters."""

    def __init__(
        self,
        connection: Connection,
        read: Mapping[str, Sequence[Sequence[Any]]],
        others: Sequence[str],
    ) -> None:
        self._connection, self._read, self._others = connection, read, others
        self._heads: dict[str, Any] = {}

    def fit(self, sheet: Sheet) -> bool:
        """Whether the sheet of that title has the headers."""
        if sheet.name not in self._read and not self._heads and self._others:
            values = self._connection.values([quoted(title, _HEADS) for title in self._others])
            self._heads = dict(zip(self._others, values, strict=True))
        rows = (self._read.get(sheet.name) or self._heads.get(sheet.name, []))[: sheet.header_row]
        return (
            len(rows) == sheet.header_row and set(sheet.found_by) <= locate(sheet, rows[-1]).keys()
        )

"""Lists of trade of others to import: made up, no two alike, each with what it says by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.desk import CopiedDesk
from ticketops.config import Settings
from ticketops.domain.intake.imported import Imported, Options
from ticketops.schema.foreign import Cells, ForeignTable, table_of
from ticketops.schema.layouts.event import PURCHASES, UNITS
from ticketops.services import imports, schedule
from ticketops.stores.foreign.texts import csv_cells

MATCHES = {
    "M01": ("Mexico", "South Africa", "2026-06-11"),
    "M02": ("South Korea", "Denmark", "2026-06-12"),
    "M12": ("Spain", "Italy", "2026-06-15"),
}


def table(text: str, label: str = "list.csv") -> ForeignTable:
    """A CSV text as a file of others is read."""
    rows, numbers, _ = csv_cells(text, label)
    return table_of(label, Cells("", (), rows, numbers))


def cells(headers: Sequence[str], *rows: Sequence[Any], label: str = "list.xlsx") -> ForeignTable:
    """A sheet with typed cells."""
    return table_of(
        label, Cells("", (), [list(headers), *map(list, rows)], list(range(1, len(rows) + 2)))
    )


class FileDesk(CopiedDesk):
    """A desk at which lists of trade arrive."""

    def __init__(
        self, like: FileDesk | None = None, matches: Mapping[str, tuple[str, str, str]] = MATCHES
    ) -> None:
        super().__init__(like)
        for code, (home, away, day) in ({} if like else matches).items():
            said = schedule.given({"date": day, "home": home, "away": away}, "")
            self.do(schedule.schedule_add(code, said, Settings(), new=False))

    def take(self, what: str | ForeignTable, **options: Any) -> Imported:
        """`import purchases`."""
        found: Imported = self.plan(what, **options).result
        return found

    def plan(self, what: str | ForeignTable, **options: Any) -> Any:
        """The same, whole."""
        read = table(what) if isinstance(what, str) else what
        return self.do(imports.import_purchases(read, Options(**options)))

    def sell_file(self, what: str | ForeignTable, **options: Any) -> Imported:
        """`import sales`."""
        read = table(what) if isinstance(what, str) else what
        found: Imported = self.do(imports.import_sales(read, Options(**options))).result
        return found

    def guests(self, what: str | ForeignTable, **options: Any) -> Any:
        """`import guests`, whole."""
        read = table(what) if isinstance(what, str) else what
        return self.do(imports.import_guests(read, Options(**options)))

    def seat_file(self, what: str | ForeignTable, **options: Any) -> Any:
        """`import seats`, whole."""
        read = table(what) if isinstance(what, str) else what
        return self.do(imports.import_seats(read, Options(**options)))

    def bought(self) -> list[tuple[Any, ...]]:
        """Match, category, vendor, number, price and currency of every purchase."""
        return self.rows(PURCHASES, "match", "category", "vendor", "number", "price", "currency")

    def seats(self) -> list[tuple[Any, ...]]:
        """Match, block, row and seat of every unit."""
        return self.rows(UNITS, "match", "block", "seat_row", "seat")

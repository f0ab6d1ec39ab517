"""What of a file the person who imports it may not have seen: rows and columns that its program hides,
and other sheets."""

from __future__ import annotations

from ticketops.domain.intake.headers import Columns
from ticketops.model.findings import Finding, Severity
from ticketops.schema.foreign import ForeignTable

_MOST = 12
"""So many are named."""


def hidden(columns: Columns, table: ForeignTable) -> list[Finding]:
    """What is read though the program that made the file doesn't show it: filtered rows above all."""
    found = []
    if table.hidden:
        named = ", ".join(map(str, table.hidden[:_MOST])) + " …" * (len(table.hidden) > _MOST)
        what = "line" if len(table.hidden) == 1 else f"{len(table.hidden):,} lines"
        message = (
            f"{what} hidden in the sheet (by a filter or by hand), read like the others: {named}"
        )
        found.append(Finding("LINES_HIDDEN", Severity.MEDIUM, message))
    unseen = [name for name, at in columns.places.items() if at in table.hidden_columns]
    if unseen:
        named = ", ".join(f"{columns.header(table, name)!r} as {name}" for name in unseen)
        message = f"columns hidden in the sheet, read like the others: {named}"
        found.append(Finding("COLUMNS_HIDDEN", Severity.LOW, message))
    return found


def other_sheets(table: ForeignTable) -> list[Finding]:
    """That there are more sheets than the one that is read; nobody said which it should be."""
    others = [title for title in table.sheets if title != table.sheet]
    if not others:
        return []
    named = ", ".join(others[:_MOST]) + " …" * (len(others) > _MOST)
    message = f"only {table.sheet!r} is read; --sheet reads another: {named}"
    return [Finding("SHEETS_NOT_READ", Severity.INFO, message)]

"""What a sheet is declared as: its name, header row, columns, key, and what may be done to it
(§16b)."""

from __future__ import annotations

from enum import Enum
from functools import cached_property

from msgspec import Struct

from ticketops.schema.columns import Column


class SheetKind(Enum):
    """What may be done to a sheet."""

    LEDGER = "ledger"
    """Rows are edited, appended, deleted."""
    LOG = "log"
    """Append-only: a ChangeSet that edits or deletes here is refused."""
    QUEUE = "queue"
    """Rebuilt, keeping what people typed."""
    REPORT = "report"
    """Replaced whole."""
    REFERENCE = "reference"
    """Edited by people, read by commands."""


class Trail(Struct, frozen=True):
    """How an append-only sheet says that what a row tells was taken back (D19). reason: the column that
    names what was undone; copied: those that say whom it concerns, as in the row itself."""

    reason: str
    copied: tuple[str, ...]


class Outbox(Struct, frozen=True):
    """How a sheet of what is yet to be done says that the cause of it was taken back (D25). state: the
    column that says how far a row is; open: what may still be called off; off: what it says then.
    named: the columns that name the row and whom it is for."""

    state: str
    open: frozenset[str]
    off: str
    named: tuple[str, str]


class Sheet(Struct, frozen=True, dict=True):
    """One sheet. `header_row` 0 marks a free layout without a header of columns (a dashboard).

    key: the column that says which record a row holds; record: those that say it together, where no
    single one does (D15). witness: columns that stay with a record for good, so that a key that was
    given to another one is noticed. trail, outbox: set on an *append-only* sheet (D19, D25). found_by: the columns by
    whose headers the sheet is known, where a workbook may have it under another title than its
    name. hidden: whether it is made hidden; one that stands there stays as it is. dates: dmy or mdy,
    for texts that can be read two ways.
    """

    name: str
    kind: SheetKind
    columns: tuple[Column, ...] = ()
    key: str = ""
    header_row: int = 1
    extension: bool = False
    record: tuple[str, ...] = ()
    witness: tuple[str, ...] = ()
    trail: Trail | None = None
    outbox: Outbox | None = None
    found_by: tuple[str, ...] = ()
    hidden: bool = False
    dates: str = ""

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """{name: column}."""
        return {column.name: column for column in self.columns}

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that say which record a row holds; empty where only the whole row does."""
        return (self.key,) if self.key else self.record

    @property
    def append_only(self) -> bool:
        """Whether the rows that were written here stay, whatever is undone."""
        return self.trail is not None or self.outbox is not None

    @property
    def canonical_headers(self) -> tuple[str, ...]:
        """The headers of §16b, verbatim and in order."""
        return tuple(column.header for column in self.columns if not column.extension)

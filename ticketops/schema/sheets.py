"""What a sheet is declared as: its name, header row, columns, key, and what may be done to it
(§16b)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

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


@dataclass(frozen=True, slots=True)
class Trail:
    """How an append-only sheet says that what a row tells was taken back (D19). reason: the column that
    names what was undone; copied: those that say whom it concerns, as in the row itself."""

    reason: str
    copied: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """One sheet. `header_row` 0 marks a free layout without a header of columns (a dashboard).

    key: the column that says which record a row holds; record: those that say it together, where no
    single one does (D15). witness: columns that stay with a record for good, so that a key that was
    given to another one is noticed. trail: set on an *append-only* sheet (D19). found_by: the columns by
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
    found_by: tuple[str, ...] = ()
    hidden: bool = False
    dates: str = ""
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that say which record a row holds; empty where only the whole row does."""
        return (self.key,) if self.key else self.record

    @property
    def append_only(self) -> bool:
        """Whether what was written here stays, whatever is undone."""
        return self.trail is not None

    @property
    def canonical_headers(self) -> tuple[str, ...]:
        """The headers of §16b, verbatim and in order."""
        return tuple(column.header for column in self.columns if not column.extension)

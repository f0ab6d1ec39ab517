"""The end of guests' data (§13): which cells are blanked once the retention of an event is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.event.archiving import Archived
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event.personal import PERSONAL
from ticketops.schema.tables import Snapshot


class Blanking(Struct, frozen=True):
    """What is blanked in a workbook. counts: {sheet: how many cells}."""

    known: Archived
    changes: ChangeSet
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Swept:
    """`archive sweep`: what was blanked, or would be. cells: {sheet: how many}; journal: values in how
    many entries of the journal; versions: older versions of the workbook that are deleted; files:
    other files with guests' data that are deleted; archives: those that are sealed again; left: what
    this does not reach, for people."""

    event: str
    sweep_from: str
    written: bool
    cells: dict[str, int]
    journal: int
    versions: int
    files: tuple[str, ...]
    archives: tuple[str, ...]
    left: tuple[str, ...]


def blanking(snapshot: Snapshot, known: Archived) -> Blanking:
    """Every cell of guests' data that holds something, to be blanked."""
    changes, counts = ChangeSet(), {}
    for sheet, columns in PERSONAL.items():
        table = snapshot[sheet]
        own = [name for name in columns if name in table.positions]
        if not own:
            continue
        filled = table.frame.filter(pl.any_horizontal(pl.col(own).is_not_null()))
        count = 0
        for row, *values in filled.select("row", *own).iter_rows():
            cells: dict[str, tuple[Any, Any]] = {
                name: (value, None)
                for name, value in zip(own, values, strict=True)
                if value is not None
            }
            count += len(cells)
            changes.set(sheet, row, "", cells)
        if count:
            counts[sheet] = count
    return Blanking(known, changes, counts)

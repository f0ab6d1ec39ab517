"""Two copies of a workbook, here and there, against the state that they last had in common: what changed on which side, cell by cell.

A cell that changed on one side goes to the other; one that changed on both, and differently, is a conflict and stays as it is on both.
Where a row holds different records, or new ones that contradict each other, or was emptied on one side and edited on the other, the whole row
is a conflict: cells of two records are never mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from ticketops.errors import UsageError
from ticketops.model.changes import Cell, ChangeSet, CopyCells
from ticketops.model.findings import Finding, Severity
from ticketops.schema.columns import ColumnType, header_key, text_of
from ticketops.schema.tables import Table
from ticketops.schema.workbook import Manifest, Sheet

Misfits = Mapping[tuple[int, str], Any]
"""{(row, column): raw value} of cells that do not fit their column's type."""
HIDDEN = "•••"
_MISFIT = "\0"


class Side(StrEnum):
    """Whose word counts. LOCAL is the workbook of the command, REMOTE the one it is compared with."""

    LOCAL = "local"
    REMOTE = "remote"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that the copies do not agree on. side: where it changed. whole_row: its row is a conflict as a whole."""

    row: int
    column: str
    side: Side
    whole_row: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A sheet of one copy. texts: the cells as texts that are equal where the cells mean the same; secrets as digests."""

    table: Table
    misfits: Misfits
    texts: pl.DataFrame

    @classmethod
    def of(cls, table: Table, misfits: Misfits, seal: Callable[[str], str]) -> Copy:
        return cls(table, misfits, _texts(table, misfits, seal))

    def values(self, cells: Mapping[int, Iterable[str]]) -> dict[tuple[int, str], Any]:
        """{(row, column): value} of named cells; blanks are left out."""
        frame = self.table.frame.filter(pl.col("row").is_in(list(cells)))
        found = {}
        for row in frame.iter_rows(named=True):
            for column in cells[row["row"]]:
                value = self.misfits.get((row["row"], column), row[column])
                if value is not None:
                    found[row["row"], column] = value
        return found


def _texts(table: Table, misfits: Misfits, seal: Callable[[str], str]) -> pl.DataFrame:
    """`row`, and every declared column as text, null for a blank; a tick-box that is off is a blank."""
    columns = [table.frame["row"]]
    at = {row: i for i, row in enumerate(table.frame["row"])} if misfits else {}
    for column in table.sheet.columns:
        series = table.frame[column.name]
        if column.type is ColumnType.FLAG:
            text = pl.select(pl.when(series).then(pl.lit("TRUE")).otherwise(None).cast(pl.String).alias(column.name)).to_series()
        elif column.type in (ColumnType.DATE, ColumnType.DATETIME):
            text = series.cast(pl.Int64).cast(pl.String)
        else:
            text = series.cast(pl.String)
        odd = [(at[row], _MISFIT + text_of(raw)) for (row, name), raw in misfits.items() if name == column.name and row in at]
        if odd:
            text = text.scatter([place for place, _ in odd], [value for _, value in odd])
        if column.secret:
            text = pl.Series(column.name, [None if value is None else seal(value) for value in text], dtype=pl.String)
        columns.append(text)
    return pl.DataFrame(columns)


def blank_texts(sheet: Sheet) -> pl.DataFrame:
    """The texts of a sheet without rows."""
    return pl.DataFrame(schema={"row": pl.Int64} | {column.name: pl.String() for column in sheet.columns})


def differences(sheet: Sheet, local: pl.DataFrame, remote: pl.DataFrame, base: pl.DataFrame) -> list[Difference]:
    """Every cell on which the copies differ, row by row. base: the texts that they last had in common; blank at first."""
    columns = [column.name for column in sheet.columns]
    rows, (here, there, before) = _aligned(columns, local, remote, base)
    found: dict[int, list[tuple[str, bool, bool]]] = {}
    for name in columns:
        differ = here[name].ne_missing(there[name])
        if not differ.any():
            continue
        mine, theirs = here[name].ne_missing(before[name]), there[name].ne_missing(before[name])
        for place in differ.arg_true():
            found.setdefault(place, []).append((name, mine[place], theirs[place]))
    made = []
    for place in sorted(found):
        cells = found[place]
        whole = _is_row_conflict(sheet, cells, place, here, there, before)
        for name, changed_here, changed_there in cells:
            side = Side.CONFLICT if whole or (changed_here and changed_there) else Side.LOCAL if changed_here else Side.REMOTE
            made.append(Difference(rows[place], name, side, whole))
    return made


def _is_row_conflict(sheet: Sheet, cells: Sequence[tuple[str, bool, bool]], place: int, here: pl.DataFrame, there: pl.DataFrame,
                     before: pl.DataFrame) -> bool:  # fmt: skip
    """Whether the row can't be put together from both sides."""
    if not (any(mine for _, mine, _ in cells) and any(theirs for _, _, theirs in cells)):
        return False
    if sheet.key and here[sheet.key][place] != there[sheet.key][place]:
        return True
    new, gone_here, gone_there = (all(value is None for value in frame.row(place)) for frame in (before, here, there))
    if gone_here or gone_there:
        return True
    return new and any(mine and theirs for _, mine, theirs in cells)


def _aligned(columns: list[str], *frames: pl.DataFrame) -> tuple[list[int], list[pl.DataFrame]]:
    """All rows of any of the frames, and each frame with just these rows, blank where it lacks one."""
    rows = sorted(set().union(*(frame["row"].to_list() for frame in frames)))
    every = pl.DataFrame({"row": rows}, schema={"row": pl.Int64})
    return rows, [every.join(frame, on="row", how="left", maintain_order="left").select(columns) for frame in frames]


class Preferences:
    """Whose word counts in a conflict: `local` or `remote` for everything, `COLUMN=side`, or `SHEET!COLUMN=side`.

    Raises UsageError for a side or a column that there is none of.
    """

    def __init__(self, texts: Iterable[str], manifest: Manifest) -> None:
        self._sides: dict[tuple[str, str], Side] = {}
        for text in texts:
            where, equals, side = text.rpartition("=")
            if side.strip() not in (Side.LOCAL, Side.REMOTE):
                raise UsageError(f"--prefer {text!r}: it is local, remote, COLUMN=local or COLUMN=remote")
            if not equals:
                self._sides["", ""] = Side(side.strip())
                continue
            name, _, header = where.rpartition("!")
            found = [(sheet.name, column.name) for sheet in manifest for column in sheet.columns
                     if header_key(header) in (header_key(column.header), header_key(column.name)) and name.strip() in ("", sheet.name)]  # fmt: skip
            if not found:
                raise UsageError(f"--prefer {text!r}: there is no column {where.strip()!r}")
            for at in found:
                self._sides[at] = Side(side.strip())

    def of(self, sheet: Sheet, difference: Difference) -> Side | None:
        """Whose word counts for a conflict; None where that is left to the operator. A row that is a conflict as a whole goes by its key."""
        column = sheet.key if difference.whole_row else difference.column
        return self._sides.get((sheet.name, column)) or self._sides.get(("", ""))


@dataclass(frozen=True, slots=True)
class Taken:
    """What a copy takes over from the other. agreed: the texts that both have in common afterwards."""

    changes: CopyCells | None
    agreed: pl.DataFrame
    conflicts: list[Difference]
    counts: dict[str, int]


def take_over(into: Side, local: Copy, remote: Copy, base: pl.DataFrame, prefer: Preferences) -> Taken:
    """The cells that one side takes over from the other: those that changed over there only, and conflicts in which that word counts."""
    sheet = local.table.sheet
    mine, theirs = (local, remote) if into is Side.LOCAL else (remote, local)
    source = Side.REMOTE if into is Side.LOCAL else Side.LOCAL
    wanted: dict[int, list[str]] = {}
    settled: dict[int, list[str]] = {}
    conflicts = []
    counts = {"local": 0, "remote": 0, "conflicts": 0, "taken": 0}
    for difference in differences(sheet, local.texts, remote.texts, base):
        counts["conflicts" if difference.side is Side.CONFLICT else difference.side] += 1
        word: Side | None = difference.side
        if difference.side is Side.CONFLICT:
            word = prefer.of(sheet, difference)
            if word is None:
                conflicts.append(difference)
            elif word is into:
                settled.setdefault(difference.row, []).append(difference.column)
        if word is source:
            wanted.setdefault(difference.row, []).append(difference.column)
    counts["taken"] = sum(map(len, wanted.values()))
    before, after = mine.values(wanted), theirs.values(wanted)
    rows: dict[int, dict[str, Cell]] = {
        row: {name: (before.get((row, name)), after.get((row, name))) for name in names} for row, names in sorted(wanted.items())
    }
    return Taken(CopyCells(sheet.name, rows) if rows else None, _agreed(sheet, mine, theirs, base, wanted, settled), conflicts, counts)


def _agreed(sheet: Sheet, mine: Copy, theirs: Copy, base: pl.DataFrame, wanted: Mapping[int, Sequence[str]],
            settled: Mapping[int, Sequence[str]]) -> pl.DataFrame:  # fmt: skip
    """The texts both have in common afterwards: what is equal then; where a word was overruled, that word, so that the other counts as
    the newer; all else as it was."""
    columns = [column.name for column in sheet.columns]
    rows, (own, other, before) = _aligned(columns, mine.texts, theirs.texts, base)
    place = {row: i for i, row in enumerate(rows)}
    made = []
    for name in columns:
        forced = [place[row] for row, names in (*wanted.items(), *settled.items()) if name in names]
        series = pl.select(pl.when(own[name].eq_missing(other[name])).then(other[name]).otherwise(before[name])).to_series().alias(name)
        if forced:
            series = series.scatter(forced, other[name].gather(forced))
        made.append(series)
    frame = pl.DataFrame([pl.Series("row", rows, dtype=pl.Int64), *made])
    return frame.filter(~pl.all_horizontal(pl.col(columns).is_null())) if columns else frame


def conflict_findings(local: Copy, remote: Copy, base: pl.DataFrame, conflicts: Sequence[Difference]) -> list[Finding]:
    """What a person must decide, a finding a cell, or a row that is a conflict as a whole."""
    sheet = local.table.sheet
    wanted: dict[int, list[str]] = {}
    for conflict in conflicts:
        wanted.setdefault(conflict.row, []).append(conflict.column)
    here, there = local.values(wanted), remote.values(wanted)
    before = {row["row"]: row for row in base.filter(pl.col("row").is_in(list(wanted))).iter_rows(named=True)}
    findings = []
    for row, columns in wanted.items():
        if any(conflict.row == row and conflict.whole_row for conflict in conflicts):
            sides = [_record(sheet, copy, row) for copy in (local, remote)]
            message = f"the row holds {sides[0]} here and {sides[1]} there: neither is taken over"
            findings.append(Finding("SYNC_CONFLICT", Severity.MEDIUM, message, sheet.name, row))
            continue
        for name in columns:
            column = sheet.by_name[name]
            shown = [HIDDEN if column.secret and value is not None else "blank" if value is None else repr(text_of(value))
                     for value in (here.get((row, name)), there.get((row, name)))]  # fmt: skip
            was = "" if column.type in (ColumnType.DATE, ColumnType.DATETIME) or column.secret else _was(before.get(row, {}).get(name))
            message = f"{column.header} is {shown[0]} here and {shown[1]} there{was}"
            findings.append(Finding("SYNC_CONFLICT", Severity.MEDIUM, message, sheet.name, row))
    return findings


def _was(text: str | None) -> str:
    return f", {text.removeprefix(_MISFIT)!r} before" if text is not None else ""


def _record(sheet: Sheet, copy: Copy, row: int) -> str:
    texts = copy.texts.filter(pl.col("row") == row)
    if texts.is_empty() or all(value is None for value in texts.drop("row").row(0)):
        return "nothing"
    return str(texts[sheet.key][0] or "another record") if sheet.key else "one record"


def changes_of(taken: Iterable[Taken]) -> ChangeSet:
    """All that is taken over, as one ChangeSet."""
    return ChangeSet([one.changes for one in taken if one.changes is not None])

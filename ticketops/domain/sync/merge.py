"""Two copies of a workbook, here and there, against the state that they last had in common: what
changed on which side, cell by cell.

A cell that changed on one side goes to the other; one that changed on both, and differently, is a
conflict and stays as it is on both. Where a row holds different records, or new ones that
contradict each other, or was emptied on one side and edited on the other, the whole row is a
conflict: cells of two records are never mixed. Logs, and queues whose rows have no key, are rebuilt
and appended to by row: there a row that changed on both sides is a conflict as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import polars as pl

from ticketops.errors import UsageError
from ticketops.model.changes import Cell, ChangeSet, CopyCells
from ticketops.model.findings import Finding, Severity
from ticketops.model.secrets import HIDDEN
from ticketops.schema.columns import Column, ColumnType, header_key, text_of
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.schema.tables import Table

Misfits = Mapping[tuple[int, str], Any]
"""{(row, column): raw value} of cells that do not fit their column's type."""
_MISFIT = "\0"


class Side(StrEnum):
    """Which side counts. LOCAL is the workbook of the command, REMOTE the one it is compared
    with."""

    LOCAL = "local"
    REMOTE = "remote"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that the copies do not agree on. side: where it changed. whole_row: its row is a
    conflict as a whole."""

    row: int
    column: str
    side: Side
    whole_row: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A sheet of one copy. texts: the cells as texts that are equal where the cells mean the same;
    secrets as digests."""

    table: Table
    misfits: Misfits
    texts: pl.DataFrame

    @classmethod
    def of(cls, table: Table, misfits: Misfits, seal: Callable[[str], str]) -> Copy:
        return cls(table, misfits, _texts(table, misfits, seal))

    def values(self, cells: Mapping[int, Iterable[str]]) -> dict[tuple[int, str], Any]:
        """{(row, column): value} of named cells; blanks are left out."""
        if not cells:
            return {}
        frame = self.table.frame.filter(pl.col("row").is_in(list(cells)))
        found = {}
        for row in frame.iter_rows(named=True):
            for column in cells[row["row"]]:
                value = self.misfits.get((row["row"], column), row[column])
                if value is not None:
                    found[row["row"], column] = value
        return found


def _texts(table: Table, misfits: Misfits, seal: Callable[[str], str]) -> pl.DataFrame:
    """`row`, and every declared column as text, null for a blank; a tick-box that is off is a
    blank."""
    if table.frame.is_empty():
        return blank_texts(table.sheet)
    frame = table.frame.select("row", *(_as_text(column) for column in table.sheet.columns))
    at = {row: i for i, row in enumerate(frame["row"])} if misfits else {}
    changed = []
    for column in table.sheet.columns:
        odd = [
            (at[row], _MISFIT + text_of(raw))
            for (row, name), raw in misfits.items()
            if name == column.name and row in at
        ]
        if not odd and not column.secret:
            continue
        text = (
            frame[column.name].scatter([index for index, _ in odd], [value for _, value in odd])
            if odd
            else frame[column.name]
        )
        if column.secret:
            text = pl.Series(
                column.name,
                [None if value is None else seal(value) for value in text],
                dtype=pl.String,
            )
        changed.append(text)
    return frame.with_columns(changed)


def _as_text(column: Column) -> pl.Expr:
    cell = pl.col(column.name)
    if column.type is ColumnType.FLAG:
        cell = pl.when(cell).then(pl.lit("TRUE"))
    elif column.type in (ColumnType.DATE, ColumnType.DATETIME):
        cell = cell.cast(pl.Int64)
    return cell.cast(pl.String).alias(column.name)


def blank_texts(sheet: Sheet) -> pl.DataFrame:
    """The texts of a sheet without rows."""
    return _blank_texts(tuple(column.name for column in sheet.columns)).clone()


@cache
def _blank_texts(names: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.Int64} | dict.fromkeys(names, pl.String()))


def differences(
    sheet: Sheet, local: pl.DataFrame, remote: pl.DataFrame, base: pl.DataFrame
) -> list[Difference]:
    """Every cell on which the copies differ, row by row. base: the texts that they last had in
    common; blank at first."""
    columns = [column.name for column in sheet.columns]
    if local.equals(remote):
        return []
    rows, (here, there, before) = _aligned(columns, local, remote, base)
    found: dict[int, list[tuple[str, bool, bool]]] = {}
    for name in columns:
        differ = here[name].ne_missing(there[name])
        if not differ.any():
            continue
        mine, theirs = here[name].ne_missing(before[name]), there[name].ne_missing(before[name])
        for index in differ.arg_true():
            found.setdefault(index, []).append((name, mine[index], theirs[index]))
    made = []
    conflicts = {
        index
        for index, cells in found.items()
        if _is_row_conflict(sheet, cells, index, here, there, before)
    }
    conflicts |= _twice(sheet, found, here, there, before)
    if conflicts:
        conflicts |= _moved(sheet, found, here, there, before)
    for index in sorted(found):
        cells = found[index]
        whole = index in conflicts
        for name, changed_here, changed_there in cells:
            side = (
                Side.CONFLICT
                if whole or (changed_here and changed_there)
                else Side.LOCAL
                if changed_here
                else Side.REMOTE
            )
            made.append(Difference(rows[index], name, side, whole))
    return made


def _is_row_conflict(
    sheet: Sheet,
    cells: Sequence[tuple[str, bool, bool]],
    index: int,
    here: pl.DataFrame,
    there: pl.DataFrame,
    before: pl.DataFrame,
) -> bool:
    """Whether the row can't be put together from both sides."""
    if not (any(mine for _, mine, _ in cells) and any(theirs for _, _, theirs in cells)):
        return False
    if not identity(sheet) or _record_at(sheet, here, index) != _record_at(sheet, there, index):
        return True
    new, gone_here, gone_there = (
        all(value is None for value in frame.row(index)) for frame in (before, here, there)
    )
    if gone_here or gone_there:
        return True
    return new and any(mine and theirs for _, mine, theirs in cells)


def _moved(
    sheet: Sheet,
    indices: Iterable[int],
    here: pl.DataFrame,
    there: pl.DataFrame,
    before: pl.DataFrame,
) -> set[int]:
    """The rows of records that stand elsewhere than before. Where some of a sheet's rows can't be
    taken over, these are not either: a record would stand twice, or be gone."""
    old = {
        record for index in range(before.height) if any(record := _record_at(sheet, before, index))
    }
    records = {
        index: [_record_at(sheet, frame, index) for frame in (here, there, before)]
        for index in indices
    }
    changed = {index: found for index, found in records.items() if found[0] != found[1]}
    moved = {
        one for found in changed.values() for one in found[:2] if one != found[2] and one in old
    }
    return {index for index, found in changed.items() if moved.intersection(found)}


def _twice(
    sheet: Sheet,
    indices: Iterable[int],
    here: pl.DataFrame,
    there: pl.DataFrame,
    before: pl.DataFrame,
) -> set[int]:
    """The rows of records that both sides wrote anew, or moved, in different rows: each would stand
    twice."""
    if not identity(sheet):
        return set()
    fresh: list[dict[tuple[str | None, ...], int]] = []
    for frame in (here, there):
        named = ((_named_at(sheet, frame, index), index) for index in indices)
        fresh.append(
            {
                record: index
                for record, index in named
                if any(record) and record != _named_at(sheet, before, index)
            }
        )
    return {
        index
        for record in fresh[0].keys() & fresh[1].keys()
        for index in (fresh[0][record], fresh[1][record])
        if fresh[0][record] != fresh[1][record]
    }


def identity(sheet: Sheet) -> tuple[str, ...]:
    """The columns that say which record a row holds; empty where only the whole row does."""
    if sheet.key:
        return (sheet.key,)
    if sheet.kind in (SheetKind.LEDGER, SheetKind.REFERENCE):
        return sheet.record or (sheet.columns[0].name,)
    return ()


def _named_at(sheet: Sheet, frame: pl.DataFrame, index: int) -> tuple[str | None, ...]:
    return tuple(frame[name][index] for name in identity(sheet))


def _record_at(sheet: Sheet, frame: pl.DataFrame, index: int) -> tuple[str | None, ...]:
    """What a row holds: by the columns that say so, by all of them where those are blank."""
    named = _named_at(sheet, frame, index)
    return named if any(named) else frame.row(index)


def _aligned(columns: list[str], *frames: pl.DataFrame) -> tuple[list[int], list[pl.DataFrame]]:
    """All rows of any of the frames, and each frame with just these rows, blank where it lacks
    one."""
    rows = sorted(set().union(*(frame["row"].to_list() for frame in frames)))
    every = pl.DataFrame({"row": rows}, schema={"row": pl.Int64})
    return rows, [
        every.join(frame, on="row", how="left", maintain_order="left").select(columns)
        for frame in frames
    ]


def without_lost(local: Copy, remote: Copy, base: pl.DataFrame) -> tuple[Copy, Copy, list[str]]:
    """Both copies as if they agreed with `base` on columns that one of them lacks although they
    stood in both: a column that was renamed or deleted has not been emptied. And the headers of
    these."""
    sheet = local.table.sheet
    lost = [
        column.name
        for column in sheet.columns
        if (column.name in local.table.positions) != (column.name in remote.table.positions)
        and base[column.name].null_count() < base.height
    ]
    if not lost:
        return local, remote, []
    made = []
    for copy in (local, remote):
        texts = (
            copy.texts.drop(lost)
            .join(
                base.select("row", *lost),
                on="row",
                how="full",
                coalesce=True,
                maintain_order="left",
            )
            .sort("row")
        )
        made.append(Copy(copy.table, copy.misfits, texts.select(base.columns)))
    return made[0], made[1], [sheet.by_name[name].header for name in lost]


class Preferences:
    """Which side counts in a conflict: `local` or `remote` for everything, `COLUMN=side`, or
    `SHEET!COLUMN=side`.

    Raises UsageError for a side or a column that there is none of.
    """

    def __init__(self, texts: Iterable[str], layout: Layout) -> None:
        self._sides: dict[tuple[str, str], Side] = {}
        for text in texts:
            where, equals, side = text.rpartition("=")
            if side.strip() not in (Side.LOCAL, Side.REMOTE):
                raise UsageError(
                    f"--prefer must be one of local, remote, COLUMN=local, COLUMN=remote, not "
                    f"{text!r}"
                )
            if not equals:
                self._sides["", ""] = Side(side.strip())
                continue
            name, _, header = where.rpartition("!")
            found = [
                (sheet.name, column.name)
                for sheet in layout
                for column in sheet.columns
                if header_key(header) in (header_key(column.header), header_key(column.name))
                and name.strip() in ("", sheet.name, layout.name_of(sheet.name))
            ]
            if not found:
                raise UsageError(f"--prefer {text!r}: there is no column {where.strip()!r}")
            for at in found:
                self._sides[at] = Side(side.strip())

    def of(self, sheet: Sheet, difference: Difference) -> Side | None:
        """Which side counts for a conflict; None where that is left to the operator. A row that is
        a conflict as a whole goes by its key."""
        columns = identity(sheet) if difference.whole_row else (difference.column,)
        named = (self._sides.get((sheet.name, column)) for column in columns)
        return next((side for side in named if side), None) or self._sides.get(("", ""))


@dataclass(frozen=True, slots=True)
class Counts:
    """Cells of a sheet that changed here, there or, differently, on both; and those that are taken
    over."""

    local: int
    remote: int
    conflicts: int
    taken: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a copy takes over from the other. agreed: the texts that both have in common
    afterwards."""

    changes: CopyCells | None
    agreed: pl.DataFrame
    conflicts: list[Difference]
    counts: Counts


def take_over(
    into: Side,
    local: Copy,
    remote: Copy,
    base: pl.DataFrame,
    prefer: Preferences,
    leave: Collection[tuple[int, str]] = (),
) -> Taken:
    """The cells that one side takes over from the other: those that changed over there only, and
    conflicts in which that side counts.

    leave: cells (row, column) that are not to be written.
    """
    sheet = local.table.sheet
    mine, theirs = (local, remote) if into is Side.LOCAL else (remote, local)
    source = Side.REMOTE if into is Side.LOCAL else Side.LOCAL
    if not leave and mine.texts.is_empty() and base.is_empty():
        return _all_of(theirs, source)
    wanted: dict[int, list[str]] = {}
    reconciled: dict[int, list[str]] = {}
    conflicts = []
    sides: Counter[Side] = Counter()
    for difference in differences(sheet, local.texts, remote.texts, base):
        sides[difference.side] += 1
        winner: Side | None = difference.side
        if difference.side is Side.CONFLICT:
            winner = prefer.of(sheet, difference)
            if winner is None:
                conflicts.append(difference)
            elif winner is into:
                reconciled.setdefault(difference.row, []).append(difference.column)
        if winner is source and (difference.row, difference.column) not in leave:
            wanted.setdefault(difference.row, []).append(difference.column)
    counts = Counts(
        sides[Side.LOCAL], sides[Side.REMOTE], sides[Side.CONFLICT], sum(map(len, wanted.values()))
    )
    before, after = mine.values(wanted), theirs.values(wanted)
    rows: dict[int, dict[str, Cell]] = {
        row: {name: (before.get((row, name)), after.get((row, name))) for name in names}
        for row, names in sorted(wanted.items())
    }
    left = {conflict.row for conflict in conflicts if conflict.whole_row}
    agreed = _agreed(sheet, mine, theirs, base, wanted, reconciled)
    if left:  # what two records happen to have in common is nothing that they agreed on
        agreed = pl.concat(
            [agreed.filter(~pl.col("row").is_in(left)), base.filter(pl.col("row").is_in(left))],
            how="diagonal",
        ).sort("row")
    return Taken(CopyCells(sheet.name, rows) if rows else None, agreed, conflicts, counts)


def _all_of(theirs: Copy, source: Side) -> Taken:
    """What a copy takes over that has nothing, nor ever had: every cell, with no need to look who
    changed it. Equal texts are one object, of many rows."""
    texts = theirs.texts
    names = texts.columns[1:]
    cells: dict[str, list[Cell | None]] = {}
    frame = texts.select("row").join(
        theirs.table.frame, on="row", how="left", maintain_order="left"
    )
    for name in names:
        pairs: list[Cell | None] = []
        known: dict[str, Cell] = {}
        for row, text, stands in zip(texts["row"], texts[name], frame[name], strict=True):
            value = theirs.misfits.get((row, name), stands)
            pair = None if text is None else (None, value)
            pairs.append(known.setdefault(value, pair) if pair and type(value) is str else pair)
        cells[name] = pairs
    rows: dict[int, dict[str, Cell]] = {}
    for row, *pairs in zip(texts["row"], *cells.values(), strict=True):
        written = {n: pair for n, pair in zip(names, pairs, strict=True) if pair is not None}
        if written:
            rows[row] = written
    count = sum(map(len, rows.values()))
    counts = Counts(
        count if source is Side.LOCAL else 0, count if source is Side.REMOTE else 0, 0, count
    )
    agreed = texts.filter(~pl.all_horizontal(pl.col(names).is_null()))
    return Taken(CopyCells(theirs.table.sheet.name, rows) if rows else None, agreed, [], counts)


def _agreed(
    sheet: Sheet,
    mine: Copy,
    theirs: Copy,
    base: pl.DataFrame,
    wanted: Mapping[int, Sequence[str]],
    reconciled: Mapping[int, Sequence[str]],
) -> pl.DataFrame:
    """The texts both have in common afterwards: what is equal then; where a side was overruled,
    its text, so that the other counts as the newer; all else as it was."""
    columns = [column.name for column in sheet.columns]
    if mine.texts.equals(theirs.texts):
        return theirs.texts
    rows, (own, other, before) = _aligned(columns, mine.texts, theirs.texts, base)
    index = {row: i for i, row in enumerate(rows)}
    forced: dict[str, list[int]] = {}
    for row, names in (*wanted.items(), *reconciled.items()):
        for name in names:
            forced.setdefault(name, []).append(index[row])
    both = pl.concat(
        [own, other.select(pl.all().name.suffix("\1")), before.select(pl.all().name.suffix("\2"))],
        how="horizontal",
    )
    frame = both.select(
        pl.Series("row", rows, dtype=pl.Int64),
        *(
            pl.when(pl.col(name).eq_missing(pl.col(f"{name}\1")))
            .then(f"{name}\1")
            .otherwise(f"{name}\2")
            .alias(name)
            for name in columns
        ),
    )
    if forced:
        frame = frame.with_columns(
            [frame[name].scatter(at, other[name].gather(at)) for name, at in forced.items()]
        )
    return frame.filter(~pl.all_horizontal(pl.col(columns).is_null()))


def conflict_findings(
    local: Copy, remote: Copy, base: pl.DataFrame, conflicts: Sequence[Difference]
) -> list[Finding]:
    """What a person must decide, a finding a cell, or a row that is a conflict as a whole."""
    if not conflicts:
        return []
    sheet = local.table.sheet
    wanted: dict[int, list[str]] = {}
    for conflict in conflicts:
        wanted.setdefault(conflict.row, []).append(conflict.column)
    here, there = local.values(wanted), remote.values(wanted)
    before = {
        row["row"]: row
        for row in base.filter(pl.col("row").is_in(list(wanted))).iter_rows(named=True)
    }
    findings = []
    for row, columns in wanted.items():
        if any(conflict.row == row and conflict.whole_row for conflict in conflicts):
            sides = [_record(sheet, copy, row) for copy in (local, remote)]
            message = f"the row holds {sides[0]} here and {sides[1]} there: neither is copied"
            findings.append(Finding("SYNC_CONFLICT", Severity.MEDIUM, message, sheet.name, row))
            continue
        for name in columns:
            column = sheet.by_name[name]
            shown = [
                HIDDEN
                if column.secret and value is not None
                else "blank"
                if value is None
                else repr(text_of(value))
                for value in (here.get((row, name)), there.get((row, name)))
            ]
            hidden = column.secret or column.type in (ColumnType.DATE, ColumnType.DATETIME)
            was = "" if hidden else _was(before.get(row, {}).get(name), column.type)
            message = f"{column.header} is {shown[0]} here and {shown[1]} there{was}"
            findings.append(Finding("SYNC_CONFLICT", Severity.MEDIUM, message, sheet.name, row))
    return findings


def _was(text: str | None, kind: ColumnType) -> str:
    if text is None:
        return ""
    plain = (
        text_of(float(text))
        if kind is ColumnType.NUMBER and not text.startswith(_MISFIT)
        else text.removeprefix(_MISFIT)
    )
    return f", {plain!r} before"


def _record(sheet: Sheet, copy: Copy, row: int) -> str:
    texts = copy.texts.filter(pl.col("row") == row)
    if texts.is_empty() or all(value is None for value in texts.drop("row").row(0)):
        return "nothing"
    named = " ".join(
        text
        for name in identity(sheet)
        if (text := texts[name][0]) and not sheet.by_name[name].secret
    )
    return named or "another record"


def changes_of(taken: Iterable[Taken]) -> ChangeSet:
    """All that is taken over, as one ChangeSet."""
    return ChangeSet([one.changes for one in taken if one.changes is not None])

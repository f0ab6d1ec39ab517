"""Taking a transaction back cell by cell: which rows hold its records now, and what goes back into
their cells (D15)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from ticketops.errors import ConflictError, RuleError
from ticketops.model.changes import ChangeSet, RemoveColumns, SetCells
from ticketops.model.secrets import HIDDEN
from ticketops.schema.columns import Column, ColumnType, cast, text_of, to_serial
from ticketops.schema.layout import Layout
from ticketops.schema.tables import Table, place_names
from ticketops.stores.base import LoggedCell
from ticketops.stores.edits import Standing
from ticketops.stores.records import Digest, Identity, Record, contents, identities, keys_of
from ticketops.stores.standing import is_append_only, known_rows


class Reading(Protocol):
    """Sheets as they stand."""

    def table(self, sheet: str) -> Table:
        """The table of a sheet, absent ones too."""

    def raw(
        self, sheet: str, wanted: Mapping[int, Collection[str]]
    ) -> Mapping[int, Mapping[str, Any]]:
        """{row: {column name: raw value}} of the wanted cells, where the sheet has the columns."""

    def hung(self, sheet: str, place: int) -> bool:
        """Whether something but values hangs on the cells of a sheet column: formulas, notes,
        merged cells; as far as the store knows."""


# --- what goes back


@dataclass(slots=True)
class TakenBack:
    """What takes a transaction back cell by cell. changes: raw values, to be written on `tables`;
    made: sheets that it made and that would hold nothing; stays: for people."""

    changes: ChangeSet = field(default_factory=ChangeSet)
    tables: dict[str, Table] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)
    secrets: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Job:
    record: Record
    layout: Layout
    now: Reading
    before: Reading | None
    seal: Callable[[Any], Digest]
    epoch: timedelta
    unmoved: bool

    @property
    def run_id(self) -> str:
        return self.record.transaction.entry.run_id


def take_back(
    record: Record,
    layout: Layout,
    now: Reading,
    before: Reading | None,
    seal: Callable[[Any], Digest],
    *,
    epoch: timedelta = timedelta(),
    unmoved: bool = False,
) -> TakenBack:
    """The cells of a transaction back to what stood there before it, wherever their rows stand now.
    Rows of append-only sheets stay.

    before: the workbook as it was before the transaction, where it is kept, for what the journal
    does not hold; epoch: how much later than 1900 its dates start to count; unmoved: whether nobody
    but us wrote since, so that the rows of an old journal are where they were. Raises ConflictError
    for the first record that is missing, stands twice, or no longer holds what was written.
    """
    job = _Job(record, layout, now, before, seal, epoch, unmoved)
    done = TakenBack()
    for name, rows in record.cells.items():
        if not is_append_only(layout, name):
            _sheet_back(job, done, name, rows)
    if record.identities:
        _structure(job, done)
    return done


def _sheet_back(
    job: _Job, done: TakenBack, name: str, rows: Mapping[int, Mapping[str, tuple[Any, Any]]]
) -> None:
    table = done.tables[name] = job.now.table(name)
    if not table.exists:
        raise ConflictError(
            f"can't undo {job.run_id}: the sheet {name} is missing", "nothing was written"
        )
    lacking = next(
        (n for cells in rows.values() for n in cells if n.partition("@")[0] not in table.positions),
        "",
    )
    if lacking:
        header = table.sheet.by_name[lacking.partition("@")[0]].header
        raise ConflictError(
            f"can't undo {job.run_id}: {name} no longer has a column {header}",
            "nothing was written",
        )
    gone = job.record.identities.gone.get(name, {}) if job.record.identities else {}
    rows_now = _located(job, table, {row: cells for row, cells in rows.items() if row not in gone})
    rows_now |= _free_rows(job, table, gone)
    new = job.record.appended.get(name, frozenset()) if job.record.identities else frozenset()
    every = tuple(place_names(table.positions).values())
    found = job.now.raw(
        name, {rows_now[row]: every if row in new else tuple(cells) for row, cells in rows.items()}
    )
    secret = {column.name for column in table.sheet.columns if column.secret}
    originals: Mapping[int, Mapping[str, Any]] = {}
    if job.before is not None and secret:
        originals = job.before.raw(
            name,
            {
                row: [n for n in cells if n in secret]
                for row, cells in rows.items()
                if secret & cells.keys()
            },
        )
    for row, cells in rows.items():
        back: dict[str, tuple[Any, Any]] = {}
        standing = found.get(rows_now[row], {})
        for column, (before, after) in cells.items():
            held = standing.get(column)
            if not holds(
                held, after - job.epoch if isinstance(after, datetime) else after, job.seal
            ):
                raise _changed(job, name, row, rows_now[row], column)
            known = (
                _secret_before(originals, name, row, column, before, job.seal)
                if isinstance(before, Digest)
                else before
            )
            if column in secret and isinstance(known, str):
                done.secrets.append((held if isinstance(held, str) else "", known))
            emptied = after is None and type(known) in (int, float)
            back[column] = (held, Standing(known) if emptied else known)
        if row in new:
            added = (
                c for c in every if c not in cells and standing.get(c) not in (None, "", False)
            )
            column = next((c for c in added if not table.around.has_formula(c, rows_now[row])), "")
            if column:
                raise _changed(job, name, row, rows_now[row], column)
        done.changes.set(name, rows_now[row], _called(job, name, row), back)


def _called(job: _Job, name: str, row: int) -> str:
    known = job.record.identities
    one = (
        (known.after.get(name, {}).get(row) or known.gone.get(name, {}).get(row)) if known else None
    )
    return str(one) if one and one.key else f"row {row}"


def _changed(job: _Job, name: str, row: int, now: int, column: str) -> ConflictError:
    called = _called(job, name, row)
    which = "" if called.startswith("row ") else f": it is {called}"
    return ConflictError(
        f"can't undo {job.run_id}: {name} row {now} ({column}) was changed since{which}",
        "nothing was written",
    )


def _located(job: _Job, table: Table, rows: Mapping[int, Any]) -> dict[int, int]:
    """{row then: row now}. Raises ConflictError for a record that is missing, or stands twice."""
    name = table.sheet.name
    if job.record.identities is None:
        return _unmoved(job, table, rows)
    wanted = {
        row: one for row, one in job.record.identities.after.get(name, {}).items() if row in rows
    }
    rows_now = {row: row for row in rows if row not in wanted}
    by_key = keys_of(table)
    for row, one in wanted.items():
        if one.key:
            where = by_key.get(one.key, [])
            if len(where) != 1:
                raise _lost(job, name, one, where)
            rows_now[row] = where[0]
    vouched = (
        identities(table, [rows_now[row] for row, one in wanted.items() if one.key])
        if table.sheet.witness
        else {}
    )
    for row, one in wanted.items():
        if one.key and rows_now[row] in vouched and not vouched[rows_now[row]].is_of(one):
            raise ConflictError(
                f"can't undo {job.run_id}: {name} {one} is now the key of another record (row "
                f"{rows_now[row]})",
                "nothing was written",
            )
    return rows_now | _by_content(
        job, table, {row: one for row, one in wanted.items() if not one.key}
    )


def _lost(job: _Job, name: str, one: Identity, where: Sequence[int]) -> ConflictError:
    if where:
        rows = ", ".join(map(str, where))
        return ConflictError(
            f"can't undo {job.run_id}: {name} {one} is there twice, in rows {rows}",
            "nothing was written",
        )
    return ConflictError(f"can't undo {job.run_id}: {name} {one} is missing", "nothing was written")


def _by_content(job: _Job, table: Table, wanted: Mapping[int, Identity]) -> dict[int, int]:
    """Rows without a key are found by all that they hold; of equal ones each is as good as the
    other."""
    if not wanted:
        return {}
    standing: dict[str, list[int]] = {}
    for row, content in contents(table).items():
        standing.setdefault(content, []).append(row)
    rows_now: dict[int, int] = {}
    for row, one in wanted.items():
        if row in standing.get(one.content, ()):
            rows_now[row] = row
            standing[one.content].remove(row)
    for row, one in wanted.items():
        if row in rows_now:
            continue
        left = standing.get(one.content, [])
        if not left:
            raise ConflictError(
                f"can't undo {job.run_id}: {table.sheet.name} row {row} is missing or was changed "
                "since",
                "nothing was written",
            )
        rows_now[row] = left.pop(0)
    return rows_now


def _unmoved(
    job: _Job, table: Table, rows: Mapping[int, Mapping[str, tuple[Any, Any]]]
) -> dict[int, int]:
    """The rows of a journal that an older version wrote, which names no keys: they must hold the
    same keys still."""
    names = table.sheet.identity
    if job.unmoved or not names:
        return {row: row for row in rows}
    then = (
        {
            row: dict(zip(names, key, strict=True))
            for key, held in keys_of(job.before.table(table.sheet.name)).items()
            for row in held
        }
        if job.before is not None
        else {}
    )
    now = {row: key for key, held in keys_of(table).items() for row in held}
    for row, cells in rows.items():
        if all(after is None for _before, after in cells.values()):
            continue  # emptied: it is seen below whether it is still blank
        known = then.get(row, {}) | {
            name: text_of(cells[name][1]) if cells[name][1] is not None else ""
            for name in names
            if name in cells
        }
        if len(known) < len(names):
            raise ConflictError(
                f"can't undo {job.run_id}: its journal comes from an older version and does not "
                f"say which record was in {table.sheet.name} row {row}",
                "the workbook was saved since, so rows may have moved; nothing was written",
            )
        if tuple(known[name] for name in names) != now.get(row, ("",) * len(names)):
            raise ConflictError(
                f"can't undo {job.run_id}: {table.sheet.name} row {row} now holds another record",
                "nothing was written",
            )
    return {row: row for row in rows}


def _free_rows(job: _Job, table: Table, gone: Mapping[int, Identity]) -> dict[int, int]:
    """Where emptied rows go back: where they stood, if nothing stands there now, else below the
    last. Raises ConflictError where the key stands again."""
    if not gone:
        return {}
    by_key = keys_of(table)
    again = next((one for one in gone.values() if one.key and one.key in by_key), None)
    if again:
        raise ConflictError(
            f"can't undo {job.run_id}: {table.sheet.name} {again} is there again",
            "nothing was written",
        )
    every = tuple(place_names(table.positions).values())
    held = set(table.frame["row"].to_list()) | set(table.foot)
    cells = job.now.raw(
        table.sheet.name, dict.fromkeys((row for row in gone if row not in held), every)
    )
    blank = {
        row
        for row in gone
        if row not in held and all(v in (None, "", False) for v in cells.get(row, {}).values())
    }
    rows_now: dict[int, int] = {}
    free = max([table.next_row, *(row + 1 for row in blank)])
    for row in gone:
        rows_now[row] = row if row in blank else free
        free += row not in blank
    return rows_now


def _structure(job: _Job, done: TakenBack) -> None:
    """Sheets and columns that the transaction made."""
    known = job.record.identities
    for name in known.sheets if known else ():
        if name not in job.layout or is_append_only(job.layout, name):
            continue
        table = done.tables.get(name) or job.now.table(name)
        if not table.exists:
            continue
        emptied = {
            change.row
            for change in done.changes
            if isinstance(change, SetCells) and change.sheet == name
        }
        rows = set(table.frame["row"].to_list())
        held = name not in job.record.replaced and (
            rows - emptied or table.around.beside or table.around.taken or table.misfits
        )
        if held or (
            not table.sheet.header_row and name not in job.record.replaced and table.last_row
        ):
            done.stays.append(f"the sheet {name}, which holds something else")
        else:
            done.made.append(name)
    for name, columns in known.columns.items() if known else ():
        if is_append_only(job.layout, name) or name in done.made:
            continue
        table = job.now.table(name)
        there = [c for c in columns if c in table.positions]
        gone = _removable(job, done, table, there)
        if gone:
            done.tables[name] = table
            done.changes.changes.append(RemoveColumns(name, gone))
        headers = [table.sheet.by_name[c].header for c in there if c not in gone]
        if headers:
            done.stays.append(
                f"the column{'s' * (len(headers) > 1)} {', '.join(headers)} of {name}"
            )


def _removable(job: _Job, done: TakenBack, table: Table, added: Sequence[str]) -> tuple[str, ...]:
    """The columns of those that were added which can go again: the last of all that belongs to the
    records, with nothing in them that this undo does not take back."""
    name = table.sheet.name
    back = {
        (change.row, column)
        for change in done.changes
        if isinstance(change, SetCells) and change.sheet == name
        for column, (_held, known) in change.cells.items()
        if known in (None, "")
    }
    misfits = {(m.row, m.column) for m in table.misfits} - back
    kept = {column for _row, column in misfits}
    edge, frame = table.around.edge, table.frame
    filtered = table.around.filtered[1] if table.around.filtered else 0
    gone: list[str] = []
    for column in sorted(added, key=lambda c: table.positions[c][0], reverse=True):
        place = table.positions[column][0]
        held = frame.filter(frame[column].is_not_null())["row"].to_list()
        left = any((row, column) not in back for row in held)
        alone = place == edge and place >= filtered and len(table.positions[column]) == 1
        if left or column in kept or not alone or job.now.hung(name, place):
            break
        gone.append(column)
        edge, filtered = edge - 1, min(filtered, place - 1)
    return tuple(reversed(gone))


# --- for people


def typed(changes: ChangeSet, layout: Layout, epoch: timedelta = timedelta()) -> ChangeSet:
    """Raw values as those of their columns: a date is a date, not the number that stands for it."""

    shown = ChangeSet()
    for change in changes:
        if not isinstance(change, SetCells):
            shown.changes.append(change)
            continue
        by_name = layout[change.sheet].by_name
        columns = {n: by_name[n.partition("@")[0]] for n in change.cells}
        cells = {
            n: (_typed(before, columns[n], epoch), _typed(after, columns[n], epoch))
            for n, (before, after) in change.cells.items()
        }
        shown.set(change.sheet, change.row, change.key, cells)
    return shown


def _typed(raw: Any, column: Column, epoch: timedelta = timedelta()) -> Any:
    if raw is None or raw == "" or column.secret:
        return raw or None
    if (
        isinstance(raw, (int, float))
        and not isinstance(raw, bool)
        and epoch
        and column.type in (ColumnType.DATE, ColumnType.DATETIME)
    ):
        raw += epoch.days
    found = cast(column.type, raw)
    return raw if found is None else found


def logged_cells(
    record: Record, layout: Layout, epoch: timedelta = timedelta()
) -> list[LoggedCell]:
    """The cells of a transaction for people, in sheet order. Columns and sheets that the layout no
    longer has keep their names and raw values. epoch: see `typed`."""
    found = []
    for sheet, rows in record.cells.items():
        by_name = layout[sheet].by_name if sheet in layout else {}
        known = known_rows(record, sheet)
        for row, cells in sorted(rows.items()):
            key = str(known.get(row) or "")
            for name, values in cells.items():
                column = by_name.get(name.partition("@")[0])
                was, became = (
                    (HIDDEN if value is not None else None for value in values)
                    if column is None or column.secret
                    else (_typed(value, column, epoch) for value in values)
                )
                found.append(LoggedCell(sheet, row, key, name, was, became))
    return found


def reversed_cells(record: Record, layout: Layout) -> ChangeSet:
    """The cells of a transaction with before and after exchanged, where they stood; those of
    append-only sheets left out."""
    changes = ChangeSet()
    for sheet, rows in record.cells.items():
        if is_append_only(layout, sheet):
            continue
        known = known_rows(record, sheet)
        for row, columns in rows.items():
            one = known.get(row)
            called = str(one) if one and one.key else f"row {row}"
            changes.set(
                sheet,
                row,
                called,
                {name: (after, before) for name, (before, after) in columns.items()},
            )
    return changes


def holds(now: Any, after: Any, seal: Callable[[Any], Digest]) -> bool:
    """Whether a raw cell still holds what was written."""
    if isinstance(after, Digest):
        return now is not None and seal(now) == after
    if after is None or after == "":
        return now is None or now == ""
    if isinstance(after, datetime):
        after = to_serial(after)
        if isinstance(now, datetime):
            now = to_serial(now)
        return isinstance(now, (int, float)) and abs(float(now) - after) < 1e-6
    if isinstance(after, bool) or isinstance(now, bool):
        return now is after
    if isinstance(after, (int, float)):
        return isinstance(now, (int, float)) and float(now) == float(after)
    return bool(now == after)


class SecretGone(RuleError):
    """The version of the workbook that held an old secret is missing. where: the sheet and row."""

    def __init__(self, where: str) -> None:
        super().__init__(f"the backup with the old secret of {where} is missing")
        self.where = where


def _secret_before(
    originals: Mapping[int, Mapping[str, Any]],
    sheet: str,
    row: int,
    name: str,
    digest: Digest,
    seal: Callable[[Any], Digest],
) -> Any:
    value = originals.get(row, {}).get(name)
    if value is None or seal(value) != digest:
        raise SecretGone(f"{sheet} row {row}")
    return value


def revived(record: Record, layout: Layout, old: Reading, now: Reading) -> list[tuple[str, str]]:
    """The secrets of the version before a transaction that come back with it, each behind what
    stands in its cell now. Rows stand where they stood, but for sheets that were rewritten: of
    these, what stands nowhere in them now comes back into a blank."""
    found: dict[tuple[str, str], None] = {}
    for name in (*record.cells, *record.replaced):
        secret = [column.name for column in layout[name].columns if column.secret]
        if not secret:
            continue
        before, after = (_secrets_of(reading.table(name), secret) for reading in (old, now))
        if name in record.replaced:
            held = set(after.values())
            found |= {("", value): None for value in before.values() if value not in held}
        else:
            found |= {
                (after.get(cell, ""), value): None
                for cell, value in before.items()
                if after.get(cell) != value
            }
    return list(found)


def _secrets_of(table: Table, columns: Sequence[str]) -> dict[tuple[int, str], str]:
    rows = table.frame.select("row", *columns).iter_rows(named=True)
    return {(row["row"], c): row[c] for row in rows for c in columns if row[c] is not None}

"""A transaction as the journal keeps it: a head, and a body with every cell before and after.
Secret values are kept as keyed digests only (D13). Whatever holds the journal, files or a sheet,
holds these.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

import polars as pl
from msgspec import Struct, field

from ticketops.model.changes import (
    AddColumns,
    AddSheet,
    AppendRows,
    ChangeSet,
    CopyCells,
    DeleteRows,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.columns import ColumnType, ErrorValue, text_of
from ticketops.schema.layout import Layout
from ticketops.schema.rows import is_bare
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.schema.surroundings import DERIVED
from ticketops.schema.tables import Table
from ticketops.stores.base import Transaction
from ticketops.stores.heads import transaction_of

_PIECES = 1_000
"""Texts of a piece of JSON."""
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""What JSON writes as it is."""

RawBefore = Mapping[str, Mapping[int, Mapping[str, Any]]]
"""{sheet: {row: {column name: raw value}}}"""
Written = Mapping[str, Mapping[int, Mapping[str, tuple[Any, Any]]]]
"""{sheet: {row: {column name: (raw before, after)}}}"""


class Record(Struct, frozen=True):
    """A transaction with its cells. Values are raw; a Digest stands for a secret one."""

    transaction: Transaction
    cells: Written
    replaced: Mapping[str, str]
    """{sheet: digest of the content that a ReplaceRows wrote}"""
    identities: RowIdentities | None = None
    """Which records stood in those rows; None in the journals of older versions."""
    appended: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """{sheet: rows that were new}"""
    outside: Written | None = None
    """What was changed by hand between the transaction before it and this one; None where that is
    not known, or nothing was."""
    back: Written | None = None
    """Of an undo: the cells that it wrote."""


class Digest(Struct, frozen=True):
    """A secret value that only its holder can be compared with."""

    text: str


class Identity(Struct, frozen=True):
    """Which record a row holds (D15). key: the values of its key columns; witness: of the columns
    that vouch for it. Where there is no key, or it stands more than once, `content` is the digest
    of the whole row."""

    key: tuple[str, ...] = ()
    witness: tuple[str | None, ...] = ()
    content: str = ""

    def is_of(self, other: Identity) -> bool:
        """Whether both are one record: the same key, and nothing that vouches against it."""
        if self.key or other.key:
            return self.key == other.key and all(
                a is None or b is None or a == b
                for a, b in zip(self.witness, other.witness, strict=False)
            )
        return self.content == other.content

    def __str__(self) -> str:
        return " ".join(part for part in self.key if part) or "a row without a key"


class RowIdentities(Struct, frozen=True):
    """Which record stood in which row of each sheet. after: once the transaction was done; gone:
    the rows that it emptied, before that. sheets, columns: what it made."""

    after: Mapping[str, Mapping[int, Identity]]
    gone: Mapping[str, Mapping[int, Identity]]
    sheets: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_IDENTITIES = RowIdentities({}, {})


def identities_of(
    changes: ChangeSet, before: Mapping[str, Table], after: Mapping[str, Table]
) -> RowIdentities:
    """Which records the rows that a ChangeSet touches hold, from the tables before and after it."""
    found: dict[str, dict[int, Identity]] = {}
    gone: dict[str, dict[int, Identity]] = {}
    sheets: list[str] = []
    columns: dict[str, tuple[str, ...]] = {}
    for name in changes.sheets:
        rows: set[int] = set()
        for change in changes.for_sheet(name):
            match change:
                case SetCells():
                    rows.add(change.row)
                case CopyCells():
                    rows.update(change.rows)
                case AppendRows():
                    rows.update(range(change.first_row, change.first_row + len(change.rows)))
                case DeleteRows():
                    rows.update(change.rows)
                case AddSheet():
                    sheets.append(name)
                case AddColumns():
                    columns[name] = (*columns.get(name, ()), *change.columns)
                case _:
                    pass
        if rows:
            found[name] = identities(after[name], rows)
            emptied = rows - found[name].keys()
            if emptied:
                gone[name] = identities(before[name], emptied)
    return RowIdentities(found, gone, tuple(dict.fromkeys(sheets)), columns)


def identities(table: Table, rows: Collection[int] | None = None) -> dict[int, Identity]:
    """{row: which record it holds} of the rows of a table, or of some of them."""
    sheet, frame = table.sheet, table.frame
    if rows is not None:
        frame = frame.filter(pl.col("row").is_in(sorted(rows)))
    names = sheet.identity
    made: dict[int, Identity] = {}
    if names:
        single = set(table.frame.filter(~table.frame.select(names).is_duplicated())["row"])
        keys, witnesses = _texts(frame, names), _texts(frame, sheet.witness)
        for row, key, witness in zip(frame["row"].to_list(), keys, witnesses, strict=True):
            if key[0] is not None and row in single:
                full = tuple([part or "" for part in key]) if None in key else key
                made[row] = Identity(full, witness)
    rest = frame.filter(~pl.col("row").is_in(list(made))) if made else frame
    return made | {
        row: Identity(content=content) for row, content in _contents(sheet, rest).items()
    }


def _texts(frame: pl.DataFrame, names: Sequence[str]) -> list[Any]:
    """Rows of texts, None where a cell is blank; (str | None, …) each."""
    if not names:
        return [()] * frame.height
    columns = (
        cells.to_list() if cells.dtype == pl.String else [_text_or_none(cell) for cell in cells]
        for cells in (frame[name] for name in names)
    )
    return list(zip(*columns, strict=True))


def keys_of(table: Table) -> dict[tuple[str, ...], list[int]]:
    """{key: rows that it stands in}."""
    names = table.sheet.identity
    found: dict[tuple[str, ...], list[int]] = {}
    if names:
        for row, *key in table.frame.select("row", *names).iter_rows():
            if key[0] is not None:
                found.setdefault(tuple(_text_or_blank(part) for part in key), []).append(row)
    return found


def contents(table: Table) -> dict[int, str]:
    """{row: digest of all that it holds}, secrets and what formulas give left out."""
    return _contents(table.sheet, table.frame)


def _contents(sheet: Sheet, frame: pl.DataFrame) -> dict[int, str]:
    held = [c.name for c in sheet.columns if not c.secret and c.name not in DERIVED]
    made = {}
    for row, *values in frame.select("row", *held).iter_rows():
        filled = [
            (name, text_of(value))
            for name, value in zip(held, values, strict=True)
            if value is not None and value is not False
        ]
        made[row] = blake2b(
            repr(filled).encode("utf-8", "surrogatepass"), digest_size=12
        ).hexdigest()
    return made


def _text_or_blank(value: Any) -> str:
    return "" if value is None else text_of(value)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else text_of(value)


def _packed(identity: Identity) -> Any:
    return (identity.key, identity.witness) if identity.key else identity.content


def _unpacked(packed: Any) -> Identity:
    return (
        Identity(content=packed)
        if isinstance(packed, str)
        else Identity(tuple(packed[0]), tuple(packed[1]))
    )


def _packed_identities(identities: RowIdentities) -> dict[str, Any]:
    def rows(of: Mapping[str, Mapping[int, Identity]]) -> dict[str, Any]:
        return {
            sheet: {row: _packed(one) for row, one in held.items()} for sheet, held in of.items()
        }

    return {
        "after": rows(identities.after),
        "gone": rows(identities.gone),
        "sheets": identities.sheets,
        "columns": dict(identities.columns),
    }


def _unpacked_identities(packed: Mapping[str, Any]) -> RowIdentities:
    def rows(of: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[int, Identity]]:
        return {
            sheet: {int(row): _unpacked(one) for row, one in held.items()}
            for sheet, held in of.items()
        }

    columns = {sheet: tuple(names) for sheet, names in packed["columns"].items()}
    return RowIdentities(
        rows(packed["after"]), rows(packed["gone"]), tuple(packed["sheets"]), columns
    )


def digest_of(value: Any, key: bytes) -> Digest:
    """The digest that stands for a secret value."""
    return Digest(
        hmac.new(key, str(value).encode("utf-8", "surrogatepass"), "blake2b").hexdigest()[:32]
    )


def body_of(
    changes: ChangeSet,
    raw_before: RawBefore,
    replaced: Mapping[str, str],
    layout: Layout,
    seal: Callable[[Any], Digest],
    identities: RowIdentities,
) -> dict[str, Any]:
    """What `record_of` reads again. raw_before: what stood in the written cells. replaced: {sheet:
    digest of what a ReplaceRows writes}."""
    return {
        "cells": {
            sheet: _encoded(sheet, rows, layout, seal)
            for sheet, rows in written_cells(changes, raw_before).items()
        },
        "appended": [
            _appended(change, layout, seal) for change in changes if isinstance(change, AppendRows)
        ],
        "replaced": dict(replaced),
        "places": _packed_identities(identities),
    }


def beside(
    layout: Layout,
    seal: Callable[[Any], Digest],
    *,
    outside: Written | None = None,
    back: Written | None = None,
) -> dict[str, Any]:
    """What a body says of cells besides those of its own transaction."""
    return {
        name: {
            sheet: _encoded(sheet, {row: dict(cells) for row, cells in rows.items()}, layout, seal)
            for sheet, rows in cells.items()
        }
        for name, cells in (("outside", outside), ("back", back))
        if cells is not None
    }


def record_of(head: Mapping[str, Any], body: Mapping[str, Any]) -> Record:
    """One transaction with its cells. Raises KeyError, TypeError, ValueError or AttributeError where
    something is missing or is not what it should be."""
    cells = _decoded(body["cells"])
    appended: dict[str, set[int]] = {}
    for block in body["appended"]:
        rows = cells.setdefault(block["sheet"], {})
        appended.setdefault(block["sheet"], set()).update(
            range(block["first_row"], block["first_row"] + len(block["rows"]))
        )
        for row, values in enumerate(block["rows"], start=block["first_row"]):
            written = {
                name: (None, _decode(v))
                for name, v in zip(block["columns"], values, strict=True)
                if v is not None
            }
            rows[row] = written | rows.get(row, {})
    identities = _unpacked_identities(body["places"]) if "places" in body else None
    return Record(
        transaction_of(head, None),
        cells,
        body["replaced"],
        identities,
        {name: frozenset(rows) for name, rows in appended.items()},
        *(_decoded(body[name]) if name in body else None for name in ("outside", "back")),
    )


def _decoded(cells: Mapping[str, Any]) -> dict[str, dict[int, dict[str, tuple[Any, Any]]]]:
    return {
        sheet: {
            int(row): {
                name: (_decode(before), _decode(after)) for name, (before, after) in columns.items()
            }
            for row, columns in rows.items()
        }
        for sheet, rows in cells.items()
    }


def as_json(part: Mapping[str, Any]) -> bytes:
    """A head or a body as a line of JSON."""
    return (
        json.dumps(part, ensure_ascii=False, default=_encode_date).encode("utf-8", "surrogatepass")
        + b"\n"
    )


def json_pieces(part: Mapping[str, Any]) -> Iterator[bytes]:
    """What `as_json` gives, piece by piece: of many cells it is larger than the cells."""
    encode = json.JSONEncoder(ensure_ascii=False, default=_encode_date).encode
    held: list[str] = []
    for text in _texts_of(part, encode, 3):
        held.append(text)
        if len(held) >= _PIECES:
            yield "".join(held).encode("utf-8", "surrogatepass")
            held = []
    yield "".join(held).encode("utf-8", "surrogatepass") + b"\n"


def _texts_of(part: Any, encode: Callable[[Any], str], depth: int) -> Iterator[str]:
    """depth: so many levels of mappings are taken apart: sheets, and their rows."""
    if not depth or not isinstance(part, dict) or not part:
        yield encode(part)
        return
    between = "{"
    for key, value in part.items():
        yield f"{between}{encode(str(key))}: "
        yield from _texts_of(value, encode, depth - 1)
        between = ", "
    yield "}"


def written_cells(
    changes: ChangeSet, raw_before: RawBefore
) -> dict[str, dict[int, dict[str, Any]]]:
    """Every cell that SetCells and DeleteRows write, and those of AppendRows that were not blank:
    (raw before, after)."""
    cells: dict[str, dict[int, dict[str, Any]]] = {}
    for change in changes:
        before = raw_before.get(change.sheet, {})
        rows = cells.setdefault(change.sheet, {})
        match change:
            case SetCells():
                rows.setdefault(change.row, {}).update(
                    _written_row(change.cells, before.get(change.row, {}))
                )
            case CopyCells():
                for number, copied in change.rows.items():
                    rows.setdefault(number, {}).update(_written_row(copied, before.get(number, {})))
            case AppendRows():
                for number, values in enumerate(change.rows, start=change.first_row):
                    was = before.get(number, {})
                    if any(value is not None for value in was.values()):
                        pairs = zip(change.columns, values, strict=True)
                        rows[number] = {
                            n: (was[n], v)
                            for n, v in pairs
                            if v is not None and was.get(n) is not None
                        }
            case DeleteRows():
                for number in change.rows:
                    rows[number] = {
                        n: (v, None) for n, v in before.get(number, {}).items() if v is not None
                    }
            case _:
                pass
    return {sheet: rows for sheet, rows in cells.items() if rows}


def every_cell(changes: ChangeSet, raw_before: RawBefore) -> Written:
    """Those of `written_cells`, and those of new rows."""
    cells = written_cells(changes, raw_before)
    for change in changes:
        if isinstance(change, AppendRows):
            rows = cells.setdefault(change.sheet, {})
            for number, values in enumerate(change.rows, start=change.first_row):
                new = zip(change.columns, values, strict=True)
                written = {name: (None, value) for name, value in new if value is not None}
                rows[number] = written | rows.get(number, {})
    return cells


def _written_row(cells: Mapping[str, tuple[Any, Any]], was: Mapping[str, Any]) -> dict[str, Any]:
    """(raw before, after) of the cells of one row."""
    if not was and all(before is None for before, _after in cells.values()):
        return dict(cells)
    new = {name: (was.get(name), after) for name, (_before, after) in cells.items()}
    if any("@" in name for name in was):  # cells of aliases, emptied with their columns
        emptied = (name for name, value in was.items() if "@" in name and value is not None)
        new |= {
            name: (was[name], None)
            for name in emptied
            if new.get(name.partition("@")[0], (None, ""))[1] is None
        }
    return new


def content_digest(rows: Iterable[Iterable[Any]]) -> str:
    """The digest of a replaced sheet's content, whatever blanks at the ends of rows a program adds
    or drops."""
    hasher = hmac.new(b"ticketops", digestmod="blake2b")
    for row in rows:
        values = list(row)
        while values and values[-1] in (None, "", False):
            values.pop()
        if values:
            hasher.update(repr(values).encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()[:32]


def plain_row(row: Iterable[Any]) -> list[Any]:
    """The cells of an untyped row in one spelling: blanks as None, numbers as floats, dates as
    datetimes."""
    return [_plain(value) for value in row]


def _plain(value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


def tabular(table: Table) -> list[tuple[Any, ...]]:
    """The declared columns that a sheet has, row by row, as they are read again: codes without
    surrounding spaces, no bare rows in what is written anew (a remark that somebody put below
    it)."""
    there = [c for c in table.sheet.columns if c.name in table.positions]
    stripped = (
        pl.col(c.name).str.strip_chars().replace("", None)
        if c.type is ColumnType.CODE
        else pl.col(c.name)
        for c in there
    )
    rows = table.frame.select(stripped).rows()
    return (
        [row for row in rows if not is_bare(row)]
        if table.sheet.kind in (SheetKind.QUEUE, SheetKind.REPORT)
        else rows
    )


def written_digest(change: ReplaceRows, after: Table) -> str:
    """The digest of what a ReplaceRows writes, as it will be found again."""
    return content_digest(
        tabular(after) if change.columns else [plain_row(row) for row in change.rows]
    )


def _appended(change: AppendRows, layout: Layout, seal: Callable[[Any], Digest]) -> dict[str, Any]:
    columns = [layout[change.sheet].by_name[name] for name in change.columns]
    rows: Any = change.rows
    if any(column.secret for column in columns):
        rows = [
            [_encode(v, c.secret, seal) for c, v in zip(columns, row, strict=True)] for row in rows
        ]
    return {
        "sheet": change.sheet,
        "first_row": change.first_row,
        "columns": change.columns,
        "rows": rows,
    }


def _encoded(
    sheet: str, rows: dict[int, dict[str, Any]], layout: Layout, seal: Callable[[Any], Digest]
) -> dict[int, dict[str, Any]]:
    """The cells of a sheet, in place: those become dicts that JSON could not tell, or that nobody
    may read."""
    secret = {c.name for c in layout[sheet].columns if c.secret} if sheet in layout else set()
    for columns in rows.values():
        for name, (before, after) in columns.items():
            if type(before) not in _PLAIN or type(after) not in _PLAIN or name in secret:
                columns[name] = [
                    _encode(before, name in secret, seal),
                    _encode(after, name in secret, seal),
                ]
    return rows


def _encode(value: Any, secret: bool, seal: Callable[[Any], Digest]) -> Any:
    if value is None or (type(value) in _PLAIN and not secret):
        return value
    if isinstance(value, Digest):
        return {"secret": value.text}
    if secret:
        return {"secret": seal(value).text}
    if isinstance(value, datetime):
        return _encode_date(value)
    return {"error": str(value)}


def _encode_date(value: datetime) -> dict[str, str]:
    return {"date": value.isoformat()}


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "date" in value:
        return datetime.fromisoformat(value["date"])
    return Digest(value["secret"]) if "secret" in value else ErrorValue(value["error"])

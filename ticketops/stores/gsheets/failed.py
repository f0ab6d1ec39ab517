"""Cells whose formula failed, or is still being calculated.

The values of a sheet show both as texts: `#N/A (Did not find value …)`, `#N/A`, `Loading...`, in the
language of the spreadsheet. What looks like one is asked for once more, by its `effectiveValue`,
which says whether it is one; a text that somebody typed stays a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ticketops.errors import BusyError
from ticketops.schema.addresses import column_letters
from ticketops.schema.columns import ERRORS, ErrorValue
from ticketops.schema.tables import Table
from ticketops.stores.gsheets.connection import Connection
from ticketops.stores.gsheets.recheck import Look, ranges
from ticketops.stores.gsheets.sheets import KnownSheets

Failed = Mapping[tuple[int, int], ErrorValue]
"""{(row, column): the error}"""
RawRows = Sequence[list[Any]]

_NAMES = {
    "ERROR": "#ERROR!",
    "NULL_VALUE": "#NULL!",
    "DIVIDE_BY_ZERO": "#DIV/0!",
    "VALUE": "#VALUE!",
    "REF": "#REF!",
    "NAME": "#NAME?",
    "NUM": "#NUM!",
    "N_A": "#N/A",
}
_LOADING = frozenset(
    {
        "Loading...",
        "Loading…",
        "Wird geladen...",
        "Wird geladen…",
        "Chargement...",
        "Chargement…",
        "Chargement en cours...",
        "Cargando...",
        "Cargando…",
        "Caricamento in corso...",
        "Caricamento...",
        "Carregando...",
        "A carregar...",
        "Laden...",
        "Bezig met laden...",
        "Ładowanie...",
        "Wczytywanie...",
        "Загрузка...",
        "Загрузка…",
        "Yükleniyor...",
        "読み込んでいます...",
        "読み込み中...",
        "正在加载...",
        "正在載入...",
        "로드 중...",
    }
)
_LIKE_ONE = re.compile(r"#[^\W\d_][\w/]*[!?]?(?: \(.*|(?<=[!?])|(?<=#N/[A-Z])|(?<=#NV))", re.DOTALL)
"""`#WORT!`, `#N/D`, `#NV`, and any of them with words behind."""


class Loading(ErrorValue):
    """What a cell shows while its formula is being calculated."""

    __slots__ = ()


def failed(
    connection: Connection, known: KnownSheets, raw: Mapping[str, RawRows]
) -> dict[str, Failed]:
    """Those of sheets that were read. One request, where something looks like one that may be a
    text as well; else none."""
    found: dict[str, dict[tuple[int, int], ErrorValue]] = {name: {} for name in raw}
    doubtful: dict[str, dict[int, tuple[int, ...]]] = {}
    for name, rows in raw.items():
        for number, row in enumerate(rows, start=1):
            if _LOADING.isdisjoint(row) and not _has_hash(row):
                continue
            asked = []
            for column, cell in enumerate(row, start=1):
                if type(cell) is not str:
                    continue
                if cell in ERRORS:
                    found[name][number, column] = ErrorValue(cell)
                elif cell in _LOADING or _LIKE_ONE.fullmatch(cell):
                    asked.append(column)
            if asked:
                doubtful.setdefault(name, {})[number] = tuple(asked)
    if doubtful:
        asked_for = [
            text
            for name, cells in doubtful.items()
            for text in ranges(known.spelled(name), Look(cells))
        ]
        for sheet in connection.cells(asked_for, "effectiveValue"):
            name = known.name_of(sheet["properties"]["title"])
            shown = _shown(sheet)
            for row_number, columns in doubtful[name].items():
                for column in columns:
                    text = str(raw[name][row_number - 1][column - 1])
                    error = _error(shown.get((row_number, column), {}), text)
                    if error is not None:
                        found[name][row_number, column] = error
    return dict(found)


def _has_hash(row: Sequence[Any]) -> bool:
    return any(type(cell) is str and cell[:1] == "#" for cell in row)


def _shown(sheet: Mapping[str, Any]) -> dict[tuple[int, int], Mapping[str, Any]]:
    """The effective value of each cell."""
    return {
        (row, column): cell.get("effectiveValue", {})
        for block in sheet.get("data", ())
        for row, held in enumerate(block.get("rowData", ()), start=block.get("startRow", 0) + 1)
        for column, cell in enumerate(held.get("values", ()), start=block.get("startColumn", 0) + 1)
    }


def _error(value: Mapping[str, Any], text: str) -> ErrorValue | None:
    """An error by its name in every language, its text where it has a new one; None for a text. A
    cell that says something else by now was being calculated when it was read."""
    if "errorValue" not in value:
        return None if value.get("stringValue") == text else Loading(text)
    kind = str(value["errorValue"].get("type", ""))
    return Loading(text) if kind == "LOADING" else ErrorValue(_NAMES.get(kind, text))


def with_failed(rows: RawRows, failed: Failed) -> RawRows:
    """The rows with the errors in their places."""
    if not failed:
        return rows
    changed = list(rows)
    for row in {row for row, _column in failed}:
        changed[row - 1] = list(rows[row - 1])
    for (row, column), error in failed.items():
        changed[row - 1][column - 1] = error
    return changed


def refuse_loading(table: Table, failed: Failed) -> None:
    """Raises BusyError where a cell of our columns is still being calculated: what it will say is
    not known, and nothing is planned on it."""
    if not any(type(error) is Loading for error in failed.values()):
        return
    own = set(table.own_columns)
    for (row, column), error in sorted(failed.items()):
        if type(error) is Loading and column in own and row >= table.sheet.header_row:
            raise BusyError(
                f"{table.sheet.name}!{column_letters(column)}{row} is still being calculated by "
                f"Google ({error})",
                "nothing was done; run the command again in a moment",
            )

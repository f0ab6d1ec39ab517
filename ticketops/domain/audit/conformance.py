"""Does a workbook conform to the layout? What `doctor` says, and what it can add."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from ticketops.domain.audit import unknown
from ticketops.domain.catalogue.schemes import Schemes
from ticketops.domain.masterdata import capabilities
from ticketops.model import categories
from ticketops.model.changes import AddColumns, AddSheet, ChangeSet
from ticketops.model.display import counted
from ticketops.model.events import FIFA
from ticketops.model.findings import Finding, Severity
from ticketops.model.secrets import is_sealed
from ticketops.schema.addresses import column_letters
from ticketops.schema.columns import ColumnType, header_key, text_of, why_not
from ticketops.schema.layout import Layout
from ticketops.schema.layouts.event import USERS
from ticketops.schema.likeness import renamed_sheet
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.schema.tables import Snapshot, Table

_LOOK_FOR_HEADER = 10
"""Rows among which a header that is not where it belongs is looked for."""
_MOST_PER_COLUMN = 20
"""Single findings for one column; what is beyond is counted in one more."""

RawRows = Sequence[Sequence[Any]]


def examine(
    layout: Layout, names: Sequence[str], tables: Mapping[str, Table], raw: Mapping[str, RawRows]
) -> list[Finding]:
    """Everything that deviates from the layout. names: the workbook's sheets; tables: typed content
    of those that are declared; raw: untyped content of all."""
    findings: list[Finding] = []
    schemes = Schemes.of(Snapshot("", tables))
    for sheet in layout:
        if sheet.name not in names:
            if not sheet.extension:
                severity = Severity.HIGH if sheet.kind is SheetKind.LEDGER else Severity.MEDIUM
                other = renamed_sheet(sheet, _undeclared(layout, raw))
                advice = f"; {other!r} may be that sheet: if so, rename it" if other else ""
                findings.append(
                    Finding(
                        "MISSING_SHEET",
                        severity,
                        f"there is no sheet {sheet.name!r}{advice}",
                        sheet.name,
                    )
                )
            continue
        if sheet.header_row:
            findings += _sheet(sheet, tables[sheet.name], raw[sheet.name], schemes)
    for name in names:
        if name not in layout:
            findings.append(
                Finding(
                    "EXTRA_SHEET",
                    Severity.INFO,
                    f"{name!r} is not part of the layout and is left alone",
                    name,
                )
            )
    return findings


def additions(
    layout: Layout, names: Sequence[str], tables: Mapping[str, Table], raw: Mapping[str, RawRows]
) -> ChangeSet:
    """What `doctor --fix` adds: missing sheets and missing columns, nothing else. A sheet whose
    header is elsewhere is left alone, and nothing is added while something like it is there: that
    was renamed, not removed (D17)."""
    changes = ChangeSet()
    for sheet in layout:
        if sheet.name not in names:
            if not sheet.extension and renamed_sheet(sheet, _undeclared(layout, raw)) is None:
                changes.changes.append(AddSheet(sheet.name))
            continue
        table = tables[sheet.name]
        lacking = tuple(
            c.name
            for c in sheet.columns
            if not c.extension and c.name not in table.positions and c.name not in table.renamed
        )
        if sheet.header_row and lacking and _header_elsewhere(sheet, raw[sheet.name]) is None:
            changes.changes.append(AddColumns(sheet.name, lacking))
    return changes


def remaining(findings: Sequence[Finding], added: ChangeSet, layout: Layout) -> Iterator[Finding]:
    """The findings that stand after the additions were made."""
    sheets = {change.sheet for change in added if isinstance(change, AddSheet)}
    columns = {
        (change.sheet, f"the column {layout[change.sheet].by_name[name].header!r} is missing")
        for change in added
        if isinstance(change, AddColumns)
        for name in change.columns
    }
    for finding in findings:
        mended = (finding.code == "MISSING_SHEET" and finding.sheet in sheets) or (
            finding.code == "MISSING_COLUMN" and (finding.sheet, finding.message) in columns
        )
        if not mended:
            yield finding


def _undeclared(layout: Layout, raw: Mapping[str, RawRows]) -> dict[str, RawRows]:
    """The sheets that no declaration claims."""
    return {name: rows for name, rows in raw.items() if name not in layout}


def columns_apart(changes: ChangeSet, tables: Mapping[str, Table]) -> list[Finding]:
    """What a person must put right where new columns can't adjoin the others, so that a filter or
    table can't take them in."""
    findings = []
    for change in changes:
        if not isinstance(change, AddColumns):
            continue
        table = tables[change.sheet]
        around, first = table.around, table.next_column
        inside = around.filtered is not None and around.filtered[1] >= first - 1
        if around.beside and not inside:
            columns = _span(first, first + len(change.columns) - 1)
            message = f"{around.beside} is between the columns of {change.sheet} and the new ones in {columns}, which are therefore outside its filter: move {around.beside} further right and the new columns next to the others, then set the filter again over all of them"
            findings.append(
                Finding(
                    "COLUMNS_APART", Severity.HIGH, message, change.sheet, table.sheet.header_row
                )
            )
    return findings


def protected(changes: ChangeSet, tables: Mapping[str, Table]) -> list[Finding]:
    """That sheets are protected and written all the same, in one finding."""
    names = [name for name in changes.sheets if name in tables and tables[name].around.protected]
    if not names:
        return []
    what = "are protected sheets" if len(names) > 1 else "is a protected sheet"
    message = f"{', '.join(names)} {what}: commands still write them, and they stay protected"
    if len(names) == 1:
        message = message.replace("they are", "it is").replace("and stay", "and stays")
    return [Finding("PROTECTED_SHEET", Severity.INFO, message, names[0])]


def _span(first: int, last: int) -> str:
    """ "O" or "O to T"."""
    return (
        column_letters(first)
        if first == last
        else f"{column_letters(first)} to {column_letters(last)}"
    )


def _filter(sheet: Sheet, table: Table) -> Iterator[Finding]:
    """A filter narrower than its ledger: sorting by its arrows leaves the other columns where they
    are."""
    frame, own = table.around.filtered, table.own_columns
    if frame is None or not own or (frame[0] <= own[0] and own[-1] <= frame[1]):
        return
    names = {places[0]: sheet.by_name[name].header for name, places in table.positions.items()}
    outside = [
        names[place] for place in own if place in names and not frame[0] <= place <= frame[1]
    ]
    if outside:
        what = "table" if table.around.by_table else "filter"
        whole = f"{column_letters(min(own[0], frame[0]))}{sheet.header_row}:{column_letters(max(own[-1], frame[1]))}{sheet.header_row}"
        between = (
            f"move {table.around.beside} away if it is in between, and "
            if table.around.beside
            else ""
        )
        mend = (
            f"resize the table to start at {whole}"
            if table.around.by_table
            else f"remove it and set it again over {whole}"
        )
        message = f"the {what} covers the columns {_span(*frame)}, but {', '.join(outside)} are outside: sorting with its arrows would move them to other rows; {between}{mend}"
        yield Finding("NARROW_FILTER", Severity.HIGH, message, sheet.name, sheet.header_row)


def _sheet(sheet: Sheet, table: Table, rows: RawRows, schemes: Schemes) -> Iterator[Finding]:
    elsewhere = _header_elsewhere(sheet, rows)
    if elsewhere is not None:
        message = f"the header is in row {elsewhere}; it belongs in row {sheet.header_row}"
        yield Finding("WRONG_HEADER_ROW", Severity.HIGH, message, sheet.name, elsewhere)
        return
    yield from _headers(
        sheet, table, rows[sheet.header_row - 1] if len(rows) >= sheet.header_row else []
    )
    yield from _filter(sheet, table)
    yield from _keys(sheet, table)
    for column in sheet.columns:
        if column.name in table.positions:
            values = _column_values(sheet, table, column.name, rows)
            yield from _capped(
                sheet.name, column.header, list(_closed_set(sheet, table, column.name))
            )
            if column.secret:
                yield from _passwords(sheet.name, column.header, values)
            elif column.type in (ColumnType.CODE, ColumnType.TEXT):
                yield from _numbers(sheet.name, column.header, values)
    yield from _capped(
        sheet.name,
        "cells",
        [
            Finding(
                "WRONG_TYPE",
                Severity.MEDIUM,
                f"{sheet.by_name[m.column].header} {why_not(sheet.by_name[m.column], m.text)}",
                sheet.name,
                m.row,
            )
            for m in table.misfits
        ],
    )
    yield from _capped(
        sheet.name, "cells", unknown.digits_lost(Snapshot("", {sheet.name: table}), (sheet.name,))
    )
    if sheet.name == USERS:
        yield from _capped(sheet.name, "Capabilities", capabilities.not_known(table))
    if {"match", "category"} <= set(table.positions):
        yield from _capped(sheet.name, "Category", list(_categories(sheet, table, schemes)))


def _headers(sheet: Sheet, table: Table, header: Sequence[Any]) -> Iterator[Finding]:
    for column in sheet.columns:
        if not column.extension and column.name not in table.positions:
            other = table.renamed.get(column.name)
            advice = (
                f"; {other} may be that column: if so, rename that header to {column.header!r}"
                if other
                else ""
            )
            yield Finding(
                "MISSING_COLUMN",
                Severity.HIGH,
                f"the column {column.header!r} is missing{advice}",
                sheet.name,
                sheet.header_row,
            )
    declared = Counter(header_key(column.header) for column in sheet.columns)
    aliases = {
        header_key(alias): column.header for column in sheet.columns for alias in column.aliases
    }
    present = Counter(header_key(text) for text in header if text not in (None, ""))
    for text in dict.fromkeys(text for text in header if text not in (None, "")):
        key = header_key(text)
        if key in declared and present[key] > declared[key]:
            yield Finding(
                "DUPLICATE_HEADER",
                Severity.MEDIUM,
                f"the column {text!r} appears {present[key]} times",
                sheet.name,
                sheet.header_row,
            )
        elif key in aliases:
            yield Finding(
                "LEGACY_HEADER",
                Severity.INFO,
                f"{text!r} is an old spelling of {aliases[key]!r}",
                sheet.name,
                sheet.header_row,
            )
        elif key not in declared:
            yield Finding(
                "EXTRA_COLUMN",
                Severity.INFO,
                f"the column {text_of(text)!r} is not part of the layout and is left alone",
                sheet.name,
                sheet.header_row,
            )


def _header_elsewhere(sheet: Sheet, rows: RawRows) -> int | None:
    """The row among the first ones that looks like the header, where the header row itself does
    not."""
    wanted = {header_key(header) for header in sheet.canonical_headers}

    def hits(row: Sequence[Any]) -> int:
        return len(wanted & {header_key(cell) for cell in row if cell not in (None, "")})

    here = hits(rows[sheet.header_row - 1]) if len(rows) >= sheet.header_row else 0
    if here * 2 >= len(wanted):
        return None
    for number, row in enumerate(rows[:_LOOK_FOR_HEADER], start=1):
        if number != sheet.header_row and hits(row) * 2 >= len(wanted) and hits(row) > here:
            return number
    return None


def _keys(sheet: Sheet, table: Table) -> Iterator[Finding]:
    if not sheet.key or sheet.key not in table.positions:
        return
    key = pl.col(sheet.key)
    doubled = table.frame.filter(key.is_not_null()).with_columns(
        first=pl.col("row").min().over(sheet.key)
    )
    header = sheet.by_name[sheet.key].header
    findings = [
        Finding(
            "DUPLICATE_KEY",
            Severity.HIGH,
            f"{header} {value} is also on row {first}",
            sheet.name,
            row,
        )
        for row, value, first in doubled.filter(pl.col("row") != pl.col("first"))
        .select("row", sheet.key, "first")
        .iter_rows()
    ]
    yield from _capped(sheet.name, header, findings)


def _closed_set(sheet: Sheet, table: Table, name: str) -> Iterator[Finding]:
    column = sheet.by_name[name]
    if sheet.kind is SheetKind.LOG and not sheet.extension:
        return  # scripts kept these logs before us, in words of their own, and nobody mends a log
    if column.choices:
        wrong = table.frame.filter(
            pl.col(name).is_not_null(), ~pl.col(name).is_in(column.choices)
        ).select("row", name)
        for row, value in wrong.iter_rows():
            message = f"{column.header} {value!r} must be one of {', '.join(column.choices)}"
            yield Finding("OUTSIDE_CLOSED_SET", Severity.MEDIUM, message, sheet.name, row)


def _categories(sheet: Sheet, table: Table, schemes: Schemes) -> Iterator[Finding]:
    """FIFA matches have the five categories of §17, spelt exactly; one of which `_CATEGORIES` names
    categories has these."""
    rows = (
        table.frame.select(
            "row", "match", "category", *(["sub_game"] if "sub_game" in table.frame.columns else [])
        )
        .drop_nulls(["match", "category"])
        .filter(~pl.col("category").is_in(categories.FIFA_CATEGORIES))
    )
    for row, match, category, *sub_games in rows.iter_rows():
        named = schemes.own(match, *sub_games) or schemes.own(match)
        if category not in (named or ()) and schemes.of_match(match) == FIFA:
            allowed = ", ".join(named or categories.FIFA_CATEGORIES)
            message = f"{match} has the category {category!r}; it must be one of {allowed}"
            yield Finding(
                "OUTSIDE_CLOSED_SET",
                Severity.MEDIUM,
                message,
                sheet.name,
                row,
                match=match,
                category=category,
            )


def _column_values(sheet: Sheet, table: Table, name: str, rows: RawRows) -> list[tuple[int, Any]]:
    """(sheet row, raw value) of a column's cells that hold something."""
    place = table.positions[name][0] - 1
    below = enumerate(rows[sheet.header_row :], start=sheet.header_row + 1)
    return [
        (number, row[place])
        for number, row in below
        if place < len(row) and row[place] not in (None, "")
    ]


def _passwords(sheet: str, header: str, values: list[tuple[int, Any]]) -> Iterator[Finding]:
    plain = [row for row, value in values if not is_sealed(value)]
    if plain:
        message = f"the column {header!r} holds {counted(len(plain), 'password')} that anyone who opens the workbook can read: `ticketops credentials seal` seals them"
        yield Finding("PLAINTEXT_PASSWORD", Severity.HIGH, message, sheet, plain[0])


def _numbers(sheet: str, header: str, values: list[tuple[int, Any]]) -> Iterator[Finding]:
    numbers = [
        row
        for row, value in values
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    if numbers:
        message = f"the column {header!r} holds {counted(len(numbers), 'number')} instead of text: leading zeros are lost"
        yield Finding("NUMBER_FOR_TEXT", Severity.LOW, message, sheet, numbers[0])


def _capped(sheet: str, what: str, findings: list[Finding]) -> Iterator[Finding]:
    yield from findings[:_MOST_PER_COLUMN]
    rest = findings[_MOST_PER_COLUMN:]
    if rest:
        yield Finding(
            rest[0].code,
            rest[0].severity,
            f"{what}: {len(rest):,} more like these",
            sheet,
            rest[0].row,
        )

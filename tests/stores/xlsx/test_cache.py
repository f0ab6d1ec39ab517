"""Everything that a cached table depends on is in its key: another declaration, another cache."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cli.workbooks import type_into
from ticketops.schema.columns import ColumnType
from ticketops.schema.layout import Layout
from ticketops.schema.layouts.event import EVENT, SALES, UNITS
from ticketops.schema.sheets import Sheet
from ticketops.stores.xlsx.store import XlsxStore


def declared(which: str, **changed: Any) -> Callable[[Sheet], Sheet]:
    """The sheet with one of its columns declared otherwise."""

    def alter(sheet: Sheet) -> Sheet:
        return replace(
            sheet,
            columns=tuple(replace(c, **changed) if c.name == which else c for c in sheet.columns),
        )

    return alter


def without(name: str) -> Callable[[Sheet], Sheet]:
    return lambda sheet: replace(sheet, columns=tuple(c for c in sheet.columns if c.name != name))


def read(path: Path, sheet: Sheet, *, use_cache: bool = True) -> Any:
    table = XlsxStore(path, layout=Layout((sheet,)), use_cache=use_cache).read(
        sheet.name, strict=False
    )[sheet.name]
    return (
        table.frame.rows(),
        table.frame.schema,
        dict(table.positions),
        table.misfits,
        table.shadowed,
        table.next_row,
        table.next_column,
    )


ALTERED: dict[str, Callable[[Sheet], Sheet]] = {
    "another type": declared("contract", type=ColumnType.INTEGER),
    "another header": declared("contract", header="Vendor"),
    "another name": declared("contract", name="agreement"),
    "an alias": declared("block", aliases=("Contract",)),
    "a later occurrence": declared("contract", occurrence=2),
    "a column less": without("match"),
    "another header row": lambda sheet: replace(sheet, header_row=2),
    "columns in another order": lambda sheet: replace(
        sheet, columns=(*sheet.columns[1:], sheet.columns[0])
    ),
}


@pytest.fixture
def filled(empty: Path) -> Path:
    type_into(
        empty,
        UNITS,
        A2="P00001",
        B2="M01",
        D2="Viagogo",
        E2="0012",
        F2="Cat 1",
        I2="AVAILABLE",
        A3="P00002",
        B3="M06",
        E3="0013",
    )
    return empty


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_an_altered_declaration_reads_anew(filled: Path, alter: Callable[[Sheet], Sheet]) -> None:
    sheet = EVENT[UNITS]
    plain = read(filled, sheet)
    other = read(filled, alter(sheet))
    assert other == read(filled, alter(sheet), use_cache=False)
    assert other != plain
    assert read(filled, sheet) == plain


def test_the_same_declaration_is_served_from_the_cache(filled: Path) -> None:
    plain = read(filled, EVENT[UNITS])
    (kept,) = (filled.parent / "event.xlsx.ticketops" / "cache").glob("*.arrow")
    made = kept.stat().st_mtime_ns
    assert read(filled, EVENT[UNITS]) == plain
    assert kept.stat().st_mtime_ns == made


def test_days_that_count_from_1904_are_others(empty: Path) -> None:
    """The bytes of sheet, strings and styles are the same; the workbook's own part tells the
    epoch."""
    type_into(empty, SALES, A2=datetime(2026, 4, 17), D2="Acme")

    def with_epoch(attribute: bytes) -> Any:
        with zipfile.ZipFile(empty) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        plain = re.sub(rb' date1904="\w+"', b"", parts["xl/workbook.xml"])
        parts["xl/workbook.xml"] = plain.replace(b"<workbookPr", b"<workbookPr" + attribute, 1)
        assert attribute in parts["xl/workbook.xml"]
        with zipfile.ZipFile(empty, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        assert read(empty, EVENT[SALES]) == read(empty, EVENT[SALES], use_cache=False)
        return XlsxStore(empty, layout=EVENT).read(SALES)[SALES].frame["date"].to_list()

    assert with_epoch(b"") == [datetime(2026, 4, 17)]
    assert with_epoch(b' date1904="1"') == [datetime(2030, 4, 18)]


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "head"])
def test_a_damaged_cache_is_read_as_absent(filled: Path, harm: str) -> None:
    plain = read(filled, EVENT[UNITS])
    (kept,) = (filled.parent / "event.xlsx.ticketops" / "cache").glob("*.arrow")
    data = kept.read_bytes()
    spoilt = {
        "flip": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "cut": data[:-1],
        "empty": b"",
        "head": data[:3],
    }[harm]
    kept.write_bytes(spoilt)
    assert read(filled, EVENT[UNITS]) == plain

"""Hostile archives by what their directory says (limits at their border), through the functions
that the store asks."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.conftest import Runner
from ticketops.errors import HostileFileError, UnusableError
from ticketops.stores.xlsx import guard

GIB = 2**30


def member(name: str, inflated: int, packed: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.file_size, info.compress_size, info.compress_type = inflated, packed, zipfile.ZIP_DEFLATED
    info.header_offset = 0
    return info


def parts(*sizes: int) -> list[zipfile.ZipInfo]:
    """Each well packed and below the limit of one part."""
    return [
        member(f"xl/worksheets/sheet{i}.xml", size, size // 100)
        for i, size in enumerate(sizes, start=1)
    ]


def test_many_parts_each_under_the_limit_are_too_large_together() -> None:
    guard.check_directory(parts(*[GIB] * 6), 2**40, "event.xlsx")
    with pytest.raises(HostileFileError) as raised:
        guard.check_directory(parts(*[GIB] * 6, 1), 2**40, "event.xlsx")
    assert raised.value.message == "event.xlsx unpacks to 6,442,450,945 bytes"


def test_one_part_at_its_limit() -> None:
    guard.check_directory(parts(2 * GIB), 2**40, "event.xlsx")
    with pytest.raises(HostileFileError) as raised:
        guard.check_directory(parts(2 * GIB + 1), 2**40, "event.xlsx")
    assert (
        raised.value.message
        == "event.xlsx: the part 'xl/worksheets/sheet1.xml' unpacks to 2,147,483,649 bytes"
    )


@pytest.mark.parametrize(
    ("inflated", "packed", "refused"),
    [
        (32 * 2**20, 1, False),
        (32 * 2**20 + 1, 1, True),
        (250 * 2**20, 2**20, False),
        (250 * 2**20 + 1, 2**20, True),
        (33 * 2**20, 0, True),
    ],
)
def test_what_is_called_a_bomb(inflated: int, packed: int, refused: bool) -> None:
    if refused:
        with pytest.raises(HostileFileError, match=f"unpacks to {inflated:,} bytes"):
            guard.check_directory([member("a.xml", inflated, packed)], 2**40, "event.xlsx")
    else:
        guard.check_directory([member("a.xml", inflated, packed)], 2**40, "event.xlsx")


def test_how_many_parts_there_may_be() -> None:
    guard.check_directory(parts(*[1] * 10_000), 2**40, "event.xlsx")
    with pytest.raises(HostileFileError) as raised:
        guard.check_directory(parts(*[1] * 10_001), 2**40, "event.xlsx")
    assert raised.value.message == "event.xlsx holds 10001 parts, more than any workbook"


@pytest.mark.parametrize("twin", ["XL/Workbook.xml", "xl\\workbook.xml"])
def test_a_part_that_stands_twice(twin: str) -> None:
    info = member(twin, 1, 1)
    info.filename = twin  # ZipInfo would turn the backslash
    with pytest.raises(HostileFileError, match="twice"):
        guard.check_directory([member("xl/workbook.xml", 1, 1), info], 100, "event.xlsx")


def test_a_part_that_ends_behind_the_file() -> None:
    whole = member("a.xml", 10, 10)
    whole.header_offset = 90
    guard.check_directory([whole], 100, "event.xlsx")
    with pytest.raises(UnusableError, match=r"event\.xlsx is cut off"):
        guard.check_directory([whole], 99, "event.xlsx")


def test_an_encrypted_part_and_a_foreign_compression() -> None:
    encrypted, foreign = member("a.xml", 1, 1), member("a.xml", 1, 1)
    encrypted.flag_bits, foreign.compress_type = 1, zipfile.ZIP_BZIP2
    with pytest.raises(UnusableError, match="is encrypted"):
        guard.check_directory([encrypted], 100, "event.xlsx")
    with pytest.raises(UnusableError, match=r"a compression that \.xlsx files do not have"):
        guard.check_directory([foreign], 100, "event.xlsx")


def test_the_command_line_refuses_parts_that_are_too_large_together(
    empty: Path, monkeypatch: pytest.MonkeyPatch, in_process: Runner
) -> None:
    """The limit is lowered to what a small workbook holds: each of its parts stays far below."""
    with zipfile.ZipFile(empty) as archive:
        total = sum(info.file_size for info in archive.infolist())
        assert max(info.file_size for info in archive.infolist()) < total / 2
    words, before = ("status", "-w", str(empty)), empty.read_bytes()
    monkeypatch.setattr(guard, "MAX_INFLATED", total)
    assert in_process(*words).code == 0
    monkeypatch.setattr(guard, "MAX_INFLATED", total - 1)
    done = in_process(*words)
    assert (done.code, done.out) == (3, "")
    assert f"event.xlsx unpacks to {total:,} bytes" in done.err
    assert empty.read_bytes() == before


@pytest.mark.parametrize(
    ("cells", "refused"),
    [
        ([(1, "A"), (1_048_576, "A")], False),
        ([(1, "A"), (1_048_577, "A")], True),
        ([(1, "XFD")], False),
        ([(1, "XFE")], True),
        ([(1, "A"), (8_000, "ALL")], False),  # 8,000 rows by 1,000 columns: 8,000,000
        ([(1, "A"), (8_001, "ALL")], True),
        ([(1, "A"), (80_000, "CV")], False),  # by 100
        ([(1, "A"), (80_001, "CV")], True),
        ([(1, "A"), (800_000, "J")], False),  # by 10
        ([(1, "A"), (800_001, "J")], True),
    ],
)
def test_a_grid_that_is_hardly_filled(cells: list[tuple[int, str]], refused: bool) -> None:
    xml = "".join(
        f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>' for row, column in cells
    ).encode()
    if refused:
        with pytest.raises(HostileFileError, match="sheet 'Sales' spans"):
            guard.check_extent(xml, "Sales")
    else:
        guard.check_extent(xml, "Sales")

"""Sealed archives (§13): whatever is changed in one is noticed; the same contents are the same bytes."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.errors import UnusableError
from ticketops.stores import sealed

NAMES = st.text("abcäß /._-", min_size=1, max_size=12).filter(lambda name: name.strip(" /."))
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=200), max_size=5)
TOLD = {"event": "X26", "run_id": "R1"}


@given(MEMBERS)
def test_what_was_sealed_is_read_again(members: dict[str, bytes]) -> None:
    data = sealed.seal(TOLD, members)
    assert data == sealed.seal(dict(TOLD), dict(members))
    found = sealed.read(data, "a.zip")
    assert (found.problems, dict(found.members)) == ((), members)
    assert found.manifest["event"] == "X26"
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*members, "manifest.json"]


@given(MEMBERS, st.data())
def test_one_bit_is_found_wherever_it_is(members: dict[str, bytes], data: st.DataObject) -> None:
    whole = bytearray(sealed.seal(TOLD, members))
    place = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[place // 8] ^= 1 << place % 8
    try:
        assert sealed.read(bytes(whole), "a.zip").problems
    except UnusableError:
        pytest.fail("it is an archive all the same")


@given(MEMBERS, st.data())
def test_a_cut_is_found_wherever_it_is(members: dict[str, bytes], data: st.DataObject) -> None:
    whole = sealed.seal(TOLD, members)
    cut = whole[: data.draw(st.integers(4, len(whole) - 1))]
    with suppress(UnusableError):  # where it ends as the archive in it does
        assert sealed.read(cut, "a.zip").problems


def test_a_cut_behind_a_workbook_in_it_is_refused() -> None:
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    whole = sealed.seal(TOLD, {"event.xlsx": inner.getvalue()})
    end = whole.index(b"PK\x05\x06") + 22
    with pytest.raises(UnusableError, match="or only a part of one"):
        sealed.read(whole[:end], "a.zip")


@given(st.binary(max_size=300))
def test_what_is_no_archive_is_refused_and_hostile_bytes_break_nothing(content: bytes) -> None:
    for data in (content, b"PK\x03\x04" + content, sealed.seal(TOLD, {})[:50] + content):
        with suppress(UnusableError):
            assert sealed.read(data, "a.zip").problems


def test_every_single_bit_of_a_small_archive() -> None:
    whole = sealed.seal(TOLD, {"a.txt": b"hello"})
    for place in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        assert sealed.read(bytes(flipped), "a.zip").problems, place

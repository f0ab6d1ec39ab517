"""Which cells a plain password may not have."""

from __future__ import annotations

import base64

import pytest

from tests.domain.sync.copies import Rows, copy_of, nobody, texts_of
from ticketops.domain.sync.merge import Side, take_over
from ticketops.domain.sync.passwords import cells_of, unsealing
from ticketops.schema.layouts.event import SALES, UNITS

SEALED = "sealed:" + base64.urlsafe_b64encode(b"\x80" + bytes(72)).decode()
A = {"unit_id": "P1", "status": "AVAILABLE", "password": SEALED}
PLAIN_A = A | {"password": "plain"}
B = {"unit_id": "P2", "status": "AVAILABLE"}
PLAIN_B = B | {"password": "other"}
CELL, SHEET = {(1, "password")}, None


@pytest.mark.parametrize(
    ("here", "there", "stays"),
    [
        ({1: A}, {1: PLAIN_A}, CELL),
        ({1: A}, {1: PLAIN_A | {"status": "ALLOCATED"}, 2: PLAIN_B}, CELL),
        ({1: A}, {1: A, 2: PLAIN_B}, set()),  # a new one
        ({1: A}, {1: A | {"password": SEALED + "="}}, CELL),  # only looks like one
        ({1: B}, {1: PLAIN_B}, set()),
        ({1: A}, {1: B, 2: PLAIN_A}, SHEET),  # moved: the record has a sealed one
        ({1: A}, {1: PLAIN_B, 2: A}, SHEET),  # another record in its row
    ],
)
def test_a_plain_password_does_not_replace_a_sealed_one(
    here: Rows, there: Rows, stays: set[tuple[int, str]] | None
) -> None:
    mine, theirs = copy_of(UNITS, here), copy_of(UNITS, there)
    changes = take_over(Side.LOCAL, mine, theirs, texts_of(UNITS, None), nobody("remote")).changes
    assert changes is not None
    first = mine.table.sheet.header_row
    plain, left = unsealing(mine.table, changes)
    if stays is SHEET:
        assert plain
        assert left == cells_of(changes)
    else:
        assert plain == left == {(row + first, column) for row, column in stays}


def test_a_sheet_without_passwords_is_taken_as_it_is() -> None:
    mine, theirs = copy_of(SALES, {1: {"notes": SEALED}}), copy_of(SALES, {1: {"notes": "plain"}})
    changes = take_over(Side.LOCAL, mine, theirs, texts_of(SALES, None), nobody("remote")).changes
    assert changes is not None
    assert unsealing(mine.table, changes) == (set(), set())

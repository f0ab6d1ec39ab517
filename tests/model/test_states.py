"""State machines of §17 and D7: every pair, against the tables written out."""

import itertools

import pytest

from ticketops.model import states

DELIVERY_MOVES = {
    "NOT_SENT": "PENDING SENT UPLOADED ISSUE",
    "PENDING": "NOT_SENT SENT UPLOADED ISSUE",
    "UPLOADED": "SENT ACCEPTED ISSUE",
    "SENT": "ACCEPTED ISSUE",
    "ISSUE": "NOT_SENT PENDING SENT UPLOADED",
    "ACCEPTED": "ISSUE",
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(DELIVERY_MOVES, repeat=2)))
def test_delivery_moves_as_d7_says(before: str, after: str) -> None:
    meant = before == after or after in DELIVERY_MOVES[before].split()
    assert states.DELIVERY_MACHINE.allows(before, after) is meant


def test_blank_stands_for_the_first_state() -> None:
    assert states.DELIVERY_MACHINE.allows(None, "SENT")
    assert not states.DELIVERY_MACHINE.allows(None, "ACCEPTED")
    assert states.UNIT_MACHINE.allows(None, "ALLOCATED")
    assert states.DISTRIBUTION_MACHINE.allows("ALLOCATED", None)


def test_a_value_outside_the_set_may_be_corrected_but_not_entered() -> None:
    assert states.UNIT_MACHINE.allows("allocatd", "ALLOCATED")
    assert not states.UNIT_MACHINE.allows("AVAILABLE", "allocatd")

"""What an acceptance covers (§13): never more than what it was given for."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk import Desk
from ticketops.domain.event import issues
from ticketops.domain.event.issues import Issue
from ticketops.engine.job import Job
from ticketops.schema.layouts.event import CLOSING

NAMES = st.sampled_from(["S1", "S2", "S10", "client/A; B=C", "Distribution!3 wörd", "x" * 90])
AMOUNTS = st.one_of(st.none(), st.decimals(0, 10_000, places=2))
SUBJECTS = st.dictionaries(NAMES, AMOUNTS, max_size=6)


def issue(subjects: dict[str, Decimal | None]) -> Issue:
    named = {issues.name_of_subject(name): amount for name, amount in subjects.items()}
    return Issue("UNPAID", named, "some", "payment add")


def do(desk: Desk, outstanding: Issue, named: list[str], *, withdraw: bool = False) -> None:
    desk.do(
        Job(
            "event.accept",
            lambda snapshot, run: issues.plan_accept(
                snapshot, [outstanding], named, run, reason="x", withdraw=withdraw
            ),
            (),
            (CLOSING,),
        )
    )


def still(desk: Desk, outstanding: Issue) -> set[str]:
    (found,) = issues.judged([outstanding], desk.store.read(CLOSING, strict=False)[CLOSING])
    assert found.accepted + len(found.subjects) == found.count == len(outstanding.subjects)
    assert (found.state == "open") == bool(found.subjects)
    return set(found.subjects)


@pytest.mark.slow
@given(SUBJECTS.filter(bool), SUBJECTS)
def test_only_what_was_accepted_is_covered_and_no_larger_amount(
    before: dict[str, Decimal | None], after: dict[str, Decimal | None]
) -> None:
    desk = Desk(role="ops_manager")
    first, then = issue(before), issue(after)
    do(desk, first, ["UNPAID"])
    assert still(desk, first) == set()
    expected = set()
    for name, amount in then.subjects.items():
        given_for = first.subjects.get(name)
        covered = name in first.subjects and (
            amount is None or (given_for is not None and amount <= given_for)
        )
        expected |= set() if covered else {name}
    assert still(desk, then) == expected
    desk.undo()
    assert still(desk, then) == set(then.subjects)


@pytest.mark.slow
@given(SUBJECTS.filter(lambda one: len(one) > 1), st.data())
def test_one_subject_is_accepted_and_withdrawn_by_itself(
    subjects: dict[str, Decimal | None], data: st.DataObject
) -> None:
    desk = Desk(role="ops_manager")
    whole = issue(subjects)
    one = data.draw(st.sampled_from(sorted(whole.subjects)))
    do(desk, whole, [f"unpaid:{one}"])
    assert still(desk, whole) == set(whole.subjects) - {one}
    do(desk, whole, ["UNPAID"])
    do(desk, whole, [f"UNPAID:{one}"], withdraw=True)
    assert still(desk, whole) == {one}


def test_a_list_that_no_cell_holds_goes_on_in_further_rows() -> None:
    desk = Desk(role="ops_manager")
    many = issue({f"S{number}-1": None for number in range(12_000)})
    do(desk, many, ["UNPAID"])
    cells = desk.rows(CLOSING, "subjects")
    assert len(cells) > 2
    assert max(map(len, cells)) < 32_767
    assert sum(desk.rows(CLOSING, "count")) == 12_000
    assert still(desk, many) == set()

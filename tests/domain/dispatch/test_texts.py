"""What follows from a text in a file or a queue: guests and notes, as far as a cell goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.dispatch.desk import GUEST, DispatchDesk, codes, edit
from ticketops.schema.layouts.event import CLIENT_INPUTS

# --- texts

TEXTS = [
    # the workbook says, the reader knew, the file says → the workbook, findings
    (None, "", "Ana", "Ana", []),
    ("Ana", "Ana", "Eva", "Eva", []),
    ("Ana", "Ana", None, None, []),
    ("Ana", "", "Ana", "Ana", []),
    ("Ana", "", "Eva", "Ana", ["CONFLICT"]),
    ("Ana", "Ida", "Eva", "Ana", ["CONFLICT"]),
    ("Ana", "Ida", None, "Ana", ["CONFLICT"]),
    (None, "Ida", "Eva", None, ["CONFLICT"]),
]


@pytest.mark.parametrize(("ours", "knew", "said", "after", "findings"), TEXTS)
@pytest.mark.parametrize("name", GUEST)
def test_a_guest_cell(
    desk: DispatchDesk, name: str, ours: Any, knew: str, said: Any, after: Any, findings: list[str]
) -> None:
    desk.write("S1-3", **{name: ours})
    desk.reconcile()
    plan = desk.reconcile(edit("client", "S1-3", name, knew, said))
    assert desk.ticket("S1-3")[name] == after
    assert codes(plan) == findings
    assert (
        next(v for v in desk.frame(CLIENT_INPUTS).to_dicts() if v["sales_id"] == "S1-3")[name]
        == after
    )


NOTES = [
    # Distribution, the queue → both
    (None, None, None),
    ("a", None, "a"),
    (None, "b", "b"),
    ("a", "a", "a"),
    ("a", "a | b", "a | b"),
    ("a | b", "a", "a | b"),
    ("a", "b", "a | b"),
]


@pytest.mark.parametrize(("ours", "said", "after"), NOTES)
@pytest.mark.parametrize("supplier", [False, True])
def test_a_note_in_a_queue(
    desk: DispatchDesk, ours: Any, said: Any, after: Any, supplier: bool
) -> None:
    sales_id = "S1-1" if supplier else "S1-2"
    desk.write(sales_id, dispatch_notes=ours)
    if supplier:
        desk.write_supplier("P00001", dispatch_notes=said)
    else:
        desk.write_task("S1-2", staff_notes=said)
    desk.reconcile()
    assert desk.ticket(sales_id)["dispatch_notes"] == after
    assert (
        desk.supplier_row("P00001")["dispatch_notes"]
        if supplier
        else desk.task("S1-2")["staff_notes"]
    ) == after


@pytest.mark.parametrize("said", ["rang twice, nobody there", None])
def test_a_note_that_was_put_right_in_a_file_stays_so(desk: DispatchDesk, said: str | None) -> None:
    desk.write("S1-2", dispatch_notes="rang once")
    desk.reconcile()
    desk.reconcile(edit("staff", "S1-2", "dispatch_notes", "rang once", said))
    assert desk.ticket("S1-2")["dispatch_notes"] == said
    assert desk.task("S1-2")["staff_notes"] == said


@pytest.mark.parametrize("said", ["rang twice, nobody there", None])
def test_a_note_that_was_put_right_in_distribution_stays_so(
    desk: DispatchDesk, said: str | None
) -> None:
    desk.write("S1-2", dispatch_notes="rang once")
    desk.reconcile()
    desk.write("S1-2", dispatch_notes=said)
    desk.reconcile()
    assert desk.ticket("S1-2")["dispatch_notes"] == said


def test_notes_of_two_parties_are_joined(desk: DispatchDesk) -> None:
    desk.write("S1-2", dispatch_notes="from the office")
    plan = desk.reconcile(edit("staff", "S1-2", "dispatch_notes", "", "from staff"))
    assert desk.ticket("S1-2")["dispatch_notes"] == "from the office | from staff"
    assert codes(plan) == ["JOINED"]


def test_notes_that_both_grew_are_joined_without_doubling(desk: DispatchDesk) -> None:
    desk.write("S1-2", dispatch_notes="rang once | sent a text")
    desk.reconcile()
    desk.reconcile(
        edit("staff", "S1-2", "dispatch_notes", "rang once", "rang once | wrote a letter")
    )
    assert desk.ticket("S1-2")["dispatch_notes"].count("rang once") == 1


def test_a_supplier_that_adds_to_a_redacted_note_does_not_overwrite_it(desk: DispatchDesk) -> None:
    desk.write("S1-1", dispatch_notes="for Acme Travel, gate 4")
    desk.reconcile()
    assert desk.supplier_row("P00001")["dispatch_notes"] == "for MIRRA, gate 4"
    desk.reconcile(
        edit("supplier", "S1-1", "dispatch_notes", "for MIRRA, gate 4", "for MIRRA, gate 4 | done")
    )
    assert "for Acme Travel, gate 4" in desk.ticket("S1-1")["dispatch_notes"]
    assert "done" in desk.ticket("S1-1")["dispatch_notes"]


# --- a cell holds 32,767 characters


@pytest.mark.parametrize(("length", "joined"), [(32_760, True), (32_761, True), (32_762, False)])
def test_notes_of_both_are_joined_as_far_as_a_cell_goes(
    desk: DispatchDesk, length: int, joined: bool
) -> None:
    ours = "a" * length
    desk.write("S1-2", dispatch_notes=ours)
    plan = desk.reconcile(edit("staff", "S1-2", "dispatch_notes", "old", "new"))
    after = desk.ticket("S1-2")["dispatch_notes"]
    assert after == (f"{ours} | new" if joined else ours)
    assert len(after) <= 32_767
    assert [(f.code, f.severity.name, f.sales_id) for f in plan.findings] == [
        ("JOINED", "INFO", "S1-2") if joined else ("CONFLICT", "MEDIUM", "S1-2")
    ]


@pytest.mark.parametrize(("length", "joined"), [(32_761, True), (32_762, False)])
def test_a_note_in_the_queue_is_joined_as_far_as_a_cell_goes(
    desk: DispatchDesk, length: int, joined: bool
) -> None:
    desk.write("S1-2", dispatch_notes="a" * length)
    desk.write_task("S1-2", staff_notes="new")
    desk.reconcile()
    assert desk.ticket("S1-2")["dispatch_notes"] == "a" * length + (" | new" if joined else "")

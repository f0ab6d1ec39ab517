"""Everybody writes, in any order (`dispatch.py`), and copies of books by hand."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machines.dispatch import Dispatch, begun
from tests.machines.shelf import GUEST, STAFF, Copy, ShelfDesk
from ticketops.schema.layouts.event import BOOK_EDITS, DISTRIBUTION, STAFF_QUEUE
from ticketops.services import dispatch


def _two_copies() -> tuple[ShelfDesk, Copy, Copy]:
    desk = ShelfDesk(begun())
    book = desk.copy_of("client", "acme travel").book
    return desk, Copy(book), Copy(book)


@pytest.mark.parametrize("column", GUEST)
def test_copies_of_one_book(column: str) -> None:
    """Two people fill in the same file. The one who left a cell as it was does not clear the
    other's, at least not in silence."""
    desk, filled, untouched = _two_copies()
    text = "a@guest.example" if column == "client_email" else "Ana"
    filled.typed[2, column] = text
    desk.pull(filled)
    plan = desk.pull(untouched).plan
    desk.close()
    assert desk.tickets()["S1-3"][column] == text or {"S1-3"} <= {
        finding.sales_id for finding in plan.findings
    }


def test_copies_of_one_book_that_differ() -> None:
    desk, first, second = _two_copies()
    first.typed[2, "first_name"], second.typed[2, "first_name"] = "Ana", "Eva"
    desk.pull(first)
    plan = desk.pull(second).plan
    desk.close()
    assert "S1-3" in {finding.sales_id for finding in plan.findings if finding.code != "INCOMPLETE"}


def test_copies_of_one_book_in_one_pull_are_both_kept() -> None:
    """Both lose against what the office typed meanwhile; both can be read up."""
    desk, first, second = _two_copies()
    desk.set(DISTRIBUTION, desk.tickets()["S1-3"]["row"], "first_name", "Ida")
    first.typed[2, "first_name"], second.typed[2, "first_name"] = "Ana", "Eva"
    desk.pull(first, second)
    desk.close()
    assert desk.tickets()["S1-3"]["first_name"] == "Ida"
    assert {"Ana", "Eva"} <= set(desk.rows(BOOK_EDITS, "first_name"))


def test_a_reader_takes_back_what_he_typed() -> None:
    """In the same file, before he got a newer one. That may as well be an older copy: then at least
    it is reported."""
    desk, copy, _ = _two_copies()
    copy.typed[2, "comment"] = "aisle, please"
    desk.pull(copy)
    copy.typed[2, "comment"] = ""
    plan = desk.pull(copy).plan
    desk.close()
    assert desk.tickets()["S1-3"]["comment"] == "aisle, please"
    assert "NOT_TAKEN_BACK" in {finding.code for finding in plan.findings}


def test_copies_of_books_that_were_built_one_after_the_other() -> None:
    """A book is built anew, filled in and pulled; then the older one comes back, filled in
    differently. Both words are kept."""
    desk = ShelfDesk(begun())
    older = desk.copy_of("client", "acme travel")
    desk.set(DISTRIBUTION, desk.tickets()["S1-3"]["row"], "block", "A")
    desk.sync()
    newer = desk.copy_of("client", "acme travel")
    assert older.book.book_id != newer.book.book_id
    older.typed[2, "first_name"], newer.typed[2, "first_name"] = "Ana", "Eva"
    desk.pull(newer)
    plan = desk.pull(older).plan
    desk.close()
    assert [(f.code, f.sales_id) for f in plan.findings if f.code == "CONFLICT"] == [
        ("CONFLICT", "S1-3")
    ]
    assert desk.tickets()["S1-3"]["first_name"] == "Eva"
    said = [edit for edit in desk.frame(BOOK_EDITS).to_dicts() if edit["sales_id"] == "S1-3"]
    assert [(edit["book_id"], edit["first_name"], edit["outcome"]) for edit in said] == [
        (newer.book.book_id, "Eva", "taken"),
        (older.book.book_id, "Ana", "first_name: conflict: kept the existing value"),
    ]


def test_who_has_no_task_any_more_is_still_heard() -> None:
    """Ben's tasks go to Ada while his book stands there filled in: `staff build` reads it, and
    leaves him an empty one."""
    desk = ShelfDesk(begun())
    his = desk.copy_of("staff", "ben@desk.example")
    task = his.key(0)
    his.typed[0, "proof_url"] = "https://proof.example/ben"
    desk.files.save(next(path for path in desk.standing() if "ben@" in path.name), his)
    desk.do(
        dispatch.staff_assign(
            STAFF[:1],
            task_ids=[task],
            matches=(),
            unassigned=False,
            from_person="",
            priority="",
            reopen=False,
        )
    )
    desk.build("staff")
    left = desk.copy_of("staff", "ben@desk.example").book.rows
    desk.close()
    assert dict(desk.rows(STAFF_QUEUE, "task_id", "proof_url"))[task] == "https://proof.example/ben"
    assert task not in {row.key for row in left}


@pytest.mark.parametrize("first", ["client", "staff"])
def test_the_sender_is_heard_before_the_client(first: str) -> None:
    """Whichever of their books was made first."""
    desk = ShelfDesk(begun())
    for path in desk.standing():
        path.unlink()
    for kind in (first, *{"client", "staff"} - {first}):
        desk.build(kind)
    tickets = desk.tickets()
    tasks = dict(desk.rows(STAFF_QUEUE, "task_id", "sales_id"))
    sent = next(path for path in desk.standing() if desk.files.load(path).kind == "staff")
    copy = desk.files.load(sent)
    sales_id = tasks[copy.key(0)]
    copy.typed[0, "dispatch_status"] = "SENT"
    desk.files.save(sent, copy)
    party = tickets[sales_id]["company"].casefold()
    for path in desk.standing():
        copy = desk.files.load(path)
        if (copy.kind, copy.book.party) == ("client", party):
            row = next(n for n, r in enumerate(copy.book.rows) if r.key == sales_id)
            copy.typed[row, "delivery"] = "ACCEPTED"
            desk.files.save(path, copy)
    plan = desk.sync().plan
    desk.close()
    assert desk.tickets()[sales_id]["delivery"] == "ACCEPTED"
    assert "REFUSED" not in {finding.code for finding in plan.findings}


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_any_order() -> None:
    run_state_machine_as_test(Dispatch, settings=_settings(10, 20))


@pytest.mark.slow
def test_any_order_at_length() -> None:
    run_state_machine_as_test(Dispatch, settings=_settings(160, 30))

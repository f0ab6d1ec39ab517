"""What one machine knows of what another did in the same spreadsheet: the sheets that it made, its
revision, its journal."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.desk import Desk, everything
from tests.online import Google
from tests.stores.gsheets.fixtures import (
    CFG,
    desk_with_stock,
    journal,
    quick,
    rows_of,
    stocked,
    titles,
)
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.transaction import carry_out, new_run
from ticketops.errors import ConflictError
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, EVENT, HOLDS, SALES
from ticketops.services import allocation, selling


def sell(store: Any) -> Any:
    return Desk(store).sell(("M01", "Cat 1", 1))


def test_many_begin_on_a_new_spreadsheet_at_once(google: Google) -> None:
    """All want to make `_CFG`; it is made once, and nobody's work is lost."""
    key = stocked(google)
    crowd = [quick(google, key, machine=f"m{n}") for n in range(4)]
    for store in crowd:
        store.read(SALES)
    start = threading.Barrier(len(crowd))
    failed: list[Exception] = []

    def work(nth: int) -> None:
        start.wait(10)
        try:
            carry_out(crowd[nth], selling.sale_add(*one_sale()), new_run(f"user {nth}"))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(nth,)) for nth in range(len(crowd))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert titles(google.server, key).count(CFG) == 1
    users = sorted(row[3].split(" · ")[0] for row in journal(google.server, key))
    assert users == [f"user {n}" for n in range(4)]
    assert quick(google, key).read(SALES)[SALES].frame["sales_id"].to_list() == [
        "S1",
        "S2",
        "S3",
        "S4",
        "S5",
    ]


def one_sale() -> Any:
    return Order("Meridian Travel", "USD", datetime(2026, 4, 17)), [
        SaleLine("M01", "Cat 1", 1, Decimal(350))
    ]


def hold(store: Any) -> None:
    """Makes the sheet of holds."""
    Desk(store, role="ops_manager").do(
        allocation.unit_hold(["P00001"], "Bolt", datetime(2027, 1, 1), "x", new=True)
    )


def known(google: Google) -> str:
    """A spreadsheet that all machines have worked on."""
    key = stocked(google)
    for machine in "abc":
        sell(quick(google, key, machine=machine))
    return key


def test_a_sheet_that_another_machine_made_is_seen_by_the_next_command(google: Google) -> None:
    key = known(google)
    assert not quick(google, key, machine="a").read(HOLDS)[HOLDS].exists
    hold(quick(google, key, machine="b"))
    assert quick(google, key, machine="a").read(HOLDS)[HOLDS].frame.height == 1


def test_a_sheet_that_another_machine_made_is_seen_by_the_command_after_next(
    google: Google,
) -> None:
    """The one in between did not ask for it."""
    key = known(google)
    assert not quick(google, key, machine="a").read(HOLDS)[HOLDS].exists
    hold(quick(google, key, machine="b"))
    quick(google, key, machine="a").read(SALES)
    assert quick(google, key, machine="a").read(HOLDS)[HOLDS].frame.height == 1


def test_a_sheet_that_came_with_the_first_commit_of_all_is_seen_too(google: Google) -> None:
    key = stocked(google)
    assert not quick(google, key, machine="a").read(HOLDS)[HOLDS].exists
    hold(quick(google, key, machine="b"))
    assert quick(google, key, machine="a").read(HOLDS)[HOLDS].frame.height == 1


def test_the_command_after_the_first_commit_of_all_works(google: Google) -> None:
    """Where no sheet is missing, nothing makes the machine fetch the list of sheets again."""
    every = {
        sheet.name: [*[[]] * (sheet.header_row - 1), [column.header for column in sheet.columns]]
        for sheet in EVENT
    }
    key = google.new(every | rows_of(desk_with_stock()))
    quick(google, key, machine="a").read(SALES)
    sell(quick(google, key, machine="b"))
    for _ in range(3):
        with suppress(ConflictError):
            sell(quick(google, key, machine="a"))
    assert len(journal(google.server, key)) > 1


def test_a_sheet_that_another_machine_made_is_seen_by_the_same_process(google: Google) -> None:
    key = known(google)
    google.server.log.clear()
    store = quick(google, key, machine="d")
    assert not store.read(SALES, HOLDS)[HOLDS].exists
    hold(quick(google, key, machine="b"))
    assert store.read(SALES, HOLDS)[HOLDS].frame.height == 1


def test_and_by_the_command_after_that(google: Google) -> None:
    key = known(google)
    store = quick(google, key, machine="d")
    store.read(SALES, HOLDS)
    hold(quick(google, key, machine="b"))
    store.read(SALES, HOLDS)
    assert quick(google, key, machine="d").read(SALES, HOLDS)[HOLDS].frame.height == 1


def test_what_another_machine_wrote_while_we_planned_counts(google: Google) -> None:
    """P00001 was set aside for somebody else between our plan and our lock: it is not given
    away."""
    key = known(google)
    ours, theirs = quick(google, key, machine="d"), quick(google, key, machine="b")
    job = allocation.allocate_auto()
    plans = []

    def plan(snapshot: Any, run: Any) -> Any:
        if not plans:
            hold(theirs)
        plans.append(job.plan(snapshot, run))
        return plans[-1]

    carry_out(ours, replace(job, plan=plan), new_run("tester"))
    assert len(plans) == 2
    given = (
        quick(google, key, machine="c").read(DISTRIBUTION)[DISTRIBUTION].frame["unit_ids"].to_list()
    )
    assert "P00001" not in given


def test_the_revision_is_the_same_on_every_machine(google: Google) -> None:
    key = stocked(google)
    store = quick(google, key, machine="a")
    Desk(store).do(allocation.allocate_auto())
    assert quick(google, key, machine="b").revision() == store.revision()


def test_the_last_run_and_the_log_are_the_same_on_every_machine(google: Google) -> None:
    key = stocked(google)
    store = quick(google, key, machine="a")
    Desk(store).do(allocation.allocate_auto())
    sell(quick(google, key, machine="b"))
    seen = quick(google, key, machine="c")
    assert seen.read(SALES).revision == store.read(SALES).revision
    assert seen.last_run_id() == store.last_run_id() == store.log()[-1].entry.run_id
    assert seen.log() == store.log()


@pytest.mark.parametrize("what", ["renamed and made anew", "deleted"])
def test_a_sheet_that_is_another_one_now(google: Google, what: str) -> None:
    """Its place in the machine's list is out of date."""
    key = stocked(google)
    store = quick(google, key)
    Desk(store).do(allocation.allocate_auto())
    server = google.server
    old = server.sheet(key, ALLOC_LOG)
    rows = server.rows(key, ALLOC_LOG)
    if what == "deleted":
        server.request(key, {"deleteSheet": {"sheetId": old.id}})
    else:
        server.request(
            key,
            {
                "updateSheetProperties": {
                    "properties": {"sheetId": old.id, "title": "Mine"},
                    "fields": "title",
                }
            },
        )
        server.request(key, {"addSheet": {"properties": {"title": ALLOC_LOG}}})
        for column, header in enumerate(rows[0], start=1):
            server.set(key, ALLOC_LOG, 1, column, header)
    again = quick(google, key)
    Desk(again).do(
        allocation.override_unallocate("S1", "x", set_id="", keep_seats=False, force=True)
    )
    assert [row[2] for row in server.rows(key, ALLOC_LOG)] == ["Action", "UNDO_SALE"]
    if what != "deleted":
        assert server.rows(key, "Mine") == rows
    assert everything(quick(google, key, machine="b")) == everything(again)

"""How many requests a command costs: one to read its sheets, at most three to write (Google allows
sixty a minute)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_cli
from tests.desk import Desk
from tests.online import Google
from tests.stores.gsheets.fixtures import ENTRY, column_of, desk_with_stock, requests_in, rows_of
from ticketops.domain.allocation.commit import Choice
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    EVENT,
    PURCHASES,
    SALES,
    SALES_RECON_AUDIT,
    UNITS,
)
from ticketops.services import (
    allocation,
    audit,
    catalogue,
    creation,
    masterdata,
    purchasing,
    selling,
)
from ticketops.stores.xlsx.store import XlsxStore

READ, COMMIT = ["values"], ["batch", "look", "batch"]
EVERY = tuple(sheet.name for sheet in EVENT)


def worked_on(google: Google) -> str:
    """Four units and two tickets sold, on a spreadsheet that ticketops has laid its `_CFG` in:
    without it a sheet that is missing is asked for each time, since nothing would tell that another
    machine made it."""
    return google.new({"_CFG": [["Key", "Value", "By", "Until"]], **rows_of(desk_with_stock())})


def test_reading_is_one_request_and_the_list_of_sheets_once(google: Google) -> None:
    key = worked_on(google)
    server = google.server
    store = google.store(key)
    assert requests_in(server, lambda: store.read(*EVERY)) == ["get", *READ]
    assert requests_in(server, lambda: store.read(*EVERY)) == READ
    again = google.store(key)
    assert requests_in(server, lambda: again.read(SALES, DISTRIBUTION)) == READ, (
        "the next command knows them"
    )
    assert requests_in(server, lambda: again.read("_HOLDS", "_POLICIES")) == READ, (
        "what the spreadsheet lacks needs none of its own"
    )


def test_reading_where_ticketops_wrote_is_one_request_too(google: Google) -> None:
    store = google.store(worked_on(google))
    Desk(store).do(allocation.allocate_auto())
    again = google.store(store.connection.spreadsheet)
    for sheets in (EVERY, (UNITS,), ()):
        assert requests_in(google.server, lambda sheets=sheets: again.read(*sheets)) == READ
    assert requests_in(google.server, again.revision) == READ
    assert requests_in(google.server, again.log) == READ


def tick(
    google: Google, desk: Desk, sheet: str, header: str, row: int, value: Any, header_row: int = 1
) -> None:
    key = desk.store.connection.spreadsheet
    google.server.set(
        key, sheet, row, column_of(google.server, key, sheet, header, header_row), value
    )


def recon(google: Google, desk: Desk) -> None:
    """Somebody has sold one more in the sheet, and wants it as a ticket."""
    tick(google, desk, SALES, "Number", 2, 3)
    desk.do(selling.recon_run())
    rows = dict(desk.rows(SALES_RECON_AUDIT, "action", "row"))
    tick(google, desk, SALES_RECON_AUDIT, "Process_Now", rows["MISSING_IN_DIST"], True)


def damaged(google: Google, desk: Desk) -> None:
    """A unit that says it serves a ticket that does not have it."""
    tick(google, desk, UNITS, "Status", 5, "ALLOCATED")


Prepare = Callable[[Google, Desk], Any]


def job(make: Callable[[], Any], *before: Prepare) -> Any:
    """A job that is due, and what has to be done first."""
    return make, before


def allocated(_google: Google, desk: Desk) -> None:
    desk.do(allocation.allocate_auto())


def previewed(google: Google, desk: Desk) -> None:
    tick(google, desk, DISTRIBUTION, "Process_Now", 3, True, 2)


def held(_google: Google, desk: Desk) -> None:
    desk.do(allocation.unit_hold(["P00004"], "Meridian Travel", datetime(2026, 5, 1), "x"))


DUE = {
    "allocate auto": job(allocation.allocate_auto),
    "allocate commit": job(lambda: allocation.allocate_commit("S1", Choice(rank=1))),
    "allocate preview": job(lambda: allocation.allocate_preview("S1", write=True)),
    "allocate process": job(allocation.allocate_process, previewed),
    "recon run": job(selling.recon_run),
    "recon apply": job(selling.recon_apply, recon),
    "sale expand": job(
        selling.sale_expand, lambda google, desk: tick(google, desk, SALES, "Number", 2, 3)
    ),
    "purchase expand": job(
        purchasing.purchase_expand,
        lambda google, desk: tick(google, desk, PURCHASES, "Number", 2, 6),
    ),
    "sale cancel": job(lambda: selling.sale_cancel("S1", "x", force=False), allocated),
    "sale upgrade": job(lambda: selling.sale_upgrade("S1", "Top Cat 1", 400.0, "x")),
    "override unallocate": job(
        lambda: allocation.override_unallocate("S1", "x", set_id="", keep_seats=False, force=False),
        allocated,
    ),
    "override alloc-from": job(lambda: allocation.override_alloc_from("S1", "Cat 2", "x")),
    "unit hold": job(
        lambda: allocation.unit_hold(["P00004"], "Meridian Travel", datetime(2026, 5, 1), "x")
    ),
    "unit release": job(lambda: allocation.unit_release([], "Meridian Travel", "x"), held),
    "unit substitute": job(
        lambda: allocation.unit_substitute("P00001", "P00003", "x", force=False), allocated
    ),
    "event swap": job(
        lambda: catalogue.event_swap("M01", "M02", "x", stock_only=False, force=False)
    ),
    "policy set": job(lambda: allocation.policy_set("event", "", {"mode": "SUGGEST"})),
    "user set": job(
        lambda: masterdata.user_set(
            "tester", role="ops_manager", name="Anna", email="", active=True
        )
    ),
    "audit repair": job(audit.audit_repair, damaged),
}


@pytest.mark.parametrize("name", DUE)
def test_a_job_is_one_request_to_read_and_three_to_write(google: Google, name: str) -> None:
    make, before = DUE[name]
    key = worked_on(google)
    desk = Desk(google.store(key), role="ops_manager")
    desk.store.read(SALES)  # the sheets are known
    for prepare in before:
        prepare(google, desk)
    done: list[Any] = []
    assert requests_in(google.server, lambda: done.append(desk.done(make()))) == [*READ, *COMMIT]
    assert done[0].written
    assert requests_in(
        google.server,
        lambda: desk.done(allocation.policy_set("event", "", {"split_policy": "SINGLE_SET_ONLY"})),
    ) == [*READ, *COMMIT]
    following = requests_in(google.server, desk.undo)
    assert following[0] == "batch"
    assert following[-2:] == ["look", "batch"]
    assert set(following[1:-2]) == {"values"}
    assert len(following) <= 6


def test_buying_and_selling_and_a_job_with_nothing_to_do(google: Google) -> None:
    desk = Desk(google.store(worked_on(google)))
    desk.store.read(SALES)
    server = google.server
    assert requests_in(server, lambda: desk.buy(("M01", "Cat 1", 4), ("M2", "Cat 2", 3))) == [
        *READ,
        *COMMIT,
    ]
    assert requests_in(server, lambda: desk.sell(("M01", "Cat 1", 2))) == [*READ, *COMMIT]
    assert requests_in(server, lambda: desk.done(selling.sale_expand())) == [
        *READ,
        *COMMIT,
    ]  # writes the report of it
    assert requests_in(server, lambda: desk.done(allocation.allocate_process())) == READ


def test_a_lock_that_is_given_back_unused_costs_three(google: Google) -> None:
    store = google.store(worked_on(google))
    store.read(SALES)

    def hold() -> None:
        with store.locked(ENTRY):
            pass

    assert requests_in(google.server, hold) == COMMIT


READING = (
    ("status",),
    ("audit", "run"),
    ("log",),
    ("sale", "add", "--client", "Meridian", "--line", "M01:Cat 1:2@350", "--dry-run"),
)
WRITING = (
    ("sale", "add", "--client", "Meridian", "--line", "M01:Cat 1:2@350"),
    ("allocate", "auto"),
    ("audit", "run", "--write"),
)
MORE_READING = (
    ("report", "position"),
    ("dispatch", "status"),
    ("credentials", "list"),
    ("user", "list"),
    ("unit", "holds"),
)
MORE_WRITING = (
    (
        "purchase",
        "add",
        "--match",
        "M01",
        "--vendor",
        "Viagogo",
        "--contract",
        "000777",
        "--line",
        "Cat 1:3@120.50",
    ),
    ("recon", "run"),
    ("report", "position", "--write"),
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reading", "writing"),
    [(READING, WRITING), pytest.param(MORE_READING, MORE_WRITING, marks=pytest.mark.slow)],
    ids=["some", "more"],
)
def test_through_the_command_line(google: Google, reading: Any, writing: Any) -> None:
    key = worked_on(google)
    server, environment = google.server, google.environment()

    def ran(*words: str) -> list[str]:
        return requests_in(
            server,
            lambda: codes.append(run_cli(*words, "-w", f"gsheet:{key}", env=environment).code),
        )

    codes: list[int] = []
    assert ran("status") == ["get", *READ], "a machine that sees the spreadsheet for the first time"
    for words in writing:
        assert ran(*words)[-4:] == [*READ, *COMMIT], words
    for words in reading:
        known = (
            READ if words == ("log",) else []
        )  # who asks is found out before the journal is read
        assert ran(*words) == [*known, *READ], words
    undone = ran("undo", "-y")
    assert [one for one in undone if one != "values"] == COMMIT
    assert len(undone) <= 9
    assert set(codes) <= {0, 1}


def within(rows: list[list[Any]], before: list[list[Any]]) -> list[list[Any]]:
    """The rows without the columns that a command added: undo leaves their headers on a sheet that
    has no older version."""
    width = max((len(row) for row in before), default=0)
    cut = (row[:width] for row in rows)
    return [row for row in cut if row and any(cell not in (None, "") for cell in row)]


@pytest.mark.slow
def test_a_full_event_within_the_quota(
    google: Google, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twelve thousand tickets: what people do in a minute fits into what Google allows in one, and
    everything is as in the file."""
    made = creation.sample("full", tmp_path / "full.xlsx", seed=7)
    source = XlsxStore(made, layout=EVENT)
    names = source.sheet_names()
    server = google.server
    server.clock = lambda: 0.0  # it is all the same minute
    key = google.new(source.raw_rows(*names))
    server.quota, environment = True, google.environment()
    before = {title: server.rows(key, title) for title in names}
    told = []
    for words in (
        ("status",),
        ("audit", "run"),
        ("allocate", "auto"),
        ("report", "position"),
        ("undo", "-y"),
    ):
        server.log.clear()
        began = time.monotonic()
        done = run_cli(*words, "-w", f"gsheet:{key}", env=environment)
        took = time.monotonic() - began
        calls = [call for call in server.log if call.path.startswith("/v4/")]
        sent = sum(call.size for call in calls) / 1e6
        told.append(f"{' '.join(words)}: {took:.1f} s, {len(calls)} requests, {sent:.1f} MB sent")
        on_file = run_cli(*words, "-w", str(made))
        assert done.code == on_file.code, done.err
        if words[0] != "undo":
            shown = (done.out.replace(f"gsheet:{key}", "W"), on_file.out.replace(str(made), "W"))
            here, there = ([line.split() for line in out.splitlines()] for out in shown)
            assert here[1:] == there[1:]
        assert "trying again" not in done.err
        assert [call.status for call in calls] == [200] * len(calls)
        if words[0] == "allocate":
            given = [
                store.read(DISTRIBUTION)[DISTRIBUTION].frame["unit_ids"].to_list()
                for store in (google.store(key, machine="b"), XlsxStore(made, layout=EVENT))
            ]
            assert given[0] == given[1]
            assert sum(unit is not None for unit in given[0]) > 7_000
    with capsys.disabled():
        print("", *told, sep="\n")
    after = {title: server.rows(key, title) for title in names}
    assert [
        title
        for title in names
        if title != ALLOC_LOG  # it keeps its rows (D19)
        and within(after[title], before[title]) != [row for row in before[title] if row]
    ] == []

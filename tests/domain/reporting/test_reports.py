"""The reports of §11 against figures that pandas counts in the raw cells of random workbooks, and reports
as of earlier transactions against those made then."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from tests.desk import START, Desk
from tests.domain.reporting.oracle import Oracle, client_of
from tests.sampling import some, thorough
from ticketops.config import Settings
from ticketops.domain.audit.refused import WRONG_TYPE
from ticketops.engine.job import Job
from ticketops.engine.not_undoable import not_undoable
from ticketops.engine.past import PastStore
from ticketops.engine.transaction import new_run, prepare
from ticketops.model import roles
from ticketops.model.results import plain
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, SALES, UNITS
from ticketops.services import allocation, creation, reporting, reports, selling
from ticketops.stores.xlsx.store import XlsxStore

NOW = datetime(2026, 5, 1, 12)


def opened(path: Path) -> XlsxStore:
    return XlsxStore(path, layout=EVENT, backups=2, not_undoable=not_undoable)


def result(store: Any, job: Job, now: datetime = NOW) -> Any:
    return prepare(store, job, new_run("ana", now, role=roles.SUPER_ADMIN))[0].result


def a_sample(path: Path, seed: int) -> Path:
    """A sample of which somebody changed cells by hand: currencies, deliveries, cancelled tickets, sales
    and units."""
    creation.sample("small", path, seed=seed, orders_only=False, force=True)
    random, book = Random(seed), openpyxl.load_workbook(path)

    def column(sheet: Any, header: str, row: int = 1) -> int:
        found = [cell.column for cell in sheet[row] if cell.value == header]
        if not found:
            found = [sheet.max_column + 1]
            sheet.cell(row, found[0]).value = header
        return found[0]

    sales, bought = book["Sales"], book["Purchases"]
    for sheet in (sales, bought):
        place = column(sheet, "Currency")
        for row in range(2, sheet.max_row + 1):
            if sheet.cell(row, 1).value and random.random() < 0.3:
                sheet.cell(row, place).value = "EUR"
    status = column(sales, "Status")
    for row in random.sample(range(2, sales.max_row + 1), 3):
        sales.cell(row, status).value = random.choice(("CANCELLED", "REJECTED"))
    tickets = book["Distribution"]
    for header, words in (
        ("Delivery", ("SENT", "ACCEPTED", "ISSUE", "UPLOADED")),
        ("Status", ("CANCELLED",)),
    ):
        place = column(tickets, header, 2)
        for row in random.sample(range(3, tickets.max_row + 1), 12):
            if tickets.cell(row, column(tickets, "ID", 2)).value:
                tickets.cell(row, place).value = random.choice(words)
    units = book["_PURCHASE_UNITS"]
    for row in random.sample(range(2, units.max_row + 1), 8):
        units.cell(row, column(units, "Status")).value = random.choice(
            ("CANCELLED", "REPLACED", "SOLD")
        )
    book.save(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("seed", some([1, 2], 2))
def test_every_figure_is_what_pandas_counts_in_the_raw_sheets(tmp_path: Path, seed: int) -> None:
    compare(a_sample(tmp_path / "s.xlsx", seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, thorough(10, 25)))
def test_every_figure_of_many_workbooks(tmp_path: Path, seed: int) -> None:
    compare(a_sample(tmp_path / "s.xlsx", seed))


def compare(path: Path) -> None:
    store, says = opened(path), Oracle(path)
    for by, column in (("client", "Client"), ("match", "Match")):
        found = result(store, reports.summary_job(by))
        assert {(o.key, o.currency): o.revenue for o in found.lines if o.revenue} == says.revenue(
            column
        )
        assert {(o.key, o.currency): o.cost for o in found.lines if o.cost} == says.cost(column)
        for one in found.totals:
            lines = [line for line in found.lines if line.currency == one.currency]
            assert one.margin == pytest.approx(sum(line.margin for line in lines), abs=0.001)
            assert one.margin == pytest.approx(one.revenue - one.cost, abs=0.001)
    position = result(store, reporting.position_job(write=False))
    assert plain(found.position) == {
        k: v for k, v in plain(position).items() if k not in ("lines", "as_of", "currency")
    }
    assert found.dispatch_rate_pct == round(100 * says.tickets["sent"].mean(), 2)
    stock = result(store, reports.inventory_job("both"))
    assert {
        (o.match, o.category): (o.purchased, o.available, o.allocated) for o in stock.lines
    } == says.inventory()
    assert sum(o.available for o in stock.lines) == position.available
    progress = result(store, reports.allocation_job("both", None))
    assert {
        (o.match, o.category): (o.tickets, o.unallocated, o.allocated, o.dispatched)
        for o in progress.lines
    } == says.allocation()
    days: dict[str, list[int]] = {}
    for o in progress.progress:
        of = days.setdefault(o.date, [0, 0, 0])
        days[o.date] = [
            a + b for a, b in zip(of, (o.allocated, o.dispatched, o.accepted), strict=True)
        ]
    assert {day: tuple(of) for day, of in days.items()} == says.progress()
    sent = result(store, reports.dispatch_job("client", Settings()))
    assert {client_of(o.key): (o.sent, o.pending) for o in sent.lines} == says.by_client()
    assert len(sent.lines) == len(says.by_client())
    assert (sent.total.tickets, sent.total.sent) == (position.sold, position.sent)
    pnl = result(store, reports.pnl_job("match", None))
    assert {(o.date, o.currency): o.revenue for o in pnl.timeline if o.revenue} == says.days()
    for one in pnl.totals:
        own = [day for day in pnl.timeline if day.currency == one.currency]
        assert sum(day.cost for day in own) == pytest.approx(one.cost, abs=0.001)
    bought, sold = says.stock.groupby("Category").size(), says.tickets.groupby("Category").size()
    assert {o.category: (o.purchased, o.sold) for o in pnl.sell_through} == {
        name: (int(bought.get(name, 0)), int(sold.get(name, 0)))
        for name in {*bought.index, *sold.index}
    }
    for code in sorted({*says.tickets["M-No."], *says.stock["Match"]}):
        one = result(store, reports.match_job(code, Settings()))
        assert {
            (o.category, o.currency): (
                *(o.purchased_qty, o.purchased_amount, o.sold_qty, o.sold_amount),
            )
            for o in one.lines
        } == says.match(code)
        left = {o.category: o.remaining for o in one.lines if o.remaining is not None}
        assert left == says.left(code)
        for o in one.lines:
            short = o.remaining is not None and o.remaining < 0
            assert o.alert == (f"{o.category} oversold by {-o.remaining}" if short else None)


def test_a_match_with_two_currencies_and_sub_games_by_hand() -> None:
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 3))
    found = desk.do(reports.match_job("m1", Settings())).result
    assert [plain(one) for one in found.lines] == [
        {
            "category": "Cat 1",
            "purchased_qty": 2,
            "purchased_amount": 241.0,
            "sold_qty": 3,
            "sold_amount": 1050.0,
            "remaining": -1,
            "status": "OVERSOLD",
            "alert": "Cat 1 oversold by 1",
            "currency": "USD",
        }
    ]
    assert found.alerts == ["Cat 1 oversold by 1"]


def test_an_amount_that_is_not_understood_is_said() -> None:
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.set(SALES, 2, "price", "abc")
    for job in (reports.summary_job("client"), reports.pnl_job("match", None)):
        (one,) = [one for one in desk.do(job).findings if one.code == WRONG_TYPE]
        assert "'abc'" in one.message


def test_an_empty_workbook_reports_nothing() -> None:
    desk = Desk(role="ops_manager")
    for job in (
        reports.summary_job("client"),
        reports.inventory_job("match"),
        reports.allocation_job("match", None),
        reports.dispatch_job("client", Settings()),
        reports.pnl_job("match", None),
    ):
        assert desk.do(job).result.lines == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_report_as_of_any_transaction_is_the_one_made_then(
    tmp_path: Path, empty_source: Path, seed: int
) -> None:
    live_through(tmp_path, empty_source, seed, 7)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, thorough(8, 15)))
def test_reports_as_of_any_transaction_of_long_histories(
    tmp_path: Path, empty_source: Path, seed: int
) -> None:
    live_through(tmp_path, empty_source, seed, 25)


JOBS = (
    lambda: reports.summary_job("client"),
    lambda: reports.inventory_job("both"),
    lambda: reports.allocation_job("match", None),
    lambda: reports.dispatch_job("client", Settings()),
    lambda: reports.pnl_job("vendor", None),
    lambda: reports.match_job("M01", Settings()),
    lambda: reporting.position_job(write=False),
)


def live_through(folder: Path, source: Path, seed: int, steps: int) -> None:
    """What every report said after each transaction is what it says as of it at the end."""
    path, random = folder / "event.xlsx", Random(seed)
    path.write_bytes(source.read_bytes())
    desk = Desk(opened(path), role="ops_manager")
    desk.buy(("M01", "Cat 1", 4), ("M02", "Cat 2", 3))
    made: dict[str, list[Any]] = {}
    for _ in range(steps):
        one_step(desk, random)
        last = desk.store.log()[-1].entry
        made[last.run_id] = [said(desk.store, job(), last.at) for job in JOBS]
    assert len(made) > 3
    for run_id, then in made.items():
        for job, was in zip(JOBS, then, strict=True):
            past = PastStore(desk.store, run_id)
            run = past.at(replace(new_run("ana", NOW, role=roles.SUPER_ADMIN)))
            assert plain(prepare(past, job(), run)[0].result) == was, run_id
            assert past.findings == []


def said(store: Any, job: Job, at: datetime) -> Any:
    return plain(result(store, job, at))


def one_step(desk: Desk, random: Random) -> None:
    what = random.choice(("buy", "sell", "sell", "allocate", "deliver", "cancel"))
    pool = random.choice(("M01", "M02")), random.choice(("Cat 1", "Cat 2")), random.randrange(1, 4)
    tickets = desk.tickets()
    live = [name for name, of in tickets.items() if of["status"] != "CANCELLED"]
    if what == "buy":
        desk.buy(pool)
    elif what == "allocate" and live:
        desk.do(allocation.allocate_auto())
    elif what == "cancel" and live:
        desk.do(selling.sale_cancel([random.choice(live)], "x", force=False))
    elif what == "deliver" and desk.frame(UNITS).filter(status="ALLOCATED").height:
        desk.do(
            allocation.override_unallocate(
                _served(desk), "x", set_id="", keep_seats=False, force=False
            )
        )
    else:
        desk.sell(pool, client=random.choice(("Acme", "Zed")))


def _served(desk: Desk) -> str:
    frame = desk.frame(DISTRIBUTION).drop_nulls("unit_ids")
    return str(frame["sales_id"][0])


def test_a_date_is_looked_back_to_at_its_end(tmp_path: Path, empty_source: Path) -> None:
    path = tmp_path / "event.xlsx"
    path.write_bytes(empty_source.read_bytes())
    desk = Desk(opened(path), role="ops_manager")
    desk.sell(("M01", "Cat 1", 2))
    desk.days = 3
    desk.sell(("M01", "Cat 1", 5))
    past = PastStore(desk.store, START.replace(hour=23) + timedelta(days=1))
    run = past.at(new_run("ana", START + timedelta(days=9)))
    assert run.now == START.replace(hour=23) + timedelta(days=1)
    assert prepare(past, reporting.position_job(write=False), run)[0].result.sold == 2
    future = PastStore(desk.store, START + timedelta(days=99))
    assert future.at(run).now == run.now

"""What a use case sees of a slice is what it would see of the whole sheet, whatever stands in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.database import Database
from tests.postgres.cells import CELLS
from tests.routing import Said
from ticketops.config import Settings
from ticketops.domain.plan import Plan
from ticketops.engine.job import Effect, Job
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, new_run, prepare
from ticketops.errors import InternalError, NotFoundError, UndeclaredError
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, EVENT, SALES
from ticketops.schema.slices import cut, of_sale
from ticketops.schema.tables import empty_table
from ticketops.services import allocation, copying, lists
from ticketops.services.creation import sample
from ticketops.stores.base import Slicing
from ticketops.stores.content import Content
from ticketops.stores.memory import MemoryStore
from ticketops.stores.postgres.address import address_of
from ticketops.stores.postgres.connection import Connection
from ticketops.stores.postgres.events import fill

DAY = datetime(2026, 4, 17)
HEADS = EVENT.anew()[DISTRIBUTION].canonical_headers
IDS = st.one_of(
    CELLS,
    st.sampled_from(
        [
            "S1-1",
            "S1-2",
            "S12-1",
            "s1-3",
            " S1-4",
            "S1 - 5",
            "Ｓ1-6",
            "S01-1",
            "S1",
            "S1-0",
            "S1-7\n",
        ]
    ),
)


@pytest.fixture(scope="module")
def sold(database: Database, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sample, half of it allocated, in the database."""
    folder = tmp_path_factory.mktemp("sold")
    mine = Settings(user="tester", state=folder / "state")
    path = sample("small", folder / "event.xlsx", seed=1)
    carry_out(open_store(path, mine), allocation.allocate_auto(), new_run("tester", DAY))
    address = database.url(database.new())
    copying.copy(path, address, mine)
    return address


def result(store: Any, job: Job) -> tuple[Any, Any]:
    try:
        plan = prepare(store, job, new_run("tester", DAY))[0]
    except NotFoundError as error:
        return None, str(error)
    return plan.result, plan.findings


@pytest.mark.slow
def test_every_sale_is_shown_as_from_whole_sheets(sold: str, tmp_path: Path) -> None:
    mine = Settings(user="tester", state=tmp_path)
    store = open_store(sold, mine)
    assert isinstance(store, Slicing)
    names = store.read(SALES)[SALES].frame["sales_id"].drop_nulls().to_list()
    assert len(names) > 8
    for name in [*names, "S999"]:
        job = lists.sale_show(name)
        whole = replace(job, slices={})
        assert result(open_store(sold, mine), job) == result(store, whole), name
    shown = result(store, lists.sale_show(names[0]))[0]
    assert shown.sale.sales_id == names[0]


def test_only_the_rows_of_the_slice_are_sent(sold: str, tmp_path: Path) -> None:
    store: Any = open_store(sold, Settings(user="tester", state=tmp_path))
    whole = store.read(DISTRIBUTION)[DISTRIBUTION].frame
    sale = whole["sales_id"].drop_nulls()[0].partition("-")[0]
    own = whole.filter(pl.col("sales_id").str.starts_with(f"{sale}-"))
    fresh: Any = open_store(sold, Settings(user="tester", state=tmp_path))
    said = Said()
    with said.listening():
        part = fresh.read_slices({DISTRIBUTION: of_sale(sale)}, DISTRIBUTION, SALES)
    assert cut(part, {DISTRIBUTION: of_sale(sale)})[DISTRIBUTION].frame.equals(own)
    assert 0 < own.height <= part[DISTRIBUTION].frame.height < whole.height / 2
    assert part[SALES].frame.equals(store.read(SALES)[SALES].frame)
    assert said.wrong() == []
    # what is kept is whole: a command that writes afterwards rests on nothing less
    assert fresh.read(DISTRIBUTION)[DISTRIBUTION].frame.equals(whole)
    again = fresh.read_slices({DISTRIBUTION: of_sale(sale)}, DISTRIBUTION)
    assert again[DISTRIBUTION].frame.equals(whole), "what is known whole is not asked for again"


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(IDS, CELLS), max_size=12))
def test_no_row_that_may_be_meant_is_left_out(
    database: Database, tmp_path: Path, cells: list[tuple[Any, Any]]
) -> None:
    """Whatever the cells of SalesID hold: spelt otherwise, of another type, an error."""
    at, beside = HEADS.index("ID"), HEADS.index("Company")
    rows: list[list[Any]] = [[], list(HEADS)]
    for own, other in cells:
        row: list[Any] = [None] * len(HEADS)
        row[at], row[beside] = own, other
        rows.append(row)
    key = "SLICED"
    connection = Connection(address_of(database.url(key)))
    fill(connection, Content(EVENT.anew(), {DISTRIBUTION: rows}), over=True)
    connection.close()
    slices = {DISTRIBUTION: of_sale("S1")}
    whole = database.store(key, tmp_path).read(DISTRIBUTION, strict=False)
    part = database.store(key, tmp_path).read_slices(slices, DISTRIBUTION)
    wanted, got = (cut(one, slices)[DISTRIBUTION] for one in (whole, part))
    assert got.frame.equals(wanted.frame)
    assert set(got.misfits) == set(wanted.misfits)
    assert got.rounded == wanted.rounded


def test_the_same_is_cut_of_a_store_that_reads_all() -> None:
    seen: list[int] = []

    def plan(snapshot: Any, _run: Any) -> Plan:
        seen.append(snapshot[DISTRIBUTION].frame.height)
        snapshot[DISTRIBUTION].next_row  # noqa: B018
        return Plan()

    store = MemoryStore(layout=EVENT)
    slices = {DISTRIBUTION: of_sale("S1")}
    job = Job("sale.show", plan, (DISTRIBUTION,), effect=Effect.READS, slices=slices)
    with pytest.raises(UndeclaredError, match="the end of 'Distribution' is used"):
        prepare(store, job, new_run("tester", DAY))
    assert seen == [0]


def test_nothing_is_written_on_a_slice() -> None:
    with pytest.raises(InternalError, match="writes, and rests on slices"):
        Job("sale.add", lambda _s, _r: Plan(), (SALES,), slices={SALES: of_sale("S1")})
    part = replace(empty_table(EVENT[SALES]), part=True)
    with pytest.raises(UndeclaredError):
        part.room_for(1)


def test_a_slice_of_a_sheet_that_lacks_the_column_is_the_whole(
    database: Database, tmp_path: Path
) -> None:
    key = "LACKING"
    connection = Connection(address_of(database.url(key)))
    rows: list[list[Any]] = [["Action"], ["ALLOCATE"]]
    fill(connection, Content(EVENT.anew(), {ALLOC_LOG: rows}), over=True)
    connection.close()
    slices = {ALLOC_LOG: of_sale("S1", "sale_id", tickets=False)}
    found = database.store(key, tmp_path).read_slices(slices, ALLOC_LOG, DISTRIBUTION)
    assert found[ALLOC_LOG].frame.height == 1
    assert not found[DISTRIBUTION].exists
    assert cut(found, slices)[ALLOC_LOG].frame.height == 0

"""Random purchases, sales, corrections, re-imports, allocations and undos in any order: what must always hold."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.conftest import run_cli
from tests.desk import Desk, everything
from ticketops.errors import RuleError
from ticketops.model import ids
from ticketops.schema.workbook import DISTRIBUTION, PURCHASES, SALES, UNITS
from ticketops.services import jobs
from ticketops.stores.xlsx.store import XlsxStore

MATCHES, CATEGORIES = st.sampled_from(["M01", "M2"]), st.sampled_from(["Cat 1", "Cat 2"])


class Backbone(RuleBasedStateMachine):
    """The memory store; corrections are typed into cells behind the product's back."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = self.new_desk()
        self.history: list[tuple[str, dict[str, list[Any]]]] = []

    def new_desk(self) -> Desk:
        return Desk()

    def do(self, job: Any) -> None:
        before = everything(self.desk.store)
        if self.desk.done(job).written:
            self.history.append((self.desk.store.revision(), before))

    @rule(match=MATCHES, category=CATEGORIES, quantity=st.integers(1, 6))
    def buy(self, match: str, category: str, quantity: int) -> None:
        before = everything(self.desk.store)
        self.desk.buy((match, category, quantity))
        self.history.append((self.desk.store.revision(), before))

    @rule(lines=st.lists(st.tuples(MATCHES, CATEGORIES, st.integers(1, 5)), min_size=1, max_size=3))
    def sell(self, lines: list[tuple[str, str, int]]) -> None:
        before = everything(self.desk.store)
        self.desk.sell(*lines)
        self.history.append((self.desk.store.revision(), before))

    def _correct(self, sheet: str, data: Any, quantity: int) -> None:
        rows = self.desk.rows(sheet, "row")
        if rows:
            self.desk.set(sheet, data.draw(st.sampled_from(rows)), "number", quantity)

    @rule(data=st.data(), quantity=st.integers(0, 7))
    def correct_a_purchase(self, data: Any, quantity: int) -> None:
        self._correct(PURCHASES, data, quantity)

    @rule(data=st.data(), quantity=st.integers(0, 6))
    def correct_a_sale(self, data: Any, quantity: int) -> None:
        self._correct(SALES, data, quantity)

    @rule()
    def expand_purchases(self) -> None:
        self.do(jobs.purchase_expand())
        assert not self.desk.done(jobs.purchase_expand()).written

    @rule()
    def expand_sales(self) -> None:
        self.do(jobs.sale_expand())
        assert not self.desk.done(jobs.sale_expand()).written

    @rule()
    def allocate(self) -> None:
        self.do(jobs.allocate_auto())

    @rule(data=st.data())
    def allocate_one(self, data: Any) -> None:
        sales = [s for s in self.desk.rows(SALES, "sales_id") if s]
        if sales:
            try:
                self.do(jobs.allocate_commit(data.draw(st.sampled_from(sales))))
            except RuleError as error:
                assert "allocated already" in str(error)  # noqa: PT017

    @rule()
    def apply_reconciliation(self) -> None:
        self.do(jobs.recon_run())
        from ticketops.schema.workbook import SALES_RECON_AUDIT

        for row, action in self.desk.rows(SALES_RECON_AUDIT, "row", "action"):
            if action in ("DELETE_CANDIDATE", "PROTECTED_EXCESS", "MISSING_IN_DIST"):
                self.desk.set(SALES_RECON_AUDIT, row, "process_now", True)
        allocated = {u for u in self.desk.rows(DISTRIBUTION, "unit_ids") if u}
        self.do(jobs.recon_apply())
        assert {u for u in self.desk.rows(DISTRIBUTION, "unit_ids") if u} == allocated

    @precondition(lambda self: self.history and self.history[-1][0] == self.desk.store.revision())
    @rule()
    def undo(self) -> None:
        _revision, before = self.history.pop()
        self.desk.undo()
        assert everything(self.desk.store) == before
        self.history.clear()  # revisions of the memory store are counted, not digests

    @invariant()
    def no_unit_in_two_rows(self) -> None:
        used = [u for cell in self.desk.rows(DISTRIBUTION, "unit_ids") for u in ids.split_unit_ids(cell)]
        assert len(used) == len(set(used))

    @invariant()
    def the_audit_is_clean(self) -> None:
        result, findings = self.desk.audit()
        assert findings == []
        assert result["invariant_holds"]

    @invariant()
    def unit_ids_are_unique_and_units_cover_what_is_allocated(self) -> None:
        units = self.desk.rows(UNITS, "unit_id", "purchase_id", "status")
        assert len({u for u, _, _ in units}) == len(units)
        total = Counter(p for _, p, _ in units)
        allocated = Counter(p for _, p, s in units if s == "ALLOCATED")
        assert all(total[p] >= n for p, n in allocated.items())
        assert sum(allocated.values()) == sum(bool(u) for u in self.desk.rows(DISTRIBUTION, "unit_ids"))

    @invariant()
    def the_position_adds_up(self) -> None:
        report = self.desk.position()
        assert report["open"] - report["available"] == report["oversold"] - report["surplus"]


TestBackbone = Backbone.TestCase
TestBackbone.settings = settings(max_examples=25, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck))


class BackboneOnFile(RuleBasedStateMachine):
    """The same on a real file: undo gives back the very bytes, and the cache never differs from the file."""

    source: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "event.xlsx"
        self.states: list[bytes] = []

    @initialize()
    def start(self) -> None:
        shutil.copy(self.source, self.path)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def desk(self) -> Desk:
        return Desk(XlsxStore(self.path, backups=100))

    def do(self, job: Any) -> None:
        before = self.path.read_bytes()
        if self.desk().done(job).written:
            self.states.append(before)

    @rule(match=MATCHES, category=CATEGORIES, quantity=st.integers(1, 6))
    def buy(self, match: str, category: str, quantity: int) -> None:
        self.states.append(self.path.read_bytes())
        self.desk().buy((match, category, quantity))

    @rule(lines=st.lists(st.tuples(MATCHES, CATEGORIES, st.integers(1, 5)), min_size=1, max_size=3))
    def sell(self, lines: list[tuple[str, str, int]]) -> None:
        self.states.append(self.path.read_bytes())
        self.desk().sell(*lines)

    @rule()
    def expand(self) -> None:
        self.do(jobs.purchase_expand())
        self.do(jobs.sale_expand())

    @rule()
    def allocate(self) -> None:
        self.do(jobs.allocate_auto())

    @precondition(lambda self: self.states)
    @rule()
    def undo(self) -> None:
        self.desk().undo()
        assert self.path.read_bytes() == self.states.pop()

    @invariant()
    def the_cache_is_true(self) -> None:
        if self.path.exists():
            assert everything(XlsxStore(self.path)) == everything(XlsxStore(self.path, use_cache=False))

    @invariant()
    def the_audit_is_clean(self) -> None:
        if self.path.exists():
            assert self.desk().codes() == []


def test_on_a_file(empty_source: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    BackboneOnFile.source = empty_source
    quick = settings(max_examples=8, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(BackboneOnFile, settings=quick)


@pytest.mark.slow
def test_on_a_file_at_length(empty_source: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    BackboneOnFile.source = empty_source
    long = settings(max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(BackboneOnFile, settings=long)


@pytest.mark.slow
def test_the_backbone_at_length() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    long = settings(max_examples=120, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Backbone, settings=long)


def test_the_backbone_through_the_command_line(empty: Path) -> None:
    """A whole day, as an operator types it."""
    book = ("-w", str(empty))
    assert (
        run_cli("purchase", "add", *book, "--match", "M01", "--vendor", "Viagogo", "--contract", "000777", "--line", "Cat 1:3@120.50").code
        == 0
    )
    sold = run_cli("sale", "add", *book, "--client", "Meridian", "--line", "M01:Cat 1:2@350", "--line", "M01:Cat 1:2@350", "--json")
    assert sold.json["result"]["sales_ids"] == ["S1", "S2"]
    done = run_cli("allocate", "commit", "S1", *book, "--json")
    assert (done.code, done.json["result"]["unit_ids"]) == (0, ["P00001", "P00002"])
    short = run_cli("allocate", "commit", "S2", *book, "--json")
    assert (short.code, short.json["result"]["allocated"]) == (1, 1)
    assert [f["code"] for f in short.json["findings"]] == ["WAITING_STOCK"]
    assert run_cli("audit", "run", *book).code == 0
    report = run_cli("report", "position", *book, "--json").json["result"]
    assert [report[name] for name in ("sold", "sent", "open", "available", "oversold", "surplus")] == [4, 0, 4, 0, 4, 0]
    for _ in range(4):
        assert run_cli("undo", *book, "-y").code == 0
    assert run_cli("undo", *book, "-y").code == 4

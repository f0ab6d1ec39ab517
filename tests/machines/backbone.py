"""Random purchases, sales, corrections, re-imports, allocations and undos in any order: a machine on
the memory store."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.desk import Desk, everything
from tests.trail import LASTING
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, SALES, UNITS
from ticketops.services import allocation, purchasing, selling

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
        self.do(purchasing.purchase_expand())
        assert not self.desk.done(purchasing.purchase_expand()).written

    @rule()
    def expand_sales(self) -> None:
        self.do(selling.sale_expand())
        assert not self.desk.done(selling.sale_expand()).written

    @rule()
    def allocate(self) -> None:
        self.do(allocation.allocate_auto())

    @rule(data=st.data())
    def allocate_one(self, data: Any) -> None:
        sales = [s for s in self.desk.rows(SALES, "sales_id") if s]
        if sales:
            sale = data.draw(st.sampled_from(sales))
            try:
                self.do(allocation.allocate_commit(sale))
            except RuleError as error:
                assert "already allocated" in str(error) or "waits for" in str(error)  # noqa: PT017
            except NotFoundError:  # reconciliation deleted all its rows
                held = [name for name in self.desk.rows(DISTRIBUTION, "sales_id") if name]
                assert not any(name.startswith(f"{sale}-") for name in held)

    @rule()
    def apply_reconciliation(self) -> None:
        self.do(selling.recon_run())
        from ticketops.schema.layouts.event import SALES_RECON_AUDIT

        for row, action in self.desk.rows(SALES_RECON_AUDIT, "row", "action"):
            if action in ("DELETE_CANDIDATE", "PROTECTED_EXCESS", "MISSING_IN_DIST"):
                self.desk.set(SALES_RECON_AUDIT, row, "process_now", True)
        allocated = {u for u in self.desk.rows(DISTRIBUTION, "unit_ids") if u}
        self.do(selling.recon_apply())
        assert {u for u in self.desk.rows(DISTRIBUTION, "unit_ids") if u} == allocated

    @precondition(lambda self: self.history and self.history[-1][0] == self.desk.store.revision())
    @rule()
    def undo(self) -> None:
        _revision, before = self.history.pop()
        logged = everything(self.desk.store)
        self.desk.undo()
        after = everything(self.desk.store)
        for sheet in LASTING:
            assert after[sheet][: len(logged[sheet])] == logged[sheet], "a log lost a row (D19)"
            before[sheet] = after[sheet]
        assert after == before
        self.history.clear()  # revisions of the memory store are counted, not digests

    @invariant()
    def no_unit_in_two_rows(self) -> None:
        used = [
            u for cell in self.desk.rows(DISTRIBUTION, "unit_ids") for u in ids.split_unit_ids(cell)
        ]
        assert len(used) == len(set(used))

    @invariant()
    def the_audit_is_clean(self) -> None:
        result, findings = self.desk.audit()
        assert findings == []
        assert result.invariant_holds

    @invariant()
    def unit_ids_are_unique_and_units_cover_what_is_allocated(self) -> None:
        units = self.desk.rows(UNITS, "unit_id", "purchase_id", "status")
        assert len({u for u, _, _ in units}) == len(units)
        total = Counter(p for _, p, _ in units)
        allocated = Counter(p for _, p, s in units if s == "ALLOCATED")
        assert all(total[p] >= n for p, n in allocated.items())
        assert sum(allocated.values()) == sum(
            bool(u) for u in self.desk.rows(DISTRIBUTION, "unit_ids")
        )

    @invariant()
    def the_position_adds_up(self) -> None:
        report = self.desk.position()
        assert report.open - report.available == report.oversold - report.surplus

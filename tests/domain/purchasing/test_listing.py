"""INV-NO is the vendor's listing number: purchase → unit → ticket → queues; contracts of sales stay
in Sales (D20)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk, everything
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.purchasing.listing import Contracts, carried
from ticketops.model.results import plain
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    MATTHIAS_EMAILS,
    PURCHASES,
    SALES,
    SALES_PARENT_RECON,
    SALES_RECON_AUDIT,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
)
from ticketops.services import allocation, catalogue, dispatch, purchasing, selling

CONTRACT = "2025-3008"
"""The contract of every sale of a Desk."""


class ListingDesk(Desk):
    def __init__(self) -> None:
        super().__init__(role="ops_manager")

    def purchase(
        self, number: int, inv_no: str, *, match: str = "M01", vendor: str = "Viagogo"
    ) -> None:
        self.buy((match, "Cat 1", number), vendor=vendor, inv_no=inv_no)

    def inv_nos(self) -> list[Any]:
        return self.rows(DISTRIBUTION, "inv_no")

    def codes_of(self, job: Any) -> list[str]:
        return [finding.code for finding in self.do(job).findings]

    def add_column(self, sheet: str) -> None:
        """Somebody writes InvNo beside the columns of a sheet."""
        self.store.edit_outside(sheet, 1, self.store.read(sheet)[sheet].next_column, "InvNo")


@pytest.fixture
def desk() -> ListingDesk:
    return ListingDesk()


def sold(desk: ListingDesk, inv_no: str = "630679135", tickets: int = 2) -> ListingDesk:
    """S1 holds P00001 and so on of the listing."""
    desk.purchase(tickets, inv_no)
    desk.sell(("M01", "Cat 1", tickets))
    desk.do(allocation.allocate_commit("S1"))
    return desk


# --- purchase → unit


def test_a_purchase_gives_its_number_to_its_units_each_line_its_own(desk: ListingDesk) -> None:
    desk.purchase(2, "000123")
    desk.purchase(1, "")
    desk.purchase(1, "626005399-UP")
    assert desk.rows(PURCHASES, "inv_no") == ["000123", None, "626005399-UP"]
    assert desk.rows(UNITS, "inv_no") == ["000123", "000123", None, "626005399-UP"]


def test_a_changed_number_reaches_free_units_and_those_that_come(desk: ListingDesk) -> None:
    sold(desk, "A1", 1)
    desk.set(PURCHASES, 2, "number", 3)
    desk.set(PURCHASES, 2, "inv_no", "A2")
    plan = desk.do(purchasing.purchase_expand())
    assert desk.rows(UNITS, "status", "inv_no") == [
        ("ALLOCATED", "A1"),
        ("AVAILABLE", "A2"),
        ("AVAILABLE", "A2"),
    ]
    assert [(f.code, f.unit_id) for f in plan.findings] == [
        ("PURCHASE_CHANGED_AFTER_ALLOCATION", "P00001")
    ]
    desk.set(PURCHASES, 2, "inv_no", "A3")
    desk.do(purchasing.purchase_expand())
    assert desk.rows(UNITS, "inv_no") == ["A1", "A3", "A3"]
    assert not desk.done(purchasing.purchase_expand()).written


def test_a_number_that_comes_later_reaches_units_in_use_and_their_tickets(
    desk: ListingDesk,
) -> None:
    sold(desk, "")
    desk.add_column(PURCHASES)
    desk.set(PURCHASES, 2, "inv_no", "A1")
    assert desk.codes_of(purchasing.purchase_expand()) == []
    assert desk.rows(UNITS, "inv_no") == ["A1", "A1"]
    desk.do(dispatch.staff_queue())
    assert desk.inv_nos() == ["A1", "A1"]


def test_a_blank_number_of_a_purchase_empties_no_unit(desk: ListingDesk) -> None:
    """Numbers may be typed beside each unit."""
    desk.purchase(2, "")
    desk.add_column(UNITS)
    desk.set(UNITS, 2, "inv_no", "U1")
    assert not desk.done(purchasing.purchase_expand()).written
    assert desk.rows(UNITS, "inv_no") == ["U1", None]


# --- unit → ticket, and back

WAYS = {
    "commit": lambda desk: desk.do(allocation.allocate_commit("S1")),
    "auto": lambda desk: desk.do(allocation.allocate_auto()),
    "process": lambda desk: (
        desk.set(DISTRIBUTION, 3, "process_now", True),
        desk.do(allocation.allocate_process()),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_allocation_writes_the_number_and_unallocation_takes_it_back(
    desk: ListingDesk, way: str
) -> None:
    desk.purchase(1, "A1")
    desk.purchase(1, "B2", match="M02")
    desk.sell(("M01", "Cat 1", 1))
    assert desk.inv_nos() == [None], "no contract"
    before = desk.rows(DISTRIBUTION, "inv_no", "contract", "unit_ids", "status", "notes")
    WAYS[way](desk)
    assert desk.inv_nos() == ["A1"]
    desk.undo()
    assert desk.rows(DISTRIBUTION, "inv_no", "contract", "unit_ids", "status", "notes") == before
    WAYS[way](desk)
    desk.unallocate()
    assert desk.inv_nos() == [None]


@pytest.mark.parametrize(
    "end",
    [
        lambda: selling.sale_cancel("S1", "why", force=False),
        lambda: catalogue.event_swap("M01", "M02", "why", stock_only=True, force=False),
    ],
)
def test_whatever_takes_units_off_takes_the_number(desk: ListingDesk, end: Any) -> None:
    sold(desk)
    assert desk.inv_nos() == ["630679135"] * 2
    desk.do(end())
    assert desk.inv_nos() == [None, None]
    desk.undo()
    assert desk.inv_nos() == ["630679135"] * 2


def test_a_match_that_moves_with_its_tickets_keeps_the_numbers(desk: ListingDesk) -> None:
    sold(desk)
    desk.do(catalogue.event_swap("M01", "M02", "why", stock_only=False, force=False))
    assert desk.inv_nos() == ["630679135"] * 2


def test_another_unit_brings_its_own_number(desk: ListingDesk) -> None:
    sold(desk, "A1", 1)
    desk.purchase(1, "B2")
    desk.purchase(1, "")
    desk.do(allocation.unit_substitute("P00001", "P00002", "torn", force=False))
    assert desk.inv_nos() == ["B2"]
    desk.do(allocation.unit_substitute("P00002", "P00003", "torn", force=False))
    assert desk.inv_nos() == [None]


def test_a_number_that_a_person_typed_stays_for_ever(desk: ListingDesk) -> None:
    desk.purchase(1, "A1")
    desk.purchase(1, "B2")
    desk.sell(("M01", "Cat 1", 1))
    desk.set(DISTRIBUTION, 3, "inv_no", "TYPED-7")
    assert desk.codes_of(selling.sale_expand()) == []
    assert "INV_NO_DIFFERS" in desk.codes_of(allocation.allocate_commit("S1"))
    assert "INV_NO_DIFFERS" in desk.codes_of(
        allocation.unit_substitute("P00001", "P00002", "torn", force=False)
    )
    assert desk.codes_of(selling.sale_expand()) == ["INV_NO_DIFFERS"]
    assert "INV_NO_DIFFERS" in desk.codes_of(dispatch.staff_queue())
    desk.unallocate()
    assert desk.inv_nos() == ["TYPED-7"]


def test_no_finding_where_the_unit_has_no_number_or_the_same(desk: ListingDesk) -> None:
    sold(desk, "ab-1", 1)
    desk.set(DISTRIBUTION, 3, "inv_no", "AB-1")
    assert desk.codes_of(selling.sale_expand()) == []
    desk.set(UNITS, 2, "inv_no", None)
    assert desk.codes_of(selling.sale_expand()) == []


@pytest.mark.parametrize(
    ("number", "of_unit", "before", "is_contract", "after"),
    [
        (None, "A", None, False, "A"),
        ("A", "B", "A", False, "B"),
        ("A", None, "A", False, None),
        ("C", "A", None, True, "A"),
        ("C", None, None, True, None),
        ("T", "A", None, False, "T"),
        ("T", None, "A", False, "T"),
        (None, None, None, False, None),
    ],
)
def test_what_is_ours_to_write(
    number: str | None,
    of_unit: str | None,
    before: str | None,
    is_contract: bool,
    after: str | None,
) -> None:
    assert carried(number, of_unit, before=before, is_contract=is_contract) == after


# --- workbooks of before


def old(desk: ListingDesk) -> ListingDesk:
    """S1-1 has a unit with a number, S1-2 one without, S1-3 none; all show the contract. S2-1 shows
    what somebody typed."""
    desk.purchase(1, "A1")
    desk.purchase(1, "")
    desk.purchase(1, "B2", match="M02")
    desk.sell(("M01", "Cat 1", 3))
    desk.sell(("M02", "Cat 1", 1))
    desk.set(SALES, 2, "status", "UNALLOCATED")  # somebody took the sale out of its wait
    for sale in ("S1", "S2"):
        desk.do(allocation.allocate_commit(sale))
    for row, number in enumerate((CONTRACT, CONTRACT, CONTRACT, "TYPED-7"), start=3):
        desk.set(DISTRIBUTION, row, "inv_no", number)
    return desk


@pytest.mark.parametrize("job", [selling.sale_expand, dispatch.staff_queue])
def test_a_contract_becomes_the_units_number_or_blank(desk: ListingDesk, job: Any) -> None:
    old(desk)
    before = everything(desk.store)
    plan = desk.do(job())
    assert desk.inv_nos() == ["A1", None, None, "TYPED-7"]
    assert "INV_NO_WAS_CONTRACT" in [f.code for f in plan.findings]
    assert desk.rows(SALES, "contract") == [CONTRACT] * 2, "it stays in Sales"
    again = desk.done(job())
    assert not again.written
    assert "INV_NO_WAS_CONTRACT" not in [f.code for f in again.plan.findings]
    desk.undo()
    assert everything(desk.store) == before


def test_many_contracts_go_without_a_question(desk: ListingDesk) -> None:
    """Nothing is lost: the safeguard against emptied columns is for what stands nowhere else."""
    desk.sell(("M01", "Cat 1", 60))
    for row in range(3, 63):
        desk.set(DISTRIBUTION, row, "inv_no", CONTRACT)
    desk.do(selling.sale_expand())
    assert set(desk.inv_nos()) == {None}


def test_spelling_is_forgiven_and_the_contract_of_another_sale_is_no_contract(
    desk: ListingDesk,
) -> None:
    desk.sell(("M01", "Cat 1", 2))
    desk.set(SALES, 2, "contract", "Ctr-9a")
    desk.set(DISTRIBUTION, 3, "inv_no", " CTR-9A\u00a0")
    desk.set(DISTRIBUTION, 4, "inv_no", CONTRACT)
    desk.do(selling.sale_expand())
    assert desk.inv_nos() == [None, CONTRACT]


def test_where_sales_has_no_such_sale_every_contract_counts() -> None:
    contracts = Contracts({"S1": frozenset({"c-1"}), "S_1": frozenset({"c-1"}), "S2": frozenset()})
    found = [
        contracts.has("C-1", sale, source)
        for sale, source in (
            ("S1-2", None),
            ("S2-1", None),
            ("S9-1", None),
            ("S9-1", "S_1"),
            (None, None),
        )
    ]
    assert found == [True, False, True, True, True]
    assert not contracts.has(None, "S1-1")
    assert not contracts.has("X", "S9-1")


def test_unallocation_takes_an_old_contract_too(desk: ListingDesk) -> None:
    old(desk)
    desk.unallocate()
    assert desk.inv_nos() == [None, None, CONTRACT, "TYPED-7"], "the third ticket had no unit"


@pytest.mark.parametrize("inv_no", [CONTRACT, "TYPED-7", None])
def test_reconciliation_compares_neither_inv_no_nor_game(
    desk: ListingDesk, inv_no: str | None
) -> None:
    sold(desk)
    desk.do(selling.recon_run())
    columns = ("action", "reason", "import_key", "line_key")
    before = desk.rows(SALES_PARENT_RECON, *columns)
    keys = desk.rows(SALES_RECON_AUDIT, "current_key")
    desk.set(DISTRIBUTION, 3, "inv_no", inv_no)
    desk.set(DISTRIBUTION, 3, "game", "Brazil vs Italy")
    desk.set(SALES, 2, "contract", "another")
    desk.set(SALES, 2, "game", "Italy vs Brazil")
    desk.do(selling.recon_run())
    assert desk.rows(SALES_PARENT_RECON, *columns) == before
    assert desk.rows(SALES_RECON_AUDIT, "current_key") == keys
    assert {reason for _action, reason, *_ in before} == {"counts match"}


# --- who reads it


def test_the_number_goes_to_staff_supplier_and_client_and_a_contract_to_nobody(
    desk: ListingDesk,
) -> None:
    """Before anything is settled, too."""
    old(desk)
    desk.purchase(1, "SUP-1", match="M03", vendor="Povami")
    desk.purchase(1, "SUP-2", match="M04", vendor="Povami")
    desk.sell(("M03", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S3"))
    for row in range(3, 8):
        desk.set(DISTRIBUTION, row, "client_email", "g@guest.example")
    desk.set(DISTRIBUTION, 7, "inv_no", CONTRACT)
    desk.type_rows(
        STAFF_QUEUE,
        [
            {
                "task_id": "T00001",
                "sales_id": "S1-9",
                "inv_no": CONTRACT,
                "assigned_to": "kim@desk.example",
            }
        ],
    )
    desk.type_rows(
        SUPPLIER_QUEUE,
        [{"supplier_key": "OTHER", "sales_id": "S1-9", "unit_ids": "P00099", "inv_no": CONTRACT}],
    )
    view = desk.do(dispatch.client_view("Meridian Travel", Filters())).result
    assert CONTRACT not in str(plain(view))
    assert [ticket.inv_no for ticket in view.tickets] == ["A1", None, None, "TYPED-7", "SUP-1"]
    desk.do(dispatch.supplier_map("POVAMI", ["Povami"], []))
    desk.do(dispatch.staff_queue())
    assert desk.rows(STAFF_QUEUE, "task_id", "sales_id", "inv_no", "vendor") == [
        ("T00001", "S1-9", None, None),
        ("T00002", "S1-1", "A1", "Viagogo"),
        ("T00003", "S1-2", None, "Viagogo"),
        ("T00004", "S2-1", "TYPED-7", "Viagogo"),
    ]
    assert sorted(desk.rows(SUPPLIER_QUEUE, "unit_ids", "inv_no"), key=str) == [
        ("P00004", "SUP-1"),
        ("P00005", "SUP-2"),
        ("P00099", None),
    ]
    tasks = desk.do(dispatch.staff_tasks("", every=True)).result
    assert [(task.inv_no, task.vendor) for task in tasks.tasks] == [
        ("A1", "Viagogo"),
        (None, "Viagogo"),
        ("TYPED-7", "Viagogo"),
    ]
    for sheet in (STAFF_QUEUE, SUPPLIER_QUEUE):
        assert CONTRACT not in str(everything(desk.store)[sheet])
    assert not desk.done(dispatch.staff_queue()).written


# --- one account

MASKED = "tix99@mail.example"
LOGIN = ("login@ven.example", "mm-01", "pw-of-login")


def task_of(
    desk: ListingDesk,
    vendor: str,
    unit: tuple[str | None, ...],
    ticket: tuple[str | None, str | None],
    legacy: str | None = None,
) -> Any:
    """(VendorEmail, VendorPassword, vendor) of the task, and what `staff reveal` shows, where a
    unit has (e-mail, login, password) and its ticket (e-mail, password)."""
    desk.type_rows(MATTHIAS_EMAILS, [{"email": MASKED.upper()}])
    desk.purchase(1, "A1", vendor=vendor)
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    for column, value in zip(
        ("email", "login_id", "password", "password_legacy"), (*unit, legacy), strict=True
    ):
        desk.set(UNITS, 2, column, value)
    for column, value in zip(("email", "password"), ticket, strict=True):
        desk.set(DISTRIBUTION, 3, column, value)
    desk.set(DISTRIBUTION, 3, "client_email", "g@guest.example")
    desk.do(dispatch.staff_queue())
    return desk.rows(STAFF_QUEUE, "vendor_email", "vendor_password", "vendor")[0]


@pytest.mark.parametrize(
    ("vendor", "unit", "ticket", "legacy", "shown"),
    [
        pytest.param(
            MASKED,
            LOGIN,
            (MASKED, "pw-of-login"),
            None,
            (LOGIN[0], LOGIN[2], "Matthias"),
            id="masked, with a login of its own",
        ),
        pytest.param(
            MASKED,
            (None, None, "pw"),
            (MASKED, "pw"),
            None,
            (MASKED, "pw", "Matthias"),
            id="masked, called by its address",
        ),
        pytest.param(
            MASKED,
            (None, "mm-01", "pw"),
            (MASKED, "pw"),
            None,
            (None, "pw", "Matthias"),
            id="masked, with a LoginID only",
        ),
        pytest.param(
            MASKED,
            ("login@ven.example", None, None),
            (MASKED, "x"),
            None,
            ("login@ven.example", None, "Matthias"),
            id="no password",
        ),
        pytest.param(
            "Viagogo",
            LOGIN,
            ("typed@x.example", "typed"),
            None,
            (LOGIN[0], LOGIN[2], "Viagogo"),
            id="the unit's, whole",
        ),
        pytest.param(
            "Viagogo",
            (LOGIN[0], None, None),
            (LOGIN[0].upper(), "t"),
            None,
            (LOGIN[0], "t", "Viagogo"),
            id="the same address",
        ),
        pytest.param(
            "Viagogo",
            (LOGIN[0], None, None),
            (None, "t"),
            "old",
            (LOGIN[0], "old", "Viagogo"),
            id="the older column",
        ),
        pytest.param(
            "Viagogo",
            (None, None, "pw"),
            ("typed@x.example", None),
            None,
            (None, "pw", "Viagogo"),
            id="an address beside another's password",
        ),
        pytest.param(
            "Viagogo",
            (None, None, None),
            ("typed@x.example", "t"),
            None,
            ("typed@x.example", "t", "Viagogo"),
            id="the ticket's, whole",
        ),
        pytest.param(
            "Viagogo",
            (None, None, "pw"),
            ("typed@x.example", "t"),
            None,
            ("typed@x.example", "t", "Viagogo"),
            id="the ticket's before half a one",
        ),
    ],
)
def test_address_and_password_are_one_accounts(
    desk: ListingDesk,
    vendor: str,
    unit: tuple[str | None, ...],
    ticket: tuple[str | None, str | None],
    legacy: str | None,
    shown: Any,
) -> None:
    assert task_of(desk, vendor, unit, ticket, legacy) == shown


def test_reveal_shows_the_account_of_the_task(desk: ListingDesk) -> None:
    from ticketops.config import Settings

    task_of(desk, MASKED, LOGIN, (MASKED, LOGIN[2]))
    plan: Any = desk.do(dispatch.staff_reveal("T00001", Settings()))
    assert (plan.credential.email, plan.credential.login_id, plan.credential.password) == LOGIN
    assert (plan.result.email, plan.result.login_id, plan.result.vendor, plan.result.inv_no) == (
        *LOGIN[:2],
        "Matthias",
        "A1",
    )

"""Whose rows are whose, for users who are limited to some clients or suppliers (§15)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk import DAY, CopiedDesk
from ticketops.domain.dispatch.own_rows import NEEDED as SAYS_WHOSE
from ticketops.domain.dispatch.own_rows import OF_SOMEBODY, OwnRows
from ticketops.domain.masterdata.scopes import Scope
from ticketops.domain.money import fees
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, FEES, PURCHASES, SALES
from ticketops.services import allocation, dispatch, money

NAMES = {"client", "company", "client_group", "party", "sales_id", "sale_id", "vendor"}
"""Columns that say whose a row is."""
APART = {
    "_ALLOCATION_REPAIR_LOG",
    "_ALLOCATION_PREVIEW",
    "_SALES_PARENT_RECON",
    "_SALES_RECON_AUDIT",
    "_PURCHASE_UNITS_AUDIT",
    "_CREDENTIAL_HISTORY",
    "_TRANSFERS",
    "_WAITLIST",
}
"""Sheets of somebody's that no job shows or changes which a limited user may run."""
BY_BOOK = {"_BOOKS", "_BOOK_EDITS", "_PORTAL_TOKENS", "_PORTAL_LOG"}
"""Where the books say whose a row is: `services/book_parties.py`."""


def test_every_sheet_with_a_name_is_known_or_apart() -> None:
    """A new sheet of somebody's must be told whose its rows are."""
    of_somebody = {sheet.name for sheet in EVENT if NAMES & set(sheet.by_name)}
    assert of_somebody - OF_SOMEBODY - BY_BOOK == APART


# --- whose rows


CLIENTS = ("Acme", "ACME", "Acme Ltd", "Bolt", "Bolt GmbH", "Meridian Travel")
SAME = {"ACME": "Acme"}


@pytest.fixture(scope="module")
def traded() -> CopiedDesk:
    desk = CopiedDesk()
    desk.buy(("M01", "Cat 1", 20))
    for number, client in enumerate(CLIENTS, 1):
        desk.sell(("M01", "Cat 1", 1 + number % 2), client=client)
    desk.do(allocation.allocate_auto())
    return desk


def subsets() -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(CLIENTS))


@pytest.mark.slow
@given(subsets())
def test_rows_are_those_of_the_clients_and_changes_of_others_are_found(
    traded: CopiedDesk, names: frozenset[str]
) -> None:
    whole = traded.store.read(SALES, DISTRIBUTION, *SAYS_WHOSE)
    own = OwnRows(whole, Scope(clients=names))
    mine = {SAME.get(name, name) for name in names}
    cut = own.narrowed(whole)
    for sheet, column in ((SALES, "client"), (DISTRIBUTION, "company")):
        every = whole[sheet].frame.select("row", "sales_id", column).rows()
        expected = {row for row, _key, client in every if SAME.get(client, client) in mine}
        assert set(cut[sheet].frame["row"]) == expected
        assert cut[sheet].next_row == whole[sheet].next_row, "what is added goes below all rows"
        for row, key, _client in every:
            changes = ChangeSet()
            changes.set(sheet, row, key, {"notes" if sheet == SALES else "comment": (None, "x")})
            assert own.strange(changes) == (("", "") if row in expected else ("client", sheet))
            changes = ChangeSet()
            changes.set(sheet, row, key, {column: (_client, "Zebra")})
            assert own.strange(changes) == ("client", sheet), "nobody gives rows away"
            changes = ChangeSet()
            changes.delete(sheet, {row: key})
            assert own.strange(changes) == (("", "") if row in expected else ("client", sheet))


def test_an_empty_scope_sees_nothing() -> None:
    assert not Scope(clients=frozenset()).sees_client("Acme")
    assert not Scope(clients=frozenset({"Acme"})).sees_client(None)
    assert not Scope(suppliers=frozenset({"ANN"})).sees_all(())
    assert Scope().sees_client(None)


def test_fees_are_of_whom_their_sale_or_purchase_is_of() -> None:
    desk = CopiedDesk()
    desk.buy(("M01", "Cat 1", 2), vendor="Viagogo", inv_no="L1")
    desk.buy(("M01", "Cat 1", 2), vendor="Povami", inv_no="L2")
    desk.buy(("M01", "Cat 1", 2), vendor="Povami", inv_no="L1")
    desk.sell(("M01", "Cat 1", 1), client="Acme")
    desk.sell(("M01", "Cat 1", 1), client="Bolt")
    desk.do(dispatch.supplier_map("POVAMI", ["Povami"], []))
    desk.do(dispatch.supplier_map("VIA", ["Viagogo"], []))
    for what in ("S1", "S2", "PR0001-S01", "PR0002-S01", "L1", "L2"):
        given = fees.Given("OTHER", what, Decimal(5), DAY, "USD")
        desk.do(money.fee_add(given))
    whole = desk.store.read(FEES, PURCHASES, *SAYS_WHOSE)
    named = desk.rows(FEES, "fee_for")
    first, second, _ = desk.rows(PURCHASES, "purchase_id")
    assert named == ["S1", "S2", first, second, "L1", second]

    def seen(scope: Scope) -> list[str]:
        return list(OwnRows(whole, scope).narrowed(whole)[FEES].frame["fee_for"])

    assert seen(Scope(clients=frozenset({"Acme"}))) == ["S1"]
    assert seen(Scope(suppliers=frozenset({"VIA"}))) == ["S1", "S2", first]
    assert seen(Scope(suppliers=frozenset({"POVAMI"}))) == [one for one in named if one not in (first, "L1")]  # fmt: skip

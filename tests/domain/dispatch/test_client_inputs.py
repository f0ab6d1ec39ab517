"""What clients typed is kept, and comes back with a row that is made anew."""

from __future__ import annotations

from tests.domain.dispatch.desk import GUEST, A, DispatchDesk, N, S, codes, edit
from ticketops.schema.layouts.event import CLIENT_INPUTS


def test_the_vault_keeps_what_a_client_typed(desk: DispatchDesk) -> None:
    client_inputs = {v["sales_id"]: v for v in desk.frame(CLIENT_INPUTS).to_dicts()}
    assert sorted(client_inputs) == ["S1-1", "S1-2", "S1-3"]
    assert {v["client_group"] for v in client_inputs.values()} == {"acme travel"}
    assert [client_inputs["S1-2"][name] for name in GUEST] == [
        None,
        "Ana2",
        "Berg",
        "g2@guest.example",
        None,
    ]


def test_a_row_that_was_made_anew_gets_its_guest_back(desk: DispatchDesk) -> None:
    desk.write("S1-2", **dict.fromkeys(GUEST))
    plan = desk.reconcile()
    assert [desk.ticket("S1-2")[name] for name in GUEST] == [
        None,
        "Ana2",
        "Berg",
        "g2@guest.example",
        None,
    ]
    assert codes(plan) == ["RESTORED"]


def test_a_guest_that_is_cleared_by_half_stays_so(desk: DispatchDesk) -> None:
    desk.write("S1-2", first_name=None, client_email=None)
    assert codes(desk.reconcile()) == []
    assert [desk.ticket("S1-2")[name] for name in GUEST] == [None, None, "Berg", None, None]


def test_a_client_that_clears_its_guest_does_not_get_it_back(desk: DispatchDesk) -> None:
    edits = [edit("client", "S1-2", name, desk.ticket("S1-2")[name] or "", None) for name in GUEST]
    assert codes(desk.reconcile(*edits)) == []
    assert [desk.ticket("S1-2")[name] for name in GUEST] == [None] * 5
    assert codes(desk.reconcile()) == []


def test_another_companys_ticket_gets_no_guest_of_the_vault(desk: DispatchDesk) -> None:
    desk.write("S1-2", company="Bolt Tours", **dict.fromkeys(GUEST))
    assert codes(desk.reconcile()) == []
    assert [desk.ticket("S1-2")[name] for name in GUEST] == [None] * 5


def test_the_vault_knows_a_company_by_its_group(desk: DispatchDesk) -> None:
    desk.write("S1-2", company="ACME TRAVEL VIP", **dict.fromkeys(GUEST))
    assert codes(desk.reconcile()) == ["RESTORED"]
    assert desk.ticket("S1-2")["client_email"] == "g2@guest.example"


def test_the_vault_keeps_receipts(desk: DispatchDesk) -> None:
    desk.reconcile(edit("staff", "S1-2", "delivery", N, S))
    desk.reconcile(edit("client", "S1-2", "delivery", S, A))
    kept = next(v for v in desk.frame(CLIENT_INPUTS).to_dicts() if v["sales_id"] == "S1-2")
    assert (kept["accepted_at"], kept["accepted_by"]) == (
        desk.ticket("S1-2")["accepted_at"],
        "acme travel",
    )

"""Master data (§2): records, references, who is deactivated, and what trade makes of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from tests.desk import DAY, Desk
from ticketops.config import Settings
from ticketops.domain.intake.faults import Place
from ticketops.domain.masterdata.importing import Line
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.errors import (
    NotFoundError,
    NotPermittedError,
    RuleError,
    UnclearNameError,
    UsageError,
)
from ticketops.model import roles
from ticketops.schema.layouts.event import (
    CLIENTS,
    CONTRACTS,
    CURRENCIES,
    PURCHASES,
    SALES,
    SCHEDULE,
    VENDOR_EVENTS,
    VENDORS,
)
from ticketops.schema.layouts.event.masters import (
    CLIENT,
    CONTRACT,
    CURRENCY,
    ENTITIES,
    VENDOR,
    VENDOR_EVENT,
    VENUE,
    Entity,
)
from ticketops.services import masterdata, masters, purchasing, selling, status

LINES = [SaleLine("M01", "Cat 2", 1, Decimal(100))]


class Office(Desk):
    """A manager's desk with units to sell."""

    def __init__(self) -> None:
        super().__init__(role=roles.OPS_MANAGER)
        self.buy(("M01", "Cat 2", 90))

    def add(self, entity: Entity, name: str, **given: str) -> Any:
        return self.do(masters.master_add(entity, {entity.key[0]: name, **given})).result

    def put(self, entity: Entity, name: str, **given: str) -> Any:
        return self.do(masters.master_set(entity, name, given)).result

    def records(self, entity: Entity) -> dict[str, dict[str, Any]]:
        rows = self.frame(entity.sheet).to_dicts()
        return {" ".join(str(row[key]) for key in entity.key): row for row in rows}

    def sale(self, client: str, *, amount: int = 100, force: bool = False, **more: str) -> Any:
        order = Order(client, "USD", DAY, **more)  # type: ignore[arg-type]
        line = SaleLine("M01", "Cat 2", 1, Decimal(amount))
        return self.do(selling.sales_add([(order, [line])], force=force))


@pytest.fixture
def office() -> Office:
    return Office()


def said(plan: Any, code: str) -> list[str]:
    return [finding.message for finding in plan.findings if finding.code == code]


# --- records


def test_a_record_is_added_changed_and_emptied(office: Office) -> None:
    added = office.add(CLIENT, "Acme Ltd", code="ACM", credit_limit="0", credit_currency="usd")
    assert (added.added, added.record, added.fields["credit_limit"]) == (True, "Acme Ltd", 0.0)
    assert added.fields["status"] == "ACTIVE"
    office.put(CLIENT, "acm", payment_terms="30 days")
    office.do(masters.master_set(CLIENT, "Acme Ltd", {}, ["credit_limit", "credit_currency"]))
    (row,) = office.frame(CLIENTS).to_dicts()
    assert (row["client"], row["payment_terms"], row["credit_limit"]) == (
        "Acme Ltd",
        "30 days",
        None,
    )
    assert (row["user"], row["updated_at"].date()) == ("tester", DAY.date())


def test_all_that_is_wrong_is_said_at_once(office: Office) -> None:
    with pytest.raises(UsageError) as caught:
        office.add(
            CLIENT, "X", type="boss", credit_limit="1,5", contact_email="x", contact_phone="!"
        )
    for option in ("--type", "--credit-limit", "--contact-email", "--contact-phone"):
        assert caught.value.message.count(option) == 1
    assert "CORPORATE, AGENCY, INDIVIDUAL" in caught.value.message
    assert office.frame(CLIENTS).height == 0


@pytest.mark.parametrize(
    ("entity", "given", "why"),
    [
        (CLIENT, {"credit_limit": "5"}, "--credit-limit needs --credit-currency"),
        (CLIENT, {"credit_limit": "-5", "credit_currency": "USD"}, "not an amount"),
        (CLIENT, {"address": "a\x07b"}, "control character"),
        (CLIENT, {"contact_email": "a@b"}, "not an e-mail address"),
        (VENDOR, {"website": "two words"}, "--website: 'two words' is not the address of a page"),
        (VENUE, {"capacity": "many"}, "whole number"),
        (VENUE, {"timezone": "Moon/Sea"}, "not a time zone"),
        (CURRENCY, {"rate": "0"}, "not a rate"),
        (CURRENCY, {"active": "perhaps"}, "must be yes or no"),
    ],
)
def test_what_no_field_can_hold(
    office: Office, entity: Entity, given: dict[str, str], why: str
) -> None:
    name = "AED" if entity is CURRENCY else "New One"
    office.refused(masters.master_add(entity, {entity.key[0]: name, **given}), UsageError, why)


def test_values_are_written_in_their_one_spelling(office: Office) -> None:
    venue = office.add(VENUE, "Azteca", timezone="america/mexico city", map_url="maps.example.org")
    assert venue.fields["timezone"] == "America/Mexico_City"
    assert venue.fields["map_url"] == "https://maps.example.org"
    assert office.add(CURRENCY, "aed", rate="3.6725").record == "AED"
    client = office.add(CLIENT, "A  B", contact_email="Ann <ann@example.org>", type="agency")
    assert (client.record, client.fields["contact_email"]) == ("A B", "ann@example.org")


def test_a_second_record_of_one_name_or_code_is_refused(office: Office) -> None:
    office.add(CLIENT, "Acme Ltd", code="ACM")
    again = masters.master_add(CLIENT, {"client": "ACME  ltd"})
    office.refused(again, RuleError, "already exists")
    office.refused(masters.master_add(CLIENT, {"client": "Acme Lt"}), UnclearNameError)
    office.refused(masters.master_add(CLIENT, {"client": "acm"}), RuleError, "another name of Acme")
    coded = masters.master_add(CLIENT, {"client": "Bolt", "code": "Acm"})
    office.refused(coded, RuleError, "already stands for Acme Ltd")
    named = masters.master_add(CLIENT, {"client": "Bolt", "code": "acme ltd"})
    office.refused(named, RuleError, "already stands for Acme Ltd")


def test_a_name_that_sales_spell_already_keeps_its_spelling(office: Office) -> None:
    office.sale("Meridian Travel")
    assert office.add(CLIENT, "meridian travel").record == "Meridian Travel"
    near = masters.master_add(CLIENT, {"client": "Meridien Travel"})
    office.do(masters.master_add(CLIENT, {"client": "Meridien Travel"}, new=True))
    office.refused(near, RuleError)


# --- references


def test_what_a_record_names_must_be_known_and_is_spelled_as_there(office: Office) -> None:
    contract = {"contract_ref": "000777", "type": "SALE", "party": "acme ltd", "currency": "aed"}
    office.refused(masters.master_add(CONTRACT, contract), NotFoundError, "no client 'acme ltd'")
    office.add(CLIENT, "Acme Ltd")
    office.refused(masters.master_add(CONTRACT, contract), NotFoundError, "no currency 'AED'")
    office.add(CURRENCY, "AED")
    made = office.do(masters.master_add(CONTRACT, contract)).result
    assert (made.fields["party"], made.fields["contract_ref"]) == ("Acme Ltd", "000777")
    wrong = {"contract_ref": "1", "type": "PURCHASE", "party": "Acme Ltd"}
    office.refused(masters.master_add(CONTRACT, wrong), NotFoundError, "no vendor 'Acme Ltd'")
    nobody = {"contract_ref": "1", "type": "SALE", "party": "Acme Lt"}
    made = office.do(masters.master_add(CONTRACT, nobody)).result
    assert made.fields["party"] == "Acme Ltd"  # an unambiguous beginning


def test_a_contract_ends_after_it_begins_and_names_its_party(office: Office) -> None:
    office.add(CLIENT, "Acme Ltd")
    wrong = {"contract_ref": "1", "valid_from": "2026-06-02", "valid_to": "2026-06-01"}
    with pytest.raises(UsageError) as caught:
        office.do(masters.master_add(CONTRACT, wrong))
    assert "--type is missing" in caught.value.message
    assert "--party is missing" in caught.value.message
    assert "2026-06-01 is before" in caught.value.message


def test_a_vendor_at_an_event_is_one_record(office: Office) -> None:
    job = masters.vendor_event({"vendor": "viagogo", "event": "WC2026", "contact": "Ann"})
    assert office.do(job).result.added
    again = {"vendor": "Viagogo", "event": "wc2026", "platform_url": "viagogo.com/wc"}
    assert not office.do(masters.vendor_event(again)).result.added
    (row,) = office.frame(VENDOR_EVENTS).to_dicts()
    assert (row["vendor"], row["contact"]) == ("Viagogo", "Ann")
    assert row["platform_url"] == "https://viagogo.com/wc"
    nobody = masters.vendor_event({"vendor": "Nobody", "event": "WC2026"})
    office.refused(nobody, NotFoundError, "no vendor")
    office.refused(masters.vendor_event({"vendor": "Viagogo"}), UsageError, "names no event")


# --- deactivated, never deleted


def test_a_record_is_deactivated_by_a_manager_and_taken_back(office: Office) -> None:
    office.sale("Acme Ltd")
    office.add(CLIENT, "Acme Ltd")
    office.role = roles.SR_OPERATOR
    office.refused(masters.master_deactivate(CLIENT, "Acme Ltd"), NotPermittedError)
    sideways = masters.master_set(CLIENT, "Acme Ltd", {"status": "INACTIVE"})
    office.refused(sideways, NotPermittedError, "deactivate")
    taken = masters.master_import(
        CLIENT, [Line(Place("c.csv", 2), {"client": "Acme Ltd", "status": "INACTIVE"})]
    )
    office.refused(taken, NotPermittedError, "deactivate")
    office.role = roles.OPS_MANAGER
    plan = office.do(masters.master_deactivate(CLIENT, "Acme Ltd"))
    assert said(plan, "STILL_NAMED") == ["Acme Ltd is named by 1 sale line: they stay unchanged"]
    office.refused(masters.master_deactivate(CLIENT, "Acme Ltd"), RuleError, "already INACTIVE")
    assert office.do(masters.master_list(CLIENT)).result.records == []
    assert office.do(masters.master_list(CLIENT, every=True)).result.hidden == 0
    office.put(CLIENT, "Acme Ltd", status="ACTIVE")
    office.sale("Acme Ltd")


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_undo_takes_a_record_back(office: Office, entity: Entity) -> None:
    office.add(CLIENT, "Acme Ltd")
    given = {
        "client": {"client": "Bolt"},
        "vendor": {"vendor": "Vee"},
        "vendor-event": {"vendor": "Viagogo", "event": "WC"},
        "contract": {"contract_ref": "1", "type": "SALE", "party": "Acme Ltd"},
        "venue": {"venue": "Azteca"},
        "currency": {"code": "AED"},
    }[entity.name]
    before = office.cells()
    job = masters.vendor_event if entity is VENDOR_EVENT else partial(masters.master_add, entity)
    office.do(job(given))
    assert office.cells() != before
    office.undo()
    assert office.cells() == before


# --- trade


def test_trade_in_a_workbook_without_masters_is_as_before(office: Office) -> None:
    plan = office.sale("Nobody Yet")
    assert [finding.code for finding in plan.findings] == ["NEW_NAME"]
    assert {CLIENTS, VENDORS, CONTRACTS} & set(office.store.sheet_names()) == set()
    assert "AssignedOperator" not in office.store.rows(SALES)[0]


def test_a_client_that_is_near_nobody_becomes_a_draft(office: Office) -> None:
    office.add(CLIENT, "Acme Ltd")
    plan = office.sale("Zeta Partners")
    assert "DRAFT in _CLIENTS" in said(plan, "DRAFT_ADDED")[0]
    assert office.records(CLIENT)["Zeta Partners"]["status"] == "DRAFT"
    office.sale("Zeta Partners")
    assert len(office.records(CLIENT)) == 2
    office.undo()
    office.undo()
    assert list(office.records(CLIENT)) == ["Acme Ltd"]


def test_a_typed_client_becomes_a_draft_when_it_is_expanded(office: Office) -> None:
    office.add(CLIENT, "Acme Ltd")
    office.add(CLIENT, "Old Friends", status="INACTIVE")
    office.type_rows(
        SALES,
        [
            {"match": "M01", "client": name, "category": "Cat 2", "number": 1.0, "price": 9.0}
            for name in ("Typed Tours", "Old Friends")
        ],
    )
    plan = office.do(selling.sale_expand())
    assert office.records(CLIENT)["Typed Tours"]["status"] == "DRAFT"
    assert "add` would refuse it" in said(plan, "CLIENT_INACTIVE")[0]
    assert len(office.records(CLIENT)) == 3


def test_a_typed_name_of_a_merged_client_is_the_other_s(office: Office) -> None:
    office.sale("Acme Ltd")
    office.sale("Bolt")
    for name in ("Acme Ltd", "Bolt"):
        office.add(CLIENT, name)
    office.do(masterdata.client_merge(["Bolt"], "Acme Ltd"))
    assert office.records(CLIENT)["Bolt"]["status"] == "INACTIVE"
    row = {"match": "M01", "client": "Bolt", "category": "Cat 2", "number": 1.0, "price": 9.0}
    office.type_rows(SALES, [row])
    assert said(office.do(selling.sale_expand()), "CLIENT_INACTIVE") == []


def test_a_new_vendor_becomes_a_draft(office: Office) -> None:
    office.add(VENDOR, "Viagogo")
    office.buy(("M01", "Cat 1", 1), vendor="Quite Another")
    assert office.records(VENDOR)["Quite Another"]["status"] == "DRAFT"


def test_nobody_trades_with_an_inactive_party(office: Office) -> None:
    office.add(CLIENT, "Acme Ltd", status="INACTIVE")
    job = selling.sale_add(Order("acme ltd", "USD", DAY), LINES)
    with pytest.raises(RuleError, match="INACTIVE in _CLIENTS") as caught:
        office.do(job)
    assert "client set 'Acme Ltd' --status ACTIVE" in caught.value.hint
    office.add(VENDOR, "Viagogo", status="INACTIVE")
    bought = PurchaseLine("M01", "Viagogo", "", "Cat 2", 1, Decimal(1), "USD", DAY)
    office.refused(purchasing.purchase_add([bought]), RuleError, "INACTIVE in _VENDORS")


def test_a_code_is_as_good_as_a_name(office: Office) -> None:
    office.add(CLIENT, "Acme Ltd", code="77A")
    office.sale("77a")
    assert office.rows(SALES, "client") == ["Acme Ltd"]
    office.add(VENDOR, "Viagogo", code="VG")
    office.buy(("M01", "Cat 2", 1), vendor="vg")
    assert office.rows(PURCHASES, "vendor") == ["Viagogo", "Viagogo"]


def test_an_operator_is_assigned_to_a_sale(office: Office) -> None:
    office.sale("Acme Ltd", operator="olga")
    assert office.rows(SALES, "operator") == ["olga"]


# --- contracts


@pytest.fixture
def agreed(office: Office) -> Office:
    office.add(CLIENT, "Acme Ltd")
    return office


def contract(office: Office, ref: str, **given: str) -> None:
    office.add(CONTRACT, ref, **{"type": "SALE", "party": "Acme Ltd", **given})


def test_the_one_valid_contract_is_taken(agreed: Office) -> None:
    contract(agreed, "OLD", valid_to="2026-04-16")
    contract(agreed, "LATER", valid_from="2026-04-18")
    contract(agreed, "OTHER", event="EURO28")
    contract(agreed, "GONE", status="TERMINATED")
    assert said(agreed.sale("Acme Ltd"), "CONTRACT_NONE")
    contract(agreed, "000777", valid_from="2026-04-17", valid_to="2026-04-17")
    plan = agreed.sale("Acme Ltd")
    assert "000777 of Acme Ltd is taken" in said(plan, "CONTRACT_TAKEN")[0]
    assert agreed.rows(SALES, "contract") == [None, "000777"]
    contract(agreed, "SECOND")
    plan = agreed.sale("Acme Ltd")
    assert "000777, SECOND" in said(plan, "CONTRACTS_SEVERAL")[0]
    assert agreed.rows(SALES, "contract")[-1] is None


def test_a_named_contract_that_is_not_valid_is_a_warning(agreed: Office) -> None:
    contract(agreed, "OLD", valid_to="2026-04-16")
    contract(agreed, "GONE", status="TERMINATED")
    agreed.add(CLIENT, "Bolt")
    assert said(agreed.sale("Acme Ltd", contract="OLD"), "CONTRACT_NOT_VALID") == [
        "contract OLD ended on 2026-04-16"
    ]
    assert said(agreed.sale("Acme Ltd", contract="gone"), "CONTRACT_NOT_VALID") == [
        "contract gone is TERMINATED"
    ]
    (wrong, _ended) = said(agreed.sale("Bolt", contract="OLD"), "CONTRACT_NOT_VALID")
    assert wrong == "contract OLD is a SALE contract of Acme Ltd, not of Bolt"
    assert said(agreed.sale("Acme Ltd", contract="free text"), "CONTRACT_NOT_VALID") == []


def test_lines_stay_within_the_value_of_their_contract(agreed: Office) -> None:
    contract(agreed, "C1", max_value="300", currency="USD")
    agreed.sale("Acme Ltd", amount=100)
    agreed.sale("Acme Ltd", amount=200)
    agreed.role = roles.SR_OPERATOR
    order = Order("Acme Ltd", "USD", DAY)
    line = [SaleLine("M01", "Cat 2", 1, Decimal("0.01"))]
    agreed.refused(selling.sales_add([(order, line)]), RuleError, "allows 300.00 USD")
    agreed.refused(selling.sales_add([(order, line)], force=True), NotPermittedError, "contract")
    agreed.do(selling.sale_cancel("S1", "x", force=False))
    agreed.do(selling.sales_add([(order, line)]))
    agreed.role = roles.OPS_MANAGER
    plan = agreed.sale("Acme Ltd", amount=100, force=True)
    assert "comes to 300.01" in said(plan, "CONTRACT_EXCEEDED")[0]
    euros = selling.sales_add([(Order("Acme Ltd", "EUR", DAY), line)])
    assert "not compared" in said(agreed.do(euros), "CONTRACT_CURRENCY")[0]


def test_a_vendor_s_contract_is_taken_too(office: Office) -> None:
    office.add(VENDOR, "Viagogo")
    office.add(CONTRACT, "V1", type="PURCHASE", party="Viagogo", max_value="9", currency="USD")
    line = PurchaseLine("M01", "Viagogo", "", "Cat 2", 1, Decimal(9), "USD", DAY)
    office.do(purchasing.purchase_add([line]))
    assert office.rows(PURCHASES, "contract")[-1] == "V1"
    office.refused(purchasing.purchase_add([line]), RuleError, "comes to 18.00")


# --- shown


def test_a_record_is_shown_with_what_names_it(office: Office) -> None:
    office.sale("Acme Ltd")
    office.add(CLIENT, "Acme Ltd")
    office.add(CONTRACT, "C1", type="SALE", party="Acme Ltd", valid_to="2026-04-16")
    whole = office.do(masters.master_show(CLIENT, "acme")).result
    assert whole.used == {"sale lines": 1, "contracts": 1}
    assert office.do(masters.master_show(CONTRACT, "C1")).result.state == "EXPIRED"
    (listed,) = office.do(masters.master_list(CONTRACT)).result.records
    assert (listed["status"], listed["valid_to"]) == ("EXPIRED", "2026-04-16")


def test_a_cell_that_is_not_understood_is_no_blank(office: Office) -> None:
    office.add(CLIENT, "Acme Ltd", credit_limit="5", credit_currency="USD")
    office.set(CLIENTS, 2, "credit_limit", "a lot")
    plan = office.do(masters.master_list(CLIENT))
    assert said(plan, "UNKNOWN_VALUE") == ["_CLIENTS row 2: CreditLimit 'a lot' is not understood"]


def test_currencies_are_a_manager_s(office: Office) -> None:
    office.role = roles.SR_OPERATOR
    line = Line(Place("c.csv", 2), {"code": "AED"})
    office.refused(masters.master_import(CURRENCY, [line]), NotPermittedError, CURRENCIES)
    office.role = roles.OPS_MANAGER
    office.do(masters.master_import(CURRENCY, [line]))
    assert office.frame(CURRENCIES)["active"].to_list() == [True]
    assert office.frame(CURRENCIES)["updated_at"][0] > datetime(2026, 1, 1)


def test_the_records_of_a_vendor_s_events_are_shown_with_it(office: Office) -> None:
    office.add(VENDOR, "Viagogo")
    office.do(masters.vendor_event({"vendor": "Viagogo", "event": "WC2026", "contact": "Ann"}))
    (event,) = office.do(masters.master_show(VENDOR, "Viagogo")).result.events
    assert (event["event"], event["contact"]) == ("WC2026", "Ann")


# --- venues


def test_status_says_which_venues_of_the_schedule_have_no_record(office: Office) -> None:
    texts = ["Mexico City · Estadio Azteca", "Toronto - BMO Field", "toronto - BMO field ", "TBD"]
    office.type_rows(
        SCHEDULE,
        [{"match": f"M0{place}", "city": text} for place, text in enumerate(texts, start=1)]
        + [{"match": "M09"}],
    )

    def unrecorded() -> Any:
        return office.do(status.status_job(Settings())).result

    assert unrecorded().waiting.venues_without_record == 0
    office.add(VENUE, "estadio azteca")
    found = unrecorded()
    assert found.waiting.venues_without_record == 2
    assert any("2 venues without a record" in action.why for action in found.actions)
    office.add(VENUE, "BMO")
    assert unrecorded().waiting.venues_without_record == 1
    office.add(VENUE, "TBD")
    assert unrecorded().waiting.venues_without_record == 0

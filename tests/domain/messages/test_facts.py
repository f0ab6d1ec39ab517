"""What commands do is told as facts, once, to whom it concerns (§10, §14, §1a.2)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.desk import DAY, Desk
from tests.domain.messages.mail import MailDesk
from ticketops.config import Settings
from ticketops.domain.messages.happened.books import built
from ticketops.domain.messages.happened.seen import Seen
from ticketops.domain.messages.happened.trade import guests_changed
from ticketops.domain.messages.triggers import DEFAULTS
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule.results import Given
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.engine.transaction import carry_out
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import (
    ALIASES,
    BOOKS,
    CLIENTS,
    DISTRIBUTION,
    MATCHES,
    NOTIFICATION_LOG,
    NOTIFICATION_TEMPLATES,
    SALES,
    SCHEDULE,
    SUBGAMES,
    USERS,
    VENDORS,
)
from ticketops.schema.layouts.event import NOTIFICATION_TRIGGERS as TRIGGERS
from ticketops.schema.tables import Snapshot
from ticketops.services import (
    allocation,
    credentials,
    dispatch,
    events,
    messages,
    schedule,
    selling,
    tournament,
)
from ticketops.stores.base import Entry

BOSS, OLGA, SAM = "boss@office.example", "olga@office.example", "sam@office.example"
DANA = "dana@meridian.example"


@pytest.fixture
def desk() -> MailDesk:
    desk = MailDesk()
    desk.buy(("M01", "Cat 1", 4))
    return desk


def sell(
    desk: Desk, quantity: int = 2, operator: str = "olga", client: str = "Meridian Travel"
) -> Any:
    order = Order(client, "USD", DAY, operator=operator, client_po=f"PO-{quantity}")
    line = SaleLine("M01", "Cat 1", quantity, Decimal(350))
    return desk.do(selling.sales_add([(order, [line])], again=True))


def ready(desk: MailDesk, quantity: int = 2) -> None:
    """S1 is allocated, its guests are known, and its tasks are queued."""
    sell(desk, quantity)
    desk.do(allocation.allocate_commit("S1"))
    for row in desk.rows(DISTRIBUTION, "row"):
        for column, value in GUEST.items():
            desk.set(DISTRIBUTION, row, column, value)
    desk.do(dispatch.staff_queue())


GUEST = {"client_email": "guest@x.example", "first_name": "Ann", "last_name": "Bee"}


def test_a_sale_is_told_once(desk: MailDesk) -> None:
    sell(desk)
    assert desk.queued() == [("sale.created", BOSS)]
    row = desk.log()[0]
    assert (row["message"], row["trigger"], row["channel"]) == ("N00001", "sale_created", "email")
    said = desk.last()
    assert said["sale"]["id"] == "S1"
    assert said["sale"]["total_value"] == 700.0
    assert said["client"] == {"name": "Meridian Travel"}
    desk.do(selling.sale_expand())
    assert len(desk.log()) == 1


def test_every_line_of_an_order_is_a_sale(desk: MailDesk) -> None:
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 1", 2))
    assert desk.queued() == [("sale.created", BOSS)] * 2


def test_a_sale_that_was_typed_is_told_when_it_gets_its_number(desk: MailDesk) -> None:
    desk.type_rows(
        SALES, [{"match": "M01", "client": "Acme", "category": "Cat 1", "number": 6, "price": 10.0}]
    )
    desk.do(selling.sale_expand())
    assert desk.queued() == [("sale.created", BOSS), ("oversell.raised", BOSS)]
    desk.do(selling.sale_expand())
    assert len(desk.log()) == 2


def test_an_oversell_says_how_much_lacks(desk: MailDesk) -> None:
    sell(desk, 6)
    assert desk.queued("oversell.raised") == [("oversell.raised", BOSS)]
    assert "6 tickets of M01 Cat 1, but 4 available" in desk.last()["oversell"]["said"]
    desk.do(selling.sale_reject("S1", "no stock"))
    assert desk.queued("sale.rejected") == [("sale.rejected", DANA)]
    assert desk.last()["tickets"]["count"] == 6


def test_a_cancelled_sale_is_told_to_the_client_and_so_is_a_single_ticket(desk: MailDesk) -> None:
    sell(desk, 3)
    desk.do(selling.sale_cancel("S1-2", "fell ill", force=False))
    assert desk.last()["tickets"] == {"ids": "S1-2", "count": 1}
    desk.do(selling.sale_cancel("S1", "trip called off", force=False))
    assert desk.last()["tickets"] == {"ids": "S1-1, S1-3", "count": 2}
    assert desk.queued("sale.cancelled") == [("sale.cancelled", DANA)] * 2
    assert "reason" not in desk.last()["sale"]


def test_fewer_tickets_by_hand_are_cancelled_ones(desk: MailDesk) -> None:
    sell(desk, 3)
    desk.do(selling.sale_set("S1", Terms(quantity=2), "one less", force=False))
    assert desk.queued("sale.cancelled") == [("sale.cancelled", DANA)]


def test_an_allocation_is_told_to_whoever_looks_after_the_sale(desk: MailDesk) -> None:
    sell(desk, 3)
    desk.do(allocation.allocate_commit("S1"))
    assert desk.queued("allocation.committed") == [("allocation.committed", OLGA)]
    said = desk.last()
    assert said["allocation"] == {"units": 3, "open": 0, "sets": "PR0001-S01"}
    assert said["tickets"] == {"ids": "S1-1, S1-2, S1-3", "count": 3}


def test_a_sale_is_fully_dispatched_once_and_not_before(desk: MailDesk) -> None:
    ready(desk)
    desk.do(dispatch.staff_mark(["T00001"], "SENT"))
    assert desk.queued("sale.fully_dispatched") == []
    desk.do(dispatch.staff_mark(["T00002"], "SENT"))
    assert desk.queued("sale.fully_dispatched") == [("sale.fully_dispatched", DANA)]
    desk.do(dispatch.client_accept("Meridian Travel", ["S1-1"], None, by="Dana"))
    assert len(desk.queued("sale.fully_dispatched")) == 1
    assert desk.queued("dispatch.accepted") == [
        ("dispatch.accepted", OLGA),
        ("dispatch.accepted", BOSS),
    ]
    assert desk.last()["tickets"] == {"ids": "S1-1", "count": 1}


def test_a_sale_whose_last_unsent_ticket_is_cancelled_is_fully_dispatched(desk: MailDesk) -> None:
    ready(desk)
    desk.do(dispatch.staff_mark(["T00001"], "SENT"))
    desk.do(selling.sale_cancel("S1-2", "fell ill", force=False))
    assert desk.queued("sale.fully_dispatched") == [("sale.fully_dispatched", DANA)]


def test_an_issue_is_told_with_what_is_wrong_and_so_is_that_it_is_handed_up(desk: MailDesk) -> None:
    ready(desk)
    desk.do(dispatch.staff_report_issue(["T00001"], "the link is dead"))
    assert desk.queued("dispatch.issue_raised") == [("dispatch.issue_raised", SAM)]
    assert "the link is dead" in desk.last()["issue"]["text"]
    assert desk.last()["supplier"] == {"vendor": "Viagogo"}
    desk.do(dispatch.staff_escalate(["T00001"], "vendor is silent"))
    assert desk.queued("dispatch.escalated") == [("dispatch.escalated", BOSS)]
    assert desk.last()["issue"] == {"text": "vendor is silent", "by": "tester", "to": "ops_manager"}


def test_a_guest_that_a_client_changes_after_sending_is_told(desk: MailDesk) -> None:
    """As pulling a client's book reports it."""
    sell(desk)
    said = (
        "book.xlsx!D4: S1-1 first name: 'Ann' was sent, the client now says 'Eve'; what was sent is "
        "kept, and Delivery is ISSUE"
    )
    found = Finding("CHANGED_AFTER_SENT", Severity.MEDIUM, said, DISTRIBUTION, 3, "S1-1")
    before = desk.store.read(SALES, DISTRIBUTION, SCHEDULE, CLIENTS, ALIASES)
    (fact,) = guests_changed(Seen(before, ChangeSet(), [found], desk.run()))
    assert fact.name == "guest.changed_after_sent"
    assert fact.guest.changed == "S1-1 first name: 'Ann' was sent, the client now says 'Eve'"
    assert fact.client.name == "Meridian Travel"


def test_a_supplier_is_told_of_an_issue_and_nothing_of_the_client(desk: MailDesk) -> None:
    desk.do(
        messages.template_set(
            "for_suppliers",
            {
                "fact": "dispatch.issue_raised",
                "subject": "{{match.code}}",
                "body": "{{tickets.ids}} {{supplier.vendor}}",
            },
        )
    )
    given = {"recipients": "supplier.contact", "template": "for_suppliers", "active": True}
    desk.do(messages.trigger_set("issue.supplier", given, fact="dispatch.issue_raised"))
    ready(desk)
    desk.do(dispatch.staff_report_issue(["T00001"], "Meridian Travel says the link is dead"))
    own = [one for one in desk.log() if one["audience"] == "supplier"]
    assert [one["recipient"] for one in own] == ["help@viagogo.example"]
    assert "Meridian" not in own[0]["payload"]
    assert "link" not in own[0]["payload"]
    assert desk.texts("supplier")[0].text == "S1-1 Viagogo"


def test_a_login_is_told_without_its_password(desk: MailDesk) -> None:
    common = {"login": "desk-1", "event": ""}
    desk.do(
        credentials.add(
            Settings(),
            "Viagogo",
            email="v@example.org",
            password=None,
            notes="",
            dry_run=False,
            notice=str,
            **common,
        )
    )
    assert desk.queued("credential.updated") == [("credential.updated", BOSS)]
    for note in ("one", "two"):
        desk.do(
            credentials.update(
                Settings(), "Viagogo", given={"notes": note}, dry_run=False, notice=str, **common
            )
        )
    assert len(desk.queued("credential.updated")) == 3
    assert set(desk.last()["credential"]) == {"vendor", "login", "event", "action"}
    desk.do(credentials.deactivate("Viagogo", "left", **common))
    assert desk.last()["credential"]["action"] == "DEACTIVATED"


def test_a_step_of_the_event_is_told(desk: MailDesk) -> None:
    day = datetime(2026, 6, 1)
    desk.do(events.event_set({"name": "Cup", "code": "X26", "start": day, "end": day}))
    desk.do(events.event_advance())
    assert desk.queued("event.transition") == [("event.transition", BOSS)]
    assert desk.last()["transition"] == {"before": "BUYING", "after": "SELLING", "reason": None}
    assert desk.last()["event"] == {"code": "X26", "name": "Cup", "state": "BUYING"}
    desk.do(events.event_back("too soon"))
    assert desk.last()["transition"] == {
        "before": "SELLING",
        "after": "BUYING",
        "reason": "too soon",
    }


def play(desk: MailDesk) -> None:
    """M01 is a semi-final, whose winner plays in M02."""
    day = {"date": datetime(2026, 6, 11), "venue": "Wembley"}
    for code, game in (("M01", "Spain vs Japan"), ("M02", "W1 vs Brazil")):
        desk.do(schedule.schedule_add(code, {**day, "game": game}, Settings(), new=False))


def test_clients_are_told_who_plays_one_message_each_match(desk: MailDesk) -> None:
    play(desk)
    desk.buy(("M02", "Cat 1", 9))
    for client, number in (("Acme", 2), ("Meridian Travel", 3), ("Acme", 1)):
        order = Order(client, "USD", DAY)
        lines = [SaleLine("M02", "Cat 1", number, Decimal(5))]
        desk.do(selling.sales_add([(order, lines)], again=True))
    desk.do(tournament.schedule_result("M01", Given(score="2-1")))
    assert sorted(desk.queued("match.teams_resolved")) == [
        ("match.teams_resolved", DANA),
        ("match.teams_resolved", "ed@acme.example"),
    ]
    told = {text.subject for text in desk.texts("client")}
    assert told == {"M02 is Spain vs Brazil"}
    counts = {
        one["recipient"]: one["payload"].partition('"count": ')[2][0]
        for one in desk.log()
        if one["fact"] == "match.teams_resolved"
    }
    assert counts == {DANA: "3", "ed@acme.example": "3"}


def test_clients_are_told_that_a_match_moved_from_where_to_where(desk: MailDesk) -> None:
    play(desk)
    sell(desk, 2)
    desk.do(schedule.schedule_set("M01", {"group": "Group A"}, Settings(), new=False))
    assert desk.queued("match.moved") == []
    moved = {"date": datetime(2026, 6, 12), "venue": "Azteca"}
    desk.do(schedule.schedule_set("M01", moved, Settings(), new=True))
    assert desk.queued("match.moved") == [("match.moved", DANA)]
    said = desk.last()
    assert said["before"]["date"] == "2026-06-11T00:00:00"
    assert said["match"]["date"] == "2026-06-12T00:00:00"
    assert "Wembley" in said["before"]["venue"]
    assert "Azteca" in said["match"]["venue"]
    assert "2026-06-12" in desk.texts("client")[-1].text


# --- who gets it


def test_nothing_is_queued_while_no_trigger_is_on() -> None:
    desk = MailDesk("sale_created")
    desk.do(messages.trigger_set("sale_created", {"active": False}))
    desk.buy(("M01", "Cat 1", 4))
    sell(desk)
    assert desk.log() == []
    assert NOTIFICATION_LOG not in desk.store.sheet_names()


def test_enabling_a_trigger_says_nothing_of_the_past() -> None:
    desk = MailDesk("oversell_alert")
    desk.buy(("M01", "Cat 1", 4))
    sell(desk)
    desk.do(messages.trigger_set("sale_created", {"active": True}))
    desk.do(selling.sale_expand())
    assert desk.log() == []
    sell(desk, 1)
    assert desk.queued() == [("sale.created", BOSS)]


def test_a_condition_decides_and_of_two_triggers_the_narrower_one(desk: MailDesk) -> None:
    given = {
        "recipients": "role:ops_manager",
        "template": "sale_created",
        "condition": "sale.totalValue > 1000",
        "active": True,
    }
    desk.do(messages.trigger_set("big_sale", given, fact="sale.created"))
    sell(desk, 1)
    sell(desk, 3)
    assert [one["trigger"] for one in desk.log()] == ["sale_created", "big_sale"]


def test_everybody_with_the_role_gets_it_once_however_often_they_are_named(desk: MailDesk) -> None:
    desk.do(
        messages.trigger_set(
            "sale_created", {"recipients": f"role:ops_manager, tester, {BOSS}, sam, x@y.example"}
        )
    )
    sell(desk)
    assert sorted(one for _fact, one in desk.queued()) == [BOSS, SAM, "x@y.example"]


def test_who_can_not_be_reached_is_named_and_the_others_get_it(desk: MailDesk) -> None:
    desk.put(USERS, {"user": "mute", "role": "operator", "active": True})
    sell(desk, operator="nobody")
    assert desk.queued() == [("sale.created", BOSS)]
    plan = desk.do(allocation.allocate_commit("S1"))
    found = [one for one in plan.findings if one.code == "MESSAGE_NO_ADDRESS"]
    assert [one.message.rpartition(": ")[2] for one in found] == ["nobody is not in _USERS"]
    sell(desk, 1, operator="mute")
    plan = desk.do(allocation.allocate_commit("S2"))
    assert any("mute has no e-mail address" in one.message for one in plan.findings)
    desk.do(selling.sale_cancel("S2", "x", force=False))
    assert desk.queued("sale.cancelled") == [("sale.cancelled", DANA)]


def test_the_address_of_a_client_is_no_address_of_the_office(desk: MailDesk) -> None:
    desk.do(messages.trigger_set("sale_created", {"recipients": DANA.upper()}))
    plan = sell(desk)
    assert desk.log() == []
    assert any("the address of Meridian Travel in _CLIENTS" in f.message for f in plan.findings)


def test_a_user_who_is_limited_gets_what_is_of_their_clients_only(desk: MailDesk) -> None:
    desk.put(
        USERS,
        {
            "user": "lea",
            "role": "staff",
            "email": "lea@x.example",
            "active": True,
            "clients": "Acme",
        },
        {"user": "sue", "role": "staff", "email": "sue@x.example", "active": True}
        | {"vendor_groups": "POVAMI"},
    )
    desk.do(messages.trigger_set("sale_created", {"recipients": "role:staff"}))
    sell(desk)
    assert desk.log() == []
    desk.do(
        selling.sales_add([(Order("Acme", "USD", DAY), [SaleLine("M01", "Cat 1", 1, Decimal(9))])])
    )
    assert desk.queued() == [("sale.created", "lea@x.example")]


def test_in_app_needs_no_address(desk: MailDesk) -> None:
    desk.do(messages.trigger_set("allocation_committed", {"channel": "in_app"}))
    desk.put(USERS, {"user": "mute", "role": "operator", "active": True})
    sell(desk, operator="mute")
    desk.do(allocation.allocate_commit("S1"))
    assert desk.log()[-1]["recipient"] == "mute"
    assert desk.log()[-1]["channel"] == "in_app"


def test_a_trigger_that_is_not_understood_stops_nobody(desk: MailDesk) -> None:
    desk.set(TRIGGERS, 2 + [*DEFAULTS].index("sale_created"), "condition", "sale.totalvalue >")
    plan = sell(desk)
    assert desk.log() == []
    assert [one.code for one in plan.findings if "TRIGGER" in one.code] == ["TRIGGER_UNCLEAR"]
    assert desk.rows(SALES, "sales_id") == ["S1"]


def test_many_messages_are_counted(desk: MailDesk) -> None:
    orders = [(Order("Acme", "USD", DAY), [SaleLine("M01", "Cat 1", 1, Decimal(1))] * 51)]
    plan = desk.do(selling.sales_add(orders))
    said = [one.message for one in plan.findings if one.code == "MESSAGES_QUEUED"]
    assert said == ["98 messages will be queued"]


# --- undo


def test_what_was_undone_before_it_was_sent_is_withdrawn_and_may_be_queued_again(
    desk: MailDesk,
) -> None:
    sell(desk)
    desk.do(allocation.allocate_commit("S1"))
    desk.undo()
    assert [one["state"] for one in desk.log()] == ["QUEUED", "WITHDRAWN"]
    desk.do(allocation.allocate_commit("S1"))
    assert [one["state"] for one in desk.log()] == ["QUEUED", "WITHDRAWN", "QUEUED"]
    assert desk.log()[1]["identity"] == desk.log()[2]["identity"]


def test_what_was_sent_is_not_sent_again_when_the_command_is(desk: MailDesk) -> None:
    sell(desk)
    desk.do(allocation.allocate_commit("S1"))
    desk.states(N00001="SENT", N00002="SENT")
    told = desk.store.undoable(Entry("R", "undo", "tester", DAY))
    assert told.stays == (f"N00002 to {OLGA}: it is SENT",)
    desk.undo()
    desk.do(allocation.allocate_commit("S1"))
    assert [one["state"] for one in desk.log()] == ["SENT", "SENT"]


def test_a_user_who_is_limited_is_shown_nothing_of_the_outbox(desk: MailDesk) -> None:
    """Its rows hold prices, and the addresses of others."""
    lea = {"user": "lea", "role": "sr_operator", "email": "lea@x.example", "active": True}
    desk.put(USERS, lea | {"clients": "Acme"})
    desk.do(messages.trigger_set("sale_created", {"recipients": "role:ops_manager, nobody"}))
    desk.user = "lea"
    order = Order("Acme", "USD", DAY)
    job = selling.sales_add([(order, [SaleLine("M01", "Cat 1", 1, Decimal(9))])])
    tried = carry_out(desk.store, job, desk.run(), dry_run=True)
    assert NOTIFICATION_LOG not in tried.plan.changes.sheets
    plan = desk.do(job)
    assert desk.queued() == [("sale.created", BOSS)]
    assert not [one for one in plan.findings if one.code.startswith("MESSAGE")]


# --- books


@pytest.mark.parametrize(
    ("file", "link", "named"),
    [
        ("books/CLIENT - Acme.xlsx", None, "books/CLIENT - Acme.xlsx"),
        ("gsheet:1aB-c_D", "https://docs.google.com/spreadsheets/d/1aB-c_D", None),
    ],
)
def test_a_book_is_told_with_where_it_is(
    desk: MailDesk, file: str, link: str | None, named: str | None
) -> None:
    sell(desk, client="Acme")
    row = {"book_id": "b1", "kind": "client", "party": "acme", "file": file, "contents": "c1"}

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        made = Plan()
        made.changes.append(BOOKS, snapshot[BOOKS].next_row, tuple(row), [tuple(row.values())])
        seen = Seen(snapshot, made.changes, (), _run)
        (fact,) = built(seen)
        assert (fact.portal.link, fact.portal.file) == (link, named)
        return made

    sheets = (DISTRIBUTION, SALES, SCHEDULE, MATCHES, SUBGAMES, BOOKS, CLIENTS, ALIASES, VENDORS)
    desk.do(Job("client.build", plan, (), sheets))
    (text,) = [one.text for one in desk.texts("client") if "your list" in one.text]
    assert (f"here: {link}" in text) == (link is not None)


# --- templates and triggers that people typed into the sheets


def test_a_template_that_is_broken_in_the_sheet_is_told_when_it_is_needed() -> None:
    desk = MailDesk("sale_created")
    desk.buy(("M01", "Cat 1", 4))
    desk.put(NOTIFICATION_TEMPLATES, {"code": "Sale_Created", "body": "{{sale.nosuch}}"})
    (found,) = [one for one in sell(desk).findings if one.code == "TEMPLATE_BROKEN"]
    assert "1 message is queued, but can't be sent" in found.message
    assert "sale.nosuch" in found.message
    assert found.row == 2
    assert desk.queued() == [("sale.created", BOSS)]


def test_of_two_triggers_the_one_that_can_be_sent_is_taken() -> None:
    desk = MailDesk("sale_created")
    desk.buy(("M01", "Cat 1", 4))
    own = {
        "trigger": "big",
        "fact": "sale.created",
        "condition": "sale.totalValue > 1",
        "recipients": "role:ops_manager",
        "template": "gone",
        "active": True,
    }
    desk.put(TRIGGERS, own)
    assert "TEMPLATE_BROKEN" not in {one.code for one in sell(desk).findings}
    assert [one["template"] for one in desk.log()] == ["sale_created"]


def test_a_template_that_is_gone_is_told() -> None:
    desk = MailDesk()
    desk.buy(("M01", "Cat 1", 4))
    own = {"trigger": "big", "fact": "sale.created", "recipients": "x@y.example"}
    desk.put(TRIGGERS, own | {"template": "gone", "active": True})
    assert [one.message for one in sell(desk).findings if one.code == "TEMPLATE_BROKEN"] == [
        "1 message is queued, but can't be sent: there is no template 'gone'; "
        "`ticketops template set` mends it"
    ]


def test_names_of_triggers_and_facts_may_be_typed_with_capitals() -> None:
    desk = MailDesk("oversell_alert")
    desk.buy(("M01", "Cat 1", 4))
    desk.put(TRIGGERS, {"trigger": "Sale_Created", "fact": "Sale.Created", "active": True})
    sell(desk)
    assert [(one["trigger"], one["recipient"]) for one in desk.log()] == [("sale_created", BOSS)]


@pytest.mark.parametrize("words", [("maybe",), ("yes", "no")])
def test_a_trigger_of_which_nobody_knows_whether_it_is_on_is_told(words: tuple[str, ...]) -> None:
    desk = MailDesk("oversell_alert")
    desk.buy(("M01", "Cat 1", 4))
    desk.type_rows(TRIGGERS, [{"trigger": "sale_created", "active": word} for word in words])
    told = [one.message for one in sell(desk).findings if one.code == "TRIGGER_UNCLEAR"]
    assert len(told) == 1
    assert told[0].startswith("the trigger sale_created makes no message: ")
    assert desk.log() == []


def test_a_template_typed_with_other_capitals_is_the_one_that_is_sent() -> None:
    desk = MailDesk("sale_created")
    desk.buy(("M01", "Cat 1", 4))
    desk.put(NOTIFICATION_TEMPLATES, {"code": "Sale_Created", "subject": "Neu: {{sale.id}}"})
    sell(desk)
    assert [one.subject for one in desk.texts()] == ["Neu: S1"]

"""What of airline tickets is told (document 001, §10): once, in the commit of its cause, and withdrawn
with it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.desk import START, Desk
from tests.tickets import office, one_ticket
from ticketops.domain.issuance.issuing import Given
from ticketops.domain.messages.previews import problem_of
from ticketops.domain.messages.triggers import ours
from ticketops.errors import NotFoundError, NotPermittedError, RuleError, UsageError
from ticketops.model import roles
from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import ISSUANCE_KIND
from ticketops.schema.layouts.event import NOTIFICATION_LOG, NOTIFICATION_TRIGGERS, USERS
from ticketops.schema.layouts.issuance import BOOKINGS, GROUP_FLIGHTS, TICKETS
from ticketops.schema.structure import with_structure
from ticketops.services import issuance, messages, outbox
from ticketops.stores.base import Entry

DEADLINE = datetime(2026, 4, 18, 12)
NUMBER = "1762400000099"
PEOPLE = (
    ("olga", roles.OPERATOR, "olga@office.example"),
    ("greta", roles.OPS_MANAGER, "greta@office.example"),
    ("tessa", roles.TICKET_MANAGER, "tessa@office.example"),
)


def put(desk: Desk, sheet: str, *rows: dict[str, Any]) -> None:
    """Rows that stand there already."""
    snapshot = desk.store.read(sheet, strict=False)
    changes, run = ChangeSet(), desk.run()
    columns = list(rows[0])
    values = [tuple(row[name] for name in columns) for row in rows]
    changes.append(sheet, snapshot[sheet].next_row, columns, values)
    entry = Entry(run.run_id, "made for a test", run.user, run.now)
    desk.store.commit(with_structure(changes, snapshot), snapshot.revision, entry)


def set_cell(desk: Desk, sheet: str, name: str, value: Any) -> None:
    """What somebody types into the first row of a sheet."""
    snapshot = desk.store.read(sheet)
    row = next(snapshot[sheet].frame.iter_rows(named=True))
    changes, run = ChangeSet(), desk.run()
    key = snapshot[sheet].sheet.key
    changes.set(sheet, row["row"], row[key] if key else "", {name: (row[name], value)})
    desk.store.commit(changes, snapshot.revision, Entry(run.run_id, "by hand", run.user, run.now))


def telling(state: str, **cells: Any) -> Desk:
    """A desk at one ticket whose four triggers are on. cells: of the ticket."""
    rows = one_ticket(state, **cells)
    rows["Bookings"][0]["email"] = "ana@acme.example"
    rows["GroupFlights"][0]["deadline"] = DEADLINE
    desk = office(rows, role=roles.OPS_MANAGER)
    put(
        desk,
        USERS,
        {"user": "tester", "role": roles.OPS_MANAGER, "email": None, "active": True},
        *({"user": u, "role": r, "email": e, "active": True} for u, r, e in PEOPLE),
    )
    put(
        desk,
        NOTIFICATION_TRIGGERS,
        *(
            {"trigger": one, "active": True}
            for one in ours(ISSUANCE_KIND)
            if one.startswith("ticket_")
        ),
    )
    return desk


def log(desk: Desk) -> list[tuple[str, str, str, str]]:
    """(fact, recipient, audience, state) of what the outbox has."""
    rows = desk.store.read(NOTIFICATION_LOG, strict=False)[NOTIFICATION_LOG].frame
    return list(rows.select("fact", "recipient", "audience", "state").iter_rows())


def said(desk: Desk, number: int = -1) -> dict[str, Any]:
    rows = desk.store.read(NOTIFICATION_LOG)[NOTIFICATION_LOG].frame
    found: dict[str, Any] = json.loads(rows["payload"][number])
    return found


def request(desk: Desk, tmp_path: Any, user: str = "olga", text: str = "go ahead") -> None:
    proof = tmp_path / "mail.eml"
    proof.write_text(text)
    desk.user = user
    desk.do(issuance.issuance_request_exception(desk.store, ["TK00001"], proof, "wired"))


def test_the_steps_of_a_ticket_are_told_to_those_whom_they_concern(tmp_path: Any) -> None:
    desk = telling("NOT_READY")
    request(desk, tmp_path)
    asked = said(desk)
    assert asked["exception"]["requested_by"] == "olga"
    assert (asked["exception"]["reason"], asked["booking"]["balance"]) == ("wired", 500.0)
    assert "event" not in asked
    desk.user = "greta"
    desk.do(issuance.issuance_approve_exception(desk.store, ["TK00001"]))
    desk.do(issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False))
    assert log(desk) == [
        ("ticket.exception_requested", "greta@office.example", "office", "QUEUED"),
        ("ticket.exception_approved", "olga@office.example", "office", "QUEUED"),
        ("ticket.issued", "ana@acme.example", "client", "QUEUED"),
    ]
    issued = said(desk)
    assert issued["ticket"] == {
        "id": "TK00001",
        "passenger": "KHAN/AMINA",
        "number": "176-2400000099",
        "pnr": "FLIGHT",
    }
    assert issued["booking"] == {"id": "B1", "group": "G", "client": "Acme"}, "no money"


def test_what_is_taken_back_is_not_told_and_told_again_when_it_comes_again(tmp_path: Any) -> None:
    desk = telling("NOT_READY")
    request(desk, tmp_path)
    desk.undo()
    assert [one[-1] for one in log(desk)] == ["WITHDRAWN"]
    request(desk, tmp_path)
    assert [one[-1] for one in log(desk)] == ["WITHDRAWN", "QUEUED"]
    request(desk, tmp_path)
    assert [one[-1] for one in log(desk)] == ["WITHDRAWN", "QUEUED"], "the same request"
    request(desk, tmp_path, text="another mail")
    assert [one[-1] for one in log(desk)] == ["WITHDRAWN", "QUEUED", "QUEUED"]


def test_due_soon_is_said_once_for_a_ticket_and_a_deadline() -> None:
    desk = telling("NAME_UPDATE_PENDING")
    due = issuance.issuance_due(2)
    told = ("ticket.due_soon", "olga@office.example", "office", "QUEUED")
    assert log(desk) == []
    for _ in range(3):
        assert len(desk.do(due).result.due) == 1
        assert log(desk) == [told]
    desk.days = 3
    assert desk.do(due).result.overdue == 1
    assert log(desk) == [told], "it was said when it was due"
    set_cell(desk, GROUP_FLIGHTS, "deadline", START + timedelta(days=5))
    desk.do(due)
    assert log(desk) == [told, told]
    assert said(desk)["deadline"]["days"] == 2


def test_a_night_that_was_missed_is_made_up_for() -> None:
    desk = telling("NAME_UPDATE_PENDING")
    desk.days = 4
    desk.do(issuance.issuance_due(2))
    assert len(log(desk)) == 1
    assert said(desk)["deadline"]["days"] == -3


@pytest.mark.parametrize("state", ["NOT_READY", "FINANCE_CLEARED", "ON_HOLD", "VOID", "ISSUED"])
def test_a_name_that_is_final_or_not_asked_for_is_not_due(state: str) -> None:
    desk = telling(state, finance="cleared", cleared_by="fin")
    assert desk.do(issuance.issuance_due(2)).result.due == ()
    assert log(desk) == []


@pytest.mark.parametrize(
    ("email", "why"), [(None, "has no Email"), ("ana at acme", "is not an e-mail address")]
)
def test_a_booking_that_can_not_be_written_to_is_a_finding(email: str | None, why: str) -> None:
    desk = telling("FINANCE_CLEARED", finance="cleared", cleared_by="fin")
    set_cell(desk, BOOKINGS, "email", email)
    plan = desk.do(issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False))
    assert log(desk) == []
    (found,) = (one for one in plan.findings if one.code == "MESSAGE_NO_ADDRESS")
    assert why in found.message
    assert desk.store.read(TICKETS)[TICKETS].frame["state"][0] == "ISSUED"


def test_the_office_s_words_go_to_no_address_of_a_booking() -> None:
    desk = telling("NAME_UPDATE_PENDING")
    desk.do(messages.trigger_set("ticket_due_soon", {"recipients": "ana@acme.example"}))
    plan = desk.do(issuance.issuance_due(2))
    assert log(desk) == []
    assert "is the address of B1 in Bookings" in plan.findings[-1].message
    desk.do(messages.trigger_set("ticket_due_soon", {"recipients": "role:ticket_manager"}))
    desk.do(issuance.issuance_due(2))
    assert [one[1] for one in log(desk)] == ["tessa@office.example"]


@pytest.mark.parametrize(
    ("named", "given", "error", "match"),
    [
        ("sale.created", {"active": True}, NotFoundError, "no trigger or fact 'sale.created'"),
        ("sale_created", {"active": True}, NotFoundError, "no trigger or fact 'sale_created'"),
        ("ticket_issued", {"recipients": "client.primary_contact"}, RuleError, "has no client"),
        ("ticket_issued", {"recipients": "exception.requested_by"}, RuleError, "has no exception"),
        ("ticket_issued", {"recipients": "booking.mail"}, RuleError, "one of booking.contact"),
        (
            "ticket_issued",
            {"recipients": "booking.contact", "channel": "whatsapp"},
            RuleError,
            "by email only",
        ),
        ("ticket_issued", {"condition": "sale.total_value > 3"}, RuleError, "sale"),
    ],
)
def test_a_trigger_that_could_not_work_is_refused(
    named: str, given: dict[str, Any], error: type[Exception], match: str
) -> None:
    telling("NOT_READY").refused(messages.trigger_set(named, given), error, match)


def test_a_fact_of_an_event_makes_nothing_here_and_says_so() -> None:
    desk = telling("FINANCE_CLEARED", finance="cleared", cleared_by="fin")
    row = {"trigger": "own", "fact": "sale.created", "recipients": "role:operator"}
    put(desk, NOTIFICATION_TRIGGERS, row | {"template": "ticket_issued", "active": True})
    plan = desk.do(issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False))
    (found,) = (one for one in plan.findings if one.code == "TRIGGER_UNCLEAR")
    assert "'sale.created' is not a fact" in found.message
    new = {"fact": "sale.created", "subject": "x", "body": "y"}
    desk.refused(messages.template_set("own", new), UsageError, "must be one of clock.night_")
    desk.refused(messages.template_preview("ticket_issued", fact="sale.created"), UsageError)
    listed = desk.do(messages.trigger_list()).result.triggers
    assert {one.fact for one in listed if one.trigger != "own"} == {
        "ticket.due_soon",
        "ticket.exception_requested",
        "ticket.exception_approved",
        "ticket.issued",
        "clock.night_finished",
    }
    assert {one.code for one in desk.do(messages.template_list()).result.templates} == {
        "ticket_due_soon",
        "ticket_exception_requested",
        "ticket_exception_approved",
        "ticket_issued",
        "night_finished",
    }


def test_texts_of_tickets_can_be_sent_to_whoever_may_read_them() -> None:
    for code in ("ticket_due_soon", "ticket_issued"):
        template = messages.our_templates(ISSUANCE_KIND)[code]
        for audience in ("office", "client"):
            assert problem_of(template, template.fact, audience) == ""
    template = messages.our_templates()["ticket_exception_requested"]
    assert "exception" in problem_of(template, template.fact, "client")


def test_messages_in_ticketops_itself(tmp_path: Any) -> None:
    desk = telling("NAME_UPDATE_PENDING")
    desk.do(messages.trigger_set("ticket_due_soon", {"channel": "in_app"}))
    desk.do(issuance.issuance_due(2))
    desk.user = "olga"
    (note,) = desk.do(outbox.inbox_of_user(every=False, read=False)).result.notes
    assert "KHAN/AMINA" in note.text
    assert note.subject.startswith("TK00001")
    desk.do(outbox.inbox_of_user(every=False, read=True))
    assert desk.do(outbox.inbox_of_user(every=False, read=False)).result.notes == ()


def test_a_ticket_manager_reads_what_is_addressed_to_them() -> None:
    desk = telling("NAME_UPDATE_PENDING")
    to = {"channel": "in_app", "recipients": "role:ticket_manager"}
    desk.do(messages.trigger_set("ticket_due_soon", to))
    desk.user = "tessa"
    assert len(desk.do(issuance.issuance_due(2)).result.due) == 1
    (note,) = desk.do(outbox.inbox_of_user(every=False, read=True)).result.notes
    assert "KHAN/AMINA" in note.text
    desk.refused(messages.trigger_list(), NotPermittedError)

"""`ticketops template …` and `ticketops trigger …` at the command line (§10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Runner
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import EVENT, NOTIFICATION_LOG, NOTIFICATION_TRIGGERS
from ticketops.stores.xlsx.store import XlsxStore


@pytest.fixture
def here(in_process: Runner, empty: Path) -> Runner:
    def command(*words: str, **more: Any) -> Any:
        env = {
            "TICKETOPS_WORKBOOK": str(empty),
            "TICKETOPS_USER": "tester",
            "TICKETOPS_ROLE": "ops_manager",
        }
        return in_process(*words, env=env | more.pop("env", {}), cwd=empty.parent, **more)

    return command


def log(book: Path) -> list[dict[str, Any]]:
    table = XlsxStore(book, layout=EVENT).read(NOTIFICATION_LOG, strict=False)[NOTIFICATION_LOG]
    return table.frame.to_dicts()


SELL = ("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:2@350", "--new", "--again")


def test_from_nothing_to_a_queued_message_and_back(here: Runner, empty: Path) -> None:
    assert (
        here("user", "set", "tester", "--role", "ops_manager", "--email", "b@x.example").code == 0
    )
    assert here(*SELL).code == 0
    turned = here("trigger", "set", "sale.created", "--on")
    assert turned.code == 0
    assert "sale_created is on: sale.created → sale_created to role:ops_manager" in turned.out
    assert log(empty) == []
    sold = here(*SELL, "--json")
    assert sold.code == 0
    assert sold.json["changes"][NOTIFICATION_LOG]["appended"] == 1
    (row,) = log(empty)
    assert (row["fact"], row["recipient"], row["state"]) == (
        "sale.created",
        "b@x.example",
        "QUEUED",
    )
    before = empty.read_bytes()
    tried = here(*SELL, "-n", "--json")
    assert any(cell["sheet"] == NOTIFICATION_LOG for cell in tried.json["cells"])
    assert empty.read_bytes() == before
    assert here("undo", "-y").code == 0
    assert [row["state"] for row in log(empty)] == ["WITHDRAWN"]


def test_undo_tells_what_was_sent(here: Runner, empty: Path) -> None:
    here("user", "set", "tester", "--role", "ops_manager", "--email", "b@x.example")
    here("trigger", "set", "sale.created", "--on")
    here(*SELL)
    store = XlsxStore(empty, layout=EVENT)
    snapshot = store.read(NOTIFICATION_LOG)
    changes = ChangeSet()
    sent = {"state": ("QUEUED", "SENT")}
    changes.set(NOTIFICATION_LOG, 2, "N00001", sent, {"state": ("SENDING",)})
    store.commit(
        changes,
        snapshot.revision,
        store.log()[-1].entry.__class__(
            "R20990101-000000", "message send", "tester", store.log()[-1].entry.at
        ),
    )
    undone = here("undo", "-y")
    assert undone.code == 0
    assert "not undone: N00001 to b@x.example: it is SENT" in undone.out
    assert [row["state"] for row in log(empty)] == ["SENT"]


def test_the_preview_is_what_would_be_sent(here: Runner, empty: Path) -> None:
    here("user", "set", "tester", "--role", "ops_manager", "--email", "b@x.example")
    here("trigger", "set", "sale.created", "--on")
    here(*SELL)
    shown = here("template", "preview", "sale_created", "--sale", "s1", "--json").json["result"]
    from ticketops.domain.messages.rendering import payload_from, rendered
    from ticketops.services.messages import our_templates

    (row,) = log(empty)
    payload = payload_from(row["payload"])
    made = rendered(our_templates()["sale_created"], payload, row["audience"])
    assert {key: shown[key] for key in ("subject", "text", "html")} == {
        "subject": made.subject,
        "text": made.text,
        "html": made.html,
    }
    assert shown["recipients"] == [
        {"name": "tester", "address": "b@x.example", "channel": "email", "audience": "office"}
    ]


def test_a_template_is_changed_shown_checked_and_reset(here: Runner, tmp_path: Path) -> None:
    body = tmp_path / "body.md"
    body.write_text("New: {{sale.id}} for **{{client.name}}**\n")
    changed = here(
        "template", "set", "sale_created", "--subject", "S {{sale.totalValue}}", "--body", str(body)
    )
    assert changed.code == 0
    shown = here("template", "show", "sale_created", "--json").json["result"]
    assert (shown["subject"], shown["body"]) == (
        "S {{sale.totalValue}}",
        "New: {{sale.id}} for **{{client.name}}**",
    )
    assert shown["template"]["changed"] is True
    previewed = here("template", "preview", "sale_created")
    assert "Subject: S 1,400.00" in previewed.out
    assert "New: S147 for Meridian Travel" in previewed.out
    assert here("template", "check").code == 0
    again = here("template", "set", "sale_created", "--subject", "S {{sale.totalValue}}")
    assert "nothing to do" in again.err
    assert here("template", "set", "sale_created", "--reset").code == 0
    assert (
        here("template", "show", "sale_created", "--json").json["result"]["template"]["changed"]
        is False
    )
    assert here("template", "set", "sale_created", "--reset").code == 3


def test_a_body_may_come_from_standard_input(here: Runner) -> None:
    done = here("template", "set", "sale_created", "--body", "-", stdin="Hello {{client.name}}")
    assert done.code == 0
    assert "Hello Meridian Travel" in here("template", "preview", "sale_created").out


def test_a_template_of_ones_own(here: Runner) -> None:
    new = ("template", "set", "vip", "--fact", "sale.created", "--subject", "VIP", "--body", "-")
    assert here(*new, stdin="{{sale.id}}").code == 0
    made = here(
        *("trigger", "set", "vip", "--fact", "sale.created", "--to", "a@x.example"),
        *("--template", "vip", "--when", "sale.totalValue > 1000", "--on"),
    )
    assert made.code == 0
    (own,) = [
        one
        for one in here("trigger", "list", "--json").json["result"]["triggers"]
        if one["trigger"] == "vip"
    ]
    assert (own["on"], own["when"], own["to"]) == (True, "sale.totalValue > 1000", "a@x.example")
    kept = here("template", "set", "vip", "--reset")
    assert kept.code == 4
    assert "the trigger vip uses the template vip" in kept.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("template", "show", "nope"), 3, "there is no template 'nope'"),
        (("template", "preview", "nope"), 3, "there is no template 'nope'"),
        (("template", "preview", "sale_created", "--sale", "S9"), 3, "Sales has no S9"),
        (("template", "preview", "event_transition", "--sale", "S9"), 2, "is not about a sale"),
        (("template", "preview", "sale_created", "--audience", "all"), 2, "must be one of office"),
        (
            ("template", "preview", "sale_created", "--audience", "client"),
            4,
            "no run.user for its readers",
        ),
        (("template", "preview", "sale_created", "--fact", "x"), 2, "is not a fact"),
        (("template", "set", "sale_created"), 2, "give at least one of"),
        (("template", "set", "sale_created", "--reset", "--name", "x"), 2, "give --reset alone"),
        (("template", "set", "new", "--subject", "x"), 2, "a new one needs --fact --body"),
        (("template", "set", "Bad Code", "--subject", "x"), 2, "can't be the code"),
        (("template", "set", "sale_created", "--channels", "fax"), 2, "not 'fax'"),
        (("template", "set", "sale_created", "--fact", "x"), 2, "--fact must be one of"),
        (
            ("template", "set", "sale_created", "--subject", "{{sale.nothing}}"),
            4,
            "the message has no sale.nothing",
        ),
        (
            ("template", "set", "ticket_dispatched", "--subject", "{{sale.total_value}}"),
            4,
            "could not send it to the client",
        ),
        (("template", "set", "sale_created", "--body", "/nowhere/x.md"), 3, "can't be read"),
        (("template", "set", "sale_created", "--channels", "slack"), 4, "sends it by email"),
        (("trigger", "set", "nope", "--on"), 3, "there is no trigger or fact 'nope'"),
        (("trigger", "set", "sale.created"), 2, "give at least one of"),
        (("trigger", "set", "sale.created", "--channel", "fax"), 2, "--channel must be one of"),
        (("trigger", "set", "sale.created", "--when", "sale.x > 1"), 4, "has no sale.x"),
        (("trigger", "set", "sale.created", "--template", "no"), 3, "no template 'no'"),
        (("trigger", "set", "sale.created", "--to", "role:king"), 4, "'king' is not a role"),
        (
            ("trigger", "set", "event.transition", "--to", "client.primary_contact"),
            4,
            "event.transition has no client",
        ),
        (
            ("trigger", "set", "sale.created", "--to", "client.primary_contact"),
            4,
            "no run.user for its readers",
        ),
        (
            ("trigger", "set", "sale.cancelled", "--channel", "in_app"),
            4,
            "by email and whatsapp only",
        ),
        (("trigger", "set", "sale.created", "--to", "sale.owner"), 4, "must be one of"),
        (("trigger", "set", "x", "--fact", "sale.created", "--on"), 2, "needs --to and --template"),
        (("trigger", "set", "X Y", "--fact", "sale.created", "--on"), 2, "can't be a TriggerID"),
    ],
)
def test_what_can_not_be_is_one_line(
    here: Runner, empty: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    before = empty.read_bytes()
    done = here(*words)
    assert (done.code, said in done.err) == (code, True), (done.code, done.err)
    assert len(done.err.strip().splitlines()) == 1
    assert empty.read_bytes() == before


def test_the_condition_of_a_fact_that_names_its_days(here: Runner) -> None:
    assert here("trigger", "set", "dispatch.ticket_unsent_T_minus_30d", "--off").code == 0
    found = here("trigger", "list", "--json").json["result"]["triggers"]
    (own,) = [one for one in found if one["trigger"] == "dispatch_overdue"]
    assert own["when"] == "deadline.days <= 30"


def test_a_condition_can_be_taken_away(here: Runner) -> None:
    assert here("trigger", "set", "portal_reminder", "--when", "", "--on").code == 0
    found = here("trigger", "list", "--json").json["result"]["triggers"]
    (own,) = [one for one in found if one["trigger"] == "portal_reminder"]
    assert (own["when"], own["on"]) == (None, True)


def test_turning_on_again_keeps_since_when(here: Runner, empty: Path) -> None:
    here("trigger", "set", "sale.created", "--to", "a@x.example", "--on")
    table = XlsxStore(empty, layout=EVENT).read(NOTIFICATION_TRIGGERS)[NOTIFICATION_TRIGGERS]
    again = here("trigger", "set", "sale.created", "--on")
    assert "nothing to do" in again.err
    here("trigger", "set", "sale.created", "--to", "b@x.example")
    now = XlsxStore(empty, layout=EVENT).read(NOTIFICATION_TRIGGERS)[NOTIFICATION_TRIGGERS]
    assert now.frame["since"].to_list() == table.frame["since"].to_list() != [None]
    here("trigger", "set", "sale.created", "--off")
    now = XlsxStore(empty, layout=EVENT).read(NOTIFICATION_TRIGGERS)[NOTIFICATION_TRIGGERS]
    assert now.frame["since"].to_list() == [None]


def test_who_is_not_a_manager_may_look_only(here: Runner) -> None:
    operator = {"TICKETOPS_ROLE": "operator"}
    assert here("template", "list", env=operator).code == 0
    assert here("trigger", "list", env=operator).code == 0
    assert here("trigger", "set", "sale.created", "--on", env=operator).code == 6
    assert here("template", "set", "sale_created", "--name", "x", env=operator).code == 6
    assert here("trigger", "list", env={"TICKETOPS_ROLE": "staff"}).code == 6


def test_a_template_that_was_broken_in_the_sheet_is_found(here: Runner, empty: Path) -> None:
    here("template", "set", "sale_created", "--subject", "x {{sale.id}}")
    store = XlsxStore(empty, layout=EVENT)
    snapshot = store.read("_NOTIFICATION_TEMPLATES")
    changes = ChangeSet()
    changes.set(
        "_NOTIFICATION_TEMPLATES",
        2,
        "sale_created",
        {"subject": ("x {{sale.id}}", "{{sale.oops}}")},
    )
    store.commit(changes, snapshot.revision, store.log()[-1].entry)
    checked = here("template", "check")
    assert checked.code == 1
    assert "TEMPLATE_BROKEN" in checked.out
    assert "sale.oops" in checked.out


def test_a_client_is_told_of_its_book_once_for_its_contents(here: Runner, empty: Path) -> None:
    for words in (
        ("client", "add", "Acme", "--contact-name", "Ed", "--contact-email", "ed@acme.example"),
        ("schedule", "add", "M01", "--date", "2099-06-11", "--guest-names-due", "2099-05-01"),
        ("schedule", "add", "M02", "--date", "2099-07-11"),
        ("trigger", "set", "portal.generated", "--on"),
        ("trigger", "set", "portal_reminder", "--on"),
        SELL,
        ("sale", "add", "--client", "Acme", "--line", "M02:Cat 1:1@350", "--again"),
        ("client", "build", "Acme"),
        ("client", "build", "Acme"),
    ):
        assert here(*words, "-y").code in (0, 1), words
    (row,) = log(empty)
    assert (row["fact"], row["recipient"], row["audience"]) == (
        "portal.generated",
        "ed@acme.example",
        "client",
    )
    assert row["trigger"] == "portal_generated"
    portal = json.loads(row["payload"])["portal"]
    assert (portal["tickets"], portal["guests_missing"]) == (3, 3)
    assert portal["due_on"] == "2099-05-01T00:00:00"
    assert portal["hours_remaining"] > 24 * 365 * 50
    assert "file" not in portal
    assert here(*SELL).code == 0
    assert here("client", "build", "Acme").code in (0, 1)
    assert [one["fact"] for one in log(empty)] == ["portal.generated"] * 2


def test_a_trigger_that_can_not_work_can_be_turned_off(here: Runner, empty: Path) -> None:
    assert (
        here(
            "template",
            "set",
            "vip",
            "--fact",
            "sale.created",
            "--subject",
            "V",
            "--body",
            "-",
            stdin="x",
        ).code
        == 0
    )
    made = ("trigger", "set", "vip", "--fact", "sale.created", "--to", "a@x.example")
    assert here(*made, "--template", "vip", "--on").code == 0
    book = openpyxl.load_workbook(empty)
    book["_NOTIFICATION_TEMPLATES"].delete_rows(2)
    book.save(empty)
    assert here("trigger", "set", "vip", "--when", "sale.quantity > 2").code == 4
    assert here("trigger", "set", "vip", "--off").code == 0

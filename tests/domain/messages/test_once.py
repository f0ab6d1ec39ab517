"""Random commands, sendings and undos: exactly one message for each fact and recipient, and none for what
was undone before it was sent (D25). And what clients read holds nothing that is not theirs."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import DAY, QuickStore
from tests.domain.messages.mail import CONTACTS, PEOPLE, MailDesk
from ticketops.config import Settings
from ticketops.domain.messages.rendering import payload_from, rendered
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.not_undoable import not_undoable
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, SALES
from ticketops.services import (
    allocation,
    credentials,
    dispatch,
    messages,
    purchasing,
    schedule,
    selling,
)
from ticketops.stores.base import Entry

SALE = st.integers(1, 4).map(lambda n: f"S{n}")
ACTS: Any = st.one_of(
    st.tuples(st.just("sell"), st.sampled_from(["Acme", "Meridian Travel"]), st.integers(1, 4)),
    st.tuples(st.just("allocate"), SALE),
    st.tuples(st.just("cancel"), SALE),
    st.tuples(st.just("unallocate"), SALE),
    st.tuples(st.just("expand")),
    st.tuples(st.just("send"), st.sampled_from(["SENT", "FAILED", "UNKNOWN", "SENDING"])),
    st.tuples(st.just("undo")),
    st.tuples(st.just("undo")),
)


class Office:
    """A desk, and what should have been told: {(fact, sale as it was recorded): recipients}."""

    def __init__(self) -> None:
        self.desk = MailDesk(store=QuickStore(layout=EVENT, not_undoable=not_undoable))
        self.desk.buy(("M01", "Cat 1", 6))
        self.undone: set[str] = set()
        self.done: list[tuple[str, list[tuple[str, str]]]] = []
        """(RunID, [(fact, sale)]) of what stands, in order."""

    def act(self, act: tuple[Any, ...]) -> None:
        with suppress(RuleError, NotFoundError):
            getattr(self, act[0])(*act[1:])

    def commit(self, job: Any) -> None:
        before = self.told()
        done = self.desk.done(job)
        if done.written:
            new = [one for one, _ in (self.told() - before).items()]
            self.done.append((done.run.run_id, new))

    def told(self) -> Counter[tuple[str, str]]:
        """What the workbook itself shows: sales, their tickets with units, and those that ended."""
        found: Counter[tuple[str, str]] = Counter()
        source = {
            row["sales_id"]: row["source_sale_id"] for row in self.desk.frame(SALES).to_dicts()
        }
        for sale, key in source.items():
            own = [
                one
                for one in self.desk.frame(DISTRIBUTION).to_dicts()
                if (one["sales_id"] or "").startswith(f"{sale}-")
            ]
            found["sale.created", key] = 1
            if any(one["unit_ids"] for one in own):
                units = sorted(one["unit_ids"] for one in own if one["unit_ids"])
                found["allocation.committed", f"{key} {units}"] = 1
            if own and all(one["status"] == "CANCELLED" for one in own):
                found["sale.cancelled", key] = 1
        return found

    def sell(self, client: str, quantity: int) -> None:
        order = Order(client, "USD", DAY, operator="olga")
        line = SaleLine("M01", "Cat 1", quantity, Decimal(10))
        self.commit(selling.sales_add([(order, [line])], again=True))

    def allocate(self, sale: str) -> None:
        self.commit(allocation.allocate_commit(sale))

    def cancel(self, sale: str) -> None:
        self.commit(selling.sale_cancel(sale, "x", force=False))

    def unallocate(self, sale: str) -> None:
        self.commit(
            allocation.override_unallocate(sale, "x", set_id="", keep_seats=False, force=False)
        )

    def expand(self) -> None:
        self.commit(selling.sale_expand())

    def send(self, state: str) -> None:
        waiting = [one["message"] for one in self.desk.log() if one["state"] == "QUEUED"]
        if waiting:
            self.desk.states(**{waiting[0]: state})

    def undo(self) -> None:
        if not self.done:
            return  # what was there before
        run = self.desk.run()
        taken = self.desk.store.undo(Entry(run.run_id, "undo", run.user, run.now))
        self.undone.add(taken.entry.run_id)
        self.done = [one for one in self.done if one[0] != taken.entry.run_id]


def of(row: dict[str, Any]) -> str:
    """The sale of a message, as it was recorded."""
    return str(row["identity"].split()[2])


@pytest.mark.slow
@settings(max_examples=15)
@given(acts=st.lists(ACTS, min_size=2, max_size=12))
def test_one_message_for_each_fact_and_recipient(acts: list[tuple[Any, ...]]) -> None:
    office = Office()
    sent: dict[str, str] = {}
    for act in acts:
        office.act(act)
        log = office.desk.log()
        rows = {one["message"]: one for one in log}
        assert len(rows) == len(log)
        assert sent.items() <= {one: row["state"] for one, row in rows.items()}.items()
        sent = {
            one: row["state"] for one, row in rows.items() if row["state"] in ("SENT", "UNKNOWN")
        }
        live = [one for one in log if one["state"] != "WITHDRAWN"]
        counts = Counter((one["identity"], one["recipient"], one["channel"]) for one in live)
        assert set(counts.values()) <= {1}
        open_ = {one["run_id"] for one in log if one["state"] in ("QUEUED", "FAILED")}
        assert not open_ & office.undone
        standing = [fact for _run, new in office.done for fact in new]
        created = {key: one for one in live if one["fact"] == "sale.created" for key in [of(one)]}
        wanted = {key for fact, key in standing if fact == "sale.created"}
        assert wanted <= created.keys()
        gone = [one["state"] for key, one in created.items() if key not in wanted]
        assert set(gone) <= {"SENT", "UNKNOWN", "SENDING"}
        for name in ("allocation.committed", "sale.cancelled"):
            told = {of(one) for one in live if one["fact"] == name}
            assert {key.split()[0] for fact, key in standing if fact == name} <= told


# --- what clients read

SECRET = {
    "price": "98765.43",
    "cost": "12345.67",
    "vendor": "Vendorcanary",
    "contract": "Contractcanary",
    "password": "Passwordcanary",
    "notes": "Notescanary",
    "user": "tester",
    "operator": "olga",
    "reason": "Reasoncanary",
}
"""What may stand in no text for a client."""


def eventful() -> MailDesk:
    """An office in which everything happened, to two clients."""
    desk = MailDesk()
    day = {"date": datetime(2026, 6, 11), "venue": "Wembley", "game": "Spain vs W74"}
    desk.do(schedule.schedule_add("M01", day, Settings(), new=False))
    cost = Decimal(SECRET["cost"])
    line = PurchaseLine("M01", SECRET["vendor"], "7", "Cat 1", 9, cost, "USD", DAY)
    desk.do(purchasing.purchase_add([line]))
    for client in CONTACTS:
        order = Order(
            client,
            "USD",
            DAY,
            contract=SECRET["contract"],
            notes=SECRET["notes"],
            operator=SECRET["operator"],
        )
        lines = [SaleLine("M01", "Cat 1", 2, Decimal(SECRET["price"]))]
        desk.do(selling.sales_add([(order, lines)], again=True))
    desk.do(
        credentials.add(
            Settings(),
            SECRET["vendor"],
            login="v1",
            email="v@example.org",
            password=None,
            notes=SECRET["notes"],
            event="",
            dry_run=False,
            notice=str,
        )
    )
    for sale in ("S1", "S2"):
        desk.do(allocation.allocate_commit(sale))
    for row in desk.rows(DISTRIBUTION, "row"):
        values = {"client_email": "g@x.example", "first_name": "Ann", "last_name": "Bee"}
        for column, value in {**values, "password": SECRET["password"]}.items():
            desk.set(DISTRIBUTION, row, column, value)
        desk.set(DISTRIBUTION, row, "notes", SECRET["notes"])
    desk.do(dispatch.staff_queue())
    for task in desk.rows("_STAFF_QUEUE", "task_id"):
        desk.do(dispatch.staff_mark([task], "SENT", notes=SECRET["notes"]))
    desk.do(dispatch.staff_report_issue(["T00001"], SECRET["reason"]))
    moved = {"date": datetime(2026, 6, 12), "game": "Spain vs Brazil"}
    desk.do(schedule.schedule_set("M01", moved, Settings(), new=True))
    oversold = SaleLine("M01", "Cat 1", 40, Decimal(SECRET["price"]))
    for client in CONTACTS:
        desk.do(selling.sales_add([(Order(client, "USD", DAY), [oversold])]))
    desk.do(selling.sale_reject("S3", SECRET["reason"]))
    desk.do(selling.sale_cancel("S4", SECRET["reason"], force=False))
    return desk


def plain(text: str) -> str:
    """A text without what may be written otherwise in a number or a name."""
    return re.sub(r"[^a-z0-9]", "", text.casefold())


@pytest.mark.slow
def test_no_text_for_a_client_holds_what_is_not_theirs() -> None:
    desk = eventful()
    to_clients = [one for one in desk.log() if one["audience"] == "client"]
    assert {one["fact"] for one in to_clients} >= {
        "sale.fully_dispatched",
        "match.moved",
        "match.teams_resolved",
        "sale.rejected",
        "sale.cancelled",
    }
    colleagues = [email for _role, email in PEOPLE.values()]
    for one in to_clients:
        (own,) = [name for name, (_, email) in CONTACTS.items() if email == one["recipient"]]
        payload = payload_from(one["payload"])
        made = rendered(messages.our_templates()[one["template"]], payload, one["audience"])
        others = [name for name in CONTACTS if name != own]
        others += [name for client, (name, _) in CONTACTS.items() if client != own]
        for text in (one["payload"], made.subject, made.text, made.html):
            for secret in (*SECRET.values(), *colleagues, *others):
                assert plain(secret) not in plain(text), (one["fact"], secret)


@pytest.mark.slow
def test_the_canaries_are_in_what_the_office_reads() -> None:
    """Else nothing is shown by their absence."""
    whole = plain(
        " ".join(one["payload"] for one in eventful().log() if one["audience"] == "office")
    )
    for name in ("price", "vendor", "user", "operator", "reason"):
        assert plain(SECRET[name]) in whole, name
    for name in ("password", "cost", "contract"):
        assert plain(SECRET[name]) not in whole, name

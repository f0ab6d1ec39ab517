"""Every job of every service: who may run it, and what it declares."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from tests import tickets
from tests.conftest import ROOT
from tests.desk import Desk
from tests.engine import portal_jobs, seat_jobs, ticketing_jobs
from tests.engine.clock_jobs import CLOCK
from tests.engine.closing_jobs import CLOSING
from tests.engine.issuance_jobs import ISSUANCE_JOBS
from tests.engine.message_jobs import MESSAGES, let_messages_wait
from tests.engine.planned import Workbook, new_key_file
from tests.engine.report_jobs import REPORTS
from tests.engine.seatmap_jobs import SEATMAPS, let_there_be_a_map
from tests.sampling import some
from ticketops.config import Settings
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.intake.faults import Place
from ticketops.domain.intake.imported import Options as ImportOptions
from ticketops.domain.masterdata.importing import Line
from ticketops.domain.money import fees, invoices, payments
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing import terms
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.reporting.lists import Which
from ticketops.domain.schedule.facts import TeamLine, ThirdsLine
from ticketops.domain.schedule.importing import Options
from ticketops.domain.schedule.listing import Filters as MatchFilters
from ticketops.domain.schedule.results import Given
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.domain.sync.merge import Side
from ticketops.engine import permissions, scoping
from ticketops.engine.job import Effect, Job
from ticketops.engine.not_undoable import not_undoable
from ticketops.engine.transaction import carry_out, entry_of, prepare
from ticketops.errors import (
    NotPermittedError,
    OutOfScopeError,
    SchemaError,
    TicketopsError,
    UndeclaredError,
    UnlistedJobError,
)
from ticketops.model.changes import ReplaceRows
from ticketops.model.results import plain
from ticketops.schema.foreign import ForeignTable, Row
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, HOLDS, SALES, UNITS, USERS, masters
from ticketops.schema.layouts.issuance import ISSUANCE
from ticketops.schema.sheets import SheetKind
from ticketops.services import (
    allocation,
    audit,
    books,
    catalogue,
    comparison,
    credentials,
    dispatch,
    events,
    imports,
    journal,
    lists,
    masterdata,
    messages,
    money,
    online_books,
    purchasing,
    reading,
    reporting,
    schedule,
    selling,
    status,
    sync,
    tournament,
)
from ticketops.services import masters as master_data
from ticketops.services.undo import prepare_undo
from ticketops.stores.memory import MemoryStore

DAY, LATER = datetime(2026, 4, 17), datetime(2099, 1, 1)
TEAM, THIRDS = [TeamLine("Spain", {"lot": 1})], [ThirdsLine("AB", {"1A": "B", "1B": "A"})]
OPS = "ops@mm-tickets.com"
NEW_SUBJECT, TURNED_ON = {"subject": "New: {{sale.id}}"}, {"active": True}
ROLES = ("staff", "operator", "sr_operator", "ops_manager", "event_admin", "super_admin")
NOBODY = {
    "gone": "is inactive in _USERS",
    "stranger": "is not in _USERS",
    "boss": "has no known role in _USERS",
}
"""Users of a workbook that names users who may do nothing, and what they are told."""
WHO = ", ".join((*ROLES, *NOBODY))


def office() -> Desk:
    """S1 is allocated and has tasks, S2 and S3 are pending, S4 is oversold, S5 is sent, S6 is
    cancelled; P00007 is held; everybody has a task; N00001 waits to be sent."""
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 3), ("M01", "Cat 2", 3))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 2), ("M01", "Cat 2", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.sell(("M01", "Cat 1", 4))
    desk.do(allocation.unit_hold(["P00007"], "Acme", LATER, "option", new=True))
    desk.buy(("M01", "Cat 3", 2), vendor="Povami")
    desk.sell(("M01", "Cat 2", 1))
    desk.do(allocation.allocate_commit("S5"))
    desk.sell(("M01", "Cat 3", 1))
    desk.set(SALES, dict(desk.rows(SALES, "sales_id", "row"))["S6"], "payment_status", "PAID")
    desk.do(selling.sale_cancel("S6", "no money", force=False))
    desk.do(allocation.policy_set("event", "", {"mode": "SEMI_AUTO"}))
    desk.do(catalogue.sub_game_add("M02", "FP1", {"session_type": "FP"}))
    desk.do(catalogue.category_set("M02", "", "Cat 4", {}))
    for code in ("M01", "M02", "M03"):
        day = {"date": datetime(2026, 6, 11), "game": f"Spain vs {code}", "venue": "Wembley"}
        desk.do(schedule.schedule_add(code, day, Settings(), new=False))
    for entity, record in _MASTERS.items():
        desk.do(master_data.master_add(entity, record))
    let_there_be_a_map(desk)
    let_messages_wait(desk)
    for row in (3, 4):
        for column, value in (
            ("block", "A"),
            ("seat_row", "1"),
            ("seat", str(row)),
            ("client_email", "guest@example.org"),
            ("first_name", "Ann"),
        ):
            desk.set(DISTRIBUTION, row, column, value)
    desk.set(UNITS, 2, "password", "plain")
    desk.set("_VENDOR_CREDENTIALS", 2, "password", "plain")
    desk.do(dispatch.staff_queue())
    for row in desk.rows("_STAFF_QUEUE", "row"):
        desk.set("_STAFF_QUEUE", row, "assigned_to", WHO)
    desk.do(dispatch.supplier_map("POVAMI", ["Povami"], []))
    desk.do(dispatch.client_view("Meridian Travel", Filters(), save="all"))
    desk.set(
        DISTRIBUTION, dict(desk.rows(DISTRIBUTION, "sales_id", "row"))["S5-1"], "delivery", "SENT"
    )
    desk.set(DISTRIBUTION, 4, "delivery", "ISSUE")
    desk.do(money.invoice_issue(invoices.Given(("S3",), DAY)))
    desk.do(money.fee_add(fees.Given("OTHER", "S3", Decimal(2), DAY)))
    desk.do(money.payment_add(payments.Given(Decimal(9), DAY, refs=("S3",))))
    ticketing_jobs.prepare(desk)
    seat_jobs.prepare(desk)
    portal_jobs.prepare(desk)
    desk.do(events.event_set({"name": "Cup", "code": "X26"}))
    return desk


def named(desk: Desk) -> Desk:
    """The same office with _USERS: one user for each role, and those who may do nothing."""
    desk.do(masterdata.user_set("super_admin", role="super_admin", name="", email="", active=None))
    people = [{"user": role, "role": role, "active": True} for role in ROLES[:-1]]
    desk.type_rows(
        USERS,
        [
            *people,
            {"user": "gone", "role": "super_admin", "active": False},
            {"user": "boss", "role": "boss", "active": True},
        ],
    )
    return desk


Make = Callable[[Any, Any, Settings], Job]
"""From the workbook, another copy of it, and the settings."""
_LINE = PurchaseLine("M01", "V", "1", "Cat 1", 1, Decimal(1), "USD", DAY)
_ORDER = Order("Acme", "USD", DAY)


def _build(kind: str, *names: str, passwords: bool = False) -> Make:
    return lambda book, _other, settings: books.build(
        book, settings, kind, names, folder=settings.books, passwords=passwords
    )


def _pull(kind: str) -> Make:
    return lambda book, _other, settings: books.pull(book, settings, [], kind=kind)


_MASTERS = {
    masters.CLIENT: {"client": "Kappa"},
    masters.VENDOR: {"vendor": "Lambda"},
    masters.CONTRACT: {"contract_ref": "000778", "type": "SALE", "party": "Meridian Travel"},
    masters.VENUE: {"venue": "Azteca"},
    masters.CURRENCY: {"code": "AED"},
}


def _master_jobs(entity: masters.Entity, record: dict[str, str]) -> dict[str, tuple[str, Make]]:
    """The jobs of an entity, each on a record that is there."""
    name, changed = record[entity.key[0]], {entity.own[-1].name: "yes"}
    if entity is not masters.CURRENCY:
        changed = {"status": "ACTIVE"}
    least = "ops_manager" if entity is masters.CURRENCY else "sr_operator"
    new = {**record, entity.key[0]: "NEW"}
    return {
        f"{entity.name}.add": (least, lambda *_: master_data.master_add(entity, new)),
        f"{entity.name}.set": (least, lambda *_: master_data.master_set(entity, name, changed)),
        f"{entity.name}.list": ("staff", lambda *_: master_data.master_list(entity)),
        f"{entity.name}.show": ("operator", lambda *_: master_data.master_show(entity, name)),
        f"{entity.name}.deactivate": (
            "ops_manager",
            lambda *_: master_data.master_deactivate(entity, name),
        ),
    }


_IMPORTED = Line(Place("clients.csv", 2), {"client": "Omega"})
PLAN = ForeignTable(
    "plan.csv",
    "",
    (),
    ("code", "date", "game"),
    1,
    (Row(2, ("M01", "2026-06-12", "Spain vs W77")), Row(3, ("M44", "2026-06-30", "A vs B"))),
)
BOUGHT = ForeignTable(
    "bought.csv",
    "",
    (),
    ("match", "category", "qty", "price", "vendor"),
    1,
    (Row(2, ("M01", "Cat 1", 2, 120.5, "Bee Seats")),),
)
GUESTS = ForeignTable(
    "guests.csv",
    "",
    (),
    ("ticket_id", "first name", "last name"),
    1,
    (Row(2, ("S1-1", "Ana", "Berg")),),
)
SEATS = ForeignTable(
    "seats.csv", "", (), ("unit_id", "block", "seat"), 1, (Row(2, ("P00001", "101", "99")),)
)
EVERY: dict[str, tuple[str, Make]] = {
    **ISSUANCE_JOBS,
    "import.purchases": (
        "operator",
        lambda *_: imports.import_purchases(BOUGHT, ImportOptions(new=True)),
    ),
    "import.sales": (
        "operator",
        lambda *_: imports.import_sales(BOUGHT, ImportOptions(client="Zed", new=True)),
    ),
    "import.guests": ("operator", lambda *_: imports.import_guests(GUESTS, ImportOptions())),
    "import.seats": ("operator", lambda *_: imports.import_seats(SEATS, ImportOptions())),
    "import.profiles": ("staff", lambda *_: imports.import_profiles()),
    **{
        name: made
        for entity, record in _MASTERS.items()
        for name, made in _master_jobs(entity, record).items()
    },
    "vendor.event": (
        "sr_operator",
        lambda *_: master_data.vendor_event({"vendor": "Viagogo", "event": "WC2026"}),
    ),
    "master.import": (
        "sr_operator",
        lambda *_: master_data.master_import(masters.CLIENT, [_IMPORTED]),
    ),
    "master.export": ("operator", lambda *_: master_data.master_export()),
    "master.pull": ("ops_manager", lambda *_: master_data.master_pull({"client": []}, "o.xlsx")),
    "status": ("staff", lambda _book, _other, settings: status.status_job(settings)),
    "log": ("staff", lambda book, *_: journal.log_job(book, 9)),
    "log.show": (
        "operator",
        lambda book, *_: journal.log_show_job(book, book.log()[0].entry.run_id),
    ),
    "purchase.list": ("operator", lambda *_: lists.purchase_list(Which())),
    "purchase.show": ("operator", lambda *_: lists.purchase_show("PR0001-S01")),
    "sale.list": ("operator", lambda *_: lists.sale_list(Which())),
    "sale.show": ("operator", lambda *_: lists.sale_show("S2")),
    "unit.list": ("operator", lambda *_: lists.unit_list(Which())),
    "unit.show": ("operator", lambda *_: lists.unit_show("P00001")),
    "ticket.list": ("staff", lambda *_: lists.ticket_list(Which())),
    "refund.list": ("operator", lambda *_: lists.refund_list(Which())),
    "allocate.log": ("staff", lambda *_: lists.allocation_log(Which(), 9)),
    "read": ("operator", lambda book, *_: reading.sheet_read(book, SALES)),
    "refund.decide": ("ops_manager", lambda *_: selling.refund_decide("S6", "NO_REFUND", "x")),
    "balance.clients": ("operator", lambda *_: money.balance("CLIENT", DAY, "", every=True)),
    "balance.vendors": ("operator", lambda *_: money.balance("VENDOR", None, "", every=True)),
    "margin": ("operator", lambda *_: money.margins("sale")),
    "fee.list": ("operator", lambda *_: money.fee_list("", void=True)),
    "fee.add": (
        "operator",
        lambda *_: money.fee_add(fees.Given("OTHER", "P00001", Decimal(1), DAY)),
    ),
    "fee.void": ("sr_operator", lambda *_: money.fee_void("FE00001", "x")),
    **ticketing_jobs.EVERY,
    **seat_jobs.EVERY,
    **portal_jobs.EVERY,
    "invoice.issue": ("sr_operator", lambda *_: money.invoice_issue(invoices.Given(("S2",), DAY))),
    "invoice.credit": ("ops_manager", lambda *_: money.invoice_credit("2026-0001", DAY, "x")),
    "invoice.list": ("operator", lambda *_: money.invoice_list("")),
    "invoice.show": ("operator", lambda *_: money.invoice_show("2026-0001")),
    "payment.list": ("operator", lambda *_: money.payment_list(payments.Which())),
    "payment.add": (
        "sr_operator",
        lambda *_: money.payment_add(payments.Given(Decimal(1), DAY, refs=("S2",))),
    ),
    "payment.void": ("sr_operator", lambda *_: money.payment_void("PM00001", "x")),
    "unit.seat": ("operator", lambda *_: allocation.unit_seat("P00001", {"seat": "99"})),
    "doctor": ("staff", lambda book, *_: audit.doctor_job(book, fix=False)),
    "doctor.fix": ("staff", lambda book, *_: audit.doctor_job(book, fix=True)),
    "report.position": ("staff", lambda *_: reporting.position_job(write=True)),
    "audit.run": ("staff", lambda *_: audit.audit_job(write=True)),
    "audit.repair": ("sr_operator", lambda *_: audit.audit_repair()),
    "purchase.add": ("operator", lambda *_: purchasing.purchase_add([_LINE])),
    "purchase.set": (
        "operator",
        lambda *_: purchasing.purchase_set("PR0001-S01", terms.Terms(prepaid=True)),
    ),
    "purchase.expand": ("operator", lambda *_: purchasing.purchase_expand()),
    "sale.add": (
        "operator",
        lambda *_: selling.sale_add(_ORDER, [SaleLine("M01", "Cat 2", 3, Decimal(1))]),
    ),
    "sale.expand": ("operator", lambda *_: selling.sale_expand()),
    "sale.cancel": ("sr_operator", lambda *_: selling.sale_cancel("S2", "x", force=False)),
    "sale.set": (
        "operator",
        lambda *_: selling.sale_set("S2", Terms(payment_status="PAID"), "x", force=False),
    ),
    "sale.set.qty": (
        "operator",
        lambda *_: selling.sale_set("S2", Terms(quantity=9), "x", force=False),
    ),
    "sale.approve": ("ops_manager", lambda *_: selling.sale_approve("S4", "x")),
    "sale.reject": ("ops_manager", lambda *_: selling.sale_reject("S4", "x")),
    "sale.upgrade": ("ops_manager", lambda *_: selling.sale_upgrade("S3", "Cat 1", None, "x")),
    "sale.upgrades": ("staff", lambda *_: selling.sale_upgrades("S3", None)),
    "recon.run": ("operator", lambda *_: selling.recon_run()),
    "recon.apply": ("sr_operator", lambda *_: selling.recon_apply()),
    "allocate.preview": ("staff", lambda *_: allocation.allocate_preview("S2", write=True)),
    "allocate.compare": (
        "staff",
        lambda *_: comparison.compare(lambda lines, _pool, _proposer: (list(lines), None)),
    ),
    "allocate.commit": ("sr_operator", lambda *_: allocation.allocate_commit("S2")),
    "allocate.auto": ("sr_operator", lambda *_: allocation.allocate_auto()),
    "allocate.process": ("sr_operator", lambda *_: allocation.allocate_process()),
    "override.unallocate": (
        "sr_operator",
        lambda *_: allocation.override_unallocate(
            "S1-1", "x", set_id="", keep_seats=False, force=False
        ),
    ),
    "override.reset-seats": (
        "sr_operator",
        lambda *_: allocation.override_reset_seats("PR0001-S01", "x", units_too=False, force=False),
    ),
    "override.alloc-from": (
        "sr_operator",
        lambda *_: allocation.override_alloc_from("S2", "Cat 2", "x"),
    ),
    "client.merge": (
        "sr_operator",
        lambda *_: masterdata.client_merge(["Acme"], "Meridian Travel"),
    ),
    "client.alias": ("sr_operator", lambda *_: masterdata.client_alias("Meridian Travel", ["MT"])),
    "client.split": ("sr_operator", lambda *_: masterdata.client_split("Meridian Travel")),
    "unit.holds": ("staff", lambda *_: allocation.unit_holds()),
    "unit.substitute": (
        "sr_operator",
        lambda *_: allocation.unit_substitute("P00001", "", "x", force=False),
    ),
    "unit.hold": (
        "sr_operator",
        lambda *_: allocation.unit_hold(["P00008"], "Acme", LATER, "x", new=True),
    ),
    "unit.release": ("sr_operator", lambda *_: allocation.unit_release(["P00007"], "", "x")),
    "event.show": ("staff", lambda *_: events.event_show()),
    "event.list": ("staff", lambda _b, _o, settings: events.event_line("book", settings)),
    "event.set": ("ops_manager", lambda *_: events.event_set({"name": "Other"})),
    "event.advance": ("ops_manager", lambda *_: events.event_advance()),
    "event.back": ("ops_manager", lambda *_: events.event_back("x")),
    "event.clone": ("ops_manager", lambda *_: events.event_clone("Next", "X27")),
    "event.swap": (
        "ops_manager",
        lambda *_: catalogue.event_swap("M01", "M02", "x", stock_only=False, force=False),
    ),
    "schedule.import": (
        "sr_operator",
        lambda *_: schedule.schedule_import(PLAN, Options(), Settings()),
    ),
    "schedule.add": (
        "sr_operator",
        lambda *_: schedule.schedule_add(
            "M09", {"date": datetime(2026, 6, 20)}, Settings(), new=False
        ),
    ),
    "schedule.set": (
        "sr_operator",
        lambda *_: schedule.schedule_set("M01", {"home": "Spain"}, Settings(), new=False),
    ),
    "schedule.list": ("staff", lambda *_: schedule.schedule_list(MatchFilters())),
    "schedule.show": ("staff", lambda *_: schedule.schedule_show("M01")),
    "schedule.profiles": ("staff", lambda *_: schedule.schedule_profiles()),
    "subgame.add": (
        "sr_operator",
        lambda *_: catalogue.sub_game_add("M01", "RACE", {"session_type": "RACE"}),
    ),
    "subgame.set": (
        "sr_operator",
        lambda *_: catalogue.sub_game_set("M02", "FP1", {"name": "Practice"}),
    ),
    "subgame.list": ("staff", lambda *_: catalogue.sub_game_list("")),
    "category.set": ("sr_operator", lambda *_: catalogue.category_set("M01", "", "Cat 1", {})),
    "category.remove": ("sr_operator", lambda *_: catalogue.category_remove("M02", "", "Cat 4")),
    "category.list": ("staff", lambda *_: catalogue.category_list("M01")),
    "schedule.result": ("sr_operator", lambda *_: tournament.schedule_result("M01", Given("2-1"))),
    "schedule.standings": ("staff", lambda *_: tournament.schedule_standings()),
    "schedule.team": ("sr_operator", lambda *_: tournament.schedule_team("Spain", {"ranking": 1})),
    "schedule.teams": ("sr_operator", lambda *_: tournament.schedule_teams(TEAM)),
    "schedule.thirds": ("sr_operator", lambda *_: tournament.schedule_thirds(THIRDS)),
    "template.list": ("operator", lambda *_: messages.template_list()),
    "template.show": ("operator", lambda *_: messages.template_show("sale_created")),
    "template.check": ("operator", lambda *_: messages.template_check()),
    "template.preview": (
        "operator",
        lambda *_: messages.template_preview("sale_created", sale="S1"),
    ),
    "template.set": ("ops_manager", lambda *_: messages.template_set("sale_created", NEW_SUBJECT)),
    "trigger.list": ("operator", lambda *_: messages.trigger_list()),
    "trigger.set": ("ops_manager", lambda *_: messages.trigger_set("sale.created", TURNED_ON)),
    **CLOCK,
    **SEATMAPS,
    **REPORTS,
    **CLOSING,
    **MESSAGES,
    "policy.list": ("staff", lambda *_: allocation.policy_list()),
    "policy.show": ("staff", lambda *_: allocation.policy_show("M01", None)),
    "policy.set": (
        "ops_manager",
        lambda *_: allocation.policy_set("client", "Meridian Travel", {"mode": "SUGGEST"}),
    ),
    "user.list": ("staff", lambda *_: masterdata.user_list("staff")),
    "user.set": (
        "ops_manager",
        lambda *_: masterdata.user_set("zoe", role="super_admin", name="", email="", active=None),
    ),
    "client.groups": ("staff", lambda *_: dispatch.client_groups()),
    "client.views": ("staff", lambda *_: dispatch.client_views("")),
    "client.view": (
        "staff",
        lambda *_: dispatch.client_view("Meridian Travel", Filters(), save="mine"),
    ),
    "client.build": ("operator", _build("client", "Meridian Travel")),
    "client.pull": ("operator", _pull("client")),
    "client.accept": (
        "operator",
        lambda *_: dispatch.client_accept("Meridian Travel", ["S5-1"], None),
    ),
    "client.copy-down": (
        "operator",
        lambda *_: dispatch.client_copy_down("S1-1", 1, overwrite=True),
    ),
    "supplier.groups": ("staff", lambda *_: dispatch.supplier_groups()),
    "supplier.map": ("operator", lambda *_: dispatch.supplier_map("NEW", ["Nova"], [])),
    "supplier.unmap": ("operator", lambda *_: dispatch.supplier_unmap("POVAMI", [])),
    "supplier.learn": ("operator", lambda *_: dispatch.supplier_learn()),
    "supplier.build": ("operator", _build("supplier")),
    "supplier.pull": ("operator", _pull("supplier")),
    "staff.tasks": ("staff", lambda *_: dispatch.staff_tasks("", every=True)),
    "staff.mark": ("staff", lambda *_: dispatch.staff_mark(["T00001"], "SENT")),
    "staff.report-issue": ("staff", lambda *_: dispatch.staff_report_issue(["T00001"], "lost")),
    "staff.escalate": ("operator", lambda *_: dispatch.staff_escalate(["T00002"], "x")),
    "staff.reveal": (
        "staff",
        lambda _book, _other, settings: dispatch.staff_reveal("T00001", settings),
    ),
    "staff.queue": ("operator", lambda *_: dispatch.staff_queue()),
    "staff.assign": (
        "operator",
        lambda *_: dispatch.staff_assign(
            [],
            task_ids=["T00001"],
            matches=[],
            unassigned=False,
            from_person="",
            priority="High",
            reopen=False,
        ),
    ),
    "staff.build": ("operator", _build("staff")),
    "staff.build.with-passwords": ("operator", _build("staff", passwords=True)),
    "staff.pull": ("operator", _pull("staff")),
    "dispatch.status": (
        "staff",
        lambda _book, _other, settings: dispatch.dispatch_status(settings),
    ),
    "dispatch.sync": ("operator", lambda book, _other, settings: books.sync(book, settings)),
    "dispatch.pull": ("operator", _pull("")),
    "credentials.list": ("operator", lambda *_: credentials.listing("", inactive=True)),
    "credentials.history": ("sr_operator", lambda *_: credentials.history("", 9)),
    "credentials.reveal": (
        "sr_operator",
        lambda *_: credentials.reveal("Viagogo", login="", event=None),
    ),
    "credentials.add": (
        "sr_operator",
        lambda _b, _o, settings: credentials.add(
            settings,
            "Viagogo",
            login="v2",
            email="",
            password="p",
            notes="",
            event="",
            dry_run=True,
            notice=str,
        ),
    ),
    "credentials.update": (
        "sr_operator",
        lambda _b, _o, settings: credentials.update(
            settings,
            "Viagogo",
            login="",
            event=None,
            given={"password": "p"},
            dry_run=True,
            notice=str,
        ),
    ),
    "credentials.deactivate": (
        "sr_operator",
        lambda *_: credentials.deactivate("Viagogo", "x", login="", event=None),
    ),
    "credentials.assign": (
        "sr_operator",
        lambda _b, _o, settings: credentials.assign(
            settings, "Viagogo", match="", mode="OVERWRITE", login=""
        ),
    ),
    "credentials.seal": (
        "ops_manager",
        lambda _b, _o, settings: credentials.seal(settings, dry_run=True, notice=str),
    ),
    "credentials.rotate": (
        "ops_manager",
        lambda _b, _o, settings: credentials.rotate(settings, dry_run=True),
    ),
    "sync.diff": ("staff", lambda book, other, _s: sync.job(None, book, other)),
    "sync.pull": ("sr_operator", lambda book, other, _s: sync.job(Side.LOCAL, book, other)),
    "sync.push": ("sr_operator", lambda book, other, _s: sync.job(Side.REMOTE, other, book)),
    "sync.watch": (
        "sr_operator",
        lambda book, other, _s: sync.job(Side.LOCAL, book, other, job_name="sync.watch"),
    ),
}
"""{name: (the least role, one such job)}: every job there is, but for those of INNER."""
INNER = {
    "credentials.seal.purge-backups": "ops_manager",
    "credentials.rotate.drop-old": "ops_manager",
}
"""Jobs that are steps of other commands."""


class BookLocation:
    """The two workbooks, without users and with, and what the jobs need beside them."""

    def __init__(self, folder: Path) -> None:
        self.nameless, self.named = (
            Workbook(office().store, folder),
            Workbook(named(office()).store, folder),
        )
        self.nameless.tickets = Workbook(tickets.office().store, folder)
        self.named.tickets = Workbook(named(tickets.office(role="ops_manager")).store, folder)
        other = MemoryStore(layout=EVENT)
        other.name = "other"
        self.other = Workbook(other, folder)
        self.settings = Settings(key_file=new_key_file(folder / "keys"), books=folder / "books")

    def job(self, name: str, book: Workbook) -> Job:
        own = book.tickets if name in ISSUANCE_JOBS else book
        return EVERY[name][1](own, self.other, self.settings)

    def plan(
        self, job: Job, book: Workbook, user: str = "tester", role: str = "super_admin"
    ) -> Plan:
        counted = iter(range(1, 10_000))
        return prepare(
            book.tickets if job.name in ISSUANCE_JOBS else book,
            job,
            Run(
                "R20260501-090000",
                user,
                datetime(2026, 5, 1, 9),
                lambda: f"uuid-{next(counted)}",
                role,
            ),
        )[0]

    def permitted(self, job: Job, book: Workbook, user: str, role: str) -> str:
        """ "" where it is, else what the user is told."""
        try:
            self.plan(job, book, user, role)
        except NotPermittedError as error:
            return f"{error.message} ({error.hint})"
        except UndeclaredError:
            raise
        except TicketopsError:
            pass  # a rule that it meets once it is permitted
        return ""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> BookLocation:
    return BookLocation(tmp_path_factory.mktemp("jobs"))


# --- the table


def test_the_table_of_permissions_names_every_job_and_nothing_else() -> None:
    assert {name: least for name, (least, _) in EVERY.items()} | INNER == {
        name: least if isinstance(least, str) else "ops_manager"
        for name, least in permissions.NEEDED.items()
    }


def test_every_job_that_a_service_builds_is_in_the_table(place: BookLocation) -> None:
    built = set()
    for path in (ROOT / "ticketops" / "services").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Job"
                and isinstance(node.args[0], ast.Constant)
            ):
                built.add(node.args[0].value)
    assert len(built) > 50
    assert built <= set(permissions.NEEDED)
    assert {name: place.job(name, place.nameless).name for name in EVERY} == {
        name: name for name in EVERY
    }
    for kind in ("client", "supplier", "staff"):
        assert online_books._wanted(kind, [], {}, {}).name == f"{kind}.build"


def test_a_job_that_is_not_in_the_table_runs_for_nobody() -> None:
    desk = Desk(role="super_admin")
    desk.refused(
        Job("unit.melt", lambda _snapshot, _run: pytest.fail("it was planned")),
        UnlistedJobError,
        "unit.melt",
    )


def test_only_effects_that_can_not_be_undone_are_passed_over_by_undo(place: BookLocation) -> None:
    for name in EVERY:
        job = place.job(name, place.nameless)
        assert (job.effect is Effect.FINAL) == not_undoable(entry_of(job, Desk().run())), name


def test_a_job_that_reads_only_writes_nothing() -> None:
    desk = office()
    job = replace(
        allocation.unit_hold(["P00008"], "Acme", LATER, "x", new=True), effect=Effect.READS
    )
    desk.refused(job, TicketopsError, "declared read-only")


# --- who may


@pytest.mark.parametrize("name", some(EVERY, 4))
def test_every_job_is_open_to_its_least_role_and_to_nobody_below(
    place: BookLocation, name: str
) -> None:
    least = EVERY[name][0]
    for number, role in enumerate(ROLES):
        may = number >= ROLES.index(least)
        assert (
            place.permitted(place.job(name, place.named), place.named, role, "super_admin") == ""
        ) == may, role
        nameless = may or name == "user.set"  # the first user is anybody's to add
        assert (
            place.permitted(place.job(name, place.nameless), place.nameless, role, role) == ""
        ) == nameless, role


@pytest.mark.parametrize("name", EVERY)
def test_who_is_inactive_unknown_or_without_a_role_may_do_nothing(
    place: BookLocation, name: str
) -> None:
    for user, why in NOBODY.items():
        told = place.permitted(place.job(name, place.named), place.named, user, "super_admin")
        assert f"{user} {why}" in told
        assert f"ticketops user set {user} {'--active' if user == 'gone' else '--role'}" in told
        assert "ops_manager, event_admin may run it" in told or "super_admin" in told


def test_nobody_of_them_takes_anything_back() -> None:
    desk = named(office())
    for user, why in NOBODY.items():
        with pytest.raises(NotPermittedError, match=why):
            prepare_undo(desk.store, replace(desk.run(), user=user, role="super_admin"))


def test_what_is_typed_into_active_and_is_no_yes_counts_as_no() -> None:
    desk = named(office())
    row = dict(desk.rows(USERS, "user", "row"))["ops_manager"]
    desk.set(USERS, row, "active", "left in May")
    with pytest.raises(NotPermittedError, match="inactive"):
        carry_out(desk.store, allocation.policy_list(), replace(desk.run(), user="ops_manager"))


@pytest.mark.parametrize(
    ("label", "name", "least"),
    [
        ("allocate commit S147", "allocate.commit", "sr_operator"),
        ("allocate auto --optimize", "allocate.auto", "sr_operator"),
        ("allocate auto", "allocate.auto", "sr_operator"),
        ("sale upgrade S1", "sale.upgrade", "ops_manager"),
        ("doctor --fix", "doctor.fix", "operator"),
        ("staff mark SENT", "staff.mark", "operator"),
        ("staff build --with-passwords", "staff.build.with-passwords", "operator"),
        ("credentials rotate", "credentials.rotate", "ops_manager"),
        ("client accept Sale Cancel Ltd", "client.accept", "operator"),
        ("user set", "user.set", "ops_manager"),
        ("report position", "report.position", "operator"),
        ("something of long ago", "", "ops_manager"),
        ("", "", "ops_manager"),
    ],
)
def test_the_journal_is_judged_by_the_name_that_its_label_stands_for(
    label: str, name: str, least: str
) -> None:
    assert permissions.job_named(label) == name
    assert permissions.to_undo(label) == least


def test_every_label_leads_back_to_its_job(place: BookLocation) -> None:
    for name in EVERY:
        assert permissions.job_named(place.job(name, place.nameless).label) == name


# --- what it declares


@pytest.mark.parametrize("name", some(EVERY, 4))
def test_a_sheet_that_is_not_declared_is_missed_loudly(place: BookLocation, name: str) -> None:
    """Without any one of its sheets a job raises, or is what it was; it never comes to another
    outcome."""
    job = place.job(name, place.nameless)
    whole = _outcome(place, job)
    for sheet in (*job.required, *job.optional):
        less = replace(
            job,
            required=tuple(s for s in job.required if s != sheet),
            optional=tuple(s for s in job.optional if s != sheet),
        )
        try:
            without = _outcome(place, less)
        except UndeclaredError:
            continue
        assert without == whole, sheet


def _outcome(place: BookLocation, job: Job) -> Any:
    if job.name in (
        "credentials.add",
        "credentials.update",
        "credentials.seal",
        "credentials.rotate",
    ):
        place.plan(job, place.nameless)  # what was sealed once is sealed alike again
    plan = place.plan(job, place.nameless)
    result = plain(plan.result)
    if job.name == "allocate.compare":
        result = {what: {**figures, "seconds": 0} for what, figures in result.items()}
    return list(plan.changes), plan.findings, result


def test_holds_that_are_not_declared_do_not_free_what_is_held() -> None:
    desk = office()
    job = selling.sale_add(_ORDER, [SaleLine("M01", "Cat 2", 3, Decimal(1))])
    desk.refused(
        replace(job, optional=tuple(name for name in job.optional if name != HOLDS)),
        UndeclaredError,
        HOLDS,
    )


def test_users_are_no_job_s_to_read_unless_it_says_so() -> None:
    desk = office()
    desk.refused(
        Job("status", lambda snapshot, _run: Plan(result=snapshot[USERS])), UndeclaredError, USERS
    )


@pytest.mark.parametrize("name", EVERY)
def test_what_is_required_are_ledgers_of_the_specification(place: BookLocation, name: str) -> None:
    job = place.job(name, place.nameless)
    layout = ISSUANCE if name in ISSUANCE_JOBS else EVENT
    assert len(set(job.sheets)) == len(job.sheets)
    assert all(
        layout[sheet].kind is SheetKind.LEDGER and not layout[sheet].extension
        for sheet in job.required
    )


def test_a_required_ledger_that_is_absent_is_an_error_and_an_optional_one_is_empty() -> None:
    desk = office()
    del desk.store._sheets[SALES]
    with pytest.raises(SchemaError, match="no sheet 'Sales'"):
        desk.do(selling.sale_expand())
    optional = Job(
        "status",
        lambda snapshot, _run: Plan(result=snapshot[SALES].frame.height),
        optional=(SALES,),
    )
    assert desk.do(optional).result == 0


# --- people who may do nothing


def _task_of(person: str) -> Desk:
    desk = named(office())
    for row in desk.rows("_STAFF_QUEUE", "row"):
        desk.set("_STAFF_QUEUE", row, "assigned_to", f"staff, {person}")
    desk.role = ""
    return desk


def _as(desk: Desk, job: Job) -> Plan:
    return carry_out(desk.store, job, replace(desk.run(), user="ops_manager")).plan


@pytest.mark.parametrize("person", NOBODY)
def test_no_book_is_built_for_them_and_no_task_assigned(person: str, tmp_path: Path) -> None:
    desk = _task_of(person)
    settings = Settings(books=tmp_path)
    plan = _as(desk, books.build(desk.store, settings, "staff", [], folder=tmp_path))
    assert [book.party for book in plan.result.books] == ["staff"]
    assert [path.name for path in tmp_path.glob("*.xlsx")] == [
        next(iter(tmp_path.glob("*.xlsx"))).name
    ]
    assert [f.message for f in plan.findings if f.code == "NO_BOOK"] == [
        f"can't build a book for {person}, who {NOBODY[person]}"
    ]
    with pytest.raises(
        TicketopsError, match=f"can't build a book for {person}.*{NOBODY[person]}"
    ) as caught:
        _as(desk, books.build(desk.store, settings, "staff", [person], folder=tmp_path))
    assert caught.value.exit_code == 4
    assert f"ticketops user set {person}" in caught.value.hint
    for job in (
        dispatch.staff_assign(
            [person],
            task_ids=["T00001"],
            matches=[],
            unassigned=False,
            from_person="",
            priority="",
            reopen=False,
        ),
        dispatch.staff_report_issue(["T00001"], "lost", to=person),
    ):
        with pytest.raises(TicketopsError, match=f"can't assign a task to {person}"):
            _as(desk, job)


@pytest.mark.parametrize("person", NOBODY)
def test_their_tasks_are_shown_with_a_finding(person: str, tmp_path: Path) -> None:
    desk = _task_of(person)
    for job in (
        dispatch.staff_tasks("", every=False),
        dispatch.staff_queue(),
        books.sync(desk.store, Settings(books=tmp_path)),
    ):
        (found,) = [
            finding for finding in _as(desk, job).findings if finding.code == "ASSIGNEE_BARRED"
        ]
        assert f"assigned to {person}, who {NOBODY[person]}" in found.message


@pytest.mark.parametrize(("person", "edits"), [("staff", 1), *((person, 0) for person in NOBODY)])
def test_nothing_is_taken_from_them(person: str, edits: int, tmp_path: Path) -> None:
    """A book that was made while they still might, and came back filled in."""
    desk = office()
    for row in desk.rows("_STAFF_QUEUE", "row"):
        desk.set("_STAFF_QUEUE", row, "assigned_to", person)
    settings = Settings(books=tmp_path)
    desk.do(books.build(desk.store, settings, "staff", [person], folder=tmp_path))
    (path,) = tmp_path.glob("*.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = next(
        sheet
        for sheet in book
        if any(cell.value == "DispatchStatus" for row in sheet.iter_rows(max_row=5) for cell in row)
    )
    head = next(
        cell for row in sheet.iter_rows(max_row=5) for cell in row if cell.value == "DispatchStatus"
    )
    sheet.cell(head.row + 1, head.column).value = "SENT"
    book.save(path)
    named(desk)
    before = path.read_bytes()
    for job in (
        books.pull(desk.store, settings, [path], kind="staff"),
        books.sync(desk.store, settings),
    ):
        plan = carry_out(
            desk.store, job, replace(desk.run(), user="ops_manager"), dry_run=True
        ).plan
        assert plan.result.edits == edits
        barred = {"NOT_TAKEN", "NO_BOOK"} & {finding.code for finding in plan.findings}
        assert len(barred) == (0 if edits else 1)
    assert path.read_bytes() == before


# --- who is limited to some clients or suppliers (§15)


LIMITS = {
    "clients": ("clients", "Acme", "meridian", scoping.OF_CLIENTS),
    "suppliers": ("vendor_groups", "POVAMI", "viagogo", scoping.OF_SUPPLIERS),
}
"""{party: its column of _USERS, whom the user is limited to, who must not be seen, the table}."""


@pytest.fixture(scope="module", params=LIMITS)
def limited(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Workbook]:
    """The office, and bo, who may do everything, but is limited."""
    column, limit, _other, _table = LIMITS[request.param]
    desk = office()
    rest = {"role": "super_admin", "name": "", "email": "", "active": None}
    desk.do(masterdata.user_set("bo", more={column: limit}, **rest))
    return request.param, Workbook(desk.store, tmp_path_factory.mktemp("limited"))


def planned(place: BookLocation, book: Workbook, name: str) -> Plan | TicketopsError:
    """What bo's job comes to."""
    try:
        return place.plan(place.job(name, book), book, "bo")
    except TicketopsError as error:
        return error


def test_no_job_shows_or_changes_anything_of_others(
    place: BookLocation, limited: tuple[str, Workbook]
) -> None:
    party, book = limited
    _column, _limit, other, table = LIMITS[party]
    ran = set()
    for name in EVERY:
        plan = planned(place, book, name)
        if name not in table:
            assert isinstance(plan, OutOfScopeError), name
        if isinstance(plan, OutOfScopeError):
            assert plan.exit_code == 6
            assert "`ticketops user set bo --" in plan.hint
            assert "bo may run it" in plan.hint
        if not isinstance(plan, Plan):
            continue  # a rule, or nothing there that is theirs
        ran.add(name)
        if table[name] is scoping.How.NARROWED:
            assert other not in repr((plan.result, plan.findings)).casefold(), name
        elif table[name] is scoping.How.CHECKED and party == "clients":
            rows = [one for one in plan.changes if not isinstance(one, ReplaceRows)]
            assert other not in repr(rows).casefold(), name
    assert len(ran) > 30


OF_OTHERS = {
    "_ALLOCATION_REPAIR_LOG",
    "_ALLOCATION_PREVIEW",
    "_SALES_PARENT_RECON",
    "_SALES_RECON_AUDIT",
}
"""Sheets with rows of clients that are never cut down to some."""


def test_no_job_of_a_user_limited_to_clients_reads_what_is_apart(place: BookLocation) -> None:
    for name in scoping.OF_CLIENTS:
        if (job := EVERY.get(name)) is not None:
            made = job[1](place.nameless, place.other, place.settings)
            assert not OF_OTHERS & set(made.sheets), name

"""Every job of every service: who may run it, what it declares, and what consent at a prompt is
to."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import ROOT
from tests.desk import Desk, everything
from ticketops.config import Settings
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.reporting.lists import Which
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.domain.sync.merge import Side
from ticketops.engine import permissions
from ticketops.engine.job import Effect, Job
from ticketops.engine.not_undoable import not_undoable
from ticketops.engine.transaction import carry_out, entry_of, prepare
from ticketops.errors import (
    ConflictError,
    NotPermittedError,
    SchemaError,
    TicketopsError,
    UndeclaredError,
    UnlistedJobError,
)
from ticketops.model.results import plain
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, HOLDS, SALES, UNITS, USERS
from ticketops.schema.sheets import SheetKind
from ticketops.services import (
    allocation,
    audit,
    books,
    catalogue,
    comparison,
    credentials,
    dispatch,
    journal,
    lists,
    masterdata,
    online_books,
    purchasing,
    reading,
    reporting,
    selling,
    status,
    sync,
)
from ticketops.services.undo import carry_out_undo, prepare_undo
from ticketops.stores.memory import MemoryStore

DAY, LATER = datetime(2026, 4, 17), datetime(2099, 1, 1)
ROLES = ("staff", "operator", "sr_operator", "ops_manager", "event_admin", "super_admin")
NOBODY = {
    "gone": "is inactive in _USERS",
    "stranger": "is not in _USERS",
    "boss": "has no known role in _USERS",
}
"""Users of a workbook that names users who may do nothing, and what they are told."""
WHO = ", ".join((*ROLES, *NOBODY))


class Workbook:
    """A store whose tables are read once: jobs are only planned on it."""

    home = None

    def __init__(self, store: MemoryStore, folder: Path) -> None:
        self._store, self.name, self.state_folder = store, store.name, folder
        self._whole = store.read(*(sheet.name for sheet in EVENT), strict=False)

    def read(self, *sheets: str, strict: bool = True) -> Any:
        del strict
        return self._whole.of(sheets)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def office() -> Desk:
    """S1 is allocated and has tasks, S2 and S3 are pending, S4 is oversold, S5 is sent, S6 is
    cancelled; P00007 is held; everybody has a task."""
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
    desk.do(
        credentials.add(
            Settings(),
            "Viagogo",
            login="v1",
            email="v@example.org",
            password=None,
            notes="",
            event="",
            dry_run=False,
            notice=str,
        )
    )
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


EVERY: dict[str, tuple[str, Make]] = {
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
    "unit.seat": ("operator", lambda *_: allocation.unit_seat("P00001", {"seat": "99"})),
    "doctor": ("staff", lambda book, *_: audit.doctor_job(book, fix=False)),
    "doctor.fix": ("staff", lambda book, *_: audit.doctor_job(book, fix=True)),
    "report.position": ("staff", lambda *_: reporting.position_job(write=True)),
    "audit.run": ("staff", lambda *_: audit.audit_job(write=True)),
    "audit.repair": ("sr_operator", lambda *_: audit.audit_repair()),
    "purchase.add": ("operator", lambda *_: purchasing.purchase_add([_LINE])),
    "purchase.expand": ("operator", lambda *_: purchasing.purchase_expand()),
    "sale.add": (
        "operator",
        lambda *_: selling.sale_add(_ORDER, [SaleLine("M01", "Cat 2", 3, Decimal(1))]),
    ),
    "sale.expand": ("operator", lambda *_: selling.sale_expand()),
    "sale.cancel": ("sr_operator", lambda *_: selling.sale_cancel("S2", "x", force=False)),
    "sale.set": (
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
    "event.swap": (
        "ops_manager",
        lambda *_: catalogue.event_swap("M01", "M02", "x", stock_only=False, force=False),
    ),
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
        other = MemoryStore(layout=EVENT)
        other.name = "other"
        self.other = Workbook(other, folder)
        self.settings = Settings(key_file=new_key_file(folder / "keys"), books=folder / "books")

    def job(self, name: str, book: Workbook) -> Job:
        return EVERY[name][1](book, self.other, self.settings)

    def plan(
        self, job: Job, book: Workbook, user: str = "tester", role: str = "super_admin"
    ) -> Plan:
        counted = iter(range(1, 10_000))
        return prepare(
            book,
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


def new_key_file(path: Path) -> Path:
    from ticketops.adapters import sealing

    sealing.new_key_file(path)
    return path


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


@pytest.mark.parametrize("name", EVERY)
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


@pytest.mark.parametrize("name", EVERY)
def test_a_sheet_that_is_not_declared_is_missed_loudly(place: BookLocation, name: str) -> None:
    """Without any one of its sheets a job raises, or is what it was; it never comes to another
    outcome."""
    job = place.job(name, place.nameless)
    whole = _outcome(place, job)
    for sheet in job.sheets:
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
    assert len(set(job.sheets)) == len(job.sheets)
    assert all(
        EVENT[sheet].kind is SheetKind.LEDGER and not EVENT[sheet].extension
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


# --- consent (D18)


def _asked(desk: Desk, job: Job, meanwhile: Callable[[], object]) -> tuple[Plan, list[Plan]]:
    """The job as somebody confirms it while something happens: the plan they saw, and those shown
    because it changed."""
    seen: list[Plan] = []
    shown: list[Plan] = []

    def confirm(plan: Plan, _snapshot: Any) -> bool:
        seen.append(plan)
        meanwhile()
        return True

    run = desk.run()
    try:
        carry_out(
            desk.store,
            job,
            run,
            confirm=confirm,
            changed=lambda plan, _snapshot: shown.append(plan),
        )
    except ConflictError:
        assert len(shown) == 1
    return seen[0], shown


def _stock() -> Desk:
    """S1 wants two of M01: two units at 10, and two at 900."""
    desk = Desk(role="ops_manager")
    for price in (10, 900):
        desk.do(
            purchasing.purchase_add(
                [PurchaseLine("M01", "Viagogo", "1", "Cat 1", 2, Decimal(price), "USD", DAY)]
            )
        )
    desk.sell(("M01", "Cat 1", 2))
    return desk


@pytest.mark.parametrize("meanwhile", ["held", "sold"])
def test_units_that_were_not_shown_are_not_written(meanwhile: str) -> None:
    desk = _stock()
    units = desk.do(allocation.allocate_preview("S1", write=False)).result.plans[0].chunks[0].set_id

    def happens() -> None:
        if meanwhile == "held":
            desk.do(allocation.unit_hold([units], "Other", LATER, "x", new=True))
        else:
            for row in desk.frame(UNITS).filter(desk.frame(UNITS)["set_id"] == units)["row"]:
                desk.set(UNITS, row, "status", "SOLD_ELSEWHERE")
        after.append(everything(desk.store))

    after: list[Any] = []
    seen, shown = _asked(desk, allocation.allocate_commit("S1"), happens)
    assert shown
    assert shown[0].changes.counts() == seen.changes.counts(), "counts alone do not tell them apart"
    assert shown[0].result.unit_ids != seen.result.unit_ids
    assert everything(desk.store) == after[0]


def _other_row(desk: Desk) -> None:
    desk.store.edit_outside("_MATTHIAS_EMAILS", 9, 1, "someone@example.org")


def _same_second(desk: Desk) -> None:
    run = replace(desk.run(), run_id="R20270101-000000")
    carry_out(
        desk.store,
        purchasing.purchase_add(
            [PurchaseLine("M02", "V", "1", "Cat 3", 1, Decimal(1), "USD", DAY)]
        ),
        run,
    )


@pytest.mark.parametrize(
    "meanwhile", [_other_row, _same_second], ids=["another cell", "a later RunID"]
)
@pytest.mark.parametrize("name", ["allocate", "sale"])
def test_what_is_the_same_to_every_cell_is_written(
    meanwhile: Callable[[Desk], None], name: str
) -> None:
    """RunIDs and UUIDs aside."""
    desk = _stock()
    job = (
        allocation.allocate_commit("S1")
        if name == "allocate"
        else selling.sale_add(_ORDER, [SaleLine("M02", "Cat 1", 1, Decimal(5))])
    )
    seen, shown = _asked(desk, job, lambda: meanwhile(desk))
    assert shown == []
    assert seen.changes
    assert desk.store.log()[-1].entry.command == job.label


def test_a_cell_that_somebody_typed_meanwhile_is_not_overwritten_unseen() -> None:
    desk = _stock()
    row = desk.frame(DISTRIBUTION).filter(desk.frame(DISTRIBUTION)["sales_id"] == "S1-1")["row"][0]
    seen, shown = _asked(
        desk, allocation.allocate_commit("S1"), lambda: desk.set(DISTRIBUTION, row, "vendor", "Z")
    )
    assert seen.changes.counts() == shown[0].changes.counts()
    assert desk.store.log()[-1].entry.command != "allocate commit S1"


def test_a_sealed_password_is_the_same_password(tmp_path: Path) -> None:
    desk = office()
    settings = Settings(key_file=new_key_file(tmp_path / "k"))
    job = credentials.add(
        settings,
        "Viagogo",
        login="v2",
        email="",
        password="p",
        notes="",
        event="",
        dry_run=False,
        notice=str,
    )
    assert _asked(desk, job, lambda: _other_row(desk))[1] == []


def test_an_undo_takes_back_what_was_named_or_nothing() -> None:
    desk = _stock()

    def confirm(last: Any) -> bool:
        assert last.transaction.entry.command == "sale add"
        desk.do(selling.sale_add(_ORDER, [SaleLine("M03", "Cat 1", 1, Decimal(5))]))
        return True

    with pytest.raises(ConflictError):
        carry_out_undo(desk.store, desk.run(), confirm=confirm)
    assert [t.undoes for t in desk.store.log()] == [None] * 4
    carry_out_undo(desk.store, desk.run())
    assert desk.store.log()[-1].undoes == 4


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

"""Dashboards (§11): one page per role, made of what other commands tell, and the page of a match."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

from ticketops.books import dashboard_page
from ticketops.config import Settings
from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting import dashboard
from ticketops.domain.reporting.dashboard import Changed, Dashboard, Kpi, MatchPage, Since, shown
from ticketops.domain.reporting.lists import Which
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import prepare
from ticketops.errors import TicketopsError, UnusableError, UsageError
from ticketops.files import write_durably
from ticketops.model import roles, states
from ticketops.model.display import counted
from ticketops.model.names import quoted
from ticketops.schema.layouts.event import DISTRIBUTION, SCHEDULE, UNITS, USERS
from ticketops.schema.tables import Snapshot
from ticketops.services import dispatch, events, lists, masterdata, reports, status
from ticketops.services.parts import Parts
from ticketops.stores.base import LocalFile, Store, place_of
from ticketops.stores.xlsx.lock import refuse_read_only

_MOST_CHANGES = 8
_FILE = re.compile(r"[^\w-]+")
"""What of the code of a match the name of a file does not take."""


class Made(Struct):
    """A page and what is told of it."""

    result: Any
    text: str


def gate(role: str) -> Job:
    """Whether a user may see the dashboard of a role: it is at most their own."""

    def plan(_snapshot: Snapshot, run: Run) -> Plan:
        users.require(run, role, f"`dashboard build --role {role}`")
        return Plan(result=run)

    return Job("dashboard.build", plan, effect=Effect.READS)


def widgets_job(settings: Settings, only: str = "") -> Job:
    """The matches of which something was bought or sold. only: this one."""
    return Job(
        "dashboard.matches",
        lambda snapshot, run: dashboard.plan_widgets(
            snapshot,
            run,
            run.buffer_hours(settings.dispatch_buffer_hours),
            settings.medal_hours_earlier,
            only,
        ),
        (DISTRIBUTION, UNITS),
        (SCHEDULE,),
        effect=Effect.READS,
    )


def mine_job(settings: Settings) -> Job:
    """The tasks and sales of the user."""
    return Job(
        "dashboard.mine",
        lambda snapshot, run: dashboard.plan_mine(
            snapshot,
            run,
            run.buffer_hours(settings.dispatch_buffer_hours),
            settings.medal_hours_earlier,
        ),
        LEDGERS,
        (*QUEUES, USERS),
        effect=Effect.READS,
    )


def role_of(text: str | None, own: str) -> str:
    """The role whose dashboard is meant: the user's own, where none is named. Raises UsageError."""
    if text is None:
        without = roles.STAFF if own == roles.TICKET_MANAGER else roles.OPS_MANAGER
        return own if own in dashboard.ROLES else without
    word = "_".join(text.split()).lower()
    if word not in dashboard.ROLES:
        raise UsageError(f"--role must be one of {', '.join(dashboard.ROLES)}, not {text!r}")
    return word


def build(
    store: Store,
    settings: Settings,
    run: Run,
    role: str | None,
    *,
    path: Path | None,
    open_store: Callable[[Path, Settings], Store],
    refresh: bool = False,
) -> Made:
    """The dashboard of a role, by default the user's own. path: where it will be; refresh: whether the
    page is loaded again by itself. Raises NotPermittedError for a role above the user's own."""
    own: Run = prepare(store, gate(roles.STAFF), run)[0].result
    wanted = role_of(role, own.role)
    prepare(store, gate(wanted), run)
    jobs = {
        "status": status.status_job(settings),
        "matches": widgets_job(settings),
        "mine": mine_job(settings),
        "inventory": reports.inventory_job("match"),
        "allocation": reports.allocation_job("match", None),
        "dispatch": dispatch.dispatch_status(settings),
        "summary": reports.summary_job("client"),
        "sales": lists.sale_list(Which()),
        "purchases": lists.purchase_list(Which()),
        "users": masterdata.user_list(settings.role),
    }
    parts = Parts(store, jobs, run, wanted)
    board = _Board(parts, wanted, store, settings, open_store)
    tables = board.tables()
    overview = board.overview
    actions = [one for one in overview.actions if parts.may_run(one.command)] if overview else []
    since = _since(store, settings, parts)
    event = parts.run.event
    widgets = parts.of("matches")
    kpis = board.kpis()
    charted = [one for one in (parts.of(name) for name in board.charts) if one]
    result = Dashboard(
        str(path or Path(f"dashboard-{wanted}.html")),
        wanted,
        parts.run.user,
        parts.run.now,
        parts.run.currency,
        event.called if event else None,
        event.state or None if event else None,
        tuple(kpis),
        tuple(actions),
        tuple(dashboard.urgent(widgets.matches)) if widgets else (),
        since,
        tuple(parts.left_out),
    )
    page = dashboard_page.of_role(
        result,
        position=overview.position if overview else None,
        reports=charted,
        tables=tables,
        refresh=refresh,
    )
    return Made(result, page)


class _Board:
    """The figures of a role's dashboard, as §11 lists them."""

    def __init__(
        self, parts: Parts, role: str, store: Store, settings: Settings, open_store: Any
    ) -> None:
        self._parts, self._role, self._store = parts, role, store
        self._settings, self._open = settings, open_store
        self.overview: Any = parts.of("status")
        self._cards: Sequence[Any] | None = None

    @property
    def charts(self) -> tuple[str, ...]:
        """The parts whose charts it has."""
        return {
            roles.STAFF: (),
            roles.OPERATOR: ("inventory", "allocation"),
            roles.SR_OPERATOR: ("inventory", "allocation"),
        }.get(self._role, ("inventory", "allocation", "summary"))

    def kpis(self) -> list[Kpi]:
        """The figures that it begins with; those that the user may not see are left out."""
        made: dict[str, Callable[[], list[Kpi]]] = {
            roles.SUPER_ADMIN: self._super_admin,
            roles.OPS_MANAGER: self._ops_manager,
            roles.SR_OPERATOR: self._sr_operator,
            roles.OPERATOR: self._operator,
            roles.STAFF: self._staff,
        }
        return made[self._role]()

    def _super_admin(self) -> list[Kpi]:
        found = [Kpi("Total events", shown(len(self._events())), "event list .")]
        if people := self._parts.of("users"):
            active = sum(1 for one in people.users if one.active)
            found.append(Kpi("Active users", shown(active), "user list"))
        found += self._approvals()
        if self.overview:
            issues = self.overview.audit.issues
            health = "sound" if not issues else counted(issues, "audit finding")
            found.append(Kpi("System health", health, "audit run"))
        return found

    def _ops_manager(self) -> list[Kpi]:
        selling = sum(1 for one in self._events() if one.state == "SELLING")
        found = [Kpi("Events in selling", shown(selling), "event list .")]
        if (pending := self._pending()) is not None:
            found.append(Kpi("Allocations pending", shown(pending), "ticket list --open"))
        if sent := self._parts.of("dispatch"):
            urgent = sent.total.overdue + sent.total.today
            note = f"{sent.total.overdue:,} overdue, {sent.total.today:,} due today"
            found.append(Kpi("Dispatch urgency", shown(urgent), "dispatch status", note))
        if self.overview:
            of = self.overview.position
            note = f"{of.sent:,} sent, {of.available:,} available, {of.true_shortage:,} short"
            found.append(Kpi("Tickets sold", shown(of.sold), "report position", note))
        return found

    def _sr_operator(self) -> list[Kpi]:
        found = []
        if (queue := self._pending()) is not None:
            found.append(Kpi("Allocation queue", shown(queue), "ticket list --open"))
        found += self._approvals()
        if sent := self._parts.of("dispatch"):
            to_send = sum(of.to_send for of in sent.suppliers.values())
            note = counted(len(sent.suppliers), "supplier")
            found.append(
                Kpi("Suppliers to send", shown(to_send), "dispatch status --by supplier", note)
            )
        return found

    def _operator(self) -> list[Kpi]:
        found = []
        if mine := self._parts.of("mine"):
            note = f"{counted(len(mine.sales), 'sale')}, {counted(len(mine.tasks), 'task')}"
            number = len(mine.sales) + len(mine.tasks)
            command = f"sale list --operator {quoted(self._parts.run.user)}"
            found.append(Kpi("My assignments", shown(number), command, note))
        if (bought := self._parts.of("purchases")) is not None:
            unsettled = sum(1 for one in bought.purchases if one.settlement != "SETTLED")
            note = f"{unsettled:,} not settled"
            number = len(bought.purchases)
            found.append(Kpi("Purchase orders", shown(number), "purchase list", note))
        if done := self._parts.of("allocation"):
            tickets = sum(one.tickets for one in done.lines)
            served = sum(one.allocated + one.dispatched for one in done.lines)
            rate = served / tickets * 100 if tickets else None
            note = f"{served:,} of {counted(tickets, 'ticket')}"
            found.append(
                Kpi("Allocation progress", shown(rate, unit="%"), "report allocation", note)
            )
        return found

    def _staff(self) -> list[Kpi]:
        mine = self._parts.of("mine")
        if mine is None:
            return []
        command = f"staff tasks {quoted(self._parts.run.user)}"
        week = sum(mine.days.values())
        days = counted(len(mine.days), "day")
        return [
            Kpi("My tasks", shown(len(mine.tasks)), command),
            Kpi(
                "Dispatch completion rate",
                shown(mine.completion, unit="%"),
                f"{command} --all",
                f"{mine.done:,} of {counted(mine.done + len(mine.tasks), 'task')} sent",
            ),
            Kpi(
                "Personal performance",
                f"{week:,} sent",
                f"{command} --all",
                f"on the last {days} of work; {mine.late:,} of all past the deadline",
            ),
        ]

    def _pending(self) -> int | None:
        """Tickets without a unit."""
        sales = self._parts.of("sales")
        return None if sales is None else sum(one.tickets - one.allocated for one in sales.sales)

    def _approvals(self) -> list[Kpi]:
        if not self.overview:
            return []
        number = shown(self.overview.waiting.pending_approval)
        command = f"sale list --status {states.PENDING_APPROVAL}"
        return [Kpi("Pending approvals", number, command)]

    def _events(self) -> Sequence[Any]:
        """The events of the folder of the workbook, as far as the user may see them; that of a Google
        Sheet is its own."""
        if self._cards is None:

            def look(store: Any, job: Job) -> Any:
                return prepare(store, job, self._parts.asked)[0].result

            if not isinstance(self._store, LocalFile):
                own = events.event_line(self._store.name, self._settings)
                self._cards = [look(self._store, own)]
                return self._cards
            files = events.workbooks([str(Path(self._store.path).parent)])
            found = events.portfolio(files, self._settings, self._open, look)
            self._cards = [one for one in found.events if one.problem is None]
        return self._cards

    def tables(self) -> list[tuple[str, str, list[str], list[list[Any]]]]:
        """(title, command, headers, rows) of what follows the figures."""
        made: dict[str, Callable[[], list[Any]]] = {
            roles.SUPER_ADMIN: lambda: [self._snapshots()],
            roles.OPS_MANAGER: lambda: [self._snapshots(), self._checklist()],
            roles.SR_OPERATOR: lambda: [self._queue(), self._suppliers()],
            roles.OPERATOR: lambda: [self._own_sales(), self._own_tasks()],
            roles.STAFF: lambda: [self._own_tasks()],
        }
        return [one for one in made[self._role]() if one and one[3]]

    def _snapshots(self) -> Any:
        rows = [
            [
                one.name or one.code or Path(one.file).name,
                *(one.state or "open", one.sold, one.sent, one.available),
                *(one.true_shortage, one.late, one.audit),
            ]
            for one in self._events()
        ]
        headers = ["Event", "State", "Sold", "Sent", "Available", "Short", "Late", "Audit"]
        return "Events", "event list .", headers, rows

    def _checklist(self) -> Any:
        if not (sent := self._parts.of("dispatch")):
            return None
        rows = [
            [one.what, one.who, one.match, _moment(one.deadline), one.tickets]
            for one in sent.today[:40]
        ]
        headers = ["To do", "Who", "Match", "Deadline", "Tickets"]
        return "Dispatch checklist", "dispatch status", headers, rows

    def _queue(self) -> Any:
        if (sales := self._parts.of("sales")) is None:
            return None
        open_ = [one for one in sales.sales if one.tickets > one.allocated]
        rows = [
            [
                *(one.sales_id, one.match, one.category, one.client, one.status),
                one.tickets - one.allocated,
            ]
            for one in open_[:40]
        ]
        headers = ["Sale", "Match", "Category", "Client", "Status", "Open"]
        title = f"Allocation queue, {counted(len(open_), 'sale')}"
        return title, "ticket list --open", headers, rows

    def _suppliers(self) -> Any:
        if not (sent := self._parts.of("dispatch")):
            return None
        rows = [
            [name, of.tickets, of.sent + of.accepted, of.to_send, of.issues, of.overdue]
            for name, of in sent.suppliers.items()
        ]
        headers = ["Supplier", "Tickets", "Sent", "To send", "Issues", "Overdue"]
        return "Suppliers", "dispatch status --by supplier", headers, rows

    def _own_sales(self) -> Any:
        if not (mine := self._parts.of("mine")):
            return None
        rows = [
            [one.sales_id, one.match, one.category, one.client, one.tickets, one.status]
            for one in mine.sales[:40]
        ]
        headers = ["Sale", "Match", "Category", "Client", "Tickets", "Status"]
        command = f"sale list --operator {quoted(self._parts.run.user)}"
        return "My sales", command, headers, rows

    def _own_tasks(self) -> Any:
        if not (mine := self._parts.of("mine")):
            return None
        rows = [
            [one.task_id, one.match, _moment(one.day), one.category, one.priority, one.status]
            for one in mine.tasks[:60]
        ]
        headers = ["Task", "Match", "Day", "Category", "Priority", "Status"]
        return "My tasks", f"staff tasks {quoted(self._parts.run.user)}", headers, rows


def _moment(at: datetime | None) -> str:
    if at is None:
        return ""
    return f"{at:%Y-%m-%d %H:%M}" if at.hour or at.minute else f"{at:%Y-%m-%d}"


# --- since somebody looked last


def _memory(store: Store, settings: Settings, user: str) -> Path:
    place = sha256(f"{place_of(store)}\n{user.casefold()}".encode()).hexdigest()[:24]
    return settings.state / "looked" / f"{place}.json"


def _since(store: Store, settings: Settings, parts: Parts) -> Since | None:
    """What the journal has since the user looked last; None where they may not see it."""
    if not parts.may("log", "log"):
        parts.left_out["log"] = None
        return None
    number, last = 0, None
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(_memory(store, settings, parts.run.user).read_text("utf-8"))
        number, last = int(kept["number"]), datetime.fromisoformat(kept["at"])
    log = store.log()
    new = [one for one in log if one.number > number] if last else []
    told = tuple(
        Changed(one.entry.run_id, one.entry.at, one.entry.user, one.entry.command)
        for one in new[::-1][:_MOST_CHANGES]
    )
    return Since(last, len(new), told)


def remember(store: Store, settings: Settings, result: Dashboard) -> None:
    """Note that the user has looked. Where that can't be kept, the next page says less."""
    log = store.log()
    kept = {"number": log[-1].number if log else 0, "at": result.as_of.isoformat()}
    path = _memory(store, settings, result.user)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, lambda file: file.write(json.dumps(kept).encode()))


# --- the page of a match


def match_page(
    store: Store, settings: Settings, run: Run, match: str, *, path: Path | None
) -> Made:
    """One match whole: its widget, what was bought and sold, and where dispatch stands. Raises
    NotFoundError, UnclearNameError."""
    own: Run = prepare(store, gate(roles.STAFF), run)[0].result
    jobs = {
        "match": reports.match_job(match, settings),
        "dispatch": dispatch.dispatch_status(settings, [match]),
    }
    parts = Parts(store, jobs, run, own.role)
    found = prepare(store, widgets_job(settings, match), run)[0].result
    whole, sent = parts.of("match"), parts.of("dispatch")
    result = MatchPage(
        str(path or Path(f"{_FILE.sub('-', found.only)}.html")),
        found.only,
        parts.run.now,
        parts.run.currency,
        tuple(parts.left_out),
    )
    page = dashboard_page.of_match(result, found.matches, whole, sent)
    return Made(result, page)


def write(page: str, path: Path) -> None:
    """Put a page into its place. Raises UsageError for a name that is no page's, UnusableError where it
    can't be written."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"-o must end in .html, not {path.name!r}")
    refuse_read_only(path)
    try:
        write_durably(path, lambda file: file.write(page.encode()))
    except OSError as error:
        raise UnusableError(f"{path} can't be written: {error.strerror or error}") from None


def revision_of(store: Store) -> str:
    """What changes with the workbook; a blank while it can't be read."""
    try:
        return store.read().revision
    except TicketopsError:
        return ""

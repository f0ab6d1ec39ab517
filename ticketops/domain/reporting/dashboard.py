"""What dashboards show besides the results of other commands (§11): figures with the command behind each,
match widgets, and the work of one user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.catalogue.fixtures import Fixture, fixtures
from ticketops.domain.catalogue.times import deadlines, due_of
from ticketops.domain.dispatch import staff
from ticketops.domain.dispatch.results import Task
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.tasks import identities, plan_tasks
from ticketops.domain.plan import MEDAL_HOURS_EARLIER, Plan, Run
from ticketops.domain.reporting.figures import PositionLine
from ticketops.domain.reporting.lists import SaleRow, Which, sale_list
from ticketops.domain.reporting.next_actions import Action
from ticketops.domain.reporting.per_match import games, standing
from ticketops.domain.reporting.position import position
from ticketops.domain.reporting.reports import percent
from ticketops.model import ids, roles, states
from ticketops.model.categories import match_of
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot

ROLES = (roles.STAFF, roles.OPERATOR, roles.SR_OPERATOR, roles.OPS_MANAGER, roles.SUPER_ADMIN)
"""The roles that have a dashboard."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure of a dashboard. command: which lists the rows behind it, without `ticketops`."""

    name: str
    value: str
    command: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Widget:
    """A match on a dashboard. deadline: until when its tickets must be out, on the clock of the venue;
    left: free units that no sold ticket waits for."""

    match: str
    game: str | None
    stage: str | None
    day: datetime | None
    deadline: datetime | None
    late: bool
    """Whether the deadline is past and tickets are not sent."""
    sold: int
    sent: int
    open: int
    available: int
    left: int
    alerts: tuple[str, ...]
    command: str
    """Which shows the match, or what has none."""


@dataclass(frozen=True, slots=True)
class Widgets:
    """The matches of which something was bought or sold, most urgent first. only: the one that was
    named, as figures spell it; blank for all."""

    only: str
    matches: tuple[Widget, ...]


@dataclass(frozen=True, slots=True)
class Mine:
    """The work of one user. tasks: still to do; done, late: tasks of theirs that were sent, and how many
    of them past the deadline; sales: those that they look after."""

    tasks: tuple[Task, ...]
    done: int
    late: int
    days: dict[str, int]
    """{day: tasks sent on it}, the last seven."""
    sales: tuple[SaleRow, ...]

    @property
    def completion(self) -> float | None:
        """How many of their tasks were sent, in percent."""
        return percent(self.done, self.done + len(self.tasks))


@dataclass(frozen=True, slots=True)
class Changed:
    """A transaction since somebody looked last."""

    run_id: str
    at: datetime
    user: str
    command: str


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since the dashboard was built last. last: when that was; None the first time."""

    last: datetime | None
    total: int
    changes: tuple[Changed, ...]
    """Newest first, a few of them."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`dashboard build`. left_out: commands whose figures the user may not see."""

    path: str
    role: str
    user: str
    as_of: datetime
    currency: str
    event: str | None
    state: str | None
    kpis: tuple[Kpi, ...]
    actions: tuple[Action, ...]
    matches: tuple[Widget, ...]
    since: Since | None
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatchPage:
    """`event page`. left_out: commands whose figures the user may not see."""

    path: str
    match: str
    as_of: datetime
    currency: str
    left_out: tuple[str, ...]


def plan_widgets(
    snapshot: Snapshot,
    run: Run,
    buffer_hours: float,
    medal_hours: float = MEDAL_HOURS_EARLIER,
    only: str = "",
) -> Plan:
    """The matches of which something was bought or sold. only: this one, or this sub-game. Raises
    NotFoundError and UnclearNameError for one that there is not."""
    (only,) = filtered(snapshot, DISTRIBUTION, [only], run.chosen) if only else ("",)
    known, due = fixtures(snapshot), deadlines(snapshot, buffer_hours, run, medal_hours)
    called = games(snapshot)
    of: dict[str, list[PositionLine]] = {}
    for line in position(snapshot).lines:
        if not only or only in (line.match, match_of(line.match)):
            of.setdefault(line.match, []).append(line)
    found = []
    for match, lines in of.items():
        own = known.get(match) or known.get(match_of(match)) or Fixture()
        when = due_of(due, match)
        waiting = sum(line.open for line in lines)
        stands = [standing((line.match, line.category), line) for line in lines]
        found.append(
            Widget(
                match or "no match",
                called.get(match) or called.get(match_of(match)),
                own.stage,
                own.day,
                when.venue if when else None,
                bool(when and waiting and when.here < run.now),
                sum(line.sold for line in lines),
                sum(line.sent for line in lines),
                waiting,
                sum(line.available for line in lines),
                sum(max(0, left) for left, _, _ in stands),
                tuple(alert for _, _, alert in stands if alert),
                f"schedule show {match if match in known else match_of(match)}"
                if match
                else "report position",
            )
        )
    return Plan(result=Widgets(only, tuple(sorted(found, key=_urgency))))


def _urgency(one: Widget) -> tuple[object, ...]:
    """Matches with tickets to send first, by their deadline."""
    return not one.open, one.deadline or datetime.max, ids.natural_order(one.match)


def plan_mine(
    snapshot: Snapshot, run: Run, buffer_hours: float, medal_hours: float = MEDAL_HOURS_EARLIER
) -> Plan:
    """The tasks and sales of the user of the run."""
    state = State.of(snapshot)
    names = identities(snapshot, run.user)
    due = deadlines(snapshot, buffer_hours, run, medal_hours)
    done, late, days = 0, 0, Counter[str]()
    for task in state.tasks:
        ticket = staff.ticket_of(state, task)
        if ticket is None or not names & set(staff.assignees(task)):
            continue
        if ticket["delivery"] not in states.DISPATCHED:
            continue
        done += 1
        sent, when = ticket["dispatched_at"], due_of(due, state.occasion(ticket))
        late += bool(sent and when and sent > when.here)
        if sent:
            days[f"{sent:%Y-%m-%d}"] += 1
    todo = {
        task.task_id: task
        for name in sorted(names)
        for task in plan_tasks(snapshot, person=name).result.tasks
    }
    sales = sale_list(snapshot, Which(operator=run.user)).sales
    week = dict(sorted(days.items())[-7:])
    return Plan(result=Mine(tuple(todo.values()), done, late, week, sales))


def shown(value: float | None, *, unit: str = "") -> str:
    """A figure as a dashboard has it; a dash for none."""
    if value is None:
        return "–"
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return f"{text} {unit}".strip()


def urgent(widgets: Sequence[Widget]) -> list[Widget]:
    """Those that are late or oversold, then the others, in their order."""
    return sorted(widgets, key=lambda one: not (one.late or one.alerts))

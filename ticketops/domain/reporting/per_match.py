"""One match as a table (§11): by category what was bought and sold, in tickets and money, what is left,
and whether more is sold than there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ticketops.domain.audit.refused import not_fitting
from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.catalogue.fixtures import Fixture, fixtures
from ticketops.domain.catalogue.times import deadlines, due_of
from ticketops.domain.money import margin
from ticketops.domain.money.ledger import NOTHING
from ticketops.domain.money.worth import units_worth
from ticketops.domain.plan import MEDAL_HOURS_EARLIER, Plan, Run
from ticketops.domain.reporting import stock
from ticketops.domain.reporting.figures import PositionLine
from ticketops.domain.reporting.position import doubtful, position
from ticketops.errors import NotFoundError
from ticketops.model import ids, spelling, states
from ticketops.model.categories import is_among, match_of
from ticketops.model.results import OPTIONAL
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, SALES, SCHEDULE
from ticketops.schema.tables import Snapshot

OVERSOLD, SOLD_OUT, ON_SALE = "OVERSOLD", "SOLD_OUT", "ON_SALE"


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """One category of a match in one currency, cancelled units and tickets left out. remaining, status
    and alert are of the whole category: they are in its first line only."""

    category: str
    purchased_qty: int
    purchased_amount: float
    sold_qty: int
    sold_amount: float
    remaining: int | None
    """Free units that no sold ticket waits for; below 0 where tickets are sold without stock."""
    status: str | None
    """OVERSOLD, SOLD_OUT or ON_SALE."""
    alert: str | None
    currency: str
    sub_game: str | None = field(default=None, metadata=OPTIONAL)
    """Of a match that has several."""


@dataclass(frozen=True, slots=True)
class MatchReport:
    """`report match`. deadline: until when its tickets must be out, on the clock of the venue."""

    match: str
    game: str | None
    stage: str | None
    day: datetime | None
    kick_off: str | None
    place: str | None
    deadline: datetime | None
    as_of: datetime
    currency: str
    """That of the event; every line names its own."""
    lines: tuple[CategoryLine, ...]

    @property
    def alerts(self) -> list[str]:
        """What is wrong with it."""
        return [line.alert for line in self.lines if line.alert]


def plan_match(
    snapshot: Snapshot,
    text: str,
    run: Run,
    buffer_hours: float,
    medal_hours: float = MEDAL_HOURS_EARLIER,
) -> Plan:
    """A match, or one of its sub-games (`M01/RACE`), by category. Raises NotFoundError,
    UnclearNameError."""
    (wanted,) = filtered(snapshot, DISTRIBUTION, [text], run.chosen)
    found = reports(snapshot, run, buffer_hours, medal_hours, only=[wanted])
    if not found[wanted].lines and wanted not in fixtures(snapshot):
        raise NotFoundError(
            f"there is no match {wanted}",
            "`ticketops schedule list` and `report position` list all",
        )
    doubts = [
        one
        for one in doubtful(snapshot)
        if not one.match or match_of(one.match) == match_of(wanted)
    ]
    amounts = [*not_fitting(snapshot[SALES]), *not_fitting(snapshot[PURCHASES])]
    return Plan(result=found[wanted], findings=doubts + amounts)


def reports(
    snapshot: Snapshot,
    run: Run,
    buffer_hours: float,
    medal_hours: float = MEDAL_HOURS_EARLIER,
    *,
    only: Collection[str] = (),
) -> dict[str, MatchReport]:
    """{match: its report} of the schedule and of what was bought and sold, in order. only: these
    matches and sub-games; all of them, where none is named."""
    lines = _lines(snapshot, run)
    known, due = fixtures(snapshot), deadlines(snapshot, buffer_hours, run, medal_hours)
    called = games(snapshot)
    names = only or sorted(
        {*map(match_of, lines), *(one for one in known if "/" not in one)}, key=ids.natural_order
    )
    found = {}
    for name in names:
        own = known.get(name) or known.get(match_of(name)) or Fixture()
        when = due_of(due, name)
        found[name] = MatchReport(
            name,
            called.get(name) or called.get(match_of(name)),
            own.stage,
            own.day,
            own.kick_off,
            own.place,
            when.venue if when else None,
            run.now,
            run.currency,
            tuple(
                line
                for occasion in sorted(lines, key=ids.natural_order)
                if is_among(occasion, [name])
                for line in lines[occasion]
            ),
        )
    return found


def games(snapshot: Snapshot) -> dict[str, str]:
    """{match: its game} of the schedule; of a match that is there twice, what comes first."""
    found: dict[str, str] = {}
    for match, game in snapshot[SCHEDULE].frame.select("match", "game").drop_nulls().iter_rows():
        found.setdefault(_spelt(match), game)
    return found


def _spelt(match: str) -> str:
    """A match code, or `M01/RACE`, as figures spell it."""
    code, slash, sub_game = match.partition("/")
    return f"{spelling.match(code) or code.strip()}{slash}{sub_game}"


def _lines(snapshot: Snapshot, run: Run) -> dict[str, list[CategoryLine]]:
    """{match or sub-game: its lines, by category}."""
    sold = margin.reckon(
        snapshot, run, lambda sale, _vendor: (_spelt(sale.match), sale.category), nobody=("", "")
    ).sums
    numbers: dict[tuple[str, str, str], int] = defaultdict(int)
    amounts: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: NOTHING)
    for unit in units_worth(snapshot, run).values():
        if unit.status != states.CANCELLED:
            place = _spelt(unit.match), unit.category, unit.currency
            numbers[place] += 1
            amounts[place] += unit.cost
    bought = {
        (line.match or "", line.category or ""): line.purchased
        for line in stock.inventory(snapshot, stock.BOTH)
    }
    figures = {(line.match, line.category): line for line in position(snapshot).lines}
    currencies: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (pool, currency), of in sold.items():
        if of.tickets or of.revenue:
            currencies[pool].add(currency)
    for match, category, currency in numbers:
        currencies[match, category].add(currency)
    found: dict[str, list[CategoryLine]] = defaultdict(list)
    for pool in sorted({*bought, *figures, *currencies}, key=stock.in_order):
        order = sorted(currencies[pool] - {run.currency})
        if run.currency in currencies[pool] or not order:
            order.insert(0, run.currency)
        tickets = {code: sold[pool, code].tickets for code in order if (pool, code) in sold}
        units = {code: numbers[*pool, code] for code in order}
        of_pool = figures.get(pool)
        # what no purchase and no sale says the currency of is in that of the first line
        more_units = bought.get(pool, 0) - sum(units.values())
        more_tickets = (of_pool.sold if of_pool else 0) - sum(tickets.values())
        for code in order:
            first = code == order[0]
            left, status, alert = standing(pool, of_pool) if first else (None, None, None)
            found[pool[0]].append(
                CategoryLine(
                    pool[1],
                    units[code] + (more_units if first else 0),
                    float(amounts[*pool, code]),
                    tickets.get(code, 0) + (more_tickets if first else 0),
                    float(sold[pool, code].revenue) if (pool, code) in sold else 0.0,
                    left,
                    status,
                    alert,
                    code,
                    pool[0].partition("/")[2] or None,
                )
            )
    return found


def standing(pool: tuple[str, str], of: PositionLine | None) -> tuple[int, str, str | None]:
    """What is left of a category, its status, and what is wrong with it."""
    left = of.available - (of.open - of.allocated_unsent) if of else 0
    if left >= 0:
        return left, ON_SALE if left else SOLD_OUT, None
    name = " ".join(filter(None, (pool[0].partition("/")[2], pool[1] or "no category")))
    return left, OVERSOLD, f"{name} oversold by {-left:,}"

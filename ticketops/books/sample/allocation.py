"""Which tickets of a sample have their unit already, which wait, which were sent: as §5b leaves
both ledgers.

In: purchases and sales without allocation. Out: the same records with allocation, and what was
done, chunk by chunk.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from ticketops.books.sample.market import Pool
from ticketops.books.sample.names import guest, guest_address
from ticketops.books.sample.shape import Shape
from ticketops.books.sample.trade import Purchase, Sale, Ticket, Unit
from ticketops.model import ids, states

NOW = datetime(2026, 4, 17, 14, 30, 22)
"""When the sample was taken."""
_FIRST_RUN = datetime(2026, 4, 11, 8, 30)
_RUN_GAP = timedelta(hours=11, minutes=17, seconds=13)
_BETTER = {"Cat 1": "Top Cat 1", "Cat 2": "Cat 1", "Cat 3": "Cat 2", "Cat 4": "Cat 3"}
_DELIVERED = (states.SENT, states.SENT, states.ACCEPTED)
_COMMENTS = (
    "please send after 5pm",
    "same phone as the ticket before",
    "vegetarian",
    "arrives on match day",
)
_CLIENT_NOTES = ("family", "board member", "pays on site", "to be confirmed")
_UNDELIVERED = (states.NOT_SENT, states.NOT_SENT, states.NOT_SENT, states.PENDING, states.ISSUE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Units of one set that went to one sale in one run."""

    at: datetime
    sale: Sale
    purchase: Purchase
    count: int


@dataclass(slots=True)
class Allocation:
    """What is to be allocated: {sale: how many of its tickets}; `waiting` sales have tickets
    without stock."""

    served: dict[int, int]
    waiting: list[Sale]
    sent: dict[int, int]


def choose(
    rng: random.Random, pools: Sequence[Pool], sales: Sequence[Sale], shape: Shape
) -> Allocation:
    """Choose the sales that are served, and note in the pools what that takes; stock is bought to
    match afterwards."""
    chosen = Allocation({}, [], {})
    left = shape.allocated
    dry: dict[int, Sale] = {}
    for sale in sales:
        if sale.pool.dry and sale.number == max(sale.pool.quantities):
            dry[id(sale.pool)] = sale
    for number, sale in enumerate(dry.values()):
        chosen.waiting.append(sale)
        if number < shape.partial:
            chosen.served[sale.index] = max(1, sale.number // 3)
            left -= chosen.served[sale.index]
    candidates = [sale for sale in sales if not sale.pool.dry and sale.number <= shape.longest]
    for sale in rng.sample(candidates, len(candidates)):
        if sale.number <= left:
            chosen.served[sale.index] = sale.number
            left -= sale.number
    _upgrade(chosen, pools, sales, shape.upgrades)
    unsent = shape.sent
    for sale in sorted(sales, key=lambda sale: sale.number > 4):
        count = chosen.served.get(sale.index, 0)
        sale.pool.allocated += count
        if sale.upgraded_to is None:
            sale.pool.drawn += count
            if count == sale.number and unsent:
                chosen.sent[sale.index] = min(count, unsent)
                unsent -= chosen.sent[sale.index]
                sale.pool.sent += chosen.sent[sale.index]
    return chosen


def _upgrade(chosen: Allocation, pools: Sequence[Pool], sales: Sequence[Sale], count: int) -> None:
    """Serve the last few small sales from the next better category of their match."""
    of_pair = {(pool.match.code, pool.category): pool for pool in pools}
    for sale in reversed(sales):
        better = of_pair.get((sale.pool.match.code, _BETTER.get(sale.pool.category, "")))
        if (
            count
            and chosen.served.get(sale.index) == sale.number <= 6
            and better
            and not better.dry
        ):
            sale.upgraded_to = better.category
            better.drawn += sale.number
            count -= 1


def carry_out(
    rng: random.Random,
    chosen: Allocation,
    purchases: Sequence[Purchase],
    sales: Sequence[Sale],
    shape: Shape,
) -> list[Chunk]:
    """Give the chosen sales their units, run by run; mark who waits, who was sent to, and which
    units were lost."""
    sets: dict[tuple[str, str], list[Purchase]] = defaultdict(list)
    for purchase in purchases:
        sets[purchase.pool.match.code, purchase.pool.category].append(purchase)
    served = [sale for sale in sales if sale.index in chosen.served]
    chunks: list[Chunk] = []
    outcomes = cycle(_DELIVERED)
    for number, sale in enumerate(served):
        at = _FIRST_RUN + _RUN_GAP * (number * shape.runs // len(served))
        tickets = sale.tickets[: chosen.served[sale.index]]
        chunks += _serve(
            sale, tickets, sets[sale.pool.match.code, sale.upgraded_to or sale.pool.category], at
        )
        sale.status = states.ALLOCATED if len(tickets) == sale.number else states.PARTIAL_ALLOCATED
        _collect_guests(rng, tickets, complete=sale.index in chosen.sent)
        _send(rng, tickets, chosen.sent.get(sale.index, 0), at, outcomes)
        if chosen.sent.get(sale.index, 0) == sale.number:
            sale.status = states.FULFILLED
    for sale in chosen.waiting:
        for ticket in sale.tickets:
            if ticket.unit is None:
                ticket.status = states.WAITING_STOCK
                ticket.notes = f"No available units for {sale.pool.match.code} {sale.pool.category}"
    _await_approval(sales, chosen)
    _lose_units(rng, purchases)
    return chunks


def _serve(
    sale: Sale, tickets: Sequence[Ticket], sets: Sequence[Purchase], at: datetime
) -> list[Chunk]:
    """The smallest set that is large enough, else sets from the largest downwards (§5a: EXACT,
    GREEDY_LARGEST)."""
    enough = [one for one in sets if len(one.free) >= len(tickets)]
    order = (
        [min(enough, key=lambda one: len(one.free))]
        if enough
        else sorted(sets, key=lambda one: -len(one.free))
    )
    run = ids.run_id(at)
    waiting = list(tickets)
    chunks = []
    for purchase in order:
        units = purchase.free[: len(waiting)]
        for unit, ticket in zip(units, waiting, strict=False):
            _give(unit, ticket, run, len(units), at)
        waiting = waiting[len(units) :]
        if units:
            chunks.append(Chunk(at, sale, purchase, len(units)))
    if waiting:
        raise ValueError(f"{sale.sales_id} needs {len(waiting)} more units")
    return chunks


def _give(unit: Unit, ticket: Ticket, run: str, count: int, at: datetime) -> None:
    set_id = unit.purchase.set_id
    unit.status, unit.ticket, unit.allocated_at = states.ALLOCATED, ticket, at
    unit.note = ids.alloc_note(run, count, set_id)
    ticket.unit, ticket.status, ticket.run_id = unit, states.ALLOCATED, run
    ticket.notes = f"Allocated {count} from {set_id}"


def _collect_guests(rng: random.Random, tickets: Sequence[Ticket], *, complete: bool) -> None:
    """Guests of a sale as its client filled them in: all, some or none."""
    share = 1.0 if complete else rng.choice((1.0, 1.0, 0.5, 0.0))
    booker: tuple[str, str, str] | None = None
    for ticket in tickets[: round(len(tickets) * share)]:
        first, last = guest(rng)
        if booker is None or rng.random() < 0.6:
            booker = (first, last, guest_address(first, last, ticket.sale.index))
        ticket.guest = (first, last, booker[2])
        ticket.delivery = states.NOT_SENT
        if rng.random() < 0.1:
            ticket.comment = rng.choice(_COMMENTS)
        if rng.random() < 0.05:
            ticket.client_notes = rng.choice(_CLIENT_NOTES)


def _send(
    rng: random.Random, tickets: Sequence[Ticket], count: int, at: datetime, outcomes: Iterator[str]
) -> None:
    """The first `count` tickets were sent; of the others with a guest a few are under way or
    stuck."""
    for number, ticket in enumerate(tickets):
        if number < count:
            supplier = ticket.unit is not None and ticket.unit.purchase.vendor.supplier
            ticket.delivery = (
                states.UPLOADED if supplier and next(outcomes) == states.SENT else next(outcomes)
            )
            ticket.dispatched_at = at + timedelta(hours=3, minutes=number)
            ticket.dispatch_notes = (
                "transferred in the app"
                if ticket.delivery != states.UPLOADED
                else "uploaded by the supplier"
            )
        elif ticket.guest and rng.random() < 0.1:
            ticket.delivery = rng.choice(_UNDELIVERED)
            if ticket.delivery == states.ISSUE:
                ticket.dispatch_notes = "the platform is down, try again tomorrow"


def _await_approval(sales: Sequence[Sale], chosen: Allocation) -> None:
    """A few oversold lines wait for a manager (§14a)."""
    waiting = {sale.index for sale in chosen.waiting}
    short = [
        s
        for s in sales
        if s.index not in chosen.served
        and s.index not in waiting
        and s.pool.open > 2 * s.pool.available
    ]
    for sale in short[-3:]:
        sale.status = states.PENDING_APPROVAL


def _lose_units(rng: random.Random, purchases: Sequence[Purchase]) -> None:
    """Units that the vendor cancelled or replaced, at the end of a set; every pool as many as its
    figures say."""
    left: dict[int, int] = {}
    fates = cycle((states.CANCELLED, states.REPLACED, states.CANCELLED))
    for purchase in rng.sample(purchases, len(purchases)):
        wanted = left.setdefault(id(purchase.pool), purchase.pool.lost)
        for unit in reversed(purchase.free):
            if wanted <= 0:
                break
            unit.status = next(fates)
            unit.note = (
                "cancelled by the vendor"
                if unit.status == states.CANCELLED
                else "replaced by the vendor"
            )
            wanted -= 1
        left[id(purchase.pool)] = wanted

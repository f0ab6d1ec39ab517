"""Seats taken from a file (§3): units that were bought without seats get them, and with them the
tickets that they serve (D21)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ticketops.domain.allocation import seats as seating
from ticketops.domain.allocation.release import require_undispatched
from ticketops.domain.catalogue.follow import SEAT
from ticketops.domain.catalogue.taken import TakenSeats
from ticketops.domain.intake import duplicates, fields, imported
from ticketops.domain.intake.imported import Options
from ticketops.domain.intake.pairing import Nouns, Wish, paired
from ticketops.domain.intake.reading import Reading, nothing_said, opened
from ticketops.domain.intake.rows import Faults, Line
from ticketops.domain.intake.units import Units
from ticketops.domain.masterdata.aliases import vendors
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.lots import Seat
from ticketops.domain.ticket import unit_ids
from ticketops.errors import TicketopsError
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import PURCHASES
from ticketops.schema.tables import Snapshot

KIND = fields.SEATS
_NEEDED = (
    (
        "unit_id",
        "ticket_id",
        "reference",
        "inv_no",
        "match",
        "game",
        "home",
        "match_date",
        "vendor",
    ),
    ("seats", "seat", "block", "row"),
)
_NOUNS = Nouns("unit", "a seat", "unit_id")
_Place = tuple[str | None, ...]


def plan_import(snapshot: Snapshot, table: ForeignTable, options: Options, run: Run) -> Plan:
    """Take seats over. Without `partial` nothing is taken where a line is wrong. A part of a seat
    that a line leaves blank stays.

    Raises InputError for a file without what a seat needs, UsageError for a mapping that does not
    fit it; UnclearNameError where a person can be asked.
    """
    needed = _NEEDED[1:] if options.vendor else _NEEDED
    reading = opened(snapshot, table, options, run, KIND, needed, PURCHASES)
    options = reading.options
    finder = Units(snapshot, reading, vendors(snapshot, run.chosen))
    units = finder.units
    wishes: list[Wish] = []
    blank = 0
    lines: dict[int, Line] = {}
    for line in reading.lines.good:
        if not (line.seats or line.text("block") or line.text("row")):
            blank += 1
        elif candidates := finder.candidates(line):
            lines[line.number] = line
            wishes += _wishes(line, candidates, reading.faults)
    pairs = paired(
        wishes,
        lambda key, seat: _is_at(units[key], seat),
        lambda key: units[key]["seat"] is None,
        lambda key: any(units[key][name] for name in SEAT),
        _NOUNS,
        reading.faults,
    )
    _require_free(snapshot, pairs, reading, units, run)
    plan = Plan()
    earlier = duplicates.Earlier(snapshot, KIND, table)
    keys = _keys(pairs)
    told = [lines[wish.number] for wish, _ in pairs]
    fresh = earlier.news(plan, told, keys, [unit for _, unit in pairs], again=options.again)
    new = [at for at in fresh if not _is_at(units[pairs[at][1]], pairs[at][0].content)]
    kept = reading.good((told[at], at) for at in new)
    known = {wish.number for wish, _ in pairs if not reading.faults.of(wish.number)}
    plan.findings += nothing_said(blank, "seat")
    outcome = imported.Outcome(0, blank if reading.refused else blank + len(known))
    if kept:
        given = {pairs[at][1]: _now(units[pairs[at][1]], pairs[at][0].content) for at in kept}
        served = seating.tickets_of(snapshot, given)
        made = seating.seated(snapshot, given, [one["sales_id"] for one in served])
        plan.changes.extend(made.changes)
        plan.findings += made.findings
        taken = {told[at].number for at in kept}
        own: dict[int, list[str]] = {}
        for at in kept:
            own.setdefault(told[at].number, []).append(pairs[at][1])
        first = {told[at].number: at for at in reversed(kept)}
        places = [first[number] for number in own]
        made_of = [duplicates.joined(units) for units in own.values()]
        earlier.record(plan, [told[at] for at in places], [keys[at] for at in places], made_of, run)
        outcome = imported.Outcome(len(taken), blank + len(known - taken), (), len(given))
    return reading.finished(plan, snapshot, outcome, run)


def _keys(pairs: Sequence[tuple[Wish, str]]) -> list[str]:
    """What each pair is known by: all that its line says."""
    said: dict[int, list[object]] = {}
    for wish, unit in pairs:
        said.setdefault(wish.number, []).extend((unit, *wish.content))
    known = {number: duplicates.key(*parts) for number, parts in said.items()}
    return [known[wish.number] for wish, _ in pairs]


def _wishes(line: Line, candidates: tuple[str, ...], faults: Faults) -> list[Wish]:
    """One for each unit that a line seats: as many as it has seats, or says; else all that it may be
    about."""
    block, row = line.text("block") or None, line.text("row") or None
    name = next((n for n in ("seats", "seat", "block", "row") if n in faults.fields), "seats")
    if line.seats:
        wanted = [Seat(block, *place) for place in line.places]
    else:
        count = line.quantity if line.counted else len(candidates)
        wanted = [Seat(block, row, None)] * count
    return [Wish(line.number, name, seat, candidates) for seat in wanted]


def _is_at(unit: dict[str, Any], seat: Seat) -> bool:
    """Whether a unit has this seat, as far as it is said."""
    return all(
        said is None or (unit[name] or "").casefold() == said.casefold()
        for name, said in zip(SEAT, seat, strict=True)
    )


def _now(unit: dict[str, Any], seat: Seat) -> _Place:
    return tuple(said or unit[name] for name, said in zip(SEAT, seat, strict=True))


def _require_free(
    snapshot: Snapshot,
    pairs: Sequence[tuple[Wish, str]],
    reading: Reading,
    units: dict[str, dict[str, Any]],
    run: Run,
) -> None:
    """Lines whose seat another unit has afterwards, or whose ticket was sent, are wrong."""
    moving = {key for wish, key in pairs if not _is_at(units[key], wish.content)}
    taken = TakenSeats(snapshot, moving)
    of_unit: dict[str, list[dict[str, Any]]] = {}
    for ticket in seating.tickets_of(snapshot, moving):
        for unit_id in unit_ids.listed(ticket):
            of_unit.setdefault(unit_id, []).append(ticket)
    for wish, key in pairs:
        if key not in moving:
            continue
        unit, add = units[key], partial(reading.faults.add, wish.number, wish.name)
        seat = _now(unit, wish.content)
        if owner := taken.take(unit["match"] or "", unit["sub_game"], seat, key):
            where = taken.named(unit["match"] or "", unit["sub_game"], seat)
            add("SEAT_TAKEN", f"the seat {where} belongs to {owner}")
        try:
            require_undispatched(of_unit.get(key, ()), run, force=reading.options.force)
        except TicketopsError as error:
            add("ALREADY_SENT", error.message, error.hint)

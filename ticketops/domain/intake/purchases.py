"""Purchases taken from a file (§3): its lines become those of `purchase add`, with their seats."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.domain.catalogue.taken import TakenSeats
from ticketops.domain.intake import duplicates, fields, limits, values
from ticketops.domain.intake.faults import Place
from ticketops.domain.intake.imported import Options, Outcome
from ticketops.domain.intake.mappings import plain
from ticketops.domain.intake.reading import amounts, opened, price_of
from ticketops.domain.intake.resolving import Traded
from ticketops.domain.intake.rows import Faults, Line
from ticketops.domain.masterdata.aliases import VENDOR, vendors
from ticketops.domain.masterdata.parties import Standing
from ticketops.domain.money import fees
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.entered import PurchaseLine
from ticketops.domain.purchasing.lots import Seat
from ticketops.domain.purchasing.purchases import plan_add
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import PURCHASES
from ticketops.schema.tables import Snapshot

KIND = fields.PURCHASES
_NEEDED = (("match", "game", "home", "match_date"), ("category",), ("unit_price", "total", "qty"))
_DELIVERY_FEE = ("delivery", "shipping", "versand", "liefer", "envio", "livraison", "postage")
"""Beginnings of words in the header of a fee that is one of delivery."""


_Bought = tuple[Line, Traded, str]


def plan_import(snapshot: Snapshot, table: ForeignTable, options: Options, run: Run) -> Plan:
    """Take purchases over. Without `partial` nothing is taken where a line is wrong.

    Raises InputError for a file without what a purchase needs, UsageError for a mapping that does
    not fit it; what `purchase add` raises of the lines together; UnclearNameError where a person
    can be asked.
    """
    reading = opened(snapshot, table, options, run, KIND, _NEEDED, PURCHASES)
    options = reading.options
    lines, faults, resolver = reading.lines, reading.faults, reading.resolver
    directory, standing = vendors(snapshot, run.chosen), Standing(snapshot, VENDOR)
    read: list[_Bought] = []
    for line in lines.good:
        of = resolver.traded(line)
        vendor = resolver.party(directory, standing, line, "vendor", options.vendor)
        if of and vendor:
            read.append((line, of, vendor))
    plan = Plan()
    earlier = duplicates.Earlier(snapshot, KIND, table)
    keys = [_key(*one, run) for one in read]
    fresh = earlier.fresh(plan, [line for line, _, _ in read], keys, again=options.again)
    skipped = len(read) - len(fresh)
    chosen = [read[place] for place in fresh]
    _require_free(snapshot, chosen, faults)
    limits.contracts(snapshot, PURCHASES, chosen, directory, options, faults, run)
    kept = reading.good([(one[0], (one, keys[at])) for one, at in zip(chosen, fresh, strict=True)])
    outcome = Outcome(0, skipped)
    if kept:
        taken = [one for one, _ in kept]
        said = plan.findings
        plan = plan_add(
            snapshot,
            [_purchase(*one, table.label, run) for one in taken],
            run,
            new=True,
            again=options.again,
            force=options.force,
        )
        plan.findings[:0] = [*said, *_other_channels(taken)]
        made = plan.result
        kind = _fee_kind(reading.columns.header(table, "fees"))
        fees.record(plan, snapshot, _fees(taken, made.purchase_ids, kind, table.label, run), run)
        earlier.record(
            plan, [one[0] for one in taken], [key for _, key in kept], made.purchase_ids, run
        )
        sums = amounts((one[0] for one in taken), run)
        outcome = Outcome(len(taken), skipped, made.purchase_order_ids, made.units_created, sums)
    return reading.finished(plan, snapshot, outcome, run)


def _fee_kind(header: str) -> str:
    words = plain(header)
    of_delivery = any(word in words for word in _DELIVERY_FEE)
    return states.FEE_KIND[1 if of_delivery else 0]


def _fees(
    taken: Sequence[_Bought], purchase_ids: Sequence[str], kind: str, label: str, run: Run
) -> list[fees.Given]:
    """The fees that lines name, each of its purchase."""
    return [
        fees.Given(
            kind,
            purchase,
            line.fees,
            line.date or run.today,
            line.currency or run.currency,
            f"{label} line {line.number}",
        )
        for (line, _, _), purchase in zip(taken, purchase_ids, strict=True)
        if line.fees
    ]


def _other_channels(taken: Sequence[_Bought]) -> list[Finding]:
    """A finding about ways of delivery that are none of ours: they are kept as they are said."""
    texts = dict.fromkeys(line.text("delivery_channel") for line, _, _ in taken)
    others = [text for text in texts if text and not values.channel(text)]
    if not others:
        return []
    message = (
        f"kept in Notes, since a delivery channel must be one of "
        f"{', '.join(states.DELIVERY_CHANNEL)}: {', '.join(map(repr, others[:5]))}"
        f"{' …' if others[5:] else ''}"
    )
    return [Finding("CHANNEL_UNKNOWN", Severity.LOW, message)]


def _key(line: Line, of: Traded, vendor: str, run: Run) -> str:
    where = (line.text("block"), line.text("row"), " ".join(line.seats) or line.quantity)
    return duplicates.key(
        line.text("reference"),
        vendor,
        of.match,
        of.sub_game,
        of.category,
        *where,
        f"{price_of(line):.2f}",
        line.currency or run.currency,
    )


def _purchase(line: Line, of: Traded, vendor: str, label: str, run: Run) -> PurchaseLine:
    said = line.text("delivery_channel")
    channel = values.channel(said)
    notes = [line.text("notes"), f"delivery: {said}" if said and not channel else ""]
    return PurchaseLine(
        match=of.match,
        vendor=vendor,
        contract=line.text("contract"),
        category=of.category,
        quantity=line.quantity,
        unit_price=price_of(line),
        currency=line.currency or run.currency,
        date=line.date or run.today,
        notes="; ".join(filter(None, notes)),
        inv_no=line.text("inv_no"),
        sub_game=of.sub_game or "",
        seats=_seats(line),
        place=Place(label, line.number),
        reference=line.text("reference"),
        channel=channel,
        instructions=line.text("instructions"),
    )


def _seats(line: Line) -> tuple[Seat, ...]:
    block, row = line.text("block") or None, line.text("row") or None
    if not (block or row or line.seats):
        return ()
    if line.seats:
        return tuple(Seat(block, *place) for place in line.places)
    return (Seat(block, row, None),) * line.quantity


def _require_free(snapshot: Snapshot, read: Sequence[_Bought], faults: Faults) -> None:
    """Lines with a seat that another unit of the match has, or another line of the file, are
    wrong."""
    if not any(line.seats for line, _, _ in read):
        return
    taken = TakenSeats(snapshot)
    for line, of, _vendor in read:
        for seat in _seats(line):
            if owner := taken.take(of.match, of.sub_game, seat, f"line {line.number}, too"):
                name = "seats" if "seats" in faults.fields else "seat"
                said = f"seat {taken.named(of.match, of.sub_game, seat)} belongs to {owner}"
                faults.add(line.number, name, "SEAT_TAKEN", said)
                break

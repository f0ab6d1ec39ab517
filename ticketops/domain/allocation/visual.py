"""Choosing seats for a sale on the map (§1b.2): what can be had, and what is proposed. Nothing is
written: `allocate commit --seats` does that."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from ticketops.domain.allocation.commit import Choice, doubtful_findings, proposed, require_pending
from ticketops.domain.allocation.proposals import Proposer
from ticketops.domain.allocation.targets import find_target, require_approved
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.masterdata.aliases import client_keys
from ticketops.domain.plan import Plan, Run
from ticketops.domain.seatmap import state
from ticketops.domain.seatmap.places import write_places
from ticketops.domain.seatmap.plan import Key, key_of
from ticketops.domain.seatmap.showing import View, map_of, off_the_map
from ticketops.domain.seatmap.state import Onlooker
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.seat_labels import seat_key
from ticketops.schema.layouts.event import UNITS
from ticketops.schema.tables import Snapshot

NOT_ON_THE_MAP = "PROPOSED_OFF_MAP"


class Choosing(Struct, frozen=True):
    """What a person chooses from. quantity: tickets without a unit; proposed: the seats of the plan
    that `allocate commit` would take, as far as the map has them."""

    view: View
    sale: str
    quantity: int
    proposed: frozenset[Key]


@dataclass(frozen=True, slots=True)
class SeatsPage:
    """`allocate seats`. quantity: tickets without a unit; free: seats that can be chosen; proposed:
    seats, as `allocate commit --seats` takes them; command: what commits these, None where none are
    proposed."""

    sale: str
    match: str
    venue: str
    category: str
    quantity: int
    free: int
    proposed: str
    command: str | None
    path: str


def plan_choosing(snapshot: Snapshot, sales_id: str, run: Run) -> Plan:
    """The map of a sale's match with its proposed seats; the result is a Choosing.

    Raises NotFoundError where Distribution has no such sale or its match has no map, RuleError where
    no ticket wants a unit and where the sale waits for approval (§14a).
    """
    doubts = Doubts.of(snapshot)
    target = find_target(snapshot, sales_id, doubts)
    require_pending(target)
    require_approved(target)
    maps = StoredMaps(snapshot)
    plan = map_of(maps, target.occasion)
    proposer = Proposer(snapshot, [target], run, doubts)
    best = proposed(proposer, target, Choice())
    who = Onlooker(target.sales_id, target.category, client_keys(snapshot)(target.client))
    seats = state.of_office(snapshot, plan, target.occasion, run.now, who, doubts)
    view = View(
        *(seats, plan.venue, target.occasion, target.sales_id, None, target.category, run.now),
        f"Tickets of {target.sales_id}",
    )
    units = best.units if best else []
    wanted = {key_of(unit.block, unit.seat_row, unit.seat) for unit in units}
    on_map = frozenset(key for key, _place in open_seats(view) if key in wanted)
    findings = maps.findings + off_the_map(view, "unit") + doubtful_findings(target, proposer)
    if len(on_map) < len(units):
        left = len(units) - len(on_map)
        message = f"{counted(left, 'unit')} of the proposed plan {'has' if left == 1 else 'have'} no seat on the map that can be chosen"
        findings.append(
            Finding(NOT_ON_THE_MAP, Severity.INFO, message, UNITS, sales_id=target.sales_id)
        )
    return Plan(
        result=Choosing(view, target.sales_id, len(target.pending), on_map), findings=findings
    )


def open_seats(view: View) -> list[tuple[Key, tuple[str, str, str]]]:
    """The seats that can be chosen, as they are compared and as they are written, in the order of
    the map."""
    return [
        ((*row.key, seat_key(label)), (row.block, row.row, label))
        for row, found in view.seats.rows()
        for label, one in zip(row.labels, found, strict=True)
        if one is not None and one.open
    ]


def told(choosing: Choosing, path: str, head: str, tail: str) -> SeatsPage:
    """What people and `--json` are told of the page."""
    free = open_seats(choosing.view)
    text = write_places([place for key, place in free if key in choosing.proposed])
    view = choosing.view
    return SeatsPage(
        *(choosing.sale, view.match or "", view.venue, view.category or ""),
        *(choosing.quantity, len(free), text),
        f"{head} {shell(text)}{tail}" if text else None,
        path,
    )


def shell(text: str) -> str:
    """A list of seats as a command line takes it; the script of the page does the same."""
    plain = all(mark.isascii() and (mark.isalnum() or mark in "_/;,. -") for mark in text)
    return f'"{text}"' if plain else "'" + text.replace("'", "'\\''") + "'"

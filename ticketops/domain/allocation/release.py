"""Taking units off tickets: what unallocation, cancellation and substitution have in common (§6,
§14e)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.catalogue.follow import SEAT
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.listing import Contracts, carried
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.notes import with_note
from ticketops.errors import RuleError
from ticketops.model import ids, roles, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot

_CLEARED = (
    "vendor",
    "email",
    "password",
    "contract",
    "tix",
    "acc_tix",
    "run_id",
    "unit_ids",
    "unit_count",
)


class Held(Struct, frozen=True):
    """A unit as _PURCHASE_UNITS has it."""

    row: int
    unit_id: str
    set_id: str
    status: str | None
    sales_id: str | None
    allocated_at: datetime | None
    alloc_note: str | None
    inv_no: str | None


def units_by_id(snapshot: Snapshot, wanted: Iterable[str]) -> dict[str, Held]:
    """{UnitID: unit} of those that the workbook holds; of two rows with one UnitID the first."""
    frame = snapshot[UNITS].frame.filter(pl.col("unit_id").is_in(list(wanted)))
    found: dict[str, Held] = {}
    for row, unit_id, set_id, *rest in frame.select(
        "row", "unit_id", "set_id", "status", "sales_id", "allocated_at", "alloc_note", "inv_no"
    ).iter_rows():
        found.setdefault(unit_id, Held(row, unit_id, set_id or "", *rest))
    return found


def require_undispatched(tickets: Iterable[dict[str, Any]], run: Run, *, force: bool) -> None:
    """A ticket that is SENT, UPLOADED or ACCEPTED stays, without --force and an ops_manager.

    Raises RuleError without --force, NotPermittedError where the role is not enough.
    """
    gone = [ticket["sales_id"] for ticket in tickets if ticket["delivery"] in states.DISPATCHED]
    if not gone:
        return
    if not force:
        more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
        raise RuleError(
            f"{', '.join(gone[:3])}{more}: already sent",
            "an ops_manager can take it back with --force",
        )
    users.require(run, roles.OPS_MANAGER, "taking back a dispatched ticket")


def of_set(ticket: dict[str, Any], units: dict[str, Held], set_id: str) -> list[str]:
    """The UnitIDs of a ticket that are of this set; all of them where it is empty."""
    return [
        unit_id
        for unit_id in unit_ids.listed(ticket)
        if not set_id or (unit_id in units and units[unit_id].set_id == set_id)
    ]


def deallocate(
    plan: Plan,
    tickets: Sequence[dict[str, Any]],
    units: dict[str, Held],
    run: Run,
    contracts: Contracts,
    *,
    note: str,
    only_set: str = "",
    status: str | None = None,
    keep_seats: bool = False,
) -> dict[str, int]:
    """Empty the tickets and free their units; {SetID: units freed}. INV-NO goes with the unit,
    unless a person typed another (D20).

    only_set: just the units of this set. status: of the tickets afterwards. A dispatched ticket
    becomes an ISSUE (D7). Units that another ticket claims are left alone, those that are not for
    sale (CANCELLED, SOLD) stay so; both are reported.
    """
    freed: dict[str, int] = {}
    for ticket in tickets:
        going = of_set(ticket, units, only_set)
        if only_set and not going:
            continue
        for unit_id in going:
            unit = units.get(unit_id)
            if unit is None or unit.sales_id not in (None, ticket["sales_id"]):
                said = "is not in _PURCHASE_UNITS" if unit is None else f"points to {unit.sales_id}"
                plan.findings.append(
                    Finding(
                        "UNIT_LEFT_ALONE",
                        Severity.HIGH,
                        f"{ticket['sales_id']}: {unit_id} {said}; audit run shows more",
                        UNITS,
                        unit.row if unit else None,
                        ticket["sales_id"],
                        unit_id,
                    )
                )
                continue
            if (unit.status or states.AVAILABLE) not in (states.ALLOCATED, states.AVAILABLE):
                message = (
                    f"{unit_id} was {unit.status} although a ticket had it; it stays {unit.status}"
                )
                plan.findings.append(
                    Finding(
                        "UNIT_NOT_FOR_SALE",
                        Severity.MEDIUM,
                        message,
                        UNITS,
                        unit.row,
                        ticket["sales_id"],
                        unit_id,
                    )
                )
                _free(plan, unit, unit.status, f"{run.run_id} {note}")
                continue
            _free(plan, unit, states.AVAILABLE, None)
            freed[unit.set_id] = freed.get(unit.set_id, 0) + 1
        rest = [unit_id for unit_id in unit_ids.listed(ticket) if unit_id not in going]
        held = [
            units[unit_id].inv_no if unit_id in units else None
            for unit_id in (*going[:1], *rest[:1])
        ]
        is_contract = contracts.has(ticket["inv_no"], ticket["sales_id"])
        inv_no = carried(
            ticket["inv_no"], held[-1] if rest else None, before=held[0], is_contract=is_contract
        )
        _empty(plan, ticket, rest, status, note, inv_no, keep_seats=keep_seats)
    return freed


def _free(plan: Plan, unit: Held, status: str | None, note: str | None) -> None:
    plan.changes.set(
        UNITS,
        unit.row,
        unit.unit_id,
        {
            "status": (unit.status, status),
            "sales_id": (unit.sales_id, None),
            "allocated_at": (unit.allocated_at, None),
            "alloc_note": (unit.alloc_note, note),
        },
    )


def _empty(
    plan: Plan,
    ticket: dict[str, Any],
    rest: Sequence[str],
    status: str | None,
    note: str,
    inv_no: str | None,
    *,
    keep_seats: bool,
) -> None:
    """The ticket's row without its unit; `rest` are other units that it keeps."""
    cells: dict[str, Any] = {"notes": with_note(ticket["notes"], note), "inv_no": inv_no}
    if rest:
        cells |= {"unit_ids": ids.join_unit_ids(rest), "unit_count": len(rest)}
    else:
        cells |= dict.fromkeys(_CLEARED) | {"status": status}
    if not keep_seats:
        cells |= dict.fromkeys(SEAT)
    if ticket["delivery"] in states.DISPATCHED:
        cells |= {
            "delivery": states.ISSUE,
            "dispatch_notes": with_note(
                ticket["dispatch_notes"], f"{note} after it was {ticket['delivery']}"
            ),
        }
    plan.changes.set(
        DISTRIBUTION,
        ticket["row"],
        ticket["sales_id"],
        {name: (ticket[name], value) for name, value in cells.items()},
    )

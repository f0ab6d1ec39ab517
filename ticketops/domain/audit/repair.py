"""Audit repair: the repairs that are certain (back-pointers, counts, statuses); the rest is for a
person to decide.

Certain means that the other ledger leaves one answer only: a unit that exactly one ticket refers to
belongs to that ticket. What touches a seat that is sold twice, or a unit that nobody can place, is
never repaired.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ticketops.domain.audit import checks
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.action_log import ActionRow, write
from ticketops.model import states
from ticketops.schema.layouts.event import DISTRIBUTION, REPAIR_LOG, UNITS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Repaired:
    """The number of certain repairs, and of findings left for a person to decide."""

    repairs: int
    by_repair: dict[str, int]
    """{action of _ALLOCATION_REPAIR_LOG: how many}."""
    left: int


def plan_repair(snapshot: Snapshot, run: Run) -> Plan:
    """Repairs as changes, each logged in _ALLOCATION_REPAIR_LOG; findings: what is left after
    them."""
    plan = Plan()
    job = _Repair(snapshot, run, plan)
    job.units()
    job.tickets()
    write(plan, snapshot, REPAIR_LOG, job.log)
    _result, plan.findings = checks.audit(snapshot.after(plan.changes))
    plan.result = Repaired(
        len(job.log), dict(Counter(row.action for row in job.log)), len(plan.findings)
    )
    return plan


class _Repair:
    def __init__(self, snapshot: Snapshot, run: Run, plan: Plan) -> None:
        self._run, self._plan = run, plan
        self._books = checks.Books.of(snapshot)
        self.log: list[ActionRow] = []
        links = self._books.links
        self._times_used = Counter(links["unit_id"])
        self._ticket_ids = Counter(self._books.tickets["sales_id"].drop_nulls())
        self._pointed_at = Counter(self._books.units["sales_id"].drop_nulls())
        self._units_by_id = Counter(self._books.units["unit_id"])

    def units(self) -> None:
        """Pointer and status of every unit that exactly one ticket refers to; free units that only
        claim to be used."""
        for link in self._books.links.filter(self._books.links["unit_row"].is_not_null()).iter_rows(
            named=True
        ):
            if (
                self._times_used[link["unit_id"]] != 1
                or not link["sales_id"]
                or self._ticket_ids[link["sales_id"]] != 1
            ):
                continue
            if self._units_by_id[link["unit_id"]] != 1 or (
                link["unit_status"] or states.AVAILABLE
            ) not in (states.AVAILABLE, states.ALLOCATED):
                continue
            cells = {}
            if link["points_to"] != link["sales_id"]:
                cells["sales_id"] = (link["points_to"], link["sales_id"])
                code = checks.SALES_ID_MISMATCH if link["points_to"] else checks.NO_BACK_POINTER
                self._note(
                    code,
                    link["sales_id"],
                    f"{link['unit_id']} now points to {link['sales_id']}, not {link['points_to'] or 'nowhere'}",
                )
            if (link["unit_status"] or states.AVAILABLE) == states.AVAILABLE:
                cells["status"] = (link["unit_status"], states.ALLOCATED)
                self._note(
                    checks.LOOKS_AVAILABLE, link["sales_id"], f"{link['unit_id']} is now ALLOCATED"
                )
            self._plan.changes.set(UNITS, link["unit_row"], link["unit_id"], cells)
        used = set(self._times_used)
        known = set(self._ticket_ids)
        for unit in self._books.units.iter_rows(named=True):
            if unit["unit_id"] in used or self._units_by_id[unit["unit_id"]] != 1:
                continue
            if unit["status"] == states.ALLOCATED and not unit["sales_id"]:
                self._plan.changes.set(
                    UNITS,
                    unit["row"],
                    unit["unit_id"],
                    {"status": (states.ALLOCATED, states.AVAILABLE)},
                )
                self._note(
                    checks.ORPHAN_UNIT,
                    None,
                    f"{unit['unit_id']} is AVAILABLE again: nothing refers to it and it points to "
                    "no ticket",
                    unit["set_id"],
                )
            elif (unit["status"] or states.AVAILABLE) == states.AVAILABLE and unit[
                "sales_id"
            ] in known:
                self._plan.changes.set(
                    UNITS, unit["row"], unit["unit_id"], {"sales_id": (unit["sales_id"], None)}
                )
                self._note(
                    checks.LOOKS_ALLOCATED,
                    unit["sales_id"],
                    f"{unit['unit_id']} no longer points to {unit['sales_id']}, which does not refer to it",
                    unit["set_id"],
                )

    def tickets(self) -> None:
        """Counts that do not match; tickets marked ALLOCATED that nothing says are."""
        known = set(self._units_by_id)
        for ticket in self._books.tickets.iter_rows(named=True):
            listed = unit_ids.listed(ticket)
            cells: dict[str, Any] = {}
            sound = all(unit in known and self._times_used[unit] == 1 for unit in listed)
            if (ticket["unit_count"] or 0) != len(listed) and sound:
                cells["unit_count"] = (ticket["unit_count"], len(listed))
                self._note(
                    checks.COUNT_MISMATCH,
                    ticket["sales_id"],
                    f"AllocatedCount is now {len(listed)}, not {ticket['unit_count'] or 0}",
                )
            unsent = (ticket["delivery"] or states.NOT_SENT) == states.NOT_SENT
            if (
                ticket["status"] == states.ALLOCATED
                and not listed
                and unsent
                and not self._pointed_at[ticket["sales_id"]]
            ):
                cells["status"] = (states.ALLOCATED, None)
                self._note(
                    checks.LOOKS_ALLOCATED,
                    ticket["sales_id"],
                    "Status is blank again: there is no unit, no unit points here, nothing was "
                    "sent",
                )
            self._plan.changes.set(
                DISTRIBUTION, ticket["row"], ticket["sales_id"] or str(ticket["row"]), cells
            )

    def _note(
        self, code: str, sales_id: str | None, reason: str, set_id: str | None = None
    ) -> None:
        self.log.append(
            ActionRow(
                self._run.now, self._run.user, f"REPAIR_{code}", sales_id, set_id, 1, False, reason
            )
        )

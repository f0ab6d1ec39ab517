"""Committing an allocation (§5b steps 7–12): Distribution, units, sale status and log, all from one
plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import Struct

from ticketops.domain.allocation import plans
from ticketops.domain.allocation.chosen_seats import chunks_on
from ticketops.domain.allocation.nearness import best
from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.allocation.pool import Unit, size
from ticketops.domain.allocation.proposals import (
    Proposal,
    Proposer,
    ShownChunk,
    ShownPlan,
    described,
)
from ticketops.domain.allocation.scoring import margin
from ticketops.domain.allocation.targets import (
    Target,
    effective_category,
    find_target,
    is_pending,
    require_approved,
)
from ticketops.domain.allocation.trust import KEPT_OUT, Doubts, kept_out_units
from ticketops.domain.catalogue.follow import SEAT, now_given
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.listing import Contracts, carried, differing
from ticketops.domain.seatmap.places import Place
from ticketops.domain.ticket.action_log import ActionRow, write
from ticketops.domain.ticket.masking import Masked, masked, masked_addresses
from ticketops.domain.ticket.notes import with_note
from ticketops.errors import RuleError, UsageError
from ticketops.model import ids, roles, spelling, states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity, Violation
from ticketops.model.patterns import when_needed
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, SALES, UNITS
from ticketops.schema.tables import Snapshot

_CHOICE = when_needed(r"(.+?)(?:\s*[:(]\s*(\d{1,6})\s*\)?)?", re.ASCII)


class Choice(Struct, frozen=True):
    """What an operator picked: a ranked plan, sets with or without a number of tickets, or seats;
    nothing: the best plan."""

    rank: int | None = None
    sets: tuple[tuple[str, int | None], ...] = ()
    seats: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one sale: tickets asked for and allocated, and the status of its tickets."""

    sales_id: str
    requested: int
    allocated: int
    status: str
    chunks: list[ShownChunk]
    unit_ids: list[str]
    plan: ShownPlan | None = None
    """The committed plan; None if nothing was free."""
    instructions: list[str] = field(default_factory=list)
    """What the client asked for, in words."""


def parse_sets(texts: Iterable[str]) -> tuple[tuple[str, int | None], ...]:
    """`PR0002-S01:4`, `PR0002-S01(4) · PR0003-S01` as ((SetID, quantity or None), …). Raises
    UsageError."""
    found: list[tuple[str, int | None]] = []
    for text in texts:
        if not text.strip(" ,;·|+"):
            raise UsageError(f"{text!r} is not a SetID", "for example PR0002-S01:4")
        for part in filter(None, re.split(r"[,;·|+\n]|\s+(?=PR)", text, flags=re.IGNORECASE)):
            match = _CHOICE().fullmatch(spelling.plain(part))
            set_id = spelling.set_id(match[1]) if match else None
            if not match or not set_id:
                raise UsageError(
                    f"{part.strip()!r} is not SETID or SETID:QTY", "for example PR0002-S01:4"
                )
            if match[2] and not int(match[2]):
                raise UsageError(f"{part.strip()!r} asks for no units")
            found.append((set_id, int(match[2]) if match[2] else None))
    doubled = {set_id for set_id, _ in found if sum(set_id == other for other, _ in found) > 1}
    if doubled:
        raise UsageError(f"{sorted(doubled)[0]} is named twice")
    return tuple(found)


def plan_commit(
    snapshot: Snapshot, sales_id: str, run: Run, choice: Choice | None = None, *, override: str = ""
) -> Plan:
    """Allocate one sale line, named by its SalesID or by its first child.

    override: the reason for committing a plan that breaks the policy, which needs an ops_manager
    and is logged. A special instruction that the plan does not meet is reported, not refused: an
    operator asked for this sale. Raises NotFoundError for an ID that Distribution does not hold,
    RuleError where nothing is pending, where it waits for approval (§14a), where a chosen set has
    too little, and where no plan passes the policy; NotPermittedError.
    """
    doubts = Doubts.of(snapshot)
    target = find_target(snapshot, sales_id, doubts)
    require_pending(target)
    require_approved(target)
    proposer = Proposer(snapshot, [target], run, doubts)
    choice = choice or Choice()
    proposal: Proposal | None
    if choice.seats:
        chunks = chunks_on(snapshot, proposer, target, choice.seats)
        proposal = proposer.scored(target, proposer.judge(target, plans.CHOSEN, chunks), 0)
    else:
        proposal = proposed(proposer, target, choice)
    reason = ""
    if proposal and (violations := _binding(proposal)):
        broken = "; ".join(f"{violation.code}: {violation.message}" for violation in violations)
        if not override:
            raise RuleError(
                f"{target.sales_id} {described_shortly(proposal.chunks)} breaks the policy: {broken}",
                "choose another plan, or give --override --reason TEXT as an ops_manager",
            )
        users.require(run, roles.OPS_MANAGER, "overriding the policy")
        reason = f"policy override ({', '.join(v.code for v in violations)}): {override}"
    writer = Writer(snapshot, run)
    row = target.pending[0]["row"]
    left = size(proposer.sets(target)) - (len(proposal.units) if proposal else 0)
    outcome = writer.allocate(target, proposal.chunks if proposal else (), reason=reason, more=left)
    if proposal:
        outcome = replace(outcome, plan=proposal.shown())
    plan = writer.finish()
    plan.result = replace(outcome, instructions=target.terms.wishes.said)
    if others := sorted(
        {effective_category(t) for t in target.tickets if is_pending(t)} - {target.category}
    ):
        message = f"{target.sales_id}: its other pending tickets are served from {', '.join(others)}: run allocate commit again"
        plan.findings.append(
            Finding("OTHER_CATEGORY", Severity.INFO, message, DISTRIBUTION, row, target.sales_id)
        )
    plan.findings += doubtful_findings(target, proposer)
    for wish in proposal.unmet if proposal else ():
        plan.findings.append(
            Finding(
                wish.code,
                Severity.MEDIUM,
                f"{target.sales_id}: {wish.message}",
                DISTRIBUTION,
                row,
                target.sales_id,
            )
        )
    return plan


def require_pending(target: Target) -> None:
    """Raises RuleError where no ticket of the sale wants a unit."""
    if target.pending:
        return
    require_no_doubt(target)
    if any(ticket["status"] == states.CANCELLED for ticket in target.tickets):
        raise RuleError(f"{target.sales_id} is cancelled")
    raise RuleError(
        f"every ticket of {target.sales_id} is already allocated",
        "ticketops undo undoes the last transaction",
    )


def require_no_doubt(target: Target) -> None:
    """Raises RuleError where tickets of the sale want a unit but are kept out."""
    why = next(
        (
            t["kept_out"]
            for t in target.tickets
            if t["kept_out"] and is_pending(t | {"kept_out": ""})
        ),
        "",
    )
    if why:
        raise RuleError(
            f"{target.sales_id} is not allocated: {why}", "correct the cell; audit run shows more"
        )


def doubtful_findings(target: Target, proposer: Proposer) -> list[Finding]:
    """What is kept out of the pool of a sale, and which of its own tickets are."""
    found = kept_out_units(proposer.pool.refused)
    return found + [
        Finding(
            KEPT_OUT,
            Severity.HIGH,
            f"{ticket['sales_id']} is not allocated: {ticket['kept_out']}",
            DISTRIBUTION,
            ticket["row"],
            ticket["sales_id"],
        )
        for ticket in target.tickets
        if ticket["kept_out"] and is_pending(ticket | {"kept_out": ""})
    ]


def described_shortly(chunks: Sequence[Chunk]) -> str:
    """`PR0002-S01(4) · PR0003-S01(1)`: the form of OptionsSetIDs."""
    return " · ".join(f"{chunk.set_id}({len(chunk.units)})" for chunk in chunks)


def proposed(proposer: Proposer, target: Target, choice: Choice) -> Proposal | None:
    """The plan that was chosen; the best that passes, else the best, where none was. None where
    nothing is free."""
    if choice.sets:
        chunks = _chosen(proposer, target, choice.sets)
        return proposer.scored(target, proposer.judge(target, plans.CHOSEN, chunks), 0)
    proposals = proposer.proposals(target)
    if choice.rank is not None:
        if not 1 <= choice.rank <= len(proposals):
            raise RuleError(
                f"{target.sales_id} has {len(proposals)} plans, so there is no plan {choice.rank}",
                "allocate preview shows them",
            )
        return proposals[choice.rank - 1]
    best = next((p for p in proposals if not _binding(p) and not p.unmet), None) or next(
        (p for p in proposals if not _binding(p)), None
    )
    return best or (proposals[0] if proposals else None)


def _binding(proposal: Proposal) -> list[Violation]:
    """What an operator's own commit breaks: MaxAutoCommitValue is a limit on what happens by
    itself."""
    return [violation for violation in proposal.violations if violation.code != "AUTO_COMMIT_VALUE"]


def _chosen(
    proposer: Proposer, target: Target, wanted: Sequence[tuple[str, int | None]]
) -> tuple[Chunk, ...]:
    sets = proposer.sets(target)
    left = target.sold.quantity
    chunks = []
    for set_id, given in wanted:
        free = sets.get(set_id)
        if not free:
            raise RuleError(
                f"{set_id} has no unit of {target.occasion} {target.category} that is free for {target.sales_id}",
                f"allocate preview {target.sales_id} shows the pool",
            )
        quantity = min(left, len(free)) if given is None else given
        if given is not None and not 1 <= given <= len(free):
            raise RuleError(f"{set_id} has {len(free)} free units, but you ask for {given}")
        if quantity > left or not quantity:
            raise RuleError(
                f"{target.sales_id} has {target.sold.quantity} tickets; these sets hold more"
            )
        chunks.append(Chunk(set_id, best(free, quantity)))
        left -= quantity
    return tuple(chunks)


class Writer:
    """Collects what allocations write. Every sale is passed once."""

    def __init__(self, snapshot: Snapshot, run: Run) -> None:
        self.plan = Plan()
        self._snapshot, self._run = snapshot, run
        self._addresses = masked_addresses(snapshot)
        self._contracts = Contracts.of(snapshot)
        self._log: list[ActionRow] = []

    def allocate(
        self, target: Target, chunks: Sequence[Chunk], *, reason: str = "", more: int = 0
    ) -> Outcome:
        """Give the chunks to the pending tickets in SalesChild order; tickets that get none wait
        for stock.

        more: units that are free beyond the chunks. If there are, it is not stock that the others
        wait for: they stay pending.
        """
        pending = target.pending
        tickets = iter(pending)
        run_id = first_run_id(target) or self._run.run_id
        for chunk in chunks:
            note = ids.alloc_note(self._run.run_id, len(chunk.units), chunk.set_id)
            for unit in chunk.units:
                ticket = next(tickets)
                self._ticket(ticket, unit, chunk, target.category, run_id)
                self._unit(unit, ticket, note)
                ticket["unit_ids"] = unit.unit_id
            self._log.append(
                ActionRow(
                    self._run.now,
                    self._run.user,
                    "ALLOCATE",
                    target.sales_id,
                    chunk.set_id,
                    len(chunk.units),
                    False,
                    reason or None,
                )
            )
        self._warn_of_loss(target, [unit for chunk in chunks for unit in chunk.units])
        left = list(tickets)
        if more <= 0:
            self._wait(target, left, len(pending))
        elif left:
            self._stay(target, left, len(pending), more)
        outcome = _outcome(target, len(pending), chunks)
        set_sale_status(self.plan, target, outcome.status)
        return outcome

    def finish(self) -> Plan:
        """The plan with the log rows of all allocations."""
        write(self.plan, self._snapshot, ALLOC_LOG, self._log)
        return self.plan

    def _ticket(
        self, ticket: dict[str, Any], unit: Unit, chunk: Chunk, category: str, run_id: str
    ) -> None:
        """One Distribution row gets one unit (§5b step 9)."""
        after = unit_cells(unit, self._addresses) | {
            "tix": 1,
            "acc_tix": category,
            "status": states.ALLOCATED,
            "run_id": run_id,
            "notes": with_note(
                ticket["notes"], f"Allocated {len(chunk.units)} from {chunk.set_id}"
            ),
            "unit_count": 1,
            "inv_no": carried(
                ticket["inv_no"],
                unit.inv_no,
                is_contract=self._contracts.has(ticket["inv_no"], ticket["sales_id"]),
            ),
        }
        self.plan.findings += differing(
            ticket["sales_id"], ticket["row"], after["inv_no"], unit.unit_id, unit.inv_no
        )
        after = {
            name: value for name, value in after.items() if value is not None or name not in SEAT
        }
        if ticket["process_now"]:
            after["process_now"] = False
        cells = {name: (ticket[name], value) for name, value in after.items()}
        self.plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], cells)

    def _unit(self, unit: Unit, ticket: dict[str, Any], note: str) -> None:
        seat = (unit.block, unit.seat_row, unit.seat)
        given = now_given((ticket[name] for name in SEAT), seat, unit.seats_given)
        self.plan.changes.set(
            UNITS,
            unit.row,
            unit.unit_id,
            {
                "status": (unit.status, states.ALLOCATED),
                "sales_id": (unit.sales_id, ticket["sales_id"]),
                "allocated_at": (unit.allocated_at, self._run.now),
                "alloc_note": (unit.alloc_note, note),
                "seats_given": (unit.seats_given, given),
            },
        )

    def _warn_of_loss(self, target: Target, units: Sequence[Unit]) -> None:
        """Units that cost more than the sale brings."""
        _percent, delta = margin(units, target.sold)
        if delta is None or delta >= 0:
            return
        message = (
            f"{target.sales_id}: {counted(len(units), 'unit')} {'costs' if len(units) == 1 else 'cost'} "
            + f"{-delta:,.2f} {target.terms.currency or ''}".rstrip()
            + " more than the tickets were sold for"
        )
        self.plan.findings.append(
            Finding(
                "NEGATIVE_MARGIN",
                Severity.LOW,
                message,
                DISTRIBUTION,
                target.pending[0]["row"] if target.pending else None,
                target.sales_id,
                match=target.occasion,
                category=target.category,
            )
        )

    def _stay(self, target: Target, tickets: list[dict[str, Any]], wanted: int, more: int) -> None:
        """Tickets that got no unit though some are free: a choice, the policy or an approval is
        what they wait for."""
        for ticket in tickets:
            if ticket["process_now"]:
                self.plan.changes.set(
                    DISTRIBUTION, ticket["row"], ticket["sales_id"], {"process_now": (True, False)}
                )
        message = f"{target.sales_id}: {len(tickets)} of {wanted} tickets stay pending; {more} more units of {target.occasion} {target.category} are free"
        self.plan.findings.append(
            Finding(
                "STILL_PENDING",
                Severity.LOW,
                message,
                DISTRIBUTION,
                tickets[0]["row"],
                target.sales_id,
                match=target.occasion,
                category=target.category,
            )
        )

    def _wait(self, target: Target, tickets: list[dict[str, Any]], wanted: int) -> None:
        """Tickets without a unit wait for stock (§14b); those that wait already stay as they
        are."""
        if not tickets:
            return
        for ticket in tickets:
            cells: dict[str, Any] = {}
            if ticket["status"] != states.WAITING_STOCK:
                cells["status"] = (ticket["status"], states.WAITING_STOCK)
                cells["notes"] = (
                    ticket["notes"],
                    with_note(
                        ticket["notes"],
                        f"No available units for {target.occasion} {target.category}",
                    ),
                )
            if ticket["process_now"]:
                cells["process_now"] = (True, False)
            self.plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], cells)
        have = wanted - len(tickets)
        message = f"{target.sales_id}: {len(tickets)} of {wanted} tickets wait for stock in {target.occasion} {target.category}"
        self.plan.findings.append(
            Finding(
                states.WAITING_STOCK,
                Severity.HIGH,
                message + (f"; {have} allocated" if have else ""),
                DISTRIBUTION,
                tickets[0]["row"],
                target.sales_id,
                match=target.occasion,
                category=target.category,
            )
        )


def first_run_id(target: Target) -> str | None:
    """The RunID of the first allocation of a sale that still stands: its tickets share it (§5b step
    9)."""
    given = (ticket["run_id"] for ticket in target.live if ticket["unit_ids"] and ticket["run_id"])
    return min(given, default=None)


def unit_cells(unit: Unit, addresses: Masked) -> dict[str, Any]:
    """What a unit puts into its ticket's row: vendor (masked, §14f), login, contract, seat and
    UnitID."""
    vendor, email = masked(unit.vendor, unit.email, addresses)
    return {
        "vendor": vendor,
        "email": email,
        "password": unit.password,
        "contract": unit.contract,
        "block": unit.block,
        "seat_row": unit.seat_row,
        "seat": unit.seat,
        "unit_ids": unit.unit_id,
    }


def set_sale_status(plan: Plan, target: Target, status: str) -> None:
    """The sale's own status follows its tickets (§5b step 13); states that other flows set are left
    alone."""
    terms = target.terms
    if (
        terms.row is None
        or terms.status not in (None, *states.FOLLOWS)
        or (terms.status, status) == (states.FULFILLED, states.ALLOCATED)
    ):
        return
    new = states.UNALLOCATED if status == states.WAITING_STOCK else status
    if new == states.UNALLOCATED and terms.unapproved:
        new = states.PENDING_APPROVAL  # what it grew by waits, and nothing of it is served any more
    if (terms.status or states.UNALLOCATED) != new:
        cells: dict[str, tuple[Any, Any]] = {"status": (terms.status, new)}
        if not terms.unapproved:  # a person typed another Status over PENDING_APPROVAL
            cells["oversell"] = (terms.oversell, None)
        plan.changes.set(SALES, terms.row, target.sales_id, cells)


def _outcome(target: Target, requested: int, chunks: Sequence[Chunk]) -> Outcome:
    """What became of a target whose tickets hold their new units already."""
    units = [unit for chunk in chunks for unit in chunk.units]
    done = sum(bool(ticket["unit_ids"]) for ticket in target.tickets)
    wanted = sum(ticket["status"] != states.CANCELLED for ticket in target.tickets)
    status = (
        states.ALLOCATED
        if done >= wanted
        else states.PARTIAL_ALLOCATED
        if done
        else states.WAITING_STOCK
    )
    return Outcome(
        target.sales_id,
        requested,
        len(units),
        status,
        described(chunks),
        [unit.unit_id for unit in units],
    )

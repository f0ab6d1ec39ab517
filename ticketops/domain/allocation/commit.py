"""Committing an allocation (§5b steps 7–12): Distribution, units, sale status and log, all from one plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ticketops.domain import roles
from ticketops.domain.allocation import log, plans
from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.allocation.pool import Unit, size
from ticketops.domain.allocation.proposals import Proposal, Proposer, described
from ticketops.domain.allocation.seating import pick
from ticketops.domain.allocation.targets import SEAT, Target, effective_category, find_target, is_pending, targets_of
from ticketops.domain.masking import masked, masked_addresses
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError, UsageError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity, Violation
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import ALLOC_LOG, DISTRIBUTION, MATTHIAS_EMAILS, SALES, UNITS

_CHOICE = re.compile(r"(PR\d{4,12}-S\d{2,6})(?:\s*[:(]\s*(\d{1,6})\s*\)?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """What an operator picked: a ranked plan, or sets with or without a number of tickets; nothing: the best plan."""

    rank: int | None = None
    sets: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target."""

    sales_id: str
    requested: int
    allocated: int
    status: str
    chunks: list[dict[str, Any]]
    unit_ids: list[str]
    plan: dict[str, Any] | None = None


def parse_sets(texts: Iterable[str]) -> tuple[tuple[str, int | None], ...]:
    """`PR0002-S01:4`, `PR0002-S01(4) · PR0003-S01` as ((SetID, quantity or None), …). Raises UsageError."""
    found: list[tuple[str, int | None]] = []
    for text in texts:
        if not text.strip(" ,;·|+"):
            raise UsageError(f"{text!r} names no set", "for example PR0002-S01:4")
        for part in filter(None, re.split(r"[,;·|+]|\s+(?=PR)", text)):
            match = _CHOICE.fullmatch(part.strip())
            if not match:
                raise UsageError(f"{part.strip()!r} is not SETID or SETID:QTY", "for example PR0002-S01:4")
            if match[2] and not int(match[2]):
                raise UsageError(f"{part.strip()!r} asks for no unit")
            found.append((match[1].upper(), int(match[2]) if match[2] else None))
    doubled = {set_id for set_id, _ in found if sum(set_id == other for other, _ in found) > 1}
    if doubled:
        raise UsageError(f"{sorted(doubled)[0]} is named twice")
    return tuple(found)


def plan_commit(snapshot: Snapshot, sales_id: str, run: Run, choice: Choice | None = None, *, override: str = "") -> Plan:
    """Allocate one sale line, named by its SalesID or by its first child.

    override: the reason for committing a plan that breaks the policy, which needs an ops_manager and is logged.
    A special instruction that the plan does not meet is reported, not refused: an operator asked for this sale.
    Raises NotFoundError for an ID that Distribution does not hold, RuleError where nothing is pending, where a chosen set has
    too little, and where no plan passes the policy; NotPermittedError.
    """
    target = find_target(snapshot, sales_id)
    if not target.pending:
        if any(ticket["status"] == states.CANCELLED for ticket in target.tickets):
            raise RuleError(f"{target.sales_id} is cancelled")
        raise RuleError(f"every ticket of {target.sales_id} is allocated already", "ticketops undo takes the last transaction back")
    proposer = Proposer(snapshot, [target], run)
    if target.terms.status == states.PENDING_APPROVAL:
        _limit_to_what_nobody_waits_for(snapshot, target, proposer)
    proposal = _proposal(proposer, target, choice or Choice())
    reason = ""
    if proposal and (violations := _binding(proposal)):
        broken = "; ".join(f"{violation.code}: {violation.message}" for violation in violations)
        if not override:
            raise RuleError(f"{target.sales_id} {described_shortly(proposal.chunks)} breaks the policy: {broken}",
                            "choose another plan, or --override --reason TEXT as an ops_manager")  # fmt: skip
        roles.require(run, states.OPS_MANAGER, "overriding the policy")
        reason = f"policy override ({', '.join(v.code for v in violations)}): {override}"
    writer = Writer(snapshot, run)
    row = target.pending[0]["row"]
    left = size(proposer.sets(target)) - (len(proposal.units) if proposal else 0)
    if target.limit is not None:
        left = 0  # what is free is needed by others
    outcome = writer.allocate(target, proposal.chunks if proposal else (), reason=reason, more=left)
    if proposal:
        outcome = replace(outcome, plan=proposal.as_dict())
    plan = writer.finish()
    plan.result = {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__} | {"instructions": target.terms.wishes.said}
    if others := sorted({effective_category(t) for t in target.tickets if is_pending(t)} - {target.category}):
        message = f"{target.sales_id}: its other pending tickets are served from {', '.join(others)}: commit once more"
        plan.findings.append(Finding("OTHER_CATEGORY", Severity.INFO, message, DISTRIBUTION, row, target.sales_id))
    plan.result["waits_for_approval"] = target.terms.status == states.PENDING_APPROVAL and outcome.status != states.ALLOCATED
    for wish in proposal.unmet if proposal else ():
        plan.findings.append(Finding(wish.code, Severity.MEDIUM, f"{target.sales_id}: {wish.message}", DISTRIBUTION, row, target.sales_id))
    return plan


def described_shortly(chunks: Sequence[Chunk]) -> str:
    """`PR0002-S01(4) · PR0003-S01(1)`: the form of OptionsSetIDs."""
    return " · ".join(f"{chunk.set_id}({len(chunk.units)})" for chunk in chunks)


def _limit_to_what_nobody_waits_for(snapshot: Snapshot, target: Target, proposer: Proposer) -> None:
    """A sale that waits for approval takes nothing that approved sales need; its other tickets wait for stock."""
    others = sum(
        len(other.pending)
        for other in targets_of(snapshot)
        if (other.match, other.category) == (target.match, target.category)
        and other.sales_id != target.sales_id and other.terms.status != states.PENDING_APPROVAL
    )  # fmt: skip
    free = size(proposer.sets(target))
    target.limit = max(0, free - others)


def _proposal(proposer: Proposer, target: Target, choice: Choice) -> Proposal | None:
    """The plan that was chosen; the best that passes, else the best, where none was. None where nothing is free."""
    if choice.sets:
        chunks = _chosen(proposer, target, choice.sets)
        return proposer.scored(target, proposer.judge(target, plans.CHOSEN, chunks), 0)
    proposals = proposer.proposals(target)
    if choice.rank is not None:
        if not 1 <= choice.rank <= len(proposals):
            raise RuleError(f"{target.sales_id} has {len(proposals)} plans; there is no plan {choice.rank}", "allocate preview shows them")
        return proposals[choice.rank - 1]
    best = next((p for p in proposals if not _binding(p) and not p.unmet), None) or next((p for p in proposals if not _binding(p)), None)
    return best or (proposals[0] if proposals else None)


def _binding(proposal: Proposal) -> list[Violation]:
    """What an operator's own commit breaks: MaxAutoCommitValue is a limit on what happens by itself."""
    return [violation for violation in proposal.violations if violation.code != "AUTO_COMMIT_VALUE"]


def _chosen(proposer: Proposer, target: Target, wanted: Sequence[tuple[str, int | None]]) -> tuple[Chunk, ...]:
    sets = proposer.sets(target)
    left = target.sold.quantity
    chunks = []
    for set_id, given in wanted:
        free = sets.get(set_id)
        if not free:
            raise RuleError(f"{set_id} has no unit of {target.match} {target.category} that is free for {target.sales_id}",
                            f"allocate preview {target.sales_id} shows the pool")  # fmt: skip
        quantity = min(left, len(free)) if given is None else given
        if given is not None and not 1 <= given <= len(free):
            raise RuleError(f"{set_id} has {len(free)} free units, {given} are asked for")
        if quantity > left or not quantity:
            why = "" if target.limit is None else " (it waits for approval, other sales need the rest)"
            raise RuleError(f"{target.sales_id} may have {target.sold.quantity} tickets{why}; these sets are more than that")
        chunks.append(Chunk(set_id, pick(free, quantity)))
        left -= quantity
    return tuple(chunks)


class Writer:
    """Collects what allocations write. Every sale is passed once."""

    def __init__(self, snapshot: Snapshot, run: Run) -> None:
        self.plan = Plan()
        self._snapshot, self._run = snapshot, run
        self._addresses = masked_addresses(snapshot[MATTHIAS_EMAILS])
        self._log: list[tuple[Any, ...]] = []

    def allocate(self, target: Target, chunks: Sequence[Chunk], *, reason: str = "", more: int = 0) -> Outcome:
        """Give the chunks to the pending tickets in SalesChild order; tickets that get none wait for stock.

        more: units that are free beyond the chunks. If there are, it is not stock that the others wait for: they stay pending.
        """
        pending = target.pending
        tickets = iter(pending)
        for chunk in chunks:
            note = ids.alloc_note(self._run.run_id, len(chunk.units), chunk.set_id)
            for unit in chunk.units:
                ticket = next(tickets)
                self._ticket(ticket, unit, chunk, target.category)
                self._unit(unit, ticket["sales_id"], note)
                ticket["unit_ids"] = unit.unit_id
            self._log.append(
                (self._run.now, self._run.user, "ALLOCATE", target.sales_id, chunk.set_id, len(chunk.units), False, reason or None)
            )
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
        self.plan.changes.append(ALLOC_LOG, self._snapshot[ALLOC_LOG].next_row, log.COLUMNS, self._log)
        return self.plan

    def _ticket(self, ticket: dict[str, Any], unit: Unit, chunk: Chunk, category: str) -> None:
        """One Distribution row gets one unit (§5b step 9)."""
        after = unit_cells(unit, self._addresses) | {
            "tix": 1,
            "acc_tix": category,
            "status": states.ALLOCATED,
            "run_id": self._run.run_id,
            "notes": noted(ticket["notes"], f"Allocated {len(chunk.units)} from {chunk.set_id}"),
            "unit_count": 1,
        }
        after = {name: value for name, value in after.items() if value is not None or name not in SEAT}
        if ticket["process_now"]:
            after["process_now"] = False
        cells = {name: (ticket[name], value) for name, value in after.items()}
        self.plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], cells)

    def _unit(self, unit: Unit, sales_id: str, note: str) -> None:
        self.plan.changes.set(UNITS, unit.row, unit.unit_id, {
            "status": (unit.status, states.ALLOCATED),
            "sales_id": (unit.sales_id, sales_id),
            "allocated_at": (unit.allocated_at, self._run.now),
            "alloc_note": (unit.alloc_note, note),
        })  # fmt: skip

    def _stay(self, target: Target, tickets: list[dict[str, Any]], wanted: int, more: int) -> None:
        """Tickets that got no unit though some are free: a choice, the policy or an approval is what they wait for."""
        for ticket in tickets:
            if ticket["process_now"]:
                self.plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], {"process_now": (True, False)})
        message = f"{target.sales_id}: {len(tickets)} of {wanted} tickets stay pending; {more} more units of {target.match} {target.category} are free"
        self.plan.findings.append(Finding("STILL_PENDING", Severity.LOW, message, DISTRIBUTION, tickets[0]["row"], target.sales_id,
                                          match=target.match, category=target.category))  # fmt: skip

    def _wait(self, target: Target, tickets: list[dict[str, Any]], wanted: int) -> None:
        """Tickets without a unit wait for stock (§14b); those that wait already stay as they are."""
        if not tickets:
            return
        for ticket in tickets:
            cells: dict[str, Any] = {}
            if ticket["status"] != states.WAITING_STOCK:
                cells["status"] = (ticket["status"], states.WAITING_STOCK)
                cells["notes"] = (ticket["notes"], noted(ticket["notes"], f"No available units for {target.match} {target.category}"))
            if ticket["process_now"]:
                cells["process_now"] = (True, False)
            self.plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], cells)
        have = wanted - len(tickets)
        message = f"{target.sales_id}: {len(tickets)} of {wanted} tickets wait for stock in {target.match} {target.category}"
        self.plan.findings.append(Finding(
            states.WAITING_STOCK, Severity.HIGH, message + (f"; {have} allocated" if have else ""), DISTRIBUTION, tickets[0]["row"],
            target.sales_id, match=target.match, category=target.category,
        ))  # fmt: skip


def unit_cells(unit: Unit, addresses: frozenset[str]) -> dict[str, Any]:
    """What a unit puts into its ticket's row: vendor (masked, §14f), login, contract, place and UnitID."""
    vendor, email = masked(unit.vendor, unit.email, addresses)
    return {
        "vendor": vendor, "email": email, "password": unit.password, "contract": unit.contract, "block": unit.block,
        "seat_row": unit.seat_row, "seat": unit.seat, "unit_ids": unit.unit_id,
    }  # fmt: skip


def set_sale_status(plan: Plan, target: Target, status: str) -> None:
    """The sale's own status follows its tickets (§5b step 13); states that other flows set are left alone."""
    terms = target.terms
    follows = (None, states.UNALLOCATED, states.PARTIAL_ALLOCATED, states.ALLOCATED, states.FULFILLED)
    if terms.row is not None and terms.status == states.PENDING_APPROVAL and status == states.ALLOCATED:
        plan.changes.set(SALES, terms.row, target.sales_id, {"status": (terms.status, status), "oversell": (terms.oversell, None)})
        return
    if terms.row is None or terms.status not in follows or (terms.status, status) == (states.FULFILLED, states.ALLOCATED):
        return
    new = states.UNALLOCATED if status == states.WAITING_STOCK else status
    if (terms.status or states.UNALLOCATED) != new:
        plan.changes.set(SALES, terms.row, target.sales_id, {"status": (terms.status, new)})


def noted(notes: str | None, text: str) -> str:
    """Notes are pipe-appended (§17)."""
    return f"{notes} | {text}" if notes else text


def _outcome(target: Target, requested: int, chunks: Sequence[Chunk]) -> Outcome:
    """What became of a target whose tickets hold their new units already."""
    units = [unit for chunk in chunks for unit in chunk.units]
    done = sum(bool(ticket["unit_ids"]) for ticket in target.tickets)
    wanted = sum(ticket["status"] != states.CANCELLED for ticket in target.tickets)
    status = states.ALLOCATED if done >= wanted else states.PARTIAL_ALLOCATED if done else states.WAITING_STOCK
    return Outcome(target.sales_id, requested, len(units), status, described(chunks), [unit.unit_id for unit in units])

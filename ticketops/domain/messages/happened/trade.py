"""What happened to sales and their tickets: recorded, oversold, cancelled, allocated, sent, accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ticketops.domain.messages import facts, variables
from ticketops.domain.messages.happened.seen import Row, Seen, Touched, key_of, tickets_vars
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.identity import sale_of
from ticketops.model import states
from ticketops.schema.layouts.event import ALLOC_LOG, SALES, STAFF_QUEUE


def _line(sale: Row) -> str:
    """What tells a sale from one that had its number before."""
    return f"{sale['sales_id']} {sale['source_sale_id']}"


def created(seen: Seen) -> Iterator[facts.Fact]:
    """Sales that get their SalesID."""
    for one in seen.touched(SALES):
        after = one.after
        if (
            after["sales_id"]
            and not one.before.get("sales_id")
            and after["status"] not in (states.CANCELLED, states.REJECTED)
        ):
            yield facts.SaleCreated(key=_line(after), **seen.about(after))


def oversold(seen: Seen) -> Iterator[facts.Fact]:
    """Sales that get their OversellFlag, or more of what they lack."""
    said = {one.sales_id: one.message for one in seen.findings if one.code == "OVERSELL"}
    for one in seen.touched(SALES):
        sale = one.after
        if sale["oversell"] and (one.becomes("oversell", True) or sale["sales_id"] in said):
            yield facts.OversellRaised(
                key=f"{_line(sale)} {sale['number']}",
                oversell=variables.OversellVars(said.get(sale["sales_id"])),
                **seen.about(sale),
            )


def ended(seen: Seen) -> Iterator[facts.Fact]:
    """Sales of which tickets are cancelled or rejected."""
    reasons: dict[tuple[str, str], str | None] = {}
    for row in seen.added(ALLOC_LOG):
        if row["action"] in _ENDED and row["sale_id"]:
            reasons.setdefault((sale_of(row["sale_id"]), row["action"]), row["reason"])
    for (sale_id, action), reason in reasons.items():
        going = [
            one.after
            for one in seen.tickets.get(sale_id, ())
            if one.becomes("status", states.CANCELLED)
        ]
        sale = seen.sales[sale_id]
        if sale and going:
            yield _ENDED[action](
                key=key_of(_line(sale), *_ids(going)),
                tickets=tickets_vars(going),
                **seen.about(sale, reason),
            )


_ENDED: dict[str, type[facts.SaleCancelled | facts.SaleRejected]] = {
    "CANCEL_SALE": facts.SaleCancelled,
    "REJECT_SALE": facts.SaleRejected,
}


def allocated(seen: Seen) -> Iterator[facts.Fact]:
    """Sales of which tickets get their first unit."""
    sets: dict[str, list[str]] = {}
    for row in seen.added(ALLOC_LOG):
        if row["action"] == "ALLOCATE" and row["sale_id"]:
            sets.setdefault(sale_of(row["sale_id"]), []).append(row["set_id"] or "")
    for sale_id, used in sets.items():
        served = [
            one.after
            for one in seen.tickets.get(sale_id, ())
            if one.after["unit_ids"] and not one.before.get("unit_ids")
        ]
        sale = seen.sales[sale_id]
        if not (sale and served):
            continue
        _before, live = seen.live([sale_id])[sale_id]
        yield facts.AllocationCommitted(
            key=key_of(_line(sale), *(f"{one['sales_id']} {one['unit_ids']}" for one in served)),
            tickets=tickets_vars(served),
            allocation=variables.AllocationVars(
                len(unit_ids.listed_by(served)),
                sum(not one["unit_ids"] for one in live),
                ", ".join(dict.fromkeys(filter(None, used))) or None,
            ),
            **seen.about(sale),
        )


def dispatched(seen: Seen) -> Iterator[facts.Fact]:
    """Sales whose last ticket is sent, or of which only tickets that were sent are left."""
    moved = [
        sale
        for sale, tickets in seen.tickets.items()
        if any(one.before.get(name) != one.after[name] for one in tickets for name in _HOW_FAR)
    ]
    for sale_id, (before, after) in seen.live(moved).items():
        sale = seen.sales[sale_id]
        if sale and after and _all_sent(after) and not (before and _all_sent(before)):
            yield facts.SaleDispatched(
                key=key_of(_line(sale), *_ids(after)),
                tickets=tickets_vars(after),
                **seen.about(sale),
            )


_HOW_FAR = ("delivery", "status")


def _all_sent(tickets: list[Row]) -> bool:
    return all(one["delivery"] in states.DISPATCHED for one in tickets)


def accepted(seen: Seen) -> Iterator[facts.Fact]:
    """Sales of which the client accepts tickets."""
    for sale, tickets in _becoming(seen, states.ACCEPTED):
        yield facts.DispatchAccepted(
            key=key_of(_line(sale), *_ids(one.after for one in tickets), seen.run.today),
            tickets=tickets_vars(one.after for one in tickets),
            **seen.about(sale),
        )


def issues(seen: Seen) -> Iterator[facts.Fact]:
    """Sales of which tickets become an ISSUE."""
    for sale, tickets in _becoming(seen, states.ISSUE):
        notes = "; ".join(dict.fromkeys(filter(None, map(_new_note, tickets))))
        vendors = {one.after["vendor"] for one in tickets}
        yield facts.DispatchIssue(
            key=key_of(_line(sale), *_ids(one.after for one in tickets), notes, seen.run.today),
            tickets=tickets_vars(one.after for one in tickets),
            supplier=variables.SupplierVars(vendors.pop() if len(vendors) == 1 else None),
            issue=variables.IssueVars(notes or None, seen.run.user),
            **seen.about(sale),
        )


def _becoming(seen: Seen, delivery: str) -> Iterator[tuple[Row, list[Touched]]]:
    for sale_id, tickets in seen.tickets.items():
        moved = [one for one in tickets if one.becomes("delivery", delivery)]
        sale = seen.sales[sale_id] if moved else None
        if sale is not None:
            yield sale, moved


def _new_note(one: Touched) -> str:
    """What DispatchNotes say more than before."""
    before, after = one.before.get("dispatch_notes") or "", one.after["dispatch_notes"] or ""
    return after.removeprefix(before).strip(" |\n") if after != before else ""


def escalated(seen: Seen) -> Iterator[facts.Fact]:
    """Sales of which an issue is handed up."""
    tasks: dict[str, list[Row]] = {}
    for one in seen.touched(STAFF_QUEUE):
        after = one.after
        if after["escalated_at"] and one.before.get("escalated_at") != after["escalated_at"]:
            tasks.setdefault(sale_of(after["sales_id"]), []).append(after)
    for sale_id, rows in tasks.items():
        sale, first = seen.sales[sale_id], rows[0]
        if sale:
            yield facts.DispatchEscalated(
                key=key_of(_line(sale), *_ids(rows), first["escalation"], seen.run.today),
                tickets=tickets_vars(rows),
                issue=variables.IssueVars(
                    first["escalation"], first["escalated_by"], first["escalated_to"]
                ),
                **seen.about(sale),
            )


def guests_changed(seen: Seen) -> Iterator[facts.Fact]:
    """Sales of which a client changes a guest whose ticket was sent."""
    said: dict[str, dict[str, list[str]]] = {}
    for one in seen.findings:
        if one.code == "CHANGED_AFTER_SENT" and one.sales_id:
            tickets = said.setdefault(sale_of(one.sales_id), {})
            tickets.setdefault(one.sales_id, []).append(_what_changed(one.message, one.sales_id))
    for sale_id, tickets in said.items():
        if sale := seen.sales[sale_id]:
            changed = "; ".join(text for texts in tickets.values() for text in texts)
            yield facts.GuestChanged(
                key=key_of(_line(sale), *tickets, changed),
                tickets=tickets_vars({"sales_id": ticket} for ticket in tickets),
                guest=variables.GuestVars(changed),
                **seen.about(sale),
            )


def _what_changed(message: str, ticket: str) -> str:
    """`S1-1 first name: 'Ann' was sent, the client now says 'Eve'`."""
    _where, found, rest = message.partition(f"{ticket} ")
    return (found + rest).partition("; what was sent")[0]


def _ids(tickets: Iterable[Row]) -> list[str]:
    return sorted(one["sales_id"] for one in tickets)

"""What the office does for clients by command: receipts on their behalf, guests copied down (§7,
§14d)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.dispatch import clients, views
from ticketops.domain.dispatch.cascade import office, plan_of, reconcile
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.field_edits import FieldEdit, Outcome
from ticketops.domain.dispatch.results import Accepted, CopiedDown
from ticketops.domain.dispatch.said import CLIENT_WORDS
from ticketops.domain.dispatch.state import State
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.records import GUEST, Record
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import book_kinds, ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot


def plan_accept(
    snapshot: Snapshot,
    company: str,
    sales_ids: Sequence[str],
    filters: Filters | None,
    run: Run,
    *,
    by: str = "",
    view: str = "",
) -> Plan:
    """Confirm a client's receipt of these tickets, or of all that a view shows and that were sent
    (§7 step 6).

    Raises NotFoundError for a ticket that is not this client's, RuleError where nothing was sent.
    """
    state = State.of(snapshot)
    group = clients.find_group(state, company, run.chosen)
    mine = {ticket.key: ticket for ticket in clients.tickets_of(state, group)}
    plan = Plan()
    if sales_ids:
        wanted = [
            mine[key]
            for key in dict.fromkeys(_own(sales_id, mine, group) for sales_id in sales_ids)
        ]
    else:
        filters = filters or Filters()
        filters = replace(
            filters, match=filtered(snapshot, DISTRIBUTION, filters.match, run.chosen)
        )
        shown = clients.seen(
            state, group, views.saved_view(state, group, view) if view else filters
        )
        wanted = [mine[row.key] for row in shown if row.values["delivery"] in clients.RECEIVABLE]
    ready = [ticket for ticket in wanted if ticket["delivery"] in clients.RECEIVABLE]
    if not ready:
        raise RuleError(
            f"{company} has no ticket waiting for a receipt",
            "only tickets that are SENT or UPLOADED can be accepted",
        )
    for ticket in wanted:
        if ticket not in ready:
            message = f"{ticket.key} is {ticket['delivery'] or states.NOT_SENT}: only sent tickets can be accepted"
            plan.findings.append(
                Finding(
                    "NOT_SENT_YET",
                    Severity.LOW,
                    message,
                    row=ticket.before["row"],
                    sales_id=ticket.key,
                )
            )
    edits = [office(run, ticket, "delivery", states.ACCEPTED, by=by or group) for ticket in ready]
    reconcile_into(plan, state, run, edits)
    plan.result = Accepted(group, tuple(ticket.key for ticket in ready), by or group)
    return plan


def _own(sales_id: str, mine: Mapping[str, Record], group: str) -> str:
    wanted = ids.read_sales_id(sales_id)
    if wanted not in mine:
        raise NotFoundError(f"{group} has no ticket {wanted}", "client view lists them")
    return wanted


def reconcile_into(
    plan: Plan, state: State, run: Run, edits: Sequence[FieldEdit]
) -> list[tuple[FieldEdit, Outcome, str]]:
    """Apply edits and put what follows into the plan."""
    done = reconcile(state, run, edits, only={edit.sales_id for edit in edits})
    made = plan_of(state, done)
    plan.changes.extend(made.changes)
    plan.findings += made.findings
    return done.outcomes


def plan_copy_down(
    snapshot: Snapshot, sales_id: str, count: int | None, run: Run, *, overwrite: bool = False
) -> Plan:
    """Give the guest of a ticket to the tickets below it in its client's book (§7 step 5)."""
    state = State.of(snapshot)
    source, after = clients.copied_down(
        state, ids.read_sales_id(sales_id), count, overwrite=overwrite
    )
    own = {name: state.said.own(source, name, book_kinds.CLIENT) for name in CLIENT_WORDS}
    edits = [
        structs.replace(office(run, ticket, name, source[name]), own=own.get(name, ()))
        for ticket in after
        for name in GUEST
    ]
    plan = Plan(result=CopiedDown(source.key, tuple(ticket.key for ticket in after)))
    reconcile_into(plan, state, run, edits)
    return plan

"""The vendor's listing number on its way from the unit to its ticket, and out of the queues where
it was a contract (D20)."""

from __future__ import annotations

from collections.abc import Iterable

from ticketops.domain.dispatch.state import State
from ticketops.domain.purchasing.listing import differing, no_more_contracts
from ticketops.domain.ticket.records import Record, is_live
from ticketops.model.findings import Finding


def bring_numbers(state: State, tickets: Iterable[Record], *, everything: bool) -> list[Finding]:
    """Set INV-NO of these tickets. everything: they are all there are; then what differs is reported,
    and no row of a queue keeps a contract, those among them that nothing else brings up to date."""
    contracts, found = 0, []
    for ticket in tickets:
        contracts += state.is_contract(ticket)
        ticket.set("inv_no", state.inv_no(ticket))
        unit = state.unit(ticket)
        if is_live(ticket):
            found += differing(
                ticket.key, ticket.before["row"], ticket["inv_no"], unit.unit_id, unit.inv_no
            )
    if not everything:
        return []
    for row in (*state.tasks, *state.supplier_rows):
        if state.contracts.has(row["inv_no"], row["sales_id"]):
            row.set("inv_no", None)
    return found + no_more_contracts(contracts)

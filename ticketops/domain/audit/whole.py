"""The audit whole (§12a), as `audit run` tells it and as the event is closed by it (§13): the checks of
both ledgers, and what else is wrong beside them."""

from __future__ import annotations

from ticketops.domain.audit import checks
from ticketops.domain.audit.figures import Audit
from ticketops.domain.catalogue import follow
from ticketops.domain.masterdata import similar
from ticketops.domain.purchasing.given import changed_ids
from ticketops.domain.seatmap.checking import map_findings
from ticketops.domain.ticket.ended import ended_sales
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot


def whole(snapshot: Snapshot) -> tuple[Audit, list[Finding]]:
    """The figures of the audit, and everything that it finds. Reads Distribution, the units, Sales,
    Purchases, _PURCHASE_META, the schedule, the seat maps, _ALIASES and _CLIENTS."""
    seats = follow.seats(snapshot)
    figures, found = checks.audit(snapshot, seats)
    found = found + follow.left_behind(snapshot, seats)
    found += ended_sales(snapshot)
    found += changed_ids(snapshot)
    found += map_findings(snapshot)
    found += similar.clients_alike(snapshot, Severity.LOW)
    return figures, found

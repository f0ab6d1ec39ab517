"""What waits in an event, and the commands to run next (§11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ticketops.domain.reporting.figures import Position
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.names import quoted

TO_BE_DECIDED = states.REFUND_DECISION[0]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits: purchases, sales, and otherwise tickets."""

    unexpanded_purchases: int
    unexpanded_sales: int
    unallocated: int
    pending_approval: int
    """Sales."""
    waiting_stock: int
    guest_details_missing: int
    """Allocated, unsent tickets without an e-mail address, as `dispatch status` counts them."""
    ready_to_send: int
    """Tickets with a unit and an address, not sent: of staff and of suppliers."""
    staff_to_send: int
    supplier_to_send: int
    not_understood: int
    """Unsent tickets with a cell that nobody understands, as `dispatch status` counts them: not
    among those to send."""
    servable: int
    """Tickets that `allocate auto` would serve now."""
    refunds_to_decide: int
    delivery_issues: int
    reference_behind: int
    """Game cells that differ from the schedule, and tickets whose seat differs from their unit's
    (D21)."""
    clients_without_record: int
    """Clients of Sales that `_CLIENTS` does not have."""
    vendors_without_record: int
    venues_without_record: int
    """Venues of the schedule that `_VENUES` does not have; 0 in a workbook without that sheet."""
    messages_queued: int = 0
    messages_failed: int = 0
    messages_unknown: int = 0
    """Of which nobody knows whether they were sent."""


@dataclass(frozen=True, slots=True)
class Action:
    """A command to run next, without `ticketops`, and why."""

    command: str
    why: str


def actions(
    waiting: Waiting, issues: int, report: Position, approvals: Sequence[str]
) -> list[Action]:
    """What to do next, the most urgent first: commands that run as they stand."""
    oversold = f"{', '.join(approvals[:5])}{' …' if len(approvals) > 5 else ''}"
    candidates = (
        (
            issues,
            "audit run",
            f"{counted(issues, 'audit finding')}; audit repair fixes what is certain",
        ),
        (
            waiting.unexpanded_purchases,
            "purchase expand",
            f"{counted(waiting.unexpanded_purchases, 'purchase')} with missing units",
        ),
        (
            waiting.unexpanded_sales,
            "sale expand",
            f"{counted(waiting.unexpanded_sales, 'sale')} with missing rows",
        ),
        (
            waiting.pending_approval,
            f"sale list --status {states.PENDING_APPROVAL}",
            f"oversold: {oversold}; sale approve, reject or upgrade decides",
        ),
        (
            report.true_shortage,
            "report position",
            f"{counted(report.true_shortage, 'ticket')} sold without stock: buy, or sale upgrade",
        ),
        (
            waiting.servable,
            "allocate auto",
            f"{counted(waiting.servable, 'ticket')} can be served from stock",
        ),
        (
            waiting.delivery_issues,
            f"ticket list --status {states.ISSUE}",
            f"{counted(waiting.delivery_issues, 'delivery issue')}",
        ),
        (
            waiting.refunds_to_decide,
            f"refund list --decision {TO_BE_DECIDED}",
            f"{counted(waiting.refunds_to_decide, 'refund')} to decide",
        ),
        (
            waiting.guest_details_missing,
            "client build --all",
            f"{counted(waiting.guest_details_missing, 'allocated ticket')} without the guest's "
            "e-mail address",
        ),
        (
            waiting.reference_behind,
            "dispatch sync",
            f"{counted(waiting.reference_behind, 'difference')} in games and seats from the "
            "schedule and the units",
        ),
        (
            waiting.messages_unknown,
            f"message list --state {states.UNKNOWN}",
            f"{counted(waiting.messages_unknown, 'message')} that may or may not have been sent; "
            "message resolve says which",
        ),
        (
            waiting.messages_failed,
            f"message list --state {states.FAILED}",
            f"{counted(waiting.messages_failed, 'message')} that could not be sent; message retry "
            "tries again",
        ),
        (
            waiting.messages_queued,
            "message send",
            f"{counted(waiting.messages_queued, 'message')} waiting to be sent",
        ),
        (
            waiting.staff_to_send,
            "staff queue",
            f"{counted(waiting.staff_to_send, 'ticket')} that staff can send",
        ),
        (
            waiting.supplier_to_send,
            "supplier build --all",
            f"{counted(waiting.supplier_to_send, 'ticket')} that suppliers can send",
        ),
    )
    return [Action(command, why) for count, command, why in candidates if count]


def to_enter(missing: Mapping[str, list[str]]) -> list[Action]:
    """The command that enters the first of those that master data lacks, where there are any."""
    counts = [counted(len(names), kind.lower()) for kind, names in missing.items() if names]
    first = next(((kind, names[0]) for kind, names in missing.items() if names), None)
    if first is None:
        return []
    kind, name = first
    why = f"{' and '.join([', '.join(counts[:-1]), counts[-1]]).removeprefix(' and ')} without a record; master import takes many"
    return [Action(f"{kind.lower()} add {quoted(name)}", why)]

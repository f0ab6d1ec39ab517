"""Closed sets of the issuance of airline tickets: the states of a ticket, what people see of them,
clearance, and what the history tells."""

from __future__ import annotations

from ticketops.model.states import VOID, StateMachine

NOT_READY, NAME_UPDATE_PENDING, ON_HOLD, FINANCE_CLEARED, ISSUED = (
    "NOT_READY",
    "NAME_UPDATE_PENDING",
    "ON_HOLD",
    "FINANCE_CLEARED",
    "ISSUED",
)
TICKET_STATE = (NOT_READY, NAME_UPDATE_PENDING, ON_HOLD, FINANCE_CLEARED, ISSUED, VOID)
TICKET_MACHINE = StateMachine(
    NOT_READY,
    {
        NOT_READY: frozenset({NAME_UPDATE_PENDING, ON_HOLD, FINANCE_CLEARED, VOID}),
        NAME_UPDATE_PENDING: frozenset({NOT_READY, ON_HOLD, FINANCE_CLEARED, VOID}),
        ON_HOLD: frozenset({FINANCE_CLEARED, VOID}),
        FINANCE_CLEARED: frozenset({NOT_READY, ON_HOLD, ISSUED, VOID}),
        ISSUED: frozenset({VOID}),
        VOID: frozenset(),
    },
)
"""Nothing is issued but from FINANCE_CLEARED; VOID is final."""
PENDING_CLEARANCE, READY_TO_ISSUE, SHOWN_ISSUED, SHOWN_VOID = SHOWN_STATUS = (
    "pending_clearance",
    "ready_to_issue",
    "issued",
    "void",
)
SHOWN = {
    NOT_READY: PENDING_CLEARANCE,
    NAME_UPDATE_PENDING: PENDING_CLEARANCE,
    ON_HOLD: PENDING_CLEARANCE,
    FINANCE_CLEARED: READY_TO_ISSUE,
    ISSUED: SHOWN_ISSUED,
    VOID: SHOWN_VOID,
}
"""{state: what people see of it}."""
PENDING, CLEARED, EXCEPTION = CLEARANCE = ("pending", "cleared", "exception")
QUEUES = OF_PENDING, OF_READY, OF_ISSUED, OF_NAMES, DUE_SOON, OVERDUE = (
    "pending",
    "ready",
    "issued",
    "name-update",
    "due-soon",
    "overdue",
)
(
    CREATED,
    REFRESHED,
    NAMED,
    CLEARED_BY_FINANCE,
    EXCEPTION_REQUESTED,
    EXCEPTION_APPROVED,
    SETTLED_UP,
    WAS_ISSUED,
    WAS_VOIDED,
    UNDO,
) = HISTORY_ACTION = (
    "CREATE",
    "REFRESH",
    "NAME_UPDATE",
    "FINANCE_CLEAR",
    "REQUEST_EXCEPTION",
    "APPROVE_EXCEPTION",
    "CATCH_UP",
    "ISSUE",
    "VOID",
    "UNDO",
)
"""What TicketStatusHistory tells. CATCH_UP: the stored state follows the live clearance before a
command builds on it."""
DOCUMENT_KIND = ("E_TICKET", "SCAN", "PASSPORT", "OTHER")
OF_READERS = ("E_TICKET", "SCAN")
"""Kinds of documents that go along when a ticket is issued; passports stay in the house."""
TITLE = ("MR", "MRS", "MS", "MISS", "MSTR", "DR", "INF")
"""What stands before a passenger's name."""
NAME_OPEN, NAME_FINAL, NAME_ISSUED = NAME_IS = ("OPEN", "FINAL", "ISSUED")
"""How far the name on a ticket is, for those who supply it."""
OUTBOUND, RETURN = DIRECTION = ("OUTBOUND", "RETURN")

"""Every closed set of states of §17 and its allowed transitions (D7). A blank cell stands for the
first state."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

AVAILABLE, ALLOCATED, CANCELLED, REPLACED, SOLD = (
    "AVAILABLE",
    "ALLOCATED",
    "CANCELLED",
    "REPLACED",
    "SOLD",
)
WAITING_STOCK = "WAITING_STOCK"
NOT_SENT, PENDING, SENT, ACCEPTED, ISSUE, UPLOADED = (
    "NOT_SENT",
    "PENDING",
    "SENT",
    "ACCEPTED",
    "ISSUE",
    "UPLOADED",
)
UNALLOCATED, PARTIAL_ALLOCATED, PENDING_APPROVAL = (
    "UNALLOCATED",
    "PARTIAL_ALLOCATED",
    "PENDING_APPROVAL",
)
FULFILLED, REJECTED = "FULFILLED", "REJECTED"
PARTIAL_PENDING = "PARTIAL_PENDING"
"""Of an order: a line of it waits for approval (§14a)."""

UNIT_STATUS = (AVAILABLE, ALLOCATED, CANCELLED, REPLACED, SOLD)
DISTRIBUTION_STATUS = (ALLOCATED, WAITING_STOCK, CANCELLED)
DELIVERY = (NOT_SENT, SENT, PENDING, ACCEPTED, ISSUE, UPLOADED)
DISPATCH_STATUS = (NOT_SENT, SENT, PENDING, ACCEPTED, ISSUE)
PRIORITY = ("Normal", "High", "Low")
SALE_STATUS = (
    UNALLOCATED,
    PARTIAL_ALLOCATED,
    PENDING_APPROVAL,
    ALLOCATED,
    FULFILLED,
    CANCELLED,
    REJECTED,
)
FOLLOWS = (UNALLOCATED, PARTIAL_ALLOCATED, ALLOCATED, FULFILLED)
"""The states of a sale that its tickets make."""
PAID = "PAID"
PAYMENT_STATUS = ("PENDING", "INVOICED", PAID)
UNPAID_TICKETS = WARN, BLOCK, IGNORE = ("warn", "block", "ignore")
"""What becomes of tickets whose sale is not paid, before they are sent (a setting)."""
SOLD_ROW, PURCHASE_ROW = ROW_TYPE = ("Sales", "Purchases")
RECON_ACTION = ("KEEP", "DELETE_CANDIDATE", "MANUAL_REVIEW", "PROTECTED_EXCESS", "MISSING_IN_DIST")
ALLOC_ACTION = (
    "ALLOCATE",
    "UNDO_SALE",
    "UNDO_SET",
    "RESET_SEATS",
    "SET_ALLOC_FROM_CATEGORY",
    "CLEAR_ALLOC_FROM_CATEGORY",
    "CANCEL_SALE",
    "REJECT_SALE",
    "APPROVE_OVERSELL",
    "SUBSTITUTE_UNIT",
    "HOLD_UNITS",
    "RELEASE_UNITS",
    "SWAP_MATCH",
    "UNDO",
)
"""What `_ALLOC_LOG` tells. §17, then ours: what else an operator does to the allocation state, and
that it was taken back (D19)."""
REPAIR_ACTION = (
    "REPAIR_COUNT_MISMATCH",
    "REPAIR_ORPHAN_ALLOCATED_PURCHASE_UNIT",
    "REPAIR_PURCHASE_UNIT_MISSING_ALLOCATED_SALES_ID",
    "REPAIR_SALES_ID_MISMATCH",
    "REPAIR_STATUS_LOOKS_ALLOCATED_BUT_UNLINKED",
    "REPAIR_STATUS_LOOKS_AVAILABLE_BUT_REFERENCED",
    "UNDO",
)
"""What `_ALLOCATION_REPAIR_LOG` tells: the audit code (§12a) that was repaired, and that it was
taken back (D19)."""
SUGGEST, SEMI_AUTO, FULLY_AUTO = "SUGGEST", "SEMI_AUTO", "FULLY_AUTO"
POLICY_MODE = (SUGGEST, SEMI_AUTO, FULLY_AUTO)
SINGLE_SET_ONLY, ALLOW_MULTI_SET, REQUIRE_MIN_CHUNK_SIZE = (
    "SINGLE_SET_ONLY",
    "ALLOW_MULTI_SET",
    "REQUIRE_MIN_CHUNK_SIZE",
)
SPLIT_POLICY = (SINGLE_SET_ONLY, ALLOW_MULTI_SET, REQUIRE_MIN_CHUNK_SIZE)
ALIAS_KIND = ("CLIENT", "VENDOR")
DRAFT, ACTIVE, INACTIVE = MASTER_STATUS = ("DRAFT", "ACTIVE", "INACTIVE")
CLIENT_TYPE = ("CORPORATE", "AGENCY", "INDIVIDUAL")
VENDOR_TYPE = ("MARKETPLACE", "DIRECT", "AGENCY")
PURCHASE_CONTRACT, SALE_CONTRACT = CONTRACT_TYPE = ("PURCHASE", "SALE")
EXPIRED, TERMINATED = "EXPIRED", "TERMINATED"
CONTRACT_STATUS = (ACTIVE, EXPIRED, TERMINATED)
POLICY_SCOPE = ("event", "match", "client")
IN, OUT = DIRECTION = ("IN", "OUT")
"""Of a payment: what we get, and what we pay."""
RECORDED, VOID = RECORD_STATUS = ("RECORDED", "VOID")
"""Of a payment or a fee: one that is VOID counts for nothing, and keeps its number."""
DELIVERY_CHANNEL = ("E_TICKET", "MOBILE_TRANSFER", "PHYSICAL", "LINK", "RFID")
OPEN, PARTLY_SETTLED, SETTLED, DISPUTED = SETTLEMENT = (
    "OPEN",
    "PARTLY_SETTLED",
    "SETTLED",
    "DISPUTED",
)
"""Of a purchase; only DISPUTED is typed, the others follow from its payments."""
FEE_KIND = ("PLATFORM", "DELIVERY", "OTHER")
INVOICE, CREDIT_NOTE = INVOICE_KIND = ("INVOICE", "CREDIT_NOTE")
REFUND_DECISION = ("TO_BE_DECIDED", "REFUND", "CREDIT", "NO_REFUND")
CREDENTIAL_ACTION = (
    "CREATED",
    "UPDATED",
    "DEACTIVATED",
    "PASSWORD_VIEWED",
    "ASSIGNED",
    "EXPORTED",
    "SEALED",
    "ROTATED",
    "UNDO",
)
SCHEDULED, LIVE, FINISHED, POSTPONED = "SCHEDULED", "LIVE", "FINISHED", "POSTPONED"
MATCH_STATUS = (SCHEDULED, LIVE, FINISHED, POSTPONED, CANCELLED)
"""Of a match. A result is entered for one that is SCHEDULED or LIVE."""
GENDER = ("M", "W", "MIXED")
SIDE = HOME, AWAY = ("HOME", "AWAY")
SCHEDULE_ACTION = ("IMPORT", "SET", "RESULT", "CORRECTED", "RESOLVED", "REVERTED", "UNDO")
"""What `_SCHEDULE_LOG` tells of a match. RESOLVED: a side became the team that a result or a table
says; REVERTED: a side is open again."""
EVENT_ACTION = ("CREATE", "ADVANCE", "BACK", "UNDO")
"""What `_EVENT_LOG` tells: an event was entered, went a step on or back (§1), or that was taken back
(D19)."""
CLOSING_ACTION = (FOUND, ACCEPT, WITHDRAW, _UNDONE) = ("FOUND", "ACCEPT", "WITHDRAW", "UNDO")
"""What `_CLOSING` tells (§13): what was outstanding when the event was closed, that somebody accepted
it as it is, withdrew that, or that the acceptance was taken back (D19)."""
CHANNEL = EMAIL, SLACK, WHATSAPP, IN_APP = ("email", "slack", "whatsapp", "in_app")
"""How a message reaches its recipient (§17)."""
MESSAGE_STATE = (QUEUED, SENDING, SENT_OUT, FAILED, UNKNOWN, WITHDRAWN) = (
    "QUEUED",
    "SENDING",
    "SENT",
    "FAILED",
    "UNKNOWN",
    "WITHDRAWN",
)
"""Of a message (D25). UNKNOWN: the connection broke after the text was handed over. WITHDRAWN: it was
cancelled, or what caused it was undone, before it was sent."""
RUNNING, DONE = "RUNNING", "DONE"
JOB_STATE = (QUEUED, RUNNING, DONE, FAILED, EXPIRED)
"""Of a report that is made as a job. EXPIRED: its file was swept away."""
DECLINED, REVOKED = "DECLINED", "REVOKED"
TRANSFER_STATE = (PENDING, ACCEPTED, DECLINED, REVOKED, EXPIRED)
"""Of the transfer of a ticket from one guest to another: only one that is PENDING can be decided, and it
expires by itself."""
PROMOTED, SKIPPED = "PROMOTED", "SKIPPED"
WAITLIST_STATE = (QUEUED, PROMOTED, ACCEPTED, SKIPPED)
"""Of an entry of the waiting list: tickets are held for one that is PROMOTED, until its deadline."""
USED, TRANSFERRED = "USED", "TRANSFERRED"
ALLOTMENT_STATE = (USED, TRANSFERRED, REVOKED)
"""Of a ticket of a sponsor's allotment: the sponsor has it, its guest passed it on, or it was taken back.
None of them is free again."""
PORTAL_ACTION = (
    "INVITED",
    "EXTENDED",
    "REVOKED",
    "OPENED",
    "SAVED",
    "ACCEPTED",
    "ISSUE",
    "UNDONE",
    "DOWNLOADED",
    "REVEALED",
    "UPLOADED",
    "UNDO",
)
"""What `_PORTAL_LOG` tells of a link to the portal. UNDONE: its reader took back the last of their own
changes; UNDO: the office took back what stood there (D19)."""
OBSTRUCTED_VIEW, ACCESSIBLE, COMPANION, MEDIA, HELD_BACK = (
    "OBSTRUCTED_VIEW",
    "ACCESSIBLE",
    "COMPANION",
    "MEDIA",
    "HELD",
)
SEAT_RESTRICTION = (OBSTRUCTED_VIEW, ACCESSIBLE, COMPANION, MEDIA, HELD_BACK)
"""What there is to know about a seat of a map."""
NOT_FOR_SALE = (MEDIA, HELD_BACK)
AUDIENCE = FOR_OFFICE, FOR_CLIENT, FOR_SUPPLIER = ("office", "client", "supplier")
"""Who reads a message, which says what may stand in it (D10, D25)."""

DISPATCHED = frozenset({SENT, UPLOADED, ACCEPTED})
"""Delivery states of a ticket that has left the house (D8)."""


class StateMachine(Struct, frozen=True):
    """The states of one column and where each may go. A blank cell stands for `initial`."""

    initial: str
    moves: Mapping[str, frozenset[str]]

    def allows(self, before: str | None, after: str | None) -> bool:
        """Whether a cell may go from `before` to `after`. A value outside the set may be corrected
        to any state."""
        old, new = before or self.initial, after or self.initial
        if new not in self.moves:
            return False
        return old == new or old not in self.moves or new in self.moves[old]


UNIT_MACHINE = StateMachine(
    AVAILABLE,
    {
        AVAILABLE: frozenset({ALLOCATED, CANCELLED, REPLACED, SOLD}),
        ALLOCATED: frozenset({AVAILABLE, CANCELLED, REPLACED, SOLD}),
        CANCELLED: frozenset({AVAILABLE}),
        REPLACED: frozenset({AVAILABLE}),
        SOLD: frozenset({AVAILABLE, ALLOCATED}),
    },
)
DISTRIBUTION_MACHINE = StateMachine(
    "",
    {
        "": frozenset({ALLOCATED, WAITING_STOCK, CANCELLED}),
        ALLOCATED: frozenset({"", WAITING_STOCK, CANCELLED}),
        WAITING_STOCK: frozenset({"", ALLOCATED, CANCELLED}),
        CANCELLED: frozenset({""}),
    },
)
WAITLIST_MACHINE = StateMachine(
    QUEUED,
    {
        QUEUED: frozenset({PROMOTED, SKIPPED}),
        PROMOTED: frozenset({ACCEPTED, SKIPPED}),
        ACCEPTED: frozenset(),
        SKIPPED: frozenset(),
    },
)
MESSAGE_MACHINE = StateMachine(
    QUEUED,
    {
        QUEUED: frozenset({SENDING, FAILED, WITHDRAWN}),
        SENDING: frozenset({QUEUED, SENT_OUT, FAILED, UNKNOWN}),
        SENT_OUT: frozenset(),
        FAILED: frozenset({QUEUED, WITHDRAWN}),
        UNKNOWN: frozenset({QUEUED, SENT_OUT, FAILED}),
        WITHDRAWN: frozenset(),
    },
)
JOB_MACHINE = StateMachine(
    QUEUED,
    {
        QUEUED: frozenset({RUNNING, FAILED}),
        RUNNING: frozenset({DONE, FAILED}),
        DONE: frozenset({EXPIRED, QUEUED, RUNNING}),
        FAILED: frozenset({QUEUED, RUNNING}),
        EXPIRED: frozenset({QUEUED, RUNNING}),
    },
)
TRANSFER_MACHINE = StateMachine(
    PENDING,
    {
        PENDING: frozenset({ACCEPTED, DECLINED, REVOKED, EXPIRED}),
        **dict.fromkeys((ACCEPTED, DECLINED, REVOKED, EXPIRED), frozenset()),
    },
)
ALLOTMENT_MACHINE = StateMachine(
    USED,
    {
        USED: frozenset({TRANSFERRED, REVOKED}),
        TRANSFERRED: frozenset({REVOKED}),
        REVOKED: frozenset(),
    },
)
DELIVERY_MACHINE = StateMachine(
    NOT_SENT,
    {
        NOT_SENT: frozenset({PENDING, SENT, UPLOADED, ISSUE}),
        PENDING: frozenset({NOT_SENT, SENT, UPLOADED, ISSUE}),
        UPLOADED: frozenset({SENT, ACCEPTED, ISSUE}),
        SENT: frozenset({ACCEPTED, ISSUE}),
        ISSUE: frozenset({NOT_SENT, PENDING, SENT, UPLOADED}),
        ACCEPTED: frozenset({ISSUE}),
    },
)

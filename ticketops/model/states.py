"""Every closed set of states of §17 and its allowed transitions (D7). A blank cell stands for the
first state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
ROW_TYPE = ("Sales", "Purchases")
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
POLICY_SCOPE = ("event", "match", "client")
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

DISPATCHED = frozenset({SENT, UPLOADED, ACCEPTED})
"""Delivery states of a ticket that has left the house (D8)."""


@dataclass(frozen=True, slots=True)
class StateMachine:
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

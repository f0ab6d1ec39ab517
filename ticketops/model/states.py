"""Every closed set of §17 and its allowed transitions (D7). A blank cell stands for the first state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AVAILABLE, ALLOCATED, CANCELLED, REPLACED, SOLD = "AVAILABLE", "ALLOCATED", "CANCELLED", "REPLACED", "SOLD"
WAITING_STOCK = "WAITING_STOCK"
NOT_SENT, PENDING, SENT, ACCEPTED, ISSUE, UPLOADED = "NOT_SENT", "PENDING", "SENT", "ACCEPTED", "ISSUE", "UPLOADED"
UNALLOCATED, PARTIAL_ALLOCATED, PENDING_APPROVAL = "UNALLOCATED", "PARTIAL_ALLOCATED", "PENDING_APPROVAL"
FULFILLED, REJECTED = "FULFILLED", "REJECTED"
PARTIAL_PENDING = "PARTIAL_PENDING"
"""Of an order: a line of it waits for approval (§14a)."""

UNIT_STATUS = (AVAILABLE, ALLOCATED, CANCELLED, REPLACED, SOLD)
DISTRIBUTION_STATUS = (ALLOCATED, WAITING_STOCK, CANCELLED)
DELIVERY = (NOT_SENT, SENT, PENDING, ACCEPTED, ISSUE, UPLOADED)
DISPATCH_STATUS = (NOT_SENT, SENT, PENDING, ACCEPTED, ISSUE)
PRIORITY = ("Normal", "High", "Low")
SALE_STATUS = (UNALLOCATED, PARTIAL_ALLOCATED, PENDING_APPROVAL, ALLOCATED, FULFILLED, CANCELLED, REJECTED)
PAYMENT_STATUS = ("PENDING", "INVOICED", "PAID")
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
)
"""§17, then ours: what else an operator does to the allocation state."""
SUGGEST, SEMI_AUTO, FULLY_AUTO = "SUGGEST", "SEMI_AUTO", "FULLY_AUTO"
POLICY_MODE = (SUGGEST, SEMI_AUTO, FULLY_AUTO)
SINGLE_SET_ONLY, ALLOW_MULTI_SET, REQUIRE_MIN_CHUNK_SIZE = "SINGLE_SET_ONLY", "ALLOW_MULTI_SET", "REQUIRE_MIN_CHUNK_SIZE"
SPLIT_POLICY = (SINGLE_SET_ONLY, ALLOW_MULTI_SET, REQUIRE_MIN_CHUNK_SIZE)
POLICY_SCOPE = ("event", "match", "client")
REFUND_DECISION = ("TO_BE_DECIDED", "REFUND", "CREDIT", "NO_REFUND")
STAFF, OPERATOR, SR_OPERATOR, OPS_MANAGER, SUPER_ADMIN = "staff", "operator", "sr_operator", "ops_manager", "super_admin"
ROLE = (STAFF, OPERATOR, SR_OPERATOR, OPS_MANAGER, "event_admin", SUPER_ADMIN)
"""Actor roles of §0 that work with this tool, each able to do what those before it may."""
CLIENT, SUPPLIER, STAFF_BOOK = "client", "supplier", "staff"
BOOK_KIND = (CLIENT, SUPPLIER, STAFF_BOOK)
"""Whom a book is made for (§7, §8, §9)."""
CREDENTIAL_ACTION = ("CREATED", "UPDATED", "DEACTIVATED", "PASSWORD_VIEWED", "ASSIGNED", "EXPORTED", "SEALED", "ROTATED")
FIFA_CATEGORIES = ("Top Cat 1", "Cat 1", "Cat 2", "Cat 3", "Cat 4")
OLYMPIC_CATEGORIES = ("First", "A", "B", "C", "D", "E")

DISPATCHED = frozenset({SENT, UPLOADED, ACCEPTED})
"""Delivery states of a ticket that has left the house (D8)."""


def category_scheme(category: str) -> tuple[str, ...]:
    """The scheme of §17 that a category is of, the best first; empty for a category of none."""
    return next((scheme for scheme in (FIFA_CATEGORIES, OLYMPIC_CATEGORIES) if category in scheme), ())


def category_rank(category: str) -> int | None:
    """0 for the best category of its scheme, counting up; None for a category of no scheme."""
    scheme = category_scheme(category)
    return scheme.index(category) if scheme else None


@dataclass(frozen=True, slots=True)
class StateMachine:
    """The states of one column and where each may go. A blank cell stands for `initial`."""

    initial: str
    moves: Mapping[str, frozenset[str]]

    def allows(self, before: str | None, after: str | None) -> bool:
        """Whether a cell may go from `before` to `after`. A value outside the set may be corrected to any state."""
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

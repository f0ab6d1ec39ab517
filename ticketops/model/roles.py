"""The roles of §0, in the order of what they may do, and the capabilities of §15: taking part in a
flow."""

from __future__ import annotations

STAFF, OPERATOR, SR_OPERATOR, OPS_MANAGER, SUPER_ADMIN = (
    "staff",
    "operator",
    "sr_operator",
    "ops_manager",
    "super_admin",
)
ROLE = (STAFF, OPERATOR, SR_OPERATOR, OPS_MANAGER, "event_admin", SUPER_ADMIN)
"""Actor roles of §0 that work with this tool, each able to do what those before it may."""

TICKET_MANAGER = "ticket_manager"
"""A role beside that order: what staff may, and what TAKES says."""
KNOWN = (*ROLE, TICKET_MANAGER)
TAKES = {
    TICKET_MANAGER: frozenset({"tickets.view", "tickets.edit", "tickets.approve", "reports.export"})
}
"""{role: the capabilities that it consists of}; the others are judged by their place."""


def rank(role: str) -> int:
    """The place of a role in the order of ROLE; -1 for one that nobody knows."""
    if role in TAKES:
        return ROLE.index(STAFF)
    return ROLE.index(role) if role in ROLE else -1


FLOW = (
    "event",
    "masters",
    "procurement",
    "sales",
    "allocation",
    "overrides",
    "clients",
    "staff",
    "suppliers",
    "messages",
    "reports",
    "audit",
    "closure",
    "exceptions",
    "money",
    "credentials",
    "sync",
    "users",
    "tickets",
)
"""The flows of §15, and what stands beside them here: money, logins, copies of the workbook, users,
airline tickets."""
LEVEL = ("view", "edit", "approve")
"""How far somebody takes part in a flow, each further than those before it."""
EXPORT = "export"


def levels(flow: str) -> tuple[str, ...]:
    """How far somebody can take part in a flow: in reports, which nobody edits, `export` gives them
    out of the house."""
    return ("view", EXPORT, "edit", "approve") if flow == "reports" else LEVEL

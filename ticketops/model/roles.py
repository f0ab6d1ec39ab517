"""The roles of §0, in the order of what they may do."""

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

"""Which command needs which role (§0, §15): one table, for doing and for undoing."""

from __future__ import annotations

from ticketops.model.states import OPERATOR, OPS_MANAGER, ROLE, SR_OPERATOR, STAFF

_NEEDED = (
    ("allocate preview", STAFF),
    ("sale upgrades", STAFF),
    ("policy set", OPS_MANAGER), ("event swap", OPS_MANAGER),
    ("sale approve", OPS_MANAGER), ("sale reject", OPS_MANAGER), ("sale upgrade", OPS_MANAGER),
    ("sale cancel", SR_OPERATOR), ("allocate", SR_OPERATOR), ("override", SR_OPERATOR), ("unit", SR_OPERATOR),
    ("client view", STAFF), ("client groups", STAFF), ("supplier groups", STAFF), ("dispatch status", STAFF),
    ("staff mark", STAFF), ("staff report-issue", STAFF), ("staff reveal", STAFF), ("staff tasks", STAFF),
    ("client", OPERATOR), ("supplier", OPERATOR), ("staff", OPERATOR), ("dispatch", OPERATOR),
    ("credentials seal", OPS_MANAGER), ("credentials rotate", OPS_MANAGER), ("credentials list", OPERATOR), ("credentials", SR_OPERATOR),
    ("recon apply", SR_OPERATOR), ("audit repair", SR_OPERATOR),
    ("sync diff", STAFF), ("sync", SR_OPERATOR),
    ("purchase", OPERATOR), ("sale", OPERATOR), ("recon", OPERATOR),
)  # fmt: skip
"""(first words of a command, least role); the first that fits counts. What is not here anybody may do."""


def to_do(command: str) -> str:
    """The least role that may run a command. Who may change users depends on who there is: `domain.roles` judges it."""
    return next((role for words, role in _NEEDED if command.startswith(words)), STAFF)


def to_undo(command: str) -> str:
    """The least role that may take a command back: the one that may run it, an operator at least."""
    return OPS_MANAGER if command.startswith("user set") else max(to_do(command), OPERATOR, key=ROLE.index)

"""`_PORTAL_LOG`: what was done with links to the portal, for good (D19)."""

from __future__ import annotations

from ticketops.domain.plan import Plan, Run
from ticketops.domain.portal.tokens import Token
from ticketops.model.changes import AppendRows
from ticketops.schema.layouts.event import PORTAL_LOG
from ticketops.schema.tables import Snapshot

_COLUMNS = ("timestamp", "token_id", "kind", "party", "action", "subject", "cells", "run_id")


def record(
    plan: Plan,
    snapshot: Snapshot,
    run: Run,
    token: Token,
    action: str,
    subject: str = "",
    cells: int | None = None,
) -> None:
    """Append a line. action: one of states.PORTAL_ACTION; subject: tickets or what else it was about,
    never what was typed; cells: how many were taken. snapshot: holds `_PORTAL_LOG`."""
    row = (
        *(run.now, token.token_id, token.kind, token.party, action, subject or None, cells),
        run.run_id,
    )
    added = [one for one in plan.changes if isinstance(one, AppendRows) and one.sheet == PORTAL_LOG]
    taken = sum(len(one.rows) for one in added)
    plan.changes.append(PORTAL_LOG, snapshot[PORTAL_LOG].next_row + taken, _COLUMNS, [row])

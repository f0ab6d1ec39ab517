"""Making links to the portal, ending them, coming in by one (§7, §8, §9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from msgspec.structs import replace

from ticketops.domain.plan import Plan, Run
from ticketops.domain.portal import log
from ticketops.domain.portal.results import OPEN, Invited, LinkSet
from ticketops.domain.portal.tokens import COLUMNS, LAST, Token, lets_in, standing, state_of
from ticketops.errors import RuleError
from ticketops.model import events, ids
from ticketops.schema.layouts.event import PORTAL_TOKENS
from ticketops.schema.tables import Snapshot

MOST_DAYS = 366
"""For how long a link may stand."""


def plan_invite(
    snapshot: Snapshot,
    run: Run,
    kind: str,
    party: str,
    title: str,
    digest: Callable[[str], str],
    days: int,
) -> tuple[Plan, Token]:
    """A new link for a party, which stands for `days`. digest: of its secret, from its TokenID. Raises
    RuleError where the event is over for that kind."""
    if not lets_in(kind, run.event):
        state = run.event.state if run.event else ""
        raise RuleError(
            f"no {kind} gets into the portal any longer: the event is {state or 'unclear'}",
            f"links of {kind}s end with the state {LAST.get(kind, events.CLOSED)}",
        )
    table = snapshot[PORTAL_TOKENS]
    number = ids.next_number(ids.TOKEN_ID, table.frame["token_id"])
    token_id = ids.numbered(ids.TOKEN_ID, number)
    token = Token(
        token_id,
        kind,
        party,
        title,
        digest(token_id),
        run.now,
        run.user,
        run.now + timedelta(days=days),
        None,
        None,
        None,
        table.next_row,
    )
    plan = Plan(result=Invited(token.told(OPEN), None))
    cells = [getattr(token, name) for name in COLUMNS]
    plan.changes.append(PORTAL_TOKENS, table.next_row, (*COLUMNS, "run_id"), [(*cells, run.run_id)])
    log.record(plan, snapshot, run, token, "INVITED", f"until {token.expires_at:%Y-%m-%d %H:%M}")
    return plan, token


def plan_revoke(snapshot: Snapshot, run: Run, token: Token) -> Plan:
    """End a link at once; whoever is inside is out. One that has ended stays so."""
    plan = Plan()
    if token.ended_at is None:
        cells = {"ended_at": (None, run.now), "ended_by": (token.ended_by, run.user)}
        plan.changes.set(PORTAL_TOKENS, token.row, token.token_id, cells)
        log.record(plan, snapshot, run, token, "REVOKED", f"by {run.user}")
        token = replace(token, ended_at=run.now, ended_by=run.user)
    plan.result = LinkSet((token.told(state_of(snapshot, run, token)),))
    return plan


def plan_extend(snapshot: Snapshot, run: Run, token: Token, days: int) -> Plan:
    """Let a link stand for `days` from now. Raises RuleError for one that was ended: a new one is
    made in its place."""
    if token.ended_at is not None:
        raise RuleError(
            f"{token.token_id} was ended by {token.ended_by or 'someone'}",
            "`ticketops portal invite` makes a new link",
        )
    until = run.now + timedelta(days=days)
    plan = Plan()
    plan.changes.set(
        PORTAL_TOKENS, token.row, token.token_id, {"expires_at": (token.expires_at, until)}
    )
    log.record(plan, snapshot, run, token, "EXTENDED", f"until {until:%Y-%m-%d %H:%M}")
    token = replace(token, expires_at=until)
    plan.result = LinkSet((token.told(state_of(snapshot, run, token)),))
    return plan


def plan_opening(snapshot: Snapshot, run: Run, digest: str) -> Plan:
    """Whoever has the secret of a link comes in. The result is the Token; None, and nothing written,
    where no link with this digest lets in."""
    token = standing(snapshot, run, digest)
    plan = Plan(result=token)
    if token is not None:
        plan.changes.set(
            PORTAL_TOKENS, token.row, token.token_id, {"opened_at": (token.opened_at, run.now)}
        )
        log.record(plan, snapshot, run, token, "OPENED")
    return plan

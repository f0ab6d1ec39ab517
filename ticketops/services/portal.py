"""Links to the portal (§7, §8, §9): made, listed, ended, opened."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from ticketops.config import Settings
from ticketops.domain.dispatch import clients
from ticketops.domain.dispatch.state import LEDGERS, QUEUES, State
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Plan, Run
from ticketops.domain.portal import letters, links, tokens
from ticketops.domain.portal.results import Invited, LinkList
from ticketops.engine.job import Effect, Job
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import book_kinds, ids
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import (
    ALIASES,
    BOOKS,
    CLIENTS,
    NOTIFICATION_LOG,
    NOTIFICATION_TRIGGERS,
    PORTAL_LOG,
    PORTAL_TOKENS,
    SUPPLIER_GROUPS,
    USERS,
    VENDORS,
    VIEWS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.book_parties import in_scope, parties_of, party_of, sees_book
from ticketops.services.books import LEDGERS_OF_BOOKS, LISTS_OF_BOOKS
from ticketops.services.invitations import Invitations, digest_of
from ticketops.services.rendering import SHEETS_OF_TEXTS

SECRET_BYTES = 32
LONGEST_SECRET = 43
"""Characters of 256 bits in base64url."""
_LINKS = (PORTAL_TOKENS, PORTAL_LOG, USERS)
_PARTIES = (*QUEUES, BOOKS, *_LINKS)
_INVITED = tuple(
    dict.fromkeys(
        (
            *(*_PARTIES, CLIENTS, VENDORS, ALIASES, SUPPLIER_GROUPS, NOTIFICATION_LOG),
            *(NOTIFICATION_TRIGGERS, *SHEETS_OF_TEXTS),
        )
    )
)
"""What is read to invite: parties, and how they are written to."""


def link_of(base: str, secret: str) -> str:
    """The address that a party gets."""
    return f"{base.rstrip('/')}/i/{secret}"


def base_url(text: str) -> str:
    """The address under which people reach the portal. Raises UsageError for what is none; http only
    on this machine, since whoever reads along could come in."""
    from ticketops.stores.gsheets.address import is_confidential

    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"{text!r} is not an address of a server", "write https://HOST/PATH")
    if parts.username or parts.password:
        raise UsageError("the address of the portal can't hold a password")
    if not is_confidential(text.strip()):
        raise UsageError(
            f"{text!r} is not secret on its way",
            "links are sent to https://… only; http is for this machine",
        )
    return text.strip().rstrip("/")


def invite(
    settings: Settings,
    kind: str,
    name: str,
    days: int | None,
    base: str,
    *,
    queued: bool = False,
    handed: Callable[[Invited], object] | None = None,
) -> Job:
    """Make a link for a party. days: for how long; None: as the event says, else the setting. base: the
    address of the portal. The link is in the result once it is written, and nowhere else; handed: gets
    that. queued: a message takes the link to the address of the party instead.

    Planning raises NotFoundError, UnclearNameError, NotPermittedError, and RuleError for a party that
    gets no book, or that nobody can write to.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    made = Invitations(settings.state)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        state = State.of(snapshot)
        party = _party(state, snapshot, kind, name, run)
        in_scope(state, kind, [party], [party], run)
        if doubt := clients.unconfirmed(state, kind, [party]):
            raise RuleError(f"can't invite {name}: {doubt[party]}")
        title = state.client_titles.get(party, party) if kind == book_kinds.CLIENT else party
        by_event = run.event.portal_token_expiry_days if run.event else settings.portal_days
        stands = by_event if days is None else days
        plan, token = links.plan_invite(
            snapshot,
            run,
            kind,
            party,
            title,
            lambda name: digest_of(made.secret(name, run.run_id) if queued else secret),
            max(1, min(stands, links.MOST_DAYS)),
        )
        if queued:
            message = letters.queue(plan, snapshot, run, token, link_of(base, letters.UNSEEN))
            plan.result = replace(plan.result, message=message.message, recipient=message.recipient)
        return plan

    def hand_out(plan: Plan) -> list[Finding]:
        if not queued:
            plan.result = replace(plan.result, link=link_of(base, secret))
        if handed is not None:
            handed(plan.result)
        return []

    return Job("portal.invite", plan, LEDGERS, _INVITED, after_commit=hand_out)


def _party(state: State, snapshot: Snapshot, kind: str, name: str, run: Run) -> str:
    """A party as books call it. A member of staff need not have a task yet."""
    if kind != book_kinds.STAFF_BOOK:
        return parties_of(state, kind, [name], snapshot, run)[0]
    party = party_of(state, kind, name, run)
    if "@" not in party:
        raise NotFoundError(
            f"{name!r} is not an address", "tasks are assigned to e-mail addresses: --staff ADDRESS"
        )
    users.require_welcome(snapshot, [party], "can't invite")
    return party


def list_links(*, everything: bool) -> Job:
    """The links that let in, oldest first. everything: also those that do not any longer. A user who
    is limited to some parties sees theirs."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        found = [
            token.told(tokens.state_of(snapshot, run, token))
            for token in tokens.tokens_of(snapshot)
        ]
        if run.scope is not None:
            state = State.of(snapshot)
            found = [one for one in found if sees_book(state, one.kind, one.party, run)]
        return Plan(
            result=LinkList(tuple(one for one in found if everything or one.state == "open"))
        )

    return Job("portal.list", plan, LEDGERS, _PARTIES, effect=Effect.READS)


def revoke(token_id: str) -> Job:
    """End a link at once. Planning raises NotFoundError, NotPermittedError."""
    return _of_one("portal.revoke", token_id, links.plan_revoke, Effect.FINAL)


def extend(token_id: str, days: int) -> Job:
    """Let a link stand for so many days from now. Planning raises NotFoundError, NotPermittedError, and
    RuleError for one that was ended."""
    return _of_one(
        "portal.extend",
        token_id,
        lambda snapshot, run, token: links.plan_extend(snapshot, run, token, days),
    )


def _of_one(
    name: str,
    token_id: str,
    act: Callable[[Snapshot, Run, tokens.Token], Plan],
    effect: Effect = Effect.WRITES,
) -> Job:
    def plan(snapshot: Snapshot, run: Run) -> Plan:
        token = tokens.named(snapshot, token_id)
        if run.scope is not None:
            in_scope(State.of(snapshot), token.kind, [token.party], [token.party], run)
        return act(snapshot, run, token)

    label = f"{name.replace('.', ' ')} {ids.read_numbered(ids.TOKEN_ID, token_id)}"
    return Job(name, plan, LEDGERS, _PARTIES, label, effect)


def open_link(secret: str) -> Job:
    """Whoever has the secret of a link comes in; the result is its Token, or None."""
    digest = digest_of(secret[: LONGEST_SECRET + 1])
    return Job(
        "portal.open",
        lambda snapshot, run: links.plan_opening(snapshot, run, digest),
        (),
        _LINKS,
        effect=Effect.FINAL,
    )


def reading() -> Job:
    """Everything that pages are made of: it plans nothing, the snapshot is what counts. It is given the
    whole workbook; each page shows the book of one party. Planning raises NotPermittedError."""
    return Job(
        "portal.read",
        lambda _snapshot, _run: Plan(),
        LEDGERS_OF_BOOKS,
        tuple(dict.fromkeys((*LISTS_OF_BOOKS, *_LINKS, VIEWS))),
        effect=Effect.READS,
    )

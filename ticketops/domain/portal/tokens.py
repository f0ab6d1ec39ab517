"""Links to the portal (§7, §8, §9): who they let in, and until when. Of the secret that a link holds
the workbook has the digest only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any

from msgspec import Struct

from ticketops.domain.event.record import Event
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Run
from ticketops.domain.portal.results import CLOSED, ENDED, EXPIRED, OPEN, PortalLink
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import book_kinds, events, ids
from ticketops.schema.layouts.event import PORTAL_TOKENS
from ticketops.schema.tables import Snapshot

LAST = {book_kinds.SUPPLIER: events.DISPATCHING}
"""{kind: the last state of the event in which its links let in}; of the others that is CLOSED."""


class Token(Struct, frozen=True):
    """A link to the portal as `_PORTAL_TOKENS` has it, and where. digest: the SHA-256 of its secret, in
    hex."""

    token_id: str
    kind: str
    party: str
    title: str
    digest: str
    created_at: datetime | None
    created_by: str | None
    expires_at: datetime | None
    opened_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    row: int

    def state(self, now: datetime, event: Event | None, barred: Mapping[str, str]) -> str:
        """How it stands, one of results.STATES. barred: members of staff who may do nothing. A link
        without a day on which it ends has ended."""
        if self.ended_at is not None:
            return ENDED
        if self.expires_at is None or now >= self.expires_at:
            return EXPIRED
        if self.party in barred or not lets_in(self.kind, event):
            return CLOSED
        return OPEN

    def told(self, state: str) -> PortalLink:
        """The same for people."""
        return PortalLink(
            self.token_id,
            self.kind,
            self.party,
            self.title,
            state,
            self.created_at,
            self.created_by,
            self.expires_at,
            self.opened_at,
            self.ended_at,
            self.ended_by,
        )


COLUMNS = tuple(name for name in Token.__struct_fields__ if name != "row")
"""Of `_PORTAL_TOKENS`, but for its RunID."""


def lets_in(kind: str, event: Event | None) -> bool:
    """Whether the event is not over for a kind of party: CLOSED for suppliers, ARCHIVED for all (§13).
    A state that nobody understands lets nobody in."""
    if event is None:
        return True
    if not event.state:
        return "Status" not in event.unclear and event.rows <= 1
    last = LAST.get(kind, events.CLOSED)
    return events.EVENT_STATE.index(event.state) <= events.EVENT_STATE.index(last)


def tokens_of(snapshot: Snapshot) -> list[Token]:
    """All links, oldest first; rows that lack what a link needs are none."""
    rows = snapshot[PORTAL_TOKENS].frame.select(*COLUMNS, "row").iter_rows(named=True)
    return [Token(**_texts(row)) for row in rows if row["token_id"] and row["digest"]]


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: row[name] or "" for name in ("kind", "party", "title")}


def standing(snapshot: Snapshot, run: Run, digest: str) -> Token | None:
    """The link with this digest that lets in now; None where there is none, whatever the reason. Every
    link is compared, each in constant time. snapshot: holds `_PORTAL_TOKENS` and `_USERS`."""
    found = None
    for token in tokens_of(snapshot):
        if compare_digest(token.digest.encode(), digest.encode()):
            found = token
    return found if found is not None and is_standing(snapshot, run, found) else None


def standing_called(snapshot: Snapshot, run: Run, token_id: str) -> Token | None:
    """The link of this name that lets in now; None where there is none. Of two of one name neither
    does."""
    found = [token for token in tokens_of(snapshot) if token.token_id == token_id]
    return found[0] if len(found) == 1 and is_standing(snapshot, run, found[0]) else None


def is_standing(snapshot: Snapshot, run: Run, token: Token) -> bool:
    """Whether a link lets in now."""
    return state_of(snapshot, run, token) == OPEN


def state_of(snapshot: Snapshot, run: Run, token: Token) -> str:
    """How a link stands now."""
    staff = [token.party] if token.kind == book_kinds.STAFF_BOOK else []
    return token.state(run.now, run.event, users.barred_people(snapshot, staff))


def named(snapshot: Snapshot, token_id: str) -> Token:
    """The link that somebody named. Raises NotFoundError."""
    wanted = ids.read_numbered(ids.TOKEN_ID, token_id)
    found = [token for token in tokens_of(snapshot) if token.token_id == wanted]
    if not found:
        raise NotFoundError(f"there is no link {wanted!r}", "`ticketops portal list` lists them")
    if len(found) > 1:
        raise RuleError(
            f"{wanted} is there {len(found)} times in {PORTAL_TOKENS}",
            "give each row a TokenID of its own",
        )
    return found[0]

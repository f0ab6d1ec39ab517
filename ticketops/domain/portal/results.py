"""What commands of `portal` tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

OPEN, EXPIRED, ENDED, CLOSED = "open", "expired", "ended", "closed"
STATES = (OPEN, EXPIRED, ENDED, CLOSED)
"""How a link stands: it lets in; its time is over; somebody ended it; the event is too far for it, or its
member of staff may do nothing."""


@dataclass(frozen=True, slots=True)
class PortalLink:
    """A link to the portal, without its secret. party: as books call it; title: as people do; state:
    one of STATES; opened_at: when its button was last pressed."""

    token_id: str
    kind: str
    party: str
    title: str
    state: str
    created_at: datetime | None
    created_by: str | None
    expires_at: datetime | None
    opened_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Invited:
    """`portal invite`. link: shown once; None where nothing was written, since nobody can make it out
    of the workbook, and where it is sent instead. message, recipient: the message that takes it, and to
    which address."""

    token: PortalLink
    link: str | None
    message: str | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class LinkSet:
    """`portal revoke` and `portal extend`: the links that were changed."""

    tokens: tuple[PortalLink, ...]


@dataclass(frozen=True, slots=True)
class LinkList:
    """`portal list`."""

    tokens: tuple[PortalLink, ...]

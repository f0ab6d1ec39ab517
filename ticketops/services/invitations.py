"""Links to the portal that are sent as messages (§7 step 2): made from the key of this machine, so that
neither the workbook nor the outbox holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from ticketops.domain.messages.facts import PortalInvited
from ticketops.domain.messages.message import Message
from ticketops.domain.portal.letters import UNSEEN
from ticketops.errors import RuleError
from ticketops.schema.layouts.event import PORTAL_TOKENS
from ticketops.schema.tables import Snapshot
from ticketops.services.signing import KEY_FILE, Key, as_text

SHEETS_OF_LINKS = (PORTAL_TOKENS,)
"""What says which links still stand."""
_NOTHING: Mapping[str, Mapping[str, Any]] = {}


def digest_of(secret: str) -> str:
    """What the workbook keeps of the secret of a link."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Invitations:
    """The secrets of links that are sent. folder: of the key, which is made where there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def secret(self, token_id: str, run_id: str) -> str:
        """The secret of a link that a run made: 256 bits, which nobody can make without the key. Raises
        UnusableError."""
        return as_text(Key.of(self._folder).mac("link", token_id, run_id))

    def with_message(self, snapshot: Snapshot, message: Message) -> Mapping[str, Mapping[str, Any]]:
        """{group: {variable: value}} that a message speaks of once it is sent; nothing for most. snapshot:
        holds SHEETS_OF_LINKS. Raises RuleError for a link that is over, or was made with another
        key."""
        if message.fact != PortalInvited.name:
            return _NOTHING
        _fact, _, of = message.identity.partition(" ")
        token_id, _, run_id = of.partition(" ")
        row = _row(snapshot, token_id, run_id)
        secret = self.secret(token_id, run_id)
        if row is None or row["ended_at"] is not None or not _stands(row["expires_at"]):
            raise RuleError(
                f"the link {token_id} is over", "`ticketops portal invite` makes a new one"
            )
        if digest_of(secret) != row["digest"]:
            raise RuleError(
                f"the link {token_id} was not made with {self._folder / KEY_FILE}",
                "the user who made it sends it, on the machine where it was made",
            )
        return {"invitation": {"link": secret}}


def filled(
    payload: Mapping[str, Mapping[str, Any]], late: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """A payload with what is known only when its message is sent."""
    made = {group: dict(values) for group, values in payload.items()}
    for group, values in late.items():
        for name, value in values.items():
            known = made.setdefault(group, {}).get(name)
            made[group][name] = str(known or UNSEEN).replace(UNSEEN, value)
    return made


def _row(snapshot: Snapshot, token_id: str, run_id: str) -> dict[str, Any] | None:
    rows = snapshot[PORTAL_TOKENS].frame.filter(
        pl.col("token_id") == token_id, pl.col("run_id") == run_id
    )
    return rows.row(0, named=True) if rows.height == 1 else None


def _stands(until: datetime | None) -> bool:
    return until is not None and datetime.now() < until

"""What happened beside trade: steps of the event, logins of vendors."""

from __future__ import annotations

from collections.abc import Iterator

from ticketops.domain.messages import facts, variables
from ticketops.domain.messages.happened.seen import Seen, key_of
from ticketops.model.events import ARCHIVED
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY, EVENT_LOG


def transitions(seen: Seen) -> Iterator[facts.Fact]:
    """Steps of the event, but for the last: nothing is sent of an event that is ARCHIVED."""
    for row in seen.added(EVENT_LOG):
        if row["action"] in ("ADVANCE", "BACK") and row["after"] not in (None, ARCHIVED):
            yield facts.EventTransition(
                key=f"{row['event']} {row['before']} {row['after']} {seen.run.today:%Y-%m-%d}",
                transition=variables.TransitionVars(row["before"], row["after"], row["reason"]),
            )


def credentials(seen: Seen) -> Iterator[facts.Fact]:
    """Logins of vendors that are added, changed or deactivated."""
    for row in seen.added(CREDENTIAL_HISTORY):
        if row["action"] in ("CREATED", "UPDATED", "DEACTIVATED"):
            said = (row["vendor"], row["login_id"], row["event"], row["action"])
            yield facts.CredentialUpdated(
                key=key_of(row["vendor"], *said, row["timestamp"]),
                credential=variables.CredentialVars(*said),
            )

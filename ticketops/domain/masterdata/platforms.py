"""Where a vendor's tickets of an event are fetched, and what helps to log in there (§2): for those who
send them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ticketops.model.names import name_key
from ticketops.schema.layouts.event import VENDOR_EVENTS
from ticketops.schema.tables import Snapshot


class Platform(NamedTuple):
    """What `_VENDOR_EVENTS` says of a vendor at an event."""

    url: str | None = None
    hint: str | None = None


NOWHERE = Platform()


def platforms(
    snapshot: Snapshot, event: str | None, owner: Callable[[str], str]
) -> Mapping[str | None, Platform]:
    """{vendor, as names are compared: where its tickets of this event are fetched}. owner: whom a
    name stands for. Empty where the sheet was not read, or the event is unknown."""
    if VENDOR_EVENTS not in snapshot or not event:
        return {}
    frame = snapshot[VENDOR_EVENTS].frame.drop_nulls(["vendor", "event"])
    columns = ("vendor", "event", "active", "platform_url", "credential_hint")
    return {
        name_key(owner(vendor)): Platform(url, hint)
        for vendor, at, active, url, hint in frame.select(columns).iter_rows()
        if name_key(at) == name_key(event) and active is not False
    }

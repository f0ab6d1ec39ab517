"""`ticketops venue …` (§2): where matches are played."""

from __future__ import annotations

from ticketops.cli.masters import of_entity
from ticketops.cli.session import command_group
from ticketops.schema.layouts.event.masters import VENUE

app = command_group("venue")
of_entity(app, VENUE, "VENUE")

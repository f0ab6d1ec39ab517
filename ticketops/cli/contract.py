"""`ticketops contract …` (§2): what was agreed with clients and vendors."""

from __future__ import annotations

from ticketops.cli.masters import of_entity
from ticketops.cli.session import command_group
from ticketops.schema.layouts.event.masters import CONTRACT

app = command_group("contract")
of_entity(app, CONTRACT, "REF")

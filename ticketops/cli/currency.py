"""`ticketops currency …` (§2): currencies and what they are worth."""

from __future__ import annotations

from ticketops.cli.masters import of_entity
from ticketops.cli.session import command_group
from ticketops.schema.layouts.event.masters import CURRENCY

app = command_group("currency")
of_entity(app, CURRENCY, "CODE")

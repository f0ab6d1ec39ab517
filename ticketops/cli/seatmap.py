"""`ticketops seatmap …` (§1b)."""

from __future__ import annotations

from ticketops.cli import seatmap_show
from ticketops.cli.session import command_group

app = command_group("seatmap")
seatmap_show.mount(app)

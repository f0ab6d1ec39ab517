"""The position report and `ticketops status` (§11)."""

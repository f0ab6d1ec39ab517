"""ticketops: run a ticket-reselling event on the workbook you already have."""

__version__ = "0.1.0"

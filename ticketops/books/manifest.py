"""A passenger list as an .xlsx file, to send to an airline or an agency (document 001)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import xlsxwriter

from ticketops.domain.issuance.manifest import Manifest

_COLUMNS = (
    ("TicketID", 12),
    ("BookingID", 12),
    ("PassengerRef", 16),
    ("PassengerName", 32),
    ("DateOfBirth", 14),
    ("Passport", 14),
    ("Flights", 26),
    ("PNR", 10),
    ("TicketNumber", 16),
    ("NameFinal", 11),
)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a passenger list. No text in it becomes a formula or a link. Raises OSError."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("Passengers")
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        for place, (header, width) in enumerate(_COLUMNS):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, header, bold)
        for row, line in enumerate(manifest.passengers, start=1):
            cells = (
                line.ticket_id,
                line.booking,
                line.ref,
                line.name,
                line.born_on,
                line.passport,
                line.flights,
                line.pnr,
                line.ticket_number,
                "yes" if line.name_is_final else "no",
            )
            for place, value in enumerate(cells):
                if isinstance(value, datetime):
                    sheet.write_datetime(row, place, value, day)
                elif value:
                    sheet.write_string(row, place, value)
        sheet.autofilter(0, 0, len(manifest.passengers), len(_COLUMNS) - 1)

"""Names and numbers of airline tickets from CSV files: every line is of the ticket that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ticketops.domain.intake.faults import Fault, Place, refuse
from ticketops.domain.issuance.issuing import Given
from ticketops.domain.issuance.naming import Named
from ticketops.errors import InputError
from ticketops.model.texts import clean_text, is_escaped
from ticketops.services.line_files import csv_rows

_CALLED = {
    "ticket": ("ticketid", "ticket", "id"),
    "name": ("passengername", "name", "passenger"),
    "number": ("ticketnumber", "number", "ticketno"),
    "pnr": ("pnr",),
}
"""{field: how its column may be called, letters only}."""


def names_of(file: str) -> list[Named]:
    """The names of a file with the columns TicketID and PassengerName. Raises InputError."""
    lines = _lines(file, ("ticket", "name"))
    return [Named(line["ticket"], line["name"], place) for place, line in lines]


def numbers_of(file: str) -> list[Given]:
    """The ticket numbers of a file with the columns TicketID, PassengerName, TicketNumber and, where
    there is one, PNR. Raises InputError."""
    lines = _lines(file, ("ticket", "name", "number"), ("pnr",))
    return [
        Given(line["ticket"], line["number"], line.get("pnr", ""), line["name"], place)
        for place, line in lines
    ]


def _lines(
    file: str, required: Sequence[str], optional: Sequence[str] = ()
) -> list[tuple[Place, Mapping[str, str]]]:
    """The lines of a file by field; blank ones are left out. A line whose cells are not as many as the
    header's is wrong: its columns may be shifted. Raises InputError."""
    label, rows, number, _delimiter = csv_rows(file)
    header = rows[0] if rows else []
    at = _positions(header, label, required, optional)
    faults: list[Fault] = []
    lines: list[tuple[Place, Mapping[str, str]]] = []
    for cells in rows[1:]:
        number += 1
        place = Place(label, number)
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            text = f"{len(cells)} cells, and the header has {len(header)}"
            faults.append(Fault(place, InputError(text)))
            continue
        try:
            line = {field: _clean(cells[column], field) for field, column in at.items()}
        except ValueError as error:
            faults.append(Fault(place, InputError(str(error))))
            continue
        faults += [
            Fault(place, InputError(f"the {field} is missing"))
            for field in required
            if not line[field]
        ]
        lines.append((place, line))
    refuse(faults)
    if not lines:
        raise InputError(f"{label} has no lines below the header")
    return lines


def _positions(
    header: Sequence[str], label: str, required: Sequence[str], optional: Sequence[str]
) -> dict[str, int]:
    """{field: its column}. Raises InputError for a column that is missing, or there twice."""
    keys = ["".join(c for c in cell.casefold() if c.isalpha()) for cell in header]
    found: dict[str, int] = {}
    for field in (*required, *optional):
        places = [n for n, key in enumerate(keys) if key in _CALLED[field]]
        if len(places) > 1:
            raise InputError(f"{label} has the column {header[places[0]]} twice")
        if places:
            found[field] = places[0]
        elif field in required:
            wanted = {"ticket": "TicketID", "name": "PassengerName", "number": "TicketNumber"}
            raise InputError(
                f"{label} has no column {wanted[field]}",
                f"its first line must name the columns {', '.join(wanted[one] for one in required)}",
            )
    return found


def _clean(cell: str, field: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from taking it for a formula (D14). Raises
    ValueError."""
    return clean_text(cell[1:] if is_escaped(cell) else cell, field)

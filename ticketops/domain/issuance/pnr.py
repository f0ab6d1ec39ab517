"""Which booking reference of an airline (PNR) a ticket has (document 001): the passenger's own, before
that of the leg, of the block, of the group flight."""

from __future__ import annotations

import re

from msgspec import Struct

PASSENGER, LEG, BLOCK, FLIGHT = SOURCES = ("passenger", "leg", "block", "group_flight")
"""Where a PNR may come from, the first that has one."""
GIVEN, STORED = "given", "ticket"
"""Before all of them: what a command is given, and what stands on the ticket."""
_PNR = re.compile(r"[A-Z0-9]{6}", re.ASCII)


class Pnr(Struct, frozen=True):
    """A PNR and its source; both blank where there is none. returns: that of the way back."""

    pnr: str = ""
    source: str = ""
    returns: str = ""


def resolve(
    passenger: str | None, leg: str | None, block: str | None, flight: str | None
) -> tuple[str, str]:
    """(PNR, source) by the precedence of the document; two blanks where nobody has one."""
    named = zip(SOURCES, (passenger, leg, block, flight), strict=True)
    return next(((pnr, source) for source, pnr in named if pnr), ("", ""))


def read(text: str) -> str | None:
    """`ab12cd` → AB12CD: six letters and digits; None for anything else."""
    code = "".join(text.split()).upper()
    return code if _PNR.fullmatch(code) else None


def tidied(text: str) -> str:
    """A PNR in capitals; what is none stays as it is."""
    return read(text) or text

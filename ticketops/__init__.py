"""ticketops: run a ticket-reselling event on the workbook you already have.

>>> import ticketops
>>> book = ticketops.open("event.xlsx")
>>> book.read("Sales").height
35

`open` and the types of what it gives are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ticketops.api import (
        DryRun,
        Report,
        TicketopsWarning,
        UnreadableCells,
        Workbook,
        open,  # noqa: A004 (as gzip.open and others)
    )
    from ticketops.errors import TicketopsError

__version__ = "0.1.0"
__all__ = [
    "DryRun",
    "Report",
    "TicketopsError",
    "TicketopsWarning",
    "UnreadableCells",
    "Workbook",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ticketops import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

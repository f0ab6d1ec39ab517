"""The use cases of looking at seat maps, and of choosing seats on one (§1b.2)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ticketops.domain.allocation.visual import Choosing, plan_choosing
from ticketops.domain.seatmap.places import Place, parse_places, sale_in
from ticketops.domain.seatmap.showing import Asked, plan_show
from ticketops.domain.ticket.identity import sale_of
from ticketops.engine.job import Effect, Job
from ticketops.errors import UsageError
from ticketops.model.ids import read_sales_id
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    HOLDS,
    SALES,
    SCHEDULE,
    UNITS,
    VENUES,
)
from ticketops.services.line_files import whole_text
from ticketops.services.sheet_groups import ALLOCATING, ALLOCATING_RULES, SEAT_MAPS

if TYPE_CHECKING:
    from ticketops.books.seat_page import Page


def seatmap_show(asked: Asked) -> Job:
    """A seat map as the user may see it."""
    return Job(
        "seatmap.show",
        lambda snapshot, run: plan_show(snapshot, run, asked),
        (DISTRIBUTION, UNITS, SALES),
        (SCHEDULE, VENUES, HOLDS, ALIASES, CLIENTS, *SEAT_MAPS),
        effect=Effect.READS,
    )


def allocate_seats(sale: str) -> Job:
    """The map of a sale, on which a person chooses its seats."""
    return Job(
        "allocate.seats",
        lambda snapshot, run: plan_choosing(snapshot, sale, run),
        ALLOCATING,
        ALLOCATING_RULES,
        f"allocate seats {sale}",
        Effect.READS,
    )


def page_of(choosing: Choosing, head: str, tail: str) -> Page:
    """The page of a sale. head, tail: the command before and after its seats."""
    from ticketops.books import seat_page

    view = choosing.view
    pick = seat_page.Pick(
        *(choosing.sale, view.match or "", choosing.quantity, choosing.proposed, head, tail)
    )
    return seat_page.page(view, pick)


def places_of(text: str, sale: str) -> tuple[Place, ...]:
    """The seats that `--seats` names: in words, in a file of that name, or for `-` on standard input.
    sale: whose they are to be; a file that says another one is refused.

    Raises UsageError, InputError.
    """
    if text == "-" or _is_file(text):
        content = whole_text(text)
    elif "/" not in text or text.lower().endswith((".txt", ".csv")):
        raise UsageError(f"--seats: {text!r} is neither a file nor seats", "for example 101/C/5-8")
    else:
        return parse_places(text)
    other, own = sale_in(content), read_sales_id(sale)
    if other and own and sale_of(own) != other:
        raise UsageError(f"{text} holds seats of {other}, not of {sale_of(own)}")
    return parse_places(content)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or a null in it
        return False

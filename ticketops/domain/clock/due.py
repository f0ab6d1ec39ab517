"""Tickets, guests and payments that are due, as `dispatch deadlines` tells of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnsentDue:
    """Tickets of a match or sub-game (`M01/RACE`) that are not sent. step: the number of days at which
    this is reported, the smallest that is reached; days: until it begins; deadline: when they must be out,
    in the venue's time zone; late: whether that is past."""

    match: str
    begins: str
    days: int
    step: int
    deadline: str
    late: bool
    medal: bool
    tickets: int
    without_unit: int
    without_guest: int
    sales: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuestsDue:
    """Guests that a client has not named for a match: GuestNamesDue of `_MATCHES`, else the deadline of
    its tickets, says when they are due. days: until then, less than 0 where it is past."""

    client: str
    match: str
    due_on: str
    days: int
    step: int
    medal: bool
    tickets: int
    sales: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PaymentDue:
    """What a client owes for a sale beyond the day on which it was due. days: since then."""

    client: str
    sale: str
    due_on: str
    days: int
    open: float
    currency: str


@dataclass(frozen=True, slots=True)
class Deadlines:
    """`dispatch deadlines`, most urgent first."""

    unsent: tuple[UnsentDue, ...]
    guests: tuple[GuestsDue, ...]
    payments: tuple[PaymentDue, ...]

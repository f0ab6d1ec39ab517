"""Vendor logins as data: the login itself, a row of its history, and what each command of
`credentials` tells of it (§10, D13)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ticketops.model.secrets import is_sealed


@dataclass(frozen=True, slots=True)
class Credential:
    """One login at a vendor. event: what it is for; None where it is for every event."""

    row: int
    vendor: str
    login_id: str | None = None
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    active: bool = True
    notes: str | None = None
    updated_at: datetime | None = None
    event: str | None = None

    @property
    def called(self) -> str:
        """`mm-buyer-01 (WC2026)`: its login, or its address, and what it is for."""
        return f"{self.login_id or self.email or 'no login'} ({self.event or 'every event'})"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the history. subject: what it was done to: a match, a task, a book, a sheet."""

    action: str
    vendor: str | None = None
    login_id: str | None = None
    event: str | None = None
    subject: str | None = None
    detail: str | None = None


Secrecy = Literal["sealed", "plain", "none"]
"""What is shown of a password."""


def secrecy(password: str | None) -> Secrecy:
    """Whether a password is there, and sealed."""
    return "none" if not password else "sealed" if is_sealed(password) else "plain"


@dataclass(frozen=True, slots=True)
class Added:
    """`credentials add`. event: None for every event."""

    vendor: str
    login_id: str | None
    email: str | None
    password: Secrecy
    active: bool
    notes: str | None
    updated_at: datetime
    event: str | None


@dataclass(frozen=True, slots=True)
class Updated:
    """`credentials update`: the login as it is now, and the columns that changed."""

    vendor: str
    login_id: str | None
    email: str | None
    password: Secrecy
    event: str | None
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deactivated:
    """`credentials deactivate`."""

    vendor: str
    login_id: str | None
    event: str | None


@dataclass(frozen=True, slots=True)
class Revealed:
    """`credentials reveal`: the login whose password is shown; the password is not included."""

    vendor: str
    login_id: str | None
    email: str | None
    event: str | None


@dataclass(frozen=True, slots=True)
class Assigned:
    """`credentials assign`, in units. match: None for all. units: changed units, also by_match;
    complete: units that already had the login; other_login: units left alone; other_password: units
    that keep a different password. sales_ids: tickets that also changed."""

    vendor: str
    login_id: str | None
    event: str | None
    match: str | None
    mode: str
    units: int
    complete: int
    other_login: int
    other_password: int
    by_match: dict[str, int]
    sales_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """`credentials seal`. sealed: {sheet: number of passwords that were plain}."""

    sealed: dict[str, int]


@dataclass(frozen=True, slots=True)
class Rotated(Sealed):
    """`credentials rotate`. rotated: {sheet: number of passwords that were sealed before}."""

    rotated: dict[str, int]


@dataclass(frozen=True, slots=True)
class Login:
    """A row of _VENDOR_CREDENTIALS, without its password."""

    vendor: str
    login_id: str | None
    email: str | None
    event: str | None
    password: Secrecy
    active: bool
    updated_at: datetime | None
    notes: str | None


@dataclass(frozen=True, slots=True)
class Logins:
    """`credentials list`."""

    credentials: tuple[Login, ...]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A row of _CREDENTIAL_HISTORY."""

    timestamp: datetime | None
    user: str | None
    action: str | None
    vendor: str | None
    login_id: str | None
    event: str | None
    subject: str | None
    detail: str | None
    run_id: str | None


@dataclass(frozen=True, slots=True)
class History:
    """`credentials history`, newest first."""

    history: tuple[HistoryRow, ...]

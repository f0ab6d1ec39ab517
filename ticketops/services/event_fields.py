"""What the options of `event set` say, as values of the fields of an event (§1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.events import EVENT_TYPE
from ticketops.schema.layout import title_problem, title_with
from ticketops.schema.layouts.event import SCHEDULE
from ticketops.services.intake import date_order, option_currency, option_date, option_text

_LONGEST_BUFFER = 24 * 366
_MOST_DAYS = 36_500


def read(given: Mapping[str, str | None], dates: str) -> dict[str, Any]:
    """{field: value} of the options that were given; None for one that clears its field. dates: dmy
    or mdy, for dates that can be read two ways. Raises UsageError."""
    order = date_order(dates or None, "")
    values: dict[str, Any] = {}
    for name, text in given.items():
        if text is None:
            continue
        option = name.replace("_", "-")
        said = option_text(text, option, required=name in ("name", "code"))
        values[name] = _READERS.get(name, _text)(said, option, order) if said else None
    return values


def _text(text: str, _option: str, _order: str) -> str:
    return text


def _code(text: str, option: str, _order: str) -> str:
    title = title_with(SCHEDULE, text)
    if problem := title_problem(title):
        raise UsageError(
            f"--{option} {text!r} can't be part of the sheet title {title!r}: {problem}"
        )
    return text


def _type(text: str, option: str, _order: str) -> str:
    wanted = "_".join(text.upper().replace("-", " ").replace("_", " ").split())
    if wanted not in EVENT_TYPE:
        raise UsageError(f"--{option} must be one of {', '.join(EVENT_TYPE)}, not {text!r}")
    return wanted


def _day(text: str, option: str, order: str) -> datetime:
    return option_date(text, option, datetime.min, order)


def _currency(text: str, _option: str, _order: str) -> str:
    return option_currency(text)


def _number(most: float, unit: str, kind: type) -> Callable[[str, str, str], Any]:
    def read_number(text: str, option: str, _order: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = -1
        if not 0 <= value <= most:
            raise UsageError(
                f"--{option} must be a number from 0 to {counted(int(most), unit)}, not {text!r}"
            )
        return value

    return read_number


def _url(text: str, option: str, _order: str) -> str:
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits or any(character.isspace() for character in text):
        raise UsageError(f"--{option} must be an address with http:// or https://, not {text!r}")
    return text


_READERS: dict[str, Callable[[str, str, str], Any]] = {
    "code": _code,
    "type": _type,
    "start": _day,
    "end": _day,
    "currency": _currency,
    "dispatch_buffer_hours": _number(_LONGEST_BUFFER, "hour", float),
    "portal_token_expiry_days": _number(_MOST_DAYS, "day", int),
    "audit_retention_days": _number(_MOST_DAYS, "day", int),
    "logo_url": _url,
    "banner_url": _url,
}

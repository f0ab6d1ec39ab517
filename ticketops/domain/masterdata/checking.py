"""What is checked of a master record (§2): a pydantic model, made of its declaration when the first
record is checked; no other command pays for the import."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from ticketops.model import money
from ticketops.model.dates import parse_moment
from ticketops.model.mail import bare_address
from ticketops.model.spelling import choice, plain
from ticketops.model.texts import clean_text
from ticketops.schema.columns import ColumnType, cast, text_of
from ticketops.schema.layouts.event.masters import Entity, Field, Holds

Value = str | float | int | bool | datetime | None
_PHONE = re.compile(
    r"\+?[\d\s().\-/]{5,40}(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.ASCII | re.IGNORECASE
)
_URL = re.compile(r"https?://[^\s/$.?#][^\s]*", re.IGNORECASE)
_BARE = re.compile(r"[\w\-]+(?:\.[\w\-]+)+(?:[/?#]\S*)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_MOST_PEOPLE = 1_000_000


class Reading(NamedTuple):
    """How texts are read. dates: dmy or mdy; local: amounts may be as other countries write them."""

    dates: str = ""
    local: bool = False


def checked(
    entity: Entity,
    given: Mapping[str, object],
    label: Callable[[Field], str],
    how: Reading | None = None,
) -> tuple[dict[str, Value], list[str]]:
    """The values of the given fields, and all that is wrong with them, each a sentence that begins
    with what `label` calls the field. A text that nobody sees anything of is None.
    """
    from pydantic import ValidationError

    try:
        made = _model(entity).model_validate(dict(given), context=how or Reading())
    except ValidationError as error:
        wrong = [
            _said(label(entity.field(str(one["loc"][0]))), str(one["ctx"]["error"]))
            for one in error.errors()
        ]
        return {}, wrong
    return {name: getattr(made, name) for name in given}, []


def at_odds(
    entity: Entity, record: Mapping[str, Value], label: Callable[[Field], str]
) -> list[str]:
    """What is wrong with a whole record though each field alone is right."""
    wrong = [
        f"{label(field)} is missing"
        for field in entity.fields
        if field.required and record.get(field.name) in (None, "")
    ]
    for amount, currency in (("credit_limit", "credit_currency"), ("max_value", "currency")):
        if record.get(amount) is not None and not record.get(currency):
            wrong.append(f"{label(entity.field(amount))} needs {label(entity.field(currency))}")
    first, last = record.get("valid_from"), record.get("valid_to")
    if isinstance(first, datetime) and isinstance(last, datetime) and last < first:
        wrong.append(
            f"{label(entity.field('valid_to'))} {last:%Y-%m-%d} is before "
            f"{label(entity.field('valid_from'))} {first:%Y-%m-%d}"
        )
    return wrong


def _said(label: str, message: str) -> str:
    return (
        f"{label} {message}"
        if message.startswith(("must ", "has ", "needs "))
        else f"{label}: {message}"
    )


@cache
def _model(entity: Entity) -> Any:
    """The pydantic model of an entity: every field may be left out, none is converted unasked."""
    from typing import Annotated

    from pydantic import BeforeValidator, ConfigDict, ValidationInfo, create_model

    def reads(field: Field) -> Callable[[Any, ValidationInfo], Value]:
        return lambda given, info: _value(field, given, info.context or Reading())

    fields: dict[str, Any] = {
        field.name: (Annotated[Any, BeforeValidator(reads(field))], None) for field in entity.fields
    }
    settings = ConfigDict(extra="forbid")
    return create_model(entity.name.title().replace("-", ""), __config__=settings, **fields)


def _value(field: Field, given: Any, how: Reading) -> Value:
    """What a field holds, given as text or as a cell's value. Raises ValueError."""
    if given is None:
        return None
    kind = field.column().type
    if not isinstance(given, str):
        if isinstance(value := cast(kind, given), (float, int)) and not isinstance(value, bool):
            given = text_of(value)  # an amount is judged by one rule, wherever it comes from
        elif isinstance(value, bool | datetime):
            return value
        else:
            given = text_of(given)
    text = clean_text(given, field.option.replace("-", " "))
    return _READ[field.holds](field, text, how) if text else None


def _word(field: Field, text: str, _how: Reading) -> str:
    found = choice(text, field.choices)
    if found is None:
        raise ValueError(f"must be one of {', '.join(field.choices)}, not {text!r}")
    return found


def _amount(_field: Field, text: str, how: Reading) -> float:
    try:
        return float(money.parse_amount(text))
    except ValueError:
        if not how.local:
            raise
        currency, amount = money.parse_local_amount(text)
        if currency:
            raise ValueError(f"{text!r} is not an amount alone (as in 120.50)") from None
        return float(amount)


def _rate(_field: Field, text: str, _how: Reading) -> float:
    if not _RATE.fullmatch(text) or not (rate := float(text)):
        raise ValueError(f"{text!r} is not a rate (as in 3.6725)")
    return rate


def _count(_field: Field, text: str, _how: Reading) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > _MOST_PEOPLE:
        raise ValueError(f"must be a whole number up to {_MOST_PEOPLE:,}, not {text!r}")
    return int(text)


def _day(_field: Field, text: str, how: Reading) -> datetime:
    moment = parse_moment(text, how.dates)
    if moment is None:
        raise ValueError(f"{text!r} is not a date; write it as 2026-06-11")
    if not 2000 <= moment.year <= 2100:
        raise ValueError(f"{text!r} is not between the years 2000 and 2100")
    return datetime(moment.year, moment.month, moment.day)


def _tick(_field: Field, text: str, _how: Reading) -> bool:
    value = cast(ColumnType.FLAG, text)
    if value is None:
        raise ValueError(f"must be yes or no, not {text!r}")
    return bool(value)


def _email(_field: Field, text: str, _how: Reading) -> str:
    from email_validator import EmailNotValidError, validate_email

    address = bare_address(text)
    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(f"{text!r} is not an e-mail address: {error}".rstrip(".")) from None
    return address


def _phone(_field: Field, text: str, _how: Reading) -> str:
    if not _PHONE.fullmatch(text) or sum(map(str.isdigit, text)) < 5:
        raise ValueError(f"{text!r} is not a phone number (as in +971 4 555 0100)")
    return text


def _url(_field: Field, text: str, _how: Reading) -> str:
    address = f"https://{text}" if _BARE.fullmatch(text) else text
    if not _URL.fullmatch(address):
        raise ValueError(f"{text!r} is not the address of a page (as in https://example.com)")
    return address


def _zone(_field: Field, text: str, _how: Reading) -> str:
    from zoneinfo import available_timezones

    known = {name.casefold(): name for name in available_timezones()}
    found = known.get(text.replace(" ", "_").casefold())
    if found is None:
        raise ValueError(f"{text!r} is not a time zone (as in Europe/Madrid)")
    return found


def _currency(_field: Field, text: str, _how: Reading) -> str:
    if not _CURRENCY.fullmatch(text.upper()):
        raise ValueError(f"must be three letters (as in AED), not {text!r}")
    return text.upper()


def _plain(_field: Field, text: str, _how: Reading) -> str:
    return text


def _code(_field: Field, text: str, _how: Reading) -> str:
    return plain(text)


_READ: Mapping[Holds, Callable[[Field, str, Reading], Value]] = {
    Holds.NAME: _code,
    Holds.TEXT: _plain,
    Holds.CODE: _code,
    Holds.AMOUNT: _amount,
    Holds.RATE: _rate,
    Holds.COUNT: _count,
    Holds.DAY: _day,
    Holds.TICK: _tick,
    Holds.WORD: _word,
    Holds.EMAIL: _email,
    Holds.PHONE: _phone,
    Holds.URL: _url,
    Holds.ZONE: _zone,
    Holds.CURRENCY: _currency,
}
"""{what a field holds: how a text of it is read}."""

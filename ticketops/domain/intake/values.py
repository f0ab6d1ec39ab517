"""Cells of a foreign list of trade as what their fields hold: amounts, quantities, seats, places,
categories and dates, however people and programs write them (§3, §4).

What can be read two ways is refused, unless the other cells of its column tell which is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from ticketops.model import spelling, states
from ticketops.model.categories import FIFA_CATEGORIES
from ticketops.model.dates import ORDERS, YEAR_FIRST, parse_day, whole_day
from ticketops.model.money import CURRENCIES, parse_local_amount
from ticketops.model.patterns import when_needed
from ticketops.model.quantity import parse_quantity
from ticketops.schema.columns import parse_time, text_of

COMMA, POINT = "comma", "point"
MARKS = (COMMA, POINT)
DATE_ORDERS = (*ORDERS, YEAR_FIRST)
_MARK = {COMMA: ",", POINT: "."}
_NUMBER = when_needed(r"[\d.,'’`\s]*\d[\d.,'’`\s]*", re.ASCII)
_NO_CENTS = when_needed(r"[.,][-–—]$")
_LOT = when_needed(
    r"(?P<count>\d{1,6})\s*(?:tickets?|tix|pcs?|x|×)?\s*(?:@|à|x|×|\*)\s*(?P<price>.+)",
    re.IGNORECASE,
)
_COUNT = when_needed(
    r"(?:(?:qty|quantity|anzahl)\s*:?\s*)?(?:x|×)?\s*(?P<count>\d{1,6})(?:[.,]0{1,2})?"
    r"\s*(?:x|×)?\s*(?:e-?tickets?|tickets?|tix|seats?|pcs?\.?|pieces?|stk\.?|stück|karten"
    r"|billets?|entradas?|biglietti|ingressos?)?",
    re.IGNORECASE,
)
_IN_WORDS = {
    **dict.fromkeys(("single", "one", "ein", "eine", "un", "uno", "une"), 1),
    **dict.fromkeys(("pair", "a pair", "double", "two", "zwei", "deux", "dos", "due", "paar"), 2),
    **dict.fromkeys(("three", "triple", "drei", "trois", "tres", "tre"), 3),
    **dict.fromkeys(("four", "quad", "vier", "quatre", "cuatro", "quattro"), 4),
}
_ANYWHERE = frozenset(
    ("ga", "general admission", "free seating", "freie platzwahl", "standing", "stehplatz")
)
_SEAT = when_needed(r"[A-Za-z]{0,3}\d{1,5}[A-Za-z]?|[A-Za-z]", re.ASCII)
_RANGE = when_needed(
    r"(?P<letters>[A-Za-z]{0,3})(?P<first>\d{1,5})\s*(?:-|–|—|to|bis|à|thru|\.\.)\s*"
    r"(?P<again>[A-Za-z]{0,3})(?P<last>\d{1,5})",
    re.IGNORECASE | re.ASCII,
)
_BEFORE_SEATS = when_needed(
    r"^(?:seats?|sitz(?:e|plätze)?|plätze?|asientos?|sièges?|posti?)\b[\s:.#]*", re.IGNORECASE
)
_PARITY = when_needed(
    r"\(?\b(?:(?P<odd>odd|ungerade)|even|gerade)s?\b(?:\s+(?:numbers|seats|only))*\)?",
    re.IGNORECASE,
)
_PIGGYBACK = when_needed(r"[\s,(]*\bpiggy[\s-]?back(?:s|ed)?\b\)?", re.IGNORECASE)
_SLASHED = when_needed(
    r"\s*(?P<block>[\w ]+)/(?P<row>\s*[A-Za-z]{1,2}\s*)/(?P<seats>\s*\d[^/]*)", re.ASCII
)
_PARTS = (
    (
        "block",
        when_needed(
            r"\b(?:block|section|sect?\.?|sector|bloc|tribuna|sektor|secteur)[\s:.#]*(?P<said>[\w-]+)",
            re.IGNORECASE,
        ),
    ),
    (
        "row",
        when_needed(
            r"\b(?:row|reihe|rang|fila|rangée|rangee)[\s:.#]*(?P<said>[\w-]+)", re.IGNORECASE
        ),
    ),
    (
        "seats",
        when_needed(
            r"\b(?:seats?|sitz(?:e|plätze)?|plätze?|asientos?|sièges?|posti?)[\s:.#]*(?P<said>\w[\w\s,&–-]*)",
            re.IGNORECASE,
        ),
    ),
)
_MOST_SEATS = 1000
_CATEGORY = when_needed(
    r"(?P<top>top|premium)?[\s._-]*(?:c|cat|category|kat|kategorie|categoría|categoria|catégorie"
    r"|categorie)[\s._-]*(?P<number>[1-4])",
    re.IGNORECASE,
)
_NEAR_A_CENT = Decimal("0.000001")
_FIRST_YEAR = 2000


_remembered = lru_cache(maxsize=4096, typed=True)
"""Cells of long lists repeat."""


class Amount(NamedTuple):
    """An amount, and the currency that it names, if it does."""

    currency: str
    value: Decimal


def decimal_mark(texts: Iterable[str]) -> str:
    """COMMA or POINT, where some amount of a column can only be read so and none the other way;
    else empty."""
    told = set()
    for text in texts:
        found = _NUMBER().search(text)
        number = found[0].strip() if found else ""
        marks = [char for char in number if char in ".,"]
        if not marks:
            continue
        last = marks[-1]
        decimals = number[number.rfind(last) + 1 :]
        if marks.count(last) > 1:
            told.add("." if last == "," else ",")
        elif len(set(marks)) == 2 or len(decimals) in (1, 2) or number.startswith(last):
            told.add(last)
    return {",": COMMA, ".": POINT}[told.pop()] if len(told) == 1 else ""


@_remembered
def amount(raw: Any, mark: str = "", *, given: bool = False) -> Amount:
    """`1.234,50`, `€ 1 234.50`, `(12.00)`, a number of a spreadsheet. mark: COMMA or POINT, where
    it is known; given: somebody said so, and what contradicts it is refused. Raises ValueError.

    >>> amount("(1.234)", COMMA)
    Amount(currency='', value=Decimal('-1234'))
    """
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        exact = Decimal(str(raw))
        if not exact.is_finite():
            raise ValueError(f"{raw!r} is not an amount (as in 120.50)")
        value = round(exact, 2)
        if abs(value - exact) > _NEAR_A_CENT:
            raise ValueError(f"{text_of(raw)!r} has more than two decimals")
        return Amount("", value)
    text = spelling.tidy(text_of(raw))
    inner, sign = _signed(text)
    if mark:
        inner = _by_mark(inner, mark, text, given=given)
    currency, value = parse_local_amount(inner)
    return Amount(currency, sign * value)


def _signed(text: str) -> tuple[str, int]:
    """A text without the sign of a negative: `(12)`, `-12`, `12-`, `€ -12`."""
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), -1
    for minus in "-−–":
        if text.startswith(minus):
            return text[1:].strip(), -1
        if text.endswith(minus) and text[-2:-1].isdigit():
            return text[:-1].strip(), -1
        bare = re.fullmatch(rf"(\D{{1,4}}?)\s*{minus}\s*(\d.*)", text)
        if bare and not set(bare[1]) & set(".,"):
            return bare[1] + bare[2], -1
    return text, 1


def _by_mark(text: str, mark: str, whole: str, *, given: bool) -> str:
    """An amount with a point for its decimals and nothing between its thousands."""
    found = _NUMBER().search(text)
    if not found or _NO_CENTS().search(text):
        return text
    number = found[0].strip()
    decimal = _MARK[mark]
    other = "." if decimal == "," else ","
    before, point, decimals = number.partition(decimal)
    grouped = re.fullmatch(rf"\d{{1,3}}(?:[{re.escape(other)}'’`\s]\d{{3}})+", before)
    if not (before.isdigit() or not before or grouped) or not re.fullmatch(r"\d*", decimals):
        if given and other in number:
            raise ValueError(f"{whole!r} is not an amount with a decimal {mark}")
        return text
    joined = re.sub(r"\D", "", before) or "0"
    if len(decimals.rstrip("0")) > 2:
        raise ValueError(f"{whole!r} has more than two decimals")
    plain = joined + (f".{decimals.rstrip('0') or '0'}" if point and decimals else "")
    return text.replace(found[0], f" {plain} " if found[0] != number else plain)


@_remembered
def lot(raw: Any) -> tuple[int, str] | None:
    """`2 @ 110` → 2 and what one costs; None for anything else."""
    found = _LOT().fullmatch(spelling.tidy(text_of(raw)))
    return (parse_quantity(found["count"]), found["price"]) if found else None


@_remembered
def quantity(raw: Any) -> int:
    """`2`, `2 tickets`, `x2`, `pair`, 2.0. Raises ValueError."""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = spelling.tidy(text_of(raw))
    if (number := _IN_WORDS.get(text.casefold())) is not None:
        return number
    found = _COUNT().fullmatch(text)
    return parse_quantity(found["count"] if found else text)


def seats(raw: Any) -> tuple[str, ...]:
    """`1-4`, `12,14,16`, `A1 to A4`, `1-23 odd`; none for `GA`. Raises ValueError.

    >>> seats("1-3, 7 & 9")
    ('1', '2', '3', '7', '9')
    """
    if type(raw) is datetime:
        raise ValueError(
            f"a spreadsheet took these seats for the date {raw:%Y-%m-%d}: format the column as text"
        )
    text = _BEFORE_SEATS().sub("", spelling.tidy(text_of(raw)))
    if text.casefold() in _ANYWHERE:
        return ()
    found: list[str] = []
    for part in re.split(r"\s*(?:[,;/&+]|\band\b|\bund\b|\by\b|\bet\b)\s*", text):
        parity = _PARITY().search(part)
        if parity:
            found += _of_parity(part, parity)
            continue
        run = _RANGE().fullmatch(part)
        if run and run["again"].casefold() in ("", run["letters"].casefold()):
            first, last = int(run["first"]), int(run["last"])
            if last < first:
                raise ValueError(f"{part!r} ends before it begins")
            if last - first >= _MOST_SEATS:
                raise ValueError(f"{part!r} is more than {_MOST_SEATS:,} seats")
            found += [f"{run['letters']}{seat}" for seat in range(first, last + 1)]
        elif not run and _SEAT().fullmatch(part):
            found.append(part)
        elif not run and part and all(map(_SEAT().fullmatch, part.split())) and " " in part:
            found += part.split()
        else:
            raise ValueError(f"{text!r} is not a list of seats (as in 1-4 or 12, 14, 16)")
    if len(set(found)) < len(found):
        raise ValueError(f"{text!r} names a seat twice")
    return tuple(found)


def _of_parity(part: str, parity: re.Match[str]) -> list[str]:
    """The odd or even seats of a range."""
    rest = (part[: parity.start()] + part[parity.end() :]).strip(" :,")
    odd = bool(parity["odd"])
    every = seats(rest) if _RANGE().fullmatch(rest) else ()
    chosen = [seat for seat in every if int(re.sub(r"\D", "", seat)) % 2 == odd]
    if not chosen:
        raise ValueError(f"{part!r} is not a list of seats (as in 1-23 odd)")
    return chosen


def place(text: str) -> dict[str, str]:
    """`Block 101 / Row C / Seats 1-4` → block, row and seats, as far as they are named; what is behind
    the row are its seats: `Block 101 Row C 1-12`; `101/C/1-12` where C are letters, as else it may be
    three seats. A text that names none of them is empty."""
    if slashed := _SLASHED().fullmatch(text):
        return {name: said.strip() for name, said in slashed.groupdict().items()}
    found = {}
    behind = ""
    for name, pattern in _PARTS:
        if told := pattern().search(text):
            found[name] = told["said"].strip(" ,–-")
            behind = text[told.end() :] if name == "row" else behind
    behind = piggyback(behind)[0].strip(" ,:/–-")
    if "seats" not in found and behind:
        try:
            if seats(behind):
                found["seats"] = behind
        except ValueError:
            pass  # a remark
    return found


def piggyback(text: str) -> tuple[str, bool]:
    """A text without the word piggyback (seats behind one another, in several rows), and whether it
    says so."""
    plain = _PIGGYBACK().sub("", text)
    return plain.strip() if plain != text else text, plain != text


def category(text: str) -> str:
    """What a text may mean as a category of §17: `CAT1`, `Category 2`, `C3` → Cat 1, Cat 2, Cat 3;
    any other as it is, tidy."""
    tidy = spelling.tidy(text)
    found = _CATEGORY().fullmatch(tidy)
    if not found:
        return tidy
    name = f"{'Top ' if found['top'] else ''}Cat {found['number']}"
    return name if name in FIFA_CATEGORIES else tidy


_CHANNELS = {
    **dict.fromkeys(
        ("e ticket", "eticket", "e tickets", "etickets", "electronic", "pdf", "print at home"),
        "E_TICKET",
    ),
    **dict.fromkeys(
        ("mobile", "mobile ticket", "mobile tickets", "mobile transfer", "transfer", "app"),
        "MOBILE_TRANSFER",
    ),
    **dict.fromkeys(
        ("paper", "paper ticket", "paper tickets", "hard ticket", "hard tickets", "courier"),
        "PHYSICAL",
    ),
    **dict.fromkeys(("url", "download link", "web link"), "LINK"),
    **dict.fromkeys(("wristband", "rfid wristband", "rfid card"), "RFID"),
}


CURRENCY_WORDS = {
    **{code: code for code in CURRENCIES},
    **dict.fromkeys(("€", "EURO", "EUROS"), "EUR"),
    **dict.fromkeys(("$", "US$", "US DOLLAR", "US DOLLARS", "DOLLAR", "DOLLARS"), "USD"),
}
"""What people write for the currencies that are ours."""
_OTHER_CURRENCIES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BHD",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "JPY",
        "KRW",
        "KWD",
        "MAD",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "OMR",
        "PEN",
        "PHP",
        "PLN",
        "QAR",
        "RON",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TND",
        "TRY",
        "TWD",
        "UAH",
        "UYU",
        "VND",
        "ZAR",
        "£",
    ]
)


def currency(text: str) -> str:
    """One of ours; empty for any other text."""
    return CURRENCY_WORDS.get(text.upper().rstrip("."), "")


def is_currency(text: str) -> bool:
    """Whether a text names a currency, ours or another."""
    return bool(currency(text)) or text.upper().rstrip(".") in _OTHER_CURRENCIES


def channel(text: str) -> str:
    """`E-Ticket`, `mobile transfer`, `PDF` → one of states.DELIVERY_CHANNEL; empty for any other."""
    said = " ".join(re.split(r"[\s_-]+", text.strip().casefold()))
    return spelling.choice(text, states.DELIVERY_CHANNEL) or _CHANNELS.get(said, "")


@_remembered
def day(raw: Any, order: str = "") -> datetime:
    """A date without its time. order: one of DATE_ORDERS, where it is known. Raises ValueError."""
    if isinstance(raw, datetime):
        moment: datetime | None = raw
    elif type(raw) in (int, float):
        moment = None
    else:
        moment = parse_day(spelling.tidy(text_of(raw)), order, is_clock=_is_clock)
    if moment is None:
        raise ValueError(f"{text_of(raw)!r} is not a date")
    try:
        return whole_day(moment, _FIRST_YEAR)
    except ValueError:
        said = f"{text_of(raw)!r} is not between the years {_FIRST_YEAR} and 2100"
        raise ValueError(said) from None


def _is_clock(text: str) -> bool:
    return parse_time(text) is not None

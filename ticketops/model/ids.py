"""Every identifier of §17: pattern, parse, format, next. No identifier is spelt anywhere else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from string import ascii_uppercase
from typing import Any, NamedTuple

from ticketops.model import spelling

UNIT_ID = re.compile(r"P(\d{5,12})", re.ASCII)
SET_ID = re.compile(r"PR(\d{4,12})-S(\d{2,6})", re.ASCII)
SALES_ID = re.compile(r"S(\d{1,12})(?:-(\d{1,6}))?", re.ASCII)
TASK_ID = re.compile(r"T(\d{5,12})", re.ASCII)
PAYMENT_ID = re.compile(r"PM(\d{5,12})", re.ASCII)
FEE_ID = re.compile(r"FE(\d{5,12})", re.ASCII)
MESSAGE_ID = re.compile(r"N(\d{5,12})", re.ASCII)
TICKET_ID = re.compile(r"TK(\d{5,12})", re.ASCII)
"""An airline ticket that is to be issued."""
PASSENGER_ID = re.compile(r"BP(\d{5,12})", re.ASCII)
BOOKING_PAYMENT_ID = re.compile(r"PY(\d{5,12})", re.ASCII)
DOCUMENT_ID = re.compile(r"TD(\d{5,12})", re.ASCII)
JOB_ID = re.compile(r"J(\d{5,12})", re.ASCII)
TRANSFER_ID = re.compile(r"TR(\d{5,12})", re.ASCII)
WAITLIST_ID = re.compile(r"WL(\d{5,12})", re.ASCII)
ALLOTMENT_ID = re.compile(r"AL(\d{5,12})", re.ASCII)
TOKEN_ID = re.compile(r"PT(\d{5,12})", re.ASCII)
"""A link to the portal."""
RUN_ID = re.compile(r"R\d{8}-\d{6}", re.ASCII)
_RUN_ID_FORMAT = "R%Y%m%d-%H%M%S"
ORDER_ID = re.compile(r"O_.+", re.ASCII)
PURCHASE_ORDER_ID = re.compile(r"Q_.+", re.ASCII)
SALES_LINE_KEY = r"^S_.+#[0-9]{1,6}$"
"""The pattern, for polars, of the key of a ticket."""
_SALES_LINE_KEY = re.compile(r"(S_.+)#(\d{1,6})", re.ASCII)
LISTED_UNIT_ID = r"[^\s,;|·]+"
"""One UnitID of an AllocatedUnitIDs cell: separators are commas, semicolons, dots, bars or
spaces."""
_LISTED_UNIT_ID = re.compile(LISTED_UNIT_ID)
_FIFA_MATCH = re.compile(r"M0{0,4}(\d{1,3})", re.IGNORECASE | re.ASCII)


def natural_order(value: object) -> tuple[Any, ...]:
    """Sorts M9 before M12, S2-1 before S10-1, numbers before words, blanks last."""
    if value is None or value == "":
        return (1,)
    parts = re.findall(r"\d+|\D+", str(value).strip().casefold())
    return (0, *(_number_or_word(part) for part in parts))


def _number_or_word(part: str) -> tuple[int, int, str]:
    """A number by its length and digits: one of thousands of digits is no int."""
    if not part.isdecimal():
        return 1, 0, part
    digits = part.lstrip("0")
    return 0, len(digits), digits


class SalesId(NamedTuple):
    """A sale line (`child` None) or one ticket of it."""

    number: int
    child: int | None = None

    def __str__(self) -> str:
        return f"S{self.number}" if self.child is None else f"S{self.number}-{self.child}"

    @property
    def parent(self) -> str:
        return f"S{self.number}"


class SalesLineKey(NamedTuple):
    """What a re-import knows a ticket by (§4)."""

    source_sale_id: str
    child: int


def unit_id(number: int) -> str:
    """1 → P00001; grows past its padding (D4)."""
    return f"P{number:05d}"


def task_id(number: int) -> str:
    """1 → T00001: the form that a new TaskID of _STAFF_QUEUE has."""
    return numbered(TASK_ID, number)


def payment_id(number: int) -> str:
    """1 → PM00001."""
    return numbered(PAYMENT_ID, number)


def read_payment_id(text: str) -> str:
    """`pm1` → PM00001; what is no PaymentID stays, in capitals."""
    return read_numbered(PAYMENT_ID, text)


def fee_id(number: int) -> str:
    """1 → FE00001."""
    return numbered(FEE_ID, number)


def read_fee_id(text: str) -> str:
    """`fe1` → FE00001; what is no FeeID stays, in capitals."""
    return read_numbered(FEE_ID, text)


def message_id(number: int) -> str:
    """1 → N00001: a message of `_NOTIFICATION_LOG`."""
    return numbered(MESSAGE_ID, number)


def read_message_id(text: str) -> str:
    """`n1` → N00001; what is no MessageID stays, in capitals."""
    return read_numbered(MESSAGE_ID, text)


def numbered(pattern: re.Pattern[str], number: int) -> str:
    """The ID of a record that is counted: ALLOTMENT_ID, 1 → AL00001."""
    return f"{_letters(pattern)}{number:05d}"


def read_numbered(pattern: re.Pattern[str], text: str) -> str:
    """ALLOTMENT_ID, `al1` → AL00001; what is no such ID stays, in capitals."""
    found = re.fullmatch(rf"{_letters(pattern)} *0*(\d{{1,12}})", text.strip().upper(), re.ASCII)
    return numbered(pattern, int(found[1])) if found else text.strip().upper()


def _letters(pattern: re.Pattern[str]) -> str:
    return pattern.pattern.partition("(")[0]


def source_sale_id(uuid: str) -> str:
    """S_<uuid>: the key of a sale line, which a re-import knows it by (§4)."""
    return f"S_{uuid}"


def purchase_id(uuid: str) -> str:
    """P_<uuid>: the key of a purchase line (§3)."""
    return f"P_{uuid}"


def order_id(uuid: str) -> str:
    """O_<uuid>: what the lines of one order share (D2)."""
    return f"O_{uuid}"


def purchase_order_id(uuid: str) -> str:
    """Q_<uuid>: what the lines of one purchase share."""
    return f"Q_{uuid}"


def set_id(source_row: int, line: int = 1) -> str:
    """1 → PR0001-S01: the number counts Purchases data rows (D4)."""
    return f"PR{source_row:04d}-S{line:02d}"


def set_source_row(text: str | None) -> int | None:
    """PR0012-S01 → 12; None where the text is no SetID."""
    found = SET_ID.fullmatch(text or "")
    return int(found[1]) if found else None


def parse_sales_id(text: str) -> SalesId:
    """S147 or S147-3. Raises ValueError for anything else."""
    found = exact_sales_id(spelling.sale(text))
    if not found:
        raise ValueError(f"{text!r} is not a SalesID (S147 or S147-1)")
    return found


def exact_sales_id(text: str | None) -> SalesId | None:
    """S147 or S147-3 as a cell spells it; None for anything else."""
    found = SALES_ID.fullmatch(text or "")
    return SalesId(int(found[1]), int(found[2]) if found[2] else None) if found else None


def read_unit_id(text: str) -> str:
    """`p1`, ` P 00001` → P00001; what is no UnitID stays, in capitals, for whoever says that there
    is none."""
    return spelling.unit(text) or text.strip().upper()


def read_sales_id(text: str) -> str:
    """`s147–1` → S147-1; what is no SalesID stays, in capitals."""
    return spelling.sale(text) or text.strip().upper()


def read_set_id(text: str) -> str:
    """`pr1-s1` → PR0001-S01; what is no SetID stays, in capitals."""
    return spelling.set_id(text) or text.strip().upper()


def sales_line_key(source_sale_id: str, child: int) -> str:
    """S_91a7…#1: one ticket of one sale line, the key of a re-import (§4)."""
    return f"{source_sale_id}#{child}"


def read_sales_line_key(text: str | None) -> SalesLineKey | None:
    """S_91a7…#1 → (S_91a7…, 1); None where the text is no such key."""
    found = _SALES_LINE_KEY.fullmatch(text or "")
    return SalesLineKey(found[1], int(found[2])) if found else None


def ticket_sales_id(sale: str, child: int) -> str:
    """S147, 1 → S147-1: one ticket of a sale line."""
    return f"{sale}-{child}"


def next_number(pattern: re.Pattern[str], existing: Iterable[str | None]) -> int:
    """One more than the largest first group of `pattern` among `existing`; 1 where there is none.

    An ID whose letters somebody replaced (`X00001`) keeps its number: that was given, too.
    """
    replaced = _with_any_letters(pattern.pattern)
    numbers = (
        int(found[1])
        for text in existing
        if text and (found := pattern.fullmatch(text) or replaced.fullmatch(text))
    )
    return max(numbers, default=0) + 1


@cache
def _with_any_letters(pattern: str) -> re.Pattern[str]:
    """The pattern of IDs with other letters in front; of a number too long to have been counted up
    to, none."""
    return re.compile(
        "[A-Za-z]{1,2}" + pattern.lstrip(ascii_uppercase).replace(",12})", ",7})", 1), re.ASCII
    )


def split_unit_ids(text: str | None) -> list[str]:
    """The UnitIDs of an AllocatedUnitIDs cell, in order."""
    return _LISTED_UNIT_ID.findall(text or "")


def join_unit_ids(unit_ids: Iterable[str]) -> str:
    """UnitIDs as a cell holds them: `P00001, P00002`."""
    return ", ".join(unit_ids)


def run_id(now: datetime) -> str:
    """The RunID of a moment (D5).

    >>> run_id(datetime(2026, 4, 17, 14, 30, 22))
    'R20260417-143022'
    """
    return now.strftime(_RUN_ID_FORMAT)


def run_id_after(last: str, wanted: str) -> str:
    """`wanted`, or, where that is not later than `last`, the next RunID after it: no two runs share
    one. A `last` that is no moment counts for nothing."""
    moment = _moment_of(last)
    if moment is None or wanted > last:
        return wanted
    try:
        return run_id(moment + timedelta(seconds=1))
    except OverflowError:  # the last second of all
        return wanted


def is_run_id(text: str) -> bool:
    """Whether a text is a RunID, and names a moment that there is."""
    return _moment_of(text) is not None


def _moment_of(run: str) -> datetime | None:
    if not RUN_ID.fullmatch(run):
        return None
    try:
        return datetime(
            int(run[1:5]),
            *(int(run[i : i + 2]) for i in (5, 7, 10, 12, 14)),  # type: ignore[arg-type]
        )
    except ValueError:
        return None


def alloc_note(run: str, count: int, from_set: str) -> str:
    """`<RunID> Allocated <n> <SetID>` (D5)."""
    return f"{run} Allocated {count} {from_set}"


def import_key(sales_id: str, business_key: Iterable[str]) -> str:
    """SK<hash>-<SalesID>: a sale line's business key (Date, Match, Game, Client, Contract,
    Category) for §12b."""
    digest = hashlib.blake2b("\x1f".join(business_key).encode(), digest_size=5).hexdigest()
    return f"SK{digest}-{sales_id}"


def purchase_unit_key(parts: Iterable[str | None], position: int) -> str:
    """Match|Game|Vendor|Contract|Category|#pos: the key of _PURCHASE_META."""
    return "|".join(part or "" for part in parts) + f"|#{position}"


def is_fifa_match(code: str) -> bool:
    return bool(_FIFA_MATCH.fullmatch(code))


def fifa_number(code: str) -> int | None:
    """The number of a match of the M kind: M07 → 7; None for other codes."""
    found = _FIFA_MATCH.fullmatch(code)
    return int(found[1]) if found else None


def normalise_match(text: str) -> str:
    """M1, M001, m-01, Match 1 → M01; an Olympic code (ARC01, BK301) or any other text stays as it
    is (§1a, §17).

    Raises ValueError for an empty code.
    """
    code = spelling.match(text)
    if not code:
        raise ValueError("a match code is missing")
    return code

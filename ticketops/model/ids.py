"""Every identifier of §17: pattern, parse, format, next. No identifier is spelt anywhere else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

UNIT_ID = re.compile(r"P(\d{5,12})", re.ASCII)
SET_ID = re.compile(r"PR(\d{4,12})-S(\d{2,6})", re.ASCII)
SALES_ID = re.compile(r"S(\d{1,12})(?:-(\d{1,6}))?", re.ASCII)
TASK_ID = re.compile(r"T(\d{5,12})", re.ASCII)
RUN_ID = re.compile(r"R\d{8}-\d{6}", re.ASCII)
_RUN_ID_FORMAT = "R%Y%m%d-%H%M%S"
SALES_LINE_KEY = re.compile(r"(S_.+)#(\d{1,6})", re.ASCII)
_FIFA_MATCH = re.compile(r"M0{0,4}(\d{1,3})", re.IGNORECASE | re.ASCII)
_OLYMPIC_SESSION = re.compile(r"[A-Z]{2,4}\d{2,3}", re.ASCII)


class SalesId(NamedTuple):
    """A sale line (`child` None) or one ticket of it."""

    number: int
    child: int | None = None

    def __str__(self) -> str:
        return f"S{self.number}" if self.child is None else f"S{self.number}-{self.child}"

    @property
    def parent(self) -> str:
        return f"S{self.number}"


def unit_id(number: int) -> str:
    """1 → P00001; grows past its padding (D4)."""
    return f"P{number:05d}"


def task_id(number: int) -> str:
    """1 → T00001: the form that a new TaskID of _STAFF_QUEUE has."""
    return f"T{number:05d}"


def set_id(source_row: int, line: int = 1) -> str:
    """1 → PR0001-S01: the number counts Purchases data rows (D4)."""
    return f"PR{source_row:04d}-S{line:02d}"


def set_source_row(text: str | None) -> int | None:
    """PR0012-S01 → 12; None where the text is no SetID."""
    found = SET_ID.fullmatch(text or "")
    return int(found[1]) if found else None


def parse_sales_id(text: str) -> SalesId:
    """S147 or S147-3. Raises ValueError for anything else."""
    found = SALES_ID.fullmatch(text.strip().upper())
    if not found:
        raise ValueError(f"{text!r} is not a SalesID (S147 or S147-1)")
    return SalesId(int(found[1]), int(found[2]) if found[2] else None)


def sales_line_key(source_sale_id: str, child: int) -> str:
    """S_91a7…#1: one ticket of one sale line, the key of a re-import (§4)."""
    return f"{source_sale_id}#{child}"


def next_number(pattern: re.Pattern[str], existing: Iterable[str | None]) -> int:
    """One more than the largest first group of `pattern` among `existing`; 1 where there is none."""
    numbers = (int(found[1]) for text in existing if text and (found := pattern.fullmatch(text)))
    return max(numbers, default=0) + 1


def split_unit_ids(text: str | None) -> list[str]:
    """The UnitIDs of an AllocatedUnitIDs cell, in order; separators are commas, semicolons, dots, bars or spaces."""
    return [part for part in re.split(r"[\s,;|·]+", text or "") if part]


def run_id(now: datetime) -> str:
    """R20260417-143022 (D5)."""
    return now.strftime(_RUN_ID_FORMAT)


def run_id_after(last: str, wanted: str) -> str:
    """`wanted`, or, where that is not later than `last`, the next RunID after it: no two runs share one."""
    if not RUN_ID.fullmatch(last) or wanted > last:
        return wanted
    return run_id(datetime.strptime(last, _RUN_ID_FORMAT) + timedelta(seconds=1))


def alloc_note(run: str, count: int, from_set: str) -> str:
    """`<RunID> Allocated <n> <SetID>` (D5)."""
    return f"{run} Allocated {count} {from_set}"


def import_key(sales_id: str, business_key: Iterable[str]) -> str:
    """SK<hash>-<SalesID>: a sale line's business key (Date, Match, Game, Client, Contract, Category) for §12b."""
    digest = hashlib.blake2b("\x1f".join(business_key).encode(), digest_size=5).hexdigest()
    return f"SK{digest}-{sales_id}"


def purchase_unit_key(parts: Iterable[str | None], position: int) -> str:
    """Match|Game|Vendor|Contract|Category|#pos: the key of _PURCHASE_META."""
    return "|".join(part or "" for part in parts) + f"|#{position}"


def is_fifa_match(code: str) -> bool:
    return bool(_FIFA_MATCH.fullmatch(code))


def normalise_match(text: str) -> str:
    """M1, M001, m01 → M01; an Olympic code (ARC01, BK301) or any other text stays as it is (§1a, §17).

    Raises ValueError for an empty code.
    """
    code = text.strip()
    if not code:
        raise ValueError("a match code is missing")
    found = _FIFA_MATCH.fullmatch(code)
    if found:
        return f"M{int(found[1]):02d}"
    upper = code.upper()
    return upper if _OLYMPIC_SESSION.fullmatch(upper) else code


def fifa_stage(code: str) -> str:
    """The computed stage of a 2026 World Cup match code; empty for other codes."""
    found = _FIFA_MATCH.fullmatch(code)
    if not found:
        return ""
    number = int(found[1])
    last_of_stage = ((72, "Group stage"), (88, "Round of 32"), (96, "Round of 16"), (100, "Quarter-final"),
                     (102, "Semi-final"), (103, "Match for third place"), (104, "Final"))  # fmt: skip
    return next((stage for last, stage in last_of_stage if 1 <= number <= last), "")

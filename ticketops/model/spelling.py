"""How people spell what a cell or an option may say, and the one spelling that counts (D16).

Pure texts: no cell, no sheet. What is not understood is None here; callers keep the text and say
that it is unknown, they never take it for a blank.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache

from ticketops.model import categories
from ticketops.model.patterns import when_needed

_CONTROL = "\x00-\x08\x0e-\x1e\x7f"
_INVISIBLE = (
    "\x80-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""What no reader sees (Default_Ignorable_Code_Point) and what a terminal would obey, as patterns say it."""
_SHAPED = "\u0600-\u109f\u1700-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff"
_JOINER = "[\u200c\u200d]+"
_NO_WIDTH = when_needed(
    f"[{_CONTROL}{_INVISIBLE}]+|(?<![{_SHAPED}]){_JOINER}|{_JOINER}(?![{_SHAPED}\u200c\u200d])"
)
"""Joiners shape the words of some scripts: between letters of these, names keep them."""
_UNSEEN = (
    "\u034f",
    "\u115f",
    "\u1160",
    "\u17b4",
    "\u17b5",
    "\u180b",
    "\u180c",
    "\u180d",
    "\u180f",
    "\u3164",
    "\uffa0",
)
_SELECTORS = tuple(map(chr, range(0xFE00, 0xFE10)))
_SELECTOR = when_needed("[\U000e0100-\U000e01ef]")
"""Those of them that Unicode files under letters and marks; all others are not printable."""
_JOINERS = {0x200C: None, 0x200D: None}
"""Codes never have them."""
_BLANKS = when_needed(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
VERSION = 3
"""Counts the changes of what is read as what: tables that were read by another version are read
anew."""
SEAM = "\x1f"
"""Between texts that are looked at all at once; no sheet can hold it."""
_ODD = when_needed(
    r"[\t\x0b\x0c\u0085\u2028\u2029\u00a0\u1680\u2000-\u200a\u200c\u200d\u202f\u205f\u3000"
    + _CONTROL
    + _INVISIBLE
    + r"]"
)
_END = when_needed(r"(?:^|\x1f)\s|\s(?:\x1f|$)")
_DASH = r"[-\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d_~]"


_UNIT = when_needed(rf"P\s*{_DASH}?\s*0*(\d{{1,12}})", re.IGNORECASE | re.ASCII)
_SET = when_needed(
    rf"PR\s*{_DASH}?\s*0*(\d{{1,12}})\s*{_DASH}?\s*S\s*{_DASH}?\s*0*(\d{{1,6}})",
    re.IGNORECASE | re.ASCII,
)
_SALE = when_needed(rf"S\s*0*(\d{{1,12}})(?:\s*{_DASH}\s*0*(\d{{1,6}}))?", re.IGNORECASE | re.ASCII)
_MATCH = when_needed(
    rf"(?:(?:M|Match|Game)\s*(?:{_DASH}|[.:#])?\s*(?:No\.?|\#)?\s*|\#?\s?)0*(\d{{1,3}})",
    re.IGNORECASE | re.ASCII,
)
"""A number alone is one too: schedules count their matches, and M# may be a column of numbers (D23)."""
_SESSION = when_needed(rf"([A-Z]{{2,4}})\s?{_DASH}?\s?(\d{{2,3}})", re.IGNORECASE | re.ASCII)
_SEPARATOR = when_needed(r"[,;|/\\+&·•\r\n]+|\s+(?:and|und|et|y|e)\s+", re.IGNORECASE)
_RANGE = when_needed(
    rf"(P[\s0-9]+?)\s*(?:{_DASH}|\.\.+|…|\bto\b|\bbis\b)+\s*(P[\s0-9]+)", re.IGNORECASE | re.ASCII
)
_MENTIONED = when_needed(
    rf"(?<![A-Za-z])P\s?0*(\d{{1,12}})(?:\s*(?:{_DASH}|\.\.+|…|\bto\b|\bbis\b)+\s*P?\s?0*(\d{{1,12}}))?",
    re.IGNORECASE,
)
_LONGEST_RANGE = 2_000
"""A range that names more units than that is a slip of the finger."""
_FIFA = when_needed(r"M\d{2,3}", re.ASCII)
_SUB_GAME = when_needed(r"[A-Z0-9](?:[A-Z0-9-]{0,14}[A-Z0-9])?", re.ASCII)
_SLIP = when_needed(r"(?:m|ma?t?c?h|game)[\W_]*[\doil?x]*\d[\doil?x]*", re.IGNORECASE | re.ASCII)


class Kind(Enum):
    """What the cells of a coded column name."""

    UNIT = "unit"
    UNITS = "units"
    """A list: `P00001, P00002`."""
    SET = "set"
    SALE = "sale"
    MATCH = "match"
    CATEGORY = "category"
    SUB_GAME = "sub-game"


UNDERSTOOD = {
    Kind.UNIT: r"^P[0-9]{5,12}$",
    Kind.UNITS: r"^P[0-9]{5,12}(?:, P[0-9]{5,12})*$",
    Kind.SET: r"^PR[0-9]{4,12}-S[0-9]{2,6}$",
    Kind.SALE: r"^S[0-9]{1,12}(?:-[0-9]{1,6})?$",
}
"""The patterns, for polars, of what is understood; those of matches and categories depend on what
stands beside them."""


EXACT = {
    kind: when_needed(rf"(?:(?:{pattern})\x1f)*", re.ASCII)
    for kind, pattern in {
        Kind.UNIT: r"P(?:\d{5}|[1-9]\d{5,11})",
        Kind.SET: r"PR(?:\d{4}|[1-9]\d{4,11})-S(?:\d{2}|[1-9]\d{2,5})",
        Kind.SALE: r"S[1-9]\d{0,11}(?:-[1-9]\d{0,5})?",
        Kind.UNITS: r"P(?:\d{5}|[1-9]\d{5,11})(?:, P(?:\d{5}|[1-9]\d{5,11}))*",
    }.items()
}
"""What a column of texts, each with a SEAM after it, looks like where every one is spelt as it
should be."""


def tidy(text: str) -> str:
    """A text without spaces at its ends, doubled ones, no-break and zero-width ones, soft hyphens,
    marks of direction, control characters and all else that no reader sees."""
    if not is_untidy(text):
        return text
    return _BLANKS().sub(" ", _NO_WIDTH().sub("", text)).strip()


def is_untidy(text: str) -> bool:
    """Whether `tidy` may change it; of several texts joined by SEAM, whether it may change any."""
    if text.isascii() and text.isprintable():  # as most are
        return "  " in text or text[:1] == " " or text[-1:] == " "
    if "  " in text or "\t" in text:
        return True
    if not text.replace(SEAM, "").isprintable() and _ODD().search(text):
        return True
    if not text.isascii() and (_has_unseen(text)):
        return True
    if text[:1].isspace() or text[-1:].isspace() or " \x1f" in text or "\x1f " in text:
        return True
    return ("\n" in text or "\r" in text) and _END().search(text) is not None


def _has_unseen(text: str) -> bool:
    """Whether a text holds what nobody sees though it is printable."""
    try:
        text.encode("latin-1")  # as most names can be: a hundred times sooner than looking for each
    except UnicodeEncodeError:
        return any(c in text for c in (*_UNSEEN, *_SELECTORS)) or bool(_SELECTOR().search(text))
    return False


def plain(text: str) -> str:
    """A code for comparing: tidy, and without joiners. Line ends stay."""
    return tidy(text if text.isascii() else text.translate(_JOINERS))


def unit(text: str) -> str | None:
    """`p1`, `P 00001` → P00001."""
    found = _UNIT().fullmatch(_line(text))
    return f"P{int(found[1]):05d}" if found else None


def units(text: str) -> str | None:
    """A list in any separators, ranges meaning all between; None where a part of it is none.

    >>> units("p1/P3–P5")
    'P00001, P00003, P00004, P00005'
    """
    listed: list[str] = []
    for part in filter(None, (one.strip(" .") for one in _SEPARATOR().split(plain(text)))):
        found = _spelt_out(part) or _apart(part)
        if not found:
            return None
        listed += found
    return ", ".join(listed) or None


def _spelt_out(part: str) -> list[str] | None:
    if one := unit(part):
        return [one]
    ends = _RANGE().fullmatch(_line(part))
    first, last = (unit(ends[1]), unit(ends[2])) if ends else (None, None)
    if not first or not last:
        return None
    low, high = int(first[1:]), int(last[1:])
    return (
        [f"P{number:05d}" for number in range(low, high + 1)]
        if low <= high < low + _LONGEST_RANGE
        else None
    )


def _apart(part: str) -> list[str] | None:
    """UnitIDs with nothing but spaces between them: `P1 P2`, `P1 P3-P5`."""
    pieces = re.split(r"\s+(?=P)", part, flags=re.IGNORECASE)
    found = [_spelt_out(piece) for piece in pieces]
    return (
        [one for many in found if many for one in many] if len(pieces) > 1 and all(found) else None
    )


def mentioned(text: str) -> set[str]:
    """Every UnitID that a text may speak of, whatever else it says: none of them is given away."""
    found = set()
    for first, last in _MENTIONED().findall(plain(text)):
        low = int(first)
        high = int(last) if last else low
        found |= {
            f"P{number:05d}"
            for number in (
                range(low, high + 1) if low <= high < low + _LONGEST_RANGE else (low, high)
            )
        }
    return found


def set_id(text: str) -> str | None:
    """`pr1-s1`, `PR0001–S01` → PR0001-S01."""
    found = _SET().fullmatch(_line(text))
    return f"PR{int(found[1]):04d}-S{int(found[2]):02d}" if found else None


def sale(text: str) -> str | None:
    """`s147`, `S147–1` → S147, S147-1."""
    found = _SALE().fullmatch(_line(text))
    if not found:
        return None
    return f"S{int(found[1])}" + (f"-{int(found[2])}" if found[2] else "")


@lru_cache(maxsize=4096)
def match(text: str) -> str | None:
    """The code of a match or session. Other codes stay as they are, tidy; an empty one is None.

    >>> [match(text) for text in ("M 1", "m-01", "Match 12", "12", "arc01")]
    ['M01', 'M01', 'M12', 'M12', 'ARC01']
    """
    code = _line(text)
    if found := _MATCH().fullmatch(code):
        return f"M{int(found[1]):02d}"
    if found := _SESSION().fullmatch(code):
        return f"{found[1].upper()}{found[2]}"
    return code or None


def is_session(code: str) -> bool:
    """Whether a code has the form of an Olympic session: ARC01, BK301."""
    return _SESSION().fullmatch(code) is not None


def is_no_match(code: str) -> bool:
    """Whether a code, as `match` spells it, can't be one of any event: no letter in it, or a slip
    in one of the M kind."""
    return not _FIFA().fullmatch(code) and (
        not any(map(str.isalpha, code)) or bool(_SLIP().fullmatch(code))
    )


def without_slips(code: str) -> str:
    """A code with the digits that were meant: `Ml2`, `MO1` → M12, M01; others stay as they are."""
    found = re.fullmatch(r"([A-Za-z]+?)[\W_]*([\dOoIilL|]{1,4})", code, re.ASCII)
    if not found or found[2].isdigit() or not re.search(r"[\dlI|]", found[2]):
        return code
    return match(found[1] + found[2].translate(LIKE_DIGITS)) or code


LIKE_DIGITS = str.maketrans({"O": "0", "o": "0", "I": "1", "i": "1", "l": "1", "L": "1", "|": "1"})


def category(text: str) -> str | None:
    """A category as its scheme spells it; one of no scheme stays as it is, tidy.

    >>> [category(text) for text in ("cat 1", "TOP  CAT 1", "Lounge")]
    ['Cat 1', 'Top Cat 1', 'Lounge']
    """
    wanted = _line(text)
    return _CATEGORIES.get(wanted.casefold(), wanted) or None


_CATEGORIES = {
    name.casefold(): name for name in (*categories.FIFA_CATEGORIES, *categories.OLYMPIC_CATEGORIES)
}

_SAME = {"canceled": "cancelled", "sale": "sales", "purchase": "purchases"}


def sub_game(text: str) -> str | None:
    """The code of a sub-game: `race`, `fp 1` → RACE, FP1. What can't be one stays as it is, tidy."""
    line = _line(text)
    code = line.replace(" ", "").upper()
    return code if _SUB_GAME().fullmatch(code) else line or None


def is_sub_game(code: str) -> bool:
    """Whether a code, as `sub_game` spells it, can be one of a sub-game."""
    return _SUB_GAME().fullmatch(code) is not None


def is_slip(category: str) -> bool:
    """Whether a category is none of the FIFA scheme but near one: `CAT1`, `Category 1`."""
    return category not in categories.FIFA_CATEGORIES and bool(
        nearest(category, categories.FIFA_CATEGORIES)
    )


def choice(text: str, choices: Sequence[str]) -> str | None:
    """One of a closed set: `Cancelled`, `not sent`, `Waiting-Stock` → CANCELLED, NOT_SENT,
    WAITING_STOCK."""
    wanted = _choice_key(_line(text))
    by_key = _by_key(tuple(choices))
    return by_key.get(wanted) or by_key.get(_SAME.get(wanted, wanted))


@lru_cache(maxsize=64)
def _by_key(choices: tuple[str, ...]) -> dict[str, str]:
    return {_choice_key(one): one for one in choices}


def _choice_key(text: str) -> str:
    return re.sub(rf"(?:\s|{_DASH})+", "_", text.casefold())


def _line(text: str) -> str:
    """A code on one line."""
    text = plain(text)
    return re.sub(r"\s+", " ", text) if not text.isprintable() else text


SPELLERS: dict[Kind, Callable[[str], str | None]] = {
    Kind.UNIT: unit,
    Kind.UNITS: units,
    Kind.SET: set_id,
    Kind.SALE: sale,
    Kind.MATCH: match,
    Kind.CATEGORY: category,
    Kind.SUB_GAME: sub_game,
}


def of_same_digits(text: str, names: Iterable[str]) -> list[str]:
    """The names that a text may be a slip of: what differs in a digit is something else (D23)."""
    digits = re.findall(r"\d", text)
    return [name for name in names if re.findall(r"\d", name) == digits]


def nearest(text: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The one of `known` that a text is nearest to; empty where it is near none."""
    by_key = {re.sub(r"[\W_]+", "", one.casefold()): one for one in known}
    wanted = re.sub(r"[\W_]+", "", plain(text).casefold())
    found = get_close_matches(wanted, by_key, n=1, cutoff=cutoff)
    return by_key[found[0]] if found else ""

"""Times of day as people and programs write them, and how far ahead of UTC they say they are."""

from __future__ import annotations

import re
from datetime import timedelta

from ticketops.model.patterns import when_needed

CLOCK = when_needed(
    r"(?P<hour>\d{1,2})(?:[:h.](?P<minute>\d{2})(?!\d)(?::\d{2})?)?\s*(?P<half>[ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
_OFFSET = when_needed(
    r"\W*?(?:(?P<utc>UTC|GMT)\s*)?(?P<sign>[+\-−–])(?P<gap>\s*)(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)"
    r"|\W*(?:UTC|GMT|Z)(?!\w)",
    re.IGNORECASE,
)
_ABBREVIATIONS = frozenset(
    (
        *("ET", "CT", "MT", "PT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"),
        *("AKST", "AKDT", "HST", "AST", "ADT", "NST", "NDT", "CET", "CEST", "MEZ", "MESZ"),
        *("EET", "EEST", "WET", "WEST", "BST", "IST", "MSK", "TRT", "GST", "SAST", "EAT", "WAT"),
        *("CAT", "PKT", "ICT", "WIB", "SGT", "HKT", "JST", "KST", "AWST", "ACST", "ACDT"),
        *("AEST", "AEDT", "NZST", "NZDT", "BRT", "ART", "CLT", "CLST", "COT", "PET", "ECT", "VET"),
    )
)
_ZONE = when_needed(
    r"(?P<place>[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_\-]+)+)|(?P<short>\b[A-Z]{2,4}\b)"
    r"|(?P<words>(?<![\w-])(?:(?!local\b|kick\b|off\b)[a-z]+ )?(?:standard |daylight |summer |winter )?time\b"
    r"|\b(?:eastern|central|mountain|pacific|atlantic)\b)"
)
_WESTERNMOST, _EASTERNMOST = timedelta(hours=-12), timedelta(hours=14)


def parse_offset(text: str) -> timedelta | None:
    """How far a time of day is ahead of UTC, where it says so: `19:00 UTC-6`, `20:45 (GMT+2)`,
    `19:00-06:00`, `7 pm +0530`, `19:00Z`. None where it does not; `09:00-11:30` and `19:00 - 21:00`
    are from one time to another."""
    text = text.strip()
    start = CLOCK().match(text)
    found = _OFFSET().match(text, start.end()) if start else None
    if not start or not found:
        return None
    if not found["sign"]:
        return timedelta(0)
    if not found["utc"] and (
        found["gap"]
        or len(found["hours"]) < 2
        or (found["sign"] != "+" and int(found["hours"]) >= int(start["hour"]))
    ):
        return None
    ahead = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    offset = ahead if found["sign"] == "+" else -ahead
    return offset if _WESTERNMOST <= offset <= _EASTERNMOST else None


def zone_name(text: str) -> str:
    """The name of a time zone that follows a time of day: `19:00 ET`, `20:45 (Europe/Berlin)`, `7 pm
    Eastern`; empty where none does. Names are not read: the offset of one depends on the day, and
    `CST` is three zones."""
    text = text.strip()
    start = CLOCK().match(text)
    if not start or parse_offset(text) is not None:
        return ""
    rest = text[start.end() :]
    for found in _ZONE().finditer(rest):
        if found["place"] or (found["short"] and found["short"] in _ABBREVIATIONS):
            return found[0]
    lower = rest.casefold()
    words = next((f for f in _ZONE().finditer(lower) if f["words"]), None)
    if words and words[0].strip() not in ("time", "local time"):
        return rest[words.start() : words.end()].strip()
    return ""


def offset_text(offset: timedelta) -> str:
    """`UTC-6`, `UTC+5:30`, `UTC`."""
    minutes = int(offset.total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"

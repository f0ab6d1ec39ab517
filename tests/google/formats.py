"""Numbers as text and text as numbers: what the service shows for a value, and what it makes of
text that is typed.

Simplified: English (United States) only; a number format's first section; no scientific or fraction
patterns but the plain one.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.google.errors import Json
from tests.google.grid import ERRORS, Formula, FormulaError, number

EPOCH = datetime(1899, 12, 30)
DEFAULTS = {
    "DATE": "m/d/yyyy",
    "TIME": "h:mm:ss AM/PM",
    "DATE_TIME": "m/d/yyyy h:mm:ss",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
    "NUMBER": "#,##0.00",
    "SCIENTIFIC": "0.00E+00",
}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def serial(moment: datetime | date | time) -> int | float:
    """A moment as the service counts it: days since the end of 1899."""
    if isinstance(moment, time):
        moment = datetime.combine(EPOCH.date(), moment)
    elif not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return number((moment - EPOCH) / timedelta(days=1))


# --- values as text


def shown(value: Any, cell_format: Json | None) -> str:
    """What stands in the cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, FormulaError):
        return ERRORS[value.kind]
    if isinstance(value, str):
        return value
    given = (cell_format or {}).get("numberFormat", {})
    kind, pattern = given.get("type"), given.get("pattern") or DEFAULTS.get(given.get("type", ""))
    if not pattern or kind == "TEXT":
        return _plain(value)
    if kind in ("DATE", "TIME", "DATE_TIME"):
        return _moment(value, pattern)
    return _patterned(value, pattern)


def _plain(value: float) -> str:
    if value != value or abs(value) >= 1e15 or 0 < abs(value) < 1e-9:
        return re.sub(r"\.?0*E", "E", f"{value:.10E}")
    return f"{round(value, 10):.10f}".rstrip("0").rstrip(".")


def _moment(value: float, pattern: str) -> str:
    try:
        moment = EPOCH + timedelta(milliseconds=round(value * 86_400_000))
    except OverflowError:
        return _plain(value)
    twelve = "am/pm" in pattern.lower()
    tokens = re.findall(
        r'"[^"]*"|\\.|[Aa][Mm]/[Pp][Mm]|y+|m+|M+|d+|h+|H+|s+|\.0+|.', pattern, re.DOTALL
    )
    parts = []
    for place, token in enumerate(tokens):
        parts.append(_moment_part(token, moment, twelve, _is_minute(tokens, place)))
    return "".join(parts)


def _is_minute(tokens: list[str], place: int) -> bool:
    """An m is minutes behind hours or before seconds."""
    before = next((one for one in reversed(tokens[:place]) if one[0].isalpha()), "")
    after = next((one for one in tokens[place + 1 :] if one[0].isalpha()), "")
    return before[:1].lower() == "h" or after[:1].lower() == "s"


def _moment_part(token: str, moment: datetime, twelve: bool, minute: bool) -> str:
    kind, size = token[0].lower(), len(token)
    if token[0] in '"\\':
        return token.strip('"').lstrip("\\")
    if token.lower() == "am/pm":
        return "AM" if moment.hour < 12 else "PM"
    if token[0] == "." and size > 1:
        return f"{moment.microsecond / 1e6:.{size - 1}f}"[1:]
    if kind == "y":
        return f"{moment.year:04}" if size > 2 else f"{moment.year % 100:02}"
    if kind == "m" and not minute and size > 2:
        return _MONTHS[moment.month - 1][: 3 if size == 3 else None]
    if kind == "d" and size > 2:
        return _DAYS[moment.weekday()][: 3 if size == 3 else None]
    numbers = {"m": moment.minute if minute else moment.month, "d": moment.day, "s": moment.second}
    numbers["h"] = (moment.hour % 12 or 12) if twelve else moment.hour
    return f"{numbers[kind]:0{min(size, 2)}}" if kind in numbers else token


def _patterned(value: float, pattern: str) -> str:
    pattern = pattern.split(";", maxsplit=1)[0]
    found = re.search(r"[0#?][0#?,.]*(E\+0+)?", pattern)
    if not found:
        return _literal(pattern)
    digits = found[0]
    places = len(digits.split("E")[0].partition(".")[2].replace(",", ""))
    amount = abs(value) * (100 if "%" in pattern else 1)
    if found[1]:
        text = f"{amount:.{places}E}"
    else:
        optional = len(digits) - len(digits.rstrip("#")) if "." in digits else 0
        text = f"{amount:{',' if ',' in digits else ''}.{places}f}"
        for _ in range(optional):
            text = text.removesuffix("0")
        whole, _, rest = text.removesuffix(".").partition(".")
        text = whole.rjust(len(digits.partition(".")[0].replace(",", "").replace("#", "")), "0") + (
            "." + rest if rest else ""
        )
    sign = "-" if value < 0 and re.search("[1-9]", text) else ""
    return sign + _literal(pattern[: found.start()]) + text + _literal(pattern[found.end() :])


def _literal(text: str) -> str:
    return re.sub(
        r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|_.', lambda m: m[1] or m[2] or m[3] or "", text
    )


# --- text as values


def typed(text: str, cell_format: Json | None) -> tuple[Any, Json | None]:
    """(value, number format it brings along) for text typed into a cell."""
    kind = (cell_format or {}).get("numberFormat", {}).get("type")
    if kind == "TEXT":
        return text or None, None
    if text.startswith("'"):
        return text[1:], None
    if text.startswith("=") and len(text) > 1:
        return Formula(text), None
    bare = text.strip()
    if bare.upper() in ("TRUE", "FALSE"):
        return bare.upper() == "TRUE", None
    value, found = _amount(bare)
    if value is None:
        value, found = _when(bare)
    if value is None:
        return text or None, None
    return value, None if kind else found


def _amount(text: str) -> tuple[Any, Json | None]:
    found = re.fullmatch(
        r"([+-]?)(\$?)([+-]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d+)?(\s*%)?", text
    )
    if not found or (found[4] is None and (found[5] or ".") == "."):
        return None, None
    sign, dollar, inner_sign, whole, rest, power, percent = found.groups()
    if (sign and inner_sign) or (dollar and percent):
        return None, None
    value = float(f"{(whole or '0').replace(',', '')}{rest or ''}{power or ''}")
    if value in (float("inf"), float("-inf")):
        return None, None
    value = -value if "-" in (sign, inner_sign) else value
    cents = ".00" if rest and len(rest) > 1 else ""
    if percent:
        return number(value / 100), {"type": "PERCENT", "pattern": f"0{cents}%"}
    if dollar:
        return number(value), {"type": "CURRENCY", "pattern": f'"$"#,##0{cents}'}
    if power:
        return number(value), {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    return number(value), {
        "type": "NUMBER",
        "pattern": f"#,##0{cents}",
    } if whole and "," in whole else None


_DATES = (
    (r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", "yyyy-mm-dd"),
    (r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})", "yyyy/mm/dd"),
    (r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})", "m/d/yyyy"),
    (r"(?P<m>\d{1,2})-(?P<d>\d{1,2})-(?P<y>\d{4})", "m-d-yyyy"),
)
_TIME = r"(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?(?:\s*(?P<half>[AaPp][Mm]))?"


def _when(text: str) -> tuple[Any, Json | None]:
    """A day, a time of day, or both."""
    for shape, pattern in _DATES:
        found = re.fullmatch(rf"{shape}(?:[ T]{_TIME})?", text)
        if found:
            try:
                day = datetime(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                return None, None
            if found["h"] is None:
                return serial(day), {"type": "DATE", "pattern": pattern}
            clock = _clock(found)
            return (
                (None, None)
                if clock is None
                else (
                    serial(day + clock[0]),
                    {"type": "DATE_TIME", "pattern": f"{pattern} {clock[1]}"},
                )
            )
    found = re.fullmatch(_TIME, text)
    clock = _clock(found) if found else None
    return (
        (None, None)
        if clock is None
        else (number(clock[0] / timedelta(days=1)), {"type": "TIME", "pattern": clock[1]})
    )


def _clock(found: re.Match[str]) -> tuple[timedelta, str] | None:
    hour, minute, second = int(found["h"]), int(found["min"]), int(found["s"] or 0)
    half = found["half"]
    if minute > 59 or second > 59 or hour > (12 if half else 23):
        return None
    if half:
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    pattern = "h:mm" + (":ss" if found["s"] else "") + (" am/pm" if half else "")
    return timedelta(hours=hour, minutes=minute, seconds=second), pattern

"""Hours of the day in which nobody is written to: `22:00-07:00`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from msgspec import Struct

_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})", re.ASCII)
_DAY = 24 * 60


class Quiet(Struct, frozen=True):
    """From one minute of the day up to another; past midnight where the second is the smaller
    one."""

    first: int
    end: int

    @classmethod
    def read(cls, text: str) -> Quiet | None:
        """None for a blank. Raises ValueError for what names no hours, or the whole day."""
        if not text.strip():
            return None
        found = _HOURS.fullmatch(text.strip())
        if not found:
            raise ValueError(text)
        hours = [int(part) for part in found.groups()]
        first, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if max(hours[1], hours[3]) > 59 or first >= _DAY or end > _DAY or first == end % _DAY:
            raise ValueError(text)
        return cls(first, end % _DAY)

    def until(self, now: datetime) -> datetime | None:
        """When the quiet that it is now ends; None where it is not quiet."""
        minute = now.hour * 60 + now.minute
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.first < self.end:
            is_quiet, days = self.first <= minute < self.end, 0
        else:
            is_quiet, days = minute >= self.first or minute < self.end, int(minute >= self.first)
        return midnight + timedelta(days=days, minutes=self.end) if is_quiet else None

    def __str__(self) -> str:
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (self.first, self.end))

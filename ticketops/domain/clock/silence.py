"""Whether the clock is silent: a schedule that died says nothing itself, so whoever runs a command
learns of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from ticketops.domain.clock.record import LastRun
from ticketops.model.display import counted


def silent(last: LastRun | None, now: datetime, hours: float) -> str:
    """One line where the clock ran before and has been silent for more than so many hours, or where
    its last run is dated that far in the future, so that nobody can tell; else ""."""
    if last is None:
        return ""
    since, limit = now - last.started_at, timedelta(hours=hours)
    if since < -limit:
        return (
            f"the last run of the clock is dated {last.started_at:%Y-%m-%d %H:%M}, in the future: "
            "check the date of this machine"
        )
    if since <= limit:
        return ""
    gone = int(since / timedelta(hours=1))
    ago = counted(gone, "hour") if gone < 72 else counted(gone // 24, "day")
    return (
        f"nothing has run at night since {last.started_at:%Y-%m-%d %H:%M} ({ago} ago): "
        "`ticketops cron check` says why, `ticketops run nightly` catches up"
    )


def look_again(last: LastRun | None, now: datetime, hours: float) -> datetime:
    """When it is worth asking again: as soon as the clock can be silent; where it is, or never ran,
    the next day."""
    if last is None or silent(last, now, hours):
        return datetime(now.year, now.month, now.day) + timedelta(days=1)
    return last.started_at + timedelta(hours=hours)

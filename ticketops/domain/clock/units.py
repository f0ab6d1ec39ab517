"""The nightly run as a service and a timer of systemd. A run that was missed, since the machine was
off, is made up for."""

from __future__ import annotations

import re

from ticketops.domain.clock.entry import Entry

_CALENDAR = re.compile(r"^OnCalendar=\*-\*-\* (\d\d:\d\d):00$", re.MULTILINE)


def service_of(entry: Entry) -> str:
    """The unit that runs it once. Raises UsageError where something can't be written.

    Exit code 1, work done with something to say, is no failure.
    """
    entry.require_writable()
    around = "\n".join(
        f"Environment={_quoted(f'{name}={text}')}" for name, text in entry.environment.items()
    )
    return f"""[Unit]
Description=ticketops run nightly: {_plain(entry.workbook)}

[Service]
Type=oneshot
WorkingDirectory={_plain(entry.folder)}
{around}
ExecStart={" ".join(map(_argument, entry.words))}
StandardOutput=append:{_plain(entry.log)}
StandardError=append:{_plain(entry.log)}
SuccessExitStatus=1
"""


def timer_of(entry: Entry) -> str:
    """The unit that starts it every day."""
    return f"""[Unit]
Description=ticketops run nightly, every day: {_plain(entry.workbook)}

[Timer]
OnCalendar=*-*-* {entry.at:%H:%M}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def time_in(timer: str) -> str:
    """When a timer of ours runs (`03:30`); "" where somebody made something else of it."""
    when = _CALENDAR.search(timer)
    return when[1] if when else ""


def _plain(text: str) -> str:
    """Text that is taken to the end of its line: % would begin a specifier."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """Text in double quotes, as systemd reads them."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.replace("%", "%%")


def _argument(text: str) -> str:
    """A word of a command: $ would begin a variable, too."""
    return _quoted(text).replace("$", "$$")

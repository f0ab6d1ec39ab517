"""The nightly run as two lines of a crontab: one that says whose it is, and the entry itself. All other
lines are somebody's, and stay."""

from __future__ import annotations

import re
import shlex

from ticketops.domain.clock.entry import Entry
from ticketops.errors import UsageError

_MARK = "# ticketops run nightly: "
LONGEST = 990
"""Characters of a line that every cron reads."""
_TIME = re.compile(r"(\d{1,2})\s+(\d{1,2})\s+\*\s+\*\s+\*\s", re.ASCII)


def mark_of(workbook: str) -> str:
    """The line above an entry."""
    return f"{_MARK}{workbook}"


def line_of(entry: Entry) -> str:
    """The entry. Raises UsageError where it can't be written, or is too long.

    cron gives neither the PATH nor the folder of whoever installs it, and takes % for the end of a
    command.
    """
    entry.require_writable()
    around = " ".join(f"{name}={shlex.quote(text)}" for name, text in entry.environment.items())
    command = (
        f"cd {shlex.quote(entry.folder)} && env {around} {shlex.join(entry.words)} "
        f">> {shlex.quote(entry.log)} 2>&1"
    )
    line = f"{entry.at.minute} {entry.at.hour} * * * {command.replace('%', chr(92) + '%')}"
    if len(line.encode("utf-8", "surrogateescape")) > LONGEST:
        raise UsageError(
            f"the line of the crontab would be longer than {LONGEST} bytes",
            "use --systemd, or shorter paths for the workbook and the state folder",
        )
    return line


def found(text: str, workbook: str) -> str:
    """The entry of a workbook in a crontab; "" where there is none that runs."""
    lines = text.split("\n")
    at = _where(lines, workbook)
    line = lines[at + 1] if at is not None and at + 1 < len(lines) else ""
    return line if _is_ours(line) and not line.lstrip().startswith("#") else ""


def time_in(line: str) -> str:
    """When an entry runs every day (`03:30`); "" where somebody made something else of it."""
    when = _TIME.match(line)
    return f"{int(when[2]):02}:{int(when[1]):02}" if when else ""


def with_entry(text: str, entry: Entry) -> str:
    """The crontab with the entry: in the place of the one that is there, else at the end."""
    lines = text.split("\n")
    at = _where(lines, entry.workbook)
    if at is None:
        before = text if not text or text.endswith("\n") else f"{text}\n"
        return f"{before}{mark_of(entry.workbook)}\n{line_of(entry)}\n"
    own = at + 1 < len(lines) and _is_ours(lines[at + 1])
    lines[at + 1 : at + 2 if own else at + 1] = [line_of(entry)]
    return "\n".join(lines) if lines[-1] == "" else "\n".join(lines) + "\n"


def without(text: str, workbook: str) -> str:
    """The crontab without the entry of a workbook, one that was commented out as well."""
    lines = text.split("\n")
    at = _where(lines, workbook)
    if at is None:
        return text
    own = at + 1 < len(lines) and _is_ours(lines[at + 1])
    del lines[at : at + 2 if own else at + 1]
    return "\n".join(lines)


def _where(lines: list[str], workbook: str) -> int | None:
    wanted = mark_of(workbook)
    return next((n for n, line in enumerate(lines) if line.rstrip() == wanted), None)


def _is_ours(line: str) -> bool:
    return " run nightly -w " in line

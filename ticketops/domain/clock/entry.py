"""The nightly run as cron and systemd start it: one command line, where it runs, and with what around
it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from hashlib import blake2b

from msgspec import Struct

from ticketops.errors import UsageError

_AT = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
TAKEN_ALONG = (
    *("HOME", "PATH", "LANG", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TICKETOPS_BOOKS"),
    *("TICKETOPS_ROLE", "TICKETOPS_KEY_FILE", "TICKETOPS_STATE", "TICKETOPS_EVENT"),
    *("TICKETOPS_SMTP_HOST", "TICKETOPS_SMTP_PORT", "TICKETOPS_SMTP_SECURITY"),
    *("TICKETOPS_SMTP_USER", "TICKETOPS_SMTP_FROM", "TICKETOPS_QUIET_HOURS"),
    *("TICKETOPS_MESSAGE_DIGEST", "TICKETOPS_MESSAGES_PER_MINUTE", "TICKETOPS_GOOGLE_API"),
    *("TICKETOPS_GOOGLE_KEY", "TICKETOPS_DATES", "TICKETOPS_CLOCK_TASKS", "TICKETOPS_CLOCK_DAYS"),
)
"""What of the environment a nightly run needs, too, and may stand in a file: no secret is among it
(D30)."""


class Entry(Struct, frozen=True):
    """A nightly run. workbook: its path, written in full, or `gsheet:ID`; program: the words before
    `run nightly`; user: whom it runs as; folder: where; log: the file that it writes to."""

    workbook: str
    program: tuple[str, ...]
    user: str
    folder: str
    environment: Mapping[str, str]
    log: str
    at: time

    @property
    def words(self) -> tuple[str, ...]:
        """The whole command."""
        return (*self.program, *("run", "nightly", "-w", self.workbook, "--as", self.user))

    @property
    def unit(self) -> str:
        """The name of its systemd unit, one for each workbook."""
        digest = blake2b(self.workbook.encode("utf-8", "surrogateescape"), digest_size=4)
        return f"ticketops-nightly-{digest.hexdigest()}"

    def require_writable(self) -> None:
        """Raises UsageError where a text holds what neither a crontab nor a unit can hold."""
        for text in (*self.words, self.folder, self.log, *self.environment.values()):
            if not text.isprintable():
                raise UsageError(f"{text!r} can't be in a schedule: rename it")


def time_of(text: str) -> time:
    """`02:30`. Raises UsageError for anything else."""
    found = _AT.fullmatch(text.strip())
    hour, minute = (int(found[1]), int(found[2])) if found else (24, 0)
    if hour > 23 or minute > 59:
        raise UsageError(f"--at must be a time of day like 03:30, not {text!r}")
    return time(hour, minute)

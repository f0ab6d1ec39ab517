"""Sends what waits in a workbook, and kills itself at one point (`python -m tests.sending.killed WORKBOOK
PORT POINT`): before or after the nth of all steps that leave something behind: notes on the disk, commits,
texts handed over."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.sending.outbox import Outbox
from ticketops.channels.mail import Mail
from ticketops.services.flight import Recorder
from ticketops.stores.xlsx.store import XlsxStore

_passed = itertools.count(1)


def settings_for(port: int) -> dict[str, Any]:
    """Those of the workbook that is sent."""
    return {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "smtp_from": "office@mm-tickets.com",
    }


def _counted(owner: Any, name: str, point: int) -> None:
    original = getattr(owner, name)

    def step(self: Any, *values: Any, **more: Any) -> Any:
        _pass(point)
        try:
            return original(self, *values, **more)
        finally:
            _pass(point)

    setattr(owner, name, step)


def _pass(point: int) -> None:
    if next(_passed) == point:
        os.kill(os.getpid(), signal.SIGKILL)


def main(workbook: str, port: str, point: str) -> None:
    """Ends with 0 where the point lies behind the last one."""
    for owner, name in (
        (Recorder, "_note"),
        (Recorder, "recorded"),
        (Recorder, "keep"),
        (XlsxStore, "commit"),
        (Mail, "deliver"),
    ):
        _counted(owner, name, int(point))
    Outbox(Path(workbook), **settings_for(int(port))).send()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A process that works on an event in a database, as one machine of several (`python -m
tests.postgres.workers KIND ADDRESS STATE PORT KILLED`). KIND: `jobs` makes reports, `mail` sends
messages; KILLED: at which report or message it kills itself, before it makes or hands it over; 0 for
never. It says when it is ready, and begins when it is told to; one that will be killed says when it
took up its first piece of work."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.sending.killed import settings_for
from tests.sending.outbox import Outbox
from ticketops.channels.mail import Mail
from ticketops.config import Settings
from ticketops.domain.messages import pacing
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, run_of
from ticketops.services import jobs, report_jobs

BATCH = 3
"""Messages that are claimed at once."""


def _dies(owner: Any, name: str, killed: int) -> None:
    original, count = getattr(owner, name), itertools.count(1)

    def step(*values: Any, **more: Any) -> Any:
        number = next(count)
        if number == killed:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 1 and killed:
            print("took", flush=True)
        return original(*values, **more)

    setattr(owner, name, step)


def main(kind: str, address: str, state: str, port: str, killed: str) -> None:
    """Works until nothing waits."""
    _dies(report_jobs, "made", int(killed))
    _dies(Mail, "deliver", int(killed))
    pacing.BATCH = BATCH
    print("ready", flush=True)
    sys.stdin.readline()
    if kind == "mail":
        folder = Path(state)
        print(outbox(address, folder, int(port)).send().result.sent, flush=True)
        return
    own = Settings(user=Path(state).name, role="super_admin", state=Path(state), lock_timeout=30.0)
    store = open_store(address, own)
    plan = carry_out(store, jobs.work(store, own, lambda: run_of(own)), run_of(own)).plan
    print(*plan.result.done, flush=True)


def outbox(address: str, state: Path, port: int) -> Outbox:
    """The outbox of an event, as a machine with this state folder sends it."""
    return Outbox(address, **settings_for(port), state=state, lock_timeout=30.0)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A story of commands: each step makes the same bytes whoever runs it, and what must hold after each."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.trail import given_back
from ticketops.domain.plan import Run
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.transaction import carry_out
from ticketops.model.changes import ChangeSet
from ticketops.model.ids import run_id
from ticketops.schema.layouts.event import EVENT, VENDOR_CREDENTIALS
from ticketops.services import allocation, purchasing, selling
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

NAME = "event.xlsx"
STATE = NAME + ".ticketops"
STEPS = ("buy", "sell", "allocate", "secret", "undo", "buy", "undo", "sell", "allocate")
"""The story that is told again and again; the last step is only there to follow the one before
it."""
LAST = len(STEPS) - 1
START = datetime(2026, 4, 17, 9, 0)
KEPT = re.compile(
    rf"{NAME}|{STATE}/(lock|committed\.xlsx|journal/(\d{{6}}\.json\.gz|secret\.key)|backups/\d{{6}}-[0-9a-f]{{32}}\.xlsx|cache/[\w-]+(?:@[0-9a-f]{{32}}\.arrow|\.names))"
)


def step(folder: Path, number: int) -> None:
    """Run the `number`th command of the story, as the service layer does."""
    path = folder / NAME
    now = START + timedelta(minutes=number)
    uuids = itertools.count(number * 1000)
    run = Run(run_id(now), "tester", now, lambda: str(uuid.UUID(int=next(uuids))))
    entry = Entry(run.run_id, STEPS[number], run.user, run.now)
    store = XlsxStore(path, lock_timeout=5, layout=EVENT)
    match STEPS[number]:
        case "buy":
            line = PurchaseLine(
                "M01", "Viagogo", "000777", "Cat 1", 2, Decimal("120.50"), "USD", START
            )
            carry_out(store, purchasing.purchase_add([line]), run)
        case "sell":
            carry_out(
                store,
                selling.sale_add(
                    Order("Meridian", "USD", START), [SaleLine("M01", "Cat 1", 1, Decimal(350))]
                ),
                run,
            )
        case "allocate":
            carry_out(store, allocation.allocate_auto(), run)
        case "undo":
            store.undo(entry)
        case "secret":
            snapshot = store.read(VENDOR_CREDENTIALS)
            changes = ChangeSet()
            changes.append(
                VENDOR_CREDENTIALS,
                snapshot[VENDOR_CREDENTIALS].next_row,
                ("vendor", "password"),
                [("Viagogo", "hunter2")],
            )
            store.commit(changes, snapshot.revision, entry)


Log = list[tuple[Any, ...]]


def history(folder: Path) -> Log:
    """The journal through the front door: what was done from which revision to which."""
    log = XlsxStore(folder / NAME, lock_timeout=5, layout=EVENT).log()
    return [
        (t.number, t.entry.run_id, t.revision_before, t.revision_after, t.undoes, t.undone_by)
        for t in log
    ]


@dataclass
class Story:
    """The folder, the workbook's bytes and the log after 0, 1, 2 … steps."""

    folders: list[Path] = field(default_factory=list, repr=False)
    states: list[bytes] = field(default_factory=list, repr=False)
    logs: list[Log] = field(default_factory=list, repr=False)
    revisions: dict[str, bytes] = field(default_factory=dict, repr=False)

    def start(self, done: int, folder: Path) -> Path:
        """A copy of the folder after `done` steps."""
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(self.folders[done], folder))


def check(story: Story, folder: Path, done: int) -> int:
    """After a kill during step `done` (the last is never killed), everything the commit protocol
    promises; how many steps happened."""
    path = folder / NAME
    found = path.read_bytes()
    assert found in story.states[done : done + 2], "neither the old file nor the new one"
    log = history(folder)
    happened = len(log)
    assert happened in (done, done + 1), log
    assert log == story.logs[happened], "the journal does not list the commits that happened"
    assert found == story.states[happened], "the journal and the file disagree"
    assert path.read_bytes() == found, "looking at the log changed the file"
    step(folder, happened)
    assert path.read_bytes() == story.states[happened + 1], (
        "the next command met something that should not be there"
    )
    assert history(folder) == story.logs[happened + 1]
    assert leftovers(story, folder) == []
    standing = [t for t in story.logs[happened + 1] if t[4] is None and t[5] is None][-1]
    during = path.read_bytes()
    XlsxStore(path, layout=EVENT).undo(Entry("R20260418-090000", "undo", "tester", START))
    given_back(path, story.revisions[standing[2]], during)
    assert leftovers(story, folder) == []
    return happened


def leftovers(story: Story, folder: Path) -> list[str]:
    """Files that should not be there at rest, or that do not hold what they should."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    odd = [
        name for path in files if not KEPT.fullmatch(name := path.relative_to(folder).as_posix())
    ]
    live = (folder / NAME).stat()
    for path in files:
        if path.parent.name == "backups":
            if path.read_bytes() != story.revisions.get(path.stem.partition("-")[2]):
                odd.append(f"{path.name} holds another version")
            if os.path.samestat(path.stat(), live):
                odd.append(f"{path.name} is the workbook itself")
        elif path.name == "committed.xlsx" and path.read_bytes() != (folder / NAME).read_bytes():
            odd.append("committed.xlsx is not what the last commit left")
        elif path.name == "secret.key" and path.stat().st_size < 32:
            odd.append("secret.key is cut off")
    return odd


def spread(total: int, wanted: int) -> list[int]:
    """`wanted` numbers from 1 to `total`, all of them if there are not more."""
    return (
        sorted({1 + round(i * (total - 1) / max(1, wanted - 1)) for i in range(wanted)})
        if wanted < total
        else list(range(1, total + 1))
    )

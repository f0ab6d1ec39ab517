"""People read `_CFG` and keep settings of their own there; the lock and the revision stand in it
too. Whatever they do to it while a command runs, their rows stay, and the workbook holds all of the
command or nothing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.desk import Desk
from tests.google.server import GoogleServer
from tests.online import Google
from tests.stores.gsheets.acts import (
    MOMENTS,
    Act,
    in_reverse,
    row_inserted,
    run,
    sheet_at_work,
    sheet_deleted,
    sheet_renamed,
    typed_at,
)
from tests.stores.gsheets.fixtures import (
    CFG,
    JOURNAL,
    LOCK,
    content,
    interrupted,
    is_locked,
    journal,
    lease_over,
    quick,
    titles,
    twin,
)
from ticketops.domain.audit import checks
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.services import allocation


def allocate(desk: Desk) -> None:
    desk.do(allocation.allocate_auto())


def cfg_row(server: GoogleServer, key: str, first: str) -> int:
    """The row of `_CFG` that begins so."""
    return next(
        number for number, row in enumerate(server.rows(key, CFG), start=1) if row[:1] == [first]
    )


def cfg_row_deleted(first: str) -> Act:
    return lambda server, key: server.delete_row(key, CFG, cfg_row(server, key, first))


def cfg_row_emptied(first: str) -> Act:
    def act(server: GoogleServer, key: str) -> None:
        row = cfg_row(server, key, first)
        for column in range(1, 5):
            server.set(key, CFG, row, column, None)

    return act


CFG_ACTS: dict[str, Act] = {
    "a row above ours": row_inserted(CFG, 2),
    "a row above the header": row_inserted(CFG, 1),
    "a row below ours": typed_at(CFG, 20, 1, "another.setting"),
    "a row less above ours": lambda server, key: server.delete_row(key, CFG, 1),
    "sorted": in_reverse(CFG, 2),
    "the lock's row deleted": cfg_row_deleted("ticketops.lock"),
    "the lock's row emptied": cfg_row_emptied("ticketops.lock"),
    "the revision's row deleted": cfg_row_deleted("ticketops.revision"),
    "the revision's row emptied": cfg_row_emptied("ticketops.revision"),
    "the sheet deleted": sheet_deleted(CFG),
    "the sheet renamed": sheet_renamed(CFG),
    "the lock taken away": sheet_deleted(LOCK),
    "the journal deleted": sheet_deleted(JOURNAL),
}
LOCKED_ONLY = {"the lock's row deleted", "the lock's row emptied", "the lock taken away"}
"""What is only there once the lock is taken."""
CFG_OPEN = {
    (name, "before the write")
    for name in (
        "a row above ours",
        "a row above the header",
        "a row less above ours",
        "the revision's row deleted",
    )
}
"""What Google gives no means against: it knows no write on a condition, and rows are written by
number."""


def cfg_moments() -> list[Any]:
    made = []
    for name, moment in itertools.product(CFG_ACTS, MOMENTS):
        if moment != "before the lock" or name not in LOCKED_ONLY:
            marks = [] if moment == "before the look" else [pytest.mark.slow]
            if (name, moment) in CFG_OPEN:
                continue
            made.append(pytest.param(name, moment, marks=marks, id=f"{name}, {moment}"))
    return made


@pytest.mark.parametrize(("name", "moment"), cfg_moments())
def test_in_the_sheet_of_settings(google: Google, name: str, moment: str) -> None:
    """All of the command or nothing, said as it is; settings of people stay, and the next command
    works."""
    server, sheet = google.server, sheet_at_work(google)
    digests = server.rows(sheet, CFG)[cfg_row(server, sheet, "ticketops.digests") - 1]
    model = twin(google, sheet)
    assert run(google, model, allocate) is None
    old, new = content(server, sheet), content(server, model)
    transactions = len(journal(server, sheet))
    with interrupted(server, MOMENTS[moment], lambda: CFG_ACTS[name](server, sheet)):
        refused = run(google, sheet, allocate)
    without = ("Mine",) if name == "the sheet renamed" else ()
    now = {title: cells for title, cells in content(server, sheet).items() if title not in without}
    assert now == (old if refused else new), refused
    if refused:
        assert refused.exit_code == 5, refused.message
    if name != "the journal deleted":
        assert len(journal(server, sheet)) == transactions + (refused is None)
    if name != "the sheet deleted":
        kept = server.rows(sheet, "Mine" if name == "the sheet renamed" else CFG)
        assert digests in kept
        assert [row for row in kept if row[:1] == ["our.own.setting"]] == [
            ["our.own.setting", "42"]
        ]
        if name == "a row below ours":
            assert ["another.setting"] in kept
    if is_locked(server, sheet) and CFG in titles(server, sheet):
        lease_over(server, sheet)
    again = quick(google, sheet)
    Desk(again).buy(("M01", "Cat 2", 1))
    assert not is_locked(server, sheet)
    numbers = [t.number for t in again.log()]
    assert len(set(numbers)) == len(numbers), "two transactions with one number"
    assert quick(google, sheet, machine="b").read(UNITS).revision == again.log()[-1].revision_after
    assert checks.audit(again.read(DISTRIBUTION, UNITS))[1] == []

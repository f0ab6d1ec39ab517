"""Somebody works in the sheet while a command runs. Whatever they do between two of its requests,
it comes out as if one of the two had been there before the other, or the command is refused and
only their work is there."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.google.server import GoogleServer
from tests.online import Google
from tests.sampling import some, thorough
from tests.stores.gsheets.acts import (
    MOMENTS,
    Act,
    Work,
    column_inserted,
    either_order,
    formula,
    in_reverse,
    row_deleted,
    row_inserted,
    run,
    sheet_added,
    sheet_at_work,
    sheet_deleted,
    sheet_renamed,
    typed,
    typed_at,
    unlike,
)
from tests.stores.gsheets.fixtures import CFG, column_of, content, interrupted, is_locked, journal
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    PURCHASES,
    SALES,
    SALES_RECON_AUDIT,
    UNITS,
    USERS,
    VENDOR_CREDENTIALS,
)
from ticketops.services import allocation, credentials, masterdata, purchasing, selling

JOBS: dict[str, Work] = {
    "appends": lambda desk: desk.sell(("M01", "Cat 1", 2)),
    "sets": lambda desk: desk.do(allocation.allocate_auto()),
    "deletes": lambda desk: desk.do(selling.recon_apply()),
    "makes a sheet": lambda desk: desk.do(
        masterdata.user_set("tester", role="ops_manager", name="Anna", email="", active=True)
    ),
}


ACTS: dict[str, tuple[str, Act]] = {
    # cells
    "a cell that is set": ("sets", typed(DISTRIBUTION, 3, "AllocatedUnitIDs", "P99", 2)),
    "a state that is set": ("sets", typed(UNITS, 2, "Status", "CANCELLED")),
    "the key of a row": ("sets", typed(UNITS, 2, "UnitID", "X1")),
    "a cell beside one that is set": ("sets", typed(DISTRIBUTION, 3, "Comment", "call them", 2)),
    "a cell of a row that is deleted": (
        "deletes",
        typed(DISTRIBUTION, 6, "Comment", "keep this", 2),
    ),
    "the key of a row that is deleted": (
        "deletes",
        typed(DISTRIBUTION, 6, "SalesLineKey", "other", 2),
    ),
    "a tick in a queue": ("deletes", typed(SALES_RECON_AUDIT, 2, "Process_Now", True)),
    "the row that is appended to": ("appends", typed(SALES, 4, "Client", "Bolt")),
    "the row below that": ("appends", typed(SALES, 5, "Client", "Bolt")),
    "the last row": ("appends", typed(SALES, 3, "Client", "Bolt")),
    "a user's own column in the row that is appended to": (
        "appends",
        typed_at(SALES, 4, 30, "mine"),
    ),
    "a cell elsewhere": ("sets", typed_at(SALES, 3, 30, "mine")),
    "a cell of another sheet": ("sets", typed_at("Purchases", 2, 30, "mine")),
    "a cell beyond the grid": ("appends", typed_at(DISTRIBUTION, 1200, 70, "mine")),
    # rows
    "a row above those that are set": ("sets", row_inserted(UNITS, 2)),
    "a row above the header": ("sets", row_inserted(DISTRIBUTION, 1)),
    "a row above the one that is appended": ("appends", row_inserted(SALES, 2)),
    "a row above the one that is deleted": ("deletes", row_inserted(DISTRIBUTION, 4)),
    "a row less above those that are set": ("sets", row_deleted(UNITS, 2)),
    "a row less above the one that is appended": ("appends", row_deleted(SALES, 2)),
    "a row less above the one that is deleted": ("deletes", row_deleted(DISTRIBUTION, 3)),
    "units sorted": ("sets", in_reverse(UNITS, 2)),
    "sales sorted": ("appends", in_reverse(SALES, 2)),
    "tickets sorted": ("deletes", in_reverse(DISTRIBUTION, 3)),
    # columns and sheets
    "a column renamed": ("sets", typed(UNITS, 1, "Status", "State")),
    "a column renamed where rows are appended": ("appends", typed(SALES, 1, "Client", "Customer")),
    "a column's header deleted": ("sets", typed(UNITS, 1, "AllocatedAt", None)),
    "a column inserted": ("sets", column_inserted(UNITS)),
    "a column inserted where rows are appended": ("appends", column_inserted(SALES)),
    "the sheet deleted": ("sets", sheet_deleted(UNITS)),
    "the sheet renamed": ("appends", sheet_renamed(SALES)),
    "another sheet deleted": ("sets", sheet_deleted("Purchases")),
    "the sheet that is made": ("makes a sheet", sheet_added(USERS)),
    "another sheet that is made": ("makes a sheet", sheet_added("Mine")),
    # formulas
    "a formula where a cell is set": ("sets", formula(UNITS, 2, "Status")),
    "a formula in the row that is appended": ("appends", formula(SALES, 4, "Total")),
    "a formula in a row that is deleted": ("deletes", formula(DISTRIBUTION, 6, "Comment", 2)),
    "a formula in another row": ("sets", formula(UNITS, 4, "Row")),
    "a formula in a user's own column": (
        "appends",
        lambda server, key: server.set_formula(key, SALES, 4, 30, "=G4*2", 4),
    ),
}
OPEN = {
    "a cell that is set",
    "a state that is set",
    "the row that is appended to",
    "a row above those that are set",
    "a row above the header",
    "a row above the one that is appended",
    "a row above the one that is deleted",
    "a row less above those that are set",
    "a row less above the one that is appended",
    "a row less above the one that is deleted",
    "units sorted",
    "tickets sorted",
    "a column inserted",
    "a column inserted where rows are appended",
    "a formula where a cell is set",
    "a formula in the row that is appended",
    "a formula in a row that is deleted",
}
"""What Google gives no means against, in the moment between look and write: it knows no write on a
condition."""


def moments() -> list[Any]:
    """Every act at every moment; those before the lock are seen by the same look."""
    made = []
    for name, moment in itertools.product(ACTS, MOMENTS):
        marks = (
            []
            if moment == "before the look" or name in ("a cell elsewhere", "the sheet deleted")
            else [pytest.mark.slow]
        )
        if moment == "before the write" and name in OPEN:
            continue
        made.append(pytest.param(name, moment, marks=marks, id=f"{name}, {moment}"))
    return made


def check(google: Google, sheet: str, work: Work, act: Act, moment: str) -> None:
    """Somebody acts at that moment of a command: what comes of it might have come of one after the
    other, or only their work is there."""
    server = google.server
    both, theirs = either_order(google, sheet, work, act)
    done = len(journal(server, sheet))
    with interrupted(server, MOMENTS[moment], lambda: act(server, sheet)) as seen:
        refused = run(google, sheet, work)
    assert seen[0] >= MOMENTS[moment]
    now = content(server, sheet)
    if refused:
        said = f"{refused.message} ({refused.hint})"
        assert now == theirs, said
        assert refused.exit_code == (3 if "holds a formula" in said else 5), said
        assert "nothing was written" in refused.hint or refused.exit_code == 3
        assert len(journal(server, sheet)) == done
    else:
        assert now in both, [
            cell for cell in unlike(now, theirs) if cell not in unlike(both[0], theirs)
        ][:5]
        assert len(journal(server, sheet)) == done + 1
    assert not is_locked(server, sheet)
    assert [row for row in server.rows(sheet, CFG) if row[:1] == ["our.own.setting"]] == [
        ["our.own.setting", "42"]
    ]


@pytest.mark.parametrize(("name", "moment"), some(thorough(moments()[::2], moments()), 2, of=2))
def test_between_two_requests(google: Google, name: str, moment: str) -> None:
    job, act = ACTS[name]
    check(google, sheet_at_work(google), JOBS[job], act, moment)


# --- rows that have no key, or none yet


def logins(server: GoogleServer, key: str) -> None:
    """Two vendors' logins, alike but for whose they are."""
    for row, vendor in enumerate(("Viagogo", "StubHub"), start=2):
        for header, value in (
            ("Vendor", vendor),
            ("LoginID", "1"),
            ("Email", f"{vendor}@example.com"),
            ("Active", True),
        ):
            server.set(
                key,
                VENDOR_CREDENTIALS,
                row,
                column_of(server, key, VENDOR_CREDENTIALS, header),
                value,
            )


def typed_by_hand(name: str) -> Act:
    """Two lines that somebody typed, of one and of three tickets, which ticketops has not taken up
    yet."""
    told = ("Date", "Match", "Game", "Vendor", "Client", "Contract", "Category", "Price")

    def act(server: GoogleServer, key: str) -> None:
        headers, like, *_ = server.rows(key, name)
        first = (
            max(
                number
                for number, row in enumerate(server.rows(key, name), start=1)
                if row[:1] != [None] and row
            )
            + 1
        )
        for row, count in ((first, 1), (first + 1, 3)):
            for column, header in enumerate(headers, start=1):
                if header in told or header == "Number":
                    server.set(
                        key, name, row, column, like[column - 1] if header in told else count
                    )

    return act


KEYLESS: dict[str, tuple[Act, Work, Act]] = {
    "logins, a row inserted": (
        logins,
        lambda desk: desk.do(credentials.deactivate("StubHub", "x", login="", event=None)),
        row_inserted(VENDOR_CREDENTIALS, 2),
    ),
    "logins, sorted": (
        logins,
        lambda desk: desk.do(credentials.deactivate("StubHub", "x", login="", event=None)),
        in_reverse(VENDOR_CREDENTIALS, 2),
    ),
    "purchases, sorted": (
        typed_by_hand(PURCHASES),
        lambda desk: desk.do(purchasing.purchase_expand()),
        in_reverse(PURCHASES, 5),
    ),
    "sales, sorted": (
        typed_by_hand(SALES),
        lambda desk: desk.do(selling.sale_expand()),
        in_reverse(SALES, 4),
    ),
}


@pytest.mark.parametrize("name", KEYLESS)
def test_rows_without_a_key(google: Google, name: str) -> None:
    prepare, work, act = KEYLESS[name]
    sheet = sheet_at_work(google)
    prepare(google.server, sheet)
    check(google, sheet, work, act, "before the look")

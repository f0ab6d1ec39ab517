"""A file of a hundred thousand rows that nobody knows is told in a few lines, and soon."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.domain.dispatch.desk import DispatchDesk
from ticketops.domain.dispatch.returns import ReadEdits, read_edits
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.schema.book_layouts import LAYOUTS, Returned, ReturnedRow
from ticketops.schema.layouts.event import BOOK_EDITS, BOOKS, USERS

MANY, FEWER = 100_000, 3_000
PARTY = {"client": "acme travel", "supplier": "SALVI", "staff": "ada@desk.example"}


def read(desk: DispatchDesk, kind: str, rows: list[ReturnedRow]) -> ReadEdits:
    layout = LAYOUTS[kind]
    positions = {name: layout.by_name[name].position - 1 for name in layout.typed}
    file = Returned("back.xlsx", "hash", kind, "B1", rows, (), positions=positions)
    snapshot = desk.store.read(*SHEETS, BOOKS, BOOK_EDITS, USERS)
    return read_edits(State.of(snapshot), snapshot, [file], lambda _: "", party=PARTY[kind])


def typed(kind: str) -> str:
    return {"client": "comment", "supplier": "dispatch_notes", "staff": "staff_notes"}[kind]


@pytest.mark.parametrize("kind", ["client", "supplier", "staff"])
@pytest.mark.parametrize("key", ["S9-{n}", ""])
def test_rows_that_nobody_knows(desk: DispatchDesk, kind: str, key: str) -> None:
    many = MANY if kind == "client" and key else FEWER
    rows = [
        ReturnedRow(n + 4, key.format(n=n), "", {typed(kind): f"hello {n}"}) for n in range(many)
    ]
    found = read(desk, kind, rows)
    assert len(found.findings) < 350
    assert sum(len(finding.message) for finding in found.findings) < 60_000
    assert len(found.lines) <= 500
    assert found.edits == []
    last = found.findings[-1].message
    assert "more of the same" in last
    assert f"–{many + 3}" in last
    (file,) = found.files
    assert file.rows == many
    assert file.refused >= many - 500


def test_a_row_thousands_of_times(desk: DispatchDesk) -> None:
    rows = [ReturnedRow(n + 4, "S1-1", "", {"comment": f"hello {n}"}) for n in range(FEWER)]
    found = read(desk, "client", rows)
    assert sum(len(finding.message) for finding in found.findings) < 5_000
    assert Counter(finding.code for finding in found.findings)["DUPLICATE_ROW"] == 1


def test_few_are_told_one_by_one(desk: DispatchDesk) -> None:
    rows: list[Any] = [ReturnedRow(n, f"S9-{n}", "", {"comment": "x"}) for n in range(4, 104)]
    found = read(desk, "client", rows)
    assert [f.row for f in found.findings if f.code == "UNKNOWN_ROW"] == list(range(4, 104))

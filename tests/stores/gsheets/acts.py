"""What somebody else does in a spreadsheet, between two requests of a command, and what may come of
it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.desk import Desk
from tests.google.errors import ApiError
from tests.google.grid import BLANK
from tests.google.server import GoogleServer
from tests.online import Google
from tests.stores.gsheets.fixtures import CFG, column_of, content, quick, rows_of, twin
from ticketops.errors import TicketopsError
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, SALES, SALES_RECON_AUDIT
from ticketops.services import selling
from ticketops.stores.memory import MemoryStore

MOMENTS = {"before the lock": 2, "before the look": 3, "before the write": 4}
"""Which request of a command it is; the first one reads."""
Act = Callable[[GoogleServer, str], Any]
"""What somebody does to a spreadsheet."""
Work = Callable[[Desk], Any]
"""What a command does."""


@functools.cache
def at_work() -> dict[str, list[list[Any]]]:
    """Two sales, one of them of a ticket less than there are; that one is ticked to be deleted."""
    desk = Desk(MemoryStore(layout=EVENT))
    desk.buy(("M01", "Cat 1", 4), ("M2", "Cat 2", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.sell(("M2", "Cat 2", 2))
    desk.set(SALES, 3, "number", 1)
    desk.do(selling.recon_run())
    for row, action in desk.rows(SALES_RECON_AUDIT, "row", "action"):
        if action == "DELETE_CANDIDATE":
            desk.set(SALES_RECON_AUDIT, row, "process_now", True)
    return rows_of(desk)


def sheet_at_work(google: Google) -> str:
    """A spreadsheet in which there is something to do for every kind of change."""
    key = google.new(at_work())
    server = google.server
    server.set(key, SALES, 30, 30, "a note far away")
    server.set(key, DISTRIBUTION, 1, 60, "another")
    Desk(quick(google, key)).buy(("M2", "Cat 1", 1))  # now `_CFG` and the journal are there
    server.set(key, CFG, 8, 1, "our.own.setting")
    server.set(key, CFG, 8, 2, "42")
    return key


def typed(name: str, row: int, header: str, value: Any, header_row: int = 1) -> Act:
    return lambda server, key: server.set(
        key, name, row, column_of(server, key, name, header, header_row), value
    )


def typed_at(name: str, row: int, column: int, value: Any) -> Act:
    return lambda server, key: server.set(key, name, row, column, value)


def row_inserted(name: str, row: int) -> Act:
    return lambda server, key: server.insert_row(key, name, row)


def row_deleted(name: str, row: int) -> Act:
    return lambda server, key: server.delete_row(key, name, row)


def column_inserted(name: str) -> Act:
    def act(server: GoogleServer, key: str) -> None:
        where = {
            "sheetId": server.sheet(key, name).id,
            "dimension": "COLUMNS",
            "startIndex": 0,
            "endIndex": 1,
        }
        server.request(key, {"insertDimension": {"range": where}})

    return act


def in_reverse(name: str, first: int) -> Act:
    """The rows from there on are sorted the other way round."""

    def act(server: GoogleServer, key: str) -> None:
        found = server.sheet(key, name)
        last = max(
            number
            for number, row in enumerate(found.rows, start=1)
            if any((cell or BLANK).value is not None for cell in row[:20])
        )
        found.rows[first - 1 : last] = found.rows[first - 1 : last][::-1]

    return act


def sheet_deleted(name: str) -> Act:
    return lambda server, key: server.request(
        key, {"deleteSheet": {"sheetId": server.sheet(key, name).id}}
    )


def sheet_renamed(name: str) -> Act:
    def act(server: GoogleServer, key: str) -> None:
        properties = {"sheetId": server.sheet(key, name).id, "title": "Mine"}
        server.request(
            key, {"updateSheetProperties": {"properties": properties, "fields": "title"}}
        )

    return act


def sheet_added(name: str) -> Act:
    return lambda server, key: server.request(key, {"addSheet": {"properties": {"title": name}}})


def formula(name: str, row: int, header: str, header_row: int = 1) -> Act:
    return lambda server, key: server.set_formula(
        key, name, row, column_of(server, key, name, header, header_row), "=1+1", 2
    )


def run(google: Google, key: str, work: Work) -> TicketopsError | None:
    """The command, on a machine that knows the spreadsheet; what it was refused with."""
    try:
        work(Desk(quick(google, key), role="ops_manager"))
    except TicketopsError as error:
        return error
    return None


def either_order(google: Google, sheet: str, work: Work, act: Act) -> tuple[list[Any], Any]:
    """What the workbook may hold in the end: (both, one after the other or the other way round),
    (what they did alone)."""
    server = google.server
    alone, first, last = twin(google, sheet), twin(google, sheet), twin(google, sheet)
    act(server, alone)
    act(server, first)
    refused = run(google, first, work)
    assert run(google, last, work) is None
    both = [] if refused else [content(server, first)]
    with suppress(ApiError):  # they are refused in their turn
        act(server, last)
        both.append(content(server, last))
    return both, content(server, alone)


def unlike(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> list[Any]:
    """Where two contents differ: for people."""
    return [
        (name, row + 1, column + 1, a, b)
        for name in one
        for row, (cells, others) in enumerate(zip(one[name], other.get(name, []), strict=False))
        for column, (a, b) in enumerate(zip(cells, others, strict=False))
        if a != b
    ]

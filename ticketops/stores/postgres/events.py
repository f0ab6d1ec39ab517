"""Events in a database as such: made, and filled with what another workbook holds (D29)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import psycopg

from ticketops.errors import BusyError, InternalError, RuleError, TicketopsError
from ticketops.schema.layout import Layout
from ticketops.stores.content import Content, Rows, difference
from ticketops.stores.grids import grid_rows
from ticketops.stores.postgres import ledger, schema, sheets, turns
from ticketops.stores.postgres.connection import (
    AGAIN,
    WRITING,
    Connection,
    Cursor,
    Lost,
    Pauses,
    Unreachable,
)
from ticketops.stores.postgres.ddl import quoted
from ticketops.stores.postgres.rows import Held, placed

_THERE = "SELECT revision, number FROM ticketops_events WHERE event_id = %s FOR UPDATE"
_NEW = (
    "INSERT INTO ticketops_events (event_id, kind, revision, number, run_id, digest_key)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
)


def create(connection: Connection, layout: Layout) -> None:
    """An empty event with every canonical sheet. Raises RuleError where there is one that is not
    empty."""
    titled = layout.anew()
    rows: dict[str, Rows] = {
        sheet.name: [[]] * (sheet.header_row - 1) + [list(sheet.canonical_headers)]
        if sheet.header_row
        else []
        for sheet in titled.canonical()
    }
    fill(connection, Content(titled, rows))


def keys(cursor: Cursor) -> list[str]:
    """The keys of the events of a database."""
    rows = cursor.execute("SELECT event_id FROM ticketops_events ORDER BY event_id").fetchall()
    return [key for (key,) in rows]


def fill(
    connection: Connection, content: Content, *, over: bool = False, dry_run: bool = False
) -> None:
    """Put what a workbook holds in the place of an event: all of it or nothing. over: an event that is
    not empty goes; dry_run: all of it is done and taken back. Raises RuleError where there is one and it is not to go."""
    event = connection.address.event
    number = max((done.number for done, _body in content.journal), default=0)
    revision = f"{number}-{secrets.token_hex(4)}"
    run_id = content.journal[-1][0].entry.run_id if content.journal else ""
    key = content.digest_key or secrets.token_bytes(32)

    def write(cursor: Cursor) -> None:
        schema.require(cursor, connection.name)
        turns.take(cursor, event)
        if cursor.execute(_THERE, (event,)).fetchone():
            held = _tables(cursor, event)
            if not over and not _is_empty(cursor, event, held):
                raise RuleError(
                    f"{connection.name} holds an event already",
                    "nothing was written; --replace puts the other in its place",
                )
            _delete(cursor, event, held)
        cursor.execute(_NEW, (event, content.layout.kind, revision, number, run_id, key))
        known: list[Held] = []
        for title, rows in content.sheets.items():
            held_now = sheets.new_sheet(title, content.layout, known)
            known.append(held_now)
            _put(cursor, event, held_now, rows, content.layout)
        for done, body in content.journal:
            cursor.execute(ledger.INSERT, ledger.row_of(event, done, body))

    def applied(cursor: Cursor) -> bool:
        row = cursor.execute(_THERE, (event,)).fetchone()
        return row is not None and row[0] == revision

    transact(connection, write, applied, dry_run=dry_run)


def _put(cursor: Cursor, event: str, held: Held, rows: Rows, layout: Layout) -> None:
    grid = {
        nth: cells
        for nth, row in enumerate(rows, start=1)
        if (cells := {at: v for at, v in enumerate(row, start=1) if v is not None and v != ""})
    }
    held.head = [grid.get(row, {}) for row in range(1, len(held.head) + 1)]
    placed(held, layout, len(held.head))
    sheets.write_sheet(cursor, event, held)
    sheets.write_rows(cursor, event, held, grid, grid, fresh=True)
    wrong = difference(rows, grid_rows(sheets.fetched(cursor, event, held)))
    if wrong:
        raise InternalError(f"{held.title}!{wrong} would not be kept as it is")


def _tables(cursor: Cursor, event: str) -> set[str]:
    """The tables that hold the sheets of an event."""
    return {row[2] for row in cursor.execute(sheets.LIST, (event,)).fetchall()}


def _is_empty(cursor: Cursor, event: str, held: set[str]) -> bool:
    """Whether nothing was ever written to an event."""
    row = cursor.execute(_THERE, (event,)).fetchone()
    if row and row[1]:
        return False
    return not any(
        cursor.execute(
            f"SELECT 1 FROM {quoted(table)} WHERE event_id = %s LIMIT 1", (event,)
        ).fetchone()
        for table in sorted(held)
    )


def _delete(cursor: Cursor, event: str, held: set[str]) -> None:
    for table in (*sorted(held), "ticketops_sheets", "ticketops_journal", "ticketops_events"):
        cursor.execute(f"DELETE FROM {quoted(table)} WHERE event_id = %s", (event,))


def transact(
    connection: Connection,
    write: Callable[[Cursor], None],
    applied: Callable[[Cursor], bool],
    *,
    dry_run: bool = False,
) -> None:
    """One transaction, tried again within the budget. write, applied: of a cursor; what is to be
    done, and whether it was where a COMMIT got no answer. Raises BusyError where that can't be
    known."""
    pauses, sent = Pauses(connection.budget), False
    failed: TicketopsError | None = None
    while True:
        try:
            cursor = connection.begin(WRITING)
            if sent and applied(cursor):
                return
            sent = False
            write(cursor)
            if not dry_run:
                connection.commit()
            return
        except Lost as lost:
            sent = True
            failed = BusyError(
                f"{connection.name}: {lost}",
                "it is unknown whether this was written: look before you try again",
            )
        except AGAIN as error:
            failed = failed if sent else connection.told(error)
        except psycopg.errors.UniqueViolation:
            failed = BusyError(
                f"{connection.name} is being made by someone else", "try again in a moment"
            )
        except psycopg.Error as error:
            broken = connection.opened_is_broken
            told = connection.told(error)
            if not broken:
                raise told from None
            connection.close()
            failed = failed if sent else told
        except Unreachable as error:
            if failed is None:
                raise
            failed = failed if sent else error
        finally:
            connection.rollback()
        if not pauses.another():
            assert failed is not None
            raise failed

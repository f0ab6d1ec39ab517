"""What became of a batch that got no clear answer, and what is said of one that was not applied."""

from __future__ import annotations

from ticketops.errors import BusyError, ConflictError, SchemaError, TicketopsError
from ticketops.schema.sheets_api import quoted
from ticketops.stores.gsheets import ledger
from ticketops.stores.gsheets.connection import Connection, Rejected, Unclear
from ticketops.stores.gsheets.control import JOURNAL
from ticketops.stores.gsheets.protection import is_protected, protected
from ticketops.stores.gsheets.sheets import KnownSheets


def was_applied(connection: Connection, revision: str, error: Rejected | Unclear) -> bool:
    """Whether a write without a clear answer was done: then the journal has the revision that it
    made. Raises Unclear where that can't be known."""
    if isinstance(error, Rejected) and not error.again:
        return False
    try:
        titles = [sheet["properties"]["title"] for sheet in connection.properties()["sheets"]]
        rows = connection.values([quoted(JOURNAL, ledger.HEADS)])[0] if JOURNAL in titles else []
    except BusyError:
        raise Unclear(
            error.message, "it is unknown whether this was written: `ticketops log` shows it"
        ) from None
    return any(t.revision_after == revision for _, t in ledger.transactions(rows))


def not_applied(
    connection: Connection, error: Rejected | Unclear, workbook: str, lock: int, known: KnownSheets
) -> TicketopsError:
    """What is raised for a batch that was not applied. lock: the id of the sheet that is ours while
    we hold the lock."""
    if isinstance(error, Unclear):
        return BusyError(error.message, "nothing was written; try again later")
    if str(lock) in error.message:
        return taken_over(workbook)
    if is_protected(error):
        return protected(connection, workbook)
    if "already exists" in error.message or "with id" in error.message:  # a sheet came, or went
        known.forget()
        return ConflictError(
            f"a sheet of {workbook} was added or deleted by someone else meanwhile",
            "nothing was written; run the command again",
        )
    return SchemaError(f"Google refused the change: {error.message}", "nothing was written")


def taken_over(workbook: str) -> ConflictError:
    """Another run holds the lock that was ours."""
    return ConflictError(
        f"the lock on {workbook} was taken over by someone else",
        "nothing was written; run the command again",
    )

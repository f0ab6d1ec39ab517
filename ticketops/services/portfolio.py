"""The use case that shows all events of a database at once (D29)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ticketops.config import Settings
from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.plan import Run
from ticketops.domain.reporting import portfolio as figures
from ticketops.domain.reporting.portfolio import Buffers, Portfolio, PortfolioLine
from ticketops.engine import permissions
from ticketops.engine.job import Effect, Job
from ticketops.engine.opening import connect_to, layout_of
from ticketops.engine.transaction import known, look
from ticketops.errors import (
    NotFoundError,
    NotPermittedError,
    OutOfScopeError,
    TicketopsError,
    UsageError,
)
from ticketops.model import ids
from ticketops.model.display import counted
from ticketops.schema.layout import EVENT_KIND
from ticketops.schema.layouts.event import BESIDE_TRADE, EVENTS, FEES, SCHEDULE, USERS
from ticketops.schema.tables import Snapshot, require
from ticketops.services.sheet_groups import MONEY
from ticketops.stores.postgres.address import Address, address_of, folder_name, is_database

SORTS: dict[str, Callable[[PortfolioLine], Any]] = {
    "event": lambda one: ids.natural_order(one.event),
    "short": lambda one: -one.true_shortage,
    "late": lambda one: -one.late,
    "open": lambda one: -one.open,
    "margin": lambda one: sum(money.margin for money in one.money),
}
"""{what lines are sorted by: how}: most urgent first."""
_JOB = "portfolio"
_SMALL = (*BESIDE_TRADE, SCHEDULE, USERS, FEES, *MONEY)


def event_job(key: str, settings: Settings) -> Job:
    """The line of one event, its sheets read whole."""
    buffers = _buffers(settings)
    optional = dict.fromkeys((*QUEUES, SCHEDULE, EVENTS, *MONEY, FEES))
    return Job(
        _JOB,
        lambda snapshot, run: figures.plan_event(snapshot, run, key, buffers),
        LEDGERS,
        tuple(optional),
        effect=Effect.READS,
    )


def portfolio(
    where: str, settings: Settings, run: Run, *, only: Sequence[str] = (), sort: str = "event"
) -> Portfolio:
    """The events of a database with their position, true shortage, late tickets and money.

    where: the address of the database; an event that it names is the only one. only: the keys of
    the events that count; all, where none is named. Raises UsageError for what is no address or no
    way to sort, NotFoundError for a key that there is none of, NotPermittedError where the user may
    see none of them. One that can't be counted has a problem in place of figures.
    """
    if not is_database(where):
        raise UsageError(
            "a portfolio is of a database", "ticketops event list FOLDER shows workbook files"
        )
    if sort not in SORTS:
        raise UsageError(f"--sort must be one of {', '.join(SORTS)}, not {sort!r}")
    address = address_of(where, event_needed=False)
    wanted = list(dict.fromkeys([*([address.event] if address.event else []), *only]))
    connection = connect_to(address, settings)
    from ticketops.stores.postgres import condensed, schema
    from ticketops.stores.postgres.connection import Cursor
    from ticketops.stores.postgres.store import PostgresStore

    def make(key: str) -> PostgresStore:
        of = Address(key, address.options)
        return PostgresStore(
            connect_to(of, settings),
            settings.state / folder_name(of),
            layout=lambda kind: layout_of(settings, kind=kind),
        )

    def read(cursor: Cursor) -> tuple[Any, ...]:
        """All that is asked of the database, as of one moment."""
        schema.require(cursor, connection.name)
        several = condensed.events(cursor, make, EVENT_KIND, wanted)
        sheets = condensed.small(cursor, several, _SMALL)
        odd = condensed.oddly_written(cursor, several) if sheets else set()
        plain = [key for key in sheets if key not in odd]
        counts = condensed.counts(cursor, plain) if plain else {}
        named = {key: figures.named_in(sheets[key]) for key in plain}
        return several, sheets, counts, condensed.currencies(cursor, named) if plain else {}

    try:
        several, sheets, counts, named = connection.consistently(read)
    finally:
        connection.close()
    for key in wanted:
        if key not in several.stores:
            raise NotFoundError(
                f"the database has no event {key}", "ticketops db status lists the events"
            )
    lines, whole, refusals = [], [], []
    for key, store in several.stores.items():
        try:
            own = _permitted(store, sheets[key], run)
            event = _condensed(sheets[key], counts.get(key), named.get(key, {}))
            if event is None:
                whole.append(key)
                lines.append(look(store, event_job(key, settings), run))
            else:
                lines.append(figures.line_of(event, own, key, _buffers(settings)))
        except (NotPermittedError, OutOfScopeError) as error:
            refusals.append(error)
            lines.append(PortfolioLine(key, problem=error.message))
        except TicketopsError as error:
            lines.append(PortfolioLine(key, problem=error.message))
        finally:
            store.connection.close()
    if refusals and len(refusals) == len(lines):
        raise refusals[0]
    lines.sort(key=lambda one: ids.natural_order(one.event))
    lines.sort(key=SORTS[sort])
    return figures.summed(connection.name, lines, several.others, whole)


def _permitted(store: Any, snapshot: Snapshot, run: Run) -> Run:
    """The run as an event knows it. Raises NotPermittedError, and OutOfScopeError for a user who is
    limited to some clients or suppliers: figures of everything say too much."""
    own = known(run, store, snapshot)
    permissions.require(_JOB, _JOB, own, snapshot.of([USERS]))
    if own.scope is not None:
        raise OutOfScopeError(f"`{_JOB}` counts everything, and {own.user} may not see all of it")
    for table in snapshot.tables.values():
        if table.exists:
            require(table)
    return own


def _condensed(snapshot: Snapshot, counts: Any, named: Any) -> figures.Condensed | None:
    """The event as the database counted it; None where it is to be read whole."""
    if counts is None:
        return None
    event = figures.Condensed.of(snapshot, counts, named)
    return event if figures.is_understood(event) else None


def _buffers(settings: Settings) -> Buffers:
    return Buffers(settings.dispatch_buffer_hours, settings.medal_hours_earlier)


def read_whole(found: Portfolio) -> str:
    """What is said of events that no query could count; "" for none."""
    if not found.read_whole:
        return ""
    named = ", ".join(found.read_whole[:6]) + (" …" if len(found.read_whole) > 6 else "")
    return f"{counted(len(found.read_whole), 'event')} read whole, since a cell is odd or not understood: {named}"

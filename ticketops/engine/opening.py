"""From a workbook's name to the store it lives in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketops.config import Settings, config_folder
from ticketops.engine.not_undoable import not_undoable
from ticketops.errors import SchemaError, UsageError
from ticketops.schema.layout import EVENT_KIND, ISSUANCE_KIND, kind_of
from ticketops.stores.base import Store
from ticketops.stores.gsheets.address import PREFIX
from ticketops.stores.postgres.address import address_of, folder_name, is_database

if TYPE_CHECKING:
    from ticketops.schema.layout import Layout
    from ticketops.stores.gsheets.connection import Connection, OnProgress
    from ticketops.stores.postgres.address import Address
    from ticketops.stores.postgres.connection import Connection as PostgresConnection


def open_store(
    workbook: Path | str,
    settings: Settings,
    *,
    on_progress: OnProgress | None = None,
    notice: Callable[[str], None] | None = None,
    otherwise: str = EVENT_KIND,
) -> Store:
    """The store of a workbook file, of a Google Sheet (`gsheet:<id>`) or of an event in a database
    (`postgresql://…`): the one place that chooses its layout, by the titles of its sheets.

    on_progress, notice: learn how far a long transfer is, and that Google is asked again.
    otherwise: the kind of a workbook whose sheets do not say it. Raises UnusableError for a kind of
    file that is not handled, UsageError where there is no key for Google.
    """
    if is_database(workbook):
        address = address_of(str(workbook))
        to = connect_to(address, settings)
        from ticketops.stores.postgres.store import PostgresStore

        return PostgresStore(
            to,
            settings.state / folder_name(address),
            layout=lambda kind: layout_of(settings, kind=kind),
            not_undoable=not_undoable,
        )
    if isinstance(workbook, str):
        from ticketops.stores.gsheets.store import GoogleSheetStore

        connection = connect(
            workbook.removeprefix(PREFIX), settings, on_progress=on_progress, notice=notice
        )
        folder = settings.state / connection.spreadsheet
        lease = settings.google_budget + 120.0
        return GoogleSheetStore(
            connection,
            folder,
            layout=lambda titles: layout_of(settings, kind=kind_of(titles) or otherwise),
            lock_timeout=settings.lock_timeout,
            lease=lease,
            not_undoable=not_undoable,
        )
    from ticketops.stores.xlsx.foreign import refuse_by_name
    from ticketops.stores.xlsx.store import XlsxStore
    from ticketops.stores.xlsx.titles import titles_in

    refuse_by_name(workbook)
    return XlsxStore(
        workbook,
        layout=layout_of(settings, kind=kind_of(titles_in(workbook)) or otherwise),
        backups=settings.backups,
        lock_timeout=settings.lock_timeout,
        use_cache=settings.cache,
        not_undoable=not_undoable,
    )


def connect_to(address: Address, settings: Settings) -> PostgresConnection:
    """A connection to a database, which is opened when it is first used. Raises UsageError where what
    speaks with databases is not installed."""
    try:
        from ticketops.stores.postgres.connection import Connection as PostgresConnection
    except ImportError:
        raise UsageError(
            "databases need psycopg, which is not installed", "pip install 'ticketops[postgres]'"
        ) from None
    return PostgresConnection(address, lock_timeout=settings.lock_timeout)


def layout_of(settings: Settings, event: str | None = None, *, kind: str = EVENT_KIND) -> Layout:
    """The layout of a kind of workbook, as the settings word it. event: its code, in place of that of
    the settings. Raises UsageError for a title that no sheet can have."""
    if kind == ISSUANCE_KIND:
        from ticketops.schema.layouts.issuance import ISSUANCE

        return ISSUANCE.about("", settings.dates).worded(settings.words, {})
    from ticketops.schema.layouts.event import EVENT, MATTHIAS_EMAILS

    layout = EVENT.about(settings.event if event is None else event, settings.dates)
    called = {MATTHIAS_EMAILS: settings.masked_sheet} if settings.masked_sheet else {}
    try:
        return layout.worded(settings.words, called)
    except SchemaError as error:
        raise UsageError(f"masked_sheet: {error.message}") from None


@cache
def _identity(key: Path | None, folder: Path) -> Any:
    """Once a process: what is asked of Google under one identity shares its token."""
    from ticketops.stores.gsheets.access import identity

    return identity(key, folder)


def account_memory(settings: Settings) -> Path:
    """Where is kept what failed of our assumptions on the account that the key is of. Raises
    UsageError where there is no key."""
    from ticketops.stores.gsheets.account_memory import memory_of

    who = _identity(settings.google_key, config_folder())
    return memory_of(settings.state, who, settings.google_api)


def connect(
    spreadsheet: str,
    settings: Settings,
    *,
    on_progress: OnProgress | None = None,
    notice: Callable[[str], None] | None = None,
) -> Connection:
    """A connection to a spreadsheet by its id, with the key that is found. Raises UsageError where
    there is none."""
    from ticketops.stores.gsheets.account_memory import recall
    from ticketops.stores.gsheets.connection import Connection

    return Connection(
        spreadsheet,
        _identity(settings.google_key, config_folder()),
        recall=lambda: recall(account_memory(settings)),
        budget=settings.google_budget,
        api=settings.google_api,
        on_progress=on_progress,
        notice=notice,
    )

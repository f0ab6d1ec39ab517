"""Whether Google lets us in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ticketops.config import Settings
from ticketops.engine.opening import connect
from ticketops.stores.gsheets.access import identity
from ticketops.stores.gsheets.address import PREFIX, is_online


@dataclass(frozen=True, slots=True)
class Access:
    """`google check`. key: the key file; kind: service_account, or another kind; email: the address
    to share sheets with. title, sheets and cells describe the workbook, if that is a Google Sheet.
    """

    key: str
    kind: str
    email: str
    title: str = ""
    sheets: int = 0
    cells: int = 0


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """`google login`: the file that holds the consent."""

    kept: str


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """`google logout`: whether there was a consent to delete."""

    deleted: bool


def check(settings: Settings, config_folder: Path) -> Access:
    """The key that counts, and the workbook if it is a Google Sheet.

    Raises UsageError where there is no key, NotPermittedError where the sheet is not shared with
    it.
    """
    who = identity(settings.google_key, config_folder)
    email = who.email or connect("", settings).address()
    seen = Access(str(who.source), who.kind, email)
    if not is_online(settings.workbook):
        return seen
    answer = connect(str(settings.workbook).removeprefix(PREFIX), settings).properties()
    grids = [sheet["properties"].get("gridProperties", {}) for sheet in answer["sheets"]]
    cells = sum(grid.get("rowCount", 0) * grid.get("columnCount", 0) for grid in grids)
    return replace(seen, title=answer["properties"]["title"], sheets=len(grids), cells=cells)

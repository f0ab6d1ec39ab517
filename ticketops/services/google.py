"""Whether Google lets us in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ticketops.config import Settings
from ticketops.services.workbooks import connect
from ticketops.stores.gsheets.access import identity
from ticketops.stores.gsheets.address import PREFIX


def check(settings: Settings, config_folder: Path) -> dict[str, Any]:
    """{"key", "kind", "email", "title", "sheets", "cells"}: the key that counts, and the workbook if it is a Google Sheet.

    Raises UsageError where there is no key, NotPermittedError where the sheet is not shared with it.
    """
    who = identity(settings.google_key, config_folder)
    email = who.email or connect("", settings).address()
    seen: dict[str, Any] = {"key": str(who.source), "kind": who.kind, "email": email, "title": "", "sheets": 0, "cells": 0}
    if isinstance(settings.workbook, str):
        answer = connect(settings.workbook.removeprefix(PREFIX), settings).properties()
        grids = [sheet["properties"].get("gridProperties", {}) for sheet in answer["sheets"]]
        seen |= {"title": answer["properties"]["title"], "sheets": len(grids),
                 "cells": sum(grid.get("rowCount", 0) * grid.get("columnCount", 0) for grid in grids)}  # fmt: skip
    return seen

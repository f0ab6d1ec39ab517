"""What is known of a spreadsheet's sheets, remembered between commands, so that a command's reading is one request.

A list that is out of date can't lead to a wrong answer for long: ticketops' own changes move the revision, which every read brings along;
a sheet that is gone makes Google refuse the read; and where a sheet is asked for that the list lacks, it is fetched anew once it is old.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ticketops.schema.online import Request
from ticketops.stores.gsheets.requests import Grid

_TRUSTED = 600.0
"""Seconds for which the absence of a sheet is believed."""


class KnownSheets:
    """The sheets by title, in order. revision: of the workbook that the list is known to be right for."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self.grids: dict[str, Grid] = {}
        self.revision = ""
        self._fetched = 0.0
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            content = json.loads(memory.read_text("utf-8"))
            self.grids = {title: Grid(*numbers) for title, numbers in content["sheets"].items()}
            self.revision, self._fetched = str(content["revision"]), float(content["fetched"])

    def believes_absent(self) -> bool:
        """Whether a sheet that is not in the list may be taken for missing without asking."""
        return 0 <= time.time() - self._fetched < _TRUSTED

    def replace(self, properties: Mapping[str, Any]) -> None:
        """The list as Google gave it just now."""
        self.grids = {}
        for sheet in properties.get("sheets", []):
            self.learn(sheet["properties"])
        self._fetched = time.time()

    def forget(self) -> None:
        """It was wrong: the next read fetches it."""
        self.grids, self._fetched = {}, 0.0
        self.remember()

    def learn(self, properties: Mapping[str, Any]) -> None:
        """One sheet's properties. Sheets that are no grids (charts) have neither rows nor columns."""
        grid = properties.get("gridProperties", {})
        self.grids[properties["title"]] = Grid(properties["sheetId"], grid.get("rowCount", 0), grid.get("columnCount", 0))

    def follow(self, batch: Iterable[Request]) -> None:
        """What a batch that was applied did to the sheets."""
        titles = {grid.sheet_id: title for title, grid in self.grids.items()}
        for request in batch:
            match request:
                case {"addSheet": {"properties": properties}}:
                    self.learn(properties)
                    titles[properties["sheetId"]] = properties["title"]
                case {"deleteSheet": {"sheetId": number}}:
                    self.grids.pop(titles.get(number, ""), None)
                case {"appendDimension": {"sheetId": number, "dimension": dimension, "length": length}} if number in titles:
                    grid = self.grids[titles[number]]
                    grid.rows += length * (dimension == "ROWS")
                    grid.columns += length * (dimension == "COLUMNS")
                case _:
                    pass

    def remember(self) -> None:
        """For the next command. Never fails: without it one more request is made."""
        content = {
            "revision": self.revision,
            "fetched": self._fetched,
            "sheets": {title: (grid.sheet_id, grid.rows, grid.columns) for title, grid in self.grids.items()},
        }
        with suppress(OSError):
            self._memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            staged = self._memory.with_name(f".{self._memory.name}.{os.getpid()}")
            staged.write_text(json.dumps(content), "utf-8")
            staged.replace(self._memory)

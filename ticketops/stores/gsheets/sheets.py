"""What is known of a spreadsheet's sheets, remembered between commands, so that a command's reading
is one request.

A list that is out of date can't lead to a wrong answer for long: ticketops' own changes move the
revision, which every read brings along; a sheet that is gone makes Google refuse the read; and
where a sheet is asked for that the list lacks, it is fetched anew once it is old.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ticketops.files import read_regular, replace_file
from ticketops.schema.addresses import Area
from ticketops.schema.layout import Layout, kind_of
from ticketops.schema.sheets_api import Request, area, quoted
from ticketops.stores.gsheets.frames import frames_of
from ticketops.stores.gsheets.requests import Grid

Choose = Callable[[Sequence[str]], Layout]
"""The titles of a spreadsheet's sheets → its layout."""
_TRUSTED = 600.0
"""Seconds for which the absence of a sheet is believed."""


class KnownSheets:
    """The sheets in order, by the title that they stand for: Google forgives case, and so does the
    layout. revision: of the workbook that the list is known to be right for."""

    def __init__(self, memory: Path, layout: Layout | Choose) -> None:
        self._memory = memory
        self._choose = None if isinstance(layout, Layout) else layout
        self._layout = layout if isinstance(layout, Layout) else None
        self.grids: dict[str, Grid] = {}
        self.revision = ""
        self.handed = False
        """Whether the list was fetched for the layout to be chosen, and not used yet."""
        self._fetched = 0.0
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            content = json.loads(read_regular(memory, 2**26))
            self.grids = {
                name: Grid(number, rows, columns, title, tuple(map(_area, merges)))
                for name, (number, rows, columns, title, merges) in content["sheets"].items()
            }
            self.revision, self._fetched = str(content["revision"]), float(content["fetched"])

    def layout(self, fetch: Callable[[], Mapping[str, Any]]) -> Layout:
        """The layout of the spreadsheet, chosen by the titles of its sheets where that is still to be
        done: by those that are remembered if they say its kind, else by those that `fetch` brings, which
        the first read then does not fetch again."""
        if self._layout is None and not kind_of(self.grids):
            self.replace(fetch())
            self.handed = True
        return self._chosen(list(self.grids))

    def _chosen(self, titles: Sequence[str]) -> Layout:
        if self._layout is None:
            assert self._choose is not None
            self._layout = self._choose(titles)
        return self._layout

    def believes_absent(self) -> bool:
        """Whether a sheet that is not in the list may be taken for missing without asking."""
        return 0 <= time.time() - self._fetched < _TRUSTED

    def replace(self, properties: Mapping[str, Any]) -> None:
        """The list as Google gave it just now."""
        self.grids = {}
        sheets = properties.get("sheets", [])
        titles = [sheet["properties"]["title"] for sheet in sheets]
        names = self._chosen(titles).known_by(titles)
        for sheet in sheets:
            self._learn(names[sheet["properties"]["title"]], sheet)
        self._fetched = time.time()

    def forget(self) -> None:
        """It was wrong: the next read fetches it."""
        self.grids, self._fetched = {}, 0.0
        self.remember()

    def name_of(self, title: str) -> str:
        """What a sheet of that title is known by."""
        return next((name for name, grid in self.grids.items() if grid.title == title), title)

    def quoted(self, name: str, cells: str = "") -> str:
        """A range of a sheet in A1 notation, the title as Google spells it."""
        return quoted(self.spelled(name), cells)

    def spelled(self, name: str) -> str:
        """The title of a sheet as Google spells it."""
        grid = self.grids.get(name)
        return grid.title if grid else name

    def learn(self, sheet: Mapping[str, Any]) -> Grid:
        """One sheet: its properties, and the merges in those of its ranges that were asked for.
        Sheets that are no grids (charts) have neither rows nor columns.

        Merges elsewhere are remembered from before; what is known of them is only used to plan.
        """
        name = self.name_of(sheet["properties"]["title"])
        before = self.grids.get(name)
        seen = self._learn(name, sheet)
        if before is not None:
            merges = tuple(dict.fromkeys([*before.merges, *seen.merges]))
            self.grids[name] = replace(seen, merges=merges)
        return seen

    def _learn(self, name: str, sheet: Mapping[str, Any]) -> Grid:
        properties = sheet["properties"]
        size = properties.get("gridProperties", {})
        rows, columns = size.get("rowCount", 0), size.get("columnCount", 0)
        merges = tuple(area(one, rows, columns) for one in sheet.get("merges", ()))
        grid = self.grids[name] = Grid(
            properties["sheetId"],
            rows,
            columns,
            properties["title"],
            merges,
            _is_filtered(sheet),
            frames_of(sheet),
        )
        return grid

    def follow(self, batch: Iterable[Request]) -> None:
        """What a batch that was applied did to the sheets."""
        titles = {grid.sheet_id: title for title, grid in self.grids.items()}
        for request in batch:
            match request:
                case {"addSheet": {"properties": properties}}:
                    self.learn({"properties": properties})
                    titles[properties["sheetId"]] = properties["title"]
                case {"deleteSheet": {"sheetId": number}}:
                    self.grids.pop(titles.get(number, ""), None)
                case {
                    "appendDimension": {"sheetId": number, "dimension": dimension, "length": length}
                } if number in titles:
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
            "sheets": {
                title: (grid.sheet_id, grid.rows, grid.columns, grid.title, grid.merges)
                for title, grid in self.grids.items()
            },
        }
        with suppress(OSError):
            self._memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._memory, json.dumps(content).encode())


def _area(saved: list[list[int]]) -> Area:
    (left, top), (right, bottom) = saved
    return (left, top), (right, bottom)


def _is_filtered(sheet: Mapping[str, Any]) -> bool:
    """Whether a filter of a sheet has criteria, so that it may hide rows."""
    own = sheet.get("basicFilter", {})
    specs = [
        *own.get("filterSpecs", ()),
        *(one.get("spec", {}) for one in sheet.get("slicers", ())),
    ]
    return bool(own.get("criteria")) or any(spec.get("filterCriteria") for spec in specs)

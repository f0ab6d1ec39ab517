"""The spreadsheet that a probe works in: empty before, and empty after. What is done there and what
is read, and what of Google's words is told: no names."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ticketops.errors import RuleError, TicketopsError
from ticketops.schema.sheets_api import Request, at, new_sheet, quoted
from ticketops.stores.gsheets.assumptions import Answer
from ticketops.stores.gsheets.connection import Connection, Rejected
from ticketops.stores.gsheets.control import plain

PREFIX = "_TICKETOPS_PROBE_"
"""Begins the titles of the sheets that a probe works in."""
_CELLS = "userEnteredValue,effectiveValue"
_FIRST_LOOK = f"properties(title,locale),sheets(properties(sheetId,title),protectedRanges(range,warningOnly,requestingUserCanEdit,unprotectedRanges),data.rowData.values({_CELLS}))"
_TRIES = 3
_ADDRESS = re.compile(r"[^\s\"'<>(),;:]+@[^\s\"'<>(),;:]+")
_LONGEST = 300


class Bench:
    """A spreadsheet that nobody needs, while it is probed. share_with: an address without a Google
    account, "" for none."""

    def __init__(self, connection: Connection, share_with: str = "") -> None:
        self.connection, self.share_with = connection, share_with
        seen = connection.spreadsheet_with([], _FIRST_LOOK)
        self.title = str(seen["properties"].get("title", ""))
        self.locale = str(seen["properties"].get("locale", ""))
        self._seen: list[dict[str, Any]] = seen.get("sheets", [])
        self._titles: dict[int, str] = {}

    def refuse_if_needed(self) -> None:
        """Raises RuleError where any cell holds something: then it is not a spreadsheet that
        nobody needs."""
        for sheet in self._seen:
            title = sheet["properties"]["title"]
            if not title.startswith(PREFIX) and any(_filled(sheet)):
                raise RuleError(
                    f"the sheet {title!r} of {self.title!r} holds something, and a probe takes an empty spreadsheet only",
                    "make a new one, share it with the account as an editor, and name that",
                )

    # --- what is done

    def sheet(self, *prepared: Callable[[int], Request], rows: int = 20) -> int:
        """A new sheet with what has been prepared in it; its id."""
        number = self.number()
        self.do(
            new_sheet(self._titles[number], number, rows, 8), *(one(number) for one in prepared)
        )
        return number

    def number(self) -> int:
        """An id for a sheet, and with it its title."""
        number = random.randrange(1, 2**31 - 1)
        self._titles[number] = f"{PREFIX}{number}"
        return number

    def title_of(self, number: int) -> str:
        """The title that goes with an id."""
        return self._titles[number]

    def do(self, *requests: Request) -> None:
        """What must be done. Raises what `Connection.update` raises."""
        try:
            self.connection.update(requests)
        except Rejected as error:
            if not error.again:  # else it was done before, only the answer was lost
                raise

    def ask(self, *requests: Request, see: str = "") -> dict[str, Any]:
        """What Google says to what it may refuse."""
        return self.connection.batch_said(requests, see=see)

    def titles(self) -> list[str]:
        """Of all sheets, now."""
        return [one["properties"]["title"] for one in self.connection.properties()["sheets"]]

    def cells(self, number: int, cells: str, count: int = 1) -> list[Mapping[str, Any]]:
        """So many cells of one row or column of a sheet; Google does not tell of blank ones at the
        end."""
        name = quoted(self._titles[number], cells)
        seen = self.connection.spreadsheet_with([name], f"sheets.data.rowData.values({_CELLS})")
        return [
            *(one for sheet in seen.get("sheets", ()) for one in cells_of(sheet)),
            *[{}] * count,
        ][:count]

    def entered(self, number: int, cells: str, count: int = 1) -> list[Any]:
        """What was entered into those cells."""
        return [plain(one.get("userEnteredValue")) for one in self.cells(number, cells, count)]

    def foreign_protection(self) -> dict[str, int] | None:
        """A cell that others have protected against us, as a GridCoordinate; None where there is
        none."""
        for sheet in self._seen:
            for one in sheet.get("protectedRanges", ()):
                if one.get("requestingUserCanEdit") or one.get("warningOnly"):
                    continue
                if not one.get("unprotectedRanges"):
                    held = one.get("range", {})
                    row, column = held.get("startRowIndex", 0), held.get("startColumnIndex", 0)
                    return at(sheet["properties"].get("sheetId", 0), row + 1, column + 1)
        return None

    # --- what is told

    def refused(self, answer: str, error: Mapping[str, Any]) -> Answer:
        """An answer that is a refusal, with its code and words."""
        return Answer(answer, int(error.get("code", 0)), self.nameless(error.get("message", "")))

    def nameless(self, words: str) -> str:
        """Words of Google without whose and which spreadsheet it is."""
        text = (str(words).splitlines() or [""])[0]
        if self.share_with:
            text = text.replace(self.share_with, "{address}")
        text = _ADDRESS.sub("{address}", text)
        text = text.replace(self.connection.spreadsheet, "{spreadsheet}")
        for number, title in self._titles.items():
            text = text.replace(title, "{title}").replace(str(number), "{id}")
        for name in (self.title, *(one["properties"]["title"] for one in self._seen)):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "{name}", text) if name else text
        return text[:_LONGEST]

    def clear_away(self) -> str:
        """Delete the sheets of this and of earlier probes, and give the spreadsheet its locale
        back; what could not be, for people, else ""."""
        left = "Google keeps them"
        for _ in range(_TRIES):
            try:
                seen = self.connection.properties()
                gone: list[Request] = [
                    {"deleteSheet": {"sheetId": one["properties"]["sheetId"]}}
                    for one in seen["sheets"]
                    if one["properties"]["title"].startswith(PREFIX)
                ]
                if self.locale and seen["properties"].get("locale") != self.locale:
                    gone.append(with_locale(self.locale))
                if not gone:
                    return ""
                self.do(*gone)
            except TicketopsError as error:
                left = error.message
        return left


@contextmanager
def probed(
    connection: Connection,
    share_with: str,
    confirm: Callable[[str], bool],
    notice: Callable[[str], None],
) -> Iterator[Bench]:
    """A bench in a spreadsheet that holds nothing, cleared away at the end, also after a failure.
    confirm: asked once, with its title; notice: is told of what stays behind. Raises RuleError
    where cells hold something or it is not confirmed."""
    bench = Bench(connection, share_with)
    bench.refuse_if_needed()
    if not confirm(bench.title):
        raise RuleError("not confirmed: nothing was written")
    try:
        yield bench
    finally:
        if left := bench.clear_away():
            notice(
                f"sheets called {PREFIX}… are left in {bench.title!r}, or its locale is another one ({left}): the next probe clears them away"
            )


def with_locale(locale: str) -> Request:
    """The request that gives a spreadsheet a locale."""
    return {"updateSpreadsheetProperties": {"properties": {"locale": locale}, "fields": "locale"}}


def cells_of(sheet: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The cells of all ranges, a blank one for a row without any."""
    for block in sheet.get("data", ()):
        for row in block.get("rowData", ()):
            yield from row.get("values", ()) or ({},)


def _filled(sheet: Mapping[str, Any]) -> Iterator[bool]:
    """Whether its cells hold something."""
    return (
        bool(one.get("userEnteredValue") or one.get("effectiveValue")) for one in cells_of(sheet)
    )

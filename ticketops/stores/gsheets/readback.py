"""After a commit of which cells may not have come: do they stand there?

Those are cells that were sent ahead and put in their place by copying: no document says whether
that skips rows that a filter hides, or what else it may leave out. And those that a merge covers
which somebody made after the look: Google keeps nothing there. They are read back, and what still
holds what stood there before is written again, directly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ticketops.errors import BusyError, UnusableError
from ticketops.schema.addresses import column_letters, runs
from ticketops.schema.sheets_api import Request, area, at
from ticketops.stores.gsheets.cell_rows import CellRows, cell_of
from ticketops.stores.gsheets.connection import Connection
from ticketops.stores.gsheets.recheck import comparable
from ticketops.stores.gsheets.sheets import KnownSheets

Rows = Sequence[Sequence[Any]]
_READ = 200_000
"""Cells that one request reads back."""
Block = Mapping[str, Any]
"""The body of an updateCells: `start` and `rows`."""
_HINT = (
    "unmerge the cells (Format > Merge cells > Unmerge), clear the filters (Data > Remove filter; "
    "a slicer in its own menu), and write those cells by hand: `ticketops log show` lists them"
)


def covered(batch: Sequence[Request], answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The written cells that a merge covers after a batch, each a block of its own. answer: has the
    sheets and their merges, under `updatedSpreadsheet` where it is that to the batch."""
    merges = {
        sheet["properties"].get("sheetId", 0): [
            area(one, grid.get("rowCount", 0), grid.get("columnCount", 0))
            for grid in [sheet["properties"].get("gridProperties", {})]
            for one in sheet.get("merges", ())
        ]
        for sheet in answer.get("updatedSpreadsheet", answer).get("sheets", ())
    }
    for request in batch:
        block = request.get("updateCells", {})
        number = block.get("start", {}).get("sheetId")
        for (row, column), cell in _cells(block) if merges.get(number) else ():
            if cell.get("userEnteredValue") and any(
                left <= column <= right and top <= row <= bottom and (column, row) != (left, top)
                for (left, top), (right, bottom) in merges[number]
            ):
                yield {"start": at(number, row, column), "rows": [{"values": [cell]}]}


def complete(
    connection: Connection, known: KnownSheets, blocks: Sequence[Block], before: Mapping[str, Rows]
) -> None:
    """See that the cells of `blocks` stand where they belong; before: the raw rows of each sheet
    as they were. What somebody else changed meanwhile is theirs. Raises UnusableError where cells
    can't be written, and BusyError where that can't be known."""
    lost = _lost(connection, known, blocks, before)
    if not lost:
        return
    connection.update([request for name in lost for request in _again(known, name, lost[name])])
    if still := _lost(connection, known, blocks, before):
        name, cells = next(iter(still.items()))
        row, column = min(cells)
        count = sum(map(len, still.values()))
        raise UnusableError(
            f"Google left {count} of the written cells unchanged, "
            f"{name}!{column_letters(column)}{row} first",
            _HINT,
        )


def _lost(
    connection: Connection, known: KnownSheets, blocks: Sequence[Block], before: Mapping[str, Rows]
) -> dict[str, dict[tuple[int, int], Any]]:
    """{sheet: {(row, column): CellData}} of the cells that hold what they held before, and should
    not."""
    names = {grid.sheet_id: name for name, grid in known.grids.items()}
    sent: dict[str, list[Block]] = {}
    for block in blocks:
        sent.setdefault(names[block["start"]["sheetId"]], []).append(block)
    lost: dict[str, dict[tuple[int, int], Any]] = {}
    for bands in _requests(sent):
        try:
            found = connection.values(
                [known.quoted(name, f"A{top}:{last}{bottom}") for name, top, bottom, last in bands]
            )
        except BusyError as error:
            raise BusyError(
                f"{error.message}: the change was written but could not be read back",
                "it is unknown whether every cell arrived: `ticketops log show` lists them",
            ) from None
        for (name, top, bottom, _last), rows in zip(bands, found, strict=True):
            old = before.get(name, ())
            for block in sent[name]:
                for (row, column), cell in _unlike(block, top, bottom, rows):
                    entered = cell.get("userEnteredValue", {})
                    wanted = comparable(next(iter(entered.values()), None))
                    stands = comparable(_cell(rows, row - top + 1, column))
                    if stands != wanted and stands in (None, comparable(_cell(old, row, column))):
                        lost.setdefault(name, {})[row, column] = cell
    return lost


def _requests(sent: Mapping[str, Sequence[Block]]) -> Iterator[list[tuple[str, int, int, str]]]:
    """(sheet, first row, last row, last column) of what is read back, as much as one request asks
    for."""
    asked: list[tuple[str, int, int, str]] = []
    left = _READ
    for name, blocks in sent.items():
        top, bottom, last = _around(blocks)
        while top <= bottom:
            here = min(bottom, top + max(1, left // last) - 1)
            asked.append((name, top, here, column_letters(last)))
            left -= (here - top + 1) * last
            top = here + 1
            if left <= 0:
                yield asked
                asked, left = [], _READ
    if asked:
        yield asked


def _unlike(
    block: Block, first: int, last: int, found: Rows
) -> Iterator[tuple[tuple[int, int], Any]]:
    """The cells of a block in the rows from `first` to `last` that do not stand in `found`, the
    values of these rows, just as they were sent."""
    rows = block["rows"]
    top, left = block["start"]["rowIndex"] + 1, block["start"]["columnIndex"] + 1
    for row in range(max(first, top), min(last + 1, top + len(rows))):
        if isinstance(rows, CellRows):
            sent = rows.values(row - top)
            stands = found[row - first][left - 1 :] if row - first < len(found) else ()
            pairs = zip_longest(sent, stands[: len(sent)])
            odd = [i for i, (a, b) in enumerate(pairs) if not (type(a) is type(b) and a == b)]
            for i in odd:
                yield (row, left + i), cell_of(sent[i])
            continue
        for column, cell in enumerate(rows[row - top]["values"], start=left):
            yield (row, column), cell


def _cells(block: Block) -> Iterator[tuple[tuple[int, int], Any]]:
    if "rows" not in block:
        return
    top, left = block["start"]["rowIndex"] + 1, block["start"]["columnIndex"] + 1
    for row, sent in enumerate(block["rows"], start=top):
        for column, cell in enumerate(sent["values"], start=left):
            yield (row, column), cell


def _around(blocks: Sequence[Block]) -> tuple[int, int, int]:
    """The first row, the last row and the last column of what is in any of them."""
    starts = [block["start"] for block in blocks]
    return (
        min(start["rowIndex"] + 1 for start in starts),
        max(block["start"]["rowIndex"] + len(block["rows"]) for block in blocks),
        max(block["start"]["columnIndex"] + len(block["rows"][0]["values"]) for block in blocks),
    )


def _cell(rows: Rows, row: int, column: int) -> Any:
    return rows[row - 1][column - 1] if row <= len(rows) and column <= len(rows[row - 1]) else None


def _again(
    known: KnownSheets, name: str, cells: Mapping[tuple[int, int], Any]
) -> Iterator[Request]:
    """Those cells written directly, in runs of neighbours."""
    by_row: dict[int, list[int]] = {}
    for row, column in sorted(cells):
        by_row.setdefault(row, []).append(column)
    for row, columns in by_row.items():
        for left, right in runs(columns):
            values = [cells[row, column] for column in range(left, right + 1)]
            yield {
                "updateCells": {
                    "start": at(known.grids[name].sheet_id, row, left),
                    "rows": [{"values": values}],
                    "fields": "userEnteredValue",
                }
            }

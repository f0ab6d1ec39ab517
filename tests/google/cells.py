"""The requests of a batch that change cells.

Simplified: conditional formats and borders are not pasted;
formulas keep what they refer to when rows move; validation rules refuse nothing.
"""

from __future__ import annotations

from typing import Any

from tests.google.edit import Edit, Write, change_cells, moved
from tests.google.errors import Json, invalid
from tests.google.filters import hidden_rows
from tests.google.formats import typed
from tests.google.grid import BLANK, Cell, Formula, Rect, Sheet, shared
from tests.google.ways import OTHER_WORDS

Rows = list[Json]
PASTED = {
    "PASTE_NORMAL": (True, True, True, True),
    "PASTE_NO_BORDERS": (True, True, True, True),
    "PASTE_VALUES": (True, False, False, False),
    "PASTE_FORMULA": (True, False, False, False),
    "PASTE_FORMAT": (False, True, False, False),
    "PASTE_DATA_VALIDATION": (False, False, True, False),
}
"""What each way of pasting carries over: value, format, validation, note."""


def update_cells(edit: Edit, body: Json) -> None:
    write = Write(body.get("fields"), edit)
    covers = "range" in body
    if covers:
        sheet, rect = edit.area(body["range"])
    else:
        start = body.get("start", {})
        sheet = edit.book.sheet(start.get("sheetId", 0))
        rect = sheet.clip(start.get("rowIndex"), start.get("columnIndex"), None, None)
    rows: Rows = body.get("rows", [])
    _write_rows(edit, sheet, rect, rows, write, covers=covers)
    if covers:
        edit.guard(sheet, rect)
        below = rect._replace(top=min(rect.top + len(rows), rect.bottom))
        change_cells(sheet, below, lambda _row, _column, old: write(old, {}), blanks=False)


def _write_rows(
    edit: Edit, sheet: Sheet, rect: Rect, rows: Rows, write: Write, *, covers: bool = False
) -> None:
    widest = max((len(row.get("values", ())) for row in rows), default=0)
    if rect.left + widest > rect.right:
        raise invalid(
            f"Attempting to write column: {rect.right}, beyond the last requested column of: {rect.right - 1}"
        )
    if rect.top + len(rows) > rect.bottom:
        raise invalid(
            f"Attempting to write row: {rect.bottom}, beyond the last requested row of: {rect.bottom - 1}"
        )
    block = Rect(rect.top, rect.left, rect.top + len(rows), rect.left + widest)
    edit.guard(sheet, block)
    hidden = _left_out(edit, sheet)
    if hidden and edit.ways.of("write-under-filter") == "moved":
        rows = _moved(rows, hidden, rect)
    moved = _into_merges(edit, sheet, block, rows) if edit.ways.turned and write.value else {}
    for number, row in enumerate(rows, rect.top):
        if number not in hidden:
            _write_row(sheet, number, rect, row.get("values", []), write, covers=covers)
    for (top, left), cell in moved.items():
        sheet.put(top, left, write(sheet.cell(top, left), cell))


def _left_out(edit: Edit, sheet: Sheet) -> set[int]:
    """The rows that are not written, as a filter hides them."""
    way = edit.ways.of("write-under-filter")
    hidden = set() if way == "written" else hidden_rows(edit.book, sheet)
    if hidden and way == "refused":
        raise edit.ways.refusal("write-under-filter", OTHER_WORDS)
    return hidden


def _moved(rows: Rows, hidden: set[int], rect: Rect) -> Rows:
    """The rows with gaps for those that are hidden, as far as there are rows."""
    left = iter(rows)
    return [
        {} if row in hidden else next(left, {})
        for row in range(rect.top, min(rect.bottom, rect.top + len(rows) + len(hidden)))
    ]


def _into_merges(edit: Edit, sheet: Sheet, block: Rect, rows: Rows) -> dict[tuple[int, int], Json]:
    """What is written into cells that a merge covers: refused, or put into its first cell."""
    way = edit.ways.of("write-into-merge")
    found: dict[tuple[int, int], Json] = {}
    for held in sheet.merges if way in ("refused", "moved") else ():
        rect = sheet.area(held)
        for number, row in enumerate(rows, block.top):
            for place, cell in enumerate(row.get("values", ()), block.left):
                inside = rect.meets(Rect(number, place, number + 1, place + 1))
                if inside and (number, place) != rect[:2] and cell.get("userEnteredValue"):
                    found[rect[:2]] = cell
    if found and way == "refused":
        raise edit.ways.refusal("write-into-merge", OTHER_WORDS)
    return found


def _write_row(
    sheet: Sheet, row: int, rect: Rect, values: list[Json], write: Write, *, covers: bool
) -> None:
    """The cells of one row; if the request covers a range, those to the right that it does not name
    lose what they had."""
    found = sheet.writable(row, rect.left + len(values))
    if covers and (missing := min(len(found), rect.right) - rect.left - len(values)) > 0:
        values = [*values, *[{}] * missing]
    part = slice(rect.left, rect.left + len(values))
    found[part] = map(write, found[part], values)
    while found and found[-1] is None:
        found.pop()


def repeat_cell(edit: Edit, body: Json) -> None:
    write = Write(body.get("fields"), edit)
    sheet, rect = edit.area(body.get("range", {}))
    edit.guard(sheet, rect)
    new: Json = body.get("cell", {})

    def one(row: int, column: int, old: Cell | None) -> Cell | None:
        cell = write(old, new)
        if cell is None or not write.value:
            return cell
        return cell._replace(value=moved(cell.value, row - rect.top, column - rect.left))

    change_cells(sheet, rect, one, blanks=write(None, new) is not None)


def append_cells(edit: Edit, body: Json) -> None:
    """Below the last row that has a value; the grid grows by rows, not by columns."""
    sheet = edit.book.sheet(body.get("sheetId", 0))
    rows: Rows = body.get("rows", [])
    last = sheet.reach(sheet.whole())[0]
    sheet.row_count = max(sheet.row_count, last + len(rows))
    edit.book.check_size()
    _write_rows(
        edit,
        sheet,
        Rect(last, 0, sheet.row_count, sheet.column_count),
        rows,
        Write(body.get("fields"), edit),
    )


def copy_paste(edit: Edit, body: Json) -> None:
    """A destination that is a multiple of the source is filled with copies of it; any other gets
    one."""
    source_sheet, source = edit.area(body.get("source", {}))
    sheet, target = edit.area(body.get("destination", {}))
    transposed = body.get("pasteOrientation") == "TRANSPOSE"
    block = _block(edit, source_sheet, source, body.get("pasteType", "PASTE_NORMAL"))
    height, width = source.bottom - source.top, source.right - source.left
    high, wide = (width, height) if transposed else (height, width)
    bottom = (
        target.bottom if high and (target.bottom - target.top) % high == 0 else target.top + high
    )
    right = (
        target.right if wide and (target.right - target.left) % wide == 0 else target.left + wide
    )
    target = Rect(
        target.top,
        target.left,
        min(max(bottom, target.top + high), sheet.row_count),
        min(max(right, target.left + wide), sheet.column_count),
    )
    edit.guard(sheet, target)
    kind = body.get("pasteType", "PASTE_NORMAL")
    if kind == "PASTE_VALUES" and not transposed:
        target, block = _under_filter(edit, sheet, target, block)
    _paste(edit, sheet, target, source, block, kind, transposed=transposed)


def _under_filter(
    edit: Edit, sheet: Sheet, target: Rect, block: list[list[Cell]]
) -> tuple[Rect, list[list[Cell]]]:
    """Where a block of values goes in a sheet whose filter hides rows of the target."""
    way, hidden = edit.ways.of("copy-under-filter"), hidden_rows(edit.book, sheet)
    if way not in ("moved", "refused") or not hidden & set(range(target.top, target.bottom)):
        return target, block
    if way == "refused":
        raise edit.ways.refusal("copy-under-filter", OTHER_WORDS)
    shown = [row for row in range(target.top, sheet.row_count) if row not in hidden]
    shown = shown[: target.bottom - target.top]
    rows = {row: block[nth % len(block)] for nth, row in enumerate(shown)}
    bottom = shown[-1] + 1
    blank = [BLANK] * len(block[0])
    return target._replace(bottom=bottom), [
        rows.get(row, blank) for row in range(target.top, bottom)
    ]


def _block(edit: Edit, sheet: Sheet, source: Rect, kind: str) -> list[list[Cell]]:
    """The cells of the source; with PASTE_VALUES, what they come to."""
    if kind not in PASTED:
        raise invalid(f"This server does not know how to paste {kind}.")
    block = [
        [sheet.cell(row, column) for column in range(source.left, source.right)]
        for row in range(source.top, source.bottom)
    ]
    if kind == "PASTE_VALUES":
        way = edit.ways.of("paste-text")
        anew = way == "parsed"
        texts = [cell.value for row in block for cell in row if type(cell.value) is str]
        if way == "refused" and any(text[:1] in "=0" for text in texts):
            raise edit.ways.refusal("paste-text", OTHER_WORDS)

        def taken(cell: Cell) -> Any:
            value = edit.book.effective(cell.value, sheet)
            if not anew or type(value) is not str:
                return value
            return Formula(value) if value[:1] == "=" else typed(value, None)[0]

        return [[cell._replace(value=taken(cell)) for cell in row] for row in block]
    return block


def _paste(
    edit: Edit,
    sheet: Sheet,
    target: Rect,
    source: Rect,
    block: list[list[Cell]],
    kind: str,
    *,
    transposed: bool = False,
) -> None:
    takes_value, takes_format, takes_validation, takes_note = PASTED[kind]
    height, width = len(block), source.right - source.left
    written = kind == "PASTE_VALUES" and edit.ways.of("copy-under-filter") == "written"
    hidden = set() if written else hidden_rows(edit.book, sheet)

    def one(row: int, column: int, old: Cell | None) -> Cell | None:
        if row in hidden:
            return old
        down, across = row - target.top, column - target.left
        if transposed:
            down, across = across, down
        new, old = block[down % height][across % width], old or BLANK
        shift = row - source.top - down % height, column - source.left - across % width
        cell = Cell(
            moved(new.value, *shift) if takes_value else old.value,
            new.format if takes_format else old.format,
            new.validation if takes_validation else old.validation,
            new.note if takes_note else old.note,
        )
        return None if cell == BLANK else cell

    change_cells(sheet, target, one)


def cut_paste(edit: Edit, body: Json) -> None:
    source_sheet, source = edit.area(body.get("source", {}))
    place = body.get("destination", {})
    sheet = edit.book.sheet(place.get("sheetId", 0))
    kind = body.get("pasteType", "PASTE_NORMAL")
    block = _block(edit, source_sheet, source, kind)
    start = sheet.clip(place.get("rowIndex"), place.get("columnIndex"), None, None)
    bottom, right = start.top + source.bottom - source.top, start.left + source.right - source.left
    target = Rect(
        start.top, start.left, min(bottom, sheet.row_count), min(right, sheet.column_count)
    )
    edit.guard(source_sheet, source)
    edit.guard(sheet, target)
    taken = PASTED[kind]

    def left_behind(_row: int, _column: int, old: Cell | None) -> Cell | None:
        cell = Cell(
            *(None if gone else kept for kept, gone in zip(old or BLANK, taken, strict=True))
        )
        return None if cell == BLANK else cell

    if kind == "PASTE_NORMAL":
        _move_merges(source_sheet, source, sheet, target)
    change_cells(source_sheet, source, left_behind, blanks=False)
    still = [[cell._replace(value=cell.value) for cell in row] for row in block]
    _paste(edit, sheet, target, target, still, kind)


def _move_merges(source_sheet: Sheet, source: Rect, sheet: Sheet, target: Rect) -> None:
    """Those that lie inside what is cut go along ("values, formulas, formats, and merges")."""
    down, across = target.top - source.top, target.left - source.left
    inside = [one for one in source_sheet.merges if _within(source_sheet.area(one), source)]
    source_sheet.merges = [one for one in source_sheet.merges if one not in inside]
    for one in inside:
        rect = source_sheet.area(one)
        sheet.merges.append(
            _range(
                sheet,
                Rect(rect.top + down, rect.left + across, rect.bottom + down, rect.right + across),
            )
        )


def _within(one: Rect, other: Rect) -> bool:
    return (
        other.top <= one.top
        and one.bottom <= other.bottom
        and other.left <= one.left
        and one.right <= other.right
    )


def set_data_validation(edit: Edit, body: Json) -> None:
    sheet, rect = edit.area(body.get("range", {}))
    edit.guard(sheet, rect)
    rule = shared(body.get("rule"))

    def one(_row: int, _column: int, old: Cell | None) -> Cell | None:
        cell = (old or BLANK)._replace(validation=rule)
        return None if cell == BLANK else cell

    change_cells(sheet, rect, one, blanks=rule is not None)


def merge_cells(edit: Edit, body: Json) -> None:
    sheet, rect = edit.area(body.get("range", {}))
    edit.guard(sheet, rect)
    kind = body.get("mergeType", "MERGE_ALL")
    high = 1 if kind == "MERGE_ROWS" else rect.bottom - rect.top
    wide = 1 if kind == "MERGE_COLUMNS" else rect.right - rect.left
    for top in range(rect.top, rect.bottom, high):
        for left in range(rect.left, rect.right, wide):
            _merge(sheet, Rect(top, left, top + high, left + wide))


def _merge(sheet: Sheet, rect: Rect) -> None:
    """Only the value of the first corner stays."""
    sheet.merges.append(_range(sheet, rect))

    def one(row: int, column: int, old: Cell | None) -> Cell | None:
        if old is None or (row, column) == (rect.top, rect.left):
            return old
        cell = old._replace(value=None, note=None)
        return None if cell == BLANK else cell

    change_cells(sheet, rect, one, blanks=False)


def unmerge_cells(edit: Edit, body: Json) -> None:
    sheet, rect = edit.area(body.get("range", {}))
    edit.guard(sheet, rect)
    sheet.merges = [one for one in sheet.merges if not rect.meets(sheet.area(one))]


def _range(sheet: Sheet, rect: Rect) -> dict[str, Any]:
    names = ("startRowIndex", "startColumnIndex", "endRowIndex", "endColumnIndex")
    return {"sheetId": sheet.id, **dict(zip(names, rect, strict=True))}

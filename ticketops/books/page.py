"""What the sheets of a book say and look like, whatever the book is written as: a file or a Google Sheet (§7, §8, §9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ticketops.model import states
from ticketops.schema.addresses import column_letters
from ticketops.schema.books import CLOSED_MARK, HEADER_ROW, LONGEST, LONGEST_TEXT, OPEN_MARK, STAMP, Book, BookColumn, Layout, tidy
from ticketops.schema.columns import ColumnType

HOW_TO_TITLE = "How to fill this in"
_SEND_BACK = "Save the file and send it back, as often as you like; when something changes here, we send you a new one."
_NOTHING_TO_SEND = (
    "What you type is saved by itself and we read it here: there is nothing to send. When something changes with us, it changes here."
)
YELLOW, GREY, GREY_TEXT, HEAD, LINES, SUMMARY_TEXT = "#FFF2CC", "#EDEDED", "#808080", "#DDEBF7", "#D9D9D9", "#C00000"
_GREEN, _AMBER, _RED = ("#E2EFDA", "#375623"), ("#FFE699", "#7F6000"), ("#F8CBAD", "#843C0C")
STATUS_COLOURS = {
    states.SENT: _GREEN,
    states.UPLOADED: _GREEN,
    states.ACCEPTED: _GREEN,
    states.PENDING: _AMBER,
    states.ISSUE: _RED,
}
"""{status: (fill, text)}"""
STATUS_COLUMNS = ("delivery", "dispatch_status")
NUMBERS = {ColumnType.DATE: "yyyy-mm-dd", ColumnType.DATETIME: "yyyy-mm-dd hh:mm"}
HEADER_HEIGHT = 32
"""In points."""
TEXT_WIDTH = 100
"""Of the help, in characters."""
_MOST_RUNS = 150
"""Runs of open rows that a counting formula still names one by one."""
FIRST = HEADER_ROW + 1
"""The row of the first ticket."""


class Check(NamedTuple):
    """What a spreadsheet checks of a column while somebody types. kind: list, email, moment or length; most: of a length."""

    column: BookColumn
    kind: str
    message: str
    most: int = 0


def last_row(book: Book) -> int:
    """The row of the last ticket, at least the first one's."""
    return max(FIRST, HEADER_ROW + len(book.rows))


def shown_places(layout: Layout) -> list[int]:
    """The columns that readers see, as sheet columns in order."""
    return sorted(column.place for column in layout.columns if not column.hidden)


def title_line(book: Book) -> str:
    return f"{tidy(book.title)} · {book.built_at:%Y-%m-%d %H:%M}"


def value_of(column: BookColumn, value: Any, reveal: Callable[[str], str] | None) -> Any:
    """A value as its cell holds it; None for a blank. reveal: opens a sealed password."""
    if value is None or value == "":
        return None
    if column.name == "vendor_password" and reveal:
        value = reveal(value)
    return tidy(value) if isinstance(value, str) else value


def how_to_lines(layout: Layout, *, online: bool = False) -> list[str]:
    """What stands on the how-to sheet. online: of a Google Sheet, which nobody sends back."""
    columns = "Please do not rename, move or delete columns."
    back = _NOTHING_TO_SEND if online else _SEND_BACK
    return [f"{i}.  {text}" for i, text in enumerate((*layout.how_to, f"{columns} {back}"), start=1)]


def base_rows(book: Book) -> Iterator[tuple[str, ...]]:
    """The hidden sheet: the book's name, and what its input cells hold now."""
    yield STAMP, book.book_id, book.layout.kind, book.built_at.isoformat(sep=" ")
    typed = book.layout.typed
    yield "key", "unit", *typed
    for row in book.base():
        yield row.key, row.unit_id, *(f"{OPEN_MARK if name in row.open else CLOSED_MARK}{row.texts[name]}" for name in typed)


def checks(layout: Layout) -> Iterator[Check]:
    """What is checked of every input column."""
    for column in layout.columns:
        if not column.typed:
            continue
        if column.choices:
            yield Check(column, "list", f"one of: {', '.join(column.choices)}")
        elif column.name == "client_email":
            yield Check(column, "email", "This does not look like an e-mail address: name@example.com")
        elif column.type is ColumnType.DATETIME:
            yield Check(column, "moment", "A date and time: 2026-06-11 14:30")
        else:
            most = LONGEST.get(column.name, LONGEST_TEXT)
            yield Check(column, "length", f"At most {most} characters.", most)


def email_formula(cell: str, separator: str = ",") -> str:
    """What a spreadsheet can check of an address while it is typed; `client pull` checks it by the RFC."""
    formula = (
        '=AND(LEN({cell})<=254,LEN({cell})-LEN(SUBSTITUTE({cell},"@",""))=1,FIND("@",{cell})>1,'
        'ISNUMBER(FIND(".",{cell},FIND("@",{cell})+2)),RIGHT({cell},1)<>".",ISERROR(FIND(" ",{cell})))'
    )
    return formula.replace(",", separator).format(cell=cell)


def summary(book: Book, separator: str = ",") -> tuple[str, str]:
    """What is still to be done, as a formula that counts while the reader types, and its value now."""
    if book.layout.kind == states.CLIENT:
        name, ending = "client_email", " rows still missing e-mail"
        wanting = [i for i, row in enumerate(book.rows) if name in row.open]
        now = sum(1 for i in wanting if not book.rows[i].values.get(name))
        parts = [f"COUNTBLANK({_area(book, name, start, end)})" for start, end in runs(wanting)]
    else:
        name = "delivery" if book.layout.kind == states.SUPPLIER else "dispatch_status"
        ending = " tickets to send"
        now = sum(1 for row in book.rows if row.open and row.values.get(name) == states.NOT_SENT)
        open_rows = [i for i, row in enumerate(book.rows) if row.open]
        parts = [f'COUNTIF({_area(book, name, start, end)}{separator}"NOT_SENT")' for start, end in runs(open_rows)]
    counting = "+".join(parts) if parts and len(parts) <= _MOST_RUNS else str(now)
    return f'={counting}&"{ending}"', f"{now}{ending}"


def _area(book: Book, name: str, start: int, end: int) -> str:
    letters = column_letters(book.layout.by_name[name].place)
    return f"{letters}{FIRST + start}:{letters}{FIRST + end}"


def runs(places: list[int]) -> list[tuple[int, int]]:
    """[0, 1, 2, 5] → [(0, 2), (5, 5)]."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found

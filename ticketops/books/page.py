"""What the sheets of a book say and look like, whatever the book is written as: a file or a Google
Sheet (§7, §8, §9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import ceil
from typing import Any, NamedTuple

from ticketops.model import book_kinds, issuance, states
from ticketops.model.display import cells
from ticketops.schema.addresses import column_letters
from ticketops.schema.book_layouts import (
    CLOSED_MARK,
    HEADER_ROW,
    LONGEST,
    LONGEST_TEXT,
    OPEN_MARK,
    STAMP,
    Book,
    BookColumn,
    Layout,
    tidy,
)
from ticketops.schema.book_words import MEANINGS, STATUS
from ticketops.schema.columns import ColumnType, text_of

HOW_TO_TITLE = "How to fill in this workbook"
_SEND_BACK = "Save the file and send it back as often as you like. When something changes on our side, we send you a new file."
_NOTHING_TO_SEND = "Your changes are saved automatically, and we read them here: you don't need to send anything. Our changes appear here too."
YELLOW, GREY, GREY_TEXT, HEAD, LINES, SUMMARY_TEXT = (
    "#FFF2CC",
    "#EDEDED",
    "#808080",
    "#DDEBF7",
    "#D9D9D9",
    "#C00000",
)
_GREEN, _AMBER, _RED = ("#E2EFDA", "#375623"), ("#FFE699", "#7F6000"), ("#F8CBAD", "#843C0C")
DONE_COLOURS = _GREEN
STATUS_COLOURS = {
    states.SENT: _GREEN,
    states.UPLOADED: _GREEN,
    states.ACCEPTED: _GREEN,
    states.PENDING: _AMBER,
    states.ISSUE: _RED,
}
"""{status: (fill, text)}"""
WHERE_EMPTY = ("inv_no", "platform_url", "credential_hint")
"""Columns that are hidden in a book where they hold nothing."""
COLOURED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "delivery": STATUS_COLOURS,
    "dispatch_status": STATUS_COLOURS,
    "name_is": {issuance.NAME_FINAL: _AMBER, issuance.NAME_ISSUED: _GREEN},
}
"""{column: {status: (fill, text)}}."""
NUMBERS = {ColumnType.DATE: "yyyy-mm-dd", ColumnType.DATETIME: "yyyy-mm-dd hh:mm"}
FLAG_FORMAT = '"TRUE";"TRUE";"FALSE"'
"""How LibreOffice knows a Boolean; Excel and Google Sheets show TRUE and FALSE by themselves."""
HEADER_HEIGHT = 32
"""In points."""
TEXT_WIDTH = 100
"""Of the help, in characters."""
PAGE_WIDTH = 200
"""Characters that a printed page shows side by side and that can still be read."""
WIDEST = 44
"""Of a column, in characters: what is longer is wrapped."""
DONE = {
    book_kinds.CLIENT: "all addresses are there",
    book_kinds.SUPPLIER: "all tickets are sent",
    book_kinds.STAFF_BOOK: "all tickets are sent",
    book_kinds.NAMES: "all passports are there",
}
COUNTED_BLANK = {
    book_kinds.CLIENT: ("client_email", "rows still missing e-mail"),
    book_kinds.NAMES: ("passport", "passengers still missing a passport"),
}
"""{kind of book: (the input column whose blanks are counted, what is said of them)}."""
"""{kind of book: what stands above it where nothing is left to do}."""
NOTHING_YET = "no ticket yet"
EARLIEST = {"day": datetime(1900, 1, 1), "moment": datetime(2000, 1, 1)}
"""{kind of check: after what a date must be}."""
_ARROW, _DAY, _MOMENT, _ASIDE = 3, 11, 17, 6
_MOST_RUNS = 150
"""Runs of open rows that a counting formula still names one by one."""
FIRST = HEADER_ROW + 1
"""The row of the first ticket."""


class Check(NamedTuple):
    """What a spreadsheet checks of a column while somebody types. kind: list, email, day,
    moment or length; most: of a length."""

    column: BookColumn
    kind: str
    message: str
    most: int = 0


def last_row(book: Book) -> int:
    """The row of the last ticket, at least the first one's."""
    return max(FIRST, HEADER_ROW + len(book.rows))


def shown_columns(book: Book) -> list[BookColumn]:
    """The columns that readers see, in the order of the sheet."""
    empty = {
        name for name in WHERE_EMPTY if not any(row.values.get(name) for row in book.rows)
    } & book.layout.by_name.keys()
    shown = [c for c in book.layout.columns if not (c.hidden or c.name in empty)]
    return sorted(shown, key=lambda column: column.position)


def shown_positions(book: Book) -> list[int]:
    """The columns that readers see, as sheet columns in order."""
    return [column.position for column in shown_columns(book)]


def widths(book: Book) -> dict[str, int]:
    """{shown column: its width in characters}: wide enough for its header and for what it holds, up
    to what is wrapped."""
    found = {}
    for column in shown_columns(book):
        word = max(map(len, re.findall(r"\S+", column.header))) + _ARROW
        if column.type is ColumnType.DATE:
            held = _DAY
        elif column.type is ColumnType.DATETIME:
            held = _MOMENT
        elif column.name == "vendor_password":
            held = column.width
        else:
            held = max((_longest(row.values.get(column.name)) for row in book.rows), default=0)
        room = column.width if column.typed else 0
        found[column.name] = max(room, word, min(held + 1, WIDEST))
    return found


def _longest(value: Any) -> int:
    """The cells of a value's longest line."""
    if value is None or value == "":
        return 0
    text = value if isinstance(value, str) else text_of(value)
    return max(map(cells, text.split("\n"))) if "\n" in text else cells(text)


def aside_position(book: Book, wide: Mapping[str, int]) -> int:
    """The sheet column right of the title, where more may stand above the tickets."""
    shown = shown_columns(book)
    room, needed = 0, 1.45 * cells(title_line(book))
    for number, column in enumerate(shown):
        if number >= _ASIDE and room >= needed:
            return column.position
        room += wide[column.name]
    return shown[-1].position


def aside_line(book: Book) -> str:
    """What stands beside the title: whom the book is from, and what its readers must know."""
    return " · ".join(filter(None, (from_line(book), book.layout.notice)))


def from_line(book: Book) -> str:
    """Whom a book is from, and whom its readers ask."""
    return " · ".join(filter(None, map(tidy, (book.sender, book.contact))))


def pages_across(wide: Mapping[str, int]) -> int:
    """How many printed pages side by side show all columns so that they can be read."""
    return max(1, ceil(sum(wide.values()) / PAGE_WIDTH))


def is_wrapped(column: BookColumn, wide: Mapping[str, int]) -> bool:
    """Whether a column's texts may take several lines."""
    long = column.typed or wide.get(column.name, 0) >= WIDEST
    return long and column.type is ColumnType.TEXT


def title_line(book: Book) -> str:
    return f"{tidy(book.title)} · {book.built_at:%Y-%m-%d %H:%M}"


LINES_LABEL = "Is a ticket missing or wrong? Write it below Comments, one line per ticket."


def line_rows(book: Book) -> range:
    """The rows below a client's tickets where it may write about one that is missing or wrong (§7
    step 4)."""
    if book.layout.kind != book_kinds.CLIENT:
        return range(0)
    return range(last_row(book) + 2, last_row(book) + 5)


def note_line(book: Book) -> str:
    return tidy(book.note)[:LONGEST_TEXT]


def value_of(column: BookColumn, value: Any, reveal: Callable[[str], str] | None) -> Any:
    """A value as its cell holds it; None for a blank. reveal: opens a sealed password."""
    if value is None or value == "":
        return None
    if column.name == "vendor_password" and reveal:
        value = reveal(value)
    return tidy(value) if isinstance(value, str) else value


def how_to_lines(book: Book, *, online: bool = False) -> list[str]:
    """What stands on the how-to sheet. online: of a Google Sheet, which nobody sends back."""
    columns = "Please don't rename, move or delete columns."
    back = _NOTHING_TO_SEND if online else _SEND_BACK
    kind = book.layout.kind
    status = book.layout.by_name[STATUS[kind]].header
    codes = "; ".join(f"{code} – {words}" for code, words in MEANINGS[kind].items())
    questions = [f"Questions? {said}"] if (said := from_line(book)) else []
    lines = [*book.layout.how_to, f"What each {status} means: {codes}.", *questions]
    lines.append(f"{columns} {back}")
    return [f"{i}.  {text}" for i, text in enumerate(lines, start=1)]


def base_rows(book: Book) -> Iterator[tuple[str, ...]]:
    """The hidden sheet: the book's name, and what its input cells hold now."""
    yield STAMP, book.book_id, book.layout.kind, book.built_at.isoformat(sep=" ")
    typed = book.layout.typed
    yield "key", "unit", *typed
    for row in book.base():
        yield (
            row.key,
            row.unit_id,
            *(
                f"{OPEN_MARK if name in row.open else CLOSED_MARK}{row.texts[name]}"
                for name in typed
            ),
        )


def checks(layout: Layout) -> Iterator[Check]:
    """What is checked of every input column."""
    for column in layout.columns:
        if not column.typed:
            continue
        if column.choices:
            yield Check(column, "list", f"must be one of: {', '.join(column.choices)}")
        elif column.name == "client_email":
            yield Check(
                column, "email", "This does not look like an e-mail address: name@example.com"
            )
        elif column.type is ColumnType.DATE:
            yield Check(column, "day", "Enter a date: 1985-03-12")
        elif column.type is ColumnType.DATETIME:
            yield Check(column, "moment", "Enter a date and time: 2026-06-11 14:30")
        else:
            most = LONGEST.get(column.name, LONGEST_TEXT)
            yield Check(column, "length", f"Enter at most {most} characters.", most)


def email_formula(cell: str, separator: str = ",") -> str:
    """What a spreadsheet can check of an address while it is typed; `client pull` checks it by the
    RFC."""
    formula = (
        '=AND(LEN({cell})<=254,LEN({cell})-LEN(SUBSTITUTE({cell},"@",""))=1,FIND("@",{cell})>1,'
        'ISNUMBER(FIND(".",{cell},FIND("@",{cell})+2)),RIGHT({cell},1)<>".",ISERROR(FIND(" ",{cell})))'
    )
    return formula.replace(",", separator).format(cell=cell)


def summary(book: Book, separator: str = ",") -> tuple[str, str]:
    """What is still to be done, as a formula that counts while the reader types, and its value now;
    no formula where there is nothing to count."""
    if book.layout.kind in COUNTED_BLANK:
        name, ending = COUNTED_BLANK[book.layout.kind]
        wanting = [i for i, row in enumerate(book.rows) if name in row.open]
        now = sum(1 for i in wanting if not book.rows[i].values.get(name))
        parts = [f"COUNTBLANK({_area(book, name, start, end)})" for start, end in runs(wanting)]
    else:
        name = "delivery" if book.layout.kind == book_kinds.SUPPLIER else "dispatch_status"
        ending = "tickets to send"
        now = sum(1 for row in book.rows if row.open and row.values.get(name) == states.NOT_SENT)
        open_rows = [i for i, row in enumerate(book.rows) if row.open]
        parts = [
            f'COUNTIF({_area(book, name, start, end)}{separator}"NOT_SENT")'
            for start, end in runs(open_rows)
        ]
    done = DONE[book.layout.kind]
    if not parts:
        return "", NOTHING_YET
    counting = "+".join(parts) if len(parts) <= _MOST_RUNS else str(now)
    # one pass over the count, which may be long; `1 rows` is set right afterwards
    look = f'"0"" {ending}"";;""{done}"""'
    one, plural = ending.replace("s ", " ", 1), ending
    formula = (
        f'=TRIM(SUBSTITUTE(" "&TEXT({counting}{separator}{look}){separator}'
        f'" 1 {plural}"{separator}" 1 {one}"))'
    )
    said = f"{now:d} {one if now == 1 else plural}" if now else done
    return formula, said


def _area(book: Book, name: str, start: int, end: int) -> str:
    letters = column_letters(book.layout.by_name[name].position)
    return f"{letters}{FIRST + start}:{letters}{FIRST + end}"


def runs(numbers: list[int]) -> list[tuple[int, int]]:
    """[0, 1, 2, 5] → [(0, 2), (5, 5)]."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found

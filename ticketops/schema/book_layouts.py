"""The workbooks made for others: what a client's, a supplier's and a staff member's book consist of
(§7, §8, §9; D10, D11), and a list of passengers (document 001).

A layout is an allow-list: a column that does not stand here is in no book.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct, field

from ticketops.model import book_kinds, issuance, states
from ticketops.schema import book_words
from ticketops.schema.columns import ColumnType, cast, text_of
from ticketops.schema.layouts.event import GUEST_COLUMNS
from ticketops.schema.layouts.event.queues import STAFF_QUEUE_SHEET, SUPPLIER_QUEUE_SHEET

BASE_SHEET = "_base"
"""Very hidden, in every book: its BookID and what its input cells held when it was made."""
STAMP = "ticketops book"
OPEN_MARK, CLOSED_MARK = "|", "!"
"""Before every text of the hidden sheet: whether its cell was open."""
HEADER_ROW = 3
"""Of the book's main sheet: a title stands above it, and what is still to be done."""
LONGEST = {"first_name": 200, "last_name": 200, "client_email": 254, "proof_url": 2000, "name": 200}
_KEPT_WHOLE = 300
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
"""A day as a text that can be read one way only."""
LONGEST_TEXT = 5000
"""Longest text of an input cell that is taken over, in characters."""


class BookColumn(Struct, frozen=True):
    """One column of a book. `position` is its 1-based sheet column; `typed` whether its readers may
    fill it in."""

    name: str
    header: str
    position: int
    type: ColumnType
    width: int = 12
    typed: bool = False
    hidden: bool = False
    choices: tuple[str, ...] = ()


class Layout(Struct, frozen=True, dict=True):
    """One kind of book. key: the column that names a row; spare_key: a visible copy of it."""

    kind: str
    sheet: str
    columns: tuple[BookColumn, ...]
    key: str
    how_to: tuple[str, ...]
    spare_key: str = ""
    notice: str = ""

    @cached_property
    def by_name(self) -> dict[str, BookColumn]:
        """{name: column}."""
        return {column.name: column for column in self.columns}

    @property
    def typed(self) -> tuple[str, ...]:
        """The columns that its readers fill in."""
        return tuple(column.name for column in self.columns if column.typed)


class BookRow(Struct, frozen=True):
    """One row: its key, the values of the layout's columns, those of its input cells that are open,
    and the UnitID that serves it."""

    key: str
    values: Mapping[str, Any]
    open: frozenset[str] = frozenset()
    unit_id: str = ""


class BaseRow(NamedTuple):
    """What a book held when it was made: of one row the texts of its input cells, and which of
    these were open."""

    key: str
    unit_id: str
    texts: Mapping[str, str]
    open: Sequence[str]


class Book(Struct, frozen=True):
    """A book before it is a file. `party` names whose it is: a client group, a SupplierKey, a staff
    address."""

    layout: Layout
    party: str
    title: str
    rows: Sequence[BookRow]
    book_id: str = ""
    built_at: datetime = datetime(1970, 1, 1)
    note: str = ""
    """A line above the rows, beside what is still to be done."""
    sender: str = ""
    contact: str = ""
    """Whom it is from, and whom its readers ask."""

    def base(self) -> list[BaseRow]:
        """What the input cells hold: what comes back is compared with it."""
        return [
            BaseRow(
                row.key,
                row.unit_id,
                {name: kept_short(shown(row.values.get(name))) for name in self.layout.typed},
                sorted(row.open),
            )
            for row in self.rows
        ]

    def contents_hash(self) -> str:
        """Changes where anything that a reader can see changes."""
        names = [column.name for column in self.layout.columns]
        return digest(
            [
                self.title,
                *filter(None, (self.note, self.sender, self.contact)),
                *(
                    [row.key, [shown(row.values.get(name)) for name in names], sorted(row.open)]
                    for row in self.rows
                ),
            ]
        )

    def base_hash(self) -> str:
        return hash_of_base(self.base())


class ReturnedRow(Struct, frozen=True):
    """A row of a file that came back. spare: the visible copy of its key. values: raw cells of the
    input columns. formulas: the input columns that hold a formula or an error instead of a
    value."""

    row: int
    key: str
    spare: str
    values: Mapping[str, Any]
    formulas: tuple[str, ...] = ()


class Returned(Struct, frozen=True):
    """A file that came back, as read. base is None where its hidden sheet is gone. missing: input
    columns that it lacks. problems: (code, sheet row, message) of what the reader saw. positions:
    {input column: sheet column}."""

    file: str
    file_hash: str
    kind: str = ""
    book_id: str = ""
    rows: Sequence[ReturnedRow] = ()
    base: Sequence[BaseRow] | None = None
    missing: tuple[str, ...] = ()
    positions: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[tuple[str, int | None, str]] = ()
    unusable: bool = False
    """Whether nothing of it can be used; problems say why."""


def digest(content: Any) -> str:
    """A short hash of anything JSON can hold."""
    return hashlib.blake2b(
        json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass"), digest_size=16
    ).hexdigest()


def shown(value: Any) -> str:
    """A value as a reader sees it: for comparing what went out with what came back."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.replace(microsecond=0).isoformat(sep=" ")
    return tidy(text_of(value))


_NOT_IN_BOOKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|x005F_")
"""Control characters, and how spreadsheets spell them in a file."""


def tidy(text: str) -> str:
    """A text as a book can hold it: line ends unified, spaces around it and control characters
    gone, no half characters."""
    plain = text.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    while _NOT_IN_BOOKS.search(plain):
        plain = _NOT_IN_BOOKS.sub("", plain)
    return (
        plain.encode("utf-8", "replace").decode().strip() if not plain.isascii() else plain.strip()
    )


def hash_of_base(base: Sequence[BaseRow]) -> str:
    """Changes where anything in the hidden sheet changes."""
    return digest(
        [[row.key, row.unit_id, sorted(row.texts.items()), list(row.open)] for row in base]
    )


def kept_short(text: str) -> str:
    """A text as the base keeps it: a long one by its hash."""
    return text if len(text) <= _KEPT_WHOLE else f"#{digest(text)}"


def is_text(base: str, text: str) -> bool:
    """Whether a base stands for this text."""
    return base in (text, f"#{digest(text)}") if len(text) > _KEPT_WHOLE else base == text


def typed_text(column: BookColumn, raw: Any) -> str:
    """What a returned cell says, in the form of `shown`."""
    if raw is None or raw == "":
        return ""
    if column.type is ColumnType.DATE:
        is_clear = not isinstance(raw, str) or _DAY.fullmatch(raw.strip())
        day = cast(column.type, raw) if is_clear else None
        return shown(raw if day is None else day)
    if column.type is ColumnType.DATETIME:
        moment = cast(column.type, raw)
        return shown(moment) if moment is not None else shown(raw)
    return shown(raw)


def file_name(kind: str, party: str, called: str = "") -> str:
    """The name of a book's file: any party's name made harmless for every file system. called: how
    the party is spelled, where that is not its name."""
    prefix = {
        book_kinds.CLIENT: "CLIENT",
        book_kinds.SUPPLIER: "SUPPLIER",
        book_kinds.STAFF_BOOK: "STAFF - Dispatch",
        book_kinds.NAMES: "NAMES",
    }[kind]
    spelled = called or party
    one_form = unicodedata.normalize("NFC", spelled)  # for some file systems all forms are one name
    plain = (
        "".join(c if c.isprintable() and c not in '<>:"/\\|?*' else "_" for c in one_form).strip(
            " ."
        )
        or "_"
    )
    while len(plain.encode()) > 150:
        plain = plain[:-1]
    if plain != (called.strip(" .") or party):
        plain = f"{plain} {digest(party)[:6]}"  # two names that differ never share a file
    return f"{prefix} - {plain}.xlsx"


_WHEN_AND_WHERE = (
    ("match_date", "Match day", ColumnType.DATE, 12),
    ("kick_off", "Kick-off", ColumnType.TEXT, 14),
    ("place", "City and stadium", ColumnType.TEXT, 24),
    ("stage", "Stage", ColumnType.TEXT, 16),
)
_PLATFORM = (
    ("platform_url", "PlatformUrl", ColumnType.TEXT, 30),
    ("credential_hint", "CredentialHint", ColumnType.TEXT, 24),
)
"""Where the vendor's tickets are fetched, of master data (§2)."""
_IN_WORDS = ("in_words", "In words", ColumnType.TEXT, 16)
"""Of ours, beside what the specification names: (name, header, type, width)."""
_WIDER = {"client_email": 34, "first_name": 18, "last_name": 18, "dispatch_status": 16}
"""Widths that people need; a workbook's own are narrower."""


def _client_columns() -> Iterable[BookColumn]:
    code, text, integer = ColumnType.CODE, ColumnType.TEXT, ColumnType.INTEGER
    yield BookColumn("key", "SalesID", 1, code, hidden=True)
    seen = (
        ("sales_id", "Sales ID", code, 10),
        ("match", "M-No.", code, 8),
        ("game", "Game", text, 30),
        ("company", "Company", code, 24),
        ("inv_no", "INV-NO", code, 14),
        ("category", "Category", code, 11),
        ("sets", "Total SETS", integer, 8),
        ("allocated", "Allc", integer, 7),
        ("qty", "Qty", integer, 6),
        ("block", "Block", code, 8),
        ("seat_row", "Row", code, 7),
        ("seat", "Seat", code, 7),
    )
    for position, (name, header, type_, width) in enumerate(seen, start=10):
        yield BookColumn(name, header, position, type_, width)
    for position, (name, header, type_, width) in enumerate(_WHEN_AND_WHERE, start=22):
        yield BookColumn(name, header, position, type_, width)
    for position, (name, header, type_, width) in enumerate(GUEST_COLUMNS, start=28):
        yield BookColumn(name, header, position, type_, max(width, _WIDER.get(name, 0)), typed=True)
    yield BookColumn(
        "delivery", "Status", 33, code, 13, typed=True, choices=(states.ACCEPTED, states.ISSUE)
    )
    name, header, type_, width = _IN_WORDS
    yield BookColumn(name, header, 34, type_, width)


def _supplier_columns() -> Iterable[BookColumn]:
    left_out = ("supplier_key", "vendor", "email", "password", "notes_agreed")
    helpers = ("dist_row", "line_key", "source_sale_id")
    columns = [column for column in SUPPLIER_QUEUE_SHEET.columns if column.name not in left_out]
    for position, column in enumerate(columns, start=1):
        typed = column.name in ("delivery", "dispatch_notes")
        choices = states.DELIVERY if column.name == "delivery" else ()
        yield BookColumn(
            column.name,
            column.header,
            position,
            column.type,
            column.width,
            typed,
            column.name in helpers,
            choices,
        )
    yield from _of_ours(len(columns) + 1, _IN_WORDS, *_WHEN_AND_WHERE)


def _staff_columns() -> Iterable[BookColumn]:
    shown_columns = (
        "task_id",
        "match",
        "category",
        "qty",
        "company",
        "inv_no",
        "block",
        "seat_row",
        "seat",
        "vendor_email",
        "vendor_password",
        "contract",
        "first_name",
        "last_name",
        "client_email",
        "priority",
        "dispatch_status",
        "dispatched_at",
        "staff_notes",
        "proof_url",
        "vendor",
    )
    typed = ("dispatch_status", "dispatched_at", "staff_notes", "proof_url")
    for position, name in enumerate(shown_columns, start=1):
        column = STAFF_QUEUE_SHEET.by_name[name]
        choices = states.DISPATCH_STATUS if name == "dispatch_status" else ()
        yield BookColumn(
            name,
            column.header,
            position,
            column.type,
            max(column.width, _WIDER.get(name, 0)),
            name in typed,
            choices=choices,
        )
    game = ("game", "Game", ColumnType.TEXT, 24)
    yield from _of_ours(len(shown_columns) + 1, _IN_WORDS, game, *_WHEN_AND_WHERE, *_PLATFORM)


def _name_columns() -> Iterable[BookColumn]:
    code, text, date = ColumnType.CODE, ColumnType.TEXT, ColumnType.DATE
    yield BookColumn("key", "TicketID", 1, code, hidden=True)
    columns: tuple[tuple[str, str, ColumnType, int, bool, tuple[str, ...]], ...] = (
        ("ticket_id", "Ticket ID", code, 11, False, ()),
        ("booking_id", "Booking", code, 10, False, ()),
        ("ref", "Reference", code, 12, False, ()),
        ("title", "Title", code, 8, True, issuance.TITLE),
        ("name", "Passenger name", text, 32, True, ()),
        ("born_on", "Date of birth", date, 13, True, ()),
        ("nationality", "Nationality", text, 14, True, ()),
        ("passport", "Passport", code, 14, True, ()),
        ("passport_expiry", "Passport expiry", date, 13, True, ()),
        ("name_is", "Name is", code, 10, False, ()),
        ("final_by", "Final by", ColumnType.DATETIME, 17, False, ()),
        ("flights", "Flights", text, 24, False, ()),
        ("departs", "Departs", ColumnType.DATETIME, 17, False, ()),
        ("pnr", "PNR", code, 9, False, ()),
        ("ticket_number", "Ticket number", code, 17, False, ()),
    )
    for position, (name, header, type_, width, typed, choices) in enumerate(columns, start=2):
        yield BookColumn(name, header, position, type_, width, typed, choices=choices)


def _of_ours(first: int, *columns: tuple[str, str, ColumnType, int]) -> Iterable[BookColumn]:
    """Columns right of those that the specification names."""
    for position, (name, header, type_, width) in enumerate(columns, start=first):
        yield BookColumn(name, header, position, type_, width)


CLIENT_LAYOUT = Layout(
    book_kinds.CLIENT,
    "Tickets",
    tuple(_client_columns()),
    key="key",
    spare_key="sales_id",
    how_to=book_words.HOW_TO[book_kinds.CLIENT],
)

SUPPLIER_LAYOUT = Layout(
    book_kinds.SUPPLIER,
    "Supplier",
    tuple(_supplier_columns()),
    key="line_key",
    spare_key="sales_id",
    notice="You are viewing tickets from your inventory. Client company identities are redacted.",
    how_to=book_words.HOW_TO[book_kinds.SUPPLIER],
)

STAFF_LAYOUT = Layout(
    book_kinds.STAFF_BOOK,
    "_MY_TASKS",
    tuple(_staff_columns()),
    key="task_id",
    how_to=book_words.HOW_TO[book_kinds.STAFF_BOOK],
)

NAMES_LAYOUT = Layout(
    book_kinds.NAMES,
    "Passengers",
    tuple(_name_columns()),
    key="key",
    spare_key="ticket_id",
    how_to=book_words.HOW_TO[book_kinds.NAMES],
)

LAYOUTS = {
    layout.kind: layout for layout in (CLIENT_LAYOUT, SUPPLIER_LAYOUT, STAFF_LAYOUT, NAMES_LAYOUT)
}

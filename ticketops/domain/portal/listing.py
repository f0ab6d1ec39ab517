"""What of a supplier's or a staff member's book a page shows (§8, §9): chosen, searched, ordered and
cut into pages by what stands in its address. Pure: the rows of the book in, some of them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ticketops.domain.masterdata.who import fold
from ticketops.domain.portal.dashboard import has_guest, is_sold
from ticketops.model import book_kinds, states
from ticketops.model.ids import natural_order
from ticketops.schema.book_layouts import LAYOUTS, BookRow, shown

SIZES = (50, 100, 200)
"""How many rows a page may have; the first where nothing is said."""
MOST_VALUES = 200
"""Values that one filter may name."""
_LONGEST = 200
_NOT_SEARCHED = frozenset({"dist_row", "line_key", "source_sale_id", "in_words"})

Pick = Callable[[BookRow], str]
"""What of a row a filter looks at."""


def _column(name: str, blank: str = "") -> Pick:
    return lambda row: shown(row.values.get(name)) or blank


def _sold(row: BookRow) -> str:
    return "yes" if is_sold(row) else "no"


def _guest(row: BookRow) -> str:
    if not is_sold(row):
        return ""
    return "complete" if has_guest(row) else "missing"


def _delivery(row: BookRow) -> str:
    return (row.values.get("delivery") or states.NOT_SENT) if is_sold(row) else ""


def _todo(row: BookRow) -> str:
    """Whether a task is to be done now, waits for somebody else, or is done."""
    if (row.values.get("dispatch_status") or states.NOT_SENT) in states.DISPATCHED:
        return "done"
    return "now" if row.open else "waiting"


PICKS: Mapping[str, Mapping[str, Pick]] = {
    book_kinds.SUPPLIER: {
        "match": _column("match"),
        "category": _column("category"),
        "delivery": _delivery,
        "sold": _sold,
        "guest": _guest,
    },
    book_kinds.STAFF_BOOK: {
        "match": _column("match"),
        "category": _column("category"),
        "status": _column("dispatch_status", states.NOT_SENT),
        "priority": _column("priority", "Normal"),
        "todo": _todo,
    },
}
"""{kind of book: {filter in the address: what of a row it looks at}}."""
_RANK = {"High": 0, "Normal": 1, "Low": 2}
_FIXED = {
    "delivery": states.DELIVERY,
    "sold": ("yes", "no"),
    "guest": ("missing", "complete"),
    "status": states.DISPATCH_STATUS,
    "priority": tuple(_RANK),
    "todo": ("now", "waiting", "done"),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A view of a book. picks: {filter: its values, one of which a row must have}; q: words that a
    row must hold; sort: columns, each with `-` before it for descending; page: from 1."""

    kind: Literal["supplier", "staff"]
    picks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    q: str = ""
    sort: tuple[str, ...] = ()
    page: int = 1
    size: int = SIZES[0]

    def pairs(self, **other: Any) -> list[tuple[str, str]]:
        """The view as the pairs of an address, always spelled the same; other: fields that are to be
        different there. Another view than this one starts at its first page."""
        said = {name: getattr(self, name) for name in self.__slots__} | other
        if "page" not in other and other:
            said["page"] = 1
        pairs = [(name, value) for name, of in sorted(said["picks"].items()) for value in of]
        pairs += [("q", said["q"])] if said["q"] else []
        pairs += [("sort", column) for column in said["sort"]]
        pairs += [("size", str(said["size"]))] if said["size"] != SIZES[0] else []
        pairs += [("page", str(said["page"]))] if said["page"] != 1 else []
        return pairs

    def sorted_by(self, column: str) -> list[tuple[str, str]]:
        """The pairs of this view by a column: descending where it is ascending now."""
        return self.pairs(sort=(f"-{column}" if self.sort[:1] == (column,) else column,))

    @property
    def chooses(self) -> bool:
        """Whether it leaves out anything."""
        return bool(self.q or any(self.picks.values()))


@dataclass(frozen=True, slots=True)
class Seen:
    """A page of a view. first: the place of its first row in the view, from 1 (0 where it has none);
    total: rows of the view; every: rows of the book."""

    rows: tuple[BookRow, ...]
    first: int
    total: int
    every: int
    page: int
    pages: int


def sortable(kind: str) -> tuple[str, ...]:
    """The columns that a view may be ordered by: those that its readers see."""
    return tuple(
        column.name
        for column in LAYOUTS[kind].columns
        if not column.hidden and column.name not in ("in_words", "vendor_password")
    )


def read(
    kind: Literal["supplier", "staff"], pairs: Iterable[tuple[str, str]]
) -> tuple[Listing, tuple[str, ...]]:
    """The view that an address names, and the names of what in it is not understood. Blank values say
    nothing."""
    picks: dict[str, list[str]] = {}
    sort: list[str] = []
    found: dict[str, Any] = {}
    unclear: list[str] = []
    for name, raw in pairs:
        value = " ".join(raw.split())[:_LONGEST]
        if not value:
            continue
        if name in PICKS[kind]:
            of = picks.setdefault(name, [])
            if name in _FIXED and value not in _FIXED[name]:
                unclear.append(name)
            elif value not in of and len(of) < MOST_VALUES:
                of.append(value)
        elif name == "q":
            found["q"] = value
        elif name == "sort":
            column = value.removeprefix("-")
            if column not in sortable(kind):
                unclear.append(name)
            elif column not in {one.removeprefix("-") for one in sort}:
                sort.append(value)
        elif name == "page" and value.isdecimal() and value.isascii() and 0 < len(value) < 8:
            found["page"] = max(1, int(value))
        elif name == "size" and value in map(str, SIZES):
            found["size"] = int(value)
        else:
            unclear.append(name if name in ("page", "size") else name[:40])
    kept = {name: tuple(of) for name, of in picks.items() if of}
    return Listing(kind, kept, sort=tuple(sort), **found), tuple(dict.fromkeys(unclear))


def chosen(rows: Iterable[BookRow], listing: Listing) -> list[BookRow]:
    """The rows of a view, in its order; where it names none, in that of the book."""
    picks = PICKS[listing.kind]
    wanted = [(picks[name], frozenset(of)) for name, of in listing.picks.items() if of]
    words = fold(listing.q).split()
    visible = [
        column.name
        for column in LAYOUTS[listing.kind].columns
        if not column.hidden and column.name not in _NOT_SEARCHED
    ]
    found = [
        row
        for row in rows
        if all(pick(row) in of for pick, of in wanted) and _holds(row, words, visible)
    ]
    for column in reversed(listing.sort):
        name, down = column.removeprefix("-"), column.startswith("-")
        full = [row for row in found if row.values.get(name) not in (None, "")]
        full.sort(key=lambda row, name=name: _place(name, row), reverse=down)  # type: ignore[misc]
        found = full + [row for row in found if row.values.get(name) in (None, "")]
    return found


def _holds(row: BookRow, words: Sequence[str], visible: Sequence[str]) -> bool:
    """Whether a row holds all the words, whatever the case and accents."""
    if not words:
        return True
    text = " ".join(fold(shown(row.values.get(name))) for name in visible)
    return all(word in text for word in words)


def _place(name: str, row: BookRow) -> tuple[Any, ...]:
    value = row.values[name]
    if name == "priority":
        return (_RANK.get(value, 1),)
    return natural_order(shown(value) if isinstance(value, datetime) else value)


def seen(rows: Sequence[BookRow], listing: Listing) -> Seen:
    """The page of a view; the last one where there are not so many."""
    view = chosen(rows, listing)
    pages = max(1, -(-len(view) // listing.size))
    page = min(listing.page, pages)
    start = (page - 1) * listing.size
    shown_here = tuple(view[start : start + listing.size])
    return Seen(shown_here, start + 1 if shown_here else 0, len(view), len(rows), page, pages)


def values_of(rows: Iterable[BookRow], kind: str, name: str) -> dict[str, int]:
    """{value of a filter: how many rows of the book have it}, as the filter offers them."""
    pick = PICKS[kind][name]
    counts: dict[str, int] = {}
    for row in rows:
        if value := pick(row):
            counts[value] = counts.get(value, 0) + 1
    if name in _FIXED:
        return {value: counts[value] for value in _FIXED[name] if value in counts}
    return dict(sorted(counts.items(), key=lambda one: natural_order(one[0])))

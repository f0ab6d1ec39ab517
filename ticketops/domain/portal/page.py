"""What a page of the portal shows of a book (§7 step 3): the view that its address names, the rows of it,
and what there is to choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from msgspec import Struct, field

from ticketops.domain.dispatch.clients import ALLOCATION, GUESTS, RECEIVABLE, SORTABLE, Filters
from ticketops.errors import UsageError
from ticketops.model import spelling, states
from ticketops.model.ids import natural_order
from ticketops.schema.book_layouts import BookRow

SIZES = (25, 50, 100, 250)
"""How many rows a page may show."""
SIZE = 50
_MANY = ("match", "category", "delivery", "sort")
_ONE = ("block", "row", "holder", "allocation", "guests")
_LONGEST = 200
_MOST = 400
"""Values that an address may name: more than a schedule has matches."""
_CLOSED = {"allocation": ALLOCATION, "guests": GUESTS}


class View(Struct, frozen=True):
    """What an address shows of a client's tickets. page: from 1; size: rows per page."""

    filters: Filters = field(default_factory=Filters)
    page: int = 1
    size: int = SIZE

    def pairs(self, *, page: int | None = None) -> list[tuple[str, str]]:
        """The view as an address has it, without what goes without saying. page: another one."""
        found = []
        for name, value in asdict(self.filters).items():
            values = [value] if isinstance(value, str) else value
            found += [(name, one) for one in values if one]
        number = self.page if page is None else page
        found += [("page", str(number))] if number > 1 else []
        return found + ([("size", str(self.size))] if self.size != SIZE else [])


class Unclear(Struct, frozen=True):
    """A part of an address that nobody understands: the view is shown without it."""

    name: str
    value: str


def read_view(pairs: Iterable[tuple[str, str]]) -> tuple[View, list[Unclear]]:
    """The view that the pairs of an address name, and those that it was made without."""
    many: dict[str, list[str]] = {name: [] for name in _MANY}
    one: dict[str, str] = {}
    numbers = {"page": 1, "size": SIZE}
    unclear: list[Unclear] = []
    for number, (name, raw) in enumerate(pairs):
        value = " ".join(raw.split())
        if not value:
            continue
        fits = len(value) <= _LONGEST and number < _MOST and value.isprintable()
        if fits and name in many:
            told = _of_many(name, value)
            many[name] += [text for text in told if text not in many[name]]
            fits = bool(told)
        elif fits and name in _ONE:
            text = spelling.choice(value, _CLOSED[name]) if name in _CLOSED else value
            one |= {name: text} if text else {}
            fits = bool(text)
        elif fits and name in numbers:
            fits = value.isascii() and value.isdigit() and _is_number(name, int(value))
            numbers |= {name: int(value)} if fits else {}
        else:
            fits = False
        if not fits:
            unclear.append(Unclear(name[:40], value[:80]))
    values: dict[str, Any] = {**one, **{name: tuple(found) for name, found in many.items()}}
    return View(Filters(**values), **numbers), unclear


def _of_many(name: str, value: str) -> list[str]:
    """What a value of a repeatable filter names; nothing where that is unclear."""
    if name == "delivery":
        known = spelling.choice(value, states.DELIVERY)
        return [known] if known else []
    if name == "sort":
        columns = [column.strip() for column in value.split(",")]
        return columns if all(one.removeprefix("-") in SORTABLE for one in columns) else []
    return [value]


def _is_number(name: str, number: int) -> bool:
    return number in SIZES if name == "size" else 1 <= number <= 10**6


class Shown(Struct, frozen=True):
    """One page of rows. total: of all pages; number: of this one, from 1; first: the place of its
    first row among all, from 1 (0 where there is none)."""

    rows: Sequence[BookRow]
    total: int
    number: int
    pages: int
    first: int

    @property
    def last(self) -> int:
        """The place of its last row among all."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def page_of(rows: Sequence[BookRow], number: int, size: int) -> Shown:
    """A page of rows; of a number beyond the last page, the last one."""
    pages = max(1, -(-len(rows) // size))
    number = min(max(number, 1), pages)
    start = (number - 1) * size
    found = rows[start : start + size]
    return Shown(found, len(rows), number, pages, start + 1 if found else 0)


class Choice(Struct, frozen=True):
    """Something to filter by. label: as people read it; count: the rows that it has."""

    value: str
    label: str
    count: int


class Choices(Struct, frozen=True):
    """What the rows of a book can be filtered by."""

    match: Sequence[Choice]
    category: Sequence[Choice]
    delivery: Sequence[Choice]


def choices(rows: Iterable[BookRow]) -> Choices:
    """The matches, categories and deliveries of rows, in their order."""
    matches: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    deliveries: Counter[str] = Counter()
    games: dict[str, str] = {}
    for row in rows:
        values = row.values
        for counts, name in (
            (matches, "match"),
            (categories, "category"),
            (deliveries, "delivery"),
        ):
            if value := values[name]:
                counts[value] += 1
        if values["match"]:
            games.setdefault(values["match"], values["game"] or "")
    return Choices(
        [Choice(one, f"{one} {games[one]}".strip(), n) for one, n in _in_order(matches)],
        [Choice(one, one, n) for one, n in _in_order(categories)],
        [Choice(one, one, deliveries[one]) for one in states.DELIVERY if deliveries[one]],
    )


def _in_order(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: _place(one[0]))


def _place(text: str) -> Any:
    return natural_order(text)


def receivable(rows: Iterable[BookRow]) -> list[BookRow]:
    """The rows whose receipt can be confirmed."""
    return [row for row in rows if row.values["delivery"] in RECEIVABLE and "delivery" in row.open]


def sorted_by(view: View, column: str) -> View:
    """The view by a column: ascending, then descending, then as the book has it."""
    first = view.filters.sort[:1]
    falling = () if first == (f"-{column}",) else (column,)
    now = (f"-{column}",) if first == (column,) else falling
    filters = Filters(**{**asdict(view.filters), "sort": now})
    return View(filters, 1, view.size)


def saved(name: str, filters: Filters) -> str:
    """The name under which a view is kept.

    Raises UsageError for a name that is empty or too long, and for a view that `_VIEWS` can't hold.
    """
    plain = spelling.tidy(name)
    if not plain or len(plain) > 60 or not plain.isprintable():
        raise UsageError("the name of a view must have 1 to 60 characters")
    if Filters.from_text(filters.as_text()) != filters:
        raise UsageError("this view can't be saved: a value of it holds a comma")
    return plain

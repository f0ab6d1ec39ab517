"""Rows of a foreign list of trade as typed lines, and everything that is wrong with a row (§3, §4).

Nothing is taken for blank: a cell that is not understood rejects its line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct, field

from ticketops.domain.intake import values
from ticketops.domain.intake.headers import Columns
from ticketops.domain.intake.imported import Options, Rejected
from ticketops.errors import TicketopsError, UnclearNameError
from ticketops.model.dates import order_of
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import CURRENCIES, line_total
from ticketops.model.patterns import when_needed
from ticketops.model.seat_labels import parse_labels, seat_key
from ticketops.model.texts import clean_text
from ticketops.schema.columns import ErrorValue
from ticketops.schema.foreign import ForeignTable, Row

_T = TypeVar("_T")
_AMOUNTS = ("unit_price", "total", "fees")
_SEATED = ("seats", "seat")
_TEXTS = (
    *("reference", "match", "game", "sub_game", "home", "away", "venue", "vendor", "client"),
    *(
        "contract",
        "order",
        "inv_no",
        "category",
        "block",
        "row",
        "delivery_channel",
        "instructions",
        "notes",
    ),
    *("first_name", "last_name", "name", "email", "comment", "ticket_id", "unit_id"),
)
_TOTALS = frozenset(
    (
        *("total", "totals", "sum", "grand total", "subtotal", "sub-total", "total:", "sum:"),
        *("summe", "gesamt", "gesamtsumme", "zwischensumme", "suma", "total general", "totale"),
        *("somme", "sous-total"),
    )
)
_WHAT = ("match", "game", "home", "category", "ticket_id", "unit_id")
_OF_ONE_LINE = ("qty", "total", "fees", "seats", "seat", "ticket_id", "unit_id")
_CENT = Decimal("0.01")
_TWO_WAYS = (
    ("is ambiguous", "--decimal comma or --decimal point"),
    ("can be", "--dates dmy or --dates mdy"),
)
"""What decides where a cell can be read two ways."""

_BETWEEN_ROWS = when_needed(r"\s*(?:[/&+]|\band\b)\s*")


class Line(Struct):
    """A row of trade. number: its line in the file; texts: {field: text}; seats: those it names;
    behind: whether they are in each of several rows, behind one another; counted: whether it says
    its quantity; price: of one ticket, None where the file has none."""

    number: int
    texts: dict[str, str]
    date: datetime | None = None
    match_date: datetime | None = None
    quantity: int = 1
    price: Decimal | None = None
    currency: str = ""
    seats: tuple[str, ...] = ()
    behind: bool = False
    counted: bool = False
    fees: Decimal = Decimal(0)

    def text(self, name: str) -> str:
        """A field, empty where the row has none."""
        return self.texts.get(name, "")

    @property
    def rows(self) -> tuple[str | None, ...]:
        """The row of its seats; all of them, where the seats are behind one another. A range of rows
        is else a band in which they are somewhere."""
        row = self.text("row")
        if self.behind and row:
            try:
                return parse_labels(_BETWEEN_ROWS().sub(",", row))
            except ValueError:
                pass
        return (row or None,)

    @property
    def places(self) -> tuple[tuple[str | None, str], ...]:
        """(row, seat) of each seat that it names."""
        return tuple((row, seat) for row in self.rows for seat in self.seats)


class Lines(Struct):
    """The lines of a file that can be read, and how many there are. findings: what a person is told
    of them."""

    good: list[Line] = field(default_factory=list)
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)


class Faults:
    """What is wrong with the lines of a file, collected."""

    def __init__(self, table: ForeignTable, columns: Columns) -> None:
        self._table, self._columns = table, columns
        self._rows = {row.number: row for row in table.rows}
        self.found: list[Rejected] = []
        self._lines: set[int] = set()

    @property
    def fields(self) -> Collection[str]:
        """The fields that the file has."""
        return self._columns.places.keys()

    def of(self, number: int) -> bool:
        """Whether something is wrong with a line."""
        return number in self._lines

    def add(self, number: int, name: str, code: str, message: str, suggestion: str = "") -> None:
        """One of a line and a field."""
        at = self._columns.places.get(name)
        value = "" if at is None else self._rows[number].text(at)
        header = self._columns.header(self._table, name) if at is not None else ""
        self.found.append(Rejected(number, header, value, code, message, suggestion))
        self._lines.add(number)

    def tried(
        self, read: Callable[[], _T], number: int, name: str, code: str, *, asks: bool = False
    ) -> _T | None:
        """What comes of reading a field; None where it fails. asks: an unclear name is for a person
        to decide, and raised."""
        try:
            return read()
        except UnclearNameError as error:
            if asks:
                raise
            suggestion = " or ".join(error.candidates) or error.hint
            self.add(number, name, code.replace("UNKNOWN", "UNCLEAR"), error.message, suggestion)
        except TicketopsError as error:
            self.add(number, name, code, error.message, error.hint)
        except ValueError as error:
            said = str(error)
            suggestion = next((one for word, one in _TWO_WAYS if word in said), "")
            self.add(number, name, code, said, suggestion)
        return None


class _Read:
    """A row with its cells as texts, too."""

    __slots__ = ("cells", "number", "texts")

    def __init__(self, row: Row) -> None:
        self.number, self.cells = row.number, row.cells
        self.texts = [row.text(at) for at in range(len(row.cells))]

    def text(self, at: int) -> str:
        """A cell as text, tidy; empty where it is blank or an error."""
        return self.texts[at] if at < len(self.texts) else ""


class _Reader:
    """Reads the rows of one file."""

    def __init__(
        self, table: ForeignTable, columns: Columns, options: Options, *, is_priced: bool
    ) -> None:
        self._table, self._columns, self._options = table, columns, options
        self._is_priced = is_priced
        self._at = columns.places
        self.faults = Faults(table, columns)
        self._width = max((at + 1 for at, name in enumerate(table.headers) if name), default=0)
        self._width = max(self._width, *(at + 1 for at in self._at.values()), 0)
        amounts = [text for name in _AMOUNTS for text in self._texts(name)]
        amounts += [
            told[1]
            for name in ("qty", "unit_price")
            for text in self._texts(name)
            if (told := _lot(text))
        ]
        self._mark = options.decimal or values.decimal_mark(amounts)
        order = options.dates or options.usual_dates or table.order
        days = [*self._texts("date"), *self._texts("match_date")]
        self._order = order or order_of(days)

    def _texts(self, name: str) -> list[str]:
        """The cells of a field that a program did not read as numbers or dates already."""
        at = self._at.get(name)
        if at is None:
            return []
        cells = (row.cells[at] for row in self._table.rows if at < len(row.cells))
        return [cell for cell in cells if isinstance(cell, str) and type(cell) is not ErrorValue]

    def is_total(self, row: _Read) -> bool:
        """Whether a row sums up those above: it says so, and names nothing that is traded."""
        if any(
            row.text(self._at[name])
            for name in _WHAT
            if name in self._at and not self._sums(row, name)
        ):
            return False
        return any(text.casefold() in _TOTALS for text in row.texts if text)

    def _sums(self, row: _Read, name: str) -> bool:
        return row.text(self._at[name]).casefold() in _TOTALS

    def line(self, row: _Read) -> Line | None:
        """A row; None where something is wrong with it."""
        before = len(self.faults.found)
        beyond = [at for at in range(self._width, len(row.texts)) if row.texts[at]]
        if beyond:
            said = f"it has {beyond[-1] + 1} cells, but the header has {self._width}"
            self.faults.add(row.number, "", "EXTRA_CELLS", said)
            return None
        for name, at in self._at.items():
            if at < len(row.cells) and isinstance(row.cells[at], ErrorValue):
                said = f"the cell is an error: {row.cells[at]}"
                self.faults.add(row.number, name, "BAD_CELL", said)
        self._apart(row)
        line = Line(row.number, self._cleaned(row))
        line.date, line.match_date = (
            self._day(line, row, "date"),
            self._day(line, row, "match_date"),
        )
        self._placed(line)
        self._counted(line, row)
        if self._is_priced:
            self._priced(line, row)
        return line if len(self.faults.found) == before else None

    def _apart(self, row: _Read) -> None:
        """A cell over several rows holds for each of them; but a number may be that of all together,
        and a seat is that of one ticket."""
        for name in _OF_ONE_LINE:
            if (row.number, self._at.get(name, -1)) in self._table.shared:
                said = f"{row.text(self._at[name])!r} stands in one cell for several lines"
                self.faults.add(row.number, name, "MERGED_CELL", said, "type what each line has")

    def _day(self, line: Line, row: _Read, name: str) -> datetime | None:
        raw = self._raw(row, name)
        if raw is None:
            return None
        return self._tried(lambda: values.day(raw, self._order), line, name, "BAD_DATE")

    def _raw(self, row: _Read, name: str) -> Any:
        at = self._at.get(name)
        if at is None or at >= len(row.cells) or not row.text(at):
            return None
        return row.cells[at]

    def _tried(self, read: Callable[[], _T], line: Line, name: str, code: str = "") -> _T | None:
        return self.faults.tried(read, line.number, name, code or f"BAD_{name.upper()}")

    def _cleaned(self, row: _Read) -> dict[str, str]:
        found = {}
        for name in (*_TEXTS, "currency"):
            if name not in self._at or not (text := row.text(self._at[name])):
                continue
            read = partial(clean_text, text, name)
            found[name] = self.faults.tried(read, row.number, name, "BAD_TEXT") or ""
        return found

    def _placed(self, line: Line) -> None:
        """`Block 101 / Row C` in one cell."""
        for name in ("block", "row"):
            plain, said_so = values.piggyback(line.text(name))
            if said_so:
                line.texts[name], line.behind = plain, True
            told = values.place(line.text(name))
            for part, said in told.items():
                if part == "seats":
                    line.seats = (
                        self._tried(partial(values.seats, said), line, name, "BAD_SEATS") or ()
                    )
                elif part == name or not line.text(part):
                    line.texts[part] = said
        if line.text("block").casefold() in ("ga", "general admission"):
            line.texts["block"] = "GA"

    def _seats_of_place(self, line: Line, name: str, text: str) -> str:
        """The seats of a cell that also says their block or row: `Block 101 Row C 1-12`."""
        told = values.place(text)
        if not told.keys() & {"block", "row"}:
            return text
        for part in told.keys() & {"block", "row"}:
            own = line.text(part)
            if own and seat_key(own) != seat_key(told[part]):
                said = f"it says {part} {told[part]}, and {own} in another cell"
                self.faults.add(line.number, name, "PLACES_DIFFER", said)
            line.texts[part] = own or told[part]
        return told.get("seats", "")

    def _counted(self, line: Line, row: _Read) -> None:
        """Seats and quantity, which must agree."""
        for name in _SEATED:
            if (raw := self._raw(row, name)) is not None:
                if isinstance(raw, str):
                    raw, said_so = values.piggyback(raw)
                    line.behind |= said_so
                    raw = self._seats_of_place(line, name, raw)
                if not raw:
                    continue
                read = self._tried(partial(values.seats, raw), line, name, "BAD_SEATS")
                line.seats = line.seats or read or ()
        told = next((one for n in ("qty", "unit_price") if (one := _lot(self._raw(row, n)))), None)
        raw = self._raw(row, "qty")
        if told:
            quantity: int | None = told[0]
            if raw is not None and not _lot(raw):
                own = self._tried(lambda: values.quantity(raw), line, "qty")
                if own is not None and own != quantity:
                    said = f"it says {own} and {quantity} tickets"
                    self.faults.add(line.number, "qty", "QUANTITY_DIFFERS", said)
        elif raw is not None:
            quantity = self._tried(lambda: values.quantity(raw), line, "qty")
        elif "qty" in self._at and not line.seats:
            self.faults.add(line.number, "qty", "MISSING_QTY", "it does not say how many tickets")
            return
        else:
            quantity = len(line.places) or 1
        if quantity is None:
            return
        line.quantity, line.counted = quantity, bool(told) or raw is not None
        if line.seats and not line.behind:
            words = f"{line.text('notes')} {line.text('instructions')}"
            line.behind = values.piggyback(words)[1]
            line.behind = line.behind and len(line.places) == quantity
        if line.seats and len(line.places) != quantity:
            said = (
                f"it is {counted(quantity, 'ticket')}, but names "
                f"{counted(len(line.places), 'seat')}"
            )
            name = next((one for one in _SEATED if self._raw(row, one) is not None), "block")
            self.faults.add(line.number, name, "SEATS_DIFFER", said)

    def _priced(self, line: Line, row: _Read) -> None:
        """The price of one ticket, from it, from the total, or from both, which must agree."""
        read: dict[str, Decimal] = {}
        named = dict.fromkeys(filter(None, [self._currency(line)]))
        before = len(self.faults.found)
        for name in _AMOUNTS:
            raw = self._raw(row, name)
            lot = _lot(raw) or (_lot(self._raw(row, "qty")) if name == "unit_price" else None)
            if raw is None and lot is None:
                continue
            cell = lot[1] if lot else raw
            amount = self._tried(
                partial(values.amount, cell, self._mark, given=bool(self._options.decimal)),
                line,
                name,
                "BAD_AMOUNT",
            )
            if amount is None:
                continue
            if amount.value < 0:
                said = f"{row.text(self._at[name])!r} is negative: what was given back is no line"
                self.faults.add(line.number, name, "NEGATIVE", said)
                continue
            read[name] = amount.value
            named |= dict.fromkeys(filter(None, [amount.currency]))
        if len(named) > 1:
            said = f"it names {' and '.join(named)}"
            self.faults.add(line.number, "currency", "CURRENCY_DIFFERS", said)
        line.currency = next(iter(named), self._options.currency)
        line.fees = read.get("fees", Decimal(0))
        if len(self.faults.found) == before:
            self._agree(line, read)

    def _agree(self, line: Line, read: dict[str, Decimal]) -> None:
        price, total = read.get("unit_price"), read.get("total")
        if price is None and total is None:
            name = "unit_price" if "unit_price" in self._at else "total"
            self.faults.add(line.number, name, "MISSING_PRICE", "it has no price")
            return
        if price is None and line.fees:
            said = f"its total of {total:,.2f} may be with its fees of {line.fees:,.2f} or without"
            hint = "--map fees= takes it with them; a column of unit prices decides"
            self.faults.add(line.number, "total", "TOTAL_UNCLEAR", said, hint)
            return
        if price is None:
            assert total is not None
            price = (total / line.quantity).quantize(_CENT)
            if price * line.quantity != total:
                said = f"{total:,.2f} can't be divided among {counted(line.quantity, 'ticket')}"
                self.faults.add(line.number, "total", "TOTAL_DIFFERS", f"{said} to the cent")
                return
        elif total is not None:
            product = line_total(line.quantity, price)
            if total not in (product, product + line.fees):
                said = f"its total is {total:,.2f}, but {line.quantity} × {price:,.2f} is {product:,.2f}"
                self.faults.add(line.number, "total", "TOTAL_DIFFERS", said, f"{product:.2f}")
                return
        line.price = price

    def _currency(self, line: Line) -> str:
        text = line.texts.pop("currency", "")
        if not text:
            return ""
        found = values.currency(text)
        if not found:
            said = f"the currency must be one of {', '.join(CURRENCIES)}, not {text!r}"
            self.faults.add(line.number, "currency", "BAD_CURRENCY", said)
        return found

    def doubts(self) -> list[Finding]:
        """What may be misread though every cell can be read."""
        at = self._at.get("date")
        if at is None:
            return []
        kinds = {type(row.cells[at]) for row in self._table.rows if at < len(row.cells)}
        if str not in kinds or datetime not in kinds:
            return []
        header = self._table.headers[at]
        message = (
            f"the column {header!r} holds dates and texts: the program that saved the file may have "
            "exchanged day and month in some"
        )
        return [Finding("DATES_MIXED", Severity.MEDIUM, message)]


def _lot(raw: Any) -> tuple[int, str] | None:
    try:
        return values.lot(raw) if isinstance(raw, str) else None
    except ValueError:
        return None


def read(
    table: ForeignTable, columns: Columns, options: Options, *, counts: bool = True
) -> tuple[Lines, Faults]:
    """The rows of a file as lines. Rows that sum up others are left out, and told. counts: whether
    each is a number of tickets at a price; where nothing says the number, that is pointed out."""
    reader = _Reader(table, columns, options, is_priced=counts)
    lines = Lines()
    sums = []
    for row in map(_Read, table.rows):
        if reader.is_total(row):
            sums.append(row.number)
            continue
        lines.rows += 1
        if (line := reader.line(row)) is not None:
            lines.good.append(line)
    if sums:
        named = ", ".join(map(str, sums[:5])) + (" …" if len(sums) > 5 else "")
        message = f"line{'s' * (len(sums) > 1)} {named}: a total, which is no line"
        lines.findings.append(Finding("TOTALS_LEFT_OUT", Severity.INFO, message))
    told = {"qty", *_SEATED} & columns.places.keys() or any(
        line.seats or line.quantity != 1 for line in lines.good
    )
    if counts and not told:
        message = "no column says how many tickets a line has: each is one"
        lines.findings.append(Finding("ONE_TICKET_A_LINE", Severity.LOW, message))
    lines.findings += reader.doubts()
    _one_currency(lines, reader.faults)
    return lines, reader.faults


def _one_currency(lines: Lines, faults: Faults) -> None:
    """A line that names no currency, where others do, may be of another: it is wrong."""
    named = sorted({line.currency for line in lines.good if line.currency})
    if not named:
        return
    for line in lines.good:
        if line.price is not None and not line.currency:
            name = next(one for one in ("currency", *_AMOUNTS, "qty") if one in faults.fields)
            said = f"it names no currency, but other lines name {' and '.join(named)}"
            faults.add(line.number, name, "MISSING_CURRENCY", said, f"--currency {named[0]}")

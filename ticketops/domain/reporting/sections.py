"""A report as tables, made of its fields: what terminals, files and pages show of it."""

from __future__ import annotations

from dataclasses import Field, fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from ticketops.domain.reporting.figures import Position

TEXT, NUMBER, MONEY, PERCENT, DAY = "text", "number", "money", "percent", "day"

_TITLES = {
    "position": "Tickets",
    "total": "All tickets",
    "totals": "All together",
    "sums": "By currency",
    "progress": "What happened on which day",
    "unsold": "Units that serve no ticket",
    "sell_through": "Sell-through",
    "timeline": "Revenue by day of the sale",
}
"""{field of a report: what stands above its table}; `lines` is called by what they are by."""
_HEADERS = {
    "currency": "Cur",
    "margin_pct": "%",
    "sent_pct": "Sent %",
    "sold_pct": "Sold %",
    "purchased_qty": "Bought",
    "purchased_amount": "Bought for",
    "remaining": "Left",
    "dispatch_rate_pct": "Dispatch rate %",
    "sold_qty": "Sold",
    "sold_amount": "Sold for",
    "no_guest": "No guest",
}
"""{field of a line: its header}, where that is not its name."""


class Column(Struct, frozen=True):
    """A column of a table. field: of the records; kind: TEXT, NUMBER, MONEY, PERCENT or DAY."""

    field: str
    header: str
    kind: str

    def text(self, value: Any) -> str:
        """A value for people; an amount always with its cents."""
        if value is None or value == "":
            return "none" if self.field == "key" else ""
        if self.kind == MONEY:
            return f"{value:,.2f}"
        if self.kind == PERCENT:
            return f"{value:,.1f}"
        if self.kind == NUMBER:
            return f"{value:,}"
        if isinstance(value, datetime) and value.time() != time():
            return f"{value:%Y-%m-%d %H:%M}"
        if isinstance(value, tuple | list):
            return ", ".join(map(str, value))
        return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


class Section(Struct, frozen=True):
    """A table of a report. name: its field of the result."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def headers(self) -> list[str]:
        """What stands above the columns."""
        return [column.header for column in self.columns]

    @property
    def texts(self) -> list[list[str]]:
        """The rows as people read them."""
        return [
            [column.text(value) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]


def sections(report: Any) -> list[Section]:
    """The tables of a report, its lines first among those that are long; empty ones are left out."""
    by = getattr(report, "by", "")
    found = []
    for one in fields(report):
        value = getattr(report, one.name)
        single = is_dataclass(value) and not isinstance(value, type)
        records = [value] if single else value
        if isinstance(records, list | tuple) and records and is_dataclass(records[0]):
            title = _title(one.name, by, report)
            found.append(_section(one.name, title, list(records), by))
    if figures := _own_figures(report):
        found.insert(0, figures)
    return found


def _title(name: str, by: str, report: Any) -> str:
    if name in _TITLES:
        return _TITLES[name]
    if by == "both" or isinstance(report, Position):
        return "By match and category"
    if not (by or hasattr(report, "match")):
        return "Lines"
    return f"By {by or 'category'}"


def main_section(report: Any) -> Section:
    """The table that a CSV file of a report holds: its lines, every field of them, even if there are
    none."""
    kind = line_kind(report)
    by = getattr(report, "by", "")
    columns = tuple(Column(one.name, _header(one.name, by), _kind(one)) for one in fields(kind))
    rows = tuple(tuple(getattr(line, one.name) for one in fields(kind)) for line in report.lines)
    return Section("lines", _title("lines", by, report), columns, rows)


def line_kind(report: Any) -> Any:
    """The class of the lines of a report, even if there are none."""
    return get_args(get_type_hints(type(report))["lines"])[0]


def _own_figures(report: Any) -> Section | None:
    """The numbers and rates that a report has itself, in one row."""
    own = [
        one
        for one in fields(report)
        if isinstance(getattr(report, one.name), int) or one.name.endswith("_pct")
    ]
    if not own:
        return None
    columns = tuple(Column(one.name, _header(one.name, ""), _kind(one)) for one in own)
    row = tuple(getattr(report, column.field) for column in columns)
    return Section("", "Key figures", columns, (row,))


def _section(name: str, title: str, records: list[Any], by: str) -> Section:
    shown = [
        one
        for one in fields(records[0])
        if any(getattr(record, one.name) is not None for record in records)
        and not (one.name == "key" and name in ("totals", "total"))
    ]
    columns = tuple(Column(one.name, _header(one.name, by), _kind(one)) for one in shown)
    rows = tuple(tuple(getattr(record, one.name) for one in shown) for record in records)
    return Section(name, title, columns, rows)


def _header(name: str, by: str) -> str:
    if name == "key":
        return by.capitalize() or "Name"
    return _HEADERS.get(name) or name.replace("_", " ").capitalize()


def _kind(one: Field[Any]) -> str:
    kind = str(one.type).split(" |")[0]
    if kind == "float":
        return PERCENT if one.name.endswith("_pct") else MONEY
    return {"int": NUMBER, "date": DAY, "datetime": DAY}.get(kind, TEXT)


def heading(report: Any, *, dated: bool = True) -> str:
    """One line that says of what a report is, and of when. dated: whether the moment is told."""
    as_of: datetime | None = getattr(report, "as_of", None) if dated else None
    parts = [
        getattr(report, name, None)
        for name in ("event", "state", "match", "game", "stage", "kick_off", "place")
    ]
    day = getattr(report, "day", None)
    due = getattr(report, "deadline", None)
    return " · ".join(
        filter(
            None,
            (
                *parts,
                f"{day:%Y-%m-%d}" if day else None,
                f"tickets out by {due:%Y-%m-%d %H:%M}" if due else None,
                f"as of {as_of:%Y-%m-%d %H:%M}" if as_of else None,
            ),
        )
    )

"""What a client sees and does (§7): the rows of its book, views of them, receipts, guests copied down."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from ticketops.domain.dispatch.groups import client_group_key, spellings
from ticketops.domain.dispatch.records import GUEST, Record, in_order, is_live, parent_of, unit_of
from ticketops.domain.dispatch.state import State
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import states
from ticketops.schema.books import CLIENT_LAYOUT, Book, BookRow

RECEIVABLE = (states.SENT, states.UPLOADED)
"""Deliveries whose receipt a client confirms."""
_CHECKED = ("game", "inv_no", "category", "block", "seat_row", "seat")
"""Columns in which somebody may have written another's name."""
NEEDED = ("first_name", "last_name", "client_email")
"""What must be known of a guest before the ticket can be sent."""


def client_groups(state: State) -> dict[str, list[str]]:
    """{client group: its companies} of all tickets that are still owed."""
    return spellings(ticket["company"] for ticket in state.tickets.values() if is_live(ticket))


def find_group(state: State, text: str) -> str:
    """The client group that a company name, or a group's own name, stands for. Raises NotFoundError, naming those that are near."""
    known = client_groups(state)
    key = client_group_key(text)
    if key in known:
        return key
    near = difflib.get_close_matches(key, known, n=3, cutoff=0.6) or [name for name in known if key and key in name][:3]
    hint = f"did you mean {', '.join(known[name][0] for name in near)}?" if near else "client groups lists them"
    raise NotFoundError(f"Distribution has no ticket of {text!r}", hint)


def tickets_of(state: State, group: str) -> list[Record]:
    """The tickets of a client group that are still owed, as its book lists them."""
    mine = (t for t in state.tickets.values() if t["company"] and is_live(t) and client_group_key(t["company"]) == group)
    return in_order(mine, state.dates)


def by_group(state: State) -> dict[str, list[Record]]:
    """{client group: its tickets}, all at once."""
    found: dict[str, list[Record]] = {}
    for ticket in in_order((t for t in state.tickets.values() if t["company"] and is_live(t)), state.dates):
        found.setdefault(client_group_key(ticket["company"]), []).append(ticket)
    return found


def book(state: State, group: str, tickets: Sequence[Record]) -> Book:
    """A client's book. Its guests may be filled in where the ticket has a unit, its receipt confirmed where it was sent."""
    title = spellings(ticket["company"] for ticket in tickets).get(group, [group])[0]
    return Book(CLIENT_LAYOUT, group, title, [_row(state, ticket) for ticket in tickets])


def _row(state: State, ticket: Record) -> BookRow:
    bought, allocated = state.sets_of[parent_of(ticket.key)]
    delivery = ticket["delivery"] or states.NOT_SENT
    values = {name: ticket[name] for name in ("sales_id", "match", "company", "qty")}
    group = client_group_key(ticket["company"])
    values |= {name: state.client_reading(group, ticket[name]) for name in _CHECKED}
    values |= {"key": ticket.key, "sets": bought, "allocated": allocated, "delivery": delivery}
    values |= {name: shown_to_client(state, ticket, name) for name in GUEST}
    is_open = set(GUEST) if unit_of(ticket) else set()
    if unit_of(ticket) and delivery in RECEIVABLE:
        is_open.add("delivery")
    return BookRow(ticket.key, values, frozenset(is_open), unit_of(ticket))


def shown_to_client(state: State, ticket: Record, name: str) -> Any:
    """A guest cell as the client reads it: its own words to the letter; in what the office wrote, no vendor's and no other
    client's name."""
    value = ticket[name]
    if name not in ("client_notes", "comment") or not value:
        return value
    vault = state.vault.get(ticket.key)
    group = client_group_key(ticket["company"] or "")
    if vault and vault[name] == value and vault["client_group"] == group and name in (vault["typed"] or "").split(","):
        return value
    return state.client_reading(group, value)


@dataclass(frozen=True, slots=True)
class Filters:
    """A view of a client's tickets (§7 step 3). Empty: everything. sort: columns, each with `-` before it for descending."""

    match: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()
    block: str = ""
    row: str = ""
    holder: str = ""
    allocation: str = ""
    guests: str = ""
    sort: tuple[str, ...] = ()

    def as_text(self) -> str:
        """`match=M01,M34; guests=missing`: the form in `_VIEWS`."""
        values = {name: value if isinstance(value, str) else ",".join(value) for name, value in asdict(self).items() if value}
        return "; ".join(f"{name}={value.replace('%', '%25').replace(';', '%3B')}" for name, value in values.items())

    @classmethod
    def from_text(cls, text: str) -> Filters:
        """Raises UsageError for a text that no view has."""
        values: dict[str, Any] = {}
        many = {f.name for f in fields(cls) if f.default == ()}
        for part in filter(None, (part.strip() for part in text.split(";"))):
            name, is_there, value = part.partition("=")
            value = value.replace("%3B", ";").replace("%25", "%")
            if not is_there or name not in cls.__dataclass_fields__:
                raise UsageError(f"the saved view says {part!r}, which is no filter")
            values[name] = tuple(value.split(",")) if name in many else value
        return cls(**values)


ALLOCATION = ("allocated", "unallocated", "partial")
GUESTS = ("missing", "complete")
SORTABLE = {
    "id": "sales_id", "match": "match", "game": "game", "company": "company", "inv-no": "inv_no", "category": "category", "sets": "sets",
    "allocated": "allocated", "qty": "qty", "block": "block", "row": "seat_row", "seat": "seat", "notes": "client_notes",
    "first-name": "first_name", "last-name": "last_name", "email": "client_email", "comments": "comment", "status": "delivery",
}  # fmt: skip
"""What `--sort` accepts, and the column it stands for."""


def seen(state: State, group: str, filters: Filters) -> list[BookRow]:
    """The rows of a client's book that a view shows, in its order."""
    rows = [_row(state, ticket) for ticket in tickets_of(state, group)]
    rows = [row for row in rows if _fits(row.values, filters)]
    for column in reversed(filters.sort):
        name = SORTABLE[column.lstrip("-")]
        rows.sort(key=lambda row, name=name: _natural(row.values[name]), reverse=column.startswith("-"))  # type: ignore[misc]
    return rows


def _fits(values: Any, wanted: Filters) -> bool:
    bought, have = values["sets"], values["allocated"]
    allocation = "allocated" if have >= bought else "partial" if have else "unallocated"
    guest = " ".join(values[name] or "" for name in NEEDED)
    return (
        (not wanted.match or values["match"] in wanted.match)
        and (not wanted.category or (values["category"] or "").casefold() in {text.casefold() for text in wanted.category})
        and (not wanted.delivery or values["delivery"] in wanted.delivery)
        and _within(values["block"], wanted.block)
        and _within(values["seat_row"], wanted.row)
        and all(word in guest.casefold() for word in wanted.holder.casefold().split())
        and wanted.allocation in ("", allocation)
        and wanted.guests in ("", "complete" if all(values[name] for name in NEEDED) else "missing")
    )


def _within(value: str | None, wanted: str) -> bool:
    """`C` or a range such as `12-15` or `A-C`; ranges hold both their ends."""
    if not wanted:
        return True
    if not value:
        return False
    first, is_range, last = wanted.partition("-")
    if not is_range or not first or not last:
        return value.casefold() == wanted.casefold()
    return _natural(first) <= _natural(value) <= _natural(last)


def _natural(value: Any) -> tuple[Any, ...]:
    """Sorts M9 before M12, S2-1 before S10-1, numbers before words, blanks last."""
    if value is None or value == "":
        return (1,)
    parts = re.findall(r"\d+|\D+", str(value).strip().casefold())
    return (0, *((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts))


def summary(rows: Iterable[BookRow]) -> dict[str, int]:
    """How far a client is: tickets, allocated, rows without name or e-mail, sent, accepted, issues."""
    found = dict.fromkeys(("tickets", "allocated", "missing_email", "missing_name", "sent", "accepted", "issues"), 0)
    for row in rows:
        has_unit = "first_name" in row.open
        found["tickets"] += 1
        found["allocated"] += has_unit
        found["missing_email"] += has_unit and not row.values["client_email"]
        found["missing_name"] += has_unit and not (row.values["first_name"] and row.values["last_name"])
        found["sent"] += row.values["delivery"] in RECEIVABLE
        found["accepted"] += row.values["delivery"] == states.ACCEPTED
        found["issues"] += row.values["delivery"] == states.ISSUE
    return found


def copied_down(state: State, sales_id: str, count: int | None, *, overwrite: bool) -> tuple[Record, list[Record]]:
    """The ticket to copy from, and those that get its guest: the next `count` of the client's book that have a unit (None: the
    rest of the sale).

    Raises NotFoundError; RuleError where there is nothing to copy, or a row is filled in already and overwrite is off.
    """
    source = state.tickets.get(sales_id)
    if source is None or not source["company"]:
        raise NotFoundError(f"Distribution has no ticket {sales_id}")
    if not any(source[name] for name in GUEST):
        raise RuleError(f"{sales_id} has no guest details to copy")
    rows = tickets_of(state, client_group_key(source["company"]))
    keys = [row.key for row in rows]
    if sales_id not in keys:
        raise RuleError(f"{sales_id} is cancelled")
    after = [row for row in rows[keys.index(sales_id) + 1 :] if unit_of(row)]
    after = [row for row in after if parent_of(row.key) == parent_of(sales_id)] if count is None else after[:count]
    filled = [row.key for row in after if any(row[name] for name in GUEST) and any(row[name] != source[name] for name in GUEST)]
    if filled and not overwrite:
        raise RuleError(f"{', '.join(filled[:3])}{' …' if len(filled) > 3 else ''}: filled in already", "--overwrite replaces them")
    if not after:
        raise RuleError(f"no ticket with a unit follows {sales_id}")
    return source, after

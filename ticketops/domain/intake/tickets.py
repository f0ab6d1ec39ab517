"""Which tickets the lines of a list of guests may be about (§7): the one that a line names, else those
that are what it says."""

from __future__ import annotations

from functools import partial

import polars as pl
from msgspec import Struct

from ticketops.domain.dispatch import clients
from ticketops.domain.dispatch.state import State
from ticketops.domain.intake import values
from ticketops.domain.intake.pairing import grouped
from ticketops.domain.intake.reading import Reading
from ticketops.domain.intake.resolving import Wanted
from ticketops.domain.intake.rows import Line
from ticketops.domain.plan import Run
from ticketops.domain.ticket.identity import sale_of
from ticketops.domain.ticket.records import Record, is_live
from ticketops.errors import NotFoundError, TicketopsError
from ticketops.model import ids
from ticketops.schema.layouts.event import SALES
from ticketops.schema.tables import Snapshot

_SEAT = ("block", "seat_row", "seat")


class _Asked(Struct, frozen=True):
    """What tickets a line may be about. sales: those that it names, None for all."""

    sales: frozenset[str] | None
    group: str
    wanted: Wanted
    seat: tuple[str, str, str]


class Tickets:
    """Finds the tickets that lines may be about. The same question is answered once."""

    def __init__(self, snapshot: Snapshot, state: State, reading: Reading, run: Run) -> None:
        self._state, self._reading, self._run = state, reading, run
        scope = run.scope
        self._tickets = {
            key: ticket
            for key, ticket in state.tickets.items()
            if ticket["company"] and (scope is None or scope.sees_client(ticket["company"]))
        }
        live = {key: one for key, one in self._tickets.items() if is_live(one)}
        self._live = list(live)
        self._of_match = grouped({key: _match(one) for key, one in live.items()})
        self._of_sale = grouped({key: sale_of(key) for key in live})
        self._line_keys = {
            one["line_key"].casefold(): key for key, one in self._tickets.items() if one["line_key"]
        }
        self._orders: dict[str, set[str]] = {}
        columns = ("sales_id", "order_id", "client_po", "source_sale_id")
        sales = snapshot[SALES].frame.select(columns).filter(pl.col("sales_id").is_not_null())
        for sale, *names in sales.iter_rows():
            for name in filter(None, (sale, *names)):
                self._orders.setdefault(name.casefold(), set()).add(sale)
        self._groups: dict[str, str | TicketopsError] = {}
        self._known: dict[_Asked, tuple[str, ...]] = {}

    def candidates(self, line: Line) -> tuple[str, ...]:
        """The tickets that a line may be about; none where something of it is wrong, which is then
        said."""
        faults = self._reading.faults
        wanted = self._reading.resolver.wanted(line)
        group = self._group(line)
        sales = self._sales(line)
        if wanted is None or group is None or faults.of(line.number):
            return ()
        if len(line.seats) > 1:
            said = f"it names {len(line.seats)} seats, but a guest has one"
            faults.add(line.number, "seats", "SEATS_DIFFER", said)
            return ()
        named = self._named(line)
        if named is not None:
            return self._exact(line, named, group, wanted)
        if sales is None and not group:
            said = "it names neither its ticket nor its client"
            faults.add(
                line.number,
                "client",
                "MISSING_CLIENT",
                said,
                "--client NAME names that of all lines",
            )
            return ()
        seat = (line.text("block"), line.text("row"), line.seats[0] if line.seats else "")
        asked = _Asked(sales, group, wanted, seat)
        if asked not in self._known:
            self._known[asked] = self._fitting(asked)
        if not self._known[asked]:
            name = next((n for n in ("ticket_id", "match", "order", "client") if line.text(n)), "")
            faults.add(line.number, name, "UNKNOWN_TICKET", "there is no such ticket")
        return self._known[asked]

    def _group(self, line: Line) -> str | None:
        """The client group of a line, empty where it names none; None where that fails."""
        text = line.text("client") or self._reading.options.client
        if not text:
            return ""

        def find() -> str:
            group = clients.find_group(self._state, text, self._run.chosen)
            if self._run.scope and not any(
                self._state.clients.key(one["company"]) == group for one in self._tickets.values()
            ):
                raise NotFoundError(f"Distribution has no ticket of {text!r}")
            return group

        if text not in self._groups:
            try:
                self._groups[text] = find()
            except TicketopsError as error:
                scoped = NotFoundError(f"Distribution has no ticket of {text!r}")
                self._groups[text] = scoped if self._run.scope else error
        found = self._groups[text]

        def raised() -> str:
            if isinstance(found, TicketopsError):
                raise found
            return found

        options = self._reading.options
        return self._reading.faults.tried(
            raised, line.number, "client", "UNKNOWN_CLIENT", asks=options.asks
        )

    def _sales(self, line: Line) -> frozenset[str] | None:
        """The sales that a line names, by their order or as `S147`; None where it names none."""
        found = None
        for name in ("order", "ticket_id"):
            text = line.text(name)
            sale = ids.exact_sales_id(ids.read_sales_id(text)) if text else None
            if not text or (name == "ticket_id" and (sale is None or sale.child)):
                continue
            here = self._orders.get(sale.parent.casefold() if sale else text.casefold())
            if not here:
                said = f"there is no {'order' if name == 'order' else 'sale'} {text}"
                self._reading.faults.add(line.number, name, f"UNKNOWN_{name.upper()}", said)
                return None
            found = frozenset(here) if found is None else found & here
        return found

    def _named(self, line: Line) -> str | None:
        """The ticket that a line names: its SalesID, or its SalesLineKey; None where it names
        none."""
        text = line.text("ticket_id")
        sales_id = ids.read_sales_id(text) if text else ""
        exact = ids.exact_sales_id(sales_id)
        if not text or (exact and not exact.child):
            return None
        return sales_id if exact else self._line_keys.get(text.casefold(), text)

    def _exact(self, line: Line, key: str, group: str, wanted: Wanted) -> tuple[str, ...]:
        """The ticket that is named, if it is what the line says besides."""
        faults = self._reading.faults
        add = partial(faults.add, line.number, "ticket_id")
        ticket = self._tickets.get(key)
        if ticket is None:
            add("UNKNOWN_TICKET", f"there is no ticket {key}", "`ticketops ticket list` shows all")
        elif not is_live(ticket):
            add("TICKET_CANCELLED", f"{key} is cancelled")
        elif not self._fits(ticket, group, wanted):
            is_of = " ".join(filter(None, (_match(ticket), ticket["category"])))
            add("TICKET_DIFFERS", f"{key} is {is_of} of {ticket['company']}, which the line is not")
        elif key in self._state.unknown:
            add("UNKNOWN_CELL", self._state.unknown[key].said)
        else:
            return (key,)
        return ()

    def _fits(self, ticket: Record, group: str, wanted: Wanted) -> bool:
        category = values.category(ticket["category"] or "").casefold()
        return (
            (not group or self._state.clients.key(ticket["company"]) == group)
            and (not wanted.match or _match(ticket) == wanted.match)
            and (not wanted.sub_game or ticket["sub_game"] == wanted.sub_game)
            and (not wanted.category or category == values.category(wanted.category).casefold())
        )

    def _fitting(self, asked: _Asked) -> tuple[str, ...]:
        """The tickets that are what is asked for, in the order of their rows."""
        pool = self._live
        if asked.sales is not None:
            pool = [
                key
                for sale in sorted(asked.sales, key=ids.natural_order)
                for key in self._of_sale.get(sale, ())
            ]
        elif asked.wanted.match:
            pool = self._of_match.get(asked.wanted.match, [])
        found = []
        for key in pool:
            ticket = self._tickets[key]
            here = tuple((ticket[name] or "").casefold() for name in _SEAT)
            seated = all(
                not said or said.casefold() == own
                for said, own in zip(asked.seat, here, strict=True)
            )
            if seated and self._fits(ticket, asked.group, asked.wanted):
                found.append(key)
        return tuple(key for key in found if key not in self._state.unknown)


def _match(ticket: Record) -> str:
    return ids.normalise_match(ticket["match"]) if ticket["match"] else ""

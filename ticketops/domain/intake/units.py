"""Which units the lines of a list of seats may be about (§3): those that a line names, else those that
are what it says."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ticketops.domain.catalogue.follow import SEAT
from ticketops.domain.intake import values
from ticketops.domain.intake.pairing import grouped
from ticketops.domain.intake.reading import Reading
from ticketops.domain.intake.resolving import Wanted
from ticketops.domain.intake.rows import Line
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.ticket import unit_ids
from ticketops.model import ids
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, UNITS
from ticketops.schema.tables import Snapshot


class _Asked(Struct, frozen=True):
    """What units a line may be about; what it leaves blank is empty."""

    unit: str
    ticket: str
    reference: str
    inv_no: str
    vendor: str
    contract: str
    wanted: Wanted


class Units:
    """Finds the units that lines may be about. The same question is answered once."""

    def __init__(self, snapshot: Snapshot, reading: Reading, directory: Directory) -> None:
        self._reading, self._directory = reading, directory
        columns = (
            *("unit_id", "match", "sub_game", "category", "vendor", "contract", "inv_no"),
            *("purchase_id", "set_id", "set_pos", *SEAT),
        )
        frame = snapshot[UNITS].frame.select(columns).drop_nulls("unit_id")
        self.units = {row["unit_id"]: row for row in frame.iter_rows(named=True)}
        self._of_match = grouped({key: _match(one) for key, one in self.units.items()})
        self._of_purchase = grouped({key: one["purchase_id"] for key, one in self.units.items()})
        self._orders: dict[str, list[str]] = {}
        orders = snapshot[PURCHASES].frame.select("purchase_id", "purchase_order_id")
        for purchase, order in orders.drop_nulls().iter_rows():
            self._orders.setdefault(order, []).append(purchase)
        self._tickets = {
            ticket["sales_id"]: unit_ids.listed(ticket)
            for ticket in snapshot[DISTRIBUTION].frame.select("sales_id", "unit_ids").to_dicts()
            if ticket["sales_id"]
        }
        self._sets = grouped({key: one["set_id"] for key, one in self.units.items()})
        self._known: dict[_Asked, tuple[str, ...]] = {}

    def candidates(self, line: Line) -> tuple[str, ...]:
        """The units that a line may be about, in the order of their rows; none where something of
        it is wrong, which is then said."""
        faults = self._reading.faults
        wanted = self._reading.resolver.wanted(line)
        vendor = self._vendor(line)
        if wanted is None or vendor is None:
            return ()
        named = [line.text(name) for name in ("unit_id", "ticket_id", "reference", "inv_no")]
        if not any((*named, wanted.match, vendor)):
            faults.add(line.number, "unit_id", "MISSING_UNIT", "it names no unit")
            return ()
        asked = _Asked(
            ids.read_unit_id(line.text("unit_id")) if line.text("unit_id") else "",
            ids.read_sales_id(line.text("ticket_id")) if line.text("ticket_id") else "",
            line.text("reference"),
            line.text("inv_no"),
            vendor,
            line.text("contract"),
            wanted,
        )
        if asked not in self._known:
            self._known[asked] = tuple(self._fitting(asked))
        if not self._known[asked]:
            name, what = self._unknown(line, asked)
            faults.add(line.number, name, "UNKNOWN_UNIT", what, "`ticketops unit list` shows all")
        return self._known[asked]

    def _vendor(self, line: Line) -> str | None:
        """The vendor of a line, empty where it names none; None where that fails."""
        text = line.text("vendor") or self._reading.options.vendor
        if not text:
            return ""
        options = self._reading.options
        found = self._reading.faults.tried(
            lambda: self._directory.find(text, new=options.new),
            line.number,
            "vendor",
            "UNKNOWN_VENDOR",
            asks=options.asks,
        )
        return None if found is None else found.name

    def _fitting(self, asked: _Asked) -> list[str]:
        pool = list(self.units)
        if asked.unit:
            pool = [asked.unit] if asked.unit in self.units else []
        elif asked.ticket:
            pool = [key for key in self._tickets.get(asked.ticket, ()) if key in self.units]
        elif asked.reference:
            pool = self._of_reference(asked.reference)
        elif asked.wanted.match:
            pool = self._of_match.get(asked.wanted.match, [])
        return [key for key in pool if self._fits(key, asked)]

    def _of_reference(self, text: str) -> list[str]:
        """The units of a purchase, an order of purchases, a set, or a unit."""
        set_id, unit_id = ids.read_set_id(text), ids.read_unit_id(text)
        if unit_id in self.units:
            return [unit_id]
        found = [*self._of_purchase.get(text, ()), *self._sets.get(set_id, ())]
        found += [
            key for one in self._orders.get(text, ()) for key in self._of_purchase.get(one, ())
        ]
        return found

    def _fits(self, key: str, asked: _Asked) -> bool:
        unit, wanted = self.units[key], asked.wanted
        category = values.category(unit["category"] or "").casefold()
        return (
            (not asked.ticket or key in self._tickets.get(asked.ticket, ()))
            and (not asked.reference or key in self._of_reference(asked.reference))
            and (not asked.inv_no or (unit["inv_no"] or "").casefold() == asked.inv_no.casefold())
            and (
                not asked.vendor
                or self._directory.owner(unit["vendor"] or "")
                == self._directory.owner(asked.vendor)
            )
            and (not asked.contract or unit["contract"] == asked.contract)
            and (not wanted.match or _match(unit) == wanted.match)
            and (not wanted.sub_game or unit["sub_game"] == wanted.sub_game)
            and (not wanted.category or category == values.category(wanted.category).casefold())
        )

    def _unknown(self, line: Line, asked: _Asked) -> tuple[str, str]:
        """Which field of a line leads to no unit, and what is said of it."""
        if asked.unit:
            here = asked.unit in self.units
            said = "is not what the line says besides" if here else "is not a unit"
            return "unit_id", f"{asked.unit} {said}"
        if asked.ticket:
            units = ", ".join(self._tickets.get(asked.ticket, ()))
            if asked.ticket not in self._tickets:
                return "ticket_id", f"there is no ticket {asked.ticket}"
            said = f"has {units}, which is not what the line says" if units else "has no unit"
            return "ticket_id", f"{asked.ticket} {said}"
        if asked.reference:
            here = bool(self._of_reference(asked.reference))
            said = "is not what the line says besides" if here else "is not a purchase, set or unit"
            return "reference", f"{asked.reference} {said}"
        name = next((n for n in ("inv_no", "match", "game", "home", "vendor") if line.text(n)), "")
        return name, "no unit is what the line says"


def _match(unit: dict[str, Any]) -> str:
    return ids.normalise_match(unit["match"]) if unit["match"] else ""

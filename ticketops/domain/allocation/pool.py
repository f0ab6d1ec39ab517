"""The units an allocation may choose from (§5a step 2): AVAILABLE, unreferenced, by match and category, in sets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ticketops.model import ids, states
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, UNITS

_COLUMNS = ("row", "unit_id", "set_id", "set_pos", "vendor", "contract", "email", "password", "password_legacy", "block",
            "seat_row", "seat", "match", "category", "status", "sales_id")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """One ticket in stock."""

    row: int
    unit_id: str
    set_id: str
    set_pos: int
    vendor: str | None
    contract: str | None
    email: str | None
    password: str | None = field(repr=False)
    block: str | None
    seat_row: str | None
    seat: str | None
    status: str | None
    sales_id: str | None

    @property
    def line(self) -> tuple[str | None, str | None]:
        """The physical row of seats it belongs to."""
        return self.block, self.seat_row


class Pool:
    """Free units by (match, category) and SetID, in SetPos order. `take` removes what was given away."""

    def __init__(self, snapshot: Snapshot, wanted: set[tuple[str, str]]) -> None:
        """`wanted` limits the pool to those (match, category) pairs."""
        cells = snapshot[DISTRIBUTION].frame["unit_ids"].drop_nulls()
        referenced = {unit for cell in cells for unit in ids.split_unit_ids(cell)}
        matches = {match for match, _ in wanted}
        frame = snapshot[UNITS].frame.select(_COLUMNS).filter(
            pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE,
            pl.col("sales_id").is_null(),
            pl.col("unit_id").is_not_null(),
            pl.col("category").is_not_null(),
            pl.col("match").is_in(list(matches)) | ~pl.col("match").str.contains(r"^M\d{2,3}$"),
        )  # fmt: skip
        self._sets: dict[tuple[str, str], dict[str, list[Unit]]] = defaultdict(lambda: defaultdict(list))
        for values in frame.sort("set_pos", "row", nulls_last=True).iter_rows(named=True):
            key = (ids.normalise_match(values["match"]), values["category"])
            if key in wanted and values["unit_id"] not in referenced:
                self._sets[key][values["set_id"] or ""].append(_unit(values))

    def sets(self, match: str, category: str) -> dict[str, list[Unit]]:
        """{SetID: its free units}, sets that are used up left out."""
        return {set_id: units for set_id, units in self._sets.get((match, category), {}).items() if units}

    def take(self, match: str, category: str, units: list[Unit]) -> None:
        """Remove units that were given to a sale."""
        gone = {unit.unit_id for unit in units}
        sets = self._sets[match, category]
        for set_id in {unit.set_id for unit in units}:
            sets[set_id] = [unit for unit in sets[set_id] if unit.unit_id not in gone]


def _unit(values: dict[str, Any]) -> Unit:
    return Unit(
        values["row"], values["unit_id"], values["set_id"] or "", values["set_pos"] or 0, values["vendor"], values["contract"],
        values["email"], values["password"] or values["password_legacy"], values["block"], values["seat_row"], values["seat"],
        values["status"], values["sales_id"],
    )  # fmt: skip

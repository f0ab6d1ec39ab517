"""The numbers that new units get (D15): one more than the highest ever given, whatever rows were
deleted since."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ticketops.domain.ticket.unit_ids import referenced_units
from ticketops.model import ids, spelling
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    PURCHASE_META,
    UNITS,
    UNITS_AUDIT,
)
from ticketops.schema.tables import Snapshot


class Numbers:
    """Gives UnitIDs, SetIDs and keys of _PURCHASE_META. Reads units, Distribution and the logs."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._next_unit = self._first_free_unit()
        self._next_set = self._first_free_set()
        self._keys = self._known_keys()
        self._stems: dict[tuple[str | None, ...], str] = {}

    def new_unit(self) -> str:
        """The next UnitID."""
        self._next_unit += 1
        return ids.unit_id(self._next_unit - 1)

    def new_set(self, index: int) -> str:
        """The next SetID; that of the purchase's data row (D4) while nobody deleted one, so that
        rows without units are counted too."""
        number = max(self._next_set, index)
        self._next_set = number + 1
        return ids.set_id(number)

    def new_key(self, parts: Iterable[str | None]) -> str:
        """A key of _PURCHASE_META that none had before: equal lines count on."""
        named = tuple(parts)
        stem = self._stems.get(named)
        if stem is None:  # the units of one line have the same
            stem = spelling.tidy(ids.purchase_unit_key(named, 0).removesuffix("|#0"))
            self._stems[named] = stem
        self._keys[stem] = self._keys.get(stem, 0) + 1
        return f"{stem}|#{self._keys[stem]}"

    def _first_free_unit(self) -> int:
        """Above every UnitID there is or was: those removed earlier stand in the logs and are never
        given again."""
        snapshot = self._snapshot
        known = [*snapshot[UNITS].frame["unit_id"], *snapshot[PURCHASE_META].frame["unit_id"]]
        for cell in snapshot[UNITS_AUDIT].frame["unit_ids"].drop_nulls():
            known.extend(ids.split_unit_ids(cell))
        known.extend(referenced_units(snapshot))
        return ids.next_number(ids.UNIT_ID, known)

    def _first_free_set(self) -> int:
        """Above every SetID of units, of the logs, of what notes say; and above the number of
        purchases that ever had units, for workbooks whose log does not name their sets."""
        snapshot = self._snapshot
        known: list[str | None] = []
        for name in (UNITS, UNITS_AUDIT, PURCHASE_META, ALLOC_LOG):
            known += snapshot[name].frame["set_id"].unique().to_list()
        for name, column in ((UNITS, "alloc_note"), (DISTRIBUTION, "notes")):
            noted = snapshot[name].frame[column].drop_nulls()
            known += (
                noted.str.extract_all(r"PR[0-9]{4,12}-S[0-9]{2,6}").explode().unique().to_list()
            )
        keys = snapshot[PURCHASE_META].frame["unit_key"].drop_nulls()
        return max(
            ids.next_number(ids.SET_ID, known),
            keys.filter(keys.str.ends_with("|#1")).n_unique() + 1,
        )

    def _known_keys(self) -> dict[str, int]:
        """{key without its number: the highest number given}."""
        key = pl.col("unit_key")
        frame = (
            self._snapshot[PURCHASE_META]
            .frame.select(
                stem=key.str.extract(r"(?s)^(.*)\|#[0-9]+$"),
                number=key.str.extract(r"\|#([0-9]{1,9})$").cast(pl.Int64),
            )
            .drop_nulls()
        )
        return dict(frame.group_by("stem").agg(pl.col("number").max()).iter_rows())

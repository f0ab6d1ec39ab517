"""Which purchase a text names: by its PurchaseID, one of its sets or units (§3)."""

from __future__ import annotations

import polars as pl

from ticketops.model import ids
from ticketops.schema.layouts.event import UNITS
from ticketops.schema.tables import Snapshot


def purchase_ids(snapshot: Snapshot, text: str) -> set[str]:
    """The PurchaseIDs that a text may name: itself, and those of the units that it is, or whose set
    it is."""
    set_id, unit_id = ids.read_set_id(text), ids.read_unit_id(text)
    known = pl.col("set_id").eq_missing(set_id) | pl.col("unit_id").eq_missing(unit_id)
    return {text, *snapshot[UNITS].frame.filter(known)["purchase_id"].drop_nulls()}

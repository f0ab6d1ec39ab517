"""UnitIDs that are not those that were given (D15): `_PURCHASE_META` knows which, and of which
set."""

from __future__ import annotations

import polars as pl

from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import PURCHASE_META, UNITS
from ticketops.schema.tables import Snapshot

KEY_CHANGED = "KEY_CHANGED"
_MOST_NAMED = 5
_OTHER_LETTERS = r"^(?:[A-OQ-Z]|[A-Z]{2})[0-9]{5,12}$"


def changed_ids(snapshot: Snapshot) -> list[Finding]:
    """One finding for each set that has units which nobody made, in the place of some that are
    gone: their UnitIDs were probably replaced. Units that were only added, or only removed, are not
    told. One more for UnitIDs that begin with other letters, where _PURCHASE_META says so too."""
    units = snapshot[UNITS].frame.select("row", "unit_id", "set_id").drop_nulls()
    made = snapshot[PURCHASE_META].frame.select("unit_id", "set_id").drop_nulls()
    strange = units.join(made, on="unit_id", how="anti").join(made, on="set_id", how="semi")
    gone = made.join(units, on="unit_id", how="anti")
    found = []
    for (set_id,), rows in strange.group_by("set_id", maintain_order=True):
        were = gone.filter(pl.col("set_id") == set_id)["unit_id"].to_list()
        now = rows["unit_id"].to_list()
        if len(were) < len(now):
            continue
        found.append(
            Finding(
                KEY_CHANGED,
                Severity.HIGH,
                f"{_listed(now)} of {set_id} were never given to a unit, and {_listed(were)} are "
                "missing: if UnitIDs were replaced, restore them",
                UNITS,
                rows["row"][0],
                unit_id=now[0],
            )
        )
    told = strange["unit_id"].to_list() if found else []
    replaced = units.filter(pl.col("unit_id").str.contains(_OTHER_LETTERS)).filter(
        ~pl.col("unit_id").is_in(told)
    )
    if not replaced.is_empty():
        names = replaced["unit_id"].to_list()
        found.append(
            Finding(
                KEY_CHANGED,
                Severity.HIGH,
                f"{_listed(names)} do not begin with P: if UnitIDs were replaced, restore them in "
                "every sheet",
                UNITS,
                replaced["row"][0],
            )
        )
    return found


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more

"""The figures of the audit as a dataclass; `checks` counts them. It needs no tables: a sample
workbook is made without them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Audit:
    """The figures of the audit. The invariant: as many UnitIDs are referenced as units are
    ALLOCATED."""

    distribution_rows: int
    unique_unit_ids: int
    """UnitIDs that Distribution refers to."""
    purchase_units: int
    allocated_units: int
    """Units whose Status is ALLOCATED."""
    issues: int
    by_code: dict[str, int]
    """{code of a finding: how many}."""
    invariant_holds: bool

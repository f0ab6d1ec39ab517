"""INV-NO of a ticket: the vendor's listing number, which its unit brings along (D20).

Ours to write is a cell that is blank, that holds the number of the unit which served the ticket so
far, or that holds the contract of its sale, as older versions wrote it. Any other number was typed
by a person, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ticketops.domain.plan import Plan
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.identity import is_sold, sale_of
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, SALES, UNITS
from ticketops.schema.tables import Snapshot

DIFFERS = "INV_NO_DIFFERS"
WAS_CONTRACT = "INV_NO_WAS_CONTRACT"


class Contracts:
    """The contract numbers of Sales, which no supplier and no staff member may read."""

    def __init__(self, of_sale: Mapping[str, frozenset[str]]) -> None:
        """of_sale: {SalesID or SourceSaleID: the contracts of its rows, case forgiven}."""
        self._of_sale = of_sale
        self._all = frozenset[str]().union(*of_sale.values())

    @classmethod
    def of(cls, snapshot: Snapshot) -> Contracts:
        found: dict[str, set[str]] = {}
        for contract, *keys in (
            snapshot[SALES].frame.select("contract", "sales_id", "source_sale_id").iter_rows()
        ):
            for key in filter(None, keys):
                found.setdefault(key, set()).update({contract.casefold()} if contract else ())
        return cls({key: frozenset(contracts) for key, contracts in found.items()})

    def has(
        self, number: str | None, sales_id: str | None, source_sale_id: str | None = None
    ) -> bool:
        """Whether a number is the contract of a ticket's sale; where Sales has no such sale,
        whether it is any contract."""
        if not number:
            return False
        known = [
            self._of_sale[key]
            for key in (sale_of(sales_id), source_sale_id or "")
            if key in self._of_sale
        ]
        return number.casefold() in (frozenset[str]().union(*known) if known else self._all)


def carried(
    number: str | None, of_unit: str | None, *, before: str | None = None, is_contract: bool = False
) -> str | None:
    """What INV-NO says beside a unit that is listed as `of_unit` (None: without a unit). before:
    the number of the unit so far."""
    return of_unit if not number or number == before or is_contract else number


def differing(
    sales_id: str, row: int, number: str | None, unit_id: str, of_unit: str | None
) -> list[Finding]:
    """A finding where a number that a person typed is not that of the unit."""
    if not number or not of_unit or number.casefold() == of_unit.casefold():
        return []
    message = f"{sales_id}: INV-NO {number} was typed and stays, but {unit_id} is listed as {of_unit}; correct the wrong one"
    return [Finding(DIFFERS, Severity.LOW, message, DISTRIBUTION, row, sales_id, unit_id)]


def told_apart(plan: Plan, snapshot: Snapshot) -> None:
    """Put into the plan: every INV-NO of Distribution that is the contract of its sale becomes the
    unit's number, else blank. Those that differ from the unit's are findings."""
    contracts = Contracts.of(snapshot)
    of_units = dict(
        snapshot[UNITS]
        .frame.filter(pl.col("inv_no").is_not_null())
        .select("unit_id", "inv_no")
        .iter_rows()
    )
    frame = snapshot[DISTRIBUTION].frame.filter(pl.col("inv_no").is_not_null(), is_sold())
    changed = 0
    for row in frame.select("row", "sales_id", "source_sale_id", "inv_no", "unit_ids").iter_rows(
        named=True
    ):
        unit_id, of_unit = _of_ticket(row, of_units)
        key = row["sales_id"] or ""
        if contracts.has(row["inv_no"], key, row["source_sale_id"]):
            plan.changes.set(DISTRIBUTION, row["row"], key, {"inv_no": (row["inv_no"], of_unit)})
            changed += row["inv_no"] != of_unit
        else:
            plan.findings += differing(key, row["row"], row["inv_no"], unit_id, of_unit)
    plan.findings += no_more_contracts(changed)


def no_more_contracts(tickets: int) -> list[Finding]:
    """A finding that says how many tickets showed the contract of their sale."""
    if not tickets:
        return []
    message = f"INV-NO of {counted(tickets, 'ticket')} was the sale's contract: it is now the vendor's listing number, or blank"
    return [Finding(WAS_CONTRACT, Severity.INFO, message, DISTRIBUTION)]


def _of_ticket(row: Mapping[str, Any], of_units: Mapping[str, str]) -> tuple[str, str | None]:
    """The unit that serves a ticket, and its number."""
    unit_id = unit_ids.unit_of(row)
    return unit_id, of_units.get(unit_id)

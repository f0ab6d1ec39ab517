"""The contracts of rows that were typed into Sales and Purchases (§2): a blank cell gets what `add`
takes for the party, the day and the event; one that was typed stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from ticketops.domain.intake.typed import named_rows, open_cells
from ticketops.domain.masterdata.aliases import owners
from ticketops.domain.masterdata.contracts import Contracts
from ticketops.domain.masterdata.parties import KIND_OF
from ticketops.domain.plan import Plan, Run
from ticketops.model import states
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import CONTRACTS, SALES
from ticketops.schema.tables import Snapshot


class TypedLine(NamedTuple):
    """A row that was typed: its key, its client or vendor, and its day, which may be blank."""

    row: int
    key: str
    party: str | None
    day: datetime | None


def fill(
    plan: Plan, snapshot: Snapshot, sheet: str, lines: Sequence[TypedLine], run: Run
) -> dict[int, str]:
    """{row: contract} of the rows whose Contract is blank and is filled in; and what `add` would say of
    the contracts of all of them. A row whose Date is not understood is under none."""
    if not lines or snapshot[CONTRACTS].frame.is_empty():
        return {}
    table, owner = snapshot[sheet], owners(snapshot, KIND_OF[sheet])
    of = states.SALE_CONTRACT if sheet == SALES else states.PURCHASE_CONTRACT
    contracts = Contracts(snapshot, of, owner, run, by="in its Contract cell")
    blank, undated = open_cells(table, "contract"), open_cells(table, "date")
    given = dict(table.frame.select("row", "contract").iter_rows())
    taken: dict[int, str] = {}
    told: dict[Finding, dict[int, str]] = {}
    for row, key, party, dated in lines:
        day = dated or (run.today if row in undated else None)
        if party is None or day is None or not (given[row] or row in blank):
            continue
        contract, said = contracts.chosen(given[row] or "", party, day)
        for one in said:
            told.setdefault(one, {})[row] = key
        if contract and not given[row]:
            taken[row] = contract
            plan.changes.set(sheet, row, key, {"contract": (None, contract)})
    for one, keys in told.items():
        text = f"{named_rows(sheet, keys, keys)}: {one.message}"
        first = next(iter(keys))
        plan.findings.append(structs.replace(one, message=text, sheet=sheet, row=first))
    return taken

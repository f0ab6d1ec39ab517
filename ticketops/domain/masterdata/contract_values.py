"""How much may be traded under a contract (§2): its MaxValue against what the lines of its ledger come
to, in its own currency (D24)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import polars as pl

from ticketops.domain.intake.faults import NOWHERE, Fault, Place
from ticketops.domain.intake.typed import named_rows
from ticketops.domain.masterdata import users
from ticketops.domain.masterdata.contracts import Contract, contracts_of
from ticketops.domain.masterdata.rates import Rates
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotPermittedError, RuleError
from ticketops.model import roles, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import recorded_total
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import CONTRACTS, SALES
from ticketops.schema.tables import Snapshot

_ENDED = (states.CANCELLED, states.REJECTED)


class Traded(NamedTuple):
    """What a line of Sales or Purchases comes to, and under which contract. before: what it came to
    under that contract until now; place: where the command has it; row: where the sheet has it."""

    contract: str | None
    currency: str | None
    amount: Decimal
    before: Decimal = Decimal(0)
    place: Place = NOWHERE
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A contract that lines go beyond: what it allows and what comes together under it, in its
    currency."""

    contract: Contract
    most: Decimal
    currency: str
    total: Decimal
    lines: tuple[Traded, ...]

    def __str__(self) -> str:
        return f"contract {self.contract.ref} allows {self.most:,.2f} {self.currency}; with these lines it comes to {self.total:,.2f}"


def beyond(
    snapshot: Snapshot, sheet: str, lines: Iterable[Traded], run: Run
) -> tuple[list[Exceeded], list[Finding]]:
    """The contracts that lines of Sales or Purchases (`sheet`) go beyond, with all that lives in the
    sheet under them; and what can't be compared with them. Lines that add nothing go beyond none."""
    asked: dict[str | None, list[Traded]] = {}
    for line in lines:
        if line.contract and line.amount > line.before:
            asked.setdefault(name_key(line.contract), []).append(line)
    if not asked:
        return [], []
    exceeded: list[Exceeded] = []
    told: list[Finding] = []
    named = {name_key(one.ref): one for one in reversed(contracts_of(snapshot))}
    unclear = {one.row for one in snapshot[CONTRACTS].misfits if one.column == "max_value"}
    rates = Rates(snapshot)
    for key, traded in asked.items():
        contract = named.get(key)
        if contract is None:
            continue
        if contract.row in unclear:
            text = f"the MaxValue of contract {contract.ref} is not understood: nothing under it is compared"
            told.append(_doubt("CONTRACT_NOT_UNDERSTOOD", text, contract))
        if contract.max_value is None:
            continue
        currency = contract.currency or run.currency
        amounts = _recorded(snapshot, sheet, contract, [line.row for line in traded], run)
        more: dict[str, Decimal] = defaultdict(Decimal)
        for line in traded:
            amounts[line.currency or run.currency] += line.amount
            more[line.currency or run.currency] += line.amount - line.before
        if said := rates.not_compared(currency, amounts):
            text = f"the MaxValue of contract {contract.ref} is in {currency}: {said} under it is not compared; `currency set --rate` makes it comparable"
            told.append(_doubt("CONTRACT_CURRENCY", text, contract))
        most, total = Decimal(str(contract.max_value)), rates.total(currency, amounts)
        if rates.total(currency, more) > 0 and total > most:
            exceeded.append(Exceeded(contract, most, currency, total, tuple(traded)))
    return exceeded, told


def _doubt(code: str, text: str, contract: Contract) -> Finding:
    return Finding(code, Severity.LOW, text, CONTRACTS, contract.row)


def _recorded(
    snapshot: Snapshot, sheet: str, contract: Contract, without: Sequence[int | None], run: Run
) -> dict[str, Decimal]:
    """{currency: what the living rows of a sheet come to under a contract}; without: rows that are
    counted by themselves."""
    columns = ("row", "contract", "currency", "number", "price", "total")
    frame = snapshot[sheet].frame.drop_nulls("contract")
    if sheet == SALES:
        frame = frame.filter(~pl.col("status").is_in(_ENDED).fill_null(False))
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row, ref, currency, number, price, total in frame.select(columns).iter_rows():
        if row not in without and name_key(ref) == name_key(contract.ref):
            found[currency or run.currency] += recorded_total(number, price, total)
    return found


class Room:
    """What may still be traded under the contracts of a ledger, while lines come one after the
    other."""

    def __init__(self, snapshot: Snapshot, sheet: str, run: Run) -> None:
        self._snapshot, self._sheet, self._run = snapshot, sheet, run
        self._contracts = {name_key(one.ref): one for one in reversed(contracts_of(snapshot))}
        self._rates = Rates(snapshot) if self._contracts else None
        self._amounts: dict[str | None, dict[str, Decimal]] = {}

    def take(self, line: Traded) -> Exceeded | None:
        """The contract that a line would go beyond: then it does not count. One that goes beyond
        none counts for those that follow."""
        key = name_key(line.contract)
        contract = self._contracts.get(key) if key else None
        if contract is None or contract.max_value is None or self._rates is None:
            return None
        if key not in self._amounts:
            recorded = _recorded(self._snapshot, self._sheet, contract, (), self._run)
            self._amounts[key] = recorded
        currency = contract.currency or self._run.currency
        own = line.currency or self._run.currency
        after = {**self._amounts[key], own: self._amounts[key].get(own, Decimal(0)) + line.amount}
        most, total = Decimal(str(contract.max_value)), self._rates.total(currency, after)
        if self._rates.total(currency, {own: line.amount}) > 0 and total > most:
            return Exceeded(contract, most, currency, total, (line,))
        self._amounts[key] = after
        return None


def require_within(
    snapshot: Snapshot,
    sheet: str,
    lines: Iterable[Traded],
    run: Run,
    faults: list[Fault],
    *,
    force: bool,
) -> list[Finding]:
    """What is to be told of lines that a command records; one that goes beyond its contract is a
    fault, unless an ops_manager forces it."""
    exceeded, told = beyond(snapshot, sheet, lines, run)
    for one in exceeded:
        place = one.lines[0].place
        if not force:
            error = RuleError(str(one), "an ops_manager goes beyond it with --force")
            faults.append(Fault(place, error))
            continue
        try:
            users.require(run, roles.OPS_MANAGER, "going beyond a contract")
        except NotPermittedError as error:
            faults.append(Fault(place, error))
        row = one.contract.row
        told.append(Finding("CONTRACT_EXCEEDED", Severity.INFO, str(one), CONTRACTS, row))
    return told


def report(
    plan: Plan, snapshot: Snapshot, sheet: str, grown: Mapping[int, tuple[int, int]], run: Run
) -> None:
    """What is to be told of rows that an expansion of the sheet makes tickets or units for: where `add`
    would refuse them for the contract that they have by then. grown: {row: how many it had and has}."""
    grown = {row: (had, has) for row, (had, has) in grown.items() if has > had}
    if not grown or snapshot[CONTRACTS].frame.is_empty():
        return
    after = snapshot.after(plan.changes)
    frame = after[sheet].frame.filter(pl.col("row").is_in(list(grown)))
    columns = ("row", after[sheet].sheet.key, "contract", "currency", "price")
    lines, keys = [], {}
    for row, key, contract, currency, price in frame.select(columns).iter_rows():
        keys[row] = key
        had, has = (recorded_total(number, price, None) for number in grown[row])
        lines.append(Traded(contract, currency, has, had, row=row))
    exceeded, told = beyond(after, sheet, lines, run)
    plan.findings += told
    for one in exceeded:
        rows = [line.row for line in one.lines if line.row is not None]
        text = f"{named_rows(sheet, rows, keys)}: {one}; `add` would refuse it"
        plan.findings.append(Finding("CONTRACT_EXCEEDED", Severity.MEDIUM, text, sheet, rows[0]))

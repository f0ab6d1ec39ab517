"""What clients owe, and the limit of their credit (§4, D24). A client without a limit has no end of
credit; one with a limit of 0 has none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ticketops.domain.masterdata import users
from ticketops.domain.masterdata.aliases import client_keys
from ticketops.domain.masterdata.rates import Rates
from ticketops.domain.money import accounts, ledger
from ticketops.domain.plan import Run
from ticketops.domain.selling.oversell import Growth
from ticketops.errors import RuleError
from ticketops.model import roles, states
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import DEFAULT_CURRENCY, recorded_total
from ticketops.schema.layouts.event import CLIENTS, SALES
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Over:
    """A client whose credit a sale exceeds: what it owes already, and what the sale adds, in the
    currency of the limit."""

    client: str
    limit: Decimal
    currency: str
    owed: Decimal
    more: Decimal

    def __str__(self) -> str:
        beyond = self.owed + self.more - self.limit
        owes = "owes" if self.owed >= 0 else "has paid in advance"
        said = f"{self.client} {owes} {abs(self.owed):,.2f} {self.currency} and has a credit of {self.limit:,.2f}"
        if not self.more:
            return f"{said}: {beyond:,.2f} beyond it"
        return f"{said}: {self.more:,.2f} more exceeds it by {beyond:,.2f}"


@dataclass(frozen=True, slots=True)
class _Limit:
    client: str
    amount: Decimal
    currency: str


class Line(NamedTuple):
    """What a sale line of a client comes to from now on. currency: blank for the usual one. row: where
    it stands, of one that is recorded already; paid: whether it says PAID from now on."""

    client: str | None
    currency: str | None
    total: Decimal
    row: int | None = None
    paid: bool = False


class Credit:
    """The limits of a workbook's clients, and what they owe by the ledger (D24). What they paid in
    advance frees credit.

    override: the reason of a manager for going beyond them; totals: {row of Sales: what it comes
    to}, where that is not what the sheet says. Raises NotPermittedError for an override by somebody
    else.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        run: Run,
        override: str,
        *,
        totals: Mapping[int, Decimal] | None = None,
    ) -> None:
        if override:
            users.require(run, roles.OPS_MANAGER, "going beyond a client's credit")
        self._run = run
        self._snapshot = snapshot
        self._totals = dict(totals or {})
        self._key = client_keys(snapshot)
        self._limits = {self._key(limit.client): limit for limit in _limits(snapshot, run)}
        self._owed: dict[str | None, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self._spare: dict[int, Decimal] = {}
        if self._limits:
            self._rates = Rates(snapshot)
            books = self._books()
            self._spare = {line.due.row: line.spare for line in books.lines if line.spare}
            for (key, currency), sum_ in books.owed().items():
                self._owed[key][currency] = sum_

    def __bool__(self) -> bool:
        """Whether any client has a limit."""
        return bool(self._limits)

    def key(self, client: str | None) -> str | None:
        """How a client's name is compared: its aliases are the client."""
        return self._key(client)

    def _books(
        self, totals: Mapping[int, Decimal] | None = None, paid: Mapping[int, bool] | None = None
    ) -> ledger.Ledger:
        books = accounts.of_sales(
            self._snapshot,
            self._run,
            only=self._limits.__contains__,
            totals=self._totals | dict(totals or {}),
            paid=paid,
        )
        return books.ledger

    def more(self, line: Line) -> Decimal:
        """By how much more its client owes for a line; less than nothing where it owes less."""
        key = self._key(line.client)
        if line.row is None or key not in self._limits:
            return line.total
        account = key, line.currency or self._run.currency
        after = self._books({line.row: line.total}, {line.row: line.paid}).owed()
        return after.get(account, Decimal(0)) - self._owed[key][account[1]]

    def grown(self, row: int, more: Decimal) -> Decimal:
        """By how much more its client owes for a line that costs so much more: what was paid for it
        beyond its total comes first."""
        return max(Decimal(0), more - self._spare.get(row, Decimal(0)))

    def owe(self, client: str | None, currency: str | None, more: Decimal) -> None:
        """That a client owes more from now on."""
        self._owed[self._key(client)][currency or self._run.currency] += more

    def over(self, client: str | None, currency: str | None, more: Decimal) -> Over | None:
        """Whether so much more exceeds a client's credit; None where it does not, or where nothing
        is added."""
        limit = self._limits.get(self._key(client))
        if limit is None or more <= 0:
            return None
        added = self._rates.total(limit.currency, {currency or self._run.currency: more})
        owed = self._rates.total(limit.currency, self._owed[self._key(client)])
        if owed + added <= limit.amount:
            return None
        return Over(limit.client, limit.amount, limit.currency, owed, added)

    def owed_beyond(self, client: str | None) -> Over | None:
        """Whether what a client owes already exceeds its credit."""
        limit = self._limits.get(self._key(client))
        if limit is None:
            return None
        owed = self._rates.total(limit.currency, self._owed[self._key(client)])
        if owed <= limit.amount:
            return None
        return Over(limit.client, limit.amount, limit.currency, owed, Decimal(0))

    def not_compared(self, clients: Iterable[str | None]) -> list[Finding]:
        """What clients owe in a currency that can't be compared with that of their limit."""
        found = []
        for key in dict.fromkeys(map(self._key, clients)):
            limit = self._limits.get(key)
            if limit is None:
                continue
            if said := self._rates.not_compared(limit.currency, self._owed[key]):
                message = f"the credit of {limit.client} is in {limit.currency}: {said} that it owes is not counted; `currency set --rate` makes it comparable"
                found.append(Finding("CREDIT_NOT_COMPARED", Severity.LOW, message, SALES))
        return found


def judged(
    snapshot: Snapshot, lines: Iterable[Line], run: Run, *, override: str = ""
) -> tuple[dict[int, Over], list[Finding]]:
    """{place of a line: what it exceeds}, and what is to be told. The lines of a client are one
    sale: where all of them together exceed its credit, each of them does. override: the reason of a
    manager for going beyond it.

    Raises NotPermittedError for an override by somebody else.
    """
    credit = Credit(snapshot, run, override)
    if not credit:
        return {}, []
    listed = list(lines)
    sums: dict[tuple[str | None, str], Decimal] = defaultdict(Decimal)
    for line in listed:
        sums[credit.key(line.client), line.currency or run.currency] += credit.more(line)
    exceeded: dict[str | None, Over] = {}
    for (key, currency), more in sums.items():
        over = credit.over(key, currency, more)
        if over is not None:
            exceeded[key] = over
        credit.owe(key, currency, more)
    told = credit.not_compared(line.client for line in listed)
    if override:
        told += [overridden(over, override) for over in exceeded.values()]
    found = {
        place: exceeded[credit.key(line.client)]
        for place, line in enumerate(listed)
        if credit.key(line.client) in exceeded
    }
    return found, told


def beyond(
    snapshot: Snapshot, growth: Iterable[Growth], run: Run, *, override: str = ""
) -> tuple[dict[int, Over], list[Finding]]:
    """{row of Sales: what it exceeds} of the lines that an expansion makes tickets for, one after
    the other, and what is to be told. Without an override their tickets are not made. Where lines
    that have their tickets exceed it, as their price or client changed in the sheet, that is told;
    with an override, they are among the lines.

    Raises NotPermittedError for an override by somebody who may not.
    """
    lines = list(growth)
    credit = Credit(
        snapshot,
        run,
        override,
        totals={
            one.sale.row: recorded_total(
                0 if one.sale.ended else one.had, one.sale.price or 0.0, None
            )
            for one in lines
        },
    )
    if not credit:
        return {}, []
    columns = ("row", "currency", "payment_status", "credit_overridden")
    said = {row: rest for row, *rest in snapshot[SALES].frame.select(columns).iter_rows()}
    live = [one for one in lines if not one.sale.ended and said[one.sale.row][1] != states.PAID]
    changed = _changed(credit, live, {row for row, rest in said.items() if rest[2]})
    found: dict[int, Over] = changed if override else {}
    for one in live:
        sale, currency = one.sale, said[one.sale.row][0]
        more = credit.grown(sale.row, recorded_total(one.gets, sale.price or 0.0, None))
        over = credit.over(sale.client, currency, more)
        if over is not None:
            found[sale.row] = over
        if over is None or override:
            credit.owe(sale.client, currency, more)
    told = credit.not_compared(one.sale.client for one in live if one.gets)
    if not override:
        told += [_stands(over, row) for row, over in changed.items()]
    return found, told + [
        overridden(over, override, row) if override else _withheld(over, row)
        for row, over in found.items()
    ]


def _changed(credit: Credit, live: list[Growth], allowed: set[int]) -> dict[int, Over]:
    """{row: what its client owes} of the last line of every client whose lines with tickets exceed
    its credit by themselves, though no manager allowed one of them. allowed: the rows of such."""
    overridden_keys = {credit.key(one.sale.client) for one in live if one.sale.row in allowed}
    last = {credit.key(one.sale.client): one.sale for one in live if one.had}
    return {
        sale.row: over
        for key, sale in last.items()
        if key not in overridden_keys and (over := credit.owed_beyond(sale.client)) is not None
    }


def _stands(over: Over, row: int) -> Finding:
    """That lines which have their tickets go beyond it."""
    message = f"Sales row {row}: {over}, by lines that have their tickets: an ops_manager allows it with sale expand --override-credit and the reason"
    return Finding("CREDIT_EXCEEDED", Severity.HIGH, message, SALES, row)


def _withheld(over: Over, row: int) -> Finding:
    """That the tickets of a line in the sheet are not made."""
    message = f"Sales row {row}: {over}; its tickets are not made: an ops_manager makes them with sale expand --override-credit and the reason"
    return Finding("CREDIT_EXCEEDED", Severity.HIGH, message, SALES, row)


def refusal(over: Over) -> RuleError:
    """What somebody is told who may not go beyond it."""
    return RuleError(
        str(over), "an ops_manager records it anyway with --override-credit and the reason"
    )


def overridden(over: Over, reason: str, row: int | None = None) -> Finding:
    """That a manager went beyond it."""
    return Finding("CREDIT_OVERRIDDEN", Severity.INFO, f"{over}; overridden: {reason}", SALES, row)


def mark(changes: ChangeSet, row: int, sales_id: str, reason: str) -> None:
    """A sale line keeps that a manager went beyond its client's credit, and why (§4)."""
    cells = {"credit_overridden": (None, True), "credit_reason": (None, reason)}
    changes.set(SALES, row, sales_id, cells)


def _limits(snapshot: Snapshot, run: Run) -> list[_Limit]:
    frame = snapshot[CLIENTS].frame.select("client", "credit_limit", "credit_currency")
    unclear = {
        misfit.row for misfit in snapshot[CLIENTS].misfits if misfit.column == "credit_limit"
    }
    found = [
        _Limit(client, Decimal(str(limit)), currency or run.currency)
        for client, limit, currency in frame.drop_nulls(["client", "credit_limit"]).iter_rows()
    ]
    rows = snapshot[CLIENTS].frame.select("row", "client").drop_nulls().iter_rows()
    return found + [
        _Limit(client, Decimal(0), DEFAULT_CURRENCY) for row, client in rows if row in unclear
    ]

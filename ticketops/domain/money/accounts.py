"""The ledgers of a workbook: what clients owe for Sales, and what is owed to vendors for Purchases
(D24). A line that was typed and not expanded yet is not owed yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

import polars as pl
from msgspec import Struct, field

from ticketops.domain.masterdata.aliases import CLIENT, VENDOR, party_keys
from ticketops.domain.money.ledger import NOTHING, Due, Ledger, Payment, Settled, settle
from ticketops.domain.plan import Run
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import exact, recorded_total
from ticketops.schema.layouts.event import PAYMENTS, PURCHASES, REFUNDS, SALES
from ticketops.schema.tables import Snapshot

WAITS, REFUND, CREDIT, NO_REFUND = states.REFUND_DECISION
_SETTLES = {CLIENT: states.IN, VENDOR: states.OUT}
"""{kind of party: the direction in which money settles a line of it}"""
ENDED = (states.CANCELLED, states.REJECTED)


class Decided(Struct):
    """What the refunds of a sale say. gone: what was to be paid for what it no longer has; waiting:
    what of that nobody decided yet; due: what is to be paid back."""

    gone: Decimal = NOTHING
    waiting: Decimal = NOTHING
    due: Decimal = NOTHING
    credited: Decimal = NOTHING
    kept: Decimal = NOTHING


Only = Callable[[str | None], bool]
"""Whether a party, as it is compared, counts."""


class Books(Struct, frozen=True):
    """A ledger with what it was made of. party: how a name is compared."""

    kind: str
    ledger: Ledger
    party: Callable[[str | None], str | None]
    refunds: Mapping[str, Decided] = field(default_factory=dict)

    def by_row(self) -> dict[int, Settled]:
        """{row of the sheet: the line with its money}."""
        return {line.due.row: line for line in self.ledger.lines}


def of_sales(
    snapshot: Snapshot,
    run: Run,
    *,
    only: Only | None = None,
    totals: Mapping[int, Decimal] | None = None,
    paid: Mapping[int, bool] | None = None,
    until: datetime | None = None,
) -> Books:
    """What clients owe. only: of these clients; totals: {row of Sales: what it comes to}, paid: {row:
    whether it says PAID}, in place of what the sheet says; until: by the sales and payments up to
    this day.

    Reads Sales, _PAYMENTS, _REFUNDS, and _ALIASES as far as it was read.
    """
    party = party_keys(snapshot, CLIENT)
    refunds = refunds_of(snapshot)
    frame = snapshot[SALES].frame.filter(pl.col("source_sale_id").is_not_null())
    columns = ("row", "sales_id", "client", "currency", "number", "price", "total", "status")
    dues = []
    for row, ref, client, currency, number, price, total, status, says, date in frame.select(
        *columns, "payment_status", "date"
    ).iter_rows():
        key = party(client)
        if (only is not None and not only(key)) or _later(date, until):
            continue
        amount = NOTHING if status in ENDED else recorded_total(number, price, total)
        decided = refunds.get(ref or "", Decided())
        dues.append(
            Due(
                row,
                ref,
                key,
                currency or run.currency,
                (totals or {}).get(row, amount),
                date,
                (paid or {}).get(row, says == states.PAID),
                gone=decided.gone,
                credited=decided.credited,
                kept=decided.kept,
            )
        )
    return Books(CLIENT, settle(dues, payments_of(snapshot, CLIENT, run, until)), party, refunds)


def refundable(snapshot: Snapshot, ref: str, run: Run) -> Decimal | None:
    """What payments brought for a sale beyond what it comes to, and no refund promised yet (less
    than nothing where more is promised); None where no payment names it, so that only its
    PaymentStatus says whether it was paid."""
    if not snapshot[PAYMENTS].frame.height:
        return None
    own = snapshot[SALES].frame.filter(pl.col("sales_id") == ref)["client"].to_list()
    party = party_keys(snapshot, CLIENT)
    books = of_sales(snapshot, run, only={party(name) for name in own}.__contains__)
    line = next((one for one in books.ledger.lines if one.due.ref == ref), None)
    if line is None or not line.by_payment:
        return None
    decided = books.refunds.get(ref, Decided())
    promised = decided.waiting + max(NOTHING, decided.due - line.returned)
    return line.spare - promised


def of_purchases(snapshot: Snapshot, run: Run, *, until: datetime | None = None) -> Books:
    """What is owed to vendors. until: as `of_sales` has it. Reads Purchases, _PAYMENTS, and _ALIASES as far as it was read."""
    party = party_keys(snapshot, VENDOR)
    frame = snapshot[PURCHASES].frame.filter(pl.col("purchase_id").is_not_null())
    dues = [
        Due(
            row,
            ref,
            party(vendor),
            currency or run.currency,
            recorded_total(number, price, total),
            date,
            bool(prepaid),
            exact(deposit),
        )
        for row, ref, vendor, currency, number, price, total, date, prepaid, deposit in frame.select(
            *("row", "purchase_id", "vendor", "currency", "number", "price", "total", "date"),
            *("prepaid", "deposit"),
        ).iter_rows()
        if not _later(date, until)
    ]
    return Books(VENDOR, settle(dues, payments_of(snapshot, VENDOR, run, until)), party)


def _later(date: datetime | None, until: datetime | None) -> bool:
    return date is not None and until is not None and date > until


def payments_of(
    snapshot: Snapshot, kind: str, run: Run, until: datetime | None = None
) -> list[Payment]:
    """The payments with clients or vendors that count: those that are not VOID, and whose amount and
    direction are understood."""
    party = party_keys(snapshot, kind)
    name = "client" if kind == CLIENT else "vendor"
    frame = snapshot[PAYMENTS].frame.filter(
        pl.col("status").ne_missing(states.VOID),
        pl.col(name).is_not_null(),
        pl.col("amount") > 0,
        pl.col("direction").is_in(states.DIRECTION),
    )
    columns = ("row", name, "currency", "amount", "paid_for", "direction", "date")
    return [
        Payment(
            row,
            party(whose),
            currency or run.currency,
            exact(amount) if direction == _SETTLES[kind] else -exact(amount),
            split_refs(refs),
        )
        for row, whose, currency, amount, refs, direction, date in frame.select(columns).iter_rows()
        if not _later(date, until)
    ]


def split_refs(text: str | None) -> tuple[str, ...]:
    """What a payment is for: `S147, S148` → ("S147", "S148")."""
    return tuple((text or "").replace(",", " ").replace(";", " ").split())


def refunds_of(snapshot: Snapshot) -> dict[str, Decided]:
    """{SalesID: what its refunds say}."""
    found: dict[str, Decided] = defaultdict(Decided)
    columns = ("sales_id", "amount", "decision", "decided_amount")
    for ref, amount, decision, decided in snapshot[REFUNDS].frame.select(columns).iter_rows():
        named = ids.exact_sales_id(ref)
        if named is None:
            continue
        of, gone, back = found[named.parent], exact(amount), exact(decided)
        of.gone += gone
        if decision in (None, WAITS):
            of.waiting += gone
            continue
        of.due += back if decision == REFUND else NOTHING
        of.credited += back if decision == CREDIT else NOTHING
        of.kept += max(NOTHING, gone - (back if decision in (REFUND, CREDIT) else NOTHING))
    return found


def unclear(snapshot: Snapshot, books: Iterable[Books], kind: str = "") -> list[Finding]:
    """The payments (of clients or vendors only, by `kind`) that count for nothing, or not for what
    they name, and why."""
    table = snapshot[PAYMENTS]
    astray = {row for one in books for row in one.ledger.astray}
    found = []
    columns = ("row", "payment_id", "client", "vendor", "amount", "direction", "status", "paid_for")
    for row, pm, client, vendor, amount, direction, status, refs in table.frame.select(
        columns
    ).iter_rows():
        other = {CLIENT: vendor, VENDOR: client}.get(kind)
        if status == states.VOID or other:
            continue
        if not amount or amount < 0 or direction not in states.DIRECTION or not (client or vendor):
            text = f"{pm or 'a payment'} counts for nothing: it needs a Direction, a Client or a Vendor, and an Amount above 0"
            found.append(Finding("PAYMENT_UNCLEAR", Severity.MEDIUM, text, PAYMENTS, row))
        elif row in astray:
            text = f"{pm or 'a payment'} counts as on account: {client or vendor} has no {refs} in its currency"
            found.append(Finding("PAYMENT_ASTRAY", Severity.MEDIUM, text, PAYMENTS, row))
    return found

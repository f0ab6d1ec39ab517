"""Fees (§13): what a platform or a delivery costs beside the price of a sale or purchase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import polars as pl
from msgspec import Struct, structs

from ticketops.domain.money import refs
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import exact
from ticketops.model.results import shallow
from ticketops.schema.layouts.event import FEES, PURCHASES, SALES
from ticketops.schema.tables import Snapshot


class Given(Struct, frozen=True):
    """A fee as it is to be recorded. currency: blank for that of the sale or purchase."""

    kind: str
    what: str
    amount: Decimal
    date: datetime
    currency: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FeeSet:
    """`fee add` and `fee void`: a row of _FEES. fee_for: a SalesID, a PurchaseID or a listing number,
    which several purchases share."""

    fee_id: str | None
    date: datetime | None
    kind: str | None
    fee_for: str | None
    amount: float | None
    currency: str | None
    note: str | None
    status: str
    void_reason: str | None
    user: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeeRow(FeeSet):
    """The same with the row where it is."""

    row: int


@dataclass(frozen=True, slots=True)
class FeeList:
    """`fee list`, in sheet order."""

    fees: tuple[FeeRow, ...]


class Fee(Struct, frozen=True):
    """A fee that counts, with the SalesID or the PurchaseIDs that bear it; neither where its For is
    not understood."""

    row: int
    amount: Decimal
    currency: str
    sale: str = ""
    purchases: tuple[str, ...] = ()


def plan_add(snapshot: Snapshot, given: Given, run: Run) -> Plan:
    """Record a fee of a sale, a purchase, or all purchases of a listing number. Raises NotFoundError
    for what nobody knows, RuleError where its purchases have several currencies."""
    if refs.is_sale(given.what):
        what, sheet, key = refs.sale(snapshot, given.what), SALES, "sales_id"
        named = [what]
    else:
        named, sheet, key = refs.purchases(snapshot, given.what), PURCHASES, "purchase_id"
        what = named[0] if len(named) == 1 else given.what.strip()
    frame = snapshot[sheet].frame.filter(pl.col(key).is_in(named))
    currencies = {code or run.currency for code in frame["currency"]}
    if not given.currency and len(currencies) > 1:
        raise RuleError(f"{what} is in {' and '.join(sorted(currencies))}", "give --currency")
    plan = Plan()
    whole = structs.replace(given, what=what, currency=given.currency or currencies.pop())
    (plan.result,) = record(plan, snapshot, [whole], run)
    return plan


def record(plan: Plan, snapshot: Snapshot, fees: Sequence[Given], run: Run) -> list[FeeSet]:
    """Write down fees of which it is known what they are for, and in which currency."""
    table = snapshot[FEES]
    first = ids.next_number(ids.FEE_ID, table.frame["fee_id"])
    made = [
        FeeSet(
            ids.fee_id(number),
            one.date,
            one.kind,
            one.what,
            float(one.amount),
            one.currency,
            one.note or None,
            states.RECORDED,
            None,
            run.user,
            run.now,
        )
        for number, one in enumerate(fees, first)
    ]
    if made:
        columns = tuple(shallow(made[0]))
        rows = [tuple(shallow(one).values()) for one in made]
        plan.changes.append(FEES, table.next_row, columns, rows)
    return made


def plan_void(snapshot: Snapshot, fee_id: str, *, reason: str) -> Plan:
    """Make a fee count for nothing. Raises NotFoundError, and RuleError where it is VOID already."""
    wanted = pl.col("fee_id").str.to_uppercase() == ids.read_fee_id(fee_id)
    frame = snapshot[FEES].frame.filter(wanted)
    if not frame.height:
        raise NotFoundError(f"there is no fee {fee_id}", "`ticketops fee list` shows all")
    row = frame.row(0, named=True)
    if row["status"] == states.VOID:
        raise RuleError(f"{row['fee_id']} is already {states.VOID}: {row['void_reason'] or ''}")
    told = row | {"status": states.VOID, "void_reason": reason}
    plan = Plan(result=FeeSet(**{name: told[name] for name in FeeSet.__dataclass_fields__}))
    cells = {name: (row[name], told[name]) for name in ("status", "void_reason")}
    plan.changes.set(FEES, row["row"], row["fee_id"] or "", cells)
    return plan


def fee_list(snapshot: Snapshot, what: str, run: Run, *, void: bool) -> Plan:
    """The fees, those of one sale or purchase only where it is named; and those that are unclear."""
    known = standing(snapshot, run)
    wanted = set(refs.purchases(snapshot, what)) if what and not refs.is_sale(what) else set()
    bearing = {
        fee.row for fee in known if fee.sale == refs.plain(what) or wanted & set(fee.purchases)
    }
    rows = []
    for row in snapshot[FEES].frame.iter_rows(named=True):
        if (row["status"] == states.VOID and not void) or (what and row["row"] not in bearing):
            continue
        told = row | {"status": row["status"] or states.RECORDED}
        rows.append(FeeRow(**{name: told[name] for name in FeeRow.__dataclass_fields__}))
    return Plan(findings=unclear(snapshot, known), result=FeeList(tuple(rows)))


def standing(snapshot: Snapshot, run: Run) -> list[Fee]:
    """The fees that are not VOID and have an amount."""
    sales = set(snapshot[SALES].frame["sales_id"])
    listed: dict[str, list[str]] = {}
    frame = snapshot[PURCHASES].frame.select("purchase_id", "inv_no").drop_nulls("purchase_id")
    for ref, inv_no in frame.iter_rows():
        listed.setdefault(ref, []).append(ref)
        if inv_no:
            listed.setdefault(inv_no, []).append(ref)
    fees = snapshot[FEES].frame.filter(
        pl.col("status").ne_missing(states.VOID), pl.col("amount") > 0
    )
    found = []
    for row, what, amount, currency in fees.select(
        "row", "fee_for", "amount", "currency"
    ).iter_rows():
        ref = refs.plain(what or "")
        fee = Fee(row, exact(amount), currency or run.currency)
        if ref in sales:
            fee = Fee(row, fee.amount, fee.currency, sale=ref)
        elif ref in listed:
            fee = Fee(row, fee.amount, fee.currency, purchases=tuple(listed[ref]))
        found.append(fee)
    return found


def unclear(snapshot: Snapshot, fees: list[Fee]) -> list[Finding]:
    """The fees of which nobody knows what they are for."""
    named = dict(snapshot[FEES].frame.select("row", "fee_for").iter_rows())
    return [
        Finding(
            "FEE_UNCLEAR",
            Severity.MEDIUM,
            f"{FEES} row {fee.row}: there is no sale, purchase or listing number {named[fee.row] or ''!r}",
            FEES,
            fee.row,
        )
        for fee in fees
        if not fee.sale and not fee.purchases
    ]

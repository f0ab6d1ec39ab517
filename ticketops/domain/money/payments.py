"""Payments (§13, §14e, D24): recorded, made void, listed. One payment is in one currency, from or to
one client or vendor; only what was paid is paid back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.masterdata.aliases import CLIENT, VENDOR, clients, vendors
from ticketops.domain.money import accounts, issued, refs
from ticketops.domain.money.accounts import Books, Decided
from ticketops.domain.money.ledger import NOTHING, Settled
from ticketops.domain.money.parties import names_in
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import exact, said
from ticketops.model.names import same_name
from ticketops.schema.layouts.event import PAYMENTS, PURCHASES, SALES
from ticketops.schema.tables import Snapshot


class Given(Struct, frozen=True):
    """A payment as it is to be recorded. client or vendor: blank where its lines say whose it is.
    refs: the sales or purchases that it is for; none: on account. currency: blank for that of its
    lines. back: it is paid back: to a client, or by a vendor."""

    amount: Decimal
    date: datetime
    client: str = ""
    vendor: str = ""
    refs: tuple[str, ...] = ()
    currency: str = ""
    ref: str = ""
    note: str = ""
    back: bool = False


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A row of _PAYMENTS. paid_for: the SalesIDs or PurchaseIDs that it settles; blank: on
    account."""

    row: int
    payment_id: str | None
    date: datetime | None
    direction: str | None
    client: str | None
    vendor: str | None
    amount: float | None
    currency: str | None
    paid_for: str | None
    ref: str | None
    note: str | None
    status: str
    void_reason: str | None
    user: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentList:
    """`payment list`, in sheet order."""

    payments: tuple[PaymentRow, ...]


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line that a payment names, as it is from now on. payment_status: of a sale."""

    ref: str
    total: float
    paid: float
    outstanding: float
    payment_status: str | None


@dataclass(frozen=True, slots=True)
class Paid:
    """`payment add` and `payment void`. lines: those that the payment names; on_account: what of its
    party's money in its currency settles no line."""

    payment_id: str
    direction: str
    client: str | None
    vendor: str | None
    amount: float
    currency: str
    lines: tuple[PaidLine, ...]
    on_account: float


class Which(Struct, frozen=True):
    """The payments that a list is to show. Blank: any; void: those that are VOID, too."""

    client: str = ""
    vendor: str = ""
    ref: str = ""
    void: bool = False


def plan_add(snapshot: Snapshot, given: Given, run: Run) -> Plan:
    """Record a payment. A sale that it settles whole says PAID from now on.

    Raises UsageError where nobody is named, NotFoundError and UnclearNameError for whom or what
    nobody knows, RuleError for lines of another party or currency, for lines that are CANCELLED, and
    for more than can be paid back.
    """
    plan = Plan()
    kind = _kind(given)
    read = refs.sale if kind == CLIENT else refs.purchase
    named = tuple(dict.fromkeys(read(snapshot, text) for text in given.refs))
    given = _whose(snapshot, plan, replace(given, refs=named), kind, run)
    books = books_of(snapshot, kind, run)
    lines = _lines(books, given, kind)
    currency = given.currency or (lines[0].due.currency if lines else run.currency)
    given = replace(given, currency=currency)
    if given.back:
        _require_payable(books, lines, given, kind)
    else:
        plan.findings += _beyond(lines, given)
    plan.findings += _again(snapshot, given)
    table = snapshot[PAYMENTS]
    number = ids.next_number(ids.PAYMENT_ID, table.frame["payment_id"])
    row = {
        "payment_id": ids.payment_id(number),
        "date": given.date,
        "direction": states.IN if (kind == CLIENT) != given.back else states.OUT,
        "client": given.client or None,
        "vendor": given.vendor or None,
        "amount": float(given.amount),
        "currency": currency,
        "paid_for": " ".join(named) or None,
        "ref": given.ref or None,
        "note": given.note or None,
        "status": states.RECORDED,
        "user": run.user,
        "created_at": run.now,
    }
    plan.changes.append(PAYMENTS, table.next_row, tuple(row), [tuple(row.values())])
    _tell(plan, snapshot, books, row, run)
    return plan


def plan_void(snapshot: Snapshot, payment_id: str, run: Run, *, reason: str) -> Plan:
    """Make a payment count for nothing; its row and its number stay. A sale that is no longer settled
    by payments is INVOICED again where an invoice names it, else PENDING.

    Raises NotFoundError where there is none, RuleError where it is VOID already.
    """
    wanted = pl.col("payment_id").str.to_uppercase() == ids.read_payment_id(payment_id)
    frame = snapshot[PAYMENTS].frame.filter(wanted)
    if not frame.height:
        raise NotFoundError(
            f"there is no payment {payment_id}", "`ticketops payment list` shows all"
        )
    row = frame.row(0, named=True)
    if row["status"] == states.VOID:
        raise RuleError(f"{row['payment_id']} is already {states.VOID}: {row['void_reason'] or ''}")
    plan = Plan()
    kind = CLIENT if row["client"] else VENDOR
    books = books_of(snapshot, kind, run)
    cells = {"status": (row["status"], states.VOID), "void_reason": (row["void_reason"], reason)}
    plan.changes.set(PAYMENTS, row["row"], row["payment_id"] or "", cells)
    _tell(plan, snapshot, books, row, run)
    return plan


def payment_list(snapshot: Snapshot, which: Which, run: Run) -> Plan:
    """The payments of a client or vendor, or for a line; and those of them that count for nothing."""
    found = []
    ref = refs.plain(which.ref)
    own_refs = {ref} if not ref or refs.is_sale(ref) else set(refs.purchases(snapshot, ref))
    names = {
        "client": names_in(snapshot, PAYMENTS, CLIENT, which.client, run),
        "vendor": names_in(snapshot, PAYMENTS, VENDOR, which.vendor, run),
    }
    for row in snapshot[PAYMENTS].frame.iter_rows(named=True):
        if row["status"] == states.VOID and not which.void:
            continue
        if which.ref and not own_refs & set(accounts.split_refs(row["paid_for"])):
            continue
        if any(keys is not None and row[of] not in keys for of, keys in names.items()):
            continue
        told = row | {"status": row["status"] or states.RECORDED}
        found.append(PaymentRow(**{name: told[name] for name in PaymentRow.__slots__}))
    books = [books_of(snapshot, kind, run) for kind in (CLIENT, VENDOR)]
    return Plan(findings=accounts.unclear(snapshot, books), result=PaymentList(tuple(found)))


def books_of(snapshot: Snapshot, kind: str, run: Run) -> Books:
    """The ledger of clients or vendors."""
    made = accounts.of_sales if kind == CLIENT else accounts.of_purchases
    return made(snapshot, run)


def _kind(given: Given) -> str:
    if given.client and given.vendor:
        raise UsageError("give either --client or --vendor")
    if given.client or given.vendor:
        return CLIENT if given.client else VENDOR
    if not given.refs:
        raise UsageError("give --client or --vendor, or --for and the sales or purchases")
    return CLIENT if all(map(refs.is_sale, given.refs)) else VENDOR


def _whose(snapshot: Snapshot, plan: Plan, given: Given, kind: str, run: Run) -> Given:
    """The same with its client or vendor as the workbook calls it."""
    column = "client" if kind == CLIENT else "vendor"
    text = given.client or given.vendor
    if text:
        directory = (clients if kind == CLIENT else vendors)(snapshot, run.chosen)
        where = SALES if kind == CLIENT else PURCHASES
        found = directory.require(text, where=where, insist="")
        plan.findings += found.said(column)
        return replace(given, **{column: found.name})
    sheet, key = (SALES, "sales_id") if kind == CLIENT else (PURCHASES, "purchase_id")
    frame = snapshot[sheet].frame.filter(pl.col(key) == given.refs[0])
    name = frame[column].to_list()[0]
    if not name:
        raise RuleError(f"{given.refs[0]} has no {column} in {sheet}", f"give --{column}")
    return replace(given, **{column: name})


def _lines(books: Books, given: Given, kind: str) -> list[Settled]:
    """The lines that a payment names. Raises RuleError where they are not of its party or of one
    currency."""
    by_ref = {line.due.ref: line for line in reversed(books.ledger.lines)}
    found = []
    whose = given.client or given.vendor
    for ref in given.refs:
        line = by_ref.get(ref)
        if line is None:
            command = "sale" if kind == CLIENT else "purchase"
            raise RuleError(f"{ref} is not expanded yet", f"`ticketops {command} expand` does it")
        if line.due.party != books.party(whose):
            raise RuleError(f"{ref} is not of {whose}", "record a payment for each of them")
        found.append(line)
    named = {line.due.currency for line in found} | ({given.currency} if given.currency else set())
    if len(named) > 1:
        each = " and ".join(f"{line.due.ref} is in {line.due.currency}" for line in found)
        raise RuleError(
            f"{each}: a payment has one currency"
            + (f", not {given.currency}" * bool(given.currency)),
            "record a payment for each currency",
        )
    return found


def _beyond(lines: Sequence[Settled], given: Given) -> list[Finding]:
    """That a payment is more than its lines still ask for."""
    if not lines:
        return []
    still = sum((max(NOTHING, line.due.total - line.own) for line in lines), NOTHING)
    if given.amount <= still:
        return []
    last = lines[-1].due.ref
    text = f"{said(given.amount - still, given.currency)} more than is open: it stays with {last} until it is paid back"
    return [Finding("PAYMENT_EXCEEDS", Severity.LOW, text, PAYMENTS)]


def _again(snapshot: Snapshot, given: Given) -> list[Finding]:
    """That a payment with the same reference and amount is recorded already."""
    if not given.ref:
        return []
    frame = snapshot[PAYMENTS].frame.filter(pl.col("status").ne_missing(states.VOID))
    for row, known, ref, amount in frame.select("row", "payment_id", "ref", "amount").iter_rows():
        if same_name(ref or "", given.ref) and exact(amount) == given.amount:
            text = f"{known} has the reference {ref} and the same amount: is it recorded twice? `payment void` takes one back"
            return [Finding("RECORDED_TWICE", Severity.LOW, text, PAYMENTS, row)]
    return []


def _require_payable(books: Books, lines: Sequence[Settled], given: Given, kind: str) -> None:
    """Raises RuleError where less can be paid back."""
    if not lines:
        whose = books.party(given.client or given.vendor), given.currency
        most, of = max(NOTHING, books.ledger.left.get(whose, NOTHING)), "on account"
    else:
        most = sum((line.spare for line in lines), NOTHING)
        of = " ".join(given.refs)
        waits = [r for r in given.refs if books.refunds.get(r, Decided()).waiting]
        if waits:
            raise RuleError(
                f"the refund of {waits[0]} waits for a decision",
                f"`ticketops refund decide {waits[0]}` decides it",
            )
    if given.amount <= most:
        return
    hint = (
        "`sale cancel` or `sale set` takes tickets off it, `refund decide` says what is paid back"
    )
    raise RuleError(
        f"{of}: {said(most, given.currency)} can be paid back, not {said(given.amount, given.currency)}",
        hint if kind == CLIENT and lines else "only what was paid can be paid back",
    )


def _tell(plan: Plan, snapshot: Snapshot, books: Books, row: dict[str, Any], run: Run) -> None:
    """The result of a payment, and PaymentStatus of the sales that it names."""
    after = books_of(snapshot.after(plan.changes), books.kind, run)
    before = {line.due.row: line for line in books.ledger.lines}
    wanted = {ref: n for n, ref in enumerate(accounts.split_refs(row["paid_for"]))}
    whose = after.party(row["client"] or row["vendor"])
    says = dict(snapshot[SALES].frame.select("row", "payment_status").iter_rows())
    invoiced = issued.by_sale(snapshot)
    told = []
    for line in after.ledger.lines:
        due = line.due
        if due.ref not in wanted or due.party != whose:
            continue
        status = None
        if books.kind == CLIENT:
            status = says[due.row]
            unpaid = states.PAYMENT_STATUS[due.ref in invoiced]
            now = _status(status, before[due.row], line, unpaid)
            plan.changes.set(SALES, due.row, due.ref or "", {"payment_status": (status, now)})
            if now != status:
                text = f"{due.ref} is {now} now"
                plan.findings.append(
                    Finding("PAYMENT_STATUS", Severity.INFO, text, SALES, due.row, due.ref or "")
                )
            status = now
        paid = min(due.total, max(NOTHING, line.own)) + line.from_account
        told.append(
            PaidLine(due.ref or "", float(due.total), float(paid), float(line.outstanding), status)
        )
    currency = row["currency"] or run.currency
    plan.result = Paid(
        row["payment_id"] or "",
        row["direction"],
        row["client"],
        row["vendor"],
        float(row["amount"] or 0),
        currency,
        tuple(sorted(told, key=lambda one: wanted[one.ref])),
        float(after.ledger.left.get((whose, currency), NOTHING)),
    )


def _status(status: str | None, before: Settled, after: Settled, unpaid: str) -> str | None:
    """What a sale says of its payment once its payments changed; unpaid: where they settle it no
    longer."""
    if not after.due.total:  # cancelled: what was paid of it counts no longer if that was no money
        bounced = before.by_payment and not after.by_payment
        return unpaid if bounced and status == states.PAID else status
    if _settled(after) == _settled(before):
        return status
    if _settled(after):
        return states.PAID
    return unpaid if status == states.PAID else status


def _settled(line: Settled) -> bool:
    """Whether payments that name a line come to all of it."""
    return line.by_payment and line.own >= line.due.total

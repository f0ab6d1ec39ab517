"""The ledger (D24): lines of Sales or Purchases, what was paid for each, what is open. Pure
arithmetic, in cents; nothing is ever summed or settled across currencies.

A payment that names lines settles these, in their order; what it brings too much stays with the last
of them. Any other one is on account and settles the oldest lines. A line that says PAID and was named
by no payment counts as paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

NOTHING = Decimal(0)
Account = tuple[str | None, str]
"""(how a party is compared, currency)."""


class Due(Struct, frozen=True):
    """What a line comes to. row: where it stands; ref: what payments call it; party: how its client
    or vendor is compared.

    paid: it says that it is. deposit: what was paid of it before any payment. gone: what was to be
    paid for tickets that it no longer has. credited: what of its money is on account now; kept: what
    of it is not paid back.
    """

    row: int
    ref: str | None
    party: str | None
    currency: str
    total: Decimal
    date: datetime | None = None
    paid: bool = False
    deposit: Decimal = NOTHING
    gone: Decimal = NOTHING
    credited: Decimal = NOTHING
    kept: Decimal = NOTHING

    @property
    def account(self) -> Account:
        return self.party, self.currency


class Payment(Struct, frozen=True):
    """Money that settles lines (amount above 0) or that was paid back (below it). row: where it
    stands; refs: the lines that it is for; none: it is on account."""

    row: int
    party: str | None
    currency: str
    amount: Decimal
    refs: tuple[str, ...] = ()


class Settled(Struct, frozen=True):
    """A line and its money. received: what was paid for it; returned: what of that was paid back;
    from_account: what the oldest lines get of payments on account. by_payment: whether a payment
    that names it settles it."""

    due: Due
    received: Decimal = NOTHING
    returned: Decimal = NOTHING
    from_account: Decimal = NOTHING
    by_payment: bool = False

    @property
    def own(self) -> Decimal:
        """What of its own money is left with it."""
        return self.received - self.returned - self.due.credited

    @property
    def outstanding(self) -> Decimal:
        """What is still to be paid."""
        return max(NOTHING, self.due.total - self.own) - self.from_account

    @property
    def spare(self) -> Decimal:
        """What was paid beyond its total, and neither paid back nor kept."""
        beyond = max(NOTHING, self.own - self.due.total)
        return beyond - min(beyond, self.due.kept)

    @property
    def kept(self) -> Decimal:
        """What was paid beyond its total and is kept."""
        return max(NOTHING, self.own - self.due.total) - self.spare


class Ledger(Struct, frozen=True):
    """All lines with their money, in their order. left: what is on account and settles no line; less
    than nothing where more was paid back than came. astray: the rows of payments that name lines of which
    there is none of their party and currency: they count as on account."""

    lines: tuple[Settled, ...]
    left: Mapping[Account, Decimal]
    astray: tuple[int, ...]

    def owed(self) -> dict[Account, Decimal]:
        """What each party owes; less than nothing where it paid in advance."""
        sums: dict[Account, Decimal] = defaultdict(lambda: NOTHING)
        for line in self.lines:
            sums[line.due.account] += line.outstanding
        for account, left in self.left.items():
            sums[account] -= left
        return dict(sums)


def settle(dues: Sequence[Due], payments: Iterable[Payment]) -> Ledger:
    """The lines with their payments, which count in their order."""
    place = {
        (due.ref, due.account): number for number, due in reversed(list(enumerate(dues))) if due.ref
    }
    received = [due.deposit for due in dues]
    returned = [NOTHING] * len(dues)
    settling = [False] * len(dues)
    named = [False] * len(dues)
    account: dict[Account, Decimal] = defaultdict(lambda: NOTHING)
    astray = []
    for payment in payments:
        whose = payment.party, payment.currency
        found = [place[r, whose] for r in dict.fromkeys(payment.refs) if (r, whose) in place]
        if not found:
            account[whose] += payment.amount
            if payment.refs:
                astray.append(payment.row)
            continue
        left = abs(payment.amount)
        for number in found:
            named[number] = True
            has = received[number] - returned[number] - dues[number].credited
            room = _room(dues[number], has, returned[number]) if payment.amount > 0 else has
            part = left if number == found[-1] else min(left, max(room, NOTHING))
            left -= part
            if payment.amount > 0:
                received[number] += part
                settling[number] = settling[number] or part > 0
            else:
                returned[number] += part
    lines = []
    for number, due in enumerate(dues):
        if due.paid and not settling[number]:
            received[number] = max(received[number], due.total + due.gone)
        elif not named[number]:  # what is on account now must have been paid
            received[number] = max(received[number], due.credited)
        account[due.account] += due.credited
        lines.append(Settled(due, received[number], returned[number], NOTHING, settling[number]))
    return Ledger(*_from_account(lines, account), tuple(astray))


def _room(due: Due, has: Decimal, returned: Decimal) -> Decimal:
    """What a line still takes of a payment for several: what it comes to, and what was paid for
    tickets that it no longer has, as far as that neither was paid back nor is on account. What is
    refunded, credited or kept of it was decided of this money: another line can't have it, too."""
    return due.total + max(NOTHING, due.gone - returned - due.credited) - has


def _from_account(
    lines: list[Settled], account: dict[Account, Decimal]
) -> tuple[tuple[Settled, ...], Mapping[Account, Decimal]]:
    """What is on account settles the oldest lines of its party and currency first."""
    oldest = sorted(range(len(lines)), key=lambda n: (lines[n].due.date or datetime.max, n))
    for number in oldest:
        line = lines[number]
        part = min(line.outstanding, account.get(line.due.account, NOTHING))
        if part > 0:
            account[line.due.account] -= part
            lines[number] = replace(line, from_account=part)
    return tuple(lines), {key: left for key, left in account.items() if left}

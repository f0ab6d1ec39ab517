"""The ledger (D24) against another one that counts coins: every payment is laid down cent by cent, on
the first line of those it names that still lacks one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.money.ledger import Due, Payment, settle

ACME, ZED = "acme", "zed"


def due(ref: str, total: object, day: int = 1, **more: object) -> Due:
    known = {"party": ACME, "currency": "USD", **more}
    return Due(int(ref[1:]), ref, total=Decimal(str(total)), date=datetime(2026, 1, day), **known)  # type: ignore[arg-type]


def paid(amount: object, *refs: str, party: str = ACME, currency: str = "USD") -> Payment:
    return Payment(0, party, currency, Decimal(str(amount)), refs)


def opened(dues: Sequence[Due], *payments: Payment) -> list[str]:
    return [str(line.outstanding) for line in settle(dues, payments).lines]


@pytest.mark.parametrize(
    ("payments", "left"),
    [
        ([], ["100", "50"]),
        ([paid(40, "S1")], ["60", "50"]),
        ([paid(140, "S1")], ["0", "50"]),
        ([paid(120, "S1", "S2")], ["0", "30"]),
        ([paid(120, "S2", "S1")], ["30", "0"]),
        ([paid(120)], ["30", "0"]),
        ([paid(120), paid(60, "S2")], ["0", "0"]),
        ([paid(500, party=ZED), paid(500, currency="EUR")], ["100", "50"]),
        ([paid(500, "S1", party=ZED), paid(500, "S1", currency="EUR")], ["100", "50"]),
        ([paid(100, "S1"), paid(-30, "S1")], ["30", "50"]),
        ([paid(70), paid(-30)], ["100", "10"]),
        ([paid(70, "S9")], ["80", "0"]),
    ],
)
def test_two_lines_of_which_the_second_is_older(payments: list[Payment], left: list[str]) -> None:
    assert opened([due("S1", 100, 2), due("S2", 50, 1)], *payments) == left


def test_a_line_that_says_paid_is_paid_until_a_payment_says_how_much() -> None:
    says = due("S1", 100, paid=True, gone=Decimal(60))
    assert opened([says]) == ["0"]
    assert opened([says], paid(-60, "S1")) == ["0"]
    assert settle([says], []).lines[0].spare == 60
    assert settle([says], [paid(-60, "S1")]).lines[0].spare == 0
    assert opened([says], paid(30, "S1")) == ["70"]


def test_a_credit_pays_the_oldest_line_and_what_is_kept_pays_none() -> None:
    gone = due("S1", 0, gone=Decimal(90), paid=True, credited=Decimal(50), kept=Decimal(40))
    made = settle([gone, due("S2", 80)], [])
    told = [tuple(map(int, (line.outstanding, line.spare, line.kept))) for line in made.lines]
    assert told == [(0, 0, 40), (30, 0, 0)]


PARTIES = st.sampled_from([(ACME, "USD"), (ACME, "EUR"), (ZED, "USD")])
LINES = st.lists(
    st.tuples(st.integers(0, 30), PARTIES, st.integers(1, 3), st.integers(0, 9)),
    min_size=1,
    max_size=5,
)
PAYMENTS = st.lists(
    st.tuples(st.integers(1, 40), PARTIES, st.lists(st.integers(0, 5), max_size=3)), max_size=7
)


@given(LINES, PAYMENTS)
def test_it_agrees_with_one_that_counts_coins(
    lines: list[tuple[int, tuple[str, str], int, int]],
    payments: list[tuple[int, tuple[str, str], list[int]]],
) -> None:
    dues = [
        due(f"S{n}", Decimal(total) / 100, day, party=who, currency=currency)
        for n, (total, (who, currency), day, _) in enumerate(lines)
    ]
    lies: Counter[int] = Counter()
    bank: Counter[tuple[str, str]] = Counter()
    for coins, whose, named in payments:
        own = [n for n in dict.fromkeys(named) if n < len(lines) and lines[n][1] == whose]
        for _ in range(coins):
            lacking = [n for n in own if lies[n] < lines[n][0]] or own[-1:]
            if lacking:
                lies[lacking[0]] += 1
            else:
                bank[whose] += 1
    for n in sorted(range(len(lines)), key=lambda n: (lines[n][2], n)):
        while lies[n] < lines[n][0] and bank[lines[n][1]]:
            bank[lines[n][1]] -= 1
            lies[n] += 1
    made = settle(
        dues,
        [
            paid(Decimal(coins) / 100, *(f"S{n}" for n in named), party=who, currency=currency)
            for coins, (who, currency), named in payments
        ],
    )
    for n, line in enumerate(made.lines):
        assert line.outstanding * 100 == max(0, lines[n][0] - lies[n])
        assert line.spare * 100 == max(0, lies[n] - lines[n][0])
    assert {key: left * 100 for key, left in made.left.items()} == {
        key: left for key, left in bank.items() if left
    }


@pytest.mark.slow
@given(LINES, PAYMENTS, st.data())
def test_nothing_is_lost_whatever_was_paid_back_credited_or_kept(
    lines: list[tuple[int, tuple[str, str], int, int]],
    payments: list[tuple[int, tuple[str, str], list[int]]],
    data: st.DataObject,
) -> None:
    dues = []
    for n, (total, (who, currency), day, other) in enumerate(lines):
        says, credit = data.draw(st.booleans()), data.draw(st.integers(0, other))
        more = {
            "gone": Decimal(other),
            "credited": Decimal(credit),
            "kept": Decimal(other - credit),
        }
        dues.append(due(f"S{n}", total, day, party=who, currency=currency, paid=says, **more))
    signs = data.draw(st.lists(st.sampled_from([1, -1]), min_size=7, max_size=7))
    moved = [
        paid(sign * coins, *(f"S{n}" for n in named), party=who, currency=currency)
        for sign, (coins, (who, currency), named) in zip(signs, payments, strict=False)
    ]
    made = settle(dues, moved)
    for whose in {(ACME, "USD"), (ACME, "EUR"), (ZED, "USD")}:
        own = [line for line in made.lines if line.due.account == whose]
        came = sum(line.received - line.returned for line in own)
        on_account = sum(one.amount for one in moved if (one.party, one.currency) == whose) - sum(
            part
            for one in moved
            if (one.party, one.currency) == whose and _names(one, own)
            for part in [one.amount]
        )
        asked = sum(line.due.total for line in own)
        left = made.left.get(whose, Decimal(0))
        unused = sum(line.spare + line.kept for line in own)
        assert asked + unused + left == came + on_account + sum(line.outstanding for line in own)


def _names(payment: Payment, own: Sequence[object]) -> bool:
    return bool({line.due.ref for line in own} & set(payment.refs))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("decided", "back", "spare", "owed"),
    [
        ({}, 0, 101, "50.99"),
        ({}, 101, 0, "50.99"),
        ({"kept": Decimal(41)}, 0, 60, "50.99"),
        ({"kept": Decimal(41)}, 60, 0, "50.99"),
        ({"credited": Decimal(101)}, 0, 0, "-50.01"),
    ],
)
@pytest.mark.parametrize("says", [True, False])
def test_what_was_decided_of_a_cancelled_line_is_not_money_of_the_next(
    decided: dict[str, Decimal], back: int, spare: int, owed: str, says: bool
) -> None:
    """One payment of 150 for lines of 101 and 99.99; then the first is cancelled."""
    dues = [due("S1", 0, paid=says, gone=Decimal(101), **decided), due("S2", "99.99")]
    payments = [paid(150, "S1", "S2"), *([paid(-back, "S1")] if back else [])]
    made = settle(dues, payments)
    assert made.owed() == {(ACME, "USD"): Decimal(owed)}
    assert sum(line.spare for line in made.lines) == spare

"""Lines of an import that go beyond a limit (§2, §4): each is wrong by itself, so that the others can be
taken. What a line was refused for does not count against those that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ticketops.domain.intake.imported import Options
from ticketops.domain.intake.reading import price_of
from ticketops.domain.intake.resolving import Traded
from ticketops.domain.intake.rows import Faults, Line
from ticketops.domain.masterdata import contract_values, scopes
from ticketops.domain.masterdata.contracts import Contracts
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.plan import Run
from ticketops.domain.selling import credit
from ticketops.domain.selling.availability import left_before
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.money import line_total
from ticketops.schema.layouts.event import CONTRACTS, PURCHASES
from ticketops.schema.tables import Snapshot

Of = tuple[Line, Traded, str]
"""A line, what it is of, and its client or vendor."""


def contracts(
    snapshot: Snapshot,
    sheet: str,
    lines: Sequence[Of],
    directory: Directory,
    options: Options,
    faults: Faults,
    run: Run,
) -> None:
    """Lines of a ledger that go beyond the value of their contract are wrong, unless that is
    forced."""
    if options.force or snapshot[CONTRACTS].frame.is_empty():
        return
    kind = states.PURCHASE_CONTRACT if sheet == PURCHASES else states.SALE_CONTRACT
    known = Contracts(snapshot, kind, directory.owner, run)
    room = contract_values.Room(snapshot, sheet, run)
    for line, _, party in lines:
        ref, _ = known.chosen(line.text("contract"), party, line.date or run.today)
        amount = line_total(line.quantity, price_of(line))
        traded = contract_values.Traded(ref, line.currency or run.currency, amount)
        if over := room.take(traded):
            faults.add(
                line.number,
                "contract" if line.text("contract") else "total",
                "CONTRACT_EXCEEDED",
                str(over),
                "an ops_manager goes beyond it with --force",
            )


def clients(
    snapshot: Snapshot,
    lines: Sequence[Of],
    directory: Directory,
    options: Options,
    faults: Faults,
    run: Run,
) -> None:
    """Lines that go beyond the credit of their client are wrong, unless that is overridden. Raises
    OutOfScopeError for a client that the user may not see."""
    for client in dict.fromkeys(client for _, _, client in lines):
        scopes.require_client(run, client, directory, new=True)
    if options.override:
        return
    limits = credit.Credit(snapshot, run, "")
    if not limits:
        return
    for line, _, client in lines:
        if faults.of(line.number):
            continue
        amount, currency = line_total(line.quantity, price_of(line)), line.currency or run.currency
        if over := limits.over(client, currency, amount):
            refusal = credit.refusal(over)
            faults.add(line.number, "client", "CREDIT_EXCEEDED", refusal.message, refusal.hint)
        else:
            limits.owe(client, currency, amount)


def stock(
    snapshot: Snapshot,
    lines: Sequence[Of],
    occasion: Callable[[str, str | None], str],
    faults: Faults,
    run: Run,
) -> None:
    """Lines that ask for more than there is are wrong where the event does not allow that (§1)."""
    if run.event is None or run.event.allow_oversell:
        return
    wanted = [(occasion(of.match, of.sub_game), of.category, 0, client) for _, of, client in lines]
    promised: Counter[tuple[str, str]] = Counter()
    before = left_before(snapshot, wanted, run.now)
    for (line, _, _), (where, category, _, _), there in zip(lines, wanted, before, strict=True):
        if faults.of(line.number):
            continue
        left = max(0, there - promised[where, category])
        if line.quantity > left:
            asked = f"{counted(line.quantity, 'ticket')} of {where} {category}"
            faults.add(
                line.number,
                "qty",
                "OVERSOLD",
                f"{asked}, but {left:,} available; {run.event.called} does not allow overselling",
                "`ticketops event set --allow-oversell` lets a manager decide",
            )
        else:
            promised[where, category] += line.quantity

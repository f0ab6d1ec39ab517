"""The limits that a sale keeps to (§1, §4): its client's credit, the value of its contract, and the
stock of an event that does not allow overselling."""

from __future__ import annotations

from decimal import Decimal

from ticketops.domain.allocation.targets import Target
from ticketops.domain.intake import faults as intake_faults
from ticketops.domain.intake.faults import Fault
from ticketops.domain.masterdata import contract_values
from ticketops.domain.masterdata.contract_values import Traded
from ticketops.domain.plan import Plan, Run
from ticketops.domain.selling import credit
from ticketops.errors import RuleError
from ticketops.model import states
from ticketops.model.money import recorded_total
from ticketops.model.names import same_name
from ticketops.schema.layouts.event import SALES
from ticketops.schema.tables import Snapshot


def keep(
    plan: Plan,
    snapshot: Snapshot,
    target: Target,
    after: tuple[int | None, float | None],
    run: Run,
    *,
    force: bool,
    override: str,
    payment: str | None = None,
    contract: str | None = None,
) -> None:
    """What a sale line that changes comes to stays within its client's credit and its contract's
    value. after: its number of tickets and their price; payment, contract: where they change.

    Raises RuleError where it does not and no manager goes beyond it: the contract by `force`, the
    credit by the reason `override`, which the line keeps. Raises NotPermittedError.
    """
    terms = target.terms
    if terms.row is None:
        return
    owed = recorded_total(terms.number, terms.price, terms.total)
    amount = recorded_total(*after, terms.total)
    named = terms.contract if contract is None else contract
    same = bool(named and terms.contract and same_name(named, terms.contract))
    before = owed if same else Decimal(0)
    traded = Traded(named, terms.currency, amount, before, row=terms.row)
    wrong: list[Fault] = []
    plan.findings += contract_values.require_within(
        snapshot, SALES, [traded], run, wrong, force=force
    )
    intake_faults.refuse(wrong)
    if payment == states.PAID:
        return
    paid = (payment or terms.payment_status) == states.PAID
    line = credit.Line(target.client, terms.currency, amount, terms.row, paid)
    exceeded, told = credit.judged(snapshot, [line], run, override=override)
    plan.findings += told
    for over in exceeded.values():
        if not override:
            raise credit.refusal(over)
        credit.mark(plan.changes, terms.row, target.sales_id, override)


def oversold(said: str, run: Run) -> RuleError | None:
    """The refusal of what is above the stock of an event that does not allow that (§1); None where it
    does. said: what is above it, up to where that is said."""
    if run.event is None or run.event.allow_oversell:
        return None
    return RuleError(
        f"{said} {run.event.called} does not allow overselling",
        "`ticketops event set --allow-oversell` lets a manager decide",
    )

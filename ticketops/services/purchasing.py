"""The use cases of purchases and units (§3)."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.domain.intake.faults import Fault
from ticketops.domain.purchasing import purchases
from ticketops.engine.job import Job
from ticketops.services.sheet_groups import PURCHASING, STOCK


def purchase_add(
    lines: Sequence[purchases.PurchaseLine],
    *,
    new: bool = False,
    again: bool = False,
    faults: Sequence[Fault] = (),
) -> Job:
    """new: vendors that are near known ones are new all the same. again: the same line may come
    again. faults: what is wrong with the lines already: nothing is recorded, and all is said at
    once."""
    return Job(
        "purchase.add",
        lambda snapshot, run: purchases.plan_add(
            snapshot, lines, run, new=new, again=again, faults=faults
        ),
        STOCK,
        PURCHASING,
    )


def purchase_expand(*, confirm: bool = False) -> Job:
    return Job(
        "purchase.expand",
        lambda snapshot, run: purchases.plan_expand(snapshot, run, confirm=confirm),
        STOCK,
        PURCHASING,
    )

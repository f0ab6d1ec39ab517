"""The use cases of purchases and units (§3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ticketops.domain.intake.faults import Fault
from ticketops.domain.purchasing import purchases
from ticketops.domain.purchasing.entered import PurchaseLine
from ticketops.domain.purchasing.lots import Seat
from ticketops.domain.purchasing.terms import Terms, plan_set, seated, with_terms
from ticketops.engine.job import Job
from ticketops.errors import UsageError
from ticketops.schema.layouts.event import ALIASES, PAYMENTS, PURCHASES, UNITS, VENDORS
from ticketops.services.sheet_groups import PURCHASING, STOCK

NO_TERMS = Terms()


def purchase_add(
    lines: Sequence[PurchaseLine],
    *,
    new: bool = False,
    again: bool = False,
    force: bool = False,
    faults: Sequence[Fault] = (),
    terms: Terms = NO_TERMS,
    seats: Sequence[Seat] = (),
) -> Job:
    """new: vendors that are near known ones are new all the same. again: the same line may come
    again. force: a contract may be exceeded. terms: what was agreed of all of them; seats: of their
    units, in order. faults: what is wrong with the lines already: nothing is recorded, and all is said at
    once."""
    return Job(
        "purchase.add",
        lambda snapshot, run: with_terms(
            purchases.plan_add(
                snapshot,
                seated(lines, seats),
                run,
                new=new,
                again=again,
                force=force,
                faults=faults,
            ),
            terms,
        ),
        STOCK,
        PURCHASING,
    )


def purchase_set(purchase: str, terms: Terms) -> Job:
    return Job(
        "purchase.set",
        lambda snapshot, run: plan_set(snapshot, purchase, terms, run),
        (PURCHASES, UNITS),
        (PAYMENTS, ALIASES, VENDORS),
        f"purchase set {purchase}",
    )


def attachment(path: Path) -> str:
    """A paper as a purchase keeps it: its path and the SHA-256 of what it holds. Raises UsageError
    where it can't be read."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"--attach {path} can't be read: {error.strerror or error}") from None
    if ";" in str(path):
        raise UsageError(f"--attach {path} has a semicolon in its name")
    return f"{path} sha256:{digest}"


def purchase_expand(*, confirm: bool = False) -> Job:
    return Job(
        "purchase.expand",
        lambda snapshot, run: purchases.plan_expand(snapshot, run, confirm=confirm),
        STOCK,
        PURCHASING,
    )

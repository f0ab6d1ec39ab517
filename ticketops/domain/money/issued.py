"""Which invoices stand, and which sales they name (§13): those that no credit note cancels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from ticketops.domain.money.accounts import split_refs
from ticketops.model import states
from ticketops.schema.layouts.event import INVOICES
from ticketops.schema.tables import Snapshot


class Issued(Struct, frozen=True):
    """An invoice that stands. due: the day until which it is to be paid."""

    invoice: str
    client: str | None
    refs: tuple[str, ...]
    issued: datetime | None
    due: datetime | None


def standing(snapshot: Snapshot) -> Iterator[Issued]:
    """The invoices that stand, in sheet order."""
    frame = snapshot[INVOICES].frame
    cancelled = set(frame["cancels"].drop_nulls())
    columns = ("invoice", "kind", "client", "lines", "issued_on", "due_on")
    for invoice, kind, client, lines, issued, due in frame.select(columns).iter_rows():
        if invoice and kind != states.CREDIT_NOTE and invoice not in cancelled:
            yield Issued(invoice, client, split_refs(lines), issued, due)


def by_sale(snapshot: Snapshot) -> dict[str, Issued]:
    """{SalesID: the invoice that names it}."""
    return {ref: one for one in standing(snapshot) for ref in one.refs}

"""What payments, fees and invoices are for: whole sales and purchases, however they are named."""

from __future__ import annotations

from ticketops.domain.purchasing.named import purchase_ids
from ticketops.errors import NotFoundError
from ticketops.model import ids
from ticketops.schema.layouts.event import PURCHASES, SALES
from ticketops.schema.tables import Snapshot


def plain(text: str) -> str:
    """`s147-2` → S147: money is for whole lines; what is no SalesID stays."""
    named = ids.exact_sales_id(ids.read_sales_id(text)) if text else None
    return named.parent if named else text.strip()


def is_sale(text: str) -> bool:
    """Whether a text names a sale, or a ticket of one."""
    return ids.exact_sales_id(plain(text)) is not None


def sale(snapshot: Snapshot, text: str) -> str:
    """The SalesID of the sale that a text names. Raises NotFoundError."""
    ref = plain(text)
    if ref not in set(snapshot[SALES].frame["sales_id"]):
        raise NotFoundError(f"there is no sale {text}", "`ticketops sale list` shows all")
    return ref


def purchases(snapshot: Snapshot, text: str) -> list[str]:
    """The PurchaseIDs that a text names: one, its set, a unit of it, or a listing number, which
    several may have. Raises NotFoundError."""
    frame = snapshot[PURCHASES].frame.select("purchase_id", "inv_no").drop_nulls("purchase_id")
    named = purchase_ids(snapshot, text.strip())
    found = [ref for ref, inv_no in frame.iter_rows() if ref in named or inv_no == text.strip()]
    if not found:
        hint = "name a PurchaseID, a SetID, a UnitID or a listing number; `ticketops purchase list` shows all"
        raise NotFoundError(f"there is no purchase {text}", hint)
    return found


def purchase(snapshot: Snapshot, text: str) -> str:
    """The PurchaseID of the one purchase that a text names. Raises NotFoundError."""
    found = purchases(snapshot, text)
    if len(found) > 1:
        raise NotFoundError(f"several purchases match {text}", "name a PurchaseID or a SetID")
    return found[0]

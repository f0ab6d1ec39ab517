"""What `ticketops sale show` prints: a sale line on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ticketops.cli import listing
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.cli.session import Session
    from ticketops.domain.reporting.lists import SaleRow
    from ticketops.domain.reporting.whole_sale import SaleMoney, SaleWhole


def show(session: Session, found: SaleWhole) -> None:
    """Print a sale with its tickets, money and history; what it has none of is left out."""
    for line in _head(found.sale):
        session.out.line(line)
    tasks = {task.sales_id: task for task in found.tasks}

    def dispatch(ticket: Any) -> str:
        task = tasks.get(ticket.sales_id)
        said = [ticket.delivery, listing.shown(ticket.dispatched_at)]
        return " ".join(filter(None, [*said, *([task.task_id, task.assigned_to] if task else [])]))

    columns: listing.Columns = (
        ("Ticket", "sales_id"),
        ("Status", "status"),
        ("Unit", "unit_ids"),
        ("Seat", listing.seat),
        ("Guest", lambda ticket: " ".join(filter(None, (ticket.first_name, ticket.last_name)))),
        ("Dispatch", dispatch),
    )
    listing.table(session, found.tickets, columns)
    if found.money:
        for line in _money(found.money):
            session.out.line(line)
    listing.table(session, found.payments, _PAYMENT)
    listing.table(session, found.refunds, listing.REFUND)
    listing.table(session, found.log, listing.LOGGED)


def _head(sale: SaleRow) -> list[str]:
    price = "" if sale.price is None else f" at {listing.money(sale.price)} {sale.currency or ''}"
    number = counted(sale.quantity or 0, "ticket")
    named = [sale.sales_id, sale.client, sale.match, sale.category, f"{number}{price.rstrip()}"]
    by = f"looked after by {sale.operator}" if sale.operator else ""
    more = [
        sale.status,
        f"payment {sale.payment_status or 'unknown'}",
        f"sold {listing.shown(sale.date)}" if sale.date else "",
        f"contract {sale.contract}" if sale.contract else "",
        f"PO {sale.client_po}" if sale.client_po else "",
        by,
    ]
    texts = [sale.game, sale.instructions, sale.notes]
    return [
        " · ".join(filter(None, named)),
        " · ".join(filter(None, more)),
        *(text for text in texts if text),
    ]


def _money(money: SaleMoney) -> list[str]:
    said = [
        f"Total {listing.money(money.total)} {money.currency}",
        f"paid {listing.money(money.paid)}",
        f"open {listing.money(money.outstanding)}",
        f"in advance {listing.money(money.in_advance)}" if money.in_advance else "",
        f"invoice {money.invoice}" if money.invoice else "no invoice",
        f"due {listing.shown(money.due_on)}" if money.due_on else "",
    ]
    lines = [" · ".join(filter(None, said))]
    for one in money.margins:
        share = "" if one.margin_pct is None else f" ({one.margin_pct:,.1f} %)"
        lines.append(
            f"Margin {listing.money(one.margin)} {one.currency}{share}: revenue {listing.money(one.revenue)}"
            f", cost {listing.money(one.cost)}, fees {listing.money(one.fees)}"
        )
    return lines


_PAYMENT: listing.Columns = (
    ("Payment", "payment_id"),
    ("Date", "date"),
    ("Way", "direction"),
    ("Amount", lambda one: listing.money(one.amount)),
    ("Cur", "currency"),
    ("Ref", "ref"),
)

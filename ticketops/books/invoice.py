"""An invoice on paper: a page to print, made of templates/invoice.html, and the same as an .xlsx file.
What texts of the workbook say stays text in both: no tag, no formula, no link."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from ticketops.domain.money.invoices import InvoiceLine, InvoiceWhole
from ticketops.files import write_durably
from ticketops.model import states

_TEMPLATES = Path(__file__).parent.parent / "templates"


def write_page(whole: InvoiceWhole, path: Path, *, sender: str, contact: str) -> None:
    """Write the page. sender, contact: who issues it. Raises OSError."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    text = environment.get_template("invoice.html").render(
        whole=whole,
        one=whole.invoice,
        title=title(whole),
        sender=sender,
        contact=contact,
        lines=_lines(whole),
        rate=f"{whole.invoice.tax_rate:g}",
        money=_money,
        day=_day,
    )
    write_durably(path, lambda file: file.write(text.encode()))


def write_xlsx(whole: InvoiceWhole, path: Path, *, sender: str, contact: str) -> None:
    """Write the same as a workbook with one sheet. Raises OSError."""
    import xlsxwriter

    one, made = whole.invoice, BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(made, options) as workbook:
        workbook.set_properties({"created": one.created_at or datetime(2000, 1, 1)})
        bold, amount = (
            workbook.add_format({"bold": True}),
            workbook.add_format({"num_format": "#,##0.00"}),
        )
        sheet = workbook.add_worksheet("Invoice")
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        for place, width in enumerate((12, 52, 10, 14, 16)):
            sheet.set_column(place, place, width)
        head = (sender, contact, "", one.client, whole.address, whole.tax_id)
        for row, text in enumerate(head):
            sheet.write_string(row, 0, text or "")
        sheet.write_string(7, 0, f"{title(whole)} {one.invoice}", bold)
        sheet.write_string(8, 0, f"Date {_day(one.issued_on)}")
        sheet.write_string(
            9, 0, f"Due {_day(one.due_on)}" if one.due_on else f"Cancels {one.cancels}"
        )
        for place, header in enumerate(("Sale", "What", "Tickets", "Price", "Amount")):
            sheet.write_string(11, place, header, bold)
        row = 12
        for line in _of_paper(whole):
            sheet.write_string(row, 0, line.sales_id)
            sheet.write_string(row, 1, _what(line))
            for place, value in ((2, line.quantity), (3, line.price), (4, line.total)):
                if value is not None:
                    sheet.write_number(row, place, value, amount if place > 2 else None)
            row += 1
        for name, value in (
            ("Net", one.net),
            (f"Tax {one.tax_rate:g} %", one.tax),
            (f"Total {one.currency or ''}", one.total),
        ):
            sheet.write_string(row, 3, name, bold)
            sheet.write_number(row, 4, value, amount)
            row += 1
    write_durably(path, lambda file: file.write(made.getbuffer()))


def title(whole: InvoiceWhole) -> str:
    """What stands above its number."""
    return "Credit note" if whole.invoice.kind == states.CREDIT_NOTE else "Invoice"


def _lines(whole: InvoiceWhole) -> list[dict[str, Any]]:
    return [
        {
            "sales_id": line.sales_id,
            "what": _what(line),
            "quantity": "" if line.quantity is None else line.quantity,
            "price": "" if line.price is None else _money(line.price),
            "amount": _money(line.total),
        }
        for line in _of_paper(whole)
    ]


def _of_paper(whole: InvoiceWhole) -> tuple[InvoiceLine, ...]:
    """The lines that the paper has: where sales have changed since it was issued, what they are now
    does not come to its amounts, so that there is one line with what it was issued for."""
    if not whole.differs:
        return whole.lines
    one = whole.invoice
    total = abs(one.total)
    text = f"as of {_day(one.issued_on)}"
    return (InvoiceLine(one.lines or "", None, text, None, None, None, total),)


def _what(line: Any) -> str:
    return " · ".join(filter(None, (line.match, line.game, line.category)))


def _money(amount: float) -> str:
    return f"{amount:,.2f}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""

"""The use cases of lists of trade that come as files (§3, §4)."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.intake import fields, guests, mappings, purchases, sales, seats
from ticketops.domain.intake.imported import Options
from ticketops.domain.intake.listing import MappingLine, listed
from ticketops.engine.job import Effect, Job
from ticketops.errors import TicketopsError, UsageError
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import FEES, IMPORT_LINES, IMPORT_PROFILES, IMPORTS
from ticketops.services.book_job import email_problem
from ticketops.services.sheet_groups import ALLOCATED, PURCHASING, SELLING, STOCK
from ticketops.stores.foreign.files import read_table

_BESIDE = (IMPORT_PROFILES, IMPORTS, IMPORT_LINES)
_PREFER = {
    fields.PURCHASES: ("purchase", "bought", "einkauf", "compra", "achat"),
    fields.SALES: ("sale", "order", "sold", "verkauf", "venta", "vente"),
    fields.GUESTS: ("guest", "attendee", "gäste", "names"),
    fields.SEATS: ("seat", "sitz", "asiento"),
}
"""Words in the title of a sheet that is likely the one."""


def decimal_mark(text: str | None) -> str:
    """comma or point of `--decimal`. Raises UsageError."""
    from ticketops.domain.intake.values import MARKS

    mark = (text or "").strip().lower()
    if mark not in ("", *MARKS):
        raise UsageError(f"--decimal must be one of {', '.join(MARKS)}, not {text!r}")
    return mark


def date_order(text: str | None, setting: str) -> str:
    """dmy, mdy or ymd of `--dates`, else what the setting says. Raises UsageError."""
    from ticketops.domain.intake.values import DATE_ORDERS

    if text is None:
        return setting
    order = text.strip().lower()
    if order not in DATE_ORDERS:
        raise UsageError(f"--dates must be one of {', '.join(DATE_ORDERS)}, not {text!r}")
    return order


def read_file(file: str, kind: str, options: Options) -> ForeignTable:
    """The table of a file of a kind. Raises what the reader of foreign tables raises."""
    return read_table(
        file, sheet=options.sheet or None, header_row=options.header_row, prefer=_PREFER[kind]
    )


def given_mapping(given: list[str], kind: str) -> dict[str, str]:
    """`--map FIELD=HEADER` as {field: header}. Raises UsageError."""
    return mappings.given_mapping(given, fields.FIELDS[kind])


def read_as_before(
    file: str, kind: str, table: ForeignTable, kept: Sequence[MappingLine]
) -> ForeignTable:
    """The table of a file whose headers no mapping knows, by the sheet and header row of the first
    mapping that knows it then; else as it was read."""
    if any(mappings.fits(table, one.fingerprint) for one in kept):
        return table
    for one in kept:
        if not (one.sheet or one.header_row):
            continue
        try:
            other = read_table(
                file, sheet=one.sheet or None, header_row=one.header_row, prefer=_PREFER[kind]
            )
        except TicketopsError:
            continue
        if mappings.fits(other, one.fingerprint):
            return other
    return table


def corrections(said: str, table: ForeignTable, kind: str) -> dict[str, str]:
    """{field: header} of `FIELD=HEADER` or `FIELD=NUMBER`, several with a semicolon between. Raises
    UsageError."""
    given = given_mapping([part for part in said.split(";") if part.strip()], kind)
    return {name: mappings.header_named(table, text) for name, text in given.items()}


def import_profiles() -> Job:
    return Job(
        "import.profiles",
        lambda snapshot, _run: listed(snapshot),
        optional=(IMPORT_PROFILES,),
        effect=Effect.READS,
    )


def import_purchases(table: ForeignTable, options: Options) -> Job:
    return Job(
        "import.purchases",
        lambda snapshot, run: purchases.plan_import(snapshot, table, options, run),
        STOCK,
        (*PURCHASING, *_BESIDE, FEES),
        label=f"import purchases {table.label}",
    )


def import_sales(table: ForeignTable, options: Options) -> Job:
    return Job(
        "import.sales",
        lambda snapshot, run: sales.plan_import(snapshot, table, options, run),
        ALLOCATED,
        (*SELLING, *_BESIDE),
        label=f"import sales {table.label}",
    )


def import_guests(table: ForeignTable, options: Options) -> Job:
    return Job(
        "import.guests",
        lambda snapshot, run: guests.plan_import(snapshot, table, options, run, email_problem),
        LEDGERS,
        (*QUEUES, *_BESIDE),
        label=f"import guests {table.label}",
    )


def import_seats(table: ForeignTable, options: Options) -> Job:
    return Job(
        "import.seats",
        lambda snapshot, run: seats.plan_import(snapshot, table, options, run),
        STOCK,
        (*PURCHASING, *_BESIDE),
        label=f"import seats {table.label}",
    )

"""What is recorded a second time: stock or orders that nobody has."""

from __future__ import annotations

from ticketops.domain.masterdata.aliases import client_keys
from ticketops.domain.masterdata.who import Directory
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import PURCHASES, SALES
from ticketops.schema.tables import Snapshot

CODE = "RECORDED_TWICE"


def sales(snapshot: Snapshot, new: range) -> list[Finding]:
    """Orders among the new rows of Sales whose client and PO an older row has that did not end; one
    finding for each, which names the first."""
    client_key = client_keys(snapshot)
    columns = ("row", "client", "client_po", "status", "sales_id", "order_id")
    first: dict[tuple[str, str], str] = {}
    fresh: dict[tuple[str, str, str], tuple[int, str, str, str]] = {}
    for row, client, po, status, sales_id, order in (
        snapshot[SALES].frame.select(columns).iter_rows()
    ):
        who, which = client_key(client), name_key(po)
        if not who or not which:
            continue
        if row in new:
            fresh.setdefault((who, which, order), (row, sales_id, client, po))
        elif status not in (states.CANCELLED, states.REJECTED):
            first.setdefault((who, which), f"{sales_id or 'the sale'} in row {row}")
    return [
        Finding(
            CODE,
            Severity.LOW,
            f"{sales_id}: PO {po} of {client} is already recorded, {first[who, which]}: "
            "cancel one, or give --again if it is another order",
            SALES,
            row,
            sales_id,
        )
        for (who, which, _order), (row, sales_id, client, po) in fresh.items()
        if (who, which) in first
    ]


def purchases(snapshot: Snapshot, new: range, vendors: Directory) -> list[Finding]:
    """New rows of Purchases that say what another one says: vendor, contract, match, category,
    quantity and price. One finding for each purchase, which names the first."""
    said = ("vendor", "contract", "match", "sub_game", "category", "number", "price")
    rows = snapshot[PURCHASES].frame.select("row", *said, "purchase_id").rows()
    first: dict[tuple[object, ...], str] = {}
    twice: dict[tuple[str | None, str], list[tuple[int, str, str]]] = {}
    for row, vendor, contract, match, sub_game, category, number, price, purchase in sorted(
        rows, key=lambda values: (values[0] in new, values[0])
    ):
        if not (vendor and contract and match and category and number) or price is None:
            continue
        whose = name_key(vendors.owner(vendor)), contract
        of = ids.normalise_match(match), sub_game, name_key(category)
        line = (*whose, *of, number, round(price, 2))
        if row in new and line in first:
            what = f"{number} of {match} {category} from {vendor}, contract {contract},"
            twice.setdefault(whose, []).append((row, what, first[line]))
        first.setdefault(line, f"{purchase or 'the purchase'} in row {row}")
    found = []
    for lines in twice.values():
        row, what, before = lines[0]
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        found.append(
            Finding(
                CODE,
                Severity.LOW,
                f"{what} are already recorded, {before}{more}: undo one, or give --again if they "
                "were bought again",
                PURCHASES,
                row,
            )
        )
    return found

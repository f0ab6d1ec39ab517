"""The rows of Purchases, as an expansion reads them (§3)."""

from __future__ import annotations

from ticketops.domain.audit.unknown import unread
from ticketops.domain.catalogue.matches import texts
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.lots import Copied, Purchase
from ticketops.model import ids
from ticketops.model.findings import Finding, Severity
from ticketops.model.quantity import MAX_QUANTITY, is_quantity
from ticketops.schema.layouts.event import PURCHASES
from ticketops.schema.tables import Snapshot


def purchases_of(
    snapshot: Snapshot, run: Run, plan: Plan, only_rows: range | None
) -> list[Purchase]:
    """The rows of Purchases that ask for units, in `only_rows` where given; those that have no
    PurchaseID get one in `plan`, and findings say which can't be read. One that can't be read is
    `unread`: its units stay as they are (D16, D17)."""
    table = snapshot[PURCHASES]
    columns = ("row", "purchase_id", "number", "inv_no", "sub_game", *Copied._fields)
    sub_games = SubGames.of(snapshot)
    games = texts(snapshot)
    found: list[Purchase] = []
    seen: set[str] = set()
    bad = {m.row for m in table.misfits if m.column == "number"}
    wrong = unread(snapshot, PURCHASES) if only_rows is None else {}

    def find(code: str, severity: Severity, message: str, match: str = "") -> None:
        plan.findings.append(Finding(code, severity, message, PURCHASES, row, match=match))

    for row, purchase_id, number, inv_no, named, *said in table.frame.select(columns).iter_rows():
        if only_rows is not None and row not in only_rows:
            continue
        line = Copied(*said)
        match = line.match
        code = ids.normalise_match(match) if match else ""
        copied = line._replace(match=code, game=games.get(code, line.game))
        sub_game = sub_games.only(code) or named
        left = Purchase(
            row,
            table.index_of(row),
            purchase_id or "",
            0,
            copied,
            inv_no,
            sub_game,
            had_id=True,
            unread=True,
        )
        if row in wrong:
            plan.findings.append(wrong[row].finding())
            found.append(left)
        elif not match or not line.category:
            if number or row in bad:
                find(
                    "INCOMPLETE_PURCHASE",
                    Severity.MEDIUM,
                    "a purchase without match or category has no units",
                )
                found += [left] if purchase_id else []
        elif row in bad or not is_quantity(number):
            why = f"the Number of this purchase must be a whole number from 0 to {MAX_QUANTITY:,}"
            find("BAD_QUANTITY", Severity.MEDIUM, why, match)
            found += [left] if purchase_id else []
        elif purchase_id and purchase_id in seen:
            find(
                "DUPLICATE_PURCHASE_ID",
                Severity.HIGH,
                f"{purchase_id} is also on an earlier row",
                match,
            )
        else:
            own_id = purchase_id or (ids.purchase_id(run.new_uuid()) if number else "")
            cells = {"purchase_id": (purchase_id, own_id or None)}
            if own_id:
                cells["sub_game"] = (named, sub_game)
            plan.changes.set(PURCHASES, row, own_id, cells)
            seen.add(own_id)
            found.append(
                Purchase(
                    row,
                    table.index_of(row),
                    own_id,
                    number,
                    copied,
                    inv_no,
                    sub_game,
                    had_id=bool(purchase_id),
                )
            )
    return found

"""Procurement (§3): purchases become units.

`plan_add` records purchase lines and expands them; `plan_expand` brings _PURCHASE_UNITS into agreement with Purchases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ticketops.domain.allocation.pool import referenced_units
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule import Catalogue
from ticketops.model import ids, states
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import line_total
from ticketops.model.quantity import MAX_QUANTITY, is_quantity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, PURCHASE_META, PURCHASES, UNITS, UNITS_AUDIT

ALLOCATED_EXCEEDS = "ALLOCATED_EXCEEDS_PURCHASES_QTY"
EXTRA_REMOVED = "EXTRA_AVAILABLE_ROWS_REMOVED"
MISSING_ADDED = "MISSING_ROWS_ADDED"
ORPHAN_PRESERVED = "ORPHAN_ALLOCATED_ROW_PRESERVED"

_PURCHASE_COLUMNS = (
    "date", "match", "game", "vendor", "contract", "category", "number", "price", "total", "purchase_id", "currency",
    "notes", "user", "created_at",
)  # fmt: skip
_UNIT_COLUMNS = (
    "unit_id", "match", "game", "vendor", "contract", "category", "source_row", "created_at", "status", "set_id",
    "set_size", "set_pos", "purchase_id",
)  # fmt: skip
_COPIED = ("match", "game", "vendor", "contract", "category")
_AUDIT_COLUMNS = (
    "timestamp", "run_id", "issue", "purchase_id", "source_row", "set_id", "match", "vendor", "contract", "category",
    "purchases_qty", "allocated", "units_before", "units_after", "unit_ids",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One line of a purchase as it is entered."""

    match: str
    vendor: str
    contract: str
    category: str
    quantity: int
    unit_price: Decimal
    currency: str
    date: datetime
    notes: str = ""


@dataclass(slots=True)
class _Unit:
    row: int
    unit_id: str
    status: str
    protected: bool
    set_id: str | None
    set_pos: int
    values: dict[str, Any]


@dataclass(slots=True)
class _Purchase:
    """A row of Purchases that asks for units."""

    row: int
    index: int
    purchase_id: str
    quantity: int
    copied: tuple[str | None, ...]
    units: list[_Unit] = field(default_factory=list)


def plan_add(snapshot: Snapshot, lines: Sequence[PurchaseLine], run: Run) -> Plan:
    """Purchase lines as rows of Purchases and as units. Reads the schedule, Purchases, units and their logs.

    Raises NotFoundError or RuleError for a match or category that can't be.
    """
    catalogue = Catalogue.of(snapshot)
    rows = []
    for line in lines:
        match = catalogue.match(line.match)
        rows.append((
            line.date, match, catalogue.games.get(match) or None, line.vendor, line.contract or None,
            catalogue.category(match, line.category), line.quantity, float(line.unit_price),
            float(line_total(line.quantity, line.unit_price)), f"P_{run.new_uuid()}", line.currency, line.notes or None,
            run.user, run.now,
        ))  # fmt: skip
    added = ChangeSet()
    first_row = snapshot[PURCHASES].next_row
    added.append(PURCHASES, first_row, _PURCHASE_COLUMNS, rows)
    plan = plan_expand(snapshot.after(added), run, only_rows=range(first_row, first_row + len(rows)))
    added.extend(plan.changes)
    plan.changes = added
    plan.result["purchase_ids"] = [row[9] for row in rows]
    return plan


def plan_expand(snapshot: Snapshot, run: Run, *, only_rows: range | None = None) -> Plan:
    """Every rule of §3 steps 4 and 6: N units for N bought, never fewer than are allocated, orphans kept.

    Existing units keep their IDs and are matched by PurchaseID first, then by SourceRow (D4). only_rows: just these
    rows of Purchases, which are new. Running it again changes nothing.
    """
    plan = Plan()
    job = _Expansion(snapshot, run, plan)
    purchases = job.purchases(only_rows)
    orphans = job.assign_units(purchases) if only_rows is None else []
    for purchase in purchases:
        job.expand(purchase)
    job.orphans(orphans)
    job.finish()
    return plan


class _Expansion:
    """One expansion while it is planned."""

    def __init__(self, snapshot: Snapshot, run: Run, plan: Plan) -> None:
        self._snapshot, self._run, self._plan = snapshot, run, plan
        self._new_units: list[tuple[Any, ...]] = []
        self._meta: list[tuple[Any, ...]] = []
        self._audit: list[tuple[Any, ...]] = []
        self._removed: dict[int, str] = {}
        self._next_unit = self._first_free_unit()

    def purchases(self, only_rows: range | None) -> list[_Purchase]:
        """The rows of Purchases that ask for units; findings for those that can't be read."""
        table = self._snapshot[PURCHASES]
        columns = ("row", "purchase_id", "number", *_COPIED)
        found: list[_Purchase] = []
        seen: set[str] = set()
        bad = {m.row for m in table.misfits if m.column == "number"}
        for row, purchase_id, number, match, *rest in table.frame.select(columns).iter_rows():
            if only_rows is not None and row not in only_rows:
                continue
            category = rest[-1]
            if not match or not category:
                if number:
                    self._find("INCOMPLETE_PURCHASE", Severity.MEDIUM, row, "a purchase without match or category has no units")
                continue
            if row in bad or not is_quantity(number):
                self._find(
                    "BAD_QUANTITY",
                    Severity.MEDIUM,
                    row,
                    f"the Number of this purchase is not a whole number from 0 to {MAX_QUANTITY:,}",
                    match,
                )
                continue
            if purchase_id and purchase_id in seen:
                self._find("DUPLICATE_PURCHASE_ID", Severity.HIGH, row, f"{purchase_id} stands on an earlier row too", match)
                continue
            own_id = purchase_id or (f"P_{self._run.new_uuid()}" if number else "")
            self._plan.changes.set(PURCHASES, row, own_id, {"purchase_id": (purchase_id, own_id or None)})
            seen.add(own_id)
            copied = (ids.normalise_match(match), *rest)
            found.append(_Purchase(row, table.index_of(row), own_id, number, copied))
        return found

    def assign_units(self, purchases: list[_Purchase]) -> list[_Unit]:
        """Give every existing unit to its purchase; the units left over."""
        by_id = {p.purchase_id: p for p in purchases if p.purchase_id}
        by_index = {p.index: p for p in purchases}
        referenced = referenced_units(self._snapshot)
        frame = self._snapshot[UNITS].frame
        columns = ("row", "unit_id", "status", "sales_id", "set_id", "set_pos", "source_row", "purchase_id", "set_size", *_COPIED)
        orphans = []
        for values in frame.select(columns).iter_rows(named=True):
            status = values["status"] or states.AVAILABLE
            protected = status != states.AVAILABLE or bool(values["sales_id"]) or values["unit_id"] in referenced
            unit = _Unit(values["row"], values["unit_id"] or "", status, protected, values["set_id"], values["set_pos"] or 0, values)
            purchase = by_id.get(values["purchase_id"] or "")
            if purchase is None and not values["purchase_id"]:
                purchase = by_index.get(ids.set_source_row(values["set_id"]) or values["source_row"] or 0)
            if purchase is None:
                orphans.append(unit)
            else:
                purchase.units.append(unit)
        return orphans

    def expand(self, purchase: _Purchase) -> None:
        """Add what is missing, remove what is too much and free, refresh what a correction of the purchase changed."""
        units = sorted(purchase.units, key=lambda unit: (unit.set_pos, unit.row))
        protected = sum(unit.protected for unit in units)
        target = max(purchase.quantity, protected)
        if protected > purchase.quantity:
            self._note(ALLOCATED_EXCEEDS, purchase, protected, len(units), target, [])
        if len(units) > target:
            free = [unit for unit in units if not unit.protected]
            extra = free[-(len(units) - target) :]
            self._removed.update({unit.row: unit.unit_id for unit in extra})
            gone = {unit.row for unit in extra}
            units = [unit for unit in units if unit.row not in gone]
            self._note(EXTRA_REMOVED, purchase, protected, len(purchase.units), target, [unit.unit_id for unit in extra])
        for unit in units:
            self._refresh(unit, purchase, target)
        if len(units) < target:
            created = self._create(purchase, units, target)
            if units:
                self._note(MISSING_ADDED, purchase, protected, len(units), target, created)

    def orphans(self, units: list[_Unit]) -> None:
        """Units whose purchase is gone: allocated ones stay for ever, free ones go."""
        groups: dict[tuple[Any, ...], list[_Unit]] = {}
        for unit in units:
            groups.setdefault((unit.values["purchase_id"] or "", unit.values["source_row"], unit.set_id), []).append(unit)
        for (purchase_id, source_row, _set), members in groups.items():
            gone = _Purchase(0, source_row or 0, purchase_id, 0, tuple(members[0].values[name] for name in _COPIED))
            kept = [unit for unit in members if unit.protected]
            free = [unit for unit in members if not unit.protected]
            if kept:
                self._note(ORPHAN_PRESERVED, gone, len(kept), len(members), len(kept), [unit.unit_id for unit in kept])
            if free:
                self._removed.update({unit.row: unit.unit_id for unit in free})
                self._note(EXTRA_REMOVED, gone, len(kept), len(members), len(kept), [unit.unit_id for unit in free])

    def finish(self) -> None:
        """The collected rows as changes, and the result."""
        changes, snapshot = self._plan.changes, self._snapshot
        changes.delete(UNITS, self._removed)
        changes.append(UNITS, snapshot[UNITS].next_row, _UNIT_COLUMNS, self._new_units)
        changes.append(PURCHASE_META, snapshot[PURCHASE_META].next_row, ("unit_key", "created_at"), self._meta)
        fresh = self._unless_known(self._audit)
        changes.append(UNITS_AUDIT, snapshot[UNITS_AUDIT].next_row, _AUDIT_COLUMNS, fresh)
        self._plan.result |= {
            "units_created": len(self._new_units),
            "units_removed": len(self._removed),
            "first_unit_id": self._new_units[0][0] if self._new_units else None,
            "last_unit_id": self._new_units[-1][0] if self._new_units else None,
            "issues": [{"code": row[2], "purchase_id": row[3], "source_row": row[4]} for row in self._audit],
        }

    def _create(self, purchase: _Purchase, existing: list[_Unit], target: int) -> list[str]:
        set_id = next((unit.set_id for unit in existing if unit.set_id), None) or ids.set_id(purchase.index)
        position = max((unit.set_pos for unit in existing), default=0)
        created = []
        for _ in range(target - len(existing)):
            position += 1
            unit_id = ids.unit_id(self._next_unit)
            self._next_unit += 1
            created.append(unit_id)
            self._new_units.append((
                unit_id, *purchase.copied, purchase.index, self._run.now, states.AVAILABLE, set_id, target, position,
                purchase.purchase_id,
            ))  # fmt: skip
            self._meta.append((ids.purchase_unit_key(purchase.copied, position), self._run.now))
        return created

    def _refresh(self, unit: _Unit, purchase: _Purchase, target: int) -> None:
        """SetSize follows the target; a free unit follows its purchase, an allocated one that differs is reported."""
        old = unit.values
        cells: dict[str, Any] = {"set_size": (old["set_size"], target)}
        if not old["purchase_id"] and purchase.purchase_id:
            cells["purchase_id"] = (None, purchase.purchase_id)
        changed = {n: (old[n], v) for n, v in zip(_COPIED, purchase.copied, strict=True) if (old[n] or None) != (v or None)}
        if changed and unit.protected:
            names = ", ".join(f"{n} {a} → {b}" for n, (a, b) in changed.items())
            self._plan.findings.append(Finding(
                "PURCHASE_CHANGED_AFTER_ALLOCATION", Severity.MEDIUM,
                f"{unit.unit_id} is in use and keeps its values; its purchase now says {names}", UNITS, unit.row,
                old["sales_id"] or "", unit.unit_id, old["match"] or "", old["category"] or "",
            ))  # fmt: skip
        elif changed:
            cells |= changed
        self._plan.changes.set(UNITS, unit.row, unit.unit_id, cells)

    def _note(self, issue: str, purchase: _Purchase, allocated: int, before: int, after: int, unit_ids: Sequence[str]) -> None:
        match, _game, vendor, contract, category = purchase.copied
        set_id = ids.set_id(purchase.index) if purchase.index else None
        self._audit.append((
            self._run.now, self._run.run_id, issue, purchase.purchase_id or None, purchase.index or None, set_id, match, vendor,
            contract, category, purchase.quantity, allocated, before, after, _listed(unit_ids),
        ))  # fmt: skip
        if issue in (ALLOCATED_EXCEEDS, ORPHAN_PRESERVED):
            what = {
                ALLOCATED_EXCEEDS: f"{allocated} units are in use but the purchase says {purchase.quantity}",
                ORPHAN_PRESERVED: f"{allocated} units in use have no purchase any more; they are kept",
            }[issue]
            row = purchase.row or None
            sheet = PURCHASES if row else UNITS
            self._plan.findings.append(Finding(issue, Severity.HIGH, what, sheet, row, match=match or "", category=category or ""))

    def _unless_known(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Standing issues are logged once: rows whose like is the newest of their kind are left out."""
        newest: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        kind = ("issue", "purchase_id", "source_row", "set_id")
        figures = ("purchases_qty", "allocated", "unit_ids")
        for values in self._snapshot[UNITS_AUDIT].frame.select(*kind, *figures).iter_rows():
            newest[values[:4]] = values[4:]
        fresh = []
        for row in rows:
            standing = row[2] in (ALLOCATED_EXCEEDS, ORPHAN_PRESERVED)
            if not standing or newest.get(row[2:6]) != (row[10], row[11], row[14]):
                fresh.append(row)
        return fresh

    def _first_free_unit(self) -> int:
        """Above every UnitID there is or was: those removed earlier stand in the audit and are never given again."""
        known = list(self._snapshot[UNITS].frame["unit_id"])
        for cell in self._snapshot[UNITS_AUDIT].frame["unit_ids"].drop_nulls():
            known.extend(_unlisted(cell))
        if DISTRIBUTION in self._snapshot.tables:
            known.extend(referenced_units(self._snapshot))
        return ids.next_number(ids.UNIT_ID, known)

    def _find(self, code: str, severity: Severity, row: int, message: str, match: str = "") -> None:
        self._plan.findings.append(Finding(code, severity, message, PURCHASES, row, match=match or ""))


def _listed(unit_ids: Iterable[str]) -> str | None:
    """UnitIDs as a cell: `P00001, P00002`; long lists as their first and last."""
    known = sorted(unit_ids)
    if len(known) > 50:
        return f"{known[0]} … {known[-1]} ({len(known)})"
    return ", ".join(known) or None


def _unlisted(cell: str) -> list[str]:
    return cell.replace(",", " ").split()

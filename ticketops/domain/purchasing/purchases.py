"""Procurement (§3): purchases become units.

`plan_add` records purchase lines and expands them; `plan_expand` brings _PURCHASE_UNITS into
agreement with Purchases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Any

from ticketops.domain.audit.checks import UNIT_TWICE
from ticketops.domain.audit.refused import refused_by_add
from ticketops.domain.audit.safeguard import confirmed
from ticketops.domain.catalogue import follow
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.intake import again as twice
from ticketops.domain.intake import faults as intake_faults
from ticketops.domain.intake import typed as completion
from ticketops.domain.intake.faults import Fault
from ticketops.domain.masterdata import contract_values, parties
from ticketops.domain.masterdata.aliases import VENDOR, vendors
from ticketops.domain.masterdata.contract_values import Traded
from ticketops.domain.masterdata.contracts import Contracts
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing import typed
from ticketops.domain.purchasing.entered import FURTHER, FreeSeats, PurchaseLine, filled
from ticketops.domain.purchasing.given import KEY_CHANGED, changed_ids
from ticketops.domain.purchasing.lots import (
    NO_SEAT,
    UNIT_COLUMNS,
    AuditRow,
    Copied,
    Purchase,
    Seat,
    Unit,
    listed,
)
from ticketops.domain.purchasing.numbers import Numbers
from ticketops.domain.purchasing.rows import purchases_of
from ticketops.domain.ticket.owners import Owners
from ticketops.domain.ticket.unit_ids import referenced_units
from ticketops.model import ids, states
from ticketops.model.changes import ChangeSet
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import line_total
from ticketops.model.names import name_key
from ticketops.model.results import shallow
from ticketops.schema.layouts.event import PURCHASE_META, PURCHASES, UNITS, UNITS_AUDIT
from ticketops.schema.tables import Snapshot

ALLOCATED_EXCEEDS = "ALLOCATED_EXCEEDS_PURCHASES_QTY"
EXTRA_REMOVED = "EXTRA_AVAILABLE_ROWS_REMOVED"
MISSING_ADDED = "MISSING_ROWS_ADDED"
ORPHAN_PRESERVED = "ORPHAN_ALLOCATED_ROW_PRESERVED"
UNIT_WITHOUT_PURCHASE = "UNIT_WITHOUT_PURCHASE"


@dataclass(frozen=True, slots=True)
class Issue:
    """A purchase whose units did not agree with it; `code` as in _PURCHASE_UNITS_AUDIT."""

    code: str
    purchase_id: str | None
    source_row: int | None
    """The data row of the purchase (D4)."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """The numbers of created and removed units, and the first and last created UnitIDs."""

    units_created: int
    units_removed: int
    first_unit_id: str | None
    last_unit_id: str | None
    issues: list[Issue]


@dataclass(frozen=True, slots=True)
class Purchased(Expanded):
    """The same for recorded purchases, with their PurchaseIDs and the PurchaseOrderIDs that their
    lines share."""

    purchase_ids: list[str]
    purchase_order_ids: list[str]


def plan_add(
    snapshot: Snapshot,
    lines: Sequence[PurchaseLine],
    run: Run,
    *,
    new: bool = False,
    again: bool = False,
    force: bool = False,
    faults: Sequence[Fault] = (),
) -> Plan:
    """Purchase lines as rows of Purchases and as units; those of one vendor under one contract are
    one purchase and share a PurchaseOrderID. Reads the schedule, Purchases, units and their logs.
    new: a vendor that is near a known one is somebody new. again: a line may be what another one
    is. force: a contract may be exceeded, by an ops_manager. faults: what is wrong with the lines
    already.

    Raises NotFoundError or RuleError for a match or category that can't be, UnclearNameError (D23);
    of several things that are wrong, one error says all.
    """
    catalogue = Catalogue.of(snapshot, PURCHASES, chosen=run.chosen)
    directory = vendors(snapshot, run.chosen)
    standing = parties.Standing(snapshot, VENDOR)
    contracts = Contracts(snapshot, states.PURCHASE_CONTRACT, directory.owner, run)
    fresh: list[str] = []
    traded: list[Traded] = []
    said: dict[Finding, None] = {}
    wrong = list(faults)
    rows = []
    purchase_ids = []
    seated: dict[str, Sequence[Seat]] = {}
    remembered = completion.remembers(snapshot[PURCHASES])
    orders: dict[tuple[str | None, str], str] = {}
    seats = FreeSeats(snapshot, lines)
    for line in lines:
        means, sub_game, category, whole = intake_faults.named(
            catalogue, line.match, line.game, line.sub_game, line.category, line.place, wrong
        )
        vendor = intake_faults.whom(directory, line.vendor, line.place, wrong, new=new)
        if not (whole and means and category and vendor):
            continue
        match = means.name
        intake_faults.tried(partial(standing.require, vendor.name), line.place, wrong)
        intake_faults.tried(partial(seats.take, line, match, sub_game), line.place, wrong)
        directory.learn(vendor.name)
        fresh += [vendor.name] if vendor.how == "new" else []
        contract, doubts = contracts.chosen(line.contract, vendor.name, line.date)
        said |= dict.fromkeys([*vendor.said("vendor"), *means.said("match"), *doubts])
        total = float(line_total(line.quantity, line.unit_price))
        traded.append(Traded(contract, line.currency, Decimal(str(total)), place=line.place))
        whose = name_key(vendor.name), contract
        if whose not in orders:
            orders[whose] = ids.purchase_order_id(run.new_uuid())
        purchase_ids.append(ids.purchase_id(run.new_uuid()))
        seated[purchase_ids[-1]] = line.seats
        rows.append(
            (
                line.date,
                match,
                catalogue.games.get(match) or None,
                vendor.name,
                contract or None,
                category,
                line.quantity,
                float(line.unit_price),
                total,
                purchase_ids[-1],
                line.currency or run.currency,
                line.notes or None,
                run.user,
                run.now,
                orders[whose],
                total if remembered else None,
                line.inv_no or None,
                sub_game,
                *(getattr(line, name) or None for name in FURTHER),
            )
        )
    told = contract_values.require_within(snapshot, PURCHASES, traded, run, wrong, force=force)
    said |= dict.fromkeys(told)
    intake_faults.refuse(wrong)
    added = ChangeSet()
    first_row = snapshot[PURCHASES].room_for(len(rows))
    added.append(PURCHASES, first_row, *filled(rows))
    recorded, only = snapshot.after(added), range(first_row, first_row + len(rows))
    plan = _expanded(recorded, run, only_rows=only, seats=seated)
    added.extend(plan.changes)
    plan.changes = added
    plan.findings += said
    standing.draft(plan, fresh, run)
    plan.findings += [] if again else twice.purchases(recorded, only, directory)
    plan.result = Purchased(
        **shallow(plan.result), purchase_ids=purchase_ids, purchase_order_ids=list(orders.values())
    )
    return plan


def plan_expand(snapshot: Snapshot, run: Run, *, confirm: bool = False) -> Plan:
    """Every rule of §3 steps 4 and 6: N units for N bought, never fewer than are allocated, orphans
    kept.

    Existing units keep their IDs and are matched by PurchaseID first, then by SourceRow (D4). Game
    follows the schedule, Total the quantity (D21); rows that were typed get what `add` gives them.
    Running it again changes nothing. Raises RuleError for a plan that takes much away, unless it is
    confirmed (D17).
    """
    followed = follow.games(snapshot, (PURCHASES, UNITS))
    plan = _expanded(snapshot.after(followed.changes), run, only_rows=None)
    plan.changes.changes[:0] = followed.changes.changes
    plan.findings += followed.findings
    return confirmed(plan, snapshot, confirm=confirm)


def _expanded(
    snapshot: Snapshot,
    run: Run,
    *,
    only_rows: range | None,
    seats: Mapping[str, Sequence[Seat]] | None = None,
) -> Plan:
    """only_rows: just these rows of Purchases, which are new. seats: {PurchaseID: those of its
    units}."""
    plan = Plan()
    job = _Expansion(snapshot, run, plan)
    read = purchases_of(snapshot, run, plan, only_rows)
    orphans = job.assign_units(read) if only_rows is None else []
    purchases = [purchase for purchase in read if not purchase.unread]
    if only_rows is None:
        typed.take_contracts(plan, snapshot, purchases, run)
        grown = {p.row: (len(p.units), p.quantity) for p in purchases if not p.disputed}
        contract_values.report(plan, snapshot, PURCHASES, grown, run)
    for purchase in purchases:
        purchase.seats = (seats or {}).get(purchase.purchase_id, ())
        job.expand(purchase)
    if all(purchase.purchase_id for purchase in read if purchase.unread):
        job.orphans(orphans)  # else they may be of the one whose PurchaseID can't be read
    if only_rows is None:
        told = set(plan.findings)
        refused = refused_by_add(snapshot, PURCHASES, ("vendor", "price"))
        plan.findings += [finding for finding in refused if finding not in told]
        typed.complete(plan, snapshot, purchases, run)
    plan.findings += changed_ids(snapshot)
    job.finish()
    return plan


class _Expansion:
    """One expansion while it is planned."""

    def __init__(self, snapshot: Snapshot, run: Run, plan: Plan) -> None:
        self._snapshot, self._run, self._plan = snapshot, run, plan
        self._new_units: list[tuple[Any, ...]] = []
        self._meta: list[tuple[Any, ...]] = []
        self._audit: list[AuditRow] = []
        self._created: list[str] = []
        self._removed: dict[int, str] = {}
        self._numbers = Numbers(snapshot)

    def assign_units(self, purchases: list[Purchase]) -> list[Unit]:
        """Give every existing unit to its purchase (D15); the units whose purchase is gone. Those
        that contradict the purchase they seem to be of are left as they are, and reported."""
        owners = Owners((p, p.purchase_id, p.index, p.facts) for p in purchases)
        strange: list[Unit] = []
        referenced = referenced_units(self._snapshot)
        frame = self._snapshot[UNITS].frame
        columns = (
            "row",
            "unit_id",
            "status",
            "sales_id",
            "set_id",
            "set_pos",
            "source_row",
            "purchase_id",
            "set_size",
            "inv_no",
            "sub_game",
            *Copied._fields,
        )
        orphans = []
        for values in frame.select(columns).iter_rows(named=True):
            status = values["status"] or states.AVAILABLE
            protected = (
                status != states.AVAILABLE
                or bool(values["sales_id"])
                or values["unit_id"] in referenced
            )
            unit = Unit(
                values["row"],
                values["unit_id"] or "",
                status,
                protected,
                values["set_id"],
                values["set_pos"] or 0,
                values,
            )
            purchase = owners.of_unit(values)
            if purchase is not None:
                purchase.units.append(unit)
            elif values["purchase_id"]:
                strange.append(unit)
            elif (at := owners.at(values["set_id"], values["source_row"])) is None:
                orphans.append(unit)
            else:
                self._disputed(unit, at)
        for unit in strange:
            heirs = [
                p
                for p in owners.alike(unit.facts)
                if p.had_id and not any(u.values["purchase_id"] for u in p.units)
            ]
            if heirs:
                self._disputed(unit, heirs[0])
            else:
                orphans.append(unit)
        return orphans

    def _disputed(self, unit: Unit, purchase: Purchase) -> None:
        """A unit that may be of a purchase, but does not say so: nothing is made, refreshed or
        removed until somebody decides."""
        purchase.disputed = True
        if purchase.unread:
            return  # which is said of its row
        said = unit.values["purchase_id"]
        if said:
            code, why = (
                KEY_CHANGED,
                f"has the PurchaseID {said}, which no purchase has; row {purchase.row} matches it "
                f"but is {purchase.purchase_id}",
            )
        else:
            code, why = (
                UNIT_WITHOUT_PURCHASE,
                f"has no PurchaseID, and differs from row {purchase.row} of {PURCHASES} in match, category, vendor or contract",
            )
        self._plan.findings.append(
            Finding(
                code,
                Severity.HIGH,
                f"{unit.unit_id} {why}: it is left unchanged; correct its PurchaseID",
                UNITS,
                unit.row,
                unit.values["sales_id"] or "",
                unit.unit_id,
                unit.values["match"] or "",
                unit.values["category"] or "",
            )
        )

    def expand(self, purchase: Purchase) -> None:
        """Add what is missing, remove what is too much and free, refresh what a correction of the
        purchase changed."""
        if purchase.disputed and not purchase.units:
            return
        units = sorted(purchase.units, key=lambda unit: (unit.set_pos, unit.row))
        if self._twice(units):
            return
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
            self._note(
                EXTRA_REMOVED,
                purchase,
                protected,
                len(purchase.units),
                target,
                [unit.unit_id for unit in extra],
            )
        for unit in units:
            self._refresh(unit, purchase, target)
        if len(units) < target and not purchase.disputed:
            created = self._create(purchase, units, target)
            if units:
                self._note(MISSING_ADDED, purchase, protected, len(units), target, created)

    def _twice(self, units: Sequence[Unit]) -> bool:
        """Whether a UnitID stands twice: which of the rows is the copy nobody can tell, so that
        none is removed or changed, nor another unit in its place."""
        known: dict[str, Unit] = {}
        twice = [u for u in units if u.unit_id and known.setdefault(u.unit_id, u) is not u]
        self._plan.findings += [
            Finding(
                UNIT_TWICE,
                Severity.HIGH,
                f"{unit.unit_id} is also on row {known[unit.unit_id].row}: the units of its "
                "purchase are left unchanged",
                UNITS,
                unit.row,
                unit_id=unit.unit_id,
            )
            for unit in twice
        ]
        return bool(twice)

    def orphans(self, units: list[Unit]) -> None:
        """Units whose purchase is gone: allocated ones stay for ever, free ones go."""
        groups: dict[tuple[Any, ...], list[Unit]] = {}
        for unit in units:
            groups.setdefault(
                (unit.values["purchase_id"] or "", unit.values["source_row"], unit.set_id), []
            ).append(unit)
        for (purchase_id, source_row, _set), members in groups.items():
            gone = Purchase(
                0,
                source_row or 0,
                purchase_id,
                0,
                Copied(*(members[0].values[name] for name in Copied._fields)),
                units=members,
            )
            kept = [unit for unit in members if unit.protected]
            free = [unit for unit in members if not unit.protected]
            if kept:
                self._note(
                    ORPHAN_PRESERVED,
                    gone,
                    len(kept),
                    len(members),
                    len(kept),
                    [unit.unit_id for unit in kept],
                )
            if free:
                self._removed.update({unit.row: unit.unit_id for unit in free})
                self._note(
                    EXTRA_REMOVED,
                    gone,
                    len(kept),
                    len(members),
                    len(kept),
                    [unit.unit_id for unit in free],
                )

    def finish(self) -> None:
        """The collected rows as changes, and the result."""
        changes, snapshot = self._plan.changes, self._snapshot
        changes.delete(UNITS, self._removed)
        first = snapshot[UNITS].room_for(len(self._new_units))
        changes.append(UNITS, first, UNIT_COLUMNS, self._new_units)
        changes.append(
            PURCHASE_META,
            snapshot[PURCHASE_META].next_row,
            ("unit_key", "created_at", "unit_id", "set_id"),
            self._meta,
        )
        fresh = self._unless_known(self._audit)
        changes.append(
            UNITS_AUDIT,
            snapshot[UNITS_AUDIT].next_row,
            AuditRow._fields,
            [tuple(row) for row in fresh],
        )
        self._plan.result = Expanded(
            units_created=len(self._new_units),
            units_removed=len(self._removed),
            first_unit_id=self._created[0] if self._created else None,
            last_unit_id=self._created[-1] if self._created else None,
            issues=[Issue(row.issue, row.purchase_id, row.source_row) for row in self._audit],
        )

    def _create(self, purchase: Purchase, existing: list[Unit], target: int) -> list[str]:
        set_id = next(
            (unit.set_id for unit in existing if unit.set_id), None
        ) or self._numbers.new_set(purchase.index)
        position = max((unit.set_pos for unit in existing), default=0)
        created = []
        for _ in range(target - len(existing)):
            position += 1
            unit_id = self._numbers.new_unit()
            created.append(unit_id)
            seats = purchase.seats
            seat = seats[position - 1] if position <= len(seats) else NO_SEAT
            self._new_units.append(
                (
                    unit_id,
                    *purchase.copied,
                    purchase.index,
                    self._run.now,
                    states.AVAILABLE,
                    set_id,
                    target,
                    position,
                    purchase.purchase_id,
                    purchase.inv_no,
                    purchase.sub_game,
                    *seat,
                )
            )
            self._meta.append(
                (self._numbers.new_key(purchase.copied), self._run.now, unit_id, set_id)
            )
        self._created += created
        return created

    def _refresh(self, unit: Unit, purchase: Purchase, target: int) -> None:
        """SetSize follows the target; a free unit follows its purchase, an allocated one that
        differs is reported."""
        old = unit.values
        cells: dict[str, Any] = {"set_size": (old["set_size"], target)}
        if not old["purchase_id"] and purchase.purchase_id:
            cells["purchase_id"] = (None, purchase.purchase_id)
        changed = {
            n: (old[n], v)
            for n, v in purchase.copied._asdict().items()
            if (old[n] or None) != (v or None)
        }
        if not purchase.copied.game:
            changed.pop("game", None)  # a blank never overwrites (D21)
        if (
            purchase.inv_no and purchase.inv_no != old["inv_no"]
        ):  # a blank one empties no number that was typed beside the unit
            if old["inv_no"] or not unit.protected:
                changed["inv_no"] = (old["inv_no"], purchase.inv_no)
            else:
                cells["inv_no"] = (None, purchase.inv_no)
        if purchase.sub_game and purchase.sub_game != old["sub_game"]:
            named = (old["sub_game"], purchase.sub_game)
            (changed if old["sub_game"] else cells)["sub_game"] = named
        if changed and unit.protected:
            names = ", ".join(f"{n} {a} → {b}" for n, (a, b) in changed.items())
            self._plan.findings.append(
                Finding(
                    "PURCHASE_CHANGED_AFTER_ALLOCATION",
                    Severity.MEDIUM,
                    f"{unit.unit_id} is in use and keeps its values, but its purchase has other "
                    f"values of {names}",
                    UNITS,
                    unit.row,
                    old["sales_id"] or "",
                    unit.unit_id,
                    old["match"] or "",
                    old["category"] or "",
                )
            )
        elif changed:
            cells |= changed
        self._plan.changes.set(UNITS, unit.row, unit.unit_id, cells)

    def _note(
        self,
        issue: str,
        purchase: Purchase,
        allocated: int,
        before: int,
        after: int,
        unit_ids: Sequence[str],
    ) -> None:
        match, _game, vendor, contract, category = purchase.copied
        self._audit.append(
            AuditRow(
                self._run.now,
                self._run.run_id,
                issue,
                purchase.purchase_id or None,
                purchase.index or None,
                purchase.set_id,
                match,
                vendor,
                contract,
                category,
                purchase.quantity,
                allocated,
                before,
                after,
                listed(unit_ids),
            )
        )
        if issue in (ALLOCATED_EXCEEDS, ORPHAN_PRESERVED):
            what = {
                ALLOCATED_EXCEEDS: f"{counted(allocated, 'unit')} in use, but the purchase says "
                f"{purchase.quantity}",
                ORPHAN_PRESERVED: f"{counted(allocated, 'unit')} in use without a purchase; they "
                "are kept",
            }[issue]
            row = purchase.row or None
            sheet = PURCHASES if row else UNITS
            self._plan.findings.append(
                Finding(
                    issue,
                    Severity.HIGH,
                    what,
                    sheet,
                    row,
                    match=match or "",
                    category=category or "",
                )
            )

    def _unless_known(self, rows: list[AuditRow]) -> list[AuditRow]:
        """Standing issues are logged once: rows whose like is the newest of their kind are left
        out."""
        kind = ("issue", "purchase_id", "source_row", "set_id")
        figures = ("purchases_qty", "allocated", "unit_ids")
        frame = self._snapshot[UNITS_AUDIT].frame
        newest = dict(
            zip(frame.select(kind).iter_rows(), frame.select(figures).iter_rows(), strict=True)
        )
        kind_of, figures_of = attrgetter(*kind), attrgetter(*figures)
        return [
            row
            for row in rows
            if row.issue not in (ALLOCATED_EXCEEDS, ORPHAN_PRESERVED)
            or newest.get(kind_of(row)) != figures_of(row)
        ]

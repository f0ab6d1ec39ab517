"""Which vendors are one supplier, by command: mapped, unmapped, learned from the queue, listed (§9a:
`_SUPPLIER_GROUPS`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from ticketops.domain.dispatch.groups import (
    SELF_DISPATCHING,
    SupplierGroups,
    plain_key,
    supplier_key,
)
from ticketops.domain.dispatch.results import Mapped, SupplierList, SupplierRule, Unmapped
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata import aliases
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import SUPPLIER_GROUPS, SUPPLIER_QUEUE
from ticketops.schema.tables import Snapshot


def plan_map(
    snapshot: Snapshot, key: str, names: Sequence[str], patterns: Sequence[str], run: Run
) -> Plan:
    """Add vendors, by their names, and address patterns to a supplier group. Raises RuleError for a
    name that another group has, UnclearNameError for one that is near another, or tied (D23)."""
    table = snapshot[SUPPLIER_GROUPS]
    key = supplier_key(key)
    groups = SupplierGroups.of(table)
    have = {
        (
            plain_key(row["supplier_key"] or ""),
            (row["vendor"] or "").casefold(),
            (row["email_pattern"] or "").casefold(),
        )
        for row in table.frame.iter_rows(named=True)
    }
    state = State.of(snapshot)
    directory = aliases.vendors(snapshot, run.chosen)
    directory.learn(state.words.mask)
    means = [directory.find(vendor, insist="") for vendor in names]
    vendors = [one.name for one in means]
    rows: list[tuple[Any, ...]] = []
    for vendor in vendors:
        others = groups.keys_of(vendor, None, frozenset()) - {key}
        if groups.names and others and (key, vendor.casefold(), "") not in have:
            raise RuleError(
                f"{vendor} already belongs to {' and '.join(sorted(others))}",
                "supplier unmap removes it there",
            )
        if (key, vendor.casefold(), "") not in have:
            rows.append((key, vendor, None, run.user, run.now))
    for pattern in patterns:
        if "@" not in pattern and "*" not in pattern:
            raise UsageError(
                f"--email {pattern!r} is not a pattern of e-mail addresses", "for example 'bdc*@*'"
            )
        if (key, "", pattern.casefold()) not in have:
            rows.append((key, None, pattern, run.user, run.now))
    plan = _mapped(snapshot, rows)
    plan.findings += [said for one in means if one.how != "new" for said in one.said("vendor")]
    known = {name_key(unit.vendor) for unit in state.units.values()} | {name_key(state.words.mask)}
    for vendor in vendors:
        if name_key(vendor) not in known:
            plan.findings.append(
                Finding(
                    "UNKNOWN_VENDOR",
                    Severity.INFO,
                    f"nothing was bought from {vendor!r} so far: check the spelling",
                )
            )
    return plan


def plan_unmap(snapshot: Snapshot, key: str, names: Sequence[str], run: Run) -> Plan:
    """Take vendors or patterns out of a supplier group; the whole group where none is named. Raises
    NotFoundError, UnclearNameError (D23)."""
    groups = SupplierGroups.of(snapshot[SUPPLIER_GROUPS])
    key, said = groups.meant(supplier_key(key), run)
    plan = Plan(findings=said)
    entries = {
        row["row"]: row["vendor"] or row["email_pattern"] or ""
        for row in snapshot[SUPPLIER_GROUPS].frame.iter_rows(named=True)
        if plain_key(row["supplier_key"] or "") == key
    }
    directory = Directory("vendor", entries.values(), chosen=run.chosen)
    wanted = set()
    for name in names:
        means = directory.find(name, insist="")
        plan.findings += means.said("vendor") if means.how != "new" else []
        wanted.add(name_key(means.name))
    rows = {
        row: f"{key} {name}"
        for row, name in entries.items()
        if not names or name_key(name) in wanted
    }
    if not rows:
        raise NotFoundError(
            f"{SUPPLIER_GROUPS} has no such entry for {key}", "supplier groups lists them"
        )
    plan.changes.delete(SUPPLIER_GROUPS, rows)
    plan.result = Unmapped(key, tuple(rows.values()))
    return plan


def plan_learn(snapshot: Snapshot, run: Run) -> Plan:
    """Set up groups from the vendors that `_SUPPLIER_QUEUE` lists under a SupplierKey, where they
    are in none yet; addresses that begin with BDC, COMM or FED are proposed (§9a), since only the
    office knows whether they send themselves."""
    table = snapshot[SUPPLIER_GROUPS]
    groups = SupplierGroups.of(table)
    queue = (
        snapshot[SUPPLIER_QUEUE]
        .frame.select("supplier_key", "vendor", "email")
        .drop_nulls("supplier_key")
        .unique(maintain_order=True)
    )
    known = {unit.vendor for unit in State.of(snapshot).units.values()}
    found: dict[str, str] = {}
    for key, vendor, email in queue.iter_rows():
        name = vendor if vendor in known else email if email in known else vendor
        if name and not groups.keys_of(name, email, frozenset()):
            found.setdefault(name, supplier_key(key))
    plan = _mapped(
        snapshot,
        [
            (key, vendor, None, run.user, run.now)
            for vendor, key in sorted(found.items(), key=lambda item: (item[1], item[0]))
        ],
    )
    plan.findings += _proposed_patterns(snapshot, groups, found)
    return plan


def _proposed_patterns(
    snapshot: Snapshot, groups: SupplierGroups, learnt: Collection[str]
) -> list[Finding]:
    """Patterns for units of nobody's whose address begins as those of self-dispatching suppliers
    do."""
    counts: Counter[str] = Counter()
    for unit in State.of(snapshot).units.values():
        if groups.keys_of(unit.vendor, unit.email, frozenset()) or unit.vendor in learnt:
            continue
        addresses = {text.casefold() for text in (unit.vendor, unit.email) if text and "@" in text}
        counts.update(
            {prefix for prefix in SELF_DISPATCHING for text in addresses if text.startswith(prefix)}
        )
    return [
        Finding(
            "PATTERN_PROPOSED",
            Severity.INFO,
            f"{number:,} {'unit has an address' if number == 1 else 'units have addresses'} in {prefix.upper()}…: "
            f"`supplier map {prefix.upper()} --email '{prefix}*@*'` if they send tickets themselves",
        )
        for prefix, number in sorted(counts.items())
    ]


def _mapped(snapshot: Snapshot, rows: Sequence[tuple[Any, ...]]) -> Plan:
    plan = Plan(result=Mapped(tuple(SupplierRule(*row[:3]) for row in rows)))
    columns = ("supplier_key", "vendor", "email_pattern", "user", "updated_at")
    plan.changes.append(SUPPLIER_GROUPS, snapshot[SUPPLIER_GROUPS].next_row, columns, rows)
    return plan


def plan_groups(snapshot: Snapshot) -> Plan:
    """The supplier groups: what each claims, and how many units that are."""
    state = State.of(snapshot)
    counts: dict[str, int] = {}
    for unit_id in state.suppliers:
        if key := state.supplier_of(unit_id):
            counts[key] = counts.get(key, 0) + 1
    rules = (
        snapshot[SUPPLIER_GROUPS]
        .frame.select("supplier_key", "vendor", "email_pattern")
        .iter_rows()
    )
    return Plan(
        result=SupplierList(
            tuple(
                SupplierRule(plain_key(key or ""), vendor, pattern)
                for key, vendor, pattern in rules
            ),
            counts,
        )
    )

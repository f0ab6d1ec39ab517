"""The rows of `_POLICIES`: list, show what counts for a sale, set (§5a step 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ticketops.domain.allocation.policy import Policies, Policy, key_of
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule import Catalogue
from ticketops.errors import NotFoundError, RuleError
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import MANIFEST, POLICIES, SALES

FIELDS = tuple(Policy.__dataclass_fields__)


def listed(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Every policy row: scope, key, and what it says; None where it says nothing."""
    frame = snapshot[POLICIES].frame
    return frame.filter(frame["scope"].is_not_null()).select("scope", "key", *FIELDS).to_dicts()


def effective(snapshot: Snapshot, match: str, client: str | None) -> dict[str, Any]:
    """What counts for a sale of this match to this client, defaults included."""
    policy = asdict(Policies(snapshot[POLICIES]).for_sale(match, client))
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in policy.items()}


def plan_set(snapshot: Snapshot, scope: str, key: str, given: Mapping[str, Any], run: Run) -> Plan:
    """Set what `given` names in the policy of this scope; a value of None blanks it, so that a wider policy counts.

    given: {field of Policy: value}. Raises RuleError where a match or client is
    missing or a number can't be, NotFoundError for a match that the schedule does not hold.
    """
    if scope != "event" and not key:
        raise RuleError(f"a policy of a {scope} needs its {'code' if scope == 'match' else 'name'}")
    for name in ("max_upgrade_gap", "max_downgrade_gap", "min_chunk_size", "max_auto_value"):
        if (given.get(name) or 0) < 0:
            raise RuleError(f"{MANIFEST[POLICIES].by_name[name].header} can't be negative")
    if (given.get("min_margin_pct") or 0) > 100:
        raise RuleError("MinMarginPct is at most 100: the margin is a part of the sale price")
    if given.get("min_chunk_size") == 0:
        raise RuleError("MinChunkSize is at least 1")
    if scope == "match":
        key = Catalogue.of(snapshot).match(key)
    plan = Plan()
    if scope == "client" and key_of("client", key) not in {
        key_of("client", client) for client in snapshot[SALES].frame["client"].drop_nulls()
    }:
        plan.findings.append(Finding("UNKNOWN_CLIENT", Severity.INFO, f"there is no sale to {key} yet", SALES))
    table = snapshot[POLICIES]
    wanted = key_of(scope, key)
    old = next((row for row in table.frame.iter_rows(named=True)
                if row["scope"] and row["scope"].lower() == scope and key_of(scope, row["key"]) == wanted), None)  # fmt: skip
    if old is None and all(value is None for value in given.values()):
        raise NotFoundError(f"there is no policy of {scope} {key}".rstrip())
    stamped = {**given, "user": run.user, "updated_at": run.now}
    if old is None:
        shown = wanted if scope == "match" else key
        plan.changes.append(POLICIES, table.next_row, ("scope", "key", *stamped), [(scope, shown or None, *stamped.values())])
    elif any(old[name] != value for name, value in given.items()):
        plan.changes.set(POLICIES, old["row"], f"{scope} {key}".strip(), {name: (old[name], value) for name, value in stamped.items()})
    after = snapshot.after(plan.changes)
    plan.result = next(row for row in listed(after) if row["scope"] == scope and key_of(scope, row["key"]) == wanted)
    return plan

"""The rows of `_POLICIES`: list, show what counts for a sale, set (§5a step 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ticketops.domain.allocation import policy
from ticketops.domain.allocation.policy import Policies, Policy, key_of
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.masterdata.aliases import clients, vendors
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import POLICIES, SALES
from ticketops.schema.tables import Snapshot

FIELDS = tuple(Policy.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A row of _POLICIES; None for a blank cell. Vendors are separated by commas."""

    scope: str
    key: str | None
    """A match code or a client; None for the event."""
    mode: str | None
    vendor_whitelist: str | None
    vendor_blocklist: str | None
    upgrade_allowed: bool | None
    max_upgrade_gap: int | None
    downgrade_allowed: bool | None
    max_downgrade_gap: int | None
    min_margin_pct: float | None
    max_auto_value: float | None
    split_policy: str | None
    min_chunk_size: int | None
    vendor_diversity: bool | None
    exclude_vip: bool | None


@dataclass(frozen=True, slots=True)
class PolicyList:
    """Every policy, in sheet order."""

    policies: list[PolicyRow]


@dataclass(frozen=True, slots=True)
class Effective:
    """The policy for sales of a match, to a client, or both if given; otherwise for the event."""

    match: str | None
    client: str | None
    policy: Policy


def listed(snapshot: Snapshot) -> PolicyList:
    """Every policy row, and what it says."""
    frame = snapshot[POLICIES].frame
    return PolicyList(
        [
            PolicyRow(*row)
            for row in frame.filter(frame["scope"].is_not_null())
            .select("scope", "key", *FIELDS)
            .iter_rows()
        ]
    )


def effective(snapshot: Snapshot, match: str, client: str | None) -> Policy:
    """What counts for a sale of this match to this client, defaults included."""
    return Policies(snapshot).for_sale(match, client)


def _clients(snapshot: Snapshot, run: Run) -> Directory:
    """Those of the ledgers, and those that have a policy."""
    directory = clients(snapshot, run.chosen)
    for scope, key in snapshot[POLICIES].frame.select("scope", "key").drop_nulls().iter_rows():
        if scope.lower() == "client":
            directory.learn(key)
    return directory


def plan_show(snapshot: Snapshot, match: str | None, client: str | None, run: Run) -> Plan:
    """What counts for a sale of this match to this client. Raises NotFoundError for a match that
    the schedule does not hold, UnclearNameError for a name that is near a known one, or tied."""
    plan = Plan()
    code = name = ""
    if match:
        found = Catalogue.of(snapshot, chosen=run.chosen).find(match)
        plan.findings += found.said("match")
        code = found.name
    if client:
        found = _clients(snapshot, run).find(client, insist="")
        plan.findings += found.said("client")
        name = found.name
    plan.result = Effective(code or match, name or client, effective(snapshot, code, name or None))
    return plan


def plan_set(
    snapshot: Snapshot,
    scope: str,
    key: str,
    given: Mapping[str, Any],
    run: Run,
    *,
    new: bool = False,
) -> Plan:
    """Set what `given` names in the policy of this scope; a value of None blanks it, so that a
    wider policy counts.

    given: {field of Policy: value}. Raises RuleError where a match or client is
    missing or a number can't be, NotFoundError for a match that the schedule does not hold.
    """
    if scope != "event" and not key:
        raise RuleError(f"a policy of a {scope} needs its {'code' if scope == 'match' else 'name'}")
    for name in ("max_upgrade_gap", "max_downgrade_gap", "min_chunk_size", "max_auto_value"):
        if (given.get(name) or 0) < 0:
            raise RuleError(f"{snapshot.layout[POLICIES].by_name[name].header} can't be negative")
    if (given.get("min_margin_pct") or 0) > 100:
        raise RuleError("MinMarginPct must be at most 100: the margin is a share of the sale price")
    if given.get("min_chunk_size") == 0:
        raise RuleError("MinChunkSize must be at least 1")
    said: list[Finding] = []
    if scope == "match":
        match = Catalogue.of(snapshot, chosen=run.chosen).find(key)
        key, said = match.name, match.said("match")
    elif scope == "client":
        client = _clients(snapshot, run).find(key, new=new)
        key, said = client.name, client.said("client")
        if client.how == "new":
            told = f"there is no sale to {key!r} yet"
            said = [Finding("UNKNOWN_CLIENT", Severity.INFO, told, SALES)]
    given = dict(given)
    known = vendors(snapshot, run.chosen)
    for name in ("vendor_whitelist", "vendor_blocklist"):
        if texts := policy.listed(given.get(name)):
            means = [known.find(text, insist="") for text in texts]
            said += [one for found in means if found.how != "new" for one in found.said("vendor")]
            given[name] = ", ".join(found.name for found in means)
    plan = Plan(findings=said)
    table = snapshot[POLICIES]
    wanted = key_of(scope, key)
    old = next(
        (
            row
            for row in table.frame.iter_rows(named=True)
            if row["scope"]
            and row["scope"].lower() == scope
            and key_of(scope, row["key"]) == wanted
        ),
        None,
    )
    if old is None and all(value is None for value in given.values()):
        raise NotFoundError(f"there is no policy of {scope} {key}".rstrip())
    stamped = {**given, "user": run.user, "updated_at": run.now}
    if old is None:
        shown = wanted if scope == "match" else key
        plan.changes.append(
            POLICIES,
            table.next_row,
            ("scope", "key", *stamped),
            [(scope, shown or None, *stamped.values())],
        )
    elif any(old[name] != value for name, value in given.items()):
        plan.changes.set(
            POLICIES,
            old["row"],
            f"{scope} {key}".strip(),
            {name: (old[name], value) for name, value in stamped.items()},
        )
    after = snapshot.after(plan.changes)
    plan.result = next(
        row
        for row in listed(after).policies
        if row.scope == scope and key_of(scope, row.key) == wanted
    )
    return plan

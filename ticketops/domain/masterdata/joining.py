"""Saying who is who (D23): other names of a client, clients that are one, and those that are not.

No cell of a ledger changes: a row of Sales or Distribution keeps the name that stands in it, and
`_ALIASES` says whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ticketops.domain.masterdata.aliases import CLIENT, clients, masters
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model import states
from ticketops.model.names import name_key, quoted, same_name
from ticketops.schema.layouts.event import ALIASES, CLIENTS, DISTRIBUTION, HOLDS, SALES
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Joined:
    """A client and its other names; added: the new ones."""

    client: str
    names: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A name that is now a client of its own, and the client it belonged to before."""

    client: str
    was: str | None


def plan_merge(snapshot: Snapshot, names: Sequence[str], into: str, run: Run) -> Plan:
    """Clients that are one: their books, holds and policies are those of `into` from now on. Their
    records in `_CLIENTS` become INACTIVE and keep their fields.

    Raises NotFoundError and UnclearNameError for one that is not known, RuleError where they are
    one already.
    """
    directory = _directory(snapshot, run)
    plan = Plan()
    target = directory.require(into, where="Sales", insist="")
    plan.findings += target.said("client")
    owner = directory.owner(target.name)
    found = []
    for name in names:
        means = _own_name(directory, name, plan)
        if same_name(means, owner):
            raise RuleError(
                f"{means} is already {owner}",
                f"`ticketops client split {quoted(name)}` separates them",
            )
        found.append(means)
    _stands_for(plan, snapshot, found, owner, run)
    _mark(plan, snapshot, found, states.INACTIVE, run)
    return _joined(plan, snapshot, owner, found)


def plan_alias(snapshot: Snapshot, client: str, names: Sequence[str], run: Run) -> Plan:
    """Other names of a client, which nobody is called yet. Raises NotFoundError and
    UnclearNameError for a client that is not known, RuleError for a name of somebody else."""
    directory = _directory(snapshot, run)
    plan = Plan()
    target = directory.require(client, where="Sales", insist="")
    plan.findings += target.said("client")
    owner = directory.owner(target.name)
    used = {name_key(name) for name in _names(snapshot)}
    for name in names:
        if name_key(name) in used and not same_name(directory.owner(name), owner):
            raise RuleError(
                f"{name} is a client",
                f"`ticketops client merge {quoted(name)} --into {quoted(owner)}` merges them",
            )
        if same_name(name, owner):
            raise RuleError(f"{name} is the client's own name")
        other = directory.owner(name)
        if not same_name(other, name) and not same_name(other, owner):
            raise RuleError(
                f"{name} is another name of {other}",
                f"`ticketops client split {quoted(name)}` ends that",
            )
    _stands_for(plan, snapshot, names, owner, run)
    return _joined(plan, snapshot, owner, names)


def plan_split(snapshot: Snapshot, name: str, run: Run) -> Plan:
    """A name that is a client of its own, whatever it resembles or stood for; its record that a merge
    made INACTIVE is ACTIVE again. Raises NotFoundError
    and UnclearNameError where it is not known, RuleError where it is one already."""
    directory = _directory(snapshot, run)
    plan = Plan()
    means = _own_name(directory, name, plan)
    if directory.is_apart(means):
        raise RuleError(f"{means} is already a client of its own")
    before = directory.owner(means)
    _stands_for(plan, snapshot, [means], means, run)
    if not same_name(before, means):
        _mark(plan, snapshot, [means], states.ACTIVE, run)
    plan.result = Split(means, None if same_name(before, means) else before)
    return plan


def _names(snapshot: Snapshot) -> list[str]:
    """The names of the ledgers, each of which must have been read."""
    read = (snapshot[SALES].frame["client"], snapshot[DISTRIBUTION].frame["company"])
    records = [name for name, _code, _status in masters(snapshot, CLIENT)]
    listed = (*read, snapshot[HOLDS].frame["client"], records)
    return [name for names in listed for name in names if name]


def _mark(plan: Plan, snapshot: Snapshot, names: Iterable[str], status: str, run: Run) -> None:
    """The records of these clients, ACTIVE or INACTIVE from now on."""
    if CLIENTS not in snapshot:
        return
    wanted = {name_key(name) for name in names}
    for row in snapshot[CLIENTS].frame.drop_nulls("client").iter_rows(named=True):
        if name_key(row["client"]) in wanted and row["status"] != status:
            cells = {"status": status, "user": run.user, "updated_at": run.now}
            changed = {column: (row[column], value) for column, value in cells.items()}
            plan.changes.set(CLIENTS, row["row"], row["client"], changed)


def _directory(snapshot: Snapshot, run: Run) -> Directory:
    return clients(snapshot, run.chosen, _names(snapshot))


def _own_name(directory: Directory, name: str, plan: Plan) -> str:
    """A known name itself, not whom it stands for."""
    if directory.known(name):
        return directory.spelt(name)
    means = directory.require(name, where="Sales", insist="")
    plan.findings += means.said("client")
    return means.name


def _stands_for(plan: Plan, snapshot: Snapshot, names: Iterable[str], owner: str, run: Run) -> None:
    """Rows of `_ALIASES` that say whose these names are."""
    table = snapshot[ALIASES]
    rows = {
        name_key(row["alias"]): row
        for row in table.frame.iter_rows(named=True)
        if row["kind"] == CLIENT and row["alias"]
    }
    new = []
    for name in dict.fromkeys(names):
        row = rows.get(name_key(name))
        if row is None:
            new.append((CLIENT, name, owner, run.user, run.now))
        elif not same_name(row["name"], owner):
            cells = {"name": owner, "user": run.user, "updated_at": run.now}
            changed = {column: (row[column], value) for column, value in cells.items()}
            plan.changes.set(ALIASES, row["row"], row["alias"], changed)
    columns = ("kind", "alias", "name", "user", "updated_at")
    plan.changes.append(ALIASES, table.next_row, columns, new)


def _joined(plan: Plan, snapshot: Snapshot, owner: str, added: Sequence[str]) -> Plan:
    before, after = clients(snapshot), clients(snapshot.after(plan.changes))
    names = tuple(name for name in after.aliases if same_name(after.owner(name), owner))
    new = tuple(name for name in added if not same_name(before.owner(name), owner))
    plan.result = Joined(owner, names, new)
    return plan

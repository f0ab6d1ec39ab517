"""Which clients and suppliers a user may see (§2, §15): Clients and VendorGroups in `_USERS`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ticketops.domain.masterdata import clearing
from ticketops.domain.masterdata.aliases import clients
from ticketops.domain.masterdata.companies import full_key
from ticketops.domain.masterdata.who import Directory, fold
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotPermittedError, OutOfScopeError, RuleError, UnclearNameError
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import CLIENTS, SUPPLIER_GROUPS, USERS
from ticketops.schema.tables import Snapshot, Table


@dataclass(frozen=True)
class Scope:
    """What a user is limited to. clients: names; suppliers: SupplierKeys; None: all of them.
    aliases: {other name of a client: whose it is}."""

    clients: frozenset[str] | None = None
    suppliers: frozenset[str] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.clients is not None or self.suppliers is not None

    def knowing(self, aliases: Mapping[str, str]) -> Scope:
        """The same, where clients have other names, too."""
        return replace(self, aliases=aliases)

    def sees_client(self, name: str | None) -> bool:
        """Whether rows of a client may be seen: one whose names are the same but for case,
        punctuation and how a legal form is spelled, or joined by aliases. Nobody's rows are not
        within a scope."""
        return self.clients is None or (bool(name) and self._key(name or "") in self._keys)

    def sees_supplier(self, key: str) -> bool:
        """Whether a supplier may be seen."""
        return self.suppliers is None or key.upper() in self.suppliers

    def sees_all(self, keys: Iterable[str]) -> bool:
        """Whether something may be seen that is of all these suppliers; of nobody is not."""
        keys = list(keys)
        return self.suppliers is None or (bool(keys) and all(map(self.sees_supplier, keys)))

    @property
    def limits(self) -> str:
        """What it is, for people."""
        said = []
        if self.clients is not None:
            said.append(f"Clients in {USERS} is {'; '.join(sorted(self.clients))}")
        if self.suppliers is not None:
            said.append(f"VendorGroups in {USERS} is {', '.join(sorted(self.suppliers))}")
        return " and ".join(said)

    @cached_property
    def _directory(self) -> Directory:
        return Directory("client", (), self.aliases)

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(map(self._key, self.clients or ()))

    def _key(self, name: str) -> str:
        return fold(full_key(self._directory.owner(name)))


def refuse_limits(given: Mapping[str, str]) -> None:
    """Raises RuleError where a user is to be limited in a workbook that does not say whose rows are
    whose. given: columns of _USERS."""
    for column, option in (("clients", "--clients"), ("vendor_groups", "--vendor-groups")):
        if given.get(column):
            raise RuleError(
                f"{option} limits users of the workbook of an event, and this is another one",
                "--capabilities says what a user takes part in here",
            )


EVERYTHING = Scope()
"""Of a user who is not limited."""


def keys_in(text: str | None) -> frozenset[str]:
    """The SupplierKeys that a cell of VendorGroups names, in upper case."""
    parts = (" ".join(part.split()).upper() for part in re.split(r"[,;|\n]+", text or ""))
    return frozenset(filter(None, parts))


def names_in(text: str | None) -> list[str]:
    """The clients that a cell of Clients names; a comma may be part of a name."""
    parts = (" ".join(part.split()) for part in re.split(r"[;|\n]+", text or ""))
    return list(dict.fromkeys(filter(None, parts)))


def of(table: Table, run: Run) -> Scope:
    """What `_USERS` limits the run's user to. A user in several rows may see what all of these
    allow."""
    wanted = name_key(run.user)
    suppliers: frozenset[str] | None = None
    named: frozenset[str] | None = None
    columns = ("user", "email", "vendor_groups", "clients")
    for user, email, groups, names in table.frame.select(columns).iter_rows():
        if wanted not in (name_key(user), name_key(email)):
            continue
        if keys := keys_in(groups):
            suppliers = keys if suppliers is None else suppliers & keys
        if found := frozenset(names_in(names)):
            named = found if named is None else _both(named, found)
    return Scope(named, suppliers)


def _both(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    keys = {name_key(name) for name in other}
    return frozenset(name for name in one if name_key(name) in keys)


def tell_unknown(plan: Plan, snapshot: Snapshot, keys: Iterable[str]) -> None:
    """Findings for keys of VendorGroups that no supplier has."""
    if SUPPLIER_GROUPS not in snapshot:
        return
    known = keys_in(",".join(snapshot[SUPPLIER_GROUPS].frame["supplier_key"].drop_nulls()))
    plan.findings += [
        Finding(
            "UNKNOWN_SUPPLIER",
            Severity.INFO,
            f"{SUPPLIER_GROUPS} has no supplier {key} yet; `ticketops supplier map {key} --vendor NAME` makes one",
            USERS,
        )
        for key in sorted(set(keys) - known)
    ]


def clients_meant(plan: Plan, snapshot: Snapshot, text: str, run: Run) -> str:
    """The clients that somebody typed, as the workbook calls them; a finding for one that it does
    not know. Raises UnclearNameError for a name that is near one, or tied."""
    directory = clients(snapshot, run.chosen)
    meant = []
    for name in names_in(text):
        found = directory.find(name, insist="--clients takes a name that exists")
        if found.how == "new":
            message = f"the workbook has no client {name!r} yet; `;` separates several clients"
            plan.findings.append(Finding("UNKNOWN_CLIENT", Severity.INFO, message, CLIENTS))
        else:
            plan.findings += found.said("client")
        meant.append(directory.owner(found.name))
    return "; ".join(dict.fromkeys(meant))


def refused(run: Run, what: str) -> OutOfScopeError:
    """That the run's user may not see, or write, something that is of others."""
    scope = run.scope or EVERYTHING
    options = [
        option
        for option, limit in (
            ("--clients NAMES", scope.clients),
            ("--vendor-groups KEYS", scope.suppliers),
        )
        if limit is not None
    ]
    hint = clearing.user_set(run.user, " ".join(options), run.managers)
    return OutOfScopeError(f"{run.user} {what}: {scope.limits}", hint)


def require_client(
    run: Run, text: str | None, directory: Directory | None = None, *, new: bool = False
) -> None:
    """Raises OutOfScopeError for a client that the run's user may not see, before anything is said
    of it: what it owes, or how its name is spelled. directory: where a text may mean somebody by
    another name, or come near one."""
    scope = run.scope or EVERYTHING
    if scope.clients is None or not text:
        return
    meant = [text]
    if directory is not None:
        try:
            meant = [directory.find(text, new=new).name]
        except UnclearNameError as error:
            meant = list(error.candidates)
    if not all(map(scope.sees_client, meant)):
        raise refused(run, "may not write rows of another client")


def require_unlimited(run: Run) -> None:
    """Raises NotPermittedError where the run's user is limited to some suppliers."""
    if (scope := run.scope) is not None and scope.suppliers is not None:
        raise NotPermittedError(
            f"{run.user} may not change who is a supplier: VendorGroups in {USERS} limit them",
            clearing.user_set(run.user, '--vendor-groups ""', run.managers),
        )

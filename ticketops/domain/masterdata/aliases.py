"""`_ALIASES`: other names of clients and vendors, and the directories of those that a workbook knows
(D23)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ticketops.domain.masterdata.who import Directory
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import ALIASES, DISTRIBUTION, HOLDS, PURCHASES, SALES, UNITS
from ticketops.schema.tables import Snapshot

CLIENT, VENDOR = "CLIENT", "VENDOR"
_NAMED_IN = {
    CLIENT: ((SALES, "client"), (DISTRIBUTION, "company"), (HOLDS, "client")),
    VENDOR: ((PURCHASES, "vendor"), (UNITS, "vendor")),
}


def aliases_of(snapshot: Snapshot, kind: str) -> dict[str, str]:
    """{alias: whom it stands for} of one kind, in sheet order; none where the sheet was not read."""
    if ALIASES not in snapshot:
        return {}
    rows = snapshot[ALIASES].frame.select("kind", "alias", "name").drop_nulls().iter_rows()
    return {alias: name for of, alias, name in rows if of == kind}


def named(snapshot: Snapshot, kind: str) -> list[str]:
    """The names of one kind in the ledgers that were read, as often as they stand there."""
    return [
        name
        for sheet, column in _NAMED_IN[kind]
        if sheet in snapshot
        for name in snapshot[sheet].frame[column].drop_nulls().to_list()
    ]


def clients(
    snapshot: Snapshot,
    chosen: Mapping[tuple[str, str], str] | None = None,
    names: Iterable[str] | None = None,
) -> Directory:
    """The clients of Sales, Distribution, `_HOLDS` and `_ALIASES`, as far as these were read. names: in place
    of those of the ledgers."""
    listed = named(snapshot, CLIENT) if names is None else names
    return Directory("client", listed, aliases_of(snapshot, CLIENT), chosen)


def vendors(
    snapshot: Snapshot,
    chosen: Mapping[tuple[str, str], str] | None = None,
    names: Iterable[str] | None = None,
) -> Directory:
    """The vendors of Purchases, units and `_ALIASES`, as far as these were read. names: in place of
    those of the ledgers."""
    listed = named(snapshot, VENDOR) if names is None else names
    return Directory("vendor", listed, aliases_of(snapshot, VENDOR), chosen)


def client_keys(snapshot: Snapshot) -> Callable[[str | None], str | None]:
    """How clients' names are compared: as `name_key`, aliases of one client alike."""
    aliases = aliases_of(snapshot, CLIENT)
    if not aliases:
        return name_key
    directory = Directory("client", (), aliases)
    return lambda name: name_key(directory.owner(name)) if name else None

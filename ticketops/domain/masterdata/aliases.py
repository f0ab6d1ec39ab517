"""`_ALIASES`: other names of clients and vendors, and the directories of those that a workbook knows
(D23)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ticketops.domain.masterdata.who import Directory
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    HOLDS,
    PURCHASES,
    SALES,
    UNITS,
    VENDORS,
)
from ticketops.schema.tables import Snapshot

CLIENT, VENDOR = "CLIENT", "VENDOR"
_NAMED_IN = {
    CLIENT: ((SALES, "client"), (DISTRIBUTION, "company"), (HOLDS, "client")),
    VENDOR: ((PURCHASES, "vendor"), (UNITS, "vendor")),
}
_MASTERS = {CLIENT: (CLIENTS, "client"), VENDOR: (VENDORS, "vendor")}


def aliases_of(snapshot: Snapshot, kind: str) -> dict[str, str]:
    """{alias: whom it stands for} of one kind, in sheet order; none where the sheet was not read."""
    if ALIASES not in snapshot:
        return {}
    rows = snapshot[ALIASES].frame.select("kind", "alias", "name").drop_nulls().iter_rows()
    return {alias: name for of, alias, name in rows if of == kind}


def codes_of(snapshot: Snapshot, kind: str) -> dict[str, str]:
    """{code: whose record it stands for} of one kind; none where the sheet was not read. A code that
    is a record's name, too, means that one."""
    records = masters(snapshot, kind)
    taken = {name_key(name) for name, _code, _status in records}
    return {code: name for name, code, _status in records if code and name_key(code) not in taken}


def other_names(snapshot: Snapshot, kind: str) -> dict[str, str]:
    """{code or alias: whom it stands for} of one kind: what else their rows may say. An alias goes
    before a code: it keeps a name apart, say."""
    said = aliases_of(snapshot, kind)
    keys = set(map(name_key, said))
    codes = codes_of(snapshot, kind)
    return said | {code: name for code, name in codes.items() if name_key(code) not in keys}


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
    """The clients of Sales, Distribution, `_HOLDS`, `_ALIASES` and `_CLIENTS`, as far as these were
    read. names: in place of those of the ledgers."""
    return _directory(snapshot, CLIENT, chosen, names)


def vendors(
    snapshot: Snapshot,
    chosen: Mapping[tuple[str, str], str] | None = None,
    names: Iterable[str] | None = None,
) -> Directory:
    """The vendors of Purchases, units, `_ALIASES` and `_VENDORS`, as far as these were read. names:
    in place of those of the ledgers."""
    return _directory(snapshot, VENDOR, chosen, names)


def masters(snapshot: Snapshot, kind: str) -> list[tuple[str, str | None, str | None]]:
    """(name, code, status) of the master records of one kind; none where the sheet was not read."""
    sheet, column = _MASTERS[kind]
    if sheet not in snapshot:
        return []
    frame = snapshot[sheet].frame
    return frame.select(column, "code", "status").drop_nulls(column).rows()


def known_as(snapshot: Snapshot, kind: str) -> set[str]:
    """The names and codes of the master records of one kind: what a reader who may not know them must
    not find in a text."""
    return {
        text for name, code, _status in masters(snapshot, kind) for text in (name, code) if text
    }


def _directory(
    snapshot: Snapshot,
    kind: str,
    chosen: Mapping[tuple[str, str], str] | None,
    names: Iterable[str] | None,
) -> Directory:
    known = [name for name, _code, _status in masters(snapshot, kind)]
    listed = named(snapshot, kind) if names is None else list(names)
    return Directory(
        kind.lower(),
        [*listed, *known],
        aliases_of(snapshot, kind),
        chosen,
        masters=known,
        codes=codes_of(snapshot, kind),
    )


def owners(snapshot: Snapshot, kind: str) -> Callable[[str], str]:
    """Whom a name of one kind stands for, by `_ALIASES` and the codes of records alone."""
    return Directory(kind.lower(), (), other_names(snapshot, kind)).owner


def client_keys(snapshot: Snapshot) -> Callable[[str | None], str | None]:
    """How clients' names are compared: as `name_key`, aliases and the code of one client alike."""
    return party_keys(snapshot, CLIENT)


def party_keys(snapshot: Snapshot, kind: str) -> Callable[[str | None], str | None]:
    """The same for the names of one kind (CLIENT, VENDOR)."""
    if not other_names(snapshot, kind):
        return name_key
    owner = owners(snapshot, kind)
    return lambda name: name_key(owner(name)) if name else None

"""Names that may be one and the same (D23): pointed out, never joined unasked."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ticketops.domain.masterdata import who
from ticketops.domain.masterdata.aliases import clients, vendors
from ticketops.domain.masterdata.who import Directory
from ticketops.errors import UnclearNameError
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import quoted
from ticketops.schema.layouts.event import PURCHASES, SALES
from ticketops.schema.tables import Snapshot


def pairs(directory: Directory) -> Iterator[tuple[str, str]]:
    """The names that are near each other, or the same but for accents and punctuation, and that
    nobody joined or told apart; the more frequent one first."""
    return who.pairs(
        name
        for name in directory.names
        if directory.owner(name) == name and not directory.is_apart(name)
    )


def clients_alike(snapshot: Snapshot, severity: Severity) -> list[Finding]:
    """Clients of Sales and Distribution that may be one, with the commands that settle it."""
    return [
        Finding(
            "SIMILAR_CLIENTS",
            severity,
            f"{one} and {other} may be one client: `ticketops client merge {quoted(other)} --into"
            f" {quoted(one)}` merges them, `ticketops client split {quoted(other)}` keeps them "
            "apart",
            SALES if SALES in snapshot else "",
        )
        for one, other in pairs(clients(snapshot))
    ]


def typed_names(
    snapshot: Snapshot, sheet: str, rows: Collection[int]
) -> tuple[list[Finding], list[str]]:
    """What `add` would refuse, or take as another name, of the clients or vendors in rows of Sales
    or Purchases that were typed (D23); and those of them that are near nobody."""
    column, directory = {SALES: ("client", clients), PURCHASES: ("vendor", vendors)}[sheet]
    frame = snapshot[sheet].frame.select("row", column).drop_nulls()
    known = directory(snapshot, names=[name for row, name in frame.iter_rows() if row not in rows])
    found, fresh = [], []
    for row, name in frame.iter_rows():
        if row not in rows:
            continue
        message, how = _said(known, name)
        if how == "new":
            fresh.append(name)
        if message:
            header = snapshot[sheet].sheet.by_name[column].header
            text = f"{sheet} row {row}: {header} {name!r} {message}"
            found.append(Finding("UNCLEAR_NAME", Severity.MEDIUM, text, sheet, row))
        known.learn(name)
    return found, fresh


def _said(known: Directory, name: str) -> tuple[str, str]:
    """What is to say of a typed name, and by which rule it is taken."""
    try:
        means = known.find(name)
    except UnclearNameError as error:
        return f"is ambiguous: {' or '.join(error.candidates)}? `add` would refuse it", ""
    if means.how in ("exact", "new", "alias", "code"):
        return "", means.how
    return f"is taken as {means.name} by `add`: type that name", means.how

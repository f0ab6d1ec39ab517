"""The names by which a client or vendor stands in a sheet about money."""

from __future__ import annotations

from ticketops.domain.masterdata.aliases import aliases_of
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.plan import Run
from ticketops.model.names import same_name
from ticketops.schema.tables import Snapshot


def names_in(snapshot: Snapshot, sheet: str, kind: str, text: str, run: Run) -> set[str] | None:
    """The names in a sheet of the client or vendor (kind) that a text means; None where it names
    nobody. Raises UnclearNameError."""
    if not text:
        return None
    column = kind.lower()
    held = snapshot[sheet].frame[column].drop_nulls().to_list()
    directory = Directory(column, held, aliases_of(snapshot, kind), run.chosen)
    owner = directory.owner(directory.find(text, insist="").name)
    return {name for name in held if same_name(directory.owner(name), owner)}

"""The use case that reads a sheet whole."""

from __future__ import annotations

from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting.sheets import records
from ticketops.engine import permissions
from ticketops.engine.job import Effect, Job
from ticketops.errors import NotFoundError
from ticketops.schema.layout import KINDS, Layout
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import Store


def readable(layout: Layout) -> tuple[str, ...]:
    """The names of the sheets that hold records."""
    return tuple(name for name in layout.names if layout[name].columns)


def sheet_read(store: Store, name: str) -> Job:
    """A sheet by its name or its title, without its secret columns. Planning raises NotFoundError
    for one that is not in the layout, or is a report without columns."""
    known = _known(store, name)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        if known is None:
            raise NotFoundError(
                f"there is no sheet {name!r} that commands know",
                f"it must be one of {', '.join(readable(store.layout))}",
            )
        permissions.require_read(known, run)
        return Plan(result=records(snapshot[known]))

    required = () if known is None else (known,)
    return Job(
        "read", plan, required, label=f"read {known or name}", effect=Effect.READS, works_on=KINDS
    )


def _known(store: Store, name: str) -> str | None:
    """The name of the sheet that is meant; None where there is none. Titles forgive case, as those
    of spreadsheets do."""
    names = readable(store.layout)
    wanted = name.casefold()
    if found := next((one for one in names if one.casefold() == wanted), None):
        return found
    by_headers = [one for one in names if store.layout[one].found_by]
    titles = store.read(*by_headers, strict=False).layout.titles
    return next((one for one, title in titles.items() if title.casefold() == wanted), None)

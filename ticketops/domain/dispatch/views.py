"""What the office sees of its clients: who they are, how far each is, their tickets through a view
that may be saved (§7)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace

from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.dispatch import clients
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.groups import Clients
from ticketops.domain.dispatch.results import (
    ClientGroup,
    ClientGroups,
    ClientTicket,
    ClientView,
    SavedView,
    SavedViews,
)
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata import similar
from ticketops.domain.masterdata.aliases import CLIENT, masters, other_names
from ticketops.domain.masterdata.aliases import clients as named_clients
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, UsageError
from ticketops.model import book_kinds
from ticketops.model.findings import Severity
from ticketops.schema.layouts.event import DISTRIBUTION, VIEWS
from ticketops.schema.tables import Snapshot


def plan_view(
    snapshot: Snapshot, company: str, filters: Filters, run: Run, *, view: str = "", save: str = ""
) -> Plan:
    """A client's tickets through a view; `save` keeps it under a name, `view` takes one that was
    kept.

    Raises NotFoundError for a client without tickets or a view that is not there.
    """
    state = State.of(snapshot)
    group = clients.find_group(state, company, run.chosen)
    filters = replace(filters, match=filtered(snapshot, DISTRIBUTION, filters.match, run.chosen))
    if view:
        filters = saved_view(state, group, view)
    rows = clients.seen(state, group, filters)
    companies, listed = (
        clients.client_groups(state)[group],
        tuple(ClientTicket(**row.values) for row in rows),
    )
    plan = Plan(
        result=ClientView(group, tuple(companies), filters.as_text(), clients.summary(rows), listed)
    )
    if save:
        save_view(plan, snapshot, group, save, filters, run)
    return plan


def saved_view(state: State, group: str, name: str) -> Filters:
    """A saved view of a client, else one that was saved for all. Raises NotFoundError."""
    frame = state.snapshot[VIEWS].frame
    own = {group, None}
    for company in clients.client_groups(state).get(group, ()):
        own |= {
            whose for whose in frame["client_group"] if state.clients.is_of(company, whose or "")
        }
    found = [
        text
        for view, whose, text in frame.select("name", "client_group", "filters").iter_rows()
        if (view or "").casefold() == name.casefold() and whose in own
    ]
    if not found:
        raise NotFoundError(f"there is no view {name!r}", "client views lists them")
    return Filters.from_text(found[-1] or "")


def save_view(
    plan: Plan,
    snapshot: Snapshot,
    group: str,
    name: str,
    filters: Filters,
    run: Run,
    *,
    by: str = "",
) -> None:
    """Keep a view of a client under a name. by: who did, where that is not the run's user."""
    table = snapshot[VIEWS]
    values = {"filters": filters.as_text() or None, "user": by or run.user, "saved_at": run.now}
    for row in table.frame.iter_rows(named=True):
        if (row["name"] or "").casefold() == name.casefold() and row["client_group"] == group:
            plan.changes.set(
                VIEWS,
                row["row"],
                name,
                {column: (row[column], value) for column, value in values.items()},
            )
            return
    plan.changes.append(
        VIEWS, table.next_row, ("name", "client_group", *values), [(name, group, *values.values())]
    )


def own_views(snapshot: Snapshot, group: str) -> dict[str, tuple[str, Filters]]:
    """{name without case: (name, filters)} of the views that a client kept, the newest of a name. What is
    no view by now is left out."""
    found = {}
    for name, whose, text in (
        snapshot[VIEWS].frame.select("name", "client_group", "filters").iter_rows()
    ):
        if name and whose == group:
            with suppress(UsageError):
                found[name.casefold()] = name, Filters.from_text(text or "")
    return found


def plan_client_groups(snapshot: Snapshot) -> Plan:
    """The clients: their companies, and how far their tickets are."""
    state = State.of(snapshot)
    groups = clients.client_groups(state)
    rows = []
    for group, tickets in sorted(clients.by_group(state).items()):
        figures = clients.summary(clients.book(state, group, tickets).rows)
        names = tuple(groups.get(group, ()))
        rows.append(
            ClientGroup(
                client=group,
                companies=names,
                confirmed=not state.clients.unconfirmed(names),
                **asdict(figures),
            )
        )
    doubtful = clients.unconfirmed(state, book_kinds.CLIENT, groups)
    doubts = clients.not_confirmed(doubtful, Severity.INFO)
    return Plan(
        findings=doubts + similar.clients_alike(snapshot, Severity.INFO),
        result=ClientGroups(tuple(rows)),
    )


def plan_views(snapshot: Snapshot, run: Run, company: str = "") -> Plan:
    """The saved views, of one client or of all. Raises UnclearNameError for a name that is near
    another one, or tied (D23)."""
    views = snapshot[VIEWS].frame.select("name", "client_group", "filters", "user").rows()
    plan, group = Plan(), ""
    if company:
        grouped = [client for _name, client, _filters, _by in views]
        means = named_clients(snapshot, run.chosen, grouped).find(company, insist="")
        plan.findings += means.said("client") if means.how != "new" else []
        records = (name for name, _code, _status in masters(snapshot, CLIENT))
        group = Clients((), other_names(snapshot, CLIENT), records).key(means.name)
    listed = (
        SavedView(name, client, filters, by)
        for name, client, filters, by in views
        if name and (not group or client in (group, None))
    )
    plan.result = SavedViews(tuple(listed))
    return plan

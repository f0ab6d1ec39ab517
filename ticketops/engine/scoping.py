"""What a user may do who is limited to some clients or suppliers (§2, §15): one table for each. What is
not in it they can't run."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, structs

from ticketops.domain.dispatch.own_rows import NEEDED, OwnRows
from ticketops.domain.masterdata import scopes
from ticketops.domain.masterdata.aliases import CLIENT, other_names
from ticketops.domain.masterdata.scopes import EVERYTHING
from ticketops.domain.plan import Run
from ticketops.model.changes import ChangeSet
from ticketops.model.names import name_key
from ticketops.schema.layout import EVENT_KIND
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import Entry


class How(Enum):
    """How a job heeds a scope."""

    NARROWED = "reads"
    """It is given the rows of the scope only."""
    CHECKED = "writes"
    """It is given the whole workbook, and may change rows of the scope only."""
    APART = "apart"
    """It shows and changes nothing of such a party."""


_EVENT = {
    **dict.fromkeys(
        (
            "event.show",
            "event.list",
            "event.set",
            "event.advance",
            "event.back",
            "subgame.list",
            "subgame.add",
            "subgame.set",
            "category.list",
            "category.set",
            "category.remove",
            "seatmap.list",
            "seatmap.import",
            "seatmap.zones.list",
            "seatmap.zones",
            "import.profiles",
            "venue.list",
            "venue.show",
            "venue.add",
            "venue.set",
            "venue.deactivate",
            "currency.list",
            "currency.show",
            "currency.add",
            "currency.set",
            "currency.deactivate",
            "user.list",
            "user.set",
            "report.position",
            "report.inventory",
            "report.allocation",
            "dashboard.build",
            "dashboard.matches",
            "schedule.list",
            "schedule.profiles",
            "schedule.standings",
            "inbox",
        ),
        How.APART,
    )
}
OF_CLIENTS: Mapping[str, How] = {
    **_EVENT,
    "schedule.show": How.NARROWED,
    "sale.list": How.NARROWED,
    "sale.show": How.NARROWED,
    "ticket.list": How.NARROWED,
    "refund.list": How.NARROWED,
    "unit.list": How.NARROWED,
    "unit.show": How.NARROWED,
    "unit.holds": How.NARROWED,
    "seatmap.show": How.NARROWED,
    "allocate.log": How.NARROWED,
    "client.list": How.NARROWED,
    "client.show": How.NARROWED,
    "client.groups": How.NARROWED,
    "client.views": How.NARROWED,
    "client.view": How.NARROWED,
    "contract.list": How.NARROWED,
    "contract.show": How.NARROWED,
    "dispatch.status": How.NARROWED,
    "report.dispatch": How.NARROWED,
    "dashboard.mine": How.NARROWED,
    "staff.tasks": How.NARROWED,
    "sale.add": How.CHECKED,
    "import.sales": How.CHECKED,
    "sale.set": How.CHECKED,
    "sale.set.qty": How.CHECKED,
    "sale.cancel": How.CHECKED,
    "refund.decide": How.CHECKED,
    "unit.hold": How.CHECKED,
    "unit.release": How.CHECKED,
    "client.add": How.CHECKED,
    "client.set": How.CHECKED,
    "client.deactivate": How.CHECKED,
    "client.build": How.CHECKED,
    "client.pull": How.CHECKED,
    "client.accept": How.CHECKED,
    "client.copy-down": How.CHECKED,
    "import.guests": How.CHECKED,
    "dispatch.pull": How.CHECKED,
    "dispatch.sync": How.CHECKED,
    "staff.mark": How.CHECKED,
    "staff.report-issue": How.CHECKED,
    "staff.escalate": How.CHECKED,
    **dict.fromkeys(
        ("portal.invite", "portal.list", "portal.revoke", "portal.extend"), How.CHECKED
    ),
    "purchase.list": How.APART,
    "purchase.show": How.NARROWED,
    "purchase.add": How.APART,
    "import.purchases": How.APART,
    "purchase.expand": How.APART,
    "vendor.list": How.APART,
    "vendor.show": How.APART,
    "vendor.add": How.APART,
    "vendor.set": How.APART,
    "vendor.event": How.APART,
    "vendor.deactivate": How.APART,
    "supplier.groups": How.APART,
}
OF_SUPPLIERS: Mapping[str, How] = {
    **_EVENT,
    "purchase.list": How.NARROWED,
    "purchase.show": How.NARROWED,
    "unit.list": How.NARROWED,
    "unit.show": How.NARROWED,
    "vendor.list": How.NARROWED,
    "vendor.show": How.NARROWED,
    "contract.list": How.NARROWED,
    "contract.show": How.NARROWED,
    "supplier.groups": How.NARROWED,
    "credentials.list": How.NARROWED,
    "purchase.add": How.CHECKED,
    "import.purchases": How.CHECKED,
    "purchase.expand": How.CHECKED,
    "vendor.add": How.CHECKED,
    "vendor.set": How.CHECKED,
    "vendor.event": How.CHECKED,
    "vendor.deactivate": How.CHECKED,
    "supplier.map": How.CHECKED,
    "supplier.unmap": How.CHECKED,
    "supplier.learn": How.CHECKED,
    "supplier.build": How.CHECKED,
    "supplier.pull": How.CHECKED,
    "dispatch.pull": How.CHECKED,
    "dispatch.sync": How.CHECKED,
    **dict.fromkeys(
        ("portal.invite", "portal.list", "portal.revoke", "portal.extend"), How.CHECKED
    ),
    "schedule.show": How.APART,
    "dispatch.status": How.APART,
    "report.dispatch": How.APART,
    "sale.list": How.APART,
    "sale.show": How.APART,
    "sale.add": How.APART,
    "import.sales": How.APART,
    "sale.expand": How.APART,
    "sale.set": How.APART,
    "sale.set.qty": How.APART,
    "sale.cancel": How.APART,
    "ticket.list": How.APART,
    "refund.list": How.APART,
    "refund.decide": How.APART,
    "client.list": How.APART,
    "client.show": How.APART,
    "client.add": How.APART,
    "client.set": How.APART,
    "client.deactivate": How.APART,
    "client.groups": How.APART,
    "client.views": How.APART,
    "client.view": How.APART,
    "client.build": How.APART,
    "client.pull": How.APART,
    "client.accept": How.APART,
    "client.copy-down": How.APART,
}


SAYS_WHOSE = NEEDED
"""The sheets that say whose rows are whose."""


class Limited(Struct, frozen=True):
    """A run of a user who is limited, and whose rows are whose."""

    run: Run
    own: OwnRows

    @classmethod
    def of(cls, whole: Snapshot, run: Run) -> Limited:
        """whole: holds SAYS_WHOSE; run: as the workbook knows it."""
        scope = (run.scope or EVERYTHING).knowing(other_names(whole, CLIENT))
        return cls(structs.replace(run, scope=scope), OwnRows(whole, scope))

    def narrowed_for(self, name: str, snapshot: Snapshot) -> Snapshot:
        """What a job is given of the workbook."""
        narrow = How.NARROWED in _ways(name, self.run)
        return self.own.narrowed(snapshot) if narrow else snapshot

    def require_written(self, changes: ChangeSet, label: str) -> None:
        """Raises OutOfScopeError where changes are of rows of others."""
        what, sheet = self.own.strange(changes)
        if what:
            said = f"may not run `{label}`: it changes rows of another {what} in {sheet}"
            raise scopes.refused(self.run, said)


def require(name: str, label: str, run: Run, kind: str = EVENT_KIND) -> None:
    """Raises OutOfScopeError for a job that those may not run who are limited. kind: of the workbook;
    only that of an event says whose rows are whose."""
    if kind != EVENT_KIND or None in _ways(name, run):
        raise scopes.refused(run, f"may not run `{label}`, which is about more than their own rows")


def require_undo(run: Run, entry: Entry) -> None:
    """Raises OutOfScopeError where somebody who is limited would take back what another wrote."""
    if run.scope is not None and name_key(entry.user) != name_key(run.user):
        raise scopes.refused(run, f"may undo only what they did, not what {entry.user} did")


def _ways(name: str, run: Run) -> set[How | None]:
    """How a job heeds what its user is limited to; None among them where it may not run."""
    scope = run.scope or EVERYTHING
    limits = ((scope.clients, OF_CLIENTS), (scope.suppliers, OF_SUPPLIERS))
    return {table.get(name) for limit, table in limits if limit is not None}

"""Who may run which job (§0, §15): one table, for doing and for undoing. What is not in it can't
run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ticketops.domain.masterdata import users
from ticketops.domain.plan import Run
from ticketops.errors import UnlistedJobError
from ticketops.model.changes import AddColumns, AddSheet, ChangeSet
from ticketops.model.roles import OPERATOR, OPS_MANAGER, ROLE, SR_OPERATOR, STAFF
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY, POLICIES, USERS
from ticketops.schema.tables import Snapshot

Least = str | Callable[[Snapshot], str]
"""The least role; a function where it depends on who there is. The snapshot holds _USERS."""

NEEDED: Mapping[str, Least] = {
    "status": STAFF,
    "log": STAFF,
    "log.show": OPERATOR,
    "read": OPERATOR,
    "doctor": STAFF,
    "doctor.fix": STAFF,
    "report.position": STAFF,
    "audit.run": STAFF,
    "audit.repair": SR_OPERATOR,
    "purchase.list": OPERATOR,
    "purchase.show": OPERATOR,
    "sale.list": OPERATOR,
    "sale.show": OPERATOR,
    "unit.list": OPERATOR,
    "unit.show": OPERATOR,
    "ticket.list": STAFF,
    "refund.list": OPERATOR,
    "refund.decide": OPS_MANAGER,
    "unit.seat": OPERATOR,
    "allocate.log": STAFF,
    "purchase.add": OPERATOR,
    "purchase.expand": OPERATOR,
    "sale.add": OPERATOR,
    "sale.expand": OPERATOR,
    "sale.set": OPERATOR,
    "sale.cancel": SR_OPERATOR,
    "sale.upgrades": STAFF,
    "sale.approve": OPS_MANAGER,
    "sale.reject": OPS_MANAGER,
    "sale.upgrade": OPS_MANAGER,
    "recon.run": OPERATOR,
    "recon.apply": SR_OPERATOR,
    "allocate.preview": STAFF,
    "allocate.compare": STAFF,
    "allocate.commit": SR_OPERATOR,
    "allocate.auto": SR_OPERATOR,
    "allocate.process": SR_OPERATOR,
    "override.unallocate": SR_OPERATOR,
    "override.reset-seats": SR_OPERATOR,
    "override.alloc-from": SR_OPERATOR,
    "unit.holds": STAFF,
    "unit.substitute": SR_OPERATOR,
    "unit.hold": SR_OPERATOR,
    "unit.release": SR_OPERATOR,
    "event.swap": OPS_MANAGER,
    "policy.list": STAFF,
    "policy.show": STAFF,
    "policy.set": OPS_MANAGER,
    "user.list": STAFF,
    "user.set": users.to_change_users,
    "client.groups": STAFF,
    "client.views": STAFF,
    "client.view": STAFF,
    "client.build": OPERATOR,
    "client.pull": OPERATOR,
    "client.accept": OPERATOR,
    "client.copy-down": OPERATOR,
    "client.merge": SR_OPERATOR,
    "client.alias": SR_OPERATOR,
    "client.split": SR_OPERATOR,
    "supplier.groups": STAFF,
    "supplier.map": OPERATOR,
    "supplier.unmap": OPERATOR,
    "supplier.learn": OPERATOR,
    "supplier.build": OPERATOR,
    "supplier.pull": OPERATOR,
    "staff.tasks": STAFF,
    "staff.mark": STAFF,
    "staff.report-issue": STAFF,
    "staff.escalate": OPERATOR,
    "staff.reveal": STAFF,
    "staff.queue": OPERATOR,
    "staff.assign": OPERATOR,
    "staff.build": OPERATOR,
    "staff.build.with-passwords": OPERATOR,
    "staff.pull": OPERATOR,
    "dispatch.status": STAFF,
    "dispatch.sync": OPERATOR,
    "dispatch.pull": OPERATOR,
    "credentials.list": OPERATOR,
    "credentials.history": SR_OPERATOR,
    "credentials.reveal": SR_OPERATOR,
    "credentials.add": SR_OPERATOR,
    "credentials.update": SR_OPERATOR,
    "credentials.deactivate": SR_OPERATOR,
    "credentials.assign": SR_OPERATOR,
    "credentials.seal": OPS_MANAGER,
    "credentials.seal.purge-backups": OPS_MANAGER,
    "credentials.rotate": OPS_MANAGER,
    "credentials.rotate.drop-old": OPS_MANAGER,
    "sync.diff": STAFF,
    "sync.pull": SR_OPERATOR,
    "sync.push": SR_OPERATOR,
    "sync.watch": SR_OPERATOR,
}
"""{name of a job: the least role}. `undo` is judged by what it takes back."""


def require(name: str, label: str, run: Run, snapshot: Snapshot) -> None:
    """Whether a job may run. snapshot: holds _USERS; run: with the role that this gives its user.

    Raises NotPermittedError, and UnlistedJobError for a job that is not in the table: nobody may
    run it.
    """
    least = NEEDED.get(name)
    if least is None:
        raise UnlistedJobError(f"nobody may run {name!r}: it is not in the permissions table")
    users.require(run, _least(least, snapshot), f"`{label}`")


GUARDED: Mapping[str, str] = {USERS: "user.set", POLICIES: "policy.set"}
"""{sheet: the job that may write it}. Whatever else writes there, a sync or an undo, needs what that
one needs."""


TO_READ: Mapping[str, str] = {CREDENTIAL_HISTORY: SR_OPERATOR}
"""{sheet: the least role}, where reading it whole needs more than `read`: what the command that shows
it needs."""


def require_read(sheet: str, run: Run) -> None:
    """Raises NotPermittedError where a sheet is not the user's to read."""
    if sheet in TO_READ:
        users.require(run, TO_READ[sheet], f"`read {sheet}`")


def may_write(sheet: str, run: Run, snapshot: Snapshot) -> bool:
    """Whether the user of a run may write a sheet, whatever the command. snapshot: holds _USERS."""
    return sheet not in GUARDED or users.permits(run, _least(NEEDED[GUARDED[sheet]], snapshot))


def require_written(changes: ChangeSet, label: str, run: Run, snapshot: Snapshot) -> None:
    """Raises NotPermittedError where changes write cells that the run's user may not set, whatever
    planned them; making a sheet or a column that lacks is no such change."""
    structure = (AddSheet, AddColumns)
    written = {change.sheet for change in changes if not isinstance(change, structure)}
    require_sheets(written, f"`{label}`", run, snapshot)


def require_sheets(sheets: Iterable[str], what: str, run: Run, snapshot: Snapshot) -> None:
    """Raises NotPermittedError where one of the sheets is not the user's to write."""
    for sheet in sorted(set(sheets) & GUARDED.keys()):
        least = _least(NEEDED[GUARDED[sheet]], snapshot)
        users.require(run, least, f"{what}, which writes {sheet},")


def _least(least: Least, snapshot: Snapshot) -> str:
    return least if isinstance(least, str) else least(snapshot)


def job_named(label: str) -> str:
    """The name of the job that a label of the journal stands for: its longest known beginning.
    `allocate commit S147` → `allocate.commit`, `doctor --fix` → `doctor.fix`; "" for one that no
    job has."""
    words = [word.removeprefix("--") for word in label.split()]
    return next(
        (name for n in range(len(words), 0, -1) if (name := ".".join(words[:n])) in NEEDED), ""
    )


def to_undo(label: str) -> str:
    """The least role that may take back what stands in the journal under this label: the one that
    may do it, an operator at least; an ops_manager for changes of users, and for what no job is
    called any more."""
    least = NEEDED.get(job_named(label), OPS_MANAGER)
    return max(least, OPERATOR, key=ROLE.index) if isinstance(least, str) else OPS_MANAGER

"""Who may run which job (§0, §15): one table, for doing and for undoing. What is not in it can't
run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ticketops.domain.masterdata import capabilities, clearing, users
from ticketops.domain.plan import Run
from ticketops.engine.flows import FOR_ALL, capability, labelled
from ticketops.errors import NotPermittedError, UnlistedJobError
from ticketops.model.changes import AddColumns, AddSheet, ChangeSet
from ticketops.model.roles import OPERATOR, OPS_MANAGER, ROLE, SR_OPERATOR, STAFF, TAKES
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY, CURRENCIES, EVENTS, POLICIES, USERS
from ticketops.schema.tables import Snapshot

Least = str | Callable[[Snapshot], str]
"""The least role; a function where it depends on who there is. The snapshot holds _USERS."""

_MASTERS = ("client", "vendor", "contract", "venue", "currency")
_OF_MASTERS = {
    "list": STAFF,
    "show": OPERATOR,
    "add": SR_OPERATOR,
    "set": SR_OPERATOR,
    "deactivate": OPS_MANAGER,
}
NEEDED: Mapping[str, Least] = {
    "status": STAFF,
    "log": STAFF,
    "log.show": OPERATOR,
    "read": OPERATOR,
    "doctor": STAFF,
    "doctor.fix": STAFF,
    "report.position": STAFF,
    "report.ticketing.transfers": STAFF,
    "report.ticketing.waitlist": OPERATOR,
    "report.ticketing.purchases": OPERATOR,
    "report.ticketing.blocks": OPERATOR,
    "job.reports": STAFF,
    "job.list": STAFF,
    "job.show": STAFF,
    "job.download": STAFF,
    "job.create": STAFF,
    "job.regenerate": STAFF,
    "job.cancel": STAFF,
    "job.work": OPERATOR,
    "report.inventory": STAFF,
    "report.allocation": STAFF,
    "report.dispatch": STAFF,
    "report.summary": OPERATOR,
    "report.pnl": OPERATOR,
    "report.match": OPERATOR,
    "dashboard.build": STAFF,
    "dashboard.matches": STAFF,
    "dashboard.mine": STAFF,
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
    "balance.clients": OPERATOR,
    "balance.vendors": OPERATOR,
    "invoice.issue": SR_OPERATOR,
    "invoice.credit": OPS_MANAGER,
    "invoice.list": OPERATOR,
    "invoice.show": OPERATOR,
    "margin": OPERATOR,
    "portfolio": OPERATOR,
    "export.financial": OPERATOR,
    "archive.build": OPS_MANAGER,
    "archive.sweep": OPS_MANAGER,
    "fee.list": OPERATOR,
    "fee.add": OPERATOR,
    "fee.void": SR_OPERATOR,
    "payment.list": OPERATOR,
    "payment.add": SR_OPERATOR,
    "payment.void": SR_OPERATOR,
    "waitlist.list": OPERATOR,
    "waitlist.join": OPERATOR,
    "waitlist.promote": SR_OPERATOR,
    "waitlist.accept": OPERATOR,
    "waitlist.skip": SR_OPERATOR,
    "transfer.list": STAFF,
    "transfer.offer": OPERATOR,
    "transfer.accept": OPERATOR,
    "transfer.decline": OPERATOR,
    "transfer.revoke": OPERATOR,
    "allotment.list": OPERATOR,
    "allotment.add": OPERATOR,
    "allotment.assign": OPERATOR,
    "allotment.revoke": SR_OPERATOR,
    "unit.seat": OPERATOR,
    "allocate.log": STAFF,
    "purchase.add": OPERATOR,
    "purchase.set": OPERATOR,
    "import.purchases": OPERATOR,
    "import.sales": OPERATOR,
    "import.guests": OPERATOR,
    "import.seats": OPERATOR,
    "import.profiles": STAFF,
    "purchase.expand": OPERATOR,
    "sale.add": OPERATOR,
    "sale.expand": OPERATOR,
    "sale.set": OPERATOR,
    "sale.set.qty": OPERATOR,
    "sale.cancel": SR_OPERATOR,
    "sale.upgrades": STAFF,
    "sale.approve": OPS_MANAGER,
    "sale.reject": OPS_MANAGER,
    "sale.upgrade": OPS_MANAGER,
    "recon.run": OPERATOR,
    "recon.apply": SR_OPERATOR,
    "allocate.preview": STAFF,
    "allocate.seats": STAFF,
    "seatmap.show": STAFF,
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
    "template.list": OPERATOR,
    "template.show": OPERATOR,
    "template.check": OPERATOR,
    "template.preview": OPERATOR,
    "template.set": OPS_MANAGER,
    "trigger.list": OPERATOR,
    "trigger.set": OPS_MANAGER,
    "event.show": STAFF,
    "event.list": STAFF,
    "event.outstanding": STAFF,
    "event.accept": OPS_MANAGER,
    "event.set": OPS_MANAGER,
    "event.advance": OPS_MANAGER,
    "event.back": OPS_MANAGER,
    "event.clone": OPS_MANAGER,
    "event.swap": OPS_MANAGER,
    "schedule.list": STAFF,
    "schedule.show": STAFF,
    "schedule.profiles": STAFF,
    "schedule.import": SR_OPERATOR,
    "schedule.add": SR_OPERATOR,
    "schedule.set": SR_OPERATOR,
    "schedule.standings": STAFF,
    "schedule.result": SR_OPERATOR,
    "schedule.team": SR_OPERATOR,
    "schedule.teams": SR_OPERATOR,
    "schedule.thirds": SR_OPERATOR,
    "subgame.list": STAFF,
    "subgame.add": SR_OPERATOR,
    "subgame.set": SR_OPERATOR,
    "category.list": STAFF,
    "category.set": SR_OPERATOR,
    "category.remove": SR_OPERATOR,
    "seatmap.list": STAFF,
    "seatmap.check": OPERATOR,
    "seatmap.export": OPERATOR,
    "seatmap.import": SR_OPERATOR,
    "seatmap.zones.list": STAFF,
    "seatmap.zones": SR_OPERATOR,
    "seatmap.restrict.list": STAFF,
    "seatmap.restrict": SR_OPERATOR,
    "seatmap.why": STAFF,
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
    "client.remind": OPERATOR,
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
    "staff.proof": STAFF,
    "portal.reveal": OPERATOR,
    "staff.queue": OPERATOR,
    "staff.assign": OPERATOR,
    "staff.build": OPERATOR,
    "staff.build.with-passwords": OPERATOR,
    "staff.pull": OPERATOR,
    "dispatch.status": STAFF,
    "dispatch.deadlines": OPERATOR,
    "dispatch.sync": OPERATOR,
    "dispatch.pull": OPERATOR,
    "run.list": OPERATOR,
    "run.nightly": SR_OPERATOR,
    "cron.check": OPERATOR,
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
    **{f"{entity}.{what}": least for entity in _MASTERS for what, least in _OF_MASTERS.items()},
    **{f"currency.{what}": OPS_MANAGER for what in ("add", "set", "deactivate")},
    "issuance.refresh": OPERATOR,
    "issuance.queue": STAFF,
    "issuance.show": STAFF,
    "issuance.due": OPERATOR,
    "issuance.names.build": OPERATOR,
    "issuance.names.pull": OPERATOR,
    "issuance.name-update": OPERATOR,
    "issuance.finance-clear": SR_OPERATOR,
    "issuance.request-exception": OPERATOR,
    "issuance.approve-exception": SR_OPERATOR,
    "issuance.issue": SR_OPERATOR,
    "issuance.void": SR_OPERATOR,
    "issuance.payment": SR_OPERATOR,
    "issuance.document.add": OPERATOR,
    "issuance.document.list": STAFF,
    "issuance.report": OPERATOR,
    "issuance.manifest.build": OPERATOR,
    "vendor.event": SR_OPERATOR,
    "master.import": SR_OPERATOR,
    "master.export": OPERATOR,
    "master.pull": OPS_MANAGER,
    "message.list": OPERATOR,
    "message.show": OPERATOR,
    "message.send": SR_OPERATOR,
    "message.draft": OPERATOR,
    "message.retry": SR_OPERATOR,
    "message.cancel": SR_OPERATOR,
    "message.resolve": SR_OPERATOR,
    "message.enable": OPS_MANAGER,
    "message.disable": OPS_MANAGER,
    "inbox": STAFF,
    "portal.invite": OPERATOR,
    "portal.list": OPERATOR,
    "portal.revoke": OPERATOR,
    "portal.extend": OPERATOR,
    "portal.read": OPERATOR,
    "portal.open": OPERATOR,
    "portal.save": OPERATOR,
    "portal.view": OPERATOR,
    "portal.download": OPERATOR,
}
"""{name of a job: the least role}. `undo` is judged by what it takes back."""


def require(name: str, label: str, run: Run, snapshot: Snapshot) -> None:
    """Whether a job may run. snapshot: holds _USERS; run: with the role that this gives its user.

    Raises NotPermittedError, and UnlistedJobError for a job that is not in the table: nobody may
    run it.
    """
    if name not in NEEDED:
        raise UnlistedJobError(f"nobody may run {name!r}: it is not in the permissions table")
    _require(name, f"`{label}`", run, snapshot)


def _require(name: str, what: str, run: Run, snapshot: Snapshot) -> None:
    """By the capabilities of the user, where _USERS gives any (§15), else by the role."""
    least = _least(NEEDED[name], snapshot)
    if run.capabilities is None or run.barred or name in FOR_ALL:
        users.require(run, least, what)
    elif not _is_capable(name, least, run):
        needed = labelled(name)
        given = ", ".join(sorted(run.capabilities))
        if run.role in TAKES:
            raise NotPermittedError(
                f"{what} needs the capability {needed}; {run.user} has {run.role}: {given}",
                clearing.user_set(run.user, "--role ROLE", run.managers)
                if run.managers is not None
                else "the setting `role` says so",
            )
        raise NotPermittedError(
            f"{what} needs the capability {needed}; Capabilities of {run.user} in {USERS} is {given}",
            clearing.user_set(run.user, "--capabilities NAMES", run.managers),
        )


def _is_capable(name: str, least: str, run: Run) -> bool:
    """Whether the capabilities of a user let them do it; a flow that is named alone gives what the
    role gives."""
    by_role = users.permits(run, least)
    return capabilities.cover(run.capabilities or (), *capability(name), by_role=by_role)


GUARDED: Mapping[str, str] = {
    USERS: "user.set",
    POLICIES: "policy.set",
    EVENTS: "event.set",
    CURRENCIES: "currency.set",
}
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
    if sheet not in GUARDED:
        return True
    try:
        _require(GUARDED[sheet], sheet, run, snapshot)
    except NotPermittedError:
        return False
    return True


def require_written(changes: ChangeSet, label: str, run: Run, snapshot: Snapshot) -> None:
    """Raises NotPermittedError where changes write cells that the run's user may not set, whatever
    planned them; making a sheet or a column that lacks is no such change."""
    structure = (AddSheet, AddColumns)
    written = {change.sheet for change in changes if not isinstance(change, structure)}
    require_sheets(written, f"`{label}`", run, snapshot)


def require_sheets(sheets: Iterable[str], what: str, run: Run, snapshot: Snapshot) -> None:
    """Raises NotPermittedError where one of the sheets is not the user's to write."""
    for sheet in sorted(set(sheets) & GUARDED.keys()):
        _require(GUARDED[sheet], f"{what}, which writes {sheet},", run, snapshot)


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


TOGETHER = "batch --atomic"
"""What the journal calls commands that were written together: `batch --atomic 3: sale add, unit hold`."""


def labels_in(label: str) -> list[str]:
    """The labels of the commands that stand in the journal under this label: the label itself, save
    where several were written together."""
    if not label.startswith(f"{TOGETHER} "):
        return [label]
    return label.partition(": ")[2].split(", ")


def require_undo(label: str, run: Run, snapshot: Snapshot) -> None:
    """Raises NotPermittedError where a user may not take back what stands in the journal under this
    label. snapshot: holds _USERS."""
    for one in labels_in(label):
        name = job_named(one)
        if name and run.capabilities is not None and not run.barred:
            _require(name, f"undoing `{label}`", run, snapshot)
        else:
            users.require(run, to_undo(one), f"undoing `{label}`")


def to_undo(label: str) -> str:
    """The least role that may take back what stands in the journal under this label: the one that
    may do it, an operator at least; an ops_manager for changes of users, and for what no job is
    called any more."""
    return max(map(_to_undo, labels_in(label)), key=ROLE.index)


def _to_undo(label: str) -> str:
    least = NEEDED.get(job_named(label), OPS_MANAGER)
    return max(least, OPERATOR, key=ROLE.index) if isinstance(least, str) else OPS_MANAGER

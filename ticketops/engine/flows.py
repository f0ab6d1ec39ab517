"""Which capability a job needs (§15): the flow that it is part of, and how far it goes."""

from __future__ import annotations

FOR_ALL = frozenset({"status", "event.show", "event.list", "user.list", "inbox"})
"""What everybody may who may anything: where things stand, who may do more, and what is addressed to
them."""
_GROUP = {
    "event": "event",
    "subgame": "event",
    "category": "event",
    "schedule": "event",
    "seatmap": "event",
    "client": "masters",
    "vendor": "masters",
    "contract": "masters",
    "venue": "masters",
    "currency": "masters",
    "master": "masters",
    "purchase": "procurement",
    "import": "procurement",
    "sale": "sales",
    "ticket": "sales",
    "waitlist": "sales",
    "transfer": "clients",
    "allotment": "sales",
    "refund": "exceptions",
    "unit": "allocation",
    "allocate": "allocation",
    "policy": "allocation",
    "override": "overrides",
    "staff": "staff",
    "supplier": "suppliers",
    "report": "reports",
    "portfolio": "reports",
    "job": "reports",
    "dashboard": "reports",
    "read": "reports",
    "audit": "audit",
    "recon": "audit",
    "doctor": "audit",
    "log": "audit",
    "credentials": "credentials",
    "sync": "sync",
    "user": "users",
    "payment": "money",
    "balance": "money",
    "fee": "money",
    "invoice": "money",
    "margin": "money",
    "export": "money",
    "archive": "event",
    "issuance": "tickets",
    "run": "messages",
    "cron": "messages",
    "message": "messages",
    "inbox": "messages",
    "portal": "clients",
    "template": "messages",
    "trigger": "messages",
}
"""{first word of a job: its flow}."""
_APART = {
    **dict.fromkeys(
        (
            "client.groups",
            "client.views",
            "client.view",
            "client.build",
            "client.pull",
            "client.accept",
            "client.copy-down",
            "client.remind",
        ),
        "clients",
    ),
    **dict.fromkeys(
        ("sale.approve", "sale.reject", "sale.upgrade", "sale.upgrades", "sale.cancel"),
        "exceptions",
    ),
    "import.purchases": "procurement",
    "import.sales": "sales",
    "import.guests": "clients",
    "import.seats": "procurement",
    "unit.list": "procurement",
    "unit.show": "procurement",
    "unit.substitute": "overrides",
    "seatmap.show": "allocation",
    "seatmap.why": "allocation",
    "dispatch.status": "reports",
    "report.summary": "money",
    "report.pnl": "money",
    "report.match": "money",
    "dispatch.deadlines": "messages",
    "dispatch.pull": "staff",
    "dispatch.sync": "staff",
    "issuance.payment": "money",
    "issuance.report": "reports",
    "issuance.manifest.build": "reports",
    "issuance.names.build": "reports",
}
"""{job: its flow}, where that is another than the first word's."""
_VIEWS = frozenset({"list", "show", "groups", "views", "view", "history", "holds", "preview"})
_VIEWED = frozenset(
    {
        "event.outstanding",
        "log",
        "read",
        "doctor",
        "audit.run",
        "report.position",
        "job.reports",
        "job.download",
        "job.create",
        "job.regenerate",
        "report.ticketing.transfers",
        "report.ticketing.waitlist",
        "report.ticketing.purchases",
        "report.ticketing.blocks",
        "report.inventory",
        "report.allocation",
        "report.dispatch",
        "report.summary",
        "report.pnl",
        "report.match",
        "dashboard.build",
        "dashboard.matches",
        "dashboard.mine",
        "allocate.log",
        "allocate.seats",
        "allocate.compare",
        "sale.upgrades",
        "staff.tasks",
        "staff.proof",
        "dispatch.status",
        "cron.check",
        "master.export",
        "sync.diff",
        "balance.clients",
        "balance.vendors",
        "margin",
        "export.financial",
        "schedule.standings",
        "schedule.profiles",
        "seatmap.check",
        "seatmap.export",
        "seatmap.why",
        "import.profiles",
        "issuance.queue",
        "template.check",
        "portal.read",
    }
)
_EXPORTED = frozenset({"issuance.report", "issuance.manifest.build", "issuance.names.build"})
_APPROVED = frozenset(
    {
        "sale.approve",
        "sale.reject",
        "sale.upgrade",
        "refund.decide",
        "policy.set",
        "template.set",
        "trigger.set",
        "event.set",
        "archive.build",
        "archive.sweep",
        "event.accept",
        "event.advance",
        "event.back",
        "event.clone",
        "event.swap",
        "user.set",
        "master.pull",
        "invoice.credit",
        "payment.void",
        "staff.escalate",
        "audit.repair",
        "credentials.seal",
        "credentials.seal.purge-backups",
        "credentials.rotate",
        "credentials.rotate.drop-old",
        "client.deactivate",
        "vendor.deactivate",
        "contract.deactivate",
        "venue.deactivate",
        "currency.deactivate",
        "issuance.finance-clear",
        "issuance.approve-exception",
        "issuance.issue",
        "issuance.void",
        "message.enable",
        "message.disable",
    }
)


def capability(name: str) -> tuple[str, str]:
    """(flow, how far) of a job; two blanks for one that is of no flow: then only its role counts."""
    if name in FOR_ALL:
        return "", ""
    flow = _APART.get(name) or _GROUP.get(name.partition(".")[0], "")
    if name in _APPROVED:
        return flow, "approve"
    if name in _EXPORTED:
        return flow, "export"
    if name in _VIEWED or name.rpartition(".")[2] in _VIEWS:
        return flow, "view"
    return flow, "edit"


def labelled(name: str) -> str:
    """`sales.edit`; a blank for a job that everybody may run whose role lets them."""
    return ".".join(filter(None, capability(name)))

"""What `--json` prints under "result", a type a command, and the JSON Schema made of it
(docs/schema). Imported by tests and `make docs` only."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ticketops.cli.batch import Batched
from ticketops.cli.help import Helped
from ticketops.cli.serve import Served
from ticketops.cli.shell import Ended
from ticketops.domain.allocation import (
    automatic,
    commit,
    holds,
    overrides,
    policies,
    preview,
    process,
    seats,
    visual,
    why,
)
from ticketops.domain.allocation.substitution import Substituted
from ticketops.domain.audit import figures as audited
from ticketops.domain.audit import repair
from ticketops.domain.catalogue import category_rows, sub_game_rows, swap
from ticketops.domain.clock import due
from ticketops.domain.clock import record as nights
from ticketops.domain.credentials import records
from ticketops.domain.dispatch import overdue as dispatched
from ticketops.domain.dispatch import results as office
from ticketops.domain.event import archiving, issues, lifecycle, sweeping
from ticketops.domain.intake import imported as intake_imported
from ticketops.domain.intake import listing as mappings_kept
from ticketops.domain.issuance import documents as ticket_documents
from ticketops.domain.issuance import due as ticket_due
from ticketops.domain.issuance import finance as ticket_finance
from ticketops.domain.issuance import issuing as ticket_issuing
from ticketops.domain.issuance import manifest as ticket_manifest
from ticketops.domain.issuance import naming as ticket_naming
from ticketops.domain.issuance import payments as ticket_payments
from ticketops.domain.issuance import queue as ticket_queue
from ticketops.domain.issuance import refresh as ticket_refresh
from ticketops.domain.issuance import report as ticket_report
from ticketops.domain.issuance import show as ticket_show
from ticketops.domain.jobs import planning as job_plans
from ticketops.domain.jobs import rows as job_rows
from ticketops.domain.masterdata import importing, joining, masters, pulling, users
from ticketops.domain.messages import (
    by_hand,
    previews,
    reminders,
    senders,
    template_rows,
    trigger_rows,
)
from ticketops.domain.messages import inbox as messages_shown
from ticketops.domain.messages import listing as messages_listed
from ticketops.domain.money import balances, fees, financial, invoices, margin, payments
from ticketops.domain.portal import results as portal_results
from ticketops.domain.purchasing import purchases, terms
from ticketops.domain.reporting import (
    dashboard,
    figures,
    lists,
    per_match,
    reports,
    status,
    whole_sale,
)
from ticketops.domain.reporting import portfolio as portfolios
from ticketops.domain.schedule import entry, facts, imported, ladder, listing, profiles, results
from ticketops.domain.seatmap import checking as seats_checked
from ticketops.domain.seatmap import importing as seats_imported
from ticketops.domain.seatmap import listing as seats_listed
from ticketops.domain.seatmap import restrictions as seat_restrictions
from ticketops.domain.seatmap import showing
from ticketops.domain.seatmap import zones as seat_zones
from ticketops.domain.selling import amend, approvals, cancellation, refunds, reimport, sales
from ticketops.domain.ticketing import allotments, offers, purchase_report, waiting, waitlist
from ticketops.model.results import OPTIONAL
from ticketops.services import (
    audit,
    book_plans,
    comparison,
    copying,
    creation,
    cron,
    databases,
    drafts,
    events,
    google_access,
    google_probe,
    jobs,
    journal,
    outbox,
    rights,
    sending,
    switching,
    sync,
    undo,
    watching,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"

RESULTS: dict[str, Any] = {
    # status, audit, recon, report
    "status": status.Overview | ticket_report.TicketOverview,
    "audit run": audited.Audit,
    "audit repair": repair.Repaired,
    "recon run": reimport.Reconciled,
    "recon apply": reimport.Applied,
    "report ticketing": offers.TransferReport
    | waiting.WaitlistReport
    | purchase_report.PurchaseReport
    | allotments.TicketBlocks,
    **{
        f"job {command}": job_rows.ReportJob
        for command in ("create", "show", "regenerate", "cancel")
    },
    "job list": job_rows.ReportJobs,
    "job reports": jobs.Catalogue,
    "job download": jobs.Downloaded,
    "job work": job_plans.Worked,
    "report position": figures.PositionReport,
    "report summary": reports.Summary,
    "report inventory": reports.Inventory,
    "report allocation": reports.Allocation,
    "report dispatch": reports.Dispatch,
    "report pnl": reports.ProfitAndLoss,
    "report match": per_match.MatchReport,
    "dashboard build": dashboard.Dashboard,
    "event page": dashboard.MatchPage,
    "seatmap list": seats_listed.SeatList,
    "seatmap import": seats_imported.SeatMapImported,
    "seatmap export": seats_listed.SeatMapExported,
    "seatmap zones": seat_zones.ZoneList,
    "seatmap restrict": seat_restrictions.RestrictionList,
    "seatmap check": seats_checked.SeatMapCheck,
    "seatmap why": why.Why,
    # purchase, sale, unit
    "purchase list": lists.PurchaseList,
    "purchase show": lists.PurchaseWhole,
    "sale list": lists.SaleList,
    "sale show": whole_sale.SaleWhole,
    "unit list": lists.UnitList,
    "unit show": lists.UnitWhole,
    "ticket list": lists.TicketList,
    "allocate log": lists.AllocationLog,
    "template list": template_rows.TemplateList,
    "template show": template_rows.TemplateShown,
    "template set": template_rows.TemplateSet,
    "template check": previews.TemplateCheck,
    "template preview": previews.Preview,
    "trigger list": trigger_rows.TriggerList,
    "trigger set": trigger_rows.TriggerRow,
    "message list": messages_listed.MessageList,
    "message show": outbox.Shown,
    "message send": sending.Sent,
    "message retry": by_hand.Decided,
    "message cancel": by_hand.Decided,
    "message resolve": by_hand.Decided,
    "message enable": senders.Enabled,
    "message disable": senders.Enabled,
    "message draft": drafts.Drafted,
    "client remind": reminders.Reminded,
    "inbox": messages_shown.Notes,
    "refund list": lists.RefundList,
    "refund decide": refunds.Decided,
    **{f"waitlist {command}": waitlist.WaitingSet for command in ("join", "accept", "skip")},
    "waitlist promote": waitlist.Promoted,
    "waitlist list": waiting.WaitingList,
    **{
        f"transfer {command}": offers.Transfer
        for command in ("offer", "accept", "decline", "revoke")
    },
    "transfer list": offers.TransferList,
    "allotment add": allotments.AllotmentChanged,
    "allotment assign": allotments.AllotmentChanged,
    "allotment list": allotments.AllotmentList,
    "allotment revoke": allotments.AllotmentChanged,
    "portal invite": portal_results.Invited,
    "portal list": portal_results.LinkList,
    "portal revoke": portal_results.LinkSet,
    "portal extend": portal_results.LinkSet,
    "balance clients": balances.Balances,
    "balance vendors": balances.Balances,
    "fee add": fees.FeeSet,
    "fee list": fees.FeeList,
    "fee void": fees.FeeSet,
    "invoice issue": invoices.InvoiceWhole,
    "invoice credit": invoices.InvoiceWhole,
    "invoice list": invoices.InvoiceList,
    "invoice show": invoices.InvoiceWhole,
    "margin": margin.Margins,
    "payment add": payments.Paid,
    "payment list": payments.PaymentList,
    "payment void": payments.Paid,
    "unit seat": seats.Seated,
    "purchase add": purchases.Purchased,
    "purchase set": terms.PurchaseSet,
    "import purchases": intake_imported.Imported,
    "import sales": intake_imported.Imported,
    "import guests": intake_imported.Imported,
    "import seats": intake_imported.Imported,
    "import profiles": mappings_kept.Mappings,
    "purchase expand": purchases.Expanded,
    "sale add": sales.Ordered,
    "sale expand": sales.Expanded,
    "sale approve": approvals.Approved,
    "sale reject": cancellation.Ended,
    "sale upgrade": approvals.Upgraded | approvals.Upgrades,
    "sale set": amend.Amended,
    "sale cancel": cancellation.Ended,
    "unit substitute": Substituted,
    "unit hold": holds.SetAside,
    "unit release": holds.Released,
    "unit holds": holds.Holds,
    # issuance
    "issuance refresh": ticket_refresh.Refreshed,
    "issuance queue": ticket_queue.Queue,
    "issuance due": ticket_due.NamesDue,
    "issuance show": ticket_show.TicketWhole,
    "issuance names": book_plans.Built,
    "issuance name-update": ticket_naming.NamesSet,
    "issuance finance-clear": ticket_finance.Rulings,
    "issuance request-exception": ticket_finance.Rulings,
    "issuance approve-exception": ticket_finance.Rulings,
    "issuance issue": ticket_issuing.Issued,
    "issuance void": ticket_finance.Rulings,
    "issuance payment": ticket_payments.Paid,
    "issuance document": ticket_documents.Documents,
    "issuance report": ticket_report.Report,
    "issuance manifest": ticket_manifest.Manifest,
    # allocate, override, policy, event, user
    "allocate preview": preview.Preview,
    "allocate commit": commit.Outcome,
    "allocate auto": automatic.Allocated,
    "allocate process": process.Processed,
    "allocate compare": comparison.Comparison,
    "allocate seats": visual.SeatsPage,
    "seatmap show": showing.ShownMap,
    "override unallocate": overrides.Unallocated,
    "override reset-seats": overrides.SeatsReset,
    "override alloc-from": overrides.AllocFrom,
    "policy list": policies.PolicyList,
    "policy show": policies.Effective,
    "policy set": policies.PolicyRow,
    "event show": lifecycle.EventShown,
    "event set": lifecycle.EventShown,
    "event advance": lifecycle.Moved,
    "event outstanding": issues.OutstandingList,
    "event accept": issues.Accepted,
    "event back": lifecycle.Moved,
    "archive build": archiving.ArchiveMade | None,
    "archive verify": archiving.ArchiveShown,
    "archive sweep": sweeping.Swept,
    "archive show": archiving.ArchiveShown,
    "export financial": financial.FinancialExported,
    "event list": events.EventList,
    "event switch": switching.Switched,
    "event clone": events.CloneMade,
    "event swap": swap.Swapped,
    "schedule import": imported.ScheduleImported,
    "schedule add": entry.MatchSet,
    "schedule set": entry.MatchSet,
    "schedule list": listing.ScheduleList,
    "schedule show": listing.MatchShown,
    "schedule profiles": profiles.ProfileList,
    "subgame add": sub_game_rows.SubGameSet,
    "subgame set": sub_game_rows.SubGameSet,
    "subgame list": sub_game_rows.SubGameList,
    "category set": category_rows.CategorySet,
    "category remove": category_rows.CategorySet,
    "category list": category_rows.CategoryList,
    "schedule result": results.ResultEntered,
    "schedule standings": ladder.Standings,
    "schedule team": facts.FactsEntered,
    "schedule teams": facts.FactsEntered,
    "schedule thirds": facts.FactsEntered,
    # master data
    **{
        f"{entity} {command}": result
        for entity in ("client", "vendor", "contract", "venue", "currency")
        for command, result in {
            "add": masters.MasterSet,
            "set": masters.MasterSet,
            "list": masters.MasterList,
            "show": masters.MasterWhole,
            "deactivate": masters.MasterSet,
        }.items()
    },
    "vendor event": masters.MasterSet,
    "master import": importing.Imported,
    "master export": importing.ExportedAll,
    "master pull": pulling.MasterPulled,
    "user list": users.UserList,
    "user set": users.UserSet,
    # client, supplier, staff, dispatch
    "client groups": office.ClientGroups,
    "client build": book_plans.Built,
    "client pull": book_plans.Pulled,
    "client view": office.ClientView,
    "client views": office.SavedViews,
    "client accept": office.Accepted,
    "client copy-down": office.CopiedDown,
    "client merge": joining.Joined,
    "client alias": joining.Joined,
    "client split": joining.Split,
    "supplier groups": office.SupplierList,
    "supplier map": office.Mapped,
    "supplier unmap": office.Unmapped,
    "supplier learn": office.Mapped,
    "supplier build": book_plans.Built,
    "supplier pull": book_plans.Pulled,
    "staff queue": office.Queue,
    "staff tasks": office.Tasks,
    "staff assign": office.Assigned,
    "staff build": book_plans.Built,
    "staff pull": book_plans.Pulled,
    "staff mark": office.Marked,
    "staff report-issue": office.Marked,
    "staff escalate": office.Escalated,
    "staff reveal": office.TaskRevealed,
    "staff proof": office.TaskProof,
    "dispatch sync": book_plans.Synced,
    "dispatch watch": watching.Watched,
    "dispatch status": dispatched.DispatchStatus,
    "dispatch deadlines": due.Deadlines,
    # run, cron
    "run nightly": nights.Night,
    "run list": nights.TaskList,
    "cron show": cron.Schedule,
    "cron install": cron.Schedule,
    "cron remove": cron.Removed,
    "cron check": cron.Checked,
    # credentials
    "credentials list": records.Logins,
    "credentials add": records.Added,
    "credentials update": records.Updated,
    "credentials deactivate": records.Deactivated,
    "credentials assign": records.Assigned,
    "credentials seal": records.Sealed,
    "credentials rotate": records.Rotated,
    "credentials reveal": records.Revealed,
    "credentials history": records.History,
    # databases, google, sync
    "workbook copy": copying.Copied,
    "db ddl": databases.Written,
    "db init": databases.Migrated,
    "db migrate": databases.Migrated,
    "db status": databases.Tables,
    "db grant": rights.Granted,
    "db revoke": rights.Granted,
    "db grants": rights.Grants,
    "db office": rights.OfficeSet,
    "portfolio": portfolios.Portfolio,
    "google check": google_access.Access,
    "google probe": google_probe.Probed,
    "google login": google_access.LoggedIn,
    "google logout": google_access.LoggedOut,
    "sync diff": sync.Compared,
    "sync pull": sync.Compared,
    "sync push": sync.Compared,
    "sync watch": watching.SyncWatched,
    # log, undo, doctor, init, sample, help
    "log": journal.Log | journal.LogEntry,
    "undo": undo.Undone,
    "doctor": audit.Examined,
    "init": creation.Made,
    "sample": creation.SampleMade,
    "batch": Batched,
    "shell": Ended,
    "serve": Served,
    "help": Helped,
}
"""{command: type of its result}."""


@dataclass(frozen=True)
class Counts:
    """How many cells of a sheet are set, and how many rows are appended, deleted and rewritten."""

    set: int
    appended: int
    deleted: int
    replaced: int


@dataclass(frozen=True)
class Finding:
    """What is wrong in a workbook; `row` is the sheet row, from 1."""

    code: str
    severity: Literal["INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
    message: str
    sheet: str
    row: int | None
    sales_id: str
    unit_id: str
    match: str
    category: str


@dataclass(frozen=True)
class Cell:
    """A cell that would change. For a rewritten sheet: its range and its number of `rows`."""

    sheet: str
    cell: str
    key: str
    header: str
    before: str | int | float | bool | None
    after: str | int | float | bool | None
    rows: int | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Error:
    """Why a command did nothing: a stable code, one line, and what to do about it."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True)
class Failed:
    """What `--json` prints when a command ends with an error."""

    command: str
    error: Error


def schema_of(command: str) -> dict[str, Any]:
    """The JSON Schema of the whole object that a command prints. Raises KeyError where RESULTS has
    no such command."""
    schema = _schema(RESULTS[command])
    shared = {
        name: _schema(kind)
        for name, kind in (("Counts", Counts), ("Finding", Finding), ("Cell", Cell))
    }
    definitions = schema.pop("$defs", {}) | {
        f"ticketops.{name}": one for name, one in shared.items()
    }
    properties = {
        "command": {"const": command},
        "run_id": {
            "type": ["string", "null"],
            "pattern": r"^R\d{8}-\d{6}$",
            "description": "null if nothing is recorded.",
        },
        "dry_run": {"type": "boolean"},
        "result": schema,
        "changes": {
            "type": "object",
            "additionalProperties": _ref("Counts"),
            "description": "By sheet; empty if nothing was written.",
        },
        "findings": {"type": "array", "items": _ref("Finding")},
        "cells": {
            "type": "array",
            "items": _ref("Cell"),
            "description": "Only in a dry run of a command that writes.",
        },
    }
    required = [name for name in properties if name != "cells"]
    return {
        "$schema": DIALECT,
        "title": f"ticketops {command} --json",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "$defs": definitions,
    }


def error_schema() -> dict[str, Any]:
    """The JSON Schema of what any command prints when it ends with an error."""
    return {"$schema": DIALECT, "title": "ticketops … --json: an error"} | _schema(Failed)


def schemas() -> dict[str, dict[str, Any]]:
    """{file name: schema} of docs/schema."""
    found = {f"{command.replace(' ', '-')}.json": schema_of(command) for command in RESULTS}
    return found | {"error.json": error_schema()}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/ticketops.{name}"}


def _schema(kind: Any) -> dict[str, Any]:
    return TypeAdapter(kind).json_schema(mode="serialization", schema_generator=_Generator)


class _Generator(GenerateJsonSchema):
    """As `plain` and the printer write values: every field that is not OPTIONAL is there, and no
    other; times are local, without zone."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """A dataclass: its fields, their docstrings as descriptions."""
        made = super().dataclass_schema(schema)
        target = self.resolve_ref_schema(made)
        said = _docstrings(schema["cls"])
        required = []
        for one in fields(schema["cls"]):
            name = one.metadata.get("alias", one.name)
            own = target["properties"][name]
            for noise in ("title", "default", "optional", "alias"):
                own.pop(noise, None)
            if one.metadata.get("optional"):
                kinds = [kind for kind in own.pop("anyOf") if kind != {"type": "null"}]
                own |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
            else:
                required.append(name)
            if one.name in said:
                own["description"] = said[one.name]
        if "description" in target:
            target["description"] = " ".join(target["description"].split())
        target |= {"required": required, "additionalProperties": False}
        return made

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """A time of the office: 2026-04-17T14:30:22."""
        return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{6})?$"}

    def date_schema(self, schema: core_schema.DateSchema) -> JsonSchemaValue:
        """A day: 2026-04-17."""
        return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}


def _docstrings(kind: type) -> dict[str, str]:
    """{field: the text below it in the source} of a dataclass and those it extends."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__[:-1]):
        body = ast.parse(textwrap.dedent(inspect.getsource(one))).body[0]
        lines = body.body if isinstance(body, ast.ClassDef) else []
        for before, text in pairwise(lines):
            if (
                isinstance(before, ast.AnnAssign)
                and isinstance(before.target, ast.Name)
                and isinstance(text, ast.Expr)
            ):
                found[before.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found

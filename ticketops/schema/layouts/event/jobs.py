"""Reports that are made as jobs (D32)."""

from __future__ import annotations

from ticketops.model import states
from ticketops.schema.layouts.event.columns import CODE, DATETIME, INTEGER, column
from ticketops.schema.layouts.event.names import JOBS
from ticketops.schema.sheets import Sheet, SheetKind

JOBS_SHEET = Sheet(
    JOBS,
    SheetKind.LEDGER,
    (
        column("job_id", "JobID", CODE),
        column("report", "Report", CODE, width=24),
        column("arguments", "Arguments", CODE, width=24),
        column("format", "Format", CODE),
        column("state", "State", CODE, choices=states.JOB_STATE, machine=states.JOB_MACHINE),
        column("request_id", "RequestID", CODE, width=36),
        column("attempts", "Attempts", INTEGER),
        column("created_at", "CreatedAt", DATETIME, width=18),
        column("started_at", "StartedAt", DATETIME, width=18),
        column("lease_until", "LeaseUntil", DATETIME, width=18),
        column("finished_at", "FinishedAt", DATETIME, width=18),
        column("expires_at", "ExpiresAt", DATETIME, width=18),
        column("input_revision", "InputRevision", CODE, width=36),
        column("artifact", "Artifact", CODE, width=40),
        column("sha256", "SHA256", CODE, width=36),
        column("reason", "Reason", width=40),
        column("user", "User", CODE),
    ),
    record=("job_id",),
    extension=True,
)

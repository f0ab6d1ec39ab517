"""The use case of the financial close (§13): revenue, cost, margin, payments to vendors and invoices of
clients, as files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from ticketops.domain.money import financial
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.errors import NotPermittedError, RuleError, UnusableError
from ticketops.files import staging, usual_rights
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    FEES,
    INVOICES,
    PURCHASES,
    SALES,
    UNITS,
    VENDORS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.sheet_groups import MONEY

FINANCIAL_SHEETS = (SALES, PURCHASES, UNITS, DISTRIBUTION)
FINANCIAL_BESIDE = (*MONEY, FEES, INVOICES, ALIASES, CLIENTS, VENDORS)


def export_financial() -> Job:
    """The sheets of the financial close; `write` makes files of them."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        return financial.plan_financial(snapshot, run)

    return Job("export.financial", plan, FINANCIAL_SHEETS, FINANCIAL_BESIDE, effect=Effect.READS)


def workbook_in(folder: Path) -> Path:
    """Where `write` puts the workbook of the export."""
    from ticketops.books.financial_files import WORKBOOK

    return folder / WORKBOOK


def write(found: financial.Financial, folder: Path, *, force: bool) -> financial.FinancialExported:
    """Write the files into a folder, which is made where there is none: all, or none. Raises
    RuleError where one of them exists, unless `force`, UnusableError and NotPermittedError where they
    can't be written."""
    from ticketops.books.financial_files import files_of

    files = files_of(found)
    if not force and (there := [name for name in files if os.path.lexists(folder / name)]):
        raise RuleError(
            f"{folder / there[0]} already exists",
            "name another folder, or give --force to replace the files",
        )
    if os.path.lexists(folder) and not folder.is_dir():
        raise UnusableError(f"{folder} is not a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(folder, files)
    except OSError as error:
        raise NotPermittedError(f"{folder} can't be written: {error.strerror or error}") from None
    return financial.exported(found, str(folder), list(files))


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """All are staged before the first gets its name."""
    with ExitStack() as stack:
        staged = {}
        for name, content in files.items():
            staged[name] = stack.enter_context(staging(folder / name))
            with open(staged[name], "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            staged[name].chmod(usual_rights(folder / name))
        for name, one in staged.items():
            os.replace(one, folder / name)

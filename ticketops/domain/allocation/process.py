"""`allocate process`: what operators decided in the sheet itself (§5b step 12).

A ChosenSetID in _ALLOCATION_PREVIEW commits that row. Of the ticked Process_Now boxes the first is
carried out, the others are cleared: a queue of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ticketops.domain.allocation import preview
from ticketops.domain.allocation.automatic import kept_by_mode
from ticketops.domain.allocation.commit import Choice, Outcome, parse_sets, plan_commit
from ticketops.domain.allocation.policy import Policies
from ticketops.domain.allocation.targets import find_target
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import ids
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import ALLOCATION_PREVIEW, DISTRIBUTION
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Processed:
    """What was carried out: sales, units, ticks cleared without action, and refused choices and
    ticks."""

    processed: list[Outcome]
    units: int
    unticked: int
    refused: int


def plan_process(snapshot: Snapshot, run: Run) -> Plan:
    """Commit the chosen rows of the preview, then the first ticked sale. What can't be done stays,
    each with a finding."""
    plan = Plan()
    chosen = _chosen(snapshot, run, plan)
    ticked, cleared = _ticked(snapshot, run, plan)
    done = [*chosen, *ticked]
    plan.result = Processed(
        processed=done,
        units=sum(one.allocated for one in done),
        unticked=cleared,
        refused=sum(finding.code == "REFUSED" for finding in plan.findings),
    )
    return plan


def _chosen(snapshot: Snapshot, run: Run, plan: Plan) -> list[Outcome]:
    """The rows of _ALLOCATION_PREVIEW with a ChosenSetID; those carried out leave the sheet."""
    rows = preview.rows_of(snapshot)
    done: list[Outcome] = []
    kept = []
    for row in rows:
        if not row["chosen"]:
            kept.append(row)
            continue
        try:
            sales_id = ids.parse_sales_id(row["sales_id"] or "").parent
            step = plan_commit(
                snapshot.after(plan.changes),
                sales_id,
                run,
                Choice(sets=parse_sets([row["chosen"]])),
            )
        except (ValueError, NotFoundError, RuleError, UsageError) as error:
            kept.append(row | {"warnings": f"REFUSED: {error}"})
            message = f"{row['sales_id'] or 'a row without SalesID'}: ChosenSetID {row['chosen']} can't be carried out: {error}"
            plan.findings.append(
                Finding(
                    "REFUSED",
                    Severity.HIGH,
                    message,
                    ALLOCATION_PREVIEW,
                    row["row"],
                    row["sales_id"] or "",
                )
            )
            continue
        _add(plan, step)
        done.append(step.result)
    if kept != rows:
        preview.replace_rows(plan, kept)
    return done


def _ticked(snapshot: Snapshot, run: Run, plan: Plan) -> tuple[list[Outcome], int]:
    """The first ticked sale, and how many other ticks are cleared, which is said."""
    frame = snapshot.after(plan.changes)[DISTRIBUTION].frame
    ticks = frame.filter(
        pl.col("process_now").fill_null(False), pl.col("sales_id").is_not_null()
    ).select("row", "sales_id")
    if ticks.is_empty():
        return [], 0
    row, first = ticks.row(0)
    for other, sales_id in ticks.rows():
        plan.changes.set(DISTRIBUTION, other, sales_id, {"process_now": (True, False)})
    others = ticks.height - 1
    if others:
        message = f"{ticks.height} rows were ticked: {first} is carried out, the other {others} are cleared"
        plan.findings.append(
            Finding("MORE_THAN_ONE_TICK", Severity.INFO, message, DISTRIBUTION, row, first)
        )
    now = snapshot.after(plan.changes)
    try:
        sales_id = ids.parse_sales_id(first).parent
        target = find_target(now, sales_id)
        if kept := kept_by_mode(
            Policies(now).for_sale(target.match, target.client), unattended=False
        ):
            raise RuleError(kept)
        step = plan_commit(now, sales_id, run)
    except (ValueError, NotFoundError, RuleError) as error:
        plan.findings.append(
            Finding(
                "REFUSED",
                Severity.HIGH,
                f"{first} was ticked but stays unchanged: {error}",
                DISTRIBUTION,
                row,
                first,
            )
        )
        return [], others
    _add(plan, step)
    return [step.result], others


def _add(plan: Plan, step: Plan) -> None:
    plan.changes.extend(step.changes)
    plan.findings += step.findings

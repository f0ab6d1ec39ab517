"""The two free-layout reports as grids of cells from A1 on: _REPORT_POSITION (§11) and
_ALLOCATION_AUDIT (§12a).

In: what the domain found. Out: a list of rows; None is an empty cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ticketops.domain.audit.figures import Audit
from ticketops.domain.reporting.figures import Position, figures_of, grouped
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import (
    ALLOCATION_AUDIT_ISSUE_HEADERS,
    DISTRIBUTION,
    POSITION_HEADERS,
    UNITS,
)

Grid = list[tuple[Any, ...]]

_FIGURE_HEADERS = (
    "Sold",
    "Sent",
    "Open",
    "Available",
    "Oversold",
    "Surplus",
    "Allocated-unsent",
    "True shortage",
)


def position_grid(result: Position, now: datetime) -> Grid:
    """The position report: title, the six figures of §16b with the two of D8 beside them, one line
    per match and category, one line per match."""
    lines = result.lines
    grid: Grid = [
        ("TICKETS POSITION REPORT", None, None, None, "Last Refresh", now),
        (),
        (*POSITION_HEADERS, *_FIGURE_HEADERS[6:]),
        figures_of(result),
        (),
        ("Match", "Category", *_FIGURE_HEADERS),
    ]
    grid += [(line.match, line.category, *figures_of(line)) for line in lines]
    grid += [(), ("Match", *_FIGURE_HEADERS)]
    grid += [
        (match, *figures_of(figures)) for match, figures in grouped(lines, lambda line: line.match)
    ]
    return grid


def audit_grid(
    result: Audit, findings: Iterable[Finding], rows_by_unit: Mapping[str, int], now: datetime
) -> Grid:
    """The audit snapshot: title, summary, one line an issue. rows_by_unit: {UnitID: its row in
    _PURCHASE_UNITS}."""
    grid: Grid = [
        (f"Allocation Audit · {now:%Y-%m-%d %H:%M:%S}",),
        ("Distribution rows", result.distribution_rows),
        ("Unique UnitIDs referenced in Distribution", result.unique_unit_ids),
        (f"{UNITS} rows", result.purchase_units),
        (f"Allocated {UNITS} rows", result.allocated_units),
        ("Issues found", result.issues),
        (),
        ALLOCATION_AUDIT_ISSUE_HEADERS,
    ]
    grid += [_issue(finding, rows_by_unit, now) for finding in findings]
    return grid


def _issue(finding: Finding, rows_by_unit: Mapping[str, int], now: datetime) -> tuple[Any, ...]:
    return (
        now,
        finding.severity.name,
        finding.code,
        finding.sales_id or None,
        finding.row if finding.sheet == DISTRIBUTION else None,
        finding.unit_id or None,
        rows_by_unit.get(finding.unit_id),
        finding.match or None,
        finding.category or None,
        finding.message,
    )

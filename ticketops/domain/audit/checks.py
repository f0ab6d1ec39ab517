"""The allocation audit (§12a): do Distribution and _PURCHASE_UNITS tell the same story? Facts as findings, all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from ticketops.model import states
from ticketops.model.findings import Finding, Severity, count_by_code
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, UNITS

MISSING_UNIT = "MISSING_UNIT_IN_PURCHASE_UNITS"
DUPLICATE_UNIT = "DUPLICATE_UNIT_IN_DISTRIBUTION"
SALES_ID_MISMATCH = "SALES_ID_MISMATCH"
ORPHAN_UNIT = "ORPHAN_ALLOCATED_PURCHASE_UNIT"
MISSING_SALES_ID = "PURCHASE_UNIT_POINTS_TO_MISSING_SALES_ID"
COUNT_MISMATCH = "COUNT_MISMATCH"
NO_BACK_POINTER = "PURCHASE_UNIT_MISSING_ALLOCATED_SALES_ID"
LOOKS_AVAILABLE = "STATUS_LOOKS_AVAILABLE_BUT_REFERENCED"
LOOKS_ALLOCATED = "STATUS_LOOKS_ALLOCATED_BUT_UNLINKED"


@dataclass(frozen=True)
class Books:
    """Both ledgers as the audit sees them.

    tickets: row, sales_id, match, category, status, unit_count, ids (list of UnitIDs), delivery of Distribution rows.
    units: row, unit_id, match, category, status, sales_id of units. links: one row a reference, ticket and unit joined.
    """

    tickets: pl.DataFrame
    units: pl.DataFrame

    @classmethod
    def of(cls, snapshot: Snapshot) -> Books:
        columns = ("row", "sales_id", "match", "category", "status", "unit_count", "unit_ids", "delivery")
        tickets = snapshot[DISTRIBUTION].frame.select(columns).with_columns(
            ids=pl.col("unit_ids").fill_null("").str.extract_all(r"[^\s,;|·]+"),
        )  # fmt: skip
        units = snapshot[UNITS].frame.select("row", "unit_id", "match", "category", "status", "sales_id", "set_id")
        return cls(tickets, units.filter(pl.col("unit_id").is_not_null()))

    @cached_property
    def references(self) -> pl.DataFrame:
        """One row a reference: the ticket's columns and `unit_id`."""
        return self.tickets.filter(pl.col("ids").list.len() > 0).explode("ids").rename({"ids": "unit_id"})

    @cached_property
    def links(self) -> pl.DataFrame:
        """References with the unit they name: its columns as unit_row, unit_status, points_to; null where there is none."""
        units = self.units.unique("unit_id", keep="first", maintain_order=True).select(
            "unit_id", unit_row="row", unit_status="status", points_to="sales_id",
        )  # fmt: skip
        return self.references.join(units, on="unit_id", how="left", maintain_order="left")

    @cached_property
    def summary(self) -> dict[str, int]:
        """The figures of the summary row; the invariant is unique_unit_ids = allocated_units."""
        return {
            "distribution_rows": self.tickets.height,
            "unique_unit_ids": self.references["unit_id"].n_unique() if self.references.height else 0,
            "purchase_units": self.units.height,
            "allocated_units": self.units.filter(pl.col("status") == states.ALLOCATED).height,
        }


def audit(snapshot: Snapshot) -> tuple[dict[str, Any], list[Finding]]:
    """All checks of §12a. The result (figures, `issues`, `by_code`, `invariant_holds`) and the findings, gravest first."""
    books = Books.of(snapshot)
    findings = [finding for check in CHECKS for finding in check(books)]
    findings.sort(key=lambda finding: -finding.severity)
    summary = books.summary
    result: dict[str, Any] = {
        **summary,
        "issues": len(findings),
        "by_code": count_by_code(findings),
        "invariant_holds": summary["unique_unit_ids"] == summary["allocated_units"],
    }
    return result, findings


def missing_units(books: Books) -> Iterator[Finding]:
    """A UnitID in Distribution that the units table does not hold."""
    for row in books.links.filter(pl.col("unit_row").is_null()).iter_rows(named=True):
        yield _ticket_finding(MISSING_UNIT, Severity.CRITICAL, row, f"{row['unit_id']} is not in {UNITS}")


def duplicate_units(books: Books) -> Iterator[Finding]:
    """The same UnitID in more than one place of Distribution: a seat sold twice. One finding a unit and further row."""
    counted = books.references.with_columns(
        nth=pl.int_range(pl.len()).over("unit_id"), first=pl.col("row").first().over("unit_id"),
    )  # fmt: skip
    for row in counted.filter(pl.col("nth") > 0).iter_rows(named=True):
        yield _ticket_finding(DUPLICATE_UNIT, Severity.CRITICAL, row, f"{row['unit_id']} stands on row {row['first']} too")


def sales_id_mismatches(books: Books) -> Iterator[Finding]:
    """A referenced unit whose AllocatedToSalesID is another ticket's."""
    wrong = books.links.filter(pl.col("points_to").is_not_null(), pl.col("points_to").ne_missing(pl.col("sales_id")))
    for row in wrong.iter_rows(named=True):
        yield _ticket_finding(SALES_ID_MISMATCH, Severity.CRITICAL, row, f"{row['unit_id']} says that it belongs to {row['points_to']}")


def orphan_units(books: Books) -> Iterator[Finding]:
    """A unit marked ALLOCATED that no ticket refers to."""
    orphans = _unreferenced(books).filter(pl.col("status") == states.ALLOCATED)
    for row in orphans.iter_rows(named=True):
        yield _unit_finding(ORPHAN_UNIT, Severity.CRITICAL, row, f"{row['unit_id']} is ALLOCATED but no ticket refers to it")


def missing_sales_ids(books: Books) -> Iterator[Finding]:
    """A unit that points to a ticket which Distribution does not hold."""
    known = books.tickets["sales_id"].drop_nulls().unique()
    lost = books.units.filter(pl.col("sales_id").is_not_null(), ~pl.col("sales_id").is_in(known.implode()))
    for row in lost.iter_rows(named=True):
        yield _unit_finding(
            MISSING_SALES_ID, Severity.CRITICAL, row, f"{row['unit_id']} points to {row['sales_id']}, which Distribution does not hold"
        )


def count_mismatches(books: Books) -> Iterator[Finding]:
    """AllocatedCount is not the number of IDs in AllocatedUnitIDs."""
    wrong = books.tickets.filter(pl.col("unit_count").fill_null(0) != pl.col("ids").list.len())
    for row in wrong.iter_rows(named=True):
        message = f"AllocatedCount is {row['unit_count'] or 0}, AllocatedUnitIDs holds {len(row['ids'])}"
        yield _ticket_finding(COUNT_MISMATCH, Severity.HIGH, row | {"unit_id": row["unit_ids"] or ""}, message)


def missing_back_pointers(books: Books) -> Iterator[Finding]:
    """A referenced unit without AllocatedToSalesID."""
    for row in books.links.filter(pl.col("unit_row").is_not_null(), pl.col("points_to").is_null()).iter_rows(named=True):
        yield _ticket_finding(NO_BACK_POINTER, Severity.HIGH, row, f"{row['unit_id']} does not say which ticket it belongs to")


def looks_available(books: Books) -> Iterator[Finding]:
    """A referenced unit whose Status says that it is still for sale."""
    free = books.links.filter(
        pl.col("unit_row").is_not_null(), pl.col("unit_status").fill_null(states.AVAILABLE) == states.AVAILABLE,
    )  # fmt: skip
    for row in free.iter_rows(named=True):
        yield _ticket_finding(
            LOOKS_AVAILABLE, Severity.MEDIUM, row, f"{row['unit_id']} is referenced but its Status is {row['unit_status'] or 'blank'}"
        )


def looks_allocated(books: Books) -> Iterator[Finding]:
    """A ticket marked ALLOCATED without units, or a free unit that points to a ticket which does not refer to it."""
    for row in books.tickets.filter(pl.col("status") == states.ALLOCATED, pl.col("ids").list.len() == 0).iter_rows(named=True):
        yield _ticket_finding(LOOKS_ALLOCATED, Severity.MEDIUM, row | {"unit_id": ""}, "Status is ALLOCATED but there is no unit")
    known = books.tickets["sales_id"].drop_nulls().unique()
    claimed = _unreferenced(books).filter(
        pl.col("sales_id").is_not_null(), pl.col("sales_id").is_in(known.implode()),
        pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE,
    )  # fmt: skip
    for row in claimed.iter_rows(named=True):
        yield _unit_finding(
            LOOKS_ALLOCATED, Severity.MEDIUM, row, f"{row['unit_id']} is free but points to {row['sales_id']}, which does not refer to it"
        )


CHECKS = (
    missing_units,
    duplicate_units,
    sales_id_mismatches,
    orphan_units,
    missing_sales_ids,
    count_mismatches,
    missing_back_pointers,
    looks_available,
    looks_allocated,
)


def _unreferenced(books: Books) -> pl.DataFrame:
    return books.units.join(books.references.select("unit_id").unique(), on="unit_id", how="anti", maintain_order="left")


def _ticket_finding(code: str, severity: Severity, row: dict[str, Any], message: str) -> Finding:
    return Finding(code, severity, f"{row['sales_id'] or 'this row'}: {message}", DISTRIBUTION, row["row"], row["sales_id"] or "",
                   row["unit_id"] or "", row["match"] or "", row["category"] or "")  # fmt: skip


def _unit_finding(code: str, severity: Severity, row: dict[str, Any], message: str) -> Finding:
    return Finding(code, severity, message, UNITS, row["row"], row["sales_id"] or "", row["unit_id"] or "", row["match"] or "",
                   row["category"] or "")  # fmt: skip

"""The allocation audit (§12a): do Distribution and _PURCHASE_UNITS tell the same story? Facts as
findings, all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.audit import unknown
from ticketops.domain.audit.figures import Audit
from ticketops.domain.catalogue import follow
from ticketops.domain.ticket import unit_ids
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity, count_by_code
from ticketops.schema.layouts.event import BESIDE_TRADE, DISTRIBUTION, PURCHASES, SALES, UNITS
from ticketops.schema.tables import Snapshot

MISSING_UNIT = "MISSING_UNIT_IN_PURCHASE_UNITS"
DUPLICATE_UNIT = "DUPLICATE_UNIT_IN_DISTRIBUTION"
SALES_ID_MISMATCH = "SALES_ID_MISMATCH"
ORPHAN_UNIT = "ORPHAN_ALLOCATED_PURCHASE_UNIT"
MISSING_SALES_ID = "PURCHASE_UNIT_POINTS_TO_MISSING_SALES_ID"
COUNT_MISMATCH = "COUNT_MISMATCH"
NO_BACK_POINTER = "PURCHASE_UNIT_MISSING_ALLOCATED_SALES_ID"
LOOKS_AVAILABLE = "STATUS_LOOKS_AVAILABLE_BUT_REFERENCED"
LOOKS_ALLOCATED = "STATUS_LOOKS_ALLOCATED_BUT_UNLINKED"
UNIT_TWICE = "UNIT_ID_TWICE_IN_PURCHASE_UNITS"
NOT_FOR_SALE = "REFERENCED_UNIT_IS_NOT_FOR_SALE"
SET_TWICE = "SET_ID_IN_TWO_PURCHASES"
SEAT_TWICE = "SEAT_TWICE_IN_PURCHASE_UNITS"

AUDITED = (DISTRIBUTION, UNITS, SALES, PURCHASES)
"""The sheets whose cells the audit looks at, so that all who show its figures show the same."""


class Books(Struct, frozen=True, dict=True):
    """Both ledgers as the audit sees them.

    tickets: row, sales_id, match, category, status, unit_count, ids (list of UnitIDs), delivery of
    Distribution rows. units: row, unit_id, match, category, status, sales_id of units. links: one
    row a reference, ticket and unit joined.
    """

    tickets: pl.DataFrame
    units: pl.DataFrame

    @classmethod
    def of(cls, snapshot: Snapshot) -> Books:
        columns = (
            "row",
            "sales_id",
            "match",
            "category",
            "status",
            "unit_count",
            "unit_ids",
            "delivery",
        )
        tickets = snapshot[DISTRIBUTION].frame.select(columns)
        cells = pl.col("unit_ids")
        odd = tickets.filter(~unit_ids.is_understood(cells))["unit_ids"]
        spoken = {cell: ids.join_unit_ids(sorted(unit_ids.may_mean(cell))) for cell in odd}
        listed = unit_ids.listed_in(cells.replace(spoken) if spoken else cells)
        tickets = tickets.with_columns(ids=listed)
        units = snapshot[UNITS].frame.select(
            "row",
            "unit_id",
            "match",
            "category",
            "status",
            "sales_id",
            "set_id",
            "purchase_id",
            "sub_game",
            *follow.SEAT,
        )
        return cls(tickets, units.filter(pl.col("unit_id").is_not_null()))

    @cached_property
    def references(self) -> pl.DataFrame:
        """One row a reference: the ticket's columns and `unit_id`."""
        return (
            self.tickets.filter(pl.col("ids").list.len() > 0)
            .explode("ids")
            .rename({"ids": "unit_id"})
        )

    @cached_property
    def links(self) -> pl.DataFrame:
        """References with the unit they name: its columns as unit_row, unit_status, points_to; null
        where there is none."""
        units = self.units.unique("unit_id", keep="first", maintain_order=True).select(
            "unit_id", unit_row="row", unit_status="status", points_to="sales_id"
        )
        return self.references.join(units, on="unit_id", how="left", maintain_order="left")


def audit(snapshot: Snapshot, seats: follow.Seats | None = None) -> tuple[Audit, list[Finding]]:
    """All checks of §12a: their figures, and the findings, gravest first. seats: where they are
    known already."""
    books = Books.of(snapshot)
    findings = [finding for check in CHECKS for finding in check(books)]
    read = snapshot.of([name for name in (*AUDITED, *BESIDE_TRADE) if name in snapshot])
    findings += unknown.findings(unknown.unknown_cells(read))
    findings += (seats or follow.seats(snapshot)).differing
    findings.sort(key=lambda finding: -finding.severity)
    referenced = books.references["unit_id"].n_unique() if books.references.height else 0
    allocated = books.units.filter(pl.col("status") == states.ALLOCATED).height
    figures = Audit(
        distribution_rows=books.tickets.height,
        unique_unit_ids=referenced,
        purchase_units=books.units.height,
        allocated_units=allocated,
        issues=len(findings),
        by_code=count_by_code(findings),
        invariant_holds=referenced == allocated,
    )
    return figures, findings


def missing_units(books: Books) -> Iterator[Finding]:
    """A UnitID in Distribution that the units table does not hold."""
    for row in books.links.filter(pl.col("unit_row").is_null()).iter_rows(named=True):
        yield _ticket_finding(
            MISSING_UNIT, Severity.CRITICAL, row, f"{row['unit_id']} is not in {UNITS}"
        )


def duplicate_units(books: Books) -> Iterator[Finding]:
    """The same UnitID in more than one place of Distribution: a seat sold twice. One finding a unit
    and further row."""
    counted = books.references.with_columns(
        nth=pl.int_range(pl.len()).over("unit_id"), first=pl.col("row").first().over("unit_id")
    )
    for row in counted.filter(pl.col("nth") > 0).iter_rows(named=True):
        yield _ticket_finding(
            DUPLICATE_UNIT,
            Severity.CRITICAL,
            row,
            f"{row['unit_id']} is also on row {row['first']}",
        )


def sales_id_mismatches(books: Books) -> Iterator[Finding]:
    """A referenced unit whose AllocatedToSalesID is another ticket's."""
    wrong = books.links.filter(
        pl.col("points_to").is_not_null(), pl.col("points_to").ne_missing(pl.col("sales_id"))
    )
    for row in wrong.iter_rows(named=True):
        yield _ticket_finding(
            SALES_ID_MISMATCH,
            Severity.CRITICAL,
            row,
            f"{row['unit_id']} points to {row['points_to']}",
        )


def orphan_units(books: Books) -> Iterator[Finding]:
    """A unit marked ALLOCATED that no ticket refers to."""
    orphans = _unreferenced(books).filter(pl.col("status") == states.ALLOCATED)
    for row in orphans.iter_rows(named=True):
        yield _unit_finding(
            ORPHAN_UNIT,
            Severity.CRITICAL,
            row,
            f"{row['unit_id']} is ALLOCATED but no ticket refers to it",
        )


def missing_sales_ids(books: Books) -> Iterator[Finding]:
    """A unit that points to a ticket which is not in Distribution."""
    known = books.tickets["sales_id"].drop_nulls().unique()
    lost = books.units.filter(
        pl.col("sales_id").is_not_null(), ~pl.col("sales_id").is_in(known.implode())
    )
    for row in lost.iter_rows(named=True):
        yield _unit_finding(
            MISSING_SALES_ID,
            Severity.CRITICAL,
            row,
            f"{row['unit_id']} points to {row['sales_id']}, which is not in Distribution",
        )


def count_mismatches(books: Books) -> Iterator[Finding]:
    """AllocatedCount is not the number of IDs in AllocatedUnitIDs."""
    wrong = books.tickets.filter(pl.col("unit_count").fill_null(0) != pl.col("ids").list.len())
    for row in wrong.iter_rows(named=True):
        message = f"AllocatedCount is {row['unit_count'] or 0}, but AllocatedUnitIDs lists {len(row['ids'])}"
        yield _ticket_finding(
            COUNT_MISMATCH, Severity.HIGH, row | {"unit_id": row["unit_ids"] or ""}, message
        )


def missing_back_pointers(books: Books) -> Iterator[Finding]:
    """A referenced unit without AllocatedToSalesID."""
    for row in books.links.filter(
        pl.col("unit_row").is_not_null(), pl.col("points_to").is_null()
    ).iter_rows(named=True):
        yield _ticket_finding(
            NO_BACK_POINTER, Severity.HIGH, row, f"{row['unit_id']} points to no ticket"
        )


def looks_available(books: Books) -> Iterator[Finding]:
    """A referenced unit whose Status says that it is still for sale."""
    free = books.links.filter(
        pl.col("unit_row").is_not_null(),
        pl.col("unit_status").fill_null(states.AVAILABLE) == states.AVAILABLE,
    )
    for row in free.iter_rows(named=True):
        yield _ticket_finding(
            LOOKS_AVAILABLE,
            Severity.MEDIUM,
            row,
            f"{row['unit_id']} is referenced but its Status is {row['unit_status'] or 'blank'}",
        )


def looks_allocated(books: Books) -> Iterator[Finding]:
    """A ticket marked ALLOCATED without units, or a free unit that points to a ticket which does
    not refer to it."""
    for row in books.tickets.filter(
        pl.col("status") == states.ALLOCATED, pl.col("ids").list.len() == 0
    ).iter_rows(named=True):
        yield _ticket_finding(
            LOOKS_ALLOCATED,
            Severity.MEDIUM,
            row | {"unit_id": ""},
            "Status is ALLOCATED but there is no unit",
        )
    known = books.tickets["sales_id"].drop_nulls().unique()
    claimed = _unreferenced(books).filter(
        pl.col("sales_id").is_not_null(),
        pl.col("sales_id").is_in(known.implode()),
        pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE,
    )
    for row in claimed.iter_rows(named=True):
        yield _unit_finding(
            LOOKS_ALLOCATED,
            Severity.MEDIUM,
            row,
            f"{row['unit_id']} is free but points to {row['sales_id']}, which does not refer to it",
        )


def doubled_units(books: Books) -> Iterator[Finding]:
    """A UnitID that two rows of units have: either may be given away while the other is in use."""
    doubled = books.units.with_columns(first=pl.col("row").first().over("unit_id")).filter(
        pl.col("row") != pl.col("first")
    )
    for row in doubled.iter_rows(named=True):
        yield _unit_finding(
            UNIT_TWICE, Severity.CRITICAL, row, f"{row['unit_id']} is also on row {row['first']}"
        )


def contradicting_units(books: Books) -> Iterator[Finding]:
    """A referenced unit that is not for sale: CANCELLED, REPLACED or SOLD."""
    gone = books.links.filter(
        pl.col("unit_status").is_in([states.CANCELLED, states.REPLACED, states.SOLD])
    )
    for row in gone.iter_rows(named=True):
        yield _ticket_finding(
            NOT_FOR_SALE,
            Severity.CRITICAL,
            row,
            f"{row['unit_id']} is {row['unit_status']} but this ticket has it",
        )


def sets_of_two_purchases(books: Books) -> Iterator[Finding]:
    """One SetID in two purchases (D15): the first row of each purchase beyond the first."""
    owned = books.units.filter(pl.col("set_id").is_not_null(), pl.col("purchase_id").is_not_null())
    first = owned.unique(["set_id", "purchase_id"], keep="first", maintain_order=True)
    others = first.with_columns(owner=pl.col("purchase_id").first().over("set_id")).filter(
        pl.col("purchase_id") != pl.col("owner")
    )
    for row in others.iter_rows(named=True):
        yield _unit_finding(
            SET_TWICE,
            Severity.HIGH,
            row,
            f"{row['set_id']} belongs to {row['owner']}, but {row['unit_id']} is of {row['purchase_id']}",
        )


def doubled_seats(books: Books) -> Iterator[Finding]:
    """Two units on one seat, neither of them gone: one of the two is written wrongly, or was bought
    twice. Without block, row and seat nobody can tell."""
    placed = books.units.drop_nulls(["match", "category", *follow.SEAT]).filter(
        ~pl.col("status").is_in([states.CANCELLED, states.REPLACED]).fill_null(False)
    )
    spelt = {match: ids.normalise_match(match) for match in placed["match"].unique()}
    where = ["match", "sub_game", "category", *follow.SEAT]
    keys = placed.select(
        "row",
        "unit_id",
        pl.col("match").replace(spelt),
        *(pl.col(name).str.strip_chars().str.to_lowercase() for name in where[1:]),
    )
    counted = keys.with_columns(first=pl.col("unit_id").first().over(where))
    firsts = counted.filter(pl.col("unit_id") != pl.col("first")).select("row", "first")
    doubled = placed.join(firsts, on="row", maintain_order="left")
    for row in doubled.iter_rows(named=True):
        seat = follow.shown((row["block"], row["seat_row"], row["seat"]))
        yield _unit_finding(
            SEAT_TWICE,
            Severity.HIGH,
            row,
            f"{row['unit_id']} has the seat {seat}, as {row['first']} has: correct one of the two",
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
    doubled_units,
    contradicting_units,
    sets_of_two_purchases,
    doubled_seats,
)
_CRITICAL = (
    missing_units,
    duplicate_units,
    sales_id_mismatches,
    orphan_units,
    missing_sales_ids,
    doubled_units,
    contradicting_units,
)


def critical(snapshot: Snapshot) -> list[Finding]:
    """The CRITICAL findings alone: what allocation asks."""
    books = Books.of(snapshot)
    return [finding for check in _CRITICAL for finding in check(books)]


def _unreferenced(books: Books) -> pl.DataFrame:
    return books.units.join(
        books.references.select("unit_id").unique(), on="unit_id", how="anti", maintain_order="left"
    )


def _ticket_finding(code: str, severity: Severity, row: dict[str, Any], message: str) -> Finding:
    told = f"{row['sales_id'] or 'this row'}: {message}"
    return _finding(DISTRIBUTION, code, severity, row, told)


def _unit_finding(code: str, severity: Severity, row: dict[str, Any], message: str) -> Finding:
    return _finding(UNITS, code, severity, row, message)


def _finding(
    sheet: str, code: str, severity: Severity, row: dict[str, Any], message: str
) -> Finding:
    """A finding about a row of one of both ledgers, with what it is of."""
    of = {name: row[name] or "" for name in ("sales_id", "unit_id", "match", "category")}
    return Finding(code, severity, message, sheet, row["row"], **of)

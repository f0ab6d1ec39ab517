"""The position report (§11, D8): where the event stands, in total and per match and category."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from msgspec.structs import replace

from ticketops.domain.audit.unknown import unknown_cells
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting.figures import (
    FIGURES,
    Position,
    PositionLine,
    PositionReport,
    figures_of,
)
from ticketops.domain.ticket.identity import is_sold
from ticketops.domain.ticket.unit_ids import referenced_units
from ticketops.model import spelling, states
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot


def position(snapshot: Snapshot) -> Position:
    """The figures of D8, in total and per match (or sub-game, as `M01/RACE`) and category.

    sold: tickets (`is_sold`) that are not cancelled; sent: Delivery in SENT, UPLOADED, ACCEPTED;
    open: sold − sent; available: units AVAILABLE and unreferenced; oversold, surplus: Σ max(0, open
    − available) and Σ max(0, available − open); allocated_unsent: allocated and not sent;
    true_shortage: Σ max(0, open − allocated_unsent − available).
    """
    one = pl.lit(1).alias("weight")
    stock = snapshot[UNITS].frame.filter(is_available(snapshot))
    return counted(
        snapshot[DISTRIBUTION].frame.with_columns(one), stock.with_columns(one), pools(snapshot)
    )


def counted(distribution: pl.DataFrame, stock: pl.DataFrame, keys: Iterable[pl.Expr]) -> Position:
    """The figures of `position`. distribution, stock: rows of Distribution, and of the units that
    are available, each as often as its `weight` says; keys: those of `pools`."""
    tickets = distribution.filter(is_sold(), pl.col("status").ne_missing(states.CANCELLED))
    sent = pl.col("delivery").is_in(sorted(states.DISPATCHED)).fill_null(False)
    number, by = pl.col("weight"), list(keys)
    sales = tickets.group_by(by).agg(
        sold=number.sum(),
        sent=number.filter(sent).sum(),
        allocated_unsent=number.filter(pl.col("unit_ids").is_not_null() & ~sent).sum(),
    )
    free = stock.group_by(by).agg(available=number.sum())
    lines = sales.join(free, on=["match", "category"], how="full", coalesce=True).with_columns(
        pl.col("sold", "sent", "allocated_unsent", "available").fill_null(0).cast(pl.Int64)
    )
    lines = lines.with_columns(open=pl.col("sold") - pl.col("sent"))
    short = pl.col("open") - pl.col("available")
    lines = lines.with_columns(
        oversold=short.clip(0, None),
        surplus=(-short).clip(0, None),
        true_shortage=(short - pl.col("allocated_unsent")).clip(0, None),
    ).sort(
        pl.col("match").str.extract(r"^(\D*)"),
        pl.col("match").str.extract(r"([0-9]{1,9})").cast(pl.Int64),
        "match",
        "category",
        nulls_last=True,
    )
    totals = lines.select(pl.col(FIGURES).sum()).row(0)
    return Position(
        *totals,
        lines=[
            PositionLine(*row) for row in lines.select("match", "category", *FIGURES).iter_rows()
        ],
    )


def plan_position(snapshot: Snapshot, run: Run) -> Plan:
    """The position with the moment that it is of; the cells that are not understood."""
    found = position(snapshot)
    return Plan(
        result=PositionReport(
            *figures_of(found), lines=found.lines, as_of=run.now, currency=run.currency
        ),
        findings=doubtful(snapshot),
    )


def pools(snapshot: Snapshot) -> tuple[pl.Expr, pl.Expr]:
    """What figures of Distribution and of units are counted by: the match (or sub-game, as
    `M01/RACE`), and the category."""
    occasion = SubGames.of(snapshot).occasions(_code("match")).alias("match")
    return occasion, pl.col("category").fill_null("").alias("category")


def is_available(snapshot: Snapshot) -> pl.Expr:
    """Which rows of the units are stock that can be sold: AVAILABLE, and no ticket refers to them."""
    used = pl.Series(sorted(referenced_units(snapshot)), dtype=pl.String)
    return (
        pl.col("unit_id").is_not_null()
        & (pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE)
        & ~pl.col("unit_id").is_in(used.implode())
        & pl.col("unit_id").str.contains(spelling.UNDERSTOOD[spelling.Kind.UNIT])
    )


def doubtful(snapshot: Snapshot) -> list[Finding]:
    """The cells that are not understood, and how the report counts their rows: as sold, as not
    sent, as not available."""
    counted = {
        "status": "it counts as not cancelled",
        "delivery": "it counts as not sent",
        "row_type": "it counts as sold",
        "unit_ids": "the units it may mean count as used",
    }
    found = []
    for cell in unknown_cells(snapshot, (DISTRIBUTION, UNITS)):
        how = (
            "it does not count as available"
            if cell.sheet == UNITS and cell.column in ("status", "unit_id")
            else counted.get(cell.column, "it gets its own line")
        )
        found.append(replace(cell.finding(), message=f"{cell.said}; {how}"))
    return found


def _code(column: str) -> pl.Expr:
    """Match codes as `ids.normalise_match` spells them, as an expression: M1 and m001 → M01."""
    text = pl.col(column).fill_null("").str.strip_chars()
    number = text.str.extract(r"^[Mm]0{0,4}([0-9]{1,3})$")
    return pl.when(number.is_not_null()).then(pl.lit("M") + number.str.zfill(2)).otherwise(text)

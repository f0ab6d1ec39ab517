"""Rows typed into Purchases and Sales get what `add` gives (§3, §4): Currency, User, CreatedAt,
Total …; a Total follows its quantity and price.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from ticketops.domain.plan import Plan, Run
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import CURRENCIES, line_total
from ticketops.model.names import name_key
from ticketops.model.quantity import is_quantity
from ticketops.schema.layouts.event import SALES
from ticketops.schema.tables import Snapshot, Table

TOTAL_DIFFERS = "TOTAL_DIFFERS"
_PARTY = {SALES: "client"}
_MOST = 20
"""Single findings of one kind; what is beyond is counted in one more."""


def complete(
    plan: Plan,
    snapshot: Snapshot,
    sheet: str,
    rows: Mapping[int, str],
    given: Mapping[str, Any],
    run: Run,
) -> None:
    """Fill what is blank in rows that were typed: {row: key}. given: {column: value} as `add` has
    it, a callable makes one a row.

    Date and CreatedAt are of this run; the Currency is the one that the party uses, else the one of
    the sheet, else that of `add`, and that is reported. What somebody typed stays, also where it
    does not fit its column.
    """
    if not rows:
        return
    table = snapshot[sheet]
    values = {"date": run.today, "user": run.user, "created_at": run.now, **given}
    party = _PARTY.get(sheet, "vendor")
    currencies = _Currencies(table, party, run.currency)
    frame = table.frame.filter(pl.col("row").is_in(list(rows)))
    blanks = {name: open_cells(table, name) for name in (*values, "currency")}
    for cells in frame.select("row", party).iter_rows(named=True):
        row = cells["row"]
        blank = [name for name in values if row in blanks[name]]
        made = {
            name: (None, values[name]() if callable(values[name]) else values[name])
            for name in blank
        }
        if row in blanks["currency"] and (currency := currencies.of(cells[party], row)):
            made["currency"] = (None, currency)
        plan.changes.set(sheet, row, rows[row], made)
    plan.findings += currencies.findings(sheet, rows)


def open_cells(table: Table, column: str) -> set[int]:
    """The rows in which a column is blank: neither a formula stands there nor what does not fit."""
    misfits = {misfit.row for misfit in table.misfits if misfit.column == column}
    rows = table.frame.filter(pl.col(column).is_null())["row"]
    return {row for row in rows if row not in misfits and not table.around.has_formula(column, row)}


class _Currencies:
    """Which currency a party uses, and what was assumed of which row."""

    def __init__(self, table: Table, party: str, default: str) -> None:
        self._default = default
        self._by_party: dict[str | None, set[str]] = {}
        for name, currency in (
            table.frame.select(party, "currency").drop_nulls("currency").unique().iter_rows()
        ):
            if currency in CURRENCIES:
                self._by_party.setdefault(name_key(name or ""), set()).add(currency)
        self._every = set().union(*self._by_party.values())
        self._told: dict[str, list[int]] = {}
        self._unsure: dict[str, list[int]] = {}

    def of(self, party: str | None, row: int) -> str:
        """The currency of a row that has none; empty where the party uses several."""
        own = self._by_party.get(name_key(party or ""), set()) if party else set()
        if len(own) > 1:
            self._unsure.setdefault(f"{party} has {' and '.join(sorted(own))}", []).append(row)
            return ""
        if own:
            why, currency = f"as in the other rows of {party}", next(iter(own))
        elif len(self._every) == 1:
            why, currency = "as in all other rows", next(iter(self._every))
        else:
            why, currency = "the default of `add`", self._default
        self._told.setdefault(f"Currency {currency}, {why}", []).append(row)
        return currency

    def findings(self, sheet: str, keys: Mapping[int, str]) -> Iterator[Finding]:
        """One for each assumption, one for each doubt."""
        for what, rows in self._told.items():
            message = f"{named_rows(sheet, rows, keys)}: {what}; correct it if that is wrong"
            yield Finding(
                "CURRENCY_ASSUMED",
                Severity.INFO,
                message,
                sheet,
                rows[0],
                keys[rows[0]] if sheet == SALES else "",
            )
        for what, rows in self._unsure.items():
            message = f"{named_rows(sheet, rows, keys)}: Currency is blank, and {what}: fill it in"
            yield Finding(
                "CURRENCY_UNKNOWN",
                Severity.MEDIUM,
                message,
                sheet,
                rows[0],
                keys[rows[0]] if sheet == SALES else "",
            )


def named_rows(sheet: str, rows: Collection[int], keys: Mapping[int, str]) -> str:
    """Rows for people, the first five: sale lines by their keys, others by their numbers."""
    names = [keys[row] if sheet == SALES else f"row {row}" for row in rows]
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def totals(
    plan: Plan,
    snapshot: Snapshot,
    sheet: str,
    before: Mapping[int, int],
    keys: Mapping[int, str],
    new: Collection[int] = (),
) -> None:
    """Total = Number × Price, by the arithmetic of `add`, where it is blank or was that before;
    what somebody typed stays, with a finding.

    before: {row: the Number it was expanded with}; only these rows are looked at. keys: {row: key}.
    What `add` or `expand` computed stands in TotalComputed, and what was right in `new` rows, where
    the sheet has that column. A formula stands.
    """
    table = snapshot[sheet]
    misfits = {
        misfit.row for misfit in table.misfits if misfit.column in ("total", "price", "number")
    }
    found = []
    for row, number, price, total, computed in _uneven(table.frame).iter_rows():
        if (
            row not in before
            or row in misfits
            or not is_quantity(number)
            or not math.isfinite(price)
            or price < 0
        ):
            continue
        if table.around.has_formula("total", row):
            continue
        each = Decimal(repr(price))
        want = float(line_total(number, each))
        if (
            total is None
            or _same(total, computed)
            or (
                computed is None
                and before[row]
                and _same(total, float(line_total(before[row], each)))
            )
        ):
            cells = {"total": (total, want)} | (
                {"total_computed": (computed, want)} if remembers(table) else {}
            )
            plan.changes.set(sheet, row, keys.get(row, ""), cells)
        elif not _same(total, want):
            message = f"Total is {total:,.2f}, but {number:,} × {price:,.2f} is {want:,.2f}: it is kept; clear the cell and expand computes it"
            sales_id = keys.get(row, "") if sheet == SALES else ""
            found.append(
                Finding(
                    TOTAL_DIFFERS,
                    Severity.LOW,
                    f"{sales_id or f'{sheet} row {row}'}: {message}",
                    sheet,
                    row,
                    sales_id,
                )
            )
    if new and remembers(table):
        right = table.frame.filter(
            pl.col("row").is_in(list(new)), pl.col("total_computed").is_null(), ~_APART
        ).select("row", "total")
        for row, total in right.iter_rows():
            if not table.around.has_formula("total", row):
                plan.changes.set(sheet, row, keys.get(row, ""), {"total_computed": (None, total)})
    plan.findings += found[:_MOST]
    if len(found) > _MOST:
        plan.findings.append(
            Finding(
                TOTAL_DIFFERS,
                Severity.LOW,
                f"{counted(len(found) - _MOST, 'more row')} with a typed Total",
                sheet,
            )
        )


def retotalled(
    table: Table,
    row: int,
    sales_id: str,
    was: tuple[int | None, float | None, float | None, float | None],
    now: tuple[int, float | None],
) -> tuple[dict[str, tuple[Any, Any]], list[Finding]]:
    """Total, and TotalComputed where the sheet has it, of a sale line whose Number or Price a
    command changes; a Total that somebody typed stays, with a finding. A formula stands.

    was: Number, Price, Total and TotalComputed before; now: Number and Price.
    """
    number, price, total, computed = was
    if now == (number, price) or now[1] is None or table.around.has_formula("total", row):
        return {}, []
    want = float(line_total(now[0], Decimal(repr(now[1]))))
    product = (
        None if number is None or price is None else float(line_total(number, Decimal(repr(price))))
    )
    if total is None or _same(total, computed) or _same(total, product):
        cells: dict[str, tuple[Any, Any]] = {"total": (total, want)}
        return cells | ({"total_computed": (computed, want)} if remembers(table) else {}), []
    if _same(total, want):
        return {}, []
    message = f"{sales_id}: Total is {total:,.2f}, but {now[0]:,} × {now[1]:,.2f} is {want:,.2f}: it was typed and is kept; clear the cell and expand computes it"
    return {}, [Finding(TOTAL_DIFFERS, Severity.LOW, message, SALES, row, sales_id)]


_APART = pl.col("total").is_null() | (
    (pl.col("total") - pl.col("number") * pl.col("price")).abs() > 0.004
)


def _uneven(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with number and price whose Total is not their product, to the cent."""
    asked = frame.filter(pl.col("number") > 0, pl.col("price").is_not_null())
    if "status" in frame.columns:
        asked = asked.filter(
            ~pl.col("status").is_in([states.CANCELLED, states.REJECTED]).fill_null(False)
        )
    return asked.filter(_APART).select("row", "number", "price", "total", "total_computed")


def remembers(table: Table) -> bool:
    """Whether the sheet has TotalComputed. Older workbooks are not given it: a column more for
    each, where it may stand apart, is worse than a Total that a person decides about."""
    return "total_computed" in table.positions


def _same(one: float, other: float | None) -> bool:
    return other is not None and math.isclose(one, other, rel_tol=0, abs_tol=0.004)

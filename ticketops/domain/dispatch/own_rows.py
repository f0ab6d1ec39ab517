"""Which rows are of the clients and suppliers that a user may see (§2, §15): what they read is cut down
to these, and what they write is checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import polars as pl
from msgspec.structs import replace

from ticketops.domain.dispatch.groups import SupplierGroups, client_group_key, plain_key
from ticketops.domain.masterdata.companies import full_key
from ticketops.domain.masterdata.scopes import Scope
from ticketops.domain.ticket.identity import sale_of, sale_of_each
from ticketops.domain.ticket.masking import masked_addresses
from ticketops.model.changes import (
    AppendRows,
    ChangeSet,
    CopyCells,
    DeleteRows,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOC_LOG,
    CLIENT_INPUTS,
    CLIENTS,
    CONTRACTS,
    DISTRIBUTION,
    FEES,
    HOLDS,
    INVOICES,
    MATTHIAS_EMAILS,
    PAYMENTS,
    PURCHASES,
    REFUNDS,
    SALES,
    STAFF_QUEUE,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
    VENDOR_EVENTS,
    VENDORS,
    VIEWS,
)
from ticketops.schema.tables import Snapshot, Table

NEEDED = (ALIASES, CLIENTS, SALES, DISTRIBUTION, SUPPLIER_GROUPS, MATTHIAS_EMAILS)
"""What says whose rows are whose."""
_OF_CLIENT = {
    SALES: "client",
    DISTRIBUTION: "company",
    REFUNDS: "client",
    HOLDS: "client",
    CLIENTS: "client",
    PAYMENTS: "client",
    INVOICES: "client",
}
_OF_SALE = {STAFF_QUEUE: "sales_id", SUPPLIER_QUEUE: "sales_id", CLIENT_INPUTS: "sales_id"}
_LOGS = {ALLOC_LOG: "sale_id"}
_OF_VENDOR = {
    PURCHASES: "vendor",
    UNITS: "vendor",
    VENDORS: "vendor",
    VENDOR_EVENTS: "vendor",
    VENDOR_CREDENTIALS: "vendor",
}
_BY_STOCK = frozenset({UNITS})
"""Whose units change is no matter of their vendor's: sales take and free them."""
_OF_KEY = {SUPPLIER_QUEUE: "supplier_key", SUPPLIER_GROUPS: "supplier_key"}

OF_SOMEBODY = frozenset(
    (*_OF_CLIENT, *_OF_SALE, *_LOGS, *_OF_VENDOR, *_OF_KEY, CONTRACTS, VIEWS, FEES)
)
"""The sheets whose rows are a client's or a supplier's."""


class OwnRows:
    """Whose rows are whose, for one scope. whole: the workbook; holds NEEDED."""

    def __init__(self, whole: Snapshot, scope: Scope) -> None:
        self._whole, self._scope = whole, scope
        self._groups = SupplierGroups.of(whole[SUPPLIER_GROUPS])
        self._masked = masked_addresses(whole)
        self._purchases: pl.DataFrame | None = None

    # --- reading

    def narrowed(self, snapshot: Snapshot) -> Snapshot:
        """The same with the rows of the scope only, where rows are of somebody."""
        titles = snapshot.layout.title_of
        tables = dict(snapshot.tables)
        self._purchases = snapshot[PURCHASES].frame if PURCHASES in snapshot else None
        for name in OF_SOMEBODY:
            if name in snapshot:
                tables[titles(name)] = self._cut(name, tables[titles(name)])
        return replace(snapshot, tables=tables)

    def _cut(self, name: str, table: Table) -> Table:
        frame = table.frame
        for keep in self._kept(name, frame):
            frame = frame.filter(keep)
        if len(frame) == len(table.frame):
            return table
        rows = set(frame["row"])
        return replace(
            table, frame=frame, misfits=tuple(one for one in table.misfits if one.row in rows)
        )

    def _kept(self, name: str, frame: pl.DataFrame) -> Iterator[pl.Expr]:
        if self._scope.clients is not None:
            if column := _OF_CLIENT.get(name):
                yield self._named(frame, column)
            elif column := (_OF_SALE | _LOGS).get(name):
                yield sale_of_each(pl.col(column)).is_in(sorted(self._sales))
            elif name == FEES:
                yield sale_of_each(pl.col("fee_for")).is_in(sorted(self._sales)).fill_null(False)
            elif name == CONTRACTS:
                yield (pl.col("type") != "SALE").fill_null(False) | self._named(frame, "party")
            elif name == VIEWS:
                yield pl.col("client_group").is_null() | pl.col("client_group").is_in(self._views)
        if self._scope.suppliers is not None:
            if column := _OF_VENDOR.get(name):
                yield self._bought(frame, column)
            elif column := _OF_KEY.get(name):
                keys = [k for k in frame[column].drop_nulls().unique() if self._of_key(k)]
                yield pl.col(column).is_in(keys)
            elif name == PAYMENTS:
                yield pl.col("vendor").is_null() | self._bought(frame, "vendor")
            elif name == FEES:
                of_sale = sale_of_each(pl.col("fee_for")).is_not_null()
                yield of_sale | pl.col("fee_for").is_in(self._bearing()).fill_null(False)
            elif name == CONTRACTS:
                yield (pl.col("type") != "PURCHASE").fill_null(False) | self._bought(frame, "party")

    def _named(self, frame: pl.DataFrame, column: str) -> pl.Expr:
        names = frame[column].drop_nulls().unique()
        return (
            pl.col(column).is_in([n for n in names if self._scope.sees_client(n)]).fill_null(False)
        )

    def _bought(self, frame: pl.DataFrame, column: str) -> pl.Expr:
        email = pl.col("email") if "email" in frame.columns else pl.lit(None, pl.String)
        who = frame.select(pl.col(column).alias("vendor"), email.alias("email")).unique()
        mine = [(vendor or "", email or "") for vendor, email in who.iter_rows()]
        good = [f"{vendor}\n{email}" for vendor, email in mine if self._is_of(vendor, email)]
        both = pl.concat_str(pl.col(column).fill_null(""), email.fill_null(""), separator="\n")
        return both.is_in(good)

    def _is_of(self, vendor: str | None, email: str | None) -> bool:
        """Whether a vendor is of the scope's suppliers; of one that nobody claims, or several do, it
        is not known."""
        keys = self._groups.keys_of(vendor or None, email or None, self._masked)
        return len(keys) == 1 and self._scope.sees_all(keys)

    def _bearing(self) -> list[str]:
        """The PurchaseIDs and listing numbers that are of the scope's suppliers, and of nobody
        else."""
        if self._purchases is None:
            return []
        mine: set[str] = set()
        others: set[str] = set()
        for vendor, *names in self._purchases.select("vendor", "purchase_id", "inv_no").iter_rows():
            (mine if self._is_of(vendor, None) else others).update(filter(None, names))
        return sorted(mine - others)

    def _of_key(self, key: str | None) -> bool:
        return bool(key) and self._scope.sees_supplier(plain_key(key or ""))

    @cached_property
    def _sales(self) -> frozenset[str]:
        """The sales whose rows, in Sales and Distribution, are all of the scope's clients."""
        mine: set[str] = set()
        others: set[str] = set()
        for sheet in (SALES, DISTRIBUTION):
            rows = self._whole[sheet].frame.select("sales_id", _OF_CLIENT[sheet]).unique()
            for sales_id, client in rows.iter_rows():
                if sales_id:
                    seen = self._scope.sees_client(client)
                    (mine if seen else others).add(sale_of(sales_id))
        return frozenset(mine - others)

    @cached_property
    def _views(self) -> list[str]:
        names = set(self._scope.clients or ())
        for sheet in (SALES, DISTRIBUTION, CLIENTS):
            names |= set(self._whole[sheet].frame[_OF_CLIENT[sheet]].drop_nulls())
        mine = [name for name in names if self._scope.sees_client(name)]
        return sorted({key(name) for name in mine for key in (client_group_key, full_key)})

    @property
    def tickets(self) -> frozenset[str] | None:
        """The SalesIDs of the scope's tickets; None where clients are not limited."""
        if self._scope.clients is None:
            return None
        return frozenset(
            sales_id
            for sales_id in self._whole[DISTRIBUTION].frame["sales_id"].drop_nulls()
            if sale_of(sales_id) in self._sales
        )

    # --- writing

    def strange(self, changes: ChangeSet) -> tuple[str, str]:
        """("client" or "supplier", the sheet) of the first change of a row that is not of the scope;
        two blanks where all are."""
        for what, names in (
            ("client", {**_OF_CLIENT, **_OF_SALE} if self._scope.clients is not None else {}),
            (
                "supplier",
                {k: v for k, v in _OF_VENDOR.items() if k not in _BY_STOCK}
                if self._scope.suppliers is not None
                else {},
            ),
        ):
            new = self._sold_now(changes)
            for change in changes:
                column = names.get(getattr(change, "sheet", ""))
                if column and not all(
                    self._may(what, change.sheet, column, values, new)
                    for values in self._rows(change)
                ):
                    return what, change.sheet
        return "", ""

    def _sold_now(self, changes: ChangeSet) -> set[str]:
        """The sales that the changes add, of clients of the scope."""
        found = set()
        for change in changes:
            if change.sheet == SALES and isinstance(change, AppendRows):
                for values in self._rows(change):
                    if values.get("sales_id") and self._scope.sees_client(values.get("client")):
                        found.add(values["sales_id"])
        return found

    def _may(
        self, what: str, sheet: str, column: str, values: Mapping[str, Any], new: set[str]
    ) -> bool:
        if what == "supplier":
            return self._is_of(values.get(column), values.get("email"))
        if sheet in _OF_SALE:
            sale = sale_of(values.get(column))
            return sale in self._sales or sale in new
        return self._scope.sees_client(values.get(column))

    def _rows(self, change: Any) -> Iterable[Mapping[str, Any]]:
        """What the rows of a change say, before and after; a row that nobody may be sure of says
        nothing."""
        match change:
            case AppendRows():
                return [dict(zip(change.columns, row, strict=True)) for row in change.rows]
            case SetCells():
                before = self._before(change.sheet, (change.row,))
                after = {name: cell[1] for name, cell in change.cells.items()}
                return [*before, *({**row, **after} for row in before)]
            case DeleteRows():
                return self._before(change.sheet, change.rows)
            case ReplaceRows() | CopyCells():
                return [{}]
        return []

    def _before(self, sheet: str, rows: Iterable[int]) -> list[Mapping[str, Any]]:
        wanted = list(rows)
        found = self._whole[sheet].frame.filter(pl.col("row").is_in(wanted)).to_dicts()
        return [*found, *({} for _ in range(len(wanted) - len(found)))]

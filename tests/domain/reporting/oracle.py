"""The figures of the reports of §11, counted with pandas in the raw cells of a workbook. Knows nothing of
the product."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

SENT = ["SENT", "UPLOADED", "ACCEPTED"]


def frame(path: Path, sheet: str, header: int = 1) -> pd.DataFrame:
    """The rows of a sheet below its header; of two columns with one name the first."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    rows = list(book[sheet].iter_rows(values_only=True)) if sheet in book.sheetnames else []
    book.close()
    if not rows:
        return pd.DataFrame()
    made = pd.DataFrame(rows[header:], columns=rows[header - 1], dtype=object)
    made = made.loc[:, ~made.columns.duplicated() & made.columns.notna()]
    return made.dropna(how="all").astype(object).where(lambda f: f.notna(), None)


_BESIDE = {"vip", "premium", "ltd", "gmbh", "inc", "llc", "ag"}


def client_of(company: str) -> str:
    """Tiers and legal forms of one company are one client, for whom one book is made (§7)."""
    words = company.casefold().split()
    while len(words) > 1 and words[-1].strip(".,") in _BESIDE:
        words.pop()
    return " ".join(words)


class Oracle:
    """What a workbook says, counted anew."""

    def __init__(self, path: Path, currency: str = "USD") -> None:
        self.currency = currency
        sales, bought = frame(path, "Sales"), frame(path, "Purchases")
        self.units = frame(path, "_PURCHASE_UNITS")
        tickets = frame(path, "Distribution", 2)
        tickets = tickets[tickets["ID"].map(lambda v: bool(re.fullmatch(r"S\d+-\d+", str(v))))]
        self.tickets = tickets[tickets["Status"] != "CANCELLED"].copy()
        self.tickets["sale"] = self.tickets["ID"].str.partition("-")[0]
        self.tickets["unit"] = self.tickets["AllocatedUnitIDs"]
        self.tickets["sent"] = self.tickets["Delivery"].isin(SENT)
        sales = sales[sales["SourceSaleID"].notna()].copy()
        ended = sales["Status"].isin(["CANCELLED", "REJECTED"])
        worth = (sales["Number"].astype(float) * sales["Price"].astype(float)).round(2)
        sales["worth"] = worth.where(~ended, 0.0)
        sales["cur"] = sales["Currency"].fillna(currency)
        self.sales = sales
        bought = bought[bought["PurchaseID"].notna()].copy()
        bought["cur"] = bought["Currency"].fillna(currency)
        self.price = dict(zip(bought["PurchaseID"], bought["Price"].astype(float), strict=True))
        self.code = dict(zip(bought["PurchaseID"], bought["cur"], strict=True))
        units = self.units = self.units[self.units["UnitID"].notna()].copy()
        units["cost"] = units["PurchaseID"].map(self.price).fillna(0.0).astype(float)
        units["cur"] = units["PurchaseID"].map(self.code).fillna(currency)
        units["used"] = units["UnitID"].isin(set(self.referenced(tickets)))
        units["free"] = (units["Status"].fillna("AVAILABLE") == "AVAILABLE") & ~units["used"]
        units["gone"] = units["used"] | units["Status"].isin(["ALLOCATED", "SOLD"])
        self.stock = units[units["Status"] != "CANCELLED"]

    @staticmethod
    def referenced(tickets: pd.DataFrame) -> list[str]:
        return [u for cell in tickets["AllocatedUnitIDs"].dropna() for u in cell.split(", ")]

    def revenue(self, column: str) -> dict[tuple[str, str], float]:
        """{(client or match, currency): what its sales come to}; what comes to nothing is out."""
        sums = self.sales.groupby([column, "cur"])["worth"].sum().round(2)
        return {key: value for key, value in sums.to_dict().items() if value}

    def cost(self, column: str) -> dict[tuple[str, str], float]:
        """{(client or match of the sale, currency of the purchase): what its units cost}."""
        of = dict(zip(self.sales["SalesID"], self.sales[column], strict=True))
        cost = self.units.drop_duplicates("UnitID").set_index("UnitID")[["cost", "cur"]]
        used = self.tickets[self.tickets["unit"].notna() & self.tickets["sale"].isin(set(of))]
        used = used.drop_duplicates("unit").merge(cost, left_on="unit", right_index=True)
        used = used.assign(of=used["sale"].map(of))
        sums = used.groupby(["of", "cur"])["cost"].sum().round(2)
        return {key: value for key, value in sums.to_dict().items() if value}

    def days(self) -> dict[tuple[str, str], float]:
        """{(day of the sale, currency): revenue}."""
        dated = self.sales.assign(day=pd.to_datetime(self.sales["Date"]).dt.strftime("%Y-%m-%d"))
        sums = dated.groupby(["day", "cur"])["worth"].sum().round(2)
        return {key: value for key, value in sums.to_dict().items() if value}

    def inventory(self) -> dict[tuple[str, str], tuple[int, int, int]]:
        """{(match, category): purchased, available, allocated}."""
        sums = self.stock.groupby(["Match", "Category"]).agg(
            bought=("UnitID", "size"), free=("free", "sum"), gone=("gone", "sum")
        )
        return {key: tuple(map(int, row)) for key, row in zip(sums.index, sums.values, strict=True)}

    def allocation(self) -> dict[tuple[str, str], tuple[int, int, int, int]]:
        """{(match, category): tickets, unallocated, allocated and not sent, sent}."""
        of = self.tickets.assign(
            none=~self.tickets["sent"] & self.tickets["unit"].isna(),
            held=~self.tickets["sent"] & self.tickets["unit"].notna(),
        )
        sums = of.groupby(["M-No.", "Category"]).agg(
            all=("ID", "size"), none=("none", "sum"), held=("held", "sum"), sent=("sent", "sum")
        )
        return {key: tuple(map(int, row)) for key, row in zip(sums.index, sums.values, strict=True)}

    def progress(self) -> dict[str, tuple[int, int, int]]:
        """{day: allocated, sent, accepted}."""
        at = dict(zip(self.units["UnitID"], self.units["AllocatedAt"], strict=True))
        moments = {
            "allocated": self.tickets["unit"].map(at),
            "sent": self.tickets["DispatchedAt"].where(self.tickets["sent"]),
            "accepted": self.tickets["AcceptedAt"].where(self.tickets["Delivery"] == "ACCEPTED")
            if "AcceptedAt" in self.tickets
            else pd.Series(dtype=object),
        }
        days: dict[str, dict[str, int]] = {}
        for name, moment in moments.items():
            for value in moment.dropna():
                of = days.setdefault(f"{pd.Timestamp(value):%Y-%m-%d}", {})
                of[name] = of.get(name, 0) + 1
        return {day: tuple(of.get(name, 0) for name in moments) for day, of in days.items()}  # type: ignore[misc]

    def by_client(self) -> dict[str, tuple[int, int]]:
        """{client, as `client_of` says: sent, pending}."""
        of_client = self.tickets["Company"].map(client_of)
        sums = self.tickets.groupby(of_client)["sent"].agg(["sum", "size"])
        return {name: (int(sent), int(n - sent)) for name, sent, n in sums.itertuples()}

    def match(self, code: str) -> dict[tuple[str, str], tuple[Any, ...]]:
        """{(category, currency): units, what they cost, tickets, what they bring}."""
        units = self.stock[self.stock["Match"] == code]
        cost = units.groupby(["Category", "cur"])["cost"].agg(["size", "sum"])
        cur = dict(zip(self.sales["SalesID"], self.sales["cur"], strict=True))
        tickets = self.tickets[self.tickets["M-No."] == code]
        sold = tickets.assign(cur=tickets["sale"].map(cur)).groupby(["Category", "cur"]).size()
        own = self.sales[self.sales["Match"] == code]
        worth = own.groupby(["Category", "cur"])["worth"].sum()
        keys = {*cost.index, *sold.index, *(key for key, value in worth.items() if value)}
        return {
            key: (
                int(cost["size"].get(key, 0)),
                round(float(cost["sum"].get(key, 0.0)), 2),
                int(sold.get(key, 0)),
                round(float(worth.get(key, 0.0)), 2),
            )
            for key in keys
        }

    def left(self, code: str) -> dict[str, int]:
        """{category: free units less tickets that wait for one}."""
        units = self.stock[self.stock["Match"] == code]
        tickets = self.tickets[self.tickets["M-No."] == code]
        waiting = tickets[~tickets["sent"] & tickets["unit"].isna()].groupby("Category").size()
        free = units[units["free"]].groupby("Category").size()
        names = {*units["Category"], *tickets["Category"]}
        return {name: int(free.get(name, 0) - waiting.get(name, 0)) for name in names}

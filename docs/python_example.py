"""What is short, and what allocating everything would do about it: `python docs/python_example.py
event.xlsx`."""

from __future__ import annotations

import sys

import polars as pl

import ticketops


def short(book: ticketops.Workbook) -> dict[tuple[str, str], int]:
    """{(match, category): tickets for which there is no stock}."""
    lines = book.position().result.lines
    return {(line.match, line.category): line.true_shortage for line in lines if line.true_shortage}


def served(plan: ticketops.DryRun) -> pl.DataFrame:
    """How many units each sale would be given."""
    tickets = plan.changes.filter(sheet="Distribution", header="AllocatedUnitIDs")
    sales = tickets.select(sale=pl.col("key").str.split("-").list.first())
    return sales.group_by("sale", maintain_order=True).len("units")


def main(path: str) -> None:
    book = ticketops.open(path)
    for (match, category), number in short(book).items():
        print(f"{match} {category}: {number} short")
    plan = book.dry_run("allocate.auto")
    print(served(plan)["units"].sum(), "units would be allocated")
    for finding in plan.findings:
        print(finding.code, finding.message)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except ticketops.TicketopsError as error:
        sys.exit(f"{error} ({error.hint})")

"""How large a sample is: every count of it, for each size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Size = Literal["small", "full", "x10"]


@dataclass(frozen=True, slots=True)
class Shape:
    """Counts of data rows (headers not counted) and of the figures of the position report (D8).

    matches: how many are in use. pools: match × category pairs with sales or stock, `stock_only` of
    them without sales, `dry` of them sold without any stock left. committed: units that are not
    AVAILABLE; allocated: how many of them serve tickets (at most), the rest being cancelled or
    replaced. oversold, surplus: of the position report; Available and the number of units follow
    from them. upgrades: sales served from a better category. partial: dry pools whose first sale is
    served in part. longest: the largest sale that is allocated already; largest: of all lines.
    concentrated: what is short is short in few pools. runs: allocation runs.
    """

    matches: int
    pools: int
    stock_only: int
    dry: int
    sales: int
    tickets: int
    purchases: int
    committed: int
    allocated: int
    sent: int
    oversold: int
    surplus: int
    upgrades: int
    partial: int
    longest: int
    largest: int
    concentrated: bool
    runs: int
    markers: int
    staff_tasks: int
    supplier_rows: int
    purchase_meta: int
    import_meta: int
    recon_rows: int
    matthias: int
    alloc_log: int
    issues: int
    repairs: int
    footnote_row: int | None

    @property
    def available(self) -> int:
        """Open − Available = Oversold − Surplus (D8)."""
        return self.tickets - self.sent - self.oversold + self.surplus

    @property
    def units(self) -> int:
        return self.available + self.committed


_FULL = Shape(
    matches=104,
    pools=434,
    stock_only=34,
    dry=24,
    sales=1519,
    tickets=11799,
    purchases=1630,
    committed=1004,
    allocated=996,
    sent=8,
    oversold=4275,
    surplus=3658,
    upgrades=4,
    partial=5,
    longest=60,
    largest=180,
    concentrated=False,
    runs=12,
    markers=486,
    staff_tasks=14578,
    supplier_rows=2412,
    purchase_meta=23057,
    import_meta=2697,
    recon_rows=24368,
    matthias=265,
    alloc_log=21,
    issues=16,
    repairs=7,
    footnote_row=1000,
)
_SMALL = Shape(
    matches=12,
    pools=32,
    stock_only=3,
    dry=1,
    sales=35,
    tickets=231,
    purchases=40,
    committed=44,
    allocated=41,
    sent=3,
    oversold=50,
    surplus=29,
    upgrades=1,
    partial=1,
    longest=14,
    largest=24,
    concentrated=True,
    runs=3,
    markers=10,
    staff_tasks=290,
    supplier_rows=48,
    purchase_meta=460,
    import_meta=54,
    recon_rows=486,
    matthias=40,
    alloc_log=12,
    issues=4,
    repairs=3,
    footnote_row=None,
)

_LEDGERS_AND_QUEUES = (
    "sales",
    "tickets",
    "purchases",
    "committed",
    "allocated",
    "sent",
    "oversold",
    "surplus",
    "markers",
    "staff_tasks",
    "supplier_rows",
    "purchase_meta",
    "import_meta",
    "recon_rows",
    "upgrades",
)


def shape_of(size: Size) -> Shape:
    """The counts of a size: `full` is §16 to the row, `x10` has ten times its ledgers and
    queues."""
    if size == "small":
        return _SMALL
    if size == "full":
        return _FULL
    return replace(_FULL, **{name: 10 * getattr(_FULL, name) for name in _LEDGERS_AND_QUEUES})

"""Sample workbooks: made up from first to last, with the layout, the size and the quirks of a real
one.

Data flow: shape (how much) → market (pools: what was sold and bought where) → trade (sales,
purchases, their tickets and units) → allocation (who has a unit) → ledgers, queues, history (rows)
→ book (the file).
"""

from __future__ import annotations

from ticketops.books.sample.book import make_sample
from ticketops.books.sample.shape import Size

__all__ = ["Size", "make_sample"]

"""Values in CSV files come back as they were written, whatever people are shown of them."""

from __future__ import annotations

import csv
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from ticketops.model.csv_texts import csv_text, shown


@given(st.integers(-(10**11), 10**11))
def test_no_cent_of_an_amount_is_lost(cents: int) -> None:
    ((_, text),) = csv.reader(StringIO(csv_text(["a", "b"], [("x", cents / 100)]).split("\r\n")[1]))
    assert round(float(text) * 100) == cents


def test_people_see_the_cents_too() -> None:
    assert [shown(one) for one in (12345.67, 878.5, 1690.0, 0.0, 1234567.5, 100.0)] == [
        *("12345.67", "878.5", "1690", "0", "1234567.50", "100")
    ]

"""Whatever a cell of a workbook may hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from ticketops.schema.columns import ErrorValue

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "L"]), max_size=5),
    st.sampled_from([ErrorValue("#N/A"), "#N/A", "0012", " spaced ", "TRUE", "=1+1", ""]),
    st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 31)),
    st.dates(date(1900, 1, 1)),
    st.times(),
    st.timedeltas(timedelta(0), timedelta(days=900)),
)

"""Results as the plain values of `--json`."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ticketops.domain.ticket.records import StockUnit
from ticketops.model.results import OPTIONAL, plain


@dataclass(frozen=True, slots=True)
class Inner:
    """Of a result."""

    source: str = field(metadata={"alias": "from"})
    rows: int | None = field(default=None, metadata=OPTIONAL)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    """A result."""

    several: tuple[Inner, ...]
    by_name: dict[str, Inner]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Inner("S1-1"), {"from": "S1-1", "note": None}),
        (Inner("S1-1", 0), {"from": "S1-1", "rows": 0, "note": None}),
        (
            Outer((Inner("a"),), {"b": Inner("b", 2, "x")}),
            {
                "several": [{"from": "a", "note": None}],
                "by_name": {"b": {"from": "b", "rows": 2, "note": "x"}},
            },
        ),
    ],
)
def test_a_result_is_an_object_of_its_fields_in_order(
    result: Inner | Outer, expected: dict[str, object]
) -> None:
    assert plain(result) == expected
    assert list(plain(result)) == list(expected)


def test_a_unit_does_not_show_its_passwords() -> None:
    assert "Kanarie" not in repr(
        StockUnit("P00001", "Ann", password="Kanarie-1", password_legacy="Kanarie-2")
    )

"""Which purchase a unit is of (D15): the key says, never the row number alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from ticketops.domain.ticket.identity import Row
from ticketops.model import ids
from ticketops.model.names import name_key
from ticketops.schema.tables import Table

P = TypeVar("P")
FACTS = ("match", "category", "vendor", "contract")
OWNED_BY = ("purchase_id", "set_id", "source_row", *FACTS)
"""The columns of a unit that say which purchase it is of."""
Facts = tuple[str, str, str, str]


def facts(
    match: str | None, category: str | None, vendor: str | None, contract: str | None
) -> Facts:
    """What a unit and its purchase must agree in where no PurchaseID joins them, for comparing."""
    return (
        ids.normalise_match(match) if match else "",
        category or "",
        name_key(vendor) or "",
        contract or "",
    )


def facts_of(row: Row) -> Facts:
    """`facts` of a row of Purchases or of _PURCHASE_UNITS."""
    return facts(row["match"], row["category"], row["vendor"], row["contract"])


class Owners(Generic[P]):
    """The purchases of a workbook: (purchase, its PurchaseID, its data row, its facts) each."""

    def __init__(self, purchases: Iterable[tuple[P, str | None, int, Facts]]) -> None:
        self._by_id: dict[str, P] = {}
        self._by_index: dict[int, tuple[P, Facts]] = {}
        self._by_facts: dict[Facts, list[P]] = {}
        for purchase, purchase_id, index, known in purchases:
            if purchase_id:
                self._by_id.setdefault(purchase_id, purchase)
            self._by_index[index] = purchase, known
            self._by_facts.setdefault(known, []).append(purchase)

    @classmethod
    def among(
        cls, purchases: Table, columns: Sequence[str], make: Callable[[dict[str, Any]], P]
    ) -> Owners[P]:
        """Every row of Purchases, as `make` makes it of its `row` and these columns."""
        names = tuple(dict.fromkeys(("row", "purchase_id", *FACTS, *columns)))
        return cls(
            (make(row), row["purchase_id"], purchases.index_of(row["row"]), facts_of(row))
            for row in purchases.frame.select(names).iter_rows(named=True)
        )

    def of_unit(self, unit: Row) -> P | None:
        """The purchase of a unit (its columns OWNED_BY): the one its PurchaseID names; where it has
        none, the one that agrees with it."""
        if unit["purchase_id"]:
            return self._by_id.get(unit["purchase_id"])
        return self._agreeing(unit["set_id"], unit["source_row"], facts_of(unit))

    def at(self, set_id: str | None, source_row: int | None) -> P | None:
        """The purchase in the data row that a SetID or SourceRow counts, agreeing or not."""
        found = self._in_row(set_id, source_row)
        return found[0] if found else None

    def _agreeing(self, set_id: str | None, source_row: int | None, known: Facts) -> P | None:
        """The purchase of a unit without PurchaseID: the one in its data row if they agree, else
        the only one that does."""
        found = self._in_row(set_id, source_row)
        if found and found[1] == known:
            return found[0]
        alike = self._by_facts.get(known, [])
        return alike[0] if len(alike) == 1 else None

    def alike(self, known: Facts) -> list[P]:
        """Every purchase with these facts."""
        return self._by_facts.get(known, [])

    def _in_row(self, set_id: str | None, source_row: int | None) -> tuple[P, Facts] | None:
        """The purchase in the data row that the SetID counts, else the SourceRow."""
        return self._by_index.get(ids.set_source_row(set_id) or source_row or 0)

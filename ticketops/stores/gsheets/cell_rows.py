"""Rows of cells of which only values are sent. They are kept as the values that they are made of,
and are requests only while they are sent: as those they would take ten times the memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import JSONEncoder
from typing import Any, overload

from msgspec import Struct

from ticketops.schema.sheets_api import extended

VALUE = "userEnteredValue"


class Kept(Struct, frozen=True):
    """A cell that is written as it stands."""

    value: Mapping[str, Any]


def cell_of(value: Any) -> dict[str, Any]:
    """The CellData of a value or of a Kept; {} for a blank."""
    entered = dict(value.value) if isinstance(value, Kept) else extended(value)
    return {VALUE: entered} if entered else {}


class CellRows(Sequence[dict[str, Any]]):
    """The `rows` of an updateCells: each one is made when it is looked at."""

    def __init__(self) -> None:
        self._rows: list[Sequence[Any]] = []
        self._sizes: list[int] = []

    def append(self, values: Sequence[Any]) -> None:
        """values: of one row, or a Kept for some."""
        self._rows.append(values)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self._rows)))]
        return {
            "values": [
                {VALUE: {"stringValue": value}}
                if type(value) is str and value
                else {}
                if value is None
                else cell_of(value)
                for value in self._rows[index]
            ]
        }

    def values(self, index: int) -> Sequence[Any]:
        """What a row was made of."""
        return self._rows[index]

    @property
    def sizes(self) -> list[int]:
        """Bytes of each row."""
        if len(self._sizes) < len(self._rows):
            self._sizes += [size_of(self[i]) for i in range(len(self._sizes), len(self._rows))]
        return self._sizes


def as_json(part: Any) -> str:
    """JSON as it is sent."""
    return _ENCODER.encode(part)


def size_of(part: Any) -> int:
    """Bytes of JSON, as it is sent."""
    return len(as_json(part).encode("utf-8", "surrogatepass"))


def _made(part: Any) -> list[Any]:
    if isinstance(part, CellRows):
        return list(part)
    raise TypeError(f"{type(part).__name__} is not JSON")


_ENCODER = JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_made)

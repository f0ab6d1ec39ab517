"""Seats one by one, and the areas that name them: what a zone or a restriction comes to, and back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from ticketops.domain.seatmap.plan import Area, Key, SeatMap
from ticketops.model.ids import natural_order
from ticketops.model.seat_labels import seat_key, write_labels

T = TypeVar("T")
Names = Mapping[str, tuple[str, Mapping[str, tuple[str, Mapping[str, str]]]]]
"""{block: (as it is written, {row: (as it is written, {seat: as it is written})})}"""


def names_of(places: Iterable[tuple[str, str, str]]) -> Names:
    """All seats by their block and row. places: block, row and seat as they are written."""
    found: dict[str, tuple[str, dict[str, tuple[str, dict[str, str]]]]] = {}
    for block, row, seat in places:
        _, rows = found.setdefault(seat_key(block), (block, {}))
        _, seats = rows.setdefault(seat_key(row), (row, {}))
        seats.setdefault(seat_key(seat), seat)
    return found


def names_in(one: SeatMap) -> Names:
    """All seats of a map by their block and row."""
    return names_of((seat.block, seat.row, seat.seat) for seat in one)


def areas_of(names: Names, chosen: Collection[Key]) -> list[Area]:
    """The fewest areas that this finds for some seats: whole blocks, else whole rows of blocks,
    else seats of rows. No seat is in two of them."""
    by_row: dict[tuple[str, str], set[str]] = {}
    for block, row, seat in chosen:
        by_row.setdefault((block, row), set()).add(seat)
    whole: list[str] = []
    by_rows: dict[tuple[str, ...], list[str]] = {}
    by_seats: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for block, (written, rows) in names.items():
        full: list[str] = []
        parts: dict[tuple[str, ...], list[str]] = {}
        for row, (row_name, seats) in rows.items():
            of_row = by_row.get((block, row), ())
            if of_row and len(of_row) == len(seats):
                full.append(row_name)
            elif of_row:
                wanted = tuple(_sorted(name for key, name in seats.items() if key in of_row))
                parts.setdefault(wanted, []).append(row_name)
        if full and len(full) == len(rows):
            whole.append(written)
        elif full:
            by_rows.setdefault(tuple(_sorted(full)), []).append(written)
        for seats_of, in_rows in parts.items():
            by_seats.setdefault((tuple(_sorted(in_rows)), seats_of), []).append(written)
    found = [Area(_list(whole))] if whole else []
    found += [Area(_list(blocks), _list(rows)) for rows, blocks in by_rows.items()]
    found += [
        Area(_list(blocks), _list(rows), _list(seats)) for (rows, seats), blocks in by_seats.items()
    ]
    return found


def painted(
    names: Names, paint: Mapping[Key, T], order: Callable[[T], object]
) -> list[tuple[T, Area]]:
    """What each seat has, as areas: (what they have, area)."""
    by_value: dict[T, list[Key]] = {}
    for key, value in paint.items():
        by_value.setdefault(value, []).append(key)
    return [
        (value, area)
        for value in sorted(by_value, key=order)  # type: ignore[arg-type]
        for area in areas_of(names, by_value[value])
    ]


def seats_in(one: SeatMap, area: Area) -> list[Key]:
    """The seats of a map that are in an area. Raises ValueError where it is not understood."""
    area.understood()
    return [
        seat.key
        for line in dict.fromkeys(row.key for row in one.rows)
        if area.reaches(line)
        for seat in one.row(*line).values()
        if seat.key in area
    ]


def categories_of(one: SeatMap) -> dict[Key, str]:
    """{seat: its category}, of those that have one."""
    found = {}
    for seat in one:
        if (category := one.category(seat.key)) is not None:
            found[seat.key] = category
    return found


def _sorted(labels: Iterable[str]) -> list[str]:
    return sorted(labels, key=natural_order)


def _list(labels: Iterable[str]) -> str:
    return write_labels(_sorted(labels))

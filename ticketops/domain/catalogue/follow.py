"""Reference text follows its source (D21): the Game its schedule, the seats of a ticket those of
its unit.

Game is the only text of the schedule that ledgers copy: their Date is that of the trade (§16b), and
the date, time and venue of a match are read from the schedule whenever they are shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import polars as pl
from msgspec import Struct, field

from ticketops.domain.catalogue import matches
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.identity import is_sold
from ticketops.model import states
from ticketops.model.changes import ChangeSet
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, SALES, SCHEDULE, UNITS
from ticketops.schema.tables import Snapshot

LEDGERS = (PURCHASES, UNITS, SALES, DISTRIBUTION)
"""Those that say which Game a match is."""
SEAT = ("block", "seat_row", "seat")
_MOST_NAMED = 5
Seat = tuple[str | None, str | None, str | None]


class Followed(Struct):
    """What is to follow, and what is reported of it."""

    changes: ChangeSet = field(default_factory=ChangeSet)
    findings: list[Finding] = field(default_factory=list)


def games(snapshot: Snapshot, sheets: Collection[str]) -> Followed:
    """The Game of every row of these ledgers as the schedule has it, and a finding for each match
    whose text changes.

    A match whose Game is blank in the schedule, or that stands there with two, changes nothing; a
    formula stands.
    """
    done = Followed()
    changed: dict[str, Counter[tuple[str, str]]] = {}
    for sheet, row, key, match, old, new in _differing(snapshot, sheets):
        done.changes.set(sheet, row, key, {"game": (old, new)})
        if old:
            changed.setdefault(match, Counter())[sheet, old] += 1
    known = matches.texts(snapshot) if changed else {}
    for match, cells in changed.items():
        where = Counter[str]()
        for (sheet, _old), count in cells.items():
            where[sheet] += count
        olds = " or ".join(repr(old) for old in dict.fromkeys(old for _sheet, old in cells))
        message = (
            f"{match}: Game follows the schedule, {olds} → {known[match]!r}, in "
            f"{counted(sum(where.values()), 'cell')} "
            f"({', '.join(f'{sheet} {count:,}' for sheet, count in where.items())})"
        )
        done.findings.append(Finding("GAME_FOLLOWS", Severity.INFO, message, SCHEDULE, match=match))
    return done


def _differing(
    snapshot: Snapshot, sheets: Collection[str]
) -> Iterable[tuple[str, int, str, str, str | None, str]]:
    """(sheet, row, key, match, Game, Game of the schedule) of the cells that differ and hold no
    formula."""
    known = matches.texts(snapshot)
    if not known:
        return
    source = pl.DataFrame({"match": list(known), "new": list(known.values())})
    for name in sheets:
        table = snapshot[name]
        key = "sales_id" if name == DISTRIBUTION else table.sheet.key or "match"
        cells = table.frame.select("row", "match", "game", key=pl.col(key)).join(
            source, on="match", maintain_order="left"
        )
        for row, match, old, ident, new in cells.filter(
            pl.col("game").ne_missing(pl.col("new"))
        ).iter_rows():
            if not table.around.has_formula("game", row):
                yield name, row, ident or "", match, old, new


class SeatMove(Struct, frozen=True):
    """A ticket that gets the seat of its unit; given: what the unit says that it gave."""

    row: int
    sales_id: str
    before: Seat
    after: Seat
    unit_row: int
    unit_id: str
    given: tuple[str | None, str | None]


class Seats(Struct):
    """Tickets whose seat follows that of their unit, and findings: those that don't, and what was
    replaced."""

    moves: list[SeatMove] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    differing: list[Finding] = field(default_factory=list)

    def write(self, changes: ChangeSet) -> None:
        """The moves as changes of Distribution and units."""
        for move in self.moves:
            cells = {
                name: (old, new)
                for name, old, new in zip(SEAT, move.before, move.after, strict=True)
            }
            changes.set(DISTRIBUTION, move.row, move.sales_id, cells)
            changes.set(UNITS, move.unit_row, move.unit_id, {"seats_given": move.given})


def seats(snapshot: Snapshot, *, but: Collection[str] = ()) -> Seats:
    """The tickets whose seat is to follow that of their unit: where it is blank, or what the unit
    gave (SeatsGiven). A ticket that says something else keeps it, with a finding that names both.
    One whose seat was cleared stays clear until its unit's changes.

    but: SalesIDs that are left alone. Only a ticket with one unit, and a unit with one ticket, are
    looked at.
    """
    found = Seats()
    for sales_id, row, unit_id, unit_row, match, category, given, *texts in _apart(
        snapshot
    ).iter_rows():
        if sales_id in but:
            continue
        ticket, unit = _seat(texts[:3]), _seat(texts[3:])
        gave = given_seat(given)
        if not any(ticket) and gave == unit:
            continue
        if any(u and t and t not in (u, g) for t, u, g in zip(ticket, unit, gave, strict=True)):
            message = f"{sales_id} has the seat {shown(ticket)}, but its unit {unit_id} has {shown(unit)}: it is left unchanged; correct one of the two, or clear the ticket's seat"
            found.differing.append(
                Finding(
                    "SEATS_DIFFER",
                    Severity.MEDIUM,
                    message,
                    DISTRIBUTION,
                    row,
                    sales_id or "",
                    unit_id,
                    match or "",
                    category or "",
                )
            )
            continue
        after = _seat(
            u or (None if t == g else t) for t, u, g in zip(ticket, unit, gave, strict=True)
        )
        found.moves.append(
            SeatMove(
                row,
                sales_id or "",
                ticket,
                after,
                unit_row,
                unit_id,
                (given, now_given(ticket, unit, given)),
            )
        )
    replaced = [move for move in found.moves if any(move.before)]
    if replaced:
        named = [
            f"{move.sales_id} {shown(move.before)} → {shown(move.after)}"
            for move in replaced[:_MOST_NAMED]
        ]
        more = f" and {len(replaced) - _MOST_NAMED:,} more" if len(replaced) > _MOST_NAMED else ""
        message = f"seats follow the units: {'; '.join(named)}{more}"
        found.findings.append(Finding("SEATS_FOLLOW", Severity.INFO, message, DISTRIBUTION))
    found.findings += found.differing
    return found


def _apart(snapshot: Snapshot) -> pl.DataFrame:
    """Tickets that say another seat than their one unit, with what that says."""
    tickets = (
        snapshot[DISTRIBUTION]
        .frame.filter(
            unit_ids.is_one(pl.col("unit_ids")),
            is_sold(),
            pl.col("status").ne_missing(states.CANCELLED),
        )
        .select("sales_id", "row", "match", "category", *SEAT, unit_id="unit_ids")
        .unique("unit_id", keep="none", maintain_order=True)
    )
    units = (
        snapshot[UNITS]
        .frame.filter(pl.col("unit_id").is_not_null())
        .unique("unit_id", keep="none", maintain_order=True)
        .filter(pl.any_horizontal(pl.col(SEAT).is_not_null()))
        .select(
            "unit_id",
            "seats_given",
            *(pl.col(name).alias(f"unit_{name}") for name in SEAT),
            unit_row="row",
            of="sales_id",
        )
    )
    apart = [
        pl.col(f"unit_{name}").is_not_null() & pl.col(name).ne_missing(pl.col(f"unit_{name}"))
        for name in SEAT
    ]
    return (
        tickets.join(units, on="unit_id", maintain_order="left")
        .filter(
            pl.col("of").is_null() | (pl.col("of") == pl.col("sales_id")), pl.any_horizontal(apart)
        )
        .select(
            "sales_id",
            "row",
            "unit_id",
            "unit_row",
            "match",
            "category",
            "seats_given",
            *SEAT,
            *(f"unit_{name}" for name in SEAT),
        )
    )


def seats_text(*seat: str | None) -> str | None:
    """A seat as SeatsGiven holds it (`A|12|7`); None where it is blank."""
    return "|".join(text or "" for text in seat) if any(seat) else None


def given_seat(text: str | None) -> Seat:
    """What SeatsGiven says."""
    parts = (text or "").split("|")
    return _seat(part or None for part in parts) if len(parts) == len(SEAT) else (None, None, None)


def now_given(ticket: Iterable[str | None], unit: Seat, before: str | None) -> str | None:
    """What SeatsGiven says once a unit gives its seat to a ticket that said `ticket`: the parts
    that are written, and those that were given before. A part that somebody had typed there already
    stays theirs, though it is the same."""
    parts = zip(ticket, unit, given_seat(before), strict=True)
    return seats_text(*(new if said != new or gave == new else None for said, new, gave in parts))


def shown(seat: Iterable[str | None]) -> str:
    """A seat for people: `A/12/7`."""
    return "/".join(text or "–" for text in seat)


def _seat(texts: Iterable[str | None]) -> Seat:
    block, row, seat = texts
    return block, row, seat


def behind(snapshot: Snapshot) -> int:
    """How many cells of Game, and tickets whose seat, `dispatch sync` would change."""
    return sum(1 for _cell in _differing(snapshot, LEDGERS)) + len(seats(snapshot).moves)


def left_behind(snapshot: Snapshot, found_seats: Seats | None = None) -> list[Finding]:
    """What commands that do not write it say of text that did not follow yet: how much, and which
    commands write it. Sheets that the snapshot lacks are left out. found_seats: where they are
    known already."""
    found = []
    cells = sum(1 for _cell in _differing(snapshot, [name for name in LEDGERS if name in snapshot]))
    if cells:
        message = f"Game differs from the schedule in {counted(cells, 'cell')}: dispatch sync updates them all, purchase expand and sale expand their own sheets"
        found.append(Finding("GAME_BEHIND", Severity.INFO, message, SCHEDULE))
    if found_seats is None and DISTRIBUTION in snapshot and UNITS in snapshot:
        found_seats = seats(snapshot)
    moves = found_seats.moves if found_seats else ()
    if moves:
        message = f"{counted(len(moves), 'ticket')} with a seat other than the unit's: dispatch sync and sale expand update them"
        found.append(Finding("SEATS_BEHIND", Severity.INFO, message, DISTRIBUTION))
    return found

"""What a match is to be, and the cells that make it so: the schedule, `_MATCHES`, the deadlines and texts
that follow, and a line of `_SCHEDULE_LOG` each (§1a, D21)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import polars as pl
from msgspec import Struct, field

from ticketops.domain.catalogue import follow, holders
from ticketops.domain.catalogue.holders import Holder
from ticketops.domain.catalogue.times import parse_deadline
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule.book import BESIDE, Match
from ticketops.domain.schedule.sides import Pairing, Side, parse_pairing, parse_side
from ticketops.model import spelling, states
from ticketops.model.clock import offset_text, parse_offset
from ticketops.model.dates import weekday
from ticketops.model.findings import Finding, Severity
from ticketops.schema.columns import parse_time, text_of
from ticketops.schema.layouts.event import MATCHES, SCHEDULE, SCHEDULE_LOG
from ticketops.schema.tables import Snapshot

TEN = ("day", "date", "game", "group", "time", "city", "country", "region", "capacity")
MOVED = ("date", "time", "city")
"""Fields whose change a client must hear of."""
_MOST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a match that changes."""

    match: str
    field: str
    was: str | None
    now: str | None


class Edit(Struct):
    """What becomes of one match. match: as it is; None for a new one. ten, beside: {column: value} of
    the schedule and `_MATCHES`, of what differs; kept: texts of the file that were not taken, since
    the workbook knows more."""

    code: str
    match: Match | None
    ten: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.ten or self.beside)

    def was(self, name: str) -> Any:
        """What a column holds now."""
        if self.match is None:
            return None
        if name in TEN:
            return getattr(self.match, name)
        return self.match.beside.get(name)

    def changes(self) -> list[FieldChange]:
        """What changes, a line a field; the pairing is what Game says already."""
        return [
            FieldChange(self.code, _CALLED.get(name, name), shown(self.was(name)), shown(value))
            for name, value in {**self.ten, **self.beside}.items()
            if name not in _SILENT
        ]


_CALLED = {"city": "venue"}
_SILENT = frozenset(("day", "pairing", "home", "away"))


def shown(value: Any) -> str | None:
    """A value for people and programs."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "Y" if value else "N"
    return text_of(value)


def edit_of(match: Match | None, code: str, wanted: Mapping[str, Any], *, typed: bool) -> Edit:
    """What differs from what is wanted. wanted: {column of the schedule or `_MATCHES`: value}, of what
    is said; `pairing` are its sides as a text names them. typed: a person says so, who may put a
    placeholder in place of a team, and blank a field by None; what a file leaves blank stays."""
    edit = Edit(code, match)
    told = dict(wanted)
    if "time" in told:
        told["time"] = _with_offset(told["time"], edit.was("time"), moves="city" in wanted)
    for name, value in told.items():
        if name in ("game", "pairing", "home", "away", "day"):
            continue
        if not _is_so(name, edit.was(name), value):
            (edit.ten if name in TEN else edit.beside)[name] = value
    _sides(edit, wanted, typed=typed)
    _weekday(edit, wanted)
    return edit


def _is_so(name: str, was: Any, value: Any) -> bool:
    """Whether a cell says already what is wanted of it."""
    if name == "medal":
        return bool(was) == bool(value)
    if name in ("time", "end") and was and value:
        return _same_clock(was, value)
    if name == "group" and was and value:
        return _group(was) == _group(value)
    if isinstance(was, datetime) and isinstance(value, datetime):
        return was.date() == value.date()
    if isinstance(was, str) and isinstance(value, str):
        return spelling.tidy(was) == spelling.tidy(value)
    return bool(was == value)


def _with_offset(value: Any, was: str | None, *, moves: bool) -> Any:
    """A time of day with the offset that the match had, where it names none and the venue stays."""
    ahead = parse_offset(was or "")
    if moves or ahead is None or not isinstance(value, str) or parse_offset(value) is not None:
        return value
    return f"{value} {offset_text(ahead)}" if re.fullmatch(r"\d{1,2}:\d{2}", value) else value


def _same_clock(was: str, now: str) -> bool:
    """Whether two times of day are the same; one that names no offset says nothing about it."""
    one, other = parse_time(was), parse_time(now)
    if one is None or other is None:
        return spelling.tidy(was) == spelling.tidy(now)
    ahead = parse_offset(now)
    return one == other and ahead in (None, parse_offset(was))


def _group(text: str) -> str:
    plain = spelling.tidy(text).casefold()
    return plain.removeprefix("group ").removeprefix("pool ")


def _weekday(edit: Edit, wanted: Mapping[str, Any]) -> None:
    """The day of the week follows the date: as the file has it, else as the row had it."""
    if edit.match is None or "date" in edit.ten:
        day = edit.ten.get("date")
        text = wanted.get("day") or (weekday(day, edit.was("day")) if day else None)
        if text != edit.was("day"):
            edit.ten["day"] = text
    elif wanted.get("day") and not edit.match.day:
        edit.ten["day"] = wanted["day"]


def _sides(edit: Edit, wanted: Mapping[str, Any], *, typed: bool) -> None:
    """Who plays: Game, and the sides in `_MATCHES`. A team that the workbook knows is not taken back
    for the placeholder of a file, and a side that results decided stays decided."""
    match, game = edit.match, wanted.get("game")
    said = parse_pairing(wanted.get("pairing") or game)
    if said is None:
        if game and match is not None and match.written is not None and not typed:
            if not _alike(game, match.game or ""):
                edit.kept.append(f"{edit.code}: {match.game!r} stays, the file says {game!r}")
        elif game and not _alike(game, (match.game if match else "") or ""):
            edit.ten["game"] = game
        return
    if match is None or match.home is None or match.away is None or match.written is None:
        _set_sides(edit, said, (said.home, said.away), (said.home, said.away), game)
        return
    raw, now = [], []
    for theirs, known, written in (
        (said.home, match.home, match.written.home),
        (said.away, match.away, match.written.away),
    ):
        if theirs.text in (known.text, written.text) or (
            _alike(theirs.text, known.text) or _alike(theirs.text, written.text)
        ):
            raw.append(written)
            now.append(known)
        elif theirs.is_placeholder and not known.is_placeholder and not typed:
            edit.kept.append(
                f"{edit.code}: {known.text} stays, the file says {theirs.text or 'TBD'}"
            )
            raw.append(written)
            now.append(known)
        else:
            raw.append(theirs)
            now.append(theirs)
    if now == [match.home, match.away]:
        return
    whole = game if now == [said.home, said.away] else None
    _set_sides(edit, said, (now[0], now[1]), (raw[0], raw[1]), whole)


def _set_sides(
    edit: Edit, said: Pairing, now: tuple[Side, Side], raw: tuple[Side, Side], game: str | None
) -> None:
    edit.ten["game"] = game or said.shown(_text(now[0]), _text(now[1]))
    edit.beside["pairing"] = said.shown(_text(raw[0]), _text(raw[1]))
    edit.beside["home"], edit.beside["away"] = _text(now[0]), _text(now[1])
    if edit.match is not None:
        for name in ("pairing", "home", "away"):
            if edit.was(name) == edit.beside[name]:
                del edit.beside[name]
        if edit.match.game == edit.ten["game"]:
            del edit.ten["game"]


def _text(side: Side) -> str:
    return side.text or "TBD"


def _alike(one: str, other: str) -> bool:
    return spelling.tidy(one).casefold() == spelling.tidy(other).casefold()


def with_sides(match: Match | None, home: str | None, away: str | None) -> str:
    """The pairing of a match with one side or both set anew."""
    sides = [match.home if match else None, match.away if match else None]
    new = [
        parse_side(text) if text is not None else side or parse_side("")
        for text, side in zip((home, away), sides, strict=True)
    ]
    frame = (match.written if match else None) or Pairing(new[0], new[1])
    return frame.shown(_text(new[0]), _text(new[1]))


def write(
    plan: Plan,
    snapshot: Snapshot,
    edits: Collection[Edit],
    run: Run,
    action: str,
    because: str,
    buffers: Sequence[float],
) -> list[Holder]:
    """The changes of these matches, all that follows from them, and who holds tickets of those that
    move. action: of `_SCHEDULE_LOG`; because: what it says of the reason; buffers: the hours that a
    computed deadline is before its match, and before a medal session."""
    edits = [edit for edit in edits if edit]
    _write_ten(
        plan, snapshot, [edit for edit in edits if edit.ten or _moves_deadline(edit)], buffers
    )
    _write_beside(plan, snapshot, [edit for edit in edits if edit.beside], run)
    _write_log(plan, snapshot, edits, run, action, because)
    if any("game" in edit.ten for edit in edits):
        followed = follow.games(snapshot.after(plan.changes), follow.LEDGERS)
        plan.changes.extend(followed.changes)
        plan.findings += followed.findings
    moved = [edit for edit in edits if edit.match is not None and _moves(edit)]
    concerned = holders.holders(snapshot, [edit.code for edit in moved])
    for edit in moved:
        plan.findings += holders.said(concerned, edit.code, _what_moves(edit))
    return concerned


def _moves(edit: Edit) -> bool:
    return _stops(edit) or any(name in edit.ten and edit.was(name) is not None for name in MOVED)


def _stops(edit: Edit) -> bool:
    return edit.beside.get("status") in (states.POSTPONED, states.CANCELLED)


def _what_moves(edit: Edit) -> str:
    parts = [
        f"from {shown(edit.was(name))} to {shown(edit.ten[name]) or 'nothing'}"
        for name in MOVED
        if name in edit.ten and edit.was(name) is not None
    ]
    stops = [f"becomes {edit.beside['status']}"] if _stops(edit) else []
    return " and ".join(stops + (["moves " + ", ".join(parts)] if parts else []))


def _write_ten(
    plan: Plan, snapshot: Snapshot, edits: Collection[Edit], buffers: Sequence[float]
) -> None:
    table = snapshot[SCHEDULE]
    fresh = [edit for edit in edits if edit.match is None]
    columns = ("match", *TEN)
    rows = [(edit.code, *(edit.ten.get(name) for name in TEN)) for edit in fresh]
    if rows:
        plan.changes.append(SCHEDULE, table.room_for(len(rows)), columns, rows)
    wanted = {row: edit for edit in edits if edit.match for row in edit.match.rows}
    if not wanted:
        return
    held = table.frame.filter(pl.col("row").is_in(list(wanted)))
    for before in held.select("row", "dispatch_deadline", *TEN).iter_rows(named=True):
        row = before["row"]
        edit = wanted[row]
        cells = {name: (before[name], value) for name, value in edit.ten.items()}
        for name in [name for name in cells if table.around.has_formula(name, row)]:
            message = f"{edit.code}: {table.sheet.by_name[name].header} is a formula and stays"
            plan.findings.append(Finding("FORMULA_STAYS", Severity.INFO, message, SCHEDULE, row))
            del cells[name]
        deadline = _deadline(edit, before["dispatch_deadline"], buffers)
        if deadline is not None:
            cells["dispatch_deadline"] = deadline
        plan.changes.set(SCHEDULE, row, edit.code, cells)


def _deadline(edit: Edit, text: str | None, buffers: Sequence[float]) -> tuple[str, str] | None:
    """A DispatchDeadline that was computed from the date as it was follows it, and whether medals are
    decided; one that somebody typed stays (D21)."""
    match = edit.match
    if not text or match is None or not _moves_deadline(edit):
        return None
    try:
        own = parse_deadline(text)
    except ValueError:
        return None
    day, clock = edit.ten.get("date", match.date), edit.ten.get("time", match.time)
    if own is None or match.date is None or day is None:
        return None
    if own.offset not in (None, parse_offset(match.time or "")):
        return None
    ahead = _start(match.date, match.time) - own.moment
    computed = [timedelta(hours=hours) for hours in buffers]
    if ahead not in computed:
        return None
    if "medal" in edit.beside:
        ahead = computed[bool(edit.beside["medal"])]
    offset = parse_offset(clock or "") if own.offset is not None else None
    suffix = f" {offset_text(offset)}" if offset is not None else ""
    return text, f"{_start(day, clock) - ahead:%Y-%m-%d %H:%M}{suffix}"


def _moves_deadline(edit: Edit) -> bool:
    return bool({"date", "time"} & edit.ten.keys()) or "medal" in edit.beside


def _start(day: datetime, clock: str | None) -> datetime:
    return datetime.combine(day.date(), parse_time(clock or "") or time())


def _write_beside(plan: Plan, snapshot: Snapshot, edits: Collection[Edit], run: Run) -> None:
    table = snapshot[MATCHES]
    fresh = [edit for edit in edits if edit.match is None or edit.match.row_beside is None]
    columns = ("match", *BESIDE, "user", "updated_at")
    rows = [
        (edit.code, *(edit.beside.get(name) for name in BESIDE), run.user, run.now)
        for edit in fresh
    ]
    if rows:
        plan.changes.append(MATCHES, table.room_for(len(rows)), columns, rows)
    stamps = {
        row: (user, at) for row, user, at in table.frame.select("row", "user", "updated_at").rows()
    }
    for edit in edits:
        match = edit.match
        if match is None or match.row_beside is None:
            continue
        user, at = stamps[match.row_beside]
        cells = {name: (match.beside.get(name), value) for name, value in edit.beside.items()}
        cells |= {"user": (user, run.user), "updated_at": (at, run.now)}
        plan.changes.set(MATCHES, match.row_beside, edit.code, cells)


def _write_log(
    plan: Plan, snapshot: Snapshot, edits: Collection[Edit], run: Run, action: str, because: str
) -> None:
    """A line a match: what it was, what it is."""
    rows = []
    for edit in edits:
        if edit.match is None:
            was, now = None, edit.ten.get("game")
        else:
            each = edit.changes()
            was = "; ".join(f"{one.field} {one.was or '–'}" for one in each)[:_MOST_TEXT]
            now = "; ".join(f"{one.field} {one.now or '–'}" for one in each)[:_MOST_TEXT]
        rows.append((run.now, run.user, run.run_id, edit.code, action, was, now, because or None))
    columns = ("timestamp", "user", "run_id", "match", "action", "was", "now", "because")
    plan.changes.append(SCHEDULE_LOG, snapshot[SCHEDULE_LOG].next_row, columns, rows)

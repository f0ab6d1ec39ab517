"""`sync`: a workbook file and a Google Sheet (or any two workbooks) kept in step, against the state
they last had in common.

That state is kept beside the workbook of the command, one folder for each other copy; secrets in it
are keyed digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from ticketops.domain.plan import Plan, Run
from ticketops.domain.sync.merge import (
    Copy,
    Preferences,
    Side,
    Taken,
    blank_texts,
    changes_of,
    conflict_findings,
    identity,
    take_over,
    without_lost,
)
from ticketops.domain.sync.passwords import Cells, cells_of, unsealing
from ticketops.engine import permissions
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import look
from ticketops.errors import NotPermittedError, RuleError, UsageError
from ticketops.files import read_regular, replace_file
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.results import OPTIONAL
from ticketops.schema.columns import ERRORS, ErrorValue
from ticketops.schema.layout import KINDS, Layout
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.schema.tables import Snapshot, Table, apply
from ticketops.stores.base import Shared, Store, as_spreadsheet, place_of, with_folders
from ticketops.stores.records import digest_of

_MOST_BYTES = 2**30
"""Of a file of a common state."""
_FEW = 10
"""Rows that may be emptied without a question."""


def synced(layout: Layout) -> tuple[str, ...]:
    """The names of the sheets that are kept in step: those with columns."""
    return tuple(name for name in layout.names if layout[name].header_row)


@dataclass(frozen=True, slots=True)
class SheetCompared:
    """A sheet on which the copies differ: cells that changed here (local), there (remote) or on
    both (conflicts), conflicts left for the operator, rows of both copies; and, if a copy is
    written, the copied cells and its rows afterwards."""

    sheet: str
    local: int
    remote: int
    conflicts: int
    left: int
    rows_local: int
    rows_remote: int
    taken: int | None = field(default=None, metadata=OPTIONAL)
    rows_after: int | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True)
class Compared:
    """`sync diff|pull|push`. into: the copy that is written, empty for none. first: whether there
    is no common state yet. The counts are sums over the sheets."""

    into: Literal["", "local", "remote"]
    first: bool
    local: int
    remote: int
    conflicts: int
    taken: int
    left: int
    sheets: tuple[SheetCompared, ...]


@dataclass(frozen=True, slots=True)
class Common:
    """sheets: {sheet: texts}, blank where nothing is in common yet. lost: sheets that one copy
    lacked then. damaged: what was kept can't be read, and counts as none."""

    sheets: dict[str, pl.DataFrame]
    lost: frozenset[str] = frozenset()
    damaged: bool = False


class CommonState:
    """Keeps what two copies last had in common, a table of texts a sheet. A new state replaces the
    old one in one step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer = folder / "current.json"
        self._with = ""
        self._key = b""

    @classmethod
    def between(cls, local: Store, remote: Store) -> CommonState:
        name = re.sub(r"[^\w-]+", "_", remote.name)[-60:]
        full = place_of(remote)
        state = cls(
            with_folders(local).state_folder
            / "sync"
            / f"{name}-{hashlib.blake2b(full.encode('utf-8', 'surrogateescape'), digest_size=4).hexdigest()}"
        )
        state._with = full
        return state

    @property
    def exists(self) -> bool:
        return self._pointer.is_file()

    def load(self, layout: Layout) -> Common:
        """What is kept, by the names of the sheets. layout: of the workbook; versions that knew
        titles only wrote those."""
        blank = {name: blank_texts(layout[name]) for name in synced(layout)}
        if not self.exists:
            return Common(blank)
        try:
            current = json.loads(read_regular(self._pointer, _MOST_BYTES))
            found = {}
            for title, file in current["sheets"].items():
                name = layout.name_of(title)
                if name in blank:
                    kept = pl.read_ipc(
                        read_regular(self._folder / current["folder"] / file, _MOST_BYTES)
                    )
                    columns = [c for c in blank[name].columns if c in kept.columns]
                    found[name] = pl.concat(
                        [blank[name], kept.select("row", *columns[1:])], how="diagonal"
                    )
            return Common(blank | found, frozenset(map(layout.name_of, current.get("lost", ()))))
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
            pl.exceptions.PolarsError,
        ):
            return Common(blank, damaged=True)

    def save(self, sheets: Mapping[str, pl.DataFrame], lost: Iterable[str] = ()) -> None:
        """Keep it. Killed anywhere, the old state or the new one is there."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(self._folder / "secret.key", self._key)
        old = {path for path in self._folder.iterdir() if path.is_dir()}
        fresh = self._folder / f"state-{os.getpid()}-{len(old)}-{os.urandom(3).hex()}"
        fresh.mkdir(mode=0o700)
        files = {}
        for number, (name, frame) in enumerate(sheets.items()):
            if frame.height:
                files[name] = f"{number}.ipc"
                frame.write_ipc(fresh / files[name], compression="zstd")
        current = {"folder": fresh.name, "sheets": files, "lost": sorted(lost), "with": self._with}
        replace_file(self._pointer, json.dumps(current).encode())
        for path in old:
            shutil.rmtree(path, ignore_errors=True)

    def seal(self) -> Callable[[str], str]:
        """Digests of secrets, with a key of this state's own; it is kept with the state."""
        with suppress(OSError):
            self._key = read_regular(self._folder / "secret.key", 64) or self._key
        self._key = self._key or os.urandom(32)
        return lambda text: digest_of(text, self._key).text


class _Copies:
    """The sheets of one workbook, ready to be compared."""

    def __init__(self, store: Store, snapshot: Snapshot, seal: Callable[[str], str]) -> None:
        names = synced(snapshot.layout)
        self._odd = [name for name in names if snapshot[name].misfits]
        raw = as_spreadsheet(store).raw_rows(*self._odd) if self._odd else {}
        self.sheets = {
            name: Copy.of(snapshot[name], _misfits(snapshot[name], raw.get(name, [])), seal)
            for name in names
        }


def _misfits(table: Table, rows: list[list[Any]]) -> dict[tuple[int, str], Any]:
    found = {}
    for misfit in table.misfits:
        row = rows[misfit.row - 1] if misfit.row <= len(rows) else []
        cells = (row[number - 1] for number in table.positions[misfit.column] if number <= len(row))
        raw = next((cell for cell in cells if cell not in (None, "")), misfit.text)
        found[misfit.row, misfit.column] = ErrorValue(raw) if raw in ERRORS else raw
    return found


def refuse_same(local: Store, remote: Store) -> None:
    """Raises UsageError where a workbook is to be compared with itself, or with another kind of
    workbook."""
    if place_of(local) == place_of(remote):
        raise UsageError(
            "--with names the workbook itself",
            "--with names the other copy: gsheet:ID, or another file",
        )
    if local.layout.kind != remote.layout.kind:
        raise UsageError(
            f"{local.name} and {remote.name} are workbooks of different kinds: "
            f"{local.layout.kind} and {remote.layout.kind}",
            "--with names another copy of the same workbook",
        )


def _refuse_withheld(store: Store, sheets: Iterable[str]) -> None:
    """Raises NotPermittedError for a database that withholds passwords: they would be taken for
    changed."""
    if not isinstance(store, Shared):
        return
    store.read(*sheets, strict=False)
    if store.withheld:
        raise NotPermittedError(
            f"{store.name} can't be synced: your database role may not read its passwords",
            "`db grant --capability credentials` allows it",
        )


def job(
    into: Side | None,
    local: Store,
    remote: Store,
    prefer: Iterable[str] = (),
    *,
    job_name: str = "",
    emptying: bool = False,
) -> Job:
    """Take over into one of two copies what changed in the other; None: only compare.

    The job is for the store that is written (`local` for None). Conflicts are findings; they stay
    as they are on both sides unless `prefer` says which side counts. Raises UsageError for
    preferences that there is no column for; the plan raises RuleError where half of a sheet's rows
    or more would be emptied, unless `emptying`: more likely something went wrong over there than
    that it is meant.
    """
    refuse_same(local, remote)
    sheets = synced(local.layout)
    for store in (local, remote):
        _refuse_withheld(store, sheets)
    state = CommonState.between(local, remote)
    agreed: dict[str, pl.DataFrame] = {}
    gone: set[str] = set()
    target, source = (remote, local) if into is Side.REMOTE else (local, remote)
    job_name = (
        job_name or {None: "sync.diff", Side.LOCAL: "sync.pull", Side.REMOTE: "sync.push"}[into]
    )
    reading = Job(
        job_name,
        lambda snapshot, _run: Plan(result=snapshot),
        optional=sheets,
        label=f"{job_name.replace('.', ' ')}, reading {source.name}",
        effect=Effect.READS,
        strict=False,
        works_on=KINDS,
    )

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        seal = state.seal()
        other = look(source, reading, run)
        titled = (
            other if into is Side.REMOTE else snapshot
        ).layout  # what `local` calls its sheets
        preferences = Preferences(prefer, titled)
        common = state.load(titled)
        base = common.sheets
        mine = _Copies(target, snapshot, seal).sheets
        theirs = _Copies(source, other, seal).sheets
        here, there = (theirs, mine) if into is Side.REMOTE else (mine, theirs)
        made = Plan()
        taken: dict[str, Taken] = {}
        if common.damaged:
            message = "the common state of both copies can't be read: they are compared as if for the first time, and deleted content may come back"
            made.findings.append(Finding("STATE_DAMAGED", Severity.HIGH, message))
        gone.clear()
        for name in sheets:
            if here[name].table.exists != there[name].table.exists:
                gone.add(name)
            elif name in common.lost and not (
                here[name].table.frame.height and there[name].table.frame.height
            ):
                base[name] = blank_texts(
                    titled[name]
                )  # made again since: it is to be filled, not to empty the other
            here[name], there[name], lost = _found_again(here[name], there[name], base[name])
            made.findings += [
                Finding(
                    "NOT_FOUND",
                    Severity.HIGH,
                    f"{what} is missing in one copy and is not synced",
                    name,
                )
                for what in lost
            ]
            taken[name] = take_over(
                into or Side.LOCAL, here[name], there[name], base[name], preferences
            )
        if into is not None:
            written = here if into is Side.LOCAL else there

            def again(name: str, leave: Cells) -> Taken:
                return take_over(into, here[name], there[name], base[name], preferences, leave)

            made.findings += _hold_back(
                taken, again, written, target, source.name, titled, run, snapshot
            )
        for name in sheets:
            made.findings += conflict_findings(
                here[name], there[name], base[name], taken[name].conflicts
            )
        if into is not None:
            made.changes = changes_of(taken.values()).renamed(
                {title: name for name, title in titled.titles.items()}
            )
            if not emptying:
                _refuse_emptying(taken, mine)
        agreed.clear()
        agreed.update({name: one.agreed for name, one in taken.items()})
        if into is None:
            made.findings += _left_alone((local, snapshot), (remote, other))
        made.result = _result(into, state, taken, here, there)
        return made

    def keep(_plan: Plan) -> list[Finding]:
        try:
            state.save(agreed, gone)
        except OSError as error:
            message = f"the common state was not saved: {error.strerror or error}; the copied cells will be compared again"
            return [Finding("STATE_NOT_KEPT", Severity.MEDIUM, message)]
        return []

    if into is None:
        return Job(
            job_name, plan, optional=sheets, effect=Effect.READS, strict=False, works_on=KINDS
        )
    return Job(
        job_name,
        plan,
        optional=sheets,
        strict=False,
        after_commit=keep,
        always=True,
        works_on=KINDS,
    )


def _result(
    into: Side | None,
    state: CommonState,
    taken: Mapping[str, Taken],
    here: Mapping[str, Copy],
    there: Mapping[str, Copy],
) -> Compared:
    sheets = []
    for name, one in taken.items():
        counts = one.counts
        if not (counts.local or counts.remote or counts.conflicts):
            continue
        rows = [copy[name].table.frame.height for copy in (here, there)]
        written = (there if into is Side.REMOTE else here)[name].table
        after = (None, None) if into is None else (counts.taken, _after(written, one).frame.height)
        title = here[name].table.sheet.name
        sheets.append(
            SheetCompared(
                title,
                counts.local,
                counts.remote,
                counts.conflicts,
                len(one.conflicts),
                *rows,
                *after,
            )
        )
    return Compared(
        "" if into is None else "local" if into is Side.LOCAL else "remote",
        not state.exists,
        sum(sheet.local for sheet in sheets),
        sum(sheet.remote for sheet in sheets),
        sum(sheet.conflicts for sheet in sheets),
        sum(sheet.taken or 0 for sheet in sheets),
        sum(sheet.left for sheet in sheets),
        tuple(sheets),
    )


def _found_again(here: Copy, there: Copy, base: pl.DataFrame) -> tuple[Copy, Copy, list[str]]:
    """Both copies, and what one of them lacks although both had it: a sheet that is gone counts as
    not changed, and so does a column."""
    if here.table.exists != there.table.exists and base.height:
        return replace(here, texts=base), replace(there, texts=base), ["the sheet"]
    return without_lost(here, there, base)


def _formulas(
    target: Store, taken: Mapping[str, Taken], feet: Mapping[str, Collection[int]]
) -> dict[str, set[tuple[int, str]]]:
    """{sheet: cells} that would be written but hold a formula over there, which stays; feet: rows
    of totals, which make way."""
    wanted = {name: one.changes.rows for name, one in taken.items() if one.changes is not None}
    found: dict[str, set[tuple[int, str]]] = {}
    for sheet, row, column in as_spreadsheet(target).formulas(wanted) if wanted else ():
        if column in wanted[sheet].get(row, {}) and row not in feet[sheet]:
            found.setdefault(sheet, set()).add((row, column))
    return found


def _hold_back(
    taken: dict[str, Taken],
    again: Callable[[str, Cells], Taken],
    written: Mapping[str, Copy],
    target: Store,
    source: str,
    titled: Layout,
    run: Run,
    snapshot: Snapshot,
) -> list[Finding]:
    """Take out of `taken` what may not be written, and say so: cells that hold a formula, sheets
    that are not the user's to write, plain passwords where sealed ones are. again: takes over
    without some cells."""
    left: dict[str, Cells] = {}
    findings = []

    def leave(name: str, cells: Cells) -> None:
        left.setdefault(name, set()).update(cells)
        taken[name] = again(name, left[name])

    feet = {name: written[name].table.foot for name in taken}
    for name, cells in _formulas(target, taken, feet).items():
        leave(name, cells)
        findings += [_left(titled[name], row, column) for row, column in sorted(cells)]
    for name, one in list(taken.items()):
        if one.changes is None:
            continue
        if not permissions.may_write(name, run, snapshot):
            cells = cells_of(one.changes)
            leave(name, cells)
            findings.append(_not_theirs(titled[name], run, len(cells)))
            continue
        plain, staying = unsealing(written[name].table, one.changes)
        if plain:
            leave(name, staying)
            findings += [
                _stays_sealed(titled[name], row, column, source, whole_sheet=staying > plain)
                for row, column in sorted(plain)
            ]
    return findings


def _left(sheet: Sheet, row: int, column: str) -> Finding:
    header = sheet.by_name[column].header
    return Finding(
        "FORMULA_LEFT",
        Severity.LOW,
        f"{header} holds a formula in the copy being written: it stays",
        sheet.name,
        row,
    )


def _not_theirs(sheet: Sheet, run: Run, cells: int) -> Finding:
    job = permissions.GUARDED[sheet.name].replace(".", " ")
    return Finding(
        "NOT_PERMITTED",
        Severity.HIGH,
        f"{counted(cells, 'cell')} left unchanged: {run.user} may not run `{job}` there",
        sheet.name,
    )


def _stays_sealed(
    sheet: Sheet, row: int, column: str, source: str, *, whole_sheet: bool
) -> Finding:
    """whole_sheet: whether nothing of the sheet is copied, since its rows hold other records."""
    stays = "the sheet stays unchanged" if whole_sheet else "the sealed password stays"
    return Finding(
        "STAYS_SEALED",
        Severity.HIGH,
        f"{sheet.by_name[column].header} is in plain text in {source}: {stays}; run "
        "`credentials seal` there, or `credentials update` to change the password",
        sheet.name,
        row,
    )


def _after(table: Table, one: Taken) -> Table:
    """The sheet of the copy that is written, afterwards."""
    return apply(table, [one.changes]) if one.changes is not None else table


def _refuse_emptying(taken: Mapping[str, Taken], mine: Mapping[str, Copy]) -> None:
    for name, one in taken.items():
        sheet = mine[name].table.sheet
        if sheet.kind is SheetKind.QUEUE and not identity(sheet):
            continue  # a command makes it anew, as long as it happens to be
        before = mine[name].table.frame.height
        if before < _FEW:
            continue
        after = _after(mine[name].table, one).frame.height
        if before - after >= _FEW and after <= before / 2:
            raise RuleError(
                f"{sheet.name} would have {after:,} rows instead of {before:,}",
                "if you mean it, give --emptying; `sync diff` shows more",
            )


def _left_alone(*copies: tuple[Store, Snapshot]) -> list[Finding]:
    """Sheets that are not the product's own: they are not synced, and that is said."""
    names = {
        name
        for store, snapshot in copies
        for name in as_spreadsheet(store).sheet_names()
        if name not in snapshot.layout
    }
    if not names:
        return []
    listed = ", ".join(sorted(names)[:6]) + (" …" if len(names) > 6 else "")
    return [Finding("NOT_SYNCED", Severity.INFO, f"your own sheets are not synced: {listed}")]

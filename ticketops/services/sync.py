"""`sync`: a workbook file and a Google Sheet (or any two workbooks) kept in step, against the state they last had in common.

That state is kept beside the workbook of the command, one folder for each other copy; secrets in it are keyed digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from ticketops.domain.plan import Plan, Run
from ticketops.domain.sync import (
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
from ticketops.errors import RuleError, UsageError
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot, Table, apply
from ticketops.schema.workbook import MANIFEST, SheetKind
from ticketops.services.transaction import Job
from ticketops.stores.base import Store
from ticketops.stores.records import digest_of

_FEW = 10
"""Rows that may be emptied without a question."""
SHEETS = tuple(sheet.name for sheet in MANIFEST if sheet.header_row)


@dataclass(frozen=True, slots=True)
class Common:
    """sheets: {sheet: texts}, blank where nothing is in common yet. lost: sheets that one copy lacked then. damaged: what was kept can't be
    read, and counts as none."""

    sheets: dict[str, pl.DataFrame]
    lost: frozenset[str] = frozenset()
    damaged: bool = False


class CommonState:
    """Keeps what two copies last had in common, a table of texts a sheet. A new state replaces the old one in one step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer = folder / "current.json"
        self._key = b""

    @classmethod
    def between(cls, local: Store, remote: Store) -> CommonState:
        name = re.sub(r"[^\w-]+", "_", remote.name)[-60:]
        full = str(getattr(remote, "path", remote.name))
        return cls(local.state_folder / "sync" / f"{name}-{hashlib.blake2b(full.encode(), digest_size=4).hexdigest()}")

    @property
    def exists(self) -> bool:
        return self._pointer.is_file()

    def load(self) -> Common:
        """What is kept."""
        blank = {name: blank_texts(MANIFEST[name]) for name in SHEETS}
        if not self.exists:
            return Common(blank)
        try:
            current = json.loads(self._pointer.read_text("utf-8"))
            found = {}
            for name, file in current["sheets"].items():
                if name in blank:
                    kept = pl.read_ipc(self._folder / current["folder"] / file)
                    columns = [c for c in blank[name].columns if c in kept.columns]
                    found[name] = pl.concat([blank[name], kept.select("row", *columns[1:])], how="diagonal")
            return Common(blank | found, frozenset(current.get("lost", ())))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, pl.exceptions.PolarsError):
            return Common(blank, damaged=True)

    def save(self, sheets: Mapping[str, pl.DataFrame], lost: Iterable[str] = ()) -> None:
        """Keep it. Killed anywhere, the old state or the new one is there."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(self._folder / "secret.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(self._key)
        old = {path for path in self._folder.iterdir() if path.is_dir()}
        fresh = self._folder / f"state-{os.getpid()}-{len(old)}-{os.urandom(3).hex()}"
        fresh.mkdir(mode=0o700)
        files = {}
        for number, (name, frame) in enumerate(sheets.items()):
            if frame.height:
                files[name] = f"{number}.ipc"
                frame.write_ipc(fresh / files[name], compression="zstd")
        staged = self._pointer.with_suffix(".tmp")
        staged.write_text(json.dumps({"folder": fresh.name, "sheets": files, "lost": sorted(lost)}), "utf-8")
        staged.replace(self._pointer)
        for path in old:
            shutil.rmtree(path, ignore_errors=True)

    def seal(self) -> Callable[[str], str]:
        """Digests of secrets, with a key of this state's own; it is kept with the state."""
        with suppress(OSError):
            self._key = (self._folder / "secret.key").read_bytes() or self._key
        self._key = self._key or os.urandom(32)
        return lambda text: digest_of(text, self._key).text


class _Copies:
    """The sheets of one workbook, ready to be compared."""

    def __init__(self, store: Store, snapshot: Snapshot, seal: Callable[[str], str]) -> None:
        self._odd = [name for name in SHEETS if snapshot[name].misfits]
        raw = store.raw_rows(*self._odd) if self._odd else {}
        self.sheets = {name: Copy.of(snapshot[name], _misfits(snapshot[name], raw.get(name, [])), seal) for name in SHEETS}


def _misfits(table: Table, rows: list[list[Any]]) -> dict[tuple[int, str], Any]:
    found = {}
    for misfit in table.misfits:
        row = rows[misfit.row - 1] if misfit.row <= len(rows) else []
        cells = (row[place - 1] for place in table.positions[misfit.column] if place <= len(row))
        found[misfit.row, misfit.column] = next((cell for cell in cells if cell not in (None, "")), misfit.text)
    return found


def refuse_same(local: Store, remote: Store) -> None:
    """Raises UsageError where a workbook is to be compared with itself."""
    if local.name == remote.name and getattr(local, "path", None) == getattr(remote, "path", None):
        raise UsageError("--with names the workbook itself", "it names the other copy: gsheet:ID, or another file")


def job(into: Side | None, local: Store, remote: Store, prefer: Iterable[str] = (), *, command: str = "", emptying: bool = False) -> Job:
    """Take over into one of two copies what changed in the other; None: only compare.

    The job is for the store that is written (`local` for None). Conflicts are findings; they stay as they are on both sides unless
    `prefer` says whose word counts. Raises UsageError for preferences that there is no column for; the plan raises RuleError where half
    of a sheet's rows or more would be emptied, unless `emptying`: more likely something went wrong over there than that it is meant.
    """
    refuse_same(local, remote)
    preferences = Preferences(prefer, MANIFEST)
    state = CommonState.between(local, remote)
    agreed: dict[str, pl.DataFrame] = {}
    gone: set[str] = set()
    target, source = (remote, local) if into is Side.REMOTE else (local, remote)

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        seal = state.seal()
        common = state.load()
        base = common.sheets
        mine = _Copies(target, snapshot, seal).sheets
        theirs = _Copies(source, source.read(*SHEETS, strict=False), seal).sheets
        here, there = (theirs, mine) if into is Side.REMOTE else (mine, theirs)
        made = Plan()
        taken: dict[str, Taken] = {}
        if common.damaged:
            message = "what both copies last had in common can't be read: they are compared as if for the first time, and what was deleted may come back"
            made.findings.append(Finding("STATE_DAMAGED", Severity.HIGH, message))
        gone.clear()
        for name in SHEETS:
            if here[name].table.exists != there[name].table.exists:
                gone.add(name)
            elif name in common.lost and not (here[name].table.frame.height and there[name].table.frame.height):
                base[name] = blank_texts(MANIFEST[name])  # made again since: it is to be filled, not to empty the other
            here[name], there[name], lost = _found_again(here[name], there[name], base[name])
            made.findings += [
                Finding("NOT_FOUND", Severity.HIGH, f"{what} is missing in one copy: it is not synced", name) for what in lost
            ]
            taken[name] = take_over(into or Side.LOCAL, here[name], there[name], base[name], preferences)
        if into is not None:
            for name, leave in _formulas(target, taken).items():
                taken[name] = take_over(into, here[name], there[name], base[name], preferences, leave)
                made.findings += [_left(here[name].table, row, column) for row, column in sorted(leave)]
        for name in SHEETS:
            made.findings += conflict_findings(here[name], there[name], base[name], taken[name].conflicts)
        if into is not None:
            made.changes = changes_of(taken.values())
            if not emptying:
                _refuse_emptying(taken, mine)
        agreed.clear()
        agreed.update({name: one.agreed for name, one in taken.items()})
        if into is None:
            made.findings += _left_alone(local, remote)
        made.result = _result(into, state, taken, here, there)
        return made

    def keep(_plan: Plan) -> list[Finding]:
        try:
            state.save(agreed, gone)
        except OSError as error:
            message = f"the common state was not kept: {error.strerror or error}; what was taken over will be compared once more"
            return [Finding("STATE_NOT_KEPT", Severity.MEDIUM, message)]
        return []

    name = command or {None: "sync diff", Side.LOCAL: "sync pull", Side.REMOTE: "sync push"}[into]
    return Job(name, SHEETS, plan, strict=False, afterwards=keep if into is not None else None, always=into is not None)


def _result(
    into: Side | None, state: CommonState, taken: Mapping[str, Taken], here: Mapping[str, Copy], there: Mapping[str, Copy]
) -> dict[str, Any]:
    sheets = []
    totals = dict.fromkeys(("local", "remote", "conflicts", "taken"), 0)
    for name, one in taken.items():
        for what in totals:
            totals[what] += one.counts[what] if into is not None or what != "taken" else 0
        if not any(one.counts.values()):
            continue
        counts = {what: one.counts[what] for what in ("local", "remote", "conflicts")} | {"left": len(one.conflicts)}
        rows = {"rows_local": here[name].table.frame.height, "rows_remote": there[name].table.frame.height}
        written = (there if into is Side.REMOTE else here)[name].table
        after = {} if into is None else {"taken": one.counts["taken"], "rows_after": _after(written, one).frame.height}
        sheets.append({"sheet": name, **counts, **rows, **after})
    return {
        "into": into.value if into else "",
        "first": not state.exists,
        **totals,
        "left": sum(len(one.conflicts) for one in taken.values()),
        "sheets": sheets,
    }


def _found_again(here: Copy, there: Copy, base: pl.DataFrame) -> tuple[Copy, Copy, list[str]]:
    """Both copies, and what one of them lacks although both had it: a sheet that is gone counts as not changed, and so does a column."""
    if here.table.exists != there.table.exists and base.height:
        return replace(here, texts=base), replace(there, texts=base), ["the sheet"]
    return without_lost(here, there, base)


def _formulas(target: Store, taken: Mapping[str, Taken]) -> dict[str, set[tuple[int, str]]]:
    """{sheet: cells} that would be written but hold a formula over there, which stays."""
    wanted = {name: one.changes.rows for name, one in taken.items() if one.changes is not None}
    found: dict[str, set[tuple[int, str]]] = {}
    for sheet, row, column in target.formulas(wanted) if wanted else ():
        if column in wanted[sheet].get(row, {}):
            found.setdefault(sheet, set()).add((row, column))
    return found


def _left(table: Table, row: int, column: str) -> Finding:
    header = table.sheet.by_name[column].header
    return Finding("FORMULA_LEFT", Severity.LOW, f"{header} holds a formula in the copy that is written: it stays", table.sheet.name, row)


def _after(table: Table, one: Taken) -> Table:
    """The sheet of the copy that is written, afterwards."""
    return apply(table, [one.changes]) if one.changes is not None else table


def _refuse_emptying(taken: Mapping[str, Taken], mine: Mapping[str, Copy]) -> None:
    for name, one in taken.items():
        sheet = MANIFEST[name]
        if sheet.kind is SheetKind.QUEUE and not identity(sheet):
            continue  # a command makes it anew, as long as it happens to be
        before, after = mine[name].table.frame.height, _after(mine[name].table, one).frame.height
        if before - after >= _FEW and after <= before / 2:
            raise RuleError(
                f"{name} would have {after:,} rows in place of {before:,}", "if that is meant, say --emptying; `sync diff` shows more"
            )


def _left_alone(local: Store, remote: Store) -> list[Finding]:
    """Sheets that are not the product's own: they are not synced, and that is said."""
    names = {name for store in (local, remote) for name in store.sheet_names() if name not in MANIFEST}
    if not names:
        return []
    listed = ", ".join(sorted(names)[:6]) + (" …" if len(names) > 6 else "")
    return [Finding("NOT_SYNCED", Severity.INFO, f"sheets of your own are not synced: {listed}")]

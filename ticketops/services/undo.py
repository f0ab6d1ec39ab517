"""Undo as a use case: who may, what it would bring back, and what was shown is what is written
(D13, D18, D19)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ticketops.config import Settings
from ticketops.domain.masterdata import users
from ticketops.domain.money.issued import by_sale
from ticketops.domain.plan import Run
from ticketops.engine import gates, permissions, scoping
from ticketops.engine.not_undoable import not_undoable
from ticketops.engine.transaction import cells_for_consent, entry_called, known, standing
from ticketops.errors import ConflictError, RuleError, TicketopsError, UnusableError, UsageError
from ticketops.model import ids, roles
from ticketops.model.changes import DeleteRows, SetCells
from ticketops.model.display import counted
from ticketops.model.secrets import is_sealed
from ticketops.schema.layouts.event import INVOICES, SALES, SECRET_SHEETS, USERS
from ticketops.stores.base import Entry, Store, Undoing
from ticketops.stores.standing import to_take_back

Confirm = Callable[[Undoing], bool]


@dataclass(frozen=True, slots=True)
class Undone:
    """`undo`: the undone transaction. exact: whether byte for byte, except that the logs keep their
    rows; otherwise why_not. passed_over: RunIDs of newer transactions that can't be undone; stays:
    what is not undone."""

    undone: str
    number: int
    command: str
    user: str
    at: datetime
    exact: bool
    why_not: str
    passed_over: tuple[str, ...]
    stays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """What came of it. entry: of the undo itself."""

    undoing: Undoing
    entry: Entry

    @property
    def result(self) -> Undone:
        """What is shown of it."""
        of, entry = self.undoing, self.undoing.transaction.entry
        passed = tuple(t.entry.run_id for t in of.passed)
        return Undone(
            entry.run_id,
            of.transaction.number,
            entry.command,
            entry.user,
            entry.at,
            of.exact,
            of.why,
            passed,
            of.stays,
        )


def prepare_undo(
    store: Store, run: Run, run_id: str = "", *, settings: Settings | None = None
) -> tuple[Undoing, Entry]:
    """What an undo would take back, and the entry to undo it with. run_id: which command; "" for
    the last that stands. settings: name the file of the keys that must open what comes back.

    Raises NotPermittedError, RuleError for what no key opens or would bring a plaintext password
    back, and what `Store.undo` raises.
    """
    return _prepare(store, run, run_id, settings)[:2]


def _prepare(
    store: Store, run: Run, run_id: str, settings: Settings | None
) -> tuple[Undoing, Entry, str]:
    """And the revision that was looked at."""
    whole = store.read(*standing(store), strict=False)
    run = known(run, store, whole)
    users.require(run, roles.STAFF, "`undo`")
    entry = entry_called("undo", run)
    undoing = _undoable(store, entry, run_id)
    undone = undoing.transaction.entry
    permissions.require_undo(undone.command, run, whole.of([USERS]))
    if run.scope is not None:
        scoping.require_undo(run, undone)
    permissions.require_sheets(
        undoing.transaction.counts, f"undoing `{undone.command}`", run, whole.of([USERS])
    )
    gates.require_undo(undone.command, run.event)
    _refuse_secrets(store, undoing, settings)
    return undoing, replace(entry, command=f"undo {undone.run_id}"), whole.revision


def carry_out_undo(
    store: Store,
    run: Run,
    run_id: str = "",
    *,
    settings: Settings | None = None,
    dry_run: bool = False,
    confirm: Confirm | None = None,
) -> Undo:
    """Take a transaction back, unless dry_run. confirm: asks a person.

    Raises what `prepare_undo` raises, RuleError where it was not confirmed, ConflictError where
    something else came in while they were asked.
    """
    undoing, entry, revision = _prepare(store, run, run_id, settings)
    if dry_run:
        return Undo(undoing, entry)
    newest = store.last_run_id()
    if confirm and not confirm(undoing):
        raise RuleError("not confirmed: nothing was written")
    with store.locked(entry):
        if (now := store.last_run_id()) != newest:
            raise ConflictError(
                f"{now} was written meanwhile", "nothing was written; run the command again"
            )
        if store.read().revision != revision:
            again, _entry = prepare_undo(store, run, run_id, settings=settings)
            if _agreed(again, entry) != _agreed(undoing, entry):
                raise ConflictError(
                    "the workbook changed while you were deciding",
                    "nothing was written; run the command again",
                )
            undoing = again
        store.undo(entry, undoing.transaction.entry.run_id)
        return Undo(undoing, entry)


def _agreed(undoing: Undoing, entry: Entry) -> Any:
    return undoing.transaction.number, undoing.stays, cells_for_consent(undoing.cells, entry.run_id)


def _undoable(store: Store, entry: Entry, run_id: str) -> Undoing:
    """What would be taken back. Raises RuleError where that is a sale that an invoice names: a number
    that was given stays given (§13, D19); and what `Store.undoable` raises."""
    try:
        undoing = store.undoable(entry, run_id)
    except (ConflictError, RuleError) as error:
        try:
            target = to_take_back(store.log(), store.name, not_undoable, run_id).entry.run_id
        except TicketopsError:
            raise error from None
        sales = store.read(SALES, strict=False)[SALES].frame
        made = sales.filter(sales["run_id"] == target)["sales_id"].drop_nulls()
        raise _invoiced(store, target, set(made)) or error from None
    gone: set[str] = set()
    for change in undoing.cells.for_sheet(SALES):
        if isinstance(change, DeleteRows):
            gone.update(change.keys)
        elif isinstance(change, SetCells):
            before, after = change.cells.get("sales_id", (None, None))
            gone |= {before} if before and not after else set()
    if refusal := _invoiced(store, undoing.transaction.entry.run_id, gone):
        raise refusal
    return undoing


def _invoiced(store: Store, run_id: str, sales: set[str]) -> RuleError | None:
    """The refusal to take back a run that made these sales; None where no invoice names one."""
    named = by_sale(store.read(INVOICES, strict=False)) if sales else {}
    found = sorted(sales & named.keys(), key=ids.natural_order)
    if not found:
        return None
    listed = ", ".join(f"{named[ref].invoice} names {ref}" for ref in found[:5])
    more = f" and {counted(len(found) - 5, 'more sale')}" if len(found) > 5 else ""
    return RuleError(
        f"{run_id} can't be undone: {listed}{more}",
        f"`ticketops invoice credit {named[found[0]].invoice} --reason TEXT` cancels an invoice",
    )


def _refuse_secrets(store: Store, undoing: Undoing, settings: Settings | None) -> None:
    """Raises RuleError where a password would come back in the clear, or one that no key opens:
    in place of another one, or though it stands nowhere in the workbook now (D13)."""
    back = [(now, value) for now, value in undoing.secrets if value != now]
    if not back:
        return
    snapshot = store.read(*SECRET_SHEETS, strict=False)
    standing: set[str] = set()
    for table in snapshot.tables.values():
        for column in table.sheet.columns:
            if column.secret:
                standing.update(table.frame[column.name].drop_nulls().to_list())
    run_id = undoing.transaction.entry.run_id
    if any(
        not is_sealed(value) and (is_sealed(now) or value not in standing) for now, value in back
    ):
        raise RuleError(
            f"undoing {run_id} would bring a password back in plain text",
            "nothing was written; use `ticketops credentials update` to change a password",
        )
    sealed = [v for now, v in back if is_sealed(v) and (now or v not in standing)]
    if sealed:
        _open_all(dict.fromkeys(sealed), run_id, settings)


def _open_all(values: Iterable[str], run_id: str, settings: Settings | None) -> None:
    from ticketops.adapters.sealing import Sealer

    if settings is None:
        return
    try:
        sealer = Sealer.of(settings)
        for value in values:
            sealer.open(value)
    except (UnusableError, UsageError) as error:
        raise RuleError(
            f"undoing {run_id} would bring back a password that no current key opens: "
            f"{error.message}",
            error.hint,
        ) from None

"""Having a workbook somewhere else: a file, a Google Sheet and an event in a database hold the same
(D29)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ticketops.config import Settings
from ticketops.domain.masterdata.users import require
from ticketops.engine.opening import connect_to, open_store
from ticketops.engine.transaction import known, run_of, standing
from ticketops.errors import (
    NotPermittedError,
    OutOfScopeError,
    RuleError,
    UnusableError,
    UsageError,
)
from ticketops.files import new_file, real_path, require_room, usual_rights
from ticketops.model.roles import SR_OPERATOR
from ticketops.stores.base import LocalFile, Store, place_of
from ticketops.stores.content import Content
from ticketops.stores.postgres.address import address_of, is_database

_LABEL = "`workbook copy`"


@dataclass(frozen=True, slots=True)
class Copied:
    """`workbook copy`: from where to where, and how much. rows: those that hold something;
    transactions: of the journal; left: what was not taken along, for people."""

    source: str
    target: str
    sheets: int
    rows: int
    transactions: int
    left: tuple[str, ...] = ()
    written: bool = True


def copy(
    source: Path | str,
    target: Path | str,
    settings: Settings,
    *,
    over: bool = False,
    dry_run: bool = False,
    notice: Callable[[str], None] | None = None,
) -> Copied:
    """All that a workbook holds, put into another place: values with their types, the office's own
    columns and sheets, the journal. Formulas become their values. Whole or not at all, and read again
    before it counts.

    over: what stands in the database at the target goes. Raises UsageError for a target that can't
    be one, RuleError where something stands there, NotPermittedError for a user who may not, and for
    a limited one.
    """
    if not is_database(target) and isinstance(target, str):
        raise UsageError(
            "a Google Sheet can't be the target of a copy",
            "copy into a file; ticketops sync push --with gsheet:ID brings that into a Google Sheet",
        )
    store = open_store(source, settings, notice=notice)
    if place_of(store) == str(target if isinstance(target, str) else real_path(target)):
        raise UsageError("the workbook can't be copied onto itself", "name another target")
    _require(store, settings)
    if isinstance(target, Path):
        _refuse_file(target, over=over)
    content = _content(store)
    if isinstance(target, str):
        _into_database(target, content, settings, over=over, dry_run=dry_run)
    elif not dry_run:
        _into_file(target, content)
    filled = sum(
        any(cell is not None and cell != "" for cell in row)
        for rows in content.sheets.values()
        for row in rows
    )
    return Copied(
        store.name,
        str(target),
        len(content.sheets),
        filled,
        len(content.journal),
        content.left,
        not dry_run,
    )


def _require(store: Store, settings: Settings) -> None:
    snapshot = store.read(*standing(store), strict=False)
    run = known(run_of(settings), store, snapshot)
    if run.scope is not None:
        raise OutOfScopeError(f"{_LABEL} takes everything, and {run.user} may not see all of it")
    require(run, SR_OPERATOR, _LABEL)


def _content(store: Store) -> Content:
    from ticketops.stores.gsheets.store import GoogleSheetStore

    if isinstance(store, LocalFile):
        from ticketops.stores.xlsx.whole import content_of

        names = [sheet.name for sheet in store.layout if sheet.found_by]
        return content_of(store.path, store.read(*names, strict=False).layout)
    if isinstance(store, GoogleSheetStore):
        from ticketops.stores.gsheets import whole as online

        return online.content_of(store)
    from ticketops.stores.postgres import whole
    from ticketops.stores.postgres.store import PostgresStore

    assert isinstance(store, PostgresStore)
    return whole.content_of(store)


def _into_database(
    target: str, content: Content, settings: Settings, *, over: bool, dry_run: bool
) -> None:
    connection = connect_to(address_of(target), settings)
    from ticketops.stores.postgres.events import fill

    try:
        fill(connection, content, over=over, dry_run=dry_run)
    finally:
        connection.close()


def _refuse_file(path: Path, *, over: bool) -> None:
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path} does not end in .xlsx", "name a file, or the address of an event")
    if over:
        raise UsageError(
            "--replace is for an event in a database", "a file is never replaced: name another one"
        )
    if not real_path(path).parent.is_dir():
        raise UnusableError(f"{path}: the folder does not exist")
    if path.exists() or path.is_symlink():
        raise RuleError(f"{path} already exists", "name another file: none is replaced")
    require_room(path)


def _into_file(path: Path, content: Content) -> None:
    from ticketops.books.copied import write_copy
    from ticketops.stores.xlsx.whole import check_same, put_in_place, write_journal

    path = real_path(path)
    temporary = new_file(path)
    try:
        write_copy(
            temporary, content.layout, content.sheets, created=datetime.now().replace(microsecond=0)
        )
        check_same(temporary, content)
        temporary.chmod(usual_rights(path))
        put_in_place(path, temporary, lambda: write_journal(path, content))
    except FileExistsError:
        raise RuleError(
            f"{path} already exists, or a journal beside it", "name another file: none is replaced"
        ) from None
    except OSError as error:
        raise NotPermittedError(f"{path} can't be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)

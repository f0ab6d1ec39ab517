"""Google's Sheets and Drive services on this machine, for tests: `with GoogleServer() as server:
…`.

Rows and columns of the methods here count from 1, as people and gspread count them. What tests do
here, another user does: protections and quotas do not hold for it.
"""

from __future__ import annotations

import copy
import gc
import itertools
import json
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.google.accounts import Accounts, GrantError, Quota
from tests.google.drive import FOLDER, SHEETS, Drive, File, new_id
from tests.google.errors import ApiError, DriveError, Json
from tests.google.faults import Call, Fault, Request
from tests.google.formats import serial
from tests.google.grid import BLANK, ROWS, Book, Cell, Formula, Sheet, number, shared
from tests.google.routes import Routes
from tests.google.ways import Ways
from tests.google.wire import Answer, Wire

OWNER = "owner@example.com"
__all__ = ["OWNER", "Fault", "GoogleServer", "Request"]


class GoogleServer:
    """The services, and what tests see and change of them behind their back.

    faults: what goes wrong; log: every request; errors: what this server itself stumbled over;
    quota: whether requests are counted, by `clock`; date: what time answers say it is; before,
    after: called around every request, before it is carried out and before it is answered;
    ways: how it answers where no document says it; formulas: what formulas come to, by their text (a value, a grid.FormulaError, or a function of
    the spreadsheet and the sheet).
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.log: list[Call] = []
        self.errors: list[str] = []
        self.quota = False
        self.quotas = Quota()
        self.clock: Callable[[], float] = time.monotonic
        self.date: Callable[[], float] = time.time
        self.before: Callable[[Request], None] | None = None
        self.after: Callable[[Request], None] | None = None
        self.formulas: Json = {}
        self.accounts = Accounts()
        self.ways = Ways()
        self.drive = Drive(self._make_book, self.ways)
        self.closing: list[Any] = []
        """What is to be closed when the server is reset or stops: sessions of clients."""
        self.lock = threading.RLock()
        self._numbers = itertools.count(100_000_007, 1_000_003)
        self._routes = Routes(self.drive)
        self._stopped = threading.Event()
        self._wire = Wire(self._handle)

    @property
    def url(self) -> str:
        return self._wire.url

    def start(self) -> None:
        self._wire.start()

    def stop(self) -> None:
        self._stopped.set()
        self._hang_up()
        self._wire.stop()

    def _hang_up(self) -> None:
        while self.closing:
            self.closing.pop().close()

    def reset(self) -> None:
        """Nothing goes wrong, nothing is written down, and there are no files; accounts and their
        tokens stay."""
        self._hang_up()
        with self.lock:
            for kept in (
                self.faults,
                self.log,
                self.errors,
                self.formulas,
                self.ways.turned,
                self.drive.files,
                self.drive.books,
                self.drive.drives,
            ):
                kept.clear()
            self.before = self.after = None
            self.drive.lag = 0
            self.quota, self.quotas, self.clock, self.date = (
                False,
                Quota(),
                time.monotonic,
                time.time,
            )

    def __enter__(self) -> GoogleServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- accounts

    def service_account(self, name: str = "robot") -> Json:
        """The key file of a service account."""
        return self.accounts.service_account(name, self.url)

    def authorized_user(self, email: str) -> Json:
        """The file of a user who has let the program in."""
        return self.accounts.authorized_user(email, self.url)

    def expire_tokens(self) -> None:
        """Access tokens are good no more; refresh tokens are."""
        with self.lock:
            self.accounts.revoke()

    def shared_drive(self, name: str, members: Mapping[str, str]) -> str:
        """The id of a new shared drive; members: role (organizer, writer, reader …) by e-mail."""
        with self.lock:
            key = f"0A{name.replace(' ', '')}Uk9PVA"
            self.drive.drives[key] = dict(members)
            return key

    def folder(
        self,
        name: str,
        owner: str = OWNER,
        shared_with: Mapping[str, str] | None = None,
        parent: str = "root",
    ) -> str:
        with self.lock:
            key = new_id(next(self.drive.numbers))
            drive = parent if parent in self.drive.drives else None
            roles = ({} if drive else {owner: "owner"}) | dict(shared_with or {})
            self.drive.files[key] = File(key, name, FOLDER, [parent], roles, {}, drive)
            return key

    def share(self, id: str, email: str, role: str | None) -> None:
        """Give a user a role in a file; None takes it away."""
        with self.lock:
            roles = self.drive.files[id].roles
            roles.pop(email, None)
            if role:
                roles[email] = role

    # --- spreadsheets

    def new_spreadsheet(
        self,
        title: str,
        sheets: Mapping[str, Sequence[Sequence[Any]]] | None = None,
        shared_with: Mapping[str, str] | None = None,
        *,
        tight: bool = False,
        owner: str = OWNER,
        parent: str = "root",
    ) -> str:
        """Its id. Grids are as large as the service makes them, or exactly as large as the data."""
        with self.lock:
            key = new_id(next(self.drive.numbers))
            drive = parent if parent in self.drive.drives else None
            roles = ({} if drive else {owner: "owner"}) | dict(shared_with or {})
            self.drive.files[key] = File(key, title, SHEETS, [parent], roles, {}, drive)
            book = self.drive.books[key] = self._make_book(key, title)
            if sheets:
                book.sheets = [
                    self._make_sheet(book, place, name, rows, tight)
                    for place, (name, rows) in enumerate(sheets.items())
                ]
            return key

    def _make_book(self, key: str, title: str) -> Book:
        return Book(key, title, [Sheet(0, "Sheet1")], formulas=self.formulas, numbers=self._numbers)

    def _make_sheet(
        self, book: Book, place: int, name: str, rows: Sequence[Sequence[Any]], tight: bool
    ) -> Sheet:
        sheet = Sheet(next(self._numbers) if place else 0, name)
        sheet.rows = [[_cell(value) for value in row] for row in rows]
        width = max((len(row) for row in rows), default=0)
        sheet.row_count = max(len(rows), 1 if tight else sheet.row_count)
        sheet.column_count = max(width, 1 if tight else sheet.column_count)
        return sheet

    def spreadsheet(self, id: str) -> Book:
        """As it stands; a request that changes it puts another in its place."""
        return self.drive.books[id]

    def sheet(self, id: str, title: str) -> Sheet:
        found = self.drive.books[id].titled(title)
        assert found is not None, f"no sheet {title!r}"
        return found

    def rows(self, id: str, sheet: str) -> list[list[Any]]:
        """What the cells come to, blanks as None, as far as there is anything."""
        with self.lock:
            book, found = self.drive.books[id], self.sheet(id, sheet)
            rows = [
                [None if cell is None else book.effective(cell.value, found) for cell in row]
                for row in found.rows
            ]
        for row in rows:
            while row and row[-1] is None:
                row.pop()
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def cell(self, id: str, sheet: str, row: int, column: int) -> Cell:
        """value, format, validation and note."""
        return self.sheet(id, sheet).cell(row - 1, column - 1)

    def set(self, id: str, sheet: str, row: int, column: int, value: Any) -> None:
        """Another user types: a format that is there stays, the grid grows if it must."""
        with self.lock:
            found = self.sheet(id, sheet)
            found.row_count, found.column_count = (
                max(found.row_count, row),
                max(found.column_count, column),
            )
            old, new = found.cell(row - 1, column - 1), _cell(value) or BLANK
            found.put(
                row - 1, column - 1, old._replace(value=new.value, format=old.format or new.format)
            )
            found.settle()

    def set_formula(
        self, id: str, sheet: str, row: int, column: int, formula: str, value: Any = None
    ) -> None:
        """Another user types a formula; `value` is what it comes to, unless it can be calculated
        here."""
        self.set(id, sheet, row, column, Formula(formula, value))

    def set_format(
        self, id: str, sheet: str, row: int, column: int, cell_format: Json | None
    ) -> None:
        with self.lock:
            found = self.sheet(id, sheet)
            found.put(
                row - 1,
                column - 1,
                found.cell(row - 1, column - 1)._replace(format=shared(cell_format)),
            )

    def insert_row(self, id: str, sheet: str, row: int) -> None:
        """Another user inserts a blank row above that one."""
        self._structure(id, {"insertDimension": {"range": self._row(id, sheet, row)}})

    def delete_row(self, id: str, sheet: str, row: int) -> None:
        self._structure(id, {"deleteDimension": {"range": self._row(id, sheet, row)}})

    def request(self, id: str, *requests: Json) -> list[Json]:
        """Requests of a batch, as the owner sends them from elsewhere: not logged, not counted."""
        return self._structure(id, *requests)

    def _row(self, id: str, sheet: str, row: int) -> Json:
        return {
            "sheetId": self.sheet(id, sheet).id,
            "dimension": ROWS,
            "startIndex": row - 1,
            "endIndex": row,
        }

    def _structure(self, id: str, *requests: Json) -> list[Json]:
        from tests.google.edit import Edit
        from tests.google.requests import carry_out

        with self.lock:
            owners = self.drive.owners(id) or {OWNER}
            edit = Edit(
                self.drive.books[id].copy(), next(iter(owners)), owners, self.drive.writers(id)
            )
            replies = carry_out(edit, list(requests))
            self.drive.books[id] = edit.book
            return replies

    def snapshot(self, id: str) -> Json:
        """All there is to know of a spreadsheet, to compare."""
        with self.lock:
            book, file = self.drive.books[id], self.drive.files[id]
            shown = {
                name: value
                for name, value in vars(book).items()
                if name not in ("sheets", "formulas", "numbers")
            }
            sheets = [
                {name: value for name, value in vars(sheet).items() if name != "rows"}
                for sheet in book.sheets
            ]
            rows = {sheet.title: _filled(sheet) for sheet in book.sheets}
            return copy.deepcopy({**shown, "sheets": sheets, "roles": file.roles}) | {"rows": rows}

    def count(self, kind: str) -> int:
        """How many requests of a kind there were: read, write, drive or token."""
        return sum(call.kind == kind for call in self.log)

    # --- requests

    def _handle(self, request: Request) -> Answer:
        if self.before:
            self.before(request)
        with self.lock:
            striking = [fault for fault in self.faults if fault.strikes(request)]
        fault = striking[0] if striking else None
        with _uncollected:
            answer = self._faulty(request, fault) if fault else self._carried_out(request)
        with self.lock:
            self.log.append(
                Call(
                    request.method,
                    request.target,
                    request.user,
                    answer.status,
                    request.kind,
                    len(request.body),
                )
            )
        if self.after:
            self.after(request)
        return answer._replace(date=self.date())

    def _faulty(self, request: Request, fault: Fault) -> Answer:
        words = fault.kind.split()
        after = words[-1] == "after"
        if words[0] == "delay" and not after:
            self._stopped.wait(fault.seconds)
        carried_out = (
            self._carried_out(request) if after or words[0] in ("delay", "truncate") else None
        )
        if words[0] == "delay":
            if after:
                self._stopped.wait(fault.seconds)
            return carried_out or Answer(0)
        if words[0] == "truncate":
            return (carried_out or Answer(0))._replace(share=0.5)
        if words[0] == "drop":
            return Answer(0)
        headers = () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)
        return _json(int(words[1]), fault.error().json(), headers)

    def _carried_out(self, request: Request) -> Answer:
        try:
            if request.kind == "token":
                with self.lock:
                    return _json(200, self.accounts.grant(request.body, self.url))
            request.json  # noqa: B018 - parsed before the lock is taken
            with self.lock:
                caller = self.accounts.caller(request.headers.get("authorization"))
                request.user = caller.email
                if request.kind != "drive":
                    caller.check_scope(request.kind)
                    if self.quota:
                        self.quotas.spend(request.kind, caller.email, self.clock)
                answer = self._routes.answer(request, caller)
            return Answer(204) if answer is None else _json(200, answer)
        except GrantError as error:
            return _json(400, error.json)
        except ApiError as error:
            found = (
                DriveError(error.code, "authError", error.message, "Authorization")
                if request.kind == "drive" and error.code == 401
                else error
            )
            return _json(error.code, found.json())
        except Exception as error:
            self.errors.append(traceback.format_exc())
            return _json(500, ApiError(500, f"Internal error encountered: {error!r}").json())


class _Uncollected:
    """No garbage collection meanwhile: going through the cells of a large sheet again and again
    takes longer than the work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._was_on = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._was_on = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._was_on:
                gc.enable()


_uncollected = _Uncollected()


def _json(status: int, answer: Json, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(
        status,
        json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n",
        headers,
    )


def _cell(value: Any) -> Cell | None:
    """A plain value of Python as a cell."""
    if value is None or value == "":
        return None
    if isinstance(value, date):
        day = not isinstance(value, datetime) or value.time() == datetime.min.time()
        pattern = (
            {"type": "DATE", "pattern": "yyyy-mm-dd"}
            if day
            else {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm:ss"}
        )
        return Cell(serial(value), shared({"numberFormat": pattern}))
    if isinstance(value, float | int | Decimal) and not isinstance(value, bool):
        return Cell(number(float(value) if isinstance(value, Decimal) else value))
    return Cell(value)


def _filled(sheet: Sheet) -> list[tuple[Cell | None, ...]]:
    rows = []
    for row in sheet.rows:
        end = len(row)
        while end and row[end - 1] is None:
            end -= 1
        rows.append(tuple(row[:end]))
    while rows and not rows[-1]:
        rows.pop()
    return rows

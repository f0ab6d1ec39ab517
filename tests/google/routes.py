"""Which answer belongs to which address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.google import drive as files
from tests.google import masks, values
from tests.google.accounts import Caller
from tests.google.drive import Drive
from tests.google.edit import Edit
from tests.google.errors import DriveError, Json, forbidden, invalid, not_found
from tests.google.faults import Request
from tests.google.grid import Book, Rect, Sheet
from tests.google.render import View
from tests.google.requests import carry_out
from tests.google.ways import MOST_RANGES

_ID = r"/v4/spreadsheets/(?P<id>[^/:]+)"
_FILE = r"/drive/v3/files/(?P<id>[^/?]+)"


class Routes:
    """The two services over one set of files."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        self.routes: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
            (method, re.compile(pattern), handler)
            for method, pattern, handler in (
                ("POST", "/v4/spreadsheets", self._create),
                ("GET", _ID, self._get),
                ("POST", f"{_ID}:getByDataFilter", self._get_by_filter),
                ("POST", f"{_ID}:batchUpdate", self._batch_update),
                ("GET", f"{_ID}/values:batchGet", self._values_batch_get),
                ("POST", f"{_ID}/values:batchUpdate", self._values_batch_update),
                ("POST", f"{_ID}/values:batchClear", self._values_batch_clear),
                ("POST", f"{_ID}/values/(?P<range>.+):append", self._values_append),
                ("POST", f"{_ID}/values/(?P<range>.+):clear", self._values_clear),
                ("GET", f"{_ID}/values/(?P<range>.+)", self._values_get),
                ("PUT", f"{_ID}/values/(?P<range>.+)", self._values_update),
                ("GET", "/drive/v3/about", self._about),
                ("POST", "/drive/v3/files", self._file_create),
                ("GET", "/drive/v3/files", self._file_list),
                ("GET", _FILE, self._file_get),
                ("PATCH", _FILE, self._file_update),
                ("DELETE", _FILE, self._file_delete),
                ("GET", f"{_FILE}/permissions", self._permissions),
                ("POST", f"{_FILE}/permissions", self._share),
                ("DELETE", f"{_FILE}/permissions/(?P<key>.+)", self._unshare),
            )
        ]

    def answer(self, request: Request, caller: Caller) -> Json | None:
        """What the service answers; None has no body."""
        for method, pattern, handler in self.routes:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                named = {name: unquote(text) for name, text in found.groupdict().items()}
                answer: Json | None = handler(request, caller, **named)
                return answer
        raise DriveError(404, "notFound", "Not Found") if request.kind == "drive" else not_found()

    # --- spreadsheets

    def _view(self, book: Book, caller: Caller, mask: str | None = None) -> View:
        return View(book, caller.email, self.drive.owners(book.id), mask)

    def _create(self, request: Request, caller: Caller) -> Json:
        if caller.is_service:
            raise forbidden()
        asked = request.json
        title = asked.get("properties", {}).get("title", "Untitled spreadsheet")
        file = self.drive.create(caller, {"name": title, "mimeType": files.SHEETS})
        book = self.drive.books[file.id]
        if asked.get("sheets"):
            first = book.sheets.pop()
            edit = Edit(book, caller.email)
            for sheet in asked["sheets"]:
                carry_out(
                    edit,
                    [
                        {
                            "addSheet": {
                                "properties": {"title": first.title} | sheet.get("properties", {})
                            }
                        }
                    ],
                )
        book.properties |= {
            name: value for name, value in asked.get("properties", {}).items() if name != "title"
        }
        return self._view(book, caller, request.query.get("fields", [None])[0]).spreadsheet()

    def _get(self, request: Request, caller: Caller, id: str) -> Json:
        book = self.drive.opened(id, caller, write=False)
        ranges = request.query.get("ranges")
        areas = None if ranges is None else [book.find(text) for text in ranges]
        grid_data = values.one(request.query, "includeGridData").lower() == "true"
        return self._view(book, caller, request.query.get("fields", [None])[0]).spreadsheet(
            areas, grid_data=grid_data
        )

    def _get_by_filter(self, request: Request, caller: Caller, id: str) -> Json:
        book = self.drive.opened(id, caller, write=False)
        areas = [_filtered(book, one) for one in request.json.get("dataFilters", [])]
        ways = self.drive.ways
        if len(areas) > MOST_RANGES and ways.of("many-ranges") != "answered":
            if ways.of("many-ranges") == "refused":
                raise ways.refusal("many-ranges", "Too many data filters.")
            areas = areas[:MOST_RANGES]
        view = self._view(book, caller, request.query.get("fields", [None])[0])
        return view.spreadsheet(areas or None, grid_data=bool(request.json.get("includeGridData")))

    def _edit(self, id: str, caller: Caller) -> Edit:
        """A copy to change; it takes the spreadsheet's place with `_keep`."""
        book = self.drive.opened(id, caller, write=True)
        return Edit(
            book.copy(),
            caller.email,
            self.drive.owners(id),
            self.drive.writers(id),
            self.drive.ways,
        )

    def _keep(self, edit: Edit) -> None:
        edit.settle()
        self.drive.books[edit.book.id] = edit.book

    def _batch_update(self, request: Request, caller: Caller, id: str) -> Json:
        edit = self._edit(id, caller)
        asked = request.json
        before = {sheet.id for sheet in edit.book.sheets}
        answer: Json = {"spreadsheetId": id, "replies": carry_out(edit, asked.get("requests", []))}
        if asked.get("includeSpreadsheetInResponse"):
            ranges = asked.get("responseRanges")
            areas = [edit.book.find(text) for text in ranges] if ranges else None
            areas = areas and self._told(edit, areas, before)
            view = self._view(edit.book, caller)
            answer["updatedSpreadsheet"] = view.spreadsheet(
                areas, grid_data=bool(asked.get("responseIncludeGridData"))
            )
        self._keep(edit)
        return _masked(request, answer)

    def _told(
        self, edit: Edit, areas: list[tuple[Sheet, Rect]], before: set[int]
    ) -> list[tuple[Sheet, Rect]]:
        """Which areas an answer shows; whether a sheet that the batch makes can be among them is
        not known."""
        way = edit.ways.of("new-sheet-in-answer")
        new = [sheet for sheet, _rect in areas if sheet.id not in before]
        if not new or way == "shown":
            return areas
        if way == "left out":
            return [(sheet, rect) for sheet, rect in areas if sheet not in new]
        if way == "carried out":
            self._keep(edit)
        raise edit.ways.refusal(
            "new-sheet-in-answer", "Unable to parse range: {title}", title=new[0].title
        )

    # --- values

    def _values_get(self, request: Request, caller: Caller, id: str, range: str) -> Json:
        return _masked(
            request, values.get(self.drive.opened(id, caller, write=False), range, request.query)
        )

    def _values_batch_get(self, request: Request, caller: Caller, id: str) -> Json:
        return _masked(
            request, values.batch_get(self.drive.opened(id, caller, write=False), request.query)
        )

    def _write(
        self, request: Request, caller: Caller, id: str, change: Callable[[Edit], Json]
    ) -> Json:
        edit = self._edit(id, caller)
        answer = change(edit)
        self._keep(edit)
        return _masked(request, answer)

    def _values_update(self, request: Request, caller: Caller, id: str, range: str) -> Json:
        return self._write(
            request,
            caller,
            id,
            lambda edit: values.update(edit, range, request.query, request.json),
        )

    def _values_append(self, request: Request, caller: Caller, id: str, range: str) -> Json:
        return self._write(
            request,
            caller,
            id,
            lambda edit: values.append(edit, range, request.query, request.json),
        )

    def _values_clear(self, request: Request, caller: Caller, id: str, range: str) -> Json:
        return self._write(request, caller, id, lambda edit: values.clear(edit, range))

    def _values_batch_update(self, request: Request, caller: Caller, id: str) -> Json:
        return self._write(
            request, caller, id, lambda edit: values.batch_update(edit, request.json)
        )

    def _values_batch_clear(self, request: Request, caller: Caller, id: str) -> Json:
        return self._write(request, caller, id, lambda edit: values.batch_clear(edit, request.json))

    # --- files

    def _about(self, request: Request, caller: Caller) -> Json:
        return files.fields(
            request.query, {"user": {"kind": "drive#user", "emailAddress": caller.email}}, None
        )

    def _file_create(self, request: Request, caller: Caller) -> Json:
        all_drives = values.one(request.query, "supportsAllDrives").lower() == "true"
        file = self.drive.create(caller, request.json, all_drives=all_drives)
        return files.fields(request.query, self.drive.json(file, caller), files.BASIC)

    def _file_list(self, request: Request, caller: Caller) -> Json:
        found = self.drive.listed(caller, values.one(request.query, "q"))
        answer: Json = {
            "kind": "drive#fileList",
            "incompleteSearch": False,
            "files": [self.drive.json(file, caller) for file in found],
        }
        if "fields" not in request.query:
            answer["files"] = [files.fields({}, one, files.BASIC) for one in answer["files"]]
        return files.fields(request.query, answer, None)

    def _file_get(self, request: Request, caller: Caller, id: str) -> Json:
        return files.fields(
            request.query, self.drive.json(self.drive.file(id, caller), caller), files.BASIC
        )

    def _file_update(self, request: Request, caller: Caller, id: str) -> Json:
        file = self.drive.update(caller, id, request.json, request.query)
        return files.fields(request.query, self.drive.json(file, caller), files.BASIC)

    def _file_delete(self, request: Request, caller: Caller, id: str) -> None:
        self.drive.delete(caller, id)

    def _permissions(self, request: Request, caller: Caller, id: str) -> Json:
        return files.fields(request.query, self.drive.permissions(caller, id), None)

    def _share(self, request: Request, caller: Caller, id: str) -> Json:
        return files.fields(
            request.query,
            self.drive.share(caller, id, request.json),
            ("kind", "id", "type", "role"),
        )

    def _unshare(self, request: Request, caller: Caller, id: str, key: str) -> None:
        self.drive.unshare(caller, id, key)


def _filtered(book: Book, asked: Json) -> tuple[Sheet, Rect]:
    if "gridRange" in asked:
        sheet = book.sheet(asked["gridRange"].get("sheetId", 0))
        return sheet, sheet.area(asked["gridRange"])
    if "a1Range" in asked:
        return book.find(asked["a1Range"])
    raise invalid("This server knows data filters by gridRange and a1Range only.")


def _masked(request: Request, answer: Json) -> Json:
    asked = request.query.get("fields")
    found: Json = masks.apply(masks.parse(asked[0]), answer) if asked else answer
    return found

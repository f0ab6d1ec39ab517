"""What the tests of the server share: a client, spreadsheets to work on, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import gspread
import pytest
import requests
from google.auth.transport.requests import Request
from gspread.exceptions import APIError

from tests.google.client import client
from tests.google.errors import Json
from tests.google.server import GoogleServer

Rows = Sequence[Sequence[Any]]


class Here:
    """A service account at a server."""

    def __init__(self, server: GoogleServer) -> None:
        self.server = server
        self.info = server.service_account()
        self.email = str(self.info["client_email"])
        self.client = client(server, self.info)
        self.session = requests.Session()
        self._token = ""
        server.closing.append(self.session)

    def book(
        self,
        sheets: Mapping[str, Rows] | Rows | None = None,
        role: str | None = "writer",
        *,
        tight: bool = False,
    ) -> gspread.Spreadsheet:
        """A spreadsheet that is shared with the account; rows alone are of Sheet1."""
        named = sheets if isinstance(sheets, Mapping) or sheets is None else {"Sheet1": sheets}
        key = self.server.new_spreadsheet(
            "Event", named, {self.email: role} if role else {}, tight=tight
        )
        return (
            gspread.Spreadsheet(self.client.http_client, {"id": key})
            if role
            else _unopened(self, key)
        )

    def token(self, info: Json | None = None) -> str:
        """A new one."""
        auth = client(self.server, info or self.info).http_client.auth
        auth.refresh(Request(self.session))  # type: ignore[no-untyped-call]
        return str(auth.token)

    def call(
        self, method: str, path: str, json: Any = None, token: str | None = None, **params: Any
    ) -> requests.Response:
        """A request by hand."""
        if token is None:
            token = self._token = self._token or self.token()
        headers = {"Authorization": f"Bearer {token}"}
        return self.session.request(
            method, self.server.url + path, json=json, headers=headers, params=params, timeout=20
        )

    def get(self, book: gspread.Spreadsheet, fields: str | None = None, **params: Any) -> Json:
        if fields:
            params["fields"] = fields
        return dict(book.client.spreadsheets_get(book.id, params))


def _unopened(here: Here, key: str) -> gspread.Spreadsheet:
    book = gspread.Spreadsheet.__new__(gspread.Spreadsheet)
    book.client = here.client.http_client
    book._properties = {"id": key}
    return book


def batch(book: gspread.Spreadsheet, *sent: Json) -> list[Json]:
    """The replies."""
    return list(book.batch_update({"requests": list(sent)})["replies"])


@contextmanager
def refused(message: str, code: int = 400, status: str = "INVALID_ARGUMENT") -> Iterator[None]:
    """Exactly so."""
    with pytest.raises(APIError) as caught:
        yield
    assert caught.value.error["message"] == message
    assert (caught.value.code, caught.value.error["status"]) == (code, status)


def area(top: int, left: int, bottom: int, right: int, sheet: int = 0) -> Json:
    """A GridRange."""
    return {
        "sheetId": sheet,
        "startRowIndex": top,
        "startColumnIndex": left,
        "endRowIndex": bottom,
        "endColumnIndex": right,
    }


def row(*values: Any) -> Json:
    """A RowData of plain values; dicts are cells as they are."""
    return {
        "values": [
            value if isinstance(value, dict) else {"userEnteredValue": _extended(value)}
            for value in values
        ]
    }


def _extended(value: Any) -> Json:
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"stringValue": value} if isinstance(value, str) else {"numberValue": value}

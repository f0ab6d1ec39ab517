"""Spreadsheets as files in Google Drive: made, found again, shared. A file of ours carries a marker
that only ticketops sees, so that an answer that was lost on the way never makes a second one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ticketops.errors import BusyError, NotPermittedError, RuleError
from ticketops.schema.book_layouts import digest
from ticketops.stores.gsheets.assumptions import Kind
from ticketops.stores.gsheets.connection import (
    DRIVE_FILES,
    Connection,
    NotThere,
    Rejected,
    SharingLimit,
    Unclear,
    may_be_applied,
)

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
PROPERTY = "ticketops"
_LONGEST = 124 - len(PROPERTY)
"""Bytes of a property's value."""
_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between the looks for a file that may have been made."""
_RANKS = {"reader": 1, "commenter": 2, "writer": 3, "fileOrganizer": 4, "organizer": 5, "owner": 6}


@dataclass(frozen=True, slots=True)
class Shared:
    """What became of sharing a file. added: with whom it is shared now and was not; refused:
    {address: why not}."""

    added: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def create(connection: Connection, title: str, folder: str, marker: str) -> str:
    """The id of the spreadsheet with this marker; it is made where there is none. folder: id of a
    folder or a shared drive, "" for one's own Drive.

    Raises RuleError where a service account may not keep files there, UnusableError where there is
    no such folder, BusyError where it is not known whether the file was made: the next call finds
    it.
    """
    if found := find(connection, marker):
        return found
    body: dict[str, Any] = {
        "name": title,
        "mimeType": SPREADSHEET,
        "appProperties": {PROPERTY: _short(marker)},
    }
    if folder:
        body["parents"] = [folder]
    try:
        return _made(connection, body, marker)
    except Unclear as error:
        with suppress(BusyError):
            if found := find(connection, marker, folder):
                return found
        raise BusyError(
            error.message,
            f"it is unknown whether {title!r} was created; if it was, the next run finds it",
        ) from None
    except RuleError:
        if not connection.who.is_service_account:
            raise
        raise RuleError(
            "a service account can't create files in a personal Drive",
            f"name a folder in a shared drive, or make the files by hand and share them with {connection.who.email} as an editor",
        ) from None
    except NotThere:
        if not folder:
            raise
        raise NotThere(
            f"Google Drive has no folder {folder} that we have access to", _open_to_us(connection)
        ) from None


def _made(connection: Connection, body: dict[str, Any], marker: str) -> str:
    """Make a file. Where the request before may have been carried out, the file is looked for
    before another is made, for half a minute: Drive does not find at once what it has made."""
    folder = next(iter(body.get("parents", ())), "")
    unclear = False

    def send() -> Any:
        nonlocal unclear
        for wait in (*_WAITS, None) if unclear else ():
            answer = connection.send("get", DRIVE_FILES, params=_search(marker, folder))
            if answer.json().get("files"):
                return answer
            if wait is not None:
                time.sleep(wait)
        unclear = False
        try:
            return connection.send(
                "post", DRIVE_FILES, params={"supportsAllDrives": "true", "fields": "id"}, json=body
            )
        except Exception as error:
            unclear = may_be_applied(error)
            raise

    answer = connection.tried(send, writes=True)
    made = answer.get("id") or next((file["id"] for file in answer.get("files", ())), "")
    if not made:
        raise Unclear("Google's answer did not name the new file")
    return str(made)


def find(connection: Connection, marker: str, folder: str = "") -> str:
    """The id of the spreadsheet with this marker, the oldest if there are several; "" where there
    is none. folder: look in this one only, which sees what was made just now."""
    files = connection.drive("get", params=_search(marker, folder)).get("files", ())
    return str(files[0]["id"]) if files else ""


def title_of(connection: Connection, file_id: str) -> str:
    """A file's name. Raises UnusableError for one that is not there or not open to us."""
    return str(_about(connection, file_id, "", {"fields": "name"}).get("name", ""))


def shared_with(connection: Connection, file_id: str) -> dict[str, str]:
    """{address in small letters: role}; "anyone" for a file that is open to all who know its
    address."""
    found: dict[str, str] = {}
    page = ""
    while True:
        params = {
            "fields": "nextPageToken,permissions(type,role,emailAddress)",
            "pageSize": "100",
        } | ({"pageToken": page} if page else {})
        answer = _about(connection, file_id, "/permissions", params)
        for one in answer.get("permissions", ()):
            who = str(one.get("emailAddress") or one.get("type", "")).casefold()
            found[who] = max(found.get(who, one["role"]), one["role"], key=_rank)
        page = answer.get("nextPageToken", "")
        if not page:
            return found


def share(connection: Connection, file_id: str, people: Mapping[str, str]) -> Shared:
    """Give people a role (reader, commenter, writer) in a file, those who have less; nobody is sent
    an e-mail, nobody loses anything."""
    there = shared_with(connection, file_id)
    added: list[str] = []
    refused: dict[str, str] = {}
    for address, role in people.items():
        if 0 < _rank(role) <= _rank(there.get(address.casefold(), "")):
            continue
        body = {"type": "user", "role": role, "emailAddress": address}
        try:
            connection.failed.refuse(Kind.SHARED, address)
            connection.drive(
                "post",
                f"/{file_id}/permissions",
                params={"sendNotificationEmail": "false", "fields": "id"},
                json=body,
            )
        except SharingLimit as error:
            left = [one for one in people if one not in added and one not in refused]
            return Shared(tuple(added), refused | dict.fromkeys(left, _why(error)))
        except (Rejected, RuleError, NotPermittedError) as error:
            refused[address] = _why(error)
        else:
            added.append(address)
    return Shared(tuple(added), refused)


def unshare(connection: Connection, file_id: str) -> list[str]:
    """Take a file from everybody but its owner and us; who lost it. Raises what Google's refusal is:
    whoever is left can be asked for again."""
    params = {"fields": "permissions(id,type,role,emailAddress)", "pageSize": "100"}
    answer = _about(connection, file_id, "/permissions", params)
    gone = []
    for one in answer.get("permissions", ()):
        who = str(one.get("emailAddress") or one.get("type", ""))
        if one.get("role") == "owner" or who.casefold() == connection.who.email.casefold():
            continue
        connection.drive("delete", f"/{file_id}/permissions/{one['id']}")
        gone.append(who)
    return gone


def _search(marker: str, folder: str = "") -> dict[str, str]:
    quoted = _short(marker).replace("\\", "\\\\").replace("'", "\\'")
    query = f"appProperties has {{ key='{PROPERTY}' and value='{quoted}' }} and mimeType = '{SPREADSHEET}' and trashed = false"
    if folder:
        query += f" and '{folder}' in parents"
    return {
        "q": query,
        "fields": "files(id)",
        "orderBy": "createdTime",
        "supportsAllDrives": "true",
        "includeItemsFromAllDrives": "true",
    }


def _short(marker: str) -> str:
    """A marker as Drive can keep it: a long one by its hash."""
    return marker if len(marker.encode()) <= _LONGEST else digest(marker)


def _about(
    connection: Connection, file_id: str, part: str, params: Mapping[str, str]
) -> dict[str, Any]:
    try:
        return connection.drive("get", f"/{file_id}{part}", params=dict(params))
    except NotThere:
        raise NotThere(
            f"there is no Google Sheet {file_id} that we have access to", _open_to_us(connection)
        ) from None


def _rank(role: str) -> int:
    return _RANKS.get(role, 0)


def _why(error: Rejected | RuleError | NotPermittedError) -> str:
    if isinstance(error, NotPermittedError):
        return "Google does not let us share this file with them"
    if "no Google account" in error.message:
        return "there is no Google account with this address"
    return error.message


def _open_to_us(connection: Connection) -> str:
    who = connection.who.email or "the account used for `ticketops google login`"
    return f"check its id, and share it with {who} as an editor"

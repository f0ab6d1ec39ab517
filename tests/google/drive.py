"""The part of Drive that says which files there are, where they lie, and who may do what with them.

Simplified: no contents, no revisions; searches know comparisons joined by `and`; a list comes in
one page.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.google import masks
from tests.google.accounts import Caller
from tests.google.errors import DriveError, Json, forbidden, not_found
from tests.google.grid import Book
from tests.google.ways import OTHER_WORDS, Ways

SHEETS = "application/vnd.google-apps.spreadsheet"
FOLDER = "application/vnd.google-apps.folder"
NO_QUOTA = (
    "Service Accounts do not have storage quota. Leverage shared drives"
    " (https://developers.google.com/workspace/drive/api/guides/about-shareddrives),"
    " or use OAuth delegation (http://support.google.com/a/answer/7281227) instead."
)
NOBODYS = ".invalid"
"""Ends addresses without a Google account."""
NO_ACCOUNT = (
    'Bad Request. User message: "You are trying to invite {address}. Since there is no Google account'
    ' associated with this email address, you must check the "Notify people" box to invite this'
    ' recipient."'
)
RANKS = {"reader": 1, "commenter": 2, "writer": 3, "fileOrganizer": 4, "organizer": 5, "owner": 6}
BASIC = ("kind", "id", "name", "mimeType")


def new_id(number: int) -> str:
    """Like the service's: 44 letters, digits and dashes."""
    return "1" + hashlib.sha256(str(number).encode()).hexdigest()[:43]


@dataclass
class File:
    """A file or folder. roles: by e-mail, `anyone` for everybody; drive: the shared drive it lies
    in."""

    id: str
    name: str
    mime: str
    parents: list[str]
    roles: dict[str, str]
    properties: dict[str, str] = field(default_factory=dict)
    drive: str | None = None
    trashed: bool = False
    created: str = field(
        default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    )

    @property
    def owner(self) -> str:
        return next((email for email, role in self.roles.items() if role == "owner"), "")


class Drive:
    """All files, and the spreadsheets behind those that are spreadsheets."""

    def __init__(self, make_book: Callable[[str, str], Book], ways: Ways) -> None:
        self.ways = ways
        self.files: dict[str, File] = {}
        self.books: dict[str, Book] = {}
        self.drives: dict[str, dict[str, str]] = {}
        self.numbers: Iterator[int] = itertools.count(1)
        self.lag = 0
        """In how many lists a file is not yet found that was made just now."""
        self.looks = 0
        self.unseen: dict[str, int] = {}
        self._make_book = make_book

    # --- who may

    def role(self, file: File, email: str) -> int:
        """The highest rank that the file, its folders or its shared drive give."""
        roles = [file.roles.get(email, ""), file.roles.get("anyone", "")]
        if file.drive is not None:
            roles.append(self.drives[file.drive].get(email, ""))
        above = [
            self.role(self.files[parent], email) for parent in file.parents if parent in self.files
        ]
        return max(
            [RANKS.get(role, 0) for role in roles]
            + [RANKS["writer"] if rank == RANKS["owner"] else rank for rank in above]
        )

    def opened(self, number: str, caller: Caller, *, write: bool) -> Book:
        """A spreadsheet for the Sheets service, if the caller may."""
        if number not in self.books:
            raise not_found()
        if self.role(self.files[number], caller.email) < RANKS["writer" if write else "reader"]:
            raise forbidden()
        return self.books[number]

    def owners(self, number: str) -> set[str]:
        return {email for email, role in self.files[number].roles.items() if role == "owner"}

    def writers(self, number: str) -> list[str]:
        file = self.files[number]
        known = [*file.roles, *(self.drives[file.drive] if file.drive else ())]
        return [
            email
            for email in known
            if email != "anyone" and self.role(file, email) >= RANKS["writer"]
        ]

    def file(self, number: str, caller: Caller, rank: str = "reader") -> File:
        file = self.files.get(number)
        if file is None or not self.role(file, caller.email):
            raise DriveError(404, "notFound", f"File not found: {number}.", "fileId")
        if self.role(file, caller.email) < RANKS[rank]:
            raise DriveError(
                403,
                "insufficientFilePermissions",
                "The user does not have sufficient permissions for this file.",
            )
        return file

    # --- files

    def create(self, caller: Caller, body: Json, *, all_drives: bool = True) -> File:
        parents = body.get("parents") or ["root"]
        drive = None
        for parent in parents:
            if parent in self.drives and all_drives:
                drive = parent
                if RANKS.get(self.drives[parent].get(caller.email, ""), 0) < RANKS["writer"]:
                    raise DriveError(404, "notFound", f"File not found: {parent}.", "fileId")
            elif parent != "root":
                folder = self.file(parent, caller, "writer") if parent in self.files else None
                if folder is None or (folder.drive and not all_drives):
                    raise DriveError(404, "notFound", f"File not found: {parent}.", "fileId")
                drive = folder.drive
        if caller.is_service and drive is None:
            raise DriveError(403, "storageQuotaExceeded", NO_QUOTA, domain="usageLimits")
        number = body.get("id") or new_id(next(self.numbers))
        mime = body.get("mimeType", "application/octet-stream")
        roles = {} if drive else {caller.email: "owner"}
        file = File(
            number,
            body.get("name", "Untitled"),
            mime,
            list(parents),
            roles,
            dict(body.get("appProperties", {})),
            drive,
        )
        self.files[number] = file
        self.unseen[number] = self.looks + self.lag
        if mime == SHEETS:
            self.books[number] = self._make_book(number, file.name)
        return file

    def json(self, file: File, caller: Caller) -> Json:
        if file.id in self.books:
            file.name = self.books[file.id].title
        answer: Json = {
            "kind": "drive#file",
            "id": file.id,
            "name": file.name,
            "mimeType": file.mime,
            "parents": file.parents,
            "trashed": file.trashed,
            "createdTime": file.created,
            "modifiedTime": file.created,
            "webViewLink": f"https://docs.google.com/spreadsheets/d/{file.id}/edit?usp=drivesdk",
            "ownedByMe": file.owner == caller.email,
            "permissions": [permission(email, role) for email, role in file.roles.items()],
            "capabilities": {
                "canEdit": self.role(file, caller.email) >= RANKS["writer"],
                "canShare": self.role(file, caller.email) >= RANKS["writer"],
            },
        }
        if file.properties:
            answer["appProperties"] = file.properties
        if file.owner:
            answer["owners"] = [
                {
                    "kind": "drive#user",
                    "emailAddress": file.owner,
                    "displayName": file.owner.split("@")[0],
                }
            ]
        if file.drive:
            answer |= {"driveId": file.drive, "teamDriveId": file.drive}
        return answer

    def update(self, caller: Caller, number: str, body: Json, query: dict[str, list[str]]) -> File:
        file = self.file(number, caller, "writer")
        if "name" in body:
            file.name = body["name"]
            if number in self.books:
                self.books[number].title = file.name
        file.trashed = body.get("trashed", file.trashed)
        changed = file.properties | body.get("appProperties", {})
        file.properties = {name: value for name, value in changed.items() if value is not None}
        gone = [one for text in query.get("removeParents", []) for one in text.split(",")]
        new = [one for text in query.get("addParents", []) for one in text.split(",")]
        for parent in new:
            if parent not in self.drives and parent != "root":
                self.file(parent, caller, "writer")
        if new or gone:
            file.parents = [*(one for one in file.parents if one not in gone), *new]
            file.drive = next(
                (
                    one if one in self.drives else self.files[one].drive
                    for one in file.parents
                    if one != "root"
                ),
                None,
            )
        return file

    def delete(self, caller: Caller, number: str) -> None:
        file = self.file(number, caller)
        needed = "organizer" if file.drive else "owner"
        self.file(number, caller, needed)
        del self.files[number]
        self.books.pop(number, None)

    def listed(self, caller: Caller, query: str) -> list[File]:
        tests = [_condition(part) for part in _split(query)] if query else []
        self.looks += 1
        return [
            file
            for file in self.files.values()
            if self.role(file, caller.email)
            and all(test(file) for test in tests)
            and self.looks > self.unseen.get(file.id, 0)
        ]

    # --- permissions

    def permissions(self, caller: Caller, number: str) -> Json:
        file = self.file(number, caller, "writer")
        return {
            "kind": "drive#permissionList",
            "permissions": [permission(email, role) for email, role in file.roles.items()],
        }

    def share(self, caller: Caller, number: str, body: Json) -> Json:
        file = self.file(number, caller, "writer")
        email = "anyone" if body.get("type") == "anyone" else body.get("emailAddress", "")
        role = body.get("role", "")
        if role not in RANKS or not email:
            raise DriveError(
                400,
                "badRequest",
                "The permission role field is required." if not role else "Invalid value.",
            )
        if email.endswith(NOBODYS):
            known = self.ways.of("sharing-refused") == "no account"
            words = NO_ACCOUNT if known else OTHER_WORDS
            raise self.ways.drive_refusal(
                "sharing-refused", words, "invalidSharingRequest", address=email
            )
        if role == "owner" and caller.email != file.owner:
            raise DriveError(
                403, "forbidden", "The user does not have sufficient permissions for this file."
            )
        if role == "owner":
            file.roles[file.owner] = "writer"
        file.roles[email] = role
        return permission(email, role)

    def unshare(self, caller: Caller, number: str, key: str) -> None:
        file = self.file(number, caller, "writer")
        for email in list(file.roles):
            if permission_id(email) == key and file.roles[email] != "owner":
                del file.roles[email]
                return
        raise DriveError(404, "notFound", f"Permission not found: {key}.", "permissionId")


def permission_id(email: str) -> str:
    return (
        "anyoneWithLink"
        if email == "anyone"
        else str(int(hashlib.sha256(email.encode()).hexdigest()[:16], 16)).zfill(20)
    )


def permission(email: str, role: str) -> Json:
    answer: Json = {
        "kind": "drive#permission",
        "id": permission_id(email),
        "role": role,
        "type": "anyone" if email == "anyone" else "user",
    }
    return answer | (
        {}
        if email == "anyone"
        else {
            "emailAddress": email,
            "displayName": email.split("@", maxsplit=1)[0],
            "deleted": False,
        }
    )


# --- searches


_TEXT = r"(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")"


def _split(query: str) -> Iterator[str]:
    """The parts between `and`, outside quotes and braces."""
    quote, start, depth = "", 0, 0
    for match in re.finditer(r"\\.|['\"{}]|\s+and\s+", query):
        token = match[0]
        if token in ("'", '"'):
            quote = "" if quote == token else quote or token
        elif token in "{}" and not quote:
            depth += 1 if token == "{" else -1
        elif token.strip() == "and" and not quote and not depth:
            yield query[start : match.start()].strip()
            start = match.end()
    yield query[start:].strip()


def _condition(text: str) -> Callable[[File], bool]:
    comparison = re.fullmatch(rf"(name|mimeType)\s*(=|!=|contains)\s*{_TEXT}", text)
    if comparison:
        return _compared(comparison)
    inside = re.fullmatch(rf"{_TEXT}\s+in\s+parents|parents\s+in\s+{_TEXT}", text)
    if inside:
        parent = next(one for one in inside.groups() if one is not None)
        return lambda file: parent in file.parents
    trashed = re.fullmatch(r"trashed\s*(=|!=)\s*(true|false)", text)
    if trashed:
        wanted = (trashed[2] == "true") == (trashed[1] == "=")
        return lambda file: file.trashed is wanted
    has = re.fullmatch(
        rf"appProperties\s+has\s*\{{\s*key\s*=\s*{_TEXT}\s+and\s+value\s*=\s*{_TEXT}\s*\}}", text
    )
    if has:
        key, value = (
            _unescaped(one or other) for one, other in ((has[1], has[2]), (has[3], has[4]))
        )
        return lambda file: file.properties.get(key) == value
    raise DriveError(400, "invalid", "Invalid Value", "q")


def _compared(found: re.Match[str]) -> Callable[[File], bool]:
    field_name, sign, wanted = found[1], found[2], _unescaped(found[3] or found[4] or "")

    def test(file: File) -> bool:
        value: Any = file.name if field_name == "name" else file.mime
        if sign == "contains":
            return (
                value.lower().startswith(wanted.lower()) or wanted.lower() in value.lower().split()
            )
        return (value == wanted) is (sign == "=")

    return test


def _unescaped(text: str | None) -> str:
    return re.sub(r"\\(.)", r"\1", text or "")


def fields(query: dict[str, list[str]], answer: Json, default: tuple[str, ...] | None) -> Json:
    """Only what was asked for; by default a few names, as the service does."""
    asked = query.get("fields")
    if asked:
        shown: Json = masks.apply(masks.parse(asked[0]), answer)
        return shown
    return answer if default is None else {name: answer[name] for name in default if name in answer}

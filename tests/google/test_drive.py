"""Files: who may make them where, what searches find, who has which role."""

from __future__ import annotations

from collections.abc import Iterator

import gspread
import pytest

from tests.google.client import client
from tests.google.drive import FOLDER, NO_QUOTA, SHEETS
from tests.google.errors import Json
from tests.google.here import Here, refused
from tests.google.server import OWNER, GoogleServer

FILES = "/drive/v3/files"
ANN = "ann@example.com"


@pytest.fixture(scope="module")
def ann(here: Here) -> gspread.Client:
    return client(here.server, here.server.authorized_user(ANN))


@pytest.fixture(scope="module")
def hers(here: Here) -> str:
    """Ann's token."""
    return here.token(here.server.authorized_user(ANN))


def error(answer: Json) -> Json:
    found: Json = answer["error"]
    assert found["errors"][0]["message"] == found["message"]
    return {
        "code": found["code"],
        "reason": found["errors"][0]["reason"],
        "message": found["message"],
    }


def test_a_user_makes_a_spreadsheet(here: Here, ann: gspread.Client) -> None:
    book = ann.create("New")
    assert [sheet.title for sheet in book.worksheets()] == ["Sheet1"]
    assert (book.sheet1.id, book.sheet1.row_count, book.sheet1.col_count) == (0, 1000, 26)
    book.share(here.email, perm_type="user", role="writer", notify=False)
    here.client.open_by_key(book.id).sheet1.update_acell("A1", "there")
    assert here.server.rows(book.id, "Sheet1") == [["there"]]


def test_a_spreadsheet_by_the_sheets_service(here: Here, hers: str) -> None:
    asked = {
        "properties": {"title": "Made", "locale": "de_CH"},
        "sheets": [{"properties": {"title": "One"}}, {"properties": {"title": "Two"}}],
    }
    made = here.call("POST", "/v4/spreadsheets", asked, hers).json()
    assert (made["properties"]["title"], made["properties"]["locale"]) == ("Made", "de_CH")
    assert [sheet["properties"]["title"] for sheet in made["sheets"]] == ["One", "Two"]
    assert (
        here.call("GET", f"/v4/spreadsheets/{made['spreadsheetId']}", token=hers).status_code == 200
    )
    only = here.call("POST", "/v4/spreadsheets", {}, hers, fields="properties.title").json()
    assert only == {"properties": {"title": "Untitled spreadsheet"}}


def test_a_service_account_has_no_place_for_files(here: Here) -> None:
    refusal = {"code": 403, "reason": "storageQuotaExceeded", "message": NO_QUOTA}
    answer = here.call("POST", FILES, {"name": "New", "mimeType": SHEETS}, supportsAllDrives="true")
    assert (answer.status_code, error(answer.json())) == (403, refusal)
    shared = here.server.folder("Events", shared_with={here.email: "writer"})
    answer = here.call(
        "POST",
        FILES,
        {"name": "New", "mimeType": SHEETS, "parents": [shared]},
        supportsAllDrives="true",
    )
    assert (answer.status_code, error(answer.json())) == (403, refusal)
    error_ = here.call("POST", "/v4/spreadsheets", {}).json()["error"]
    assert (error_["code"], error_["status"], error_["message"]) == (
        403,
        "PERMISSION_DENIED",
        "The caller does not have permission",
    )


def test_a_service_account_makes_files_in_a_shared_drive(here: Here) -> None:
    drive = here.server.shared_drive("Office", {here.email: "fileOrganizer"})
    asked: Json = {
        "name": "New",
        "mimeType": SHEETS,
        "parents": [drive],
        "appProperties": {"event": "WM 2026"},
    }
    answer = here.call("POST", FILES, asked)
    assert (answer.status_code, error(answer.json())["reason"]) == (404, "notFound"), (
        "supportsAllDrives was not said"
    )
    made = here.call(
        "POST", FILES, asked, supportsAllDrives="true", fields="id,driveId,parents,appProperties"
    ).json()
    assert made == {
        "id": made["id"],
        "driveId": drive,
        "parents": [drive],
        "appProperties": {"event": "WM 2026"},
    }
    here.client.open_by_key(made["id"]).sheet1.update_acell("A1", "there")
    answer = here.call("DELETE", f"{FILES}/{made['id']}", supportsAllDrives="true")
    assert error(answer.json())["reason"] == "insufficientFilePermissions"


def test_files_are_told(here: Here) -> None:
    key = here.server.new_spreadsheet("Event", {"Sheet1": []}, {here.email: "reader"})
    assert here.call("GET", f"{FILES}/{key}").json() == {
        "kind": "drive#file",
        "id": key,
        "name": "Event",
        "mimeType": SHEETS,
    }
    told = here.call(
        "GET", f"{FILES}/{key}", fields="capabilities/canEdit,owners(emailAddress),trashed"
    ).json()
    assert told == {
        "capabilities": {"canEdit": False},
        "owners": [{"emailAddress": OWNER}],
        "trashed": False,
    }
    answer = here.call("GET", f"{FILES}/none")
    assert error(answer.json()) == {
        "code": 404,
        "reason": "notFound",
        "message": "File not found: none.",
    }
    hidden = here.server.new_spreadsheet("Hidden")
    assert here.call("GET", f"{FILES}/{hidden}").status_code == 404
    assert here.call("GET", f"{FILES}/{key}/nothing").status_code == 404
    assert here.client.open_by_key(key).get_lastUpdateTime().startswith("20")


@pytest.fixture(scope="module")
def shelf() -> Iterator[tuple[Here, str]]:
    """Some files, and the id of a folder."""
    with GoogleServer() as server:
        here = Here(server)
        roles = {here.email: "writer"}
        folder = server.folder("Events", shared_with=roles)
        server.new_spreadsheet("It's one", shared_with=roles)
        two = server.new_spreadsheet("Two", shared_with=roles, parent=folder)
        gone = server.new_spreadsheet("Gone", shared_with=roles)
        server.new_spreadsheet("Not shared")
        here.call("PATCH", f"{FILES}/{gone}", {"trashed": True})
        here.call("PATCH", f"{FILES}/{two}", {"appProperties": {"event": "a and b"}})
        yield here, folder


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Events", "It's one", "Two", "Gone"]),
        ("name = 'Two'", ["Two"]),
        (r"name = 'It\'s one'", ["It's one"]),
        ('name = "Two" and trashed = false', ["Two"]),
        ("name contains 'tw'", ["Two"]),
        (
            "name != 'Two' and mimeType != 'application/vnd.google-apps.folder'",
            ["It's one", "Gone"],
        ),
        (f"mimeType='{FOLDER}'", ["Events"]),
        ("trashed = true", ["Gone"]),
        (
            "trashed=false and mimeType = 'application/vnd.google-apps.spreadsheet'",
            ["It's one", "Two"],
        ),
        ("'{folder}' in parents", ["Two"]),
        ('parents in "{folder}"', ["Two"]),
        ("appProperties has {{ key='event' and value='a and b' }} and trashed = false", ["Two"]),
        ("appProperties has {{ key='event' and value='other' }}", []),
    ],
)
def test_searches(shelf: tuple[Here, str], query: str, found: list[str]) -> None:
    here, folder = shelf
    answer = here.call("GET", FILES, q=query.format(folder=folder), fields="files(name)").json()
    assert [file["name"] for file in answer["files"]] == found


def test_a_search_that_is_none(here: Here) -> None:
    answer = here.call("GET", FILES, q="size > 5")
    assert error(answer.json()) == {"code": 400, "reason": "invalid", "message": "Invalid Value"}


def test_gspread_finds_by_name(here: Here) -> None:
    key = here.server.new_spreadsheet("By name", shared_with={here.email: "reader"})
    assert here.client.open("By name").id == key
    with pytest.raises(gspread.SpreadsheetNotFound):
        here.client.open("No such name")


def test_files_are_changed_and_moved(here: Here, hers: str) -> None:
    made = here.call("POST", FILES, {"name": "New", "mimeType": SHEETS}, hers).json()["id"]
    folder = here.call("POST", FILES, {"name": "Folder", "mimeType": FOLDER}, hers).json()["id"]
    body = {"name": "Renamed", "appProperties": {"a": "1", "b": "2"}}
    here.call("PATCH", f"{FILES}/{made}", body, hers, addParents=folder, removeParents="root")
    here.call("PATCH", f"{FILES}/{made}", {"appProperties": {"a": None}}, hers)
    told = here.call(
        "GET", f"{FILES}/{made}", token=hers, fields="name,parents,appProperties"
    ).json()
    assert told == {"name": "Renamed", "parents": [folder], "appProperties": {"b": "2"}}
    assert here.server.spreadsheet(made).title == "Renamed"
    here.server.share(folder, here.email, "reader")
    assert here.call("GET", f"/v4/spreadsheets/{made}").status_code == 200, (
        "a folder shares what lies in it"
    )
    assert error(here.call("PATCH", f"{FILES}/{made}", {"name": "x"}).json())["code"] == 403


def test_files_are_deleted_by_their_owner(here: Here, hers: str) -> None:
    made = here.call("POST", FILES, {"name": "New", "mimeType": SHEETS}, hers).json()["id"]
    here.server.share(made, here.email, "writer")
    assert here.call("DELETE", f"{FILES}/{made}").status_code == 403
    answer = here.call("DELETE", f"{FILES}/{made}", token=hers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert here.call("GET", f"/v4/spreadsheets/{made}", token=hers).status_code == 404


def test_permissions(here: Here, ann: gspread.Client, hers: str) -> None:
    book = ann.create("Shared")
    book.share(here.email, perm_type="user", role="reader")
    assert {one["emailAddress"]: one["role"] for one in book.list_permissions()} == {
        ANN: "owner",
        here.email: "reader",
    }
    with refused("The caller does not have permission", 403, "PERMISSION_DENIED"):
        here.client.open_by_key(book.id).sheet1.update_acell("A1", "no")
    path = f"{FILES}/{book.id}/permissions"
    assert (
        error(
            here.call(
                "POST", path, {"type": "user", "role": "writer", "emailAddress": here.email}
            ).json()
        )["code"]
        == 403
    )
    assert (
        error(here.call("POST", path, {"type": "user", "emailAddress": here.email}, hers).json())[
            "code"
        ]
        == 400
    )
    book.remove_permissions(here.email)
    with pytest.raises(PermissionError):
        here.client.open_by_key(book.id)
    assert error(here.call("DELETE", f"{path}/123", token=hers).json()) == {
        "code": 404,
        "reason": "notFound",
        "message": "Permission not found: 123.",
    }
    book.share("", perm_type="anyone", role="reader")
    assert here.client.open_by_key(book.id).sheet1.acell("A1").value is None

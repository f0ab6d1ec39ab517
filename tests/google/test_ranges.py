"""What lies on ranges: names, protections, filters, conditional formats, and metadata."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import gspread
import pytest
import requests

from tests.google.client import client
from tests.google.errors import PROTECTED, Json
from tests.google.here import Here, area, batch, refused, row
from tests.google.server import OWNER


def rows(start: int, end: int) -> Json:
    return {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": start, "endIndex": end}}


# --- names


def named(name: str, key: str | None = None, grid_range: Json | None = None) -> Json:
    known: Json = {"name": name, "range": grid_range or area(1, 0, 3, 2)}
    return {"addNamedRange": {"namedRange": known | ({"namedRangeId": key} if key else {})}}


def names(here: Here, book: gspread.Spreadsheet) -> dict[str, Json]:
    return {
        one["name"]: one["range"] for one in here.get(book, "namedRanges").get("namedRanges", [])
    }


def bounds(known: Json) -> tuple[int, int]:
    return known["startRowIndex"], known["endRowIndex"]


def test_names_come_and_go(here: Here) -> None:
    book = here.book([["a", "b"], ["c", "d"]])
    first, second = batch(book, named("mine", "lock-1"), named("other"))
    whole = {name: place for name, place in area(1, 0, 3, 2).items() if name != "sheetId"}
    assert first["addNamedRange"]["namedRange"] == {
        "namedRangeId": "lock-1",
        "name": "mine",
        "range": whole,
    }, "the id 0 is left out"
    other = second["addNamedRange"]["namedRange"]["namedRangeId"]
    assert other.isdigit()
    batch(
        book,
        {
            "updateNamedRange": {
                "namedRange": {"namedRangeId": "lock-1", "name": "yours"},
                "fields": "name",
            }
        },
    )
    batch(
        book,
        {
            "updateNamedRange": {
                "namedRange": {"namedRangeId": other, "range": area(0, 0, 1, 1)},
                "fields": "range",
            }
        },
    )
    assert {name: bounds(known) for name, known in names(here, book).items()} == {
        "yours": (1, 3),
        "other": (0, 1),
    }
    assert book.values_get("other")["range"] == "Sheet1!A1"
    batch(
        book,
        {"deleteNamedRange": {"namedRangeId": "lock-1"}},
        {"deleteNamedRange": {"namedRangeId": other}},
    )
    assert here.get(book, "namedRanges") == {}
    book.sheet1.define_named_range("A1:B2", "by_gspread")
    assert book.list_named_ranges()[0]["name"] == "by_gspread"


def test_a_name_is_taken_once(here: Here) -> None:
    book = here.book([["a"]])
    batch(book, named("lock", "1"))
    taken = "a named range with that name already exists."
    with refused(
        f"Invalid requests[0].addNamedRange: Cannot add named range with name: lock, {taken}"
    ):
        batch(book, named("lock", "2"))
    with refused(
        f"Invalid requests[1].addNamedRange: Cannot add named range with name: LOCK, {taken}"
    ):
        batch(book, named("free"), named("LOCK"))
    assert list(names(here, book)) == ["lock"]
    with refused(
        "Invalid requests[0].addNamedRange: Cannot add named range with ID: 1, a named range with that ID already exists."
    ):
        batch(book, named("other", "1"))
    batch(book, {"deleteNamedRange": {"namedRangeId": "1"}}, named("lock", "1"))


@pytest.mark.slow
def test_of_many_at_once_one_gets_the_name(here: Here) -> None:
    book = here.book([["a"]])
    token = here.token()
    address = f"{here.server.url}/v4/spreadsheets/{book.id}:batchUpdate"

    def attempt(number: int) -> int:
        body = {"requests": [named("lock", f"{number}"), update(0, 0, number)]}
        return requests.post(
            address, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=20
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(1, 17))) == [200] + [400] * 15
    winner = here.get(book, "namedRanges.namedRangeId")["namedRanges"][0]["namedRangeId"]
    assert here.server.rows(book.id, "Sheet1") == [[int(winner)]]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (named("with space"), "addNamedRange: Invalid name: with space"),
        (named("A1"), "addNamedRange: Invalid name: A1"),
        (named("1st"), "addNamedRange: Invalid name: 1st"),
        (named("x", None, area(0, 0, 1, 1, sheet=9)), "addNamedRange: No grid with id: 9"),
        (
            {
                "updateNamedRange": {
                    "namedRange": {"namedRangeId": "9", "name": "x"},
                    "fields": "name",
                }
            },
            "updateNamedRange: No NamedRange with id: 9",
        ),
        ({"deleteNamedRange": {"namedRangeId": "9"}}, "deleteNamedRange: No NamedRange with id: 9"),
    ],
)
def test_names_that_cannot_be(here: Here, request_: Json, message: str) -> None:
    with refused(f"Invalid requests[0].{message}"):
        batch(here.book([["a"]]), request_)


def test_names_move_with_rows(here: Here) -> None:
    book = here.book([["a"]] * 10)
    batch(book, named("place", None, area(4, 0, 7, 1)))

    def after(request: Json) -> tuple[int, int]:
        batch(book, request)
        return bounds(names(here, book)["place"])

    assert after({"insertDimension": rows(0, 2)}) == (6, 9)
    assert after({"insertDimension": rows(6, 7)}) == (7, 10)
    assert after({"insertDimension": rows(8, 9)}) == (7, 11)
    assert after({"insertDimension": rows(11, 12)}) == (7, 11)
    assert after({"deleteDimension": rows(0, 3)}) == (4, 8)
    assert after({"deleteDimension": rows(2, 5)}) == (2, 5)
    assert after({"deleteDimension": rows(4, 9)}) == (2, 4)


@pytest.mark.parametrize("gone", [{"deleteDimension": rows(1, 3)}, {"deleteSheet": {"sheetId": 0}}])
def test_a_name_without_cells_is_listed_no_more_but_taken(here: Here, gone: Json) -> None:
    book = here.book({"One": [["a"]] * 5, "Two": []})
    batch(book, named("lock", "1"), gone)
    assert here.get(book, "namedRanges") == {}
    with refused(
        "Invalid requests[0].addNamedRange: Cannot add named range with name: lock, a named range with that name already exists."
    ):
        batch(book, named("lock", None, area(0, 0, 1, 1, book.worksheet("Two").id)))


# --- protections


def protect(grid_range: Json, **more: object) -> Json:
    return {"addProtectedRange": {"protectedRange": {"range": grid_range, **more}}}


def update(top: int, left: int, value: object = "new") -> Json:
    return {
        "updateCells": {
            "start": {"sheetId": 0, "rowIndex": top, "columnIndex": left},
            "rows": [row(value)],
            "fields": "userEnteredValue",
        }
    }


def test_protected_cells_are_for_their_editors(here: Here) -> None:
    book = here.book([["a", "b"], ["c", "d"]])
    server = here.server
    server.request(book.id, protect(area(0, 0, 1, 2), editors={"users": []}, description="ours"))
    with refused(f"Invalid requests[0].updateCells: {PROTECTED}"):
        batch(book, update(0, 1))
    with refused(PROTECTED):
        book.sheet1.update_acell("A1", "new")
    with refused(f"Invalid data[0]: {PROTECTED}"):
        book.sheet1.batch_update([{"range": "A1", "values": [["new"]]}])
    with refused(PROTECTED):
        book.values_clear("A1")
    with refused(f"Invalid requests[0].deleteDimension: {PROTECTED}"):
        book.sheet1.delete_rows(1)
    with refused(f"Invalid requests[0].deleteSheet: {PROTECTED}"):
        batch(book, {"deleteSheet": {"sheetId": 0}})
    with refused(f"Invalid requests[0].copyPaste: {PROTECTED}"):
        batch(book, {"copyPaste": {"source": area(1, 0, 2, 1), "destination": area(0, 0, 1, 1)}})
    batch(book, update(1, 0))
    assert server.rows(book.id, "Sheet1") == [["a", "b"], ["new", "d"]]
    (told,) = here.get(book, "sheets.protectedRanges")["sheets"][0]["protectedRanges"]
    assert (told["description"], "editors" in told, "requestingUserCanEdit" in told) == (
        "ours",
        False,
        False,
    )
    with refused(f"Invalid requests[0].deleteProtectedRange: {PROTECTED}"):
        batch(book, {"deleteProtectedRange": {"protectedRangeId": told["protectedRangeId"]}})
    editors = {"users": [OWNER, here.email]}
    changed = {"protectedRangeId": told["protectedRangeId"], "editors": editors}
    server.request(
        book.id, {"updateProtectedRange": {"protectedRange": changed, "fields": "editors"}}
    )
    batch(book, update(0, 1))
    (told,) = here.get(book, "sheets.protectedRanges")["sheets"][0]["protectedRanges"]
    assert (told["editors"], told["requestingUserCanEdit"], told["description"]) == (
        editors,
        True,
        "ours",
    )
    batch(book, {"deleteProtectedRange": {"protectedRangeId": told["protectedRangeId"]}})
    assert here.get(book, "sheets.protectedRanges") == {"sheets": [{}]}


def test_whoever_protects_may_edit_others_not(here: Here) -> None:
    book = here.book([["a"]])
    here.server.share(book.id, "ann@example.com", "writer")
    ann = client(here.server, here.server.authorized_user("ann@example.com")).open_by_key(book.id)
    (reply,) = batch(
        book, protect({"sheetId": 0}, protectedRangeId=5, editors={"users": [here.email]})
    )
    assert reply["addProtectedRange"]["protectedRange"]["editors"] == {"users": [OWNER, here.email]}
    batch(book, update(0, 0))
    with refused(f"Invalid requests[0].updateCells: {PROTECTED}"):
        batch(ann, update(0, 0))
    with refused(f"Invalid requests[0].updateSheetProperties: {PROTECTED}"):
        ann.sheet1.update_title("Hers")
    batch(
        book,
        {"deleteProtectedRange": {"protectedRangeId": 5}},
        protect({"sheetId": 0}, protectedRangeId=5),
    )
    batch(ann, update(0, 0))  # without editors, all who may write may edit
    with refused(
        "Invalid requests[0].addProtectedRange: Protected range with id 5 already exists."
    ):
        batch(book, protect({"sheetId": 0}, protectedRangeId=5))


def test_a_warning_stops_nobody(here: Here) -> None:
    book = here.book([["a"]])
    here.server.request(book.id, protect(area(0, 0, 1, 1), warningOnly=True))
    batch(book, update(0, 0))
    with refused(
        "Invalid requests[0].addProtectedRange: ProtectedRange is warningOnly. Editors cannot be set on it."
    ):
        batch(book, protect(area(0, 0, 1, 1), warningOnly=True, editors={"users": []}))


def test_a_protected_sheet_with_open_places(here: Here) -> None:
    book = here.book([["a"] * 4 for _ in range(4)])
    holes = [area(1, 1, 3, 2), area(1, 2, 3, 3)]
    here.server.request(
        book.id, protect({"sheetId": 0}, editors={"users": []}, unprotectedRanges=holes)
    )
    two = {
        "range": area(1, 1, 3, 3),
        "rows": [row("x", "x"), row("x", "x")],
        "fields": "userEnteredValue",
    }
    batch(book, {"updateCells": two})
    for place in ((0, 1), (3, 1), (1, 0), (1, 3)):
        with refused(f"Invalid requests[0].updateCells: {PROTECTED}"):
            batch(book, update(*place))
    with refused(f"Invalid requests[0].repeatCell: {PROTECTED}"):
        batch(book, {"repeatCell": {"range": area(1, 1, 3, 4), "cell": {}, "fields": "note"}})
    here.server.insert_row(book.id, "Sheet1", 1)
    batch(book, update(3, 1))
    with refused(f"Invalid requests[0].updateCells: {PROTECTED}"):
        batch(book, update(1, 1))
    with refused(
        "Invalid requests[0].addProtectedRange: Unprotected ranges are only supported on protected sheets."
    ):
        batch(here.book([["a"]]), protect(area(0, 0, 2, 2), unprotectedRanges=[area(0, 0, 1, 1)]))


def test_protections_there_are_not(here: Here) -> None:
    book = here.book([["a"]])
    for kind, body in (
        ("delete", {"protectedRangeId": 4}),
        ("update", {"protectedRange": {"protectedRangeId": 4}, "fields": "description"}),
    ):
        with refused(f"Invalid requests[0].{kind}ProtectedRange: No protected range with id: 4"):
            batch(book, {f"{kind}ProtectedRange": body})


# --- filters, conditional formats, metadata


def test_filters_and_conditional_formats(here: Here) -> None:
    book = here.book([["a", "b"], [1, 2]])
    book.sheet1.set_basic_filter("A1:B2")
    rule: Json = {
        "ranges": [area(1, 0, 5, 1)],
        "booleanRule": {
            "condition": {"type": "NOT_BLANK"},
            "format": {"textFormat": {"bold": True}},
        },
    }
    batch(book, {"addConditionalFormatRule": {"rule": rule}}, {"insertDimension": rows(2, 3)})
    told = here.get(book)["sheets"][0]
    assert told["basicFilter"]["range"]["endRowIndex"] == 2
    assert told["conditionalFormats"][0]["ranges"][0]["endRowIndex"] == 6
    (reply,) = batch(book, {"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})
    assert reply["deleteConditionalFormatRule"]["rule"]["booleanRule"] == rule["booleanRule"]
    book.sheet1.clear_basic_filter()
    assert sorted(here.get(book)["sheets"][0]) == ["properties"]
    with refused(
        "Invalid requests[0].deleteConditionalFormatRule: No conditional format on sheet: 0 at index: 0"
    ):
        batch(book, {"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})


def test_metadata(here: Here) -> None:
    book = here.book([])
    asked = {
        "metadataId": 7,
        "metadataKey": "k",
        "metadataValue": "v",
        "location": {"spreadsheet": True},
        "visibility": "PROJECT",
    }
    (reply,) = batch(book, {"createDeveloperMetadata": {"developerMetadata": asked}})
    assert reply["createDeveloperMetadata"]["developerMetadata"] == asked
    assert here.get(book, "developerMetadata") == {"developerMetadata": [asked]}
    with refused(
        "Invalid requests[0].createDeveloperMetadata: A developer metadata with id 7 already exists."
    ):
        batch(book, {"createDeveloperMetadata": {"developerMetadata": asked}})

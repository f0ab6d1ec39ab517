"""Tables and alternating colours."""

from __future__ import annotations

import pytest

from tests.google.here import Here, area, batch, refused


@pytest.mark.parametrize(
    ("kind", "what", "key", "number"),
    [("Table", "table", "tableId", "T1"), ("Banding", "bandedRange", "bandedRangeId", 7)],
)
def test_they_are_kept_and_follow_rows(
    here: Here, kind: str, what: str, key: str, number: str | int
) -> None:
    book = here.book([["a", "b"], [1, 2], [3, 4]])
    told = {"Table": "tables", "Banding": "bandedRanges"}[kind]

    def ends() -> list[tuple[str | int, int]]:
        sheet = here.get(book, f"sheets.{told}({key},range)")["sheets"][0]
        return [(one[key], one["range"]["endRowIndex"]) for one in sheet.get(told, [])]

    reply = batch(book, {f"add{kind}": {what: {key: number, "range": area(0, 0, 3, 2)}}})
    assert reply[0][f"add{kind}"][what][key] == number
    assert ends() == [(number, 3)]
    rows = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    batch(book, {"insertDimension": {"range": rows}})
    assert ends() == [(number, 4)]
    book.sheet1.append_row([5, 6])
    assert ends() == [(number, 4)], "what stands below does not belong to it"
    batch(
        book, {f"update{kind}": {what: {key: number, "range": area(0, 0, 5, 2)}, "fields": "range"}}
    )
    assert ends() == [(number, 5)]
    with refused(
        f"Invalid requests[0].add{kind}: You cannot add this range: it overlaps another one."
    ):
        batch(book, {f"add{kind}": {what: {"range": area(4, 1, 6, 3)}}})
    batch(book, {f"delete{kind}": {key: number}})
    assert ends() == []
    with refused(f"Invalid requests[0].update{kind}: No {what} with id: {number}"):
        batch(book, {f"update{kind}": {what: {key: number}, "fields": "range"}})

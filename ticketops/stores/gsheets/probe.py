"""What Google really answers where no document settles it: one experiment for each assumption
(`assumptions`), in sheets of their own of a spreadsheet that nobody needs, which go at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ticketops.errors import TicketopsError, UnusableError
from ticketops.schema.sheets_api import Request, at, new_sheet, quoted, rectangle
from ticketops.stores.gsheets.assumptions import ASSUMPTIONS, Answer
from ticketops.stores.gsheets.bench import Bench, cells_of, with_locale
from ticketops.stores.gsheets.connection import DRIVE_FILES
from ticketops.stores.gsheets.control import plain
from ticketops.stores.gsheets.protection import WORDS as PROTECTED
from ticketops.stores.gsheets.recheck import MOST_RANGES

_RETURNS, _CONTROLS = "a\r\nb\rc", "a\tb\x0bc\x1fd\x85e"
_TEXTS = ("=1+1", "0012")
_OLD, _NEW = ("old 1", "old 2", "old 3", "old 4"), ("new 1", "new 2", "new 3", "new 4")


def measure(bench: Bench, told: Callable[[str], None]) -> dict[str, Answer]:
    """What Google answers, by the name of the assumption. told: learns what is being asked. Raises
    UnusableError where an experiment can't be prepared."""
    answers = {}
    for name in ASSUMPTIONS:
        told(name)
        try:
            answers[name] = EXPERIMENTS[name](bench)
        except (KeyError, IndexError, TypeError) as error:
            raise UnusableError(
                f"Google's answer to the experiment {name} is not understood ({error!r})"
            ) from None
    return answers


# --- the experiments


def _new_sheet_in_answer(bench: Bench) -> Answer:
    number = bench.number()
    title = bench.title_of(number)
    said = bench.ask(new_sheet(title, number, 2, 2), see=quoted(title))
    if error := said.get("error"):
        return bench.refused("carried out" if title in bench.titles() else "refused", error)
    shown = said.get("updatedSpreadsheet", {}).get("sheets", ())
    there = any(one["properties"]["title"] == title for one in shown)
    return Answer("shown" if there else "left out")


def _under_filter(bench: Bench) -> int:
    """A sheet whose filter hides the second and the fourth of four rows, from row 2 on."""
    keys = ("key", "a", "b", "a", "b")
    rows = [(key, old) for key, old in zip(keys, ("value", *_OLD), strict=True)]
    hides = {"criteria": {"0": {"hiddenValues": ["b"]}}}
    return bench.sheet(
        lambda number: _texts(number, 1, 1, rows),
        lambda number: {
            "setBasicFilter": {"filter": {"range": rectangle(number, 1, 5, 1, 2), **hides}}
        },
    )


def _filled_in(bench: Bench, number: int, said: Mapping[str, Any]) -> Answer:
    """What became of the new values that were meant for column B."""
    if error := said.get("error"):
        return bench.refused("refused", error)
    stand = tuple(bench.entered(number, "B2:B5", len(_NEW)))
    if stand == _NEW:
        return Answer("written")
    skipped = (_NEW[0], _OLD[1], _NEW[2], _OLD[3])
    return Answer("skipped" if stand == skipped else "moved")


def _copy_under_filter(bench: Bench) -> Answer:
    source = bench.sheet(lambda number: _texts(number, 1, 1, [(new,) for new in _NEW]))
    number = _under_filter(bench)
    said = bench.ask(_paste(rectangle(source, 1, 4, 1, 1), rectangle(number, 2, 5, 2, 2)))
    return _filled_in(bench, number, said)


def _write_under_filter(bench: Bench) -> Answer:
    number = _under_filter(bench)
    return _filled_in(bench, number, bench.ask(_texts(number, 2, 2, [(new,) for new in _NEW])))


def _write_into_merge(bench: Bench) -> Answer:
    number = bench.sheet(
        lambda number: {
            "mergeCells": {"range": rectangle(number, 1, 1, 1, 2), "mergeType": "MERGE_ALL"}
        },
        lambda number: _texts(number, 1, 1, [("first",)]),
    )
    if error := bench.ask(_texts(number, 1, 2, [("covered",)])).get("error"):
        return bench.refused("refused", error)
    first, covered = bench.entered(number, "A1:B1", 2)
    if first != "first":
        return Answer("moved")
    return Answer("dropped" if covered is None else "kept")


def _paste_text(bench: Bench) -> Answer:
    number = bench.sheet(lambda number: _texts(number, 1, 1, [_TEXTS]))
    said = bench.ask(_paste(rectangle(number, 1, 1, 1, 2), rectangle(number, 2, 2, 1, 2)))
    if error := said.get("error"):
        return bench.refused("refused", error)
    entered = [one.get("userEnteredValue") for one in bench.cells(number, "A2:B2", 2)]
    kept = entered == [{"stringValue": text} for text in _TEXTS]
    return Answer("kept" if kept else "parsed", words=json.dumps(entered))


def _number_in_plain_text(bench: Bench) -> Answer:
    plain = {"userEnteredFormat": {"numberFormat": {"type": "TEXT"}}}
    number = bench.sheet(
        lambda number: {
            "repeatCell": {
                "range": rectangle(number, 1, 1, 1, 1),
                "cell": plain,
                "fields": "userEnteredFormat.numberFormat",
            }
        }
    )
    if error := bench.ask(_cell(number, 1, 1, {"numberValue": 45_678.5})).get("error"):
        return bench.refused("refused", error)
    entered = bench.cells(number, "A1")[0].get("userEnteredValue", {})
    is_number = entered.get("numberValue") == 45_678.5
    return Answer("number" if is_number else "text", words=json.dumps(entered))


def _read_back(bench: Bench, text: str) -> Answer:
    """Whether a text is read back as it was written."""
    number = bench.sheet()
    if error := bench.ask(_cell(number, 1, 1, {"stringValue": text})).get("error"):
        return bench.refused("refused", error)
    back = bench.entered(number, "A1")[0]
    return Answer("kept" if back == text else "changed", words=json.dumps(back))


def _strict_validation(bench: Bench) -> Answer:
    rule = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "yes"}]}}
    number = bench.sheet(
        lambda number: {
            "setDataValidation": {
                "range": rectangle(number, 1, 1, 1, 1),
                "rule": {**rule, "strict": True},
            }
        }
    )
    if error := bench.ask(_cell(number, 1, 1, {"stringValue": "no"})).get("error"):
        return bench.refused("refused", error)
    return Answer("written" if bench.entered(number, "A1") == ["no"] else "dropped")


def _same_sheet_id(bench: Bench) -> Answer:
    number = bench.sheet()
    said = bench.ask(new_sheet(f"{bench.title_of(number)}_2", number, 2, 2))
    if error := said.get("error"):
        known = "already exists" in error.get("message", "")
        return bench.refused("already exists" if known else "other words", error)
    return Answer("made")


def _same_title(bench: Bench) -> Answer:
    title = bench.title_of(bench.sheet())
    if error := bench.ask(new_sheet(title, bench.number(), 2, 2)).get("error"):
        return bench.refused("refused", error)
    return Answer("made")


def _formula_in_another_locale(bench: Bench) -> Answer:
    number = bench.sheet()
    other = "en_US" if bench.locale.startswith("de") else "de_DE"
    bench.do(with_locale(other))
    try:
        if error := bench.ask(_cell(number, 1, 1, {"formulaValue": "=SUM(1;2)"})).get("error"):
            return bench.refused("refused", error)
        first = bench.cells(number, "A1")[0]
        if not _is_three(first):
            return Answer("not understood")
        entered = first["userEnteredValue"]
        if error := bench.ask(_cell(number, 2, 1, entered)).get("error"):
            return bench.refused("refused", error)
        again = _is_three(bench.cells(number, "A2")[0])
        return Answer("understood" if again else "not understood", words=json.dumps(entered))
    finally:
        with suppress(TicketopsError):  # else it is done at the end
            bench.do(with_locale(bench.locale or "en_US"))


def _many_ranges(bench: Bench) -> Answer:
    number = bench.sheet(
        lambda number: _texts(number, 1, 1, [(f"row {n}",) for n in range(1, MOST_RANGES + 1)]),
        rows=MOST_RANGES,
    )
    title = bench.title_of(number)
    said = bench.connection.ranges_said([quoted(title, f"A{n}") for n in range(1, MOST_RANGES + 1)])
    if error := said.get("error"):
        return bench.refused("refused", error)
    seen = [
        plain(one.get("userEnteredValue")) for sheet in said["sheets"] for one in cells_of(sheet)
    ]
    there = set(seen) == {f"row {n}" for n in range(1, MOST_RANGES + 1)}
    return Answer("answered" if there else "left out")


def _protected_cell(bench: Bench) -> Answer:
    place = bench.foreign_protection()
    if place is None:
        us = bench.connection.who.email or "this account"
        return Answer(
            why=f"no cell is protected against {us}: as the owner, protect an empty one, and probe again"
        )
    said = bench.ask(_cell_at(place, {"stringValue": "probe"}))
    if error := said.get("error"):
        known = PROTECTED in error.get("message", "") and error.get("code") in (400, 403)
        return bench.refused("protected" if known else "other words", error)
    bench.do(_cell_at(place, {}))
    return Answer("not refused")


def _sharing_refused(bench: Bench) -> Answer:
    if not bench.share_with:
        return Answer(why="--share-with names an address that has no Google account")
    url = f"{DRIVE_FILES}/{bench.connection.spreadsheet}/permissions"
    said = bench.connection.said(
        "post",
        url,
        params={"supportsAllDrives": "true", "sendNotificationEmail": "false", "fields": "id"},
        json={"type": "user", "role": "reader", "emailAddress": bench.share_with},
    )
    if not (error := said.get("error")):
        bench.connection.said(
            "delete", f"{url}/{said.get('id', '')}", params={"supportsAllDrives": "true"}
        )
        return Answer(why="that address has a Google account: name one that has none")
    if error.get("code") in (403, 404):
        return Answer(why="this account may not share the spreadsheet")
    known = "no Google account" in error.get("message", "")
    return bench.refused("no account" if known else "other words", error)


EXPERIMENTS: Mapping[str, Callable[[Bench], Answer]] = {
    "new-sheet-in-answer": _new_sheet_in_answer,
    "copy-under-filter": _copy_under_filter,
    "write-under-filter": _write_under_filter,
    "write-into-merge": _write_into_merge,
    "paste-text": _paste_text,
    "number-in-plain-text": _number_in_plain_text,
    "carriage-returns": lambda bench: _read_back(bench, _RETURNS),
    "control-characters": lambda bench: _read_back(bench, _CONTROLS),
    "strict-validation": _strict_validation,
    "same-sheet-id": _same_sheet_id,
    "same-title": _same_title,
    "formula-in-another-locale": _formula_in_another_locale,
    "many-ranges": _many_ranges,
    "protected-cell": _protected_cell,
    "sharing-refused": _sharing_refused,
}
"""{assumption: what measures it}."""


# --- requests, and what is in answers


def _texts(number: int, row: int, column: int, rows: Sequence[Sequence[str]]) -> Request:
    return {
        "updateCells": {
            "start": at(number, row, column),
            "rows": [
                {"values": [{"userEnteredValue": {"stringValue": text}} for text in texts]}
                for texts in rows
            ],
            "fields": "userEnteredValue",
        }
    }


def _cell(number: int, row: int, column: int, value: Mapping[str, Any]) -> Request:
    return _cell_at(at(number, row, column), value)


def _cell_at(place: Mapping[str, int], value: Mapping[str, Any]) -> Request:
    rows = [{"values": [{"userEnteredValue": value} if value else {}]}]
    return {"updateCells": {"start": place, "rows": rows, "fields": "userEnteredValue"}}


def _paste(source: Mapping[str, int], destination: Mapping[str, int]) -> Request:
    return {
        "copyPaste": {"source": source, "destination": destination, "pasteType": "PASTE_VALUES"}
    }


def _is_three(cell: Mapping[str, Any]) -> bool:
    return bool(cell.get("effectiveValue", {}).get("numberValue") == 3)

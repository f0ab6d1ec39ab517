"""The search itself: what leaks on purpose is found."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.books.confidentiality.checks import check_everything
from tests.books.confidentiality.search import Inside
from tests.books.confidentiality.worlds import make, reconciled
from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.redaction import Redactor
from ticketops.domain.dispatch.state import State
from ticketops.model.words import Words
from ticketops.schema.book_layouts import Book

CANARY = "Zärtlich Vögel & Söhne"


def _planted(place: str, path: Path) -> Path:
    """A workbook that holds the canary in one place."""
    if place == "file name":
        path = path.with_name(f"CLIENT - {CANARY}.xlsx")
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet(
            CANARY[:20].replace("&", "") if place == "sheet name" else "Tickets"
        )
        other = made.add_worksheet("More")
        match place:
            case "cell":
                sheet.write_string(5, 5, f"for {CANARY}!")
            case "other case":
                sheet.write_string(5, 5, CANARY.upper())
            case "joined":
                sheet.write_string(5, 5, "zärtlichvögel&söhne")
            case "apart":
                sheet.write_string(5, 5, "Zärtlich-Vögel_-_& Söhne")
            case "decomposed":
                sheet.write_string(5, 5, unicodedata.normalize("NFD", CANARY))
            case "runs":
                sheet.write_rich_string(
                    5, 5, "Zärt", made.add_format({"bold": True}), "lich Vö", "gel & Söhne"
                )
            case "two cells":
                sheet.write_row(5, 5, ["Zärtlich", "Vögel & Söhne"])
            case "formula":
                sheet.write_formula(5, 5, f'="{CANARY}"', None, "")
            case "cached value":
                sheet.write_formula(5, 5, '="A"', None, CANARY)
            case "title":
                made.set_properties({"title": CANARY})
            case "author":
                made.set_properties({"author": CANARY})
            case "custom property":
                made.set_custom_property("Client", CANARY)
            case "comment":
                sheet.write_comment(5, 5, f"ask {CANARY}")
            case "comment author":
                sheet.write_comment(5, 5, "x", {"author": CANARY})
            case "defined name":
                made.define_name("Whose", f'="{CANARY}"')
            case "hidden sheet":
                other.write_string(0, 0, CANARY)
                other.hide()
            case "very hidden sheet":
                other.write_string(0, 0, CANARY)
                other.very_hidden()
            case "hidden column":
                sheet.write_string(0, 20, CANARY)
                sheet.set_column(20, 20, 0, None, {"hidden": True})
            case "header":
                sheet.set_header(f"&C{CANARY.replace('&', '&&')}")
            case "validation":
                sheet.data_validation(
                    "A1", {"validate": "any", "input_title": "x", "input_message": CANARY}
                )
            case "list":
                sheet.data_validation("A1", {"validate": "list", "source": ["a", CANARY]})
            case "link":
                sheet.write_url(0, 0, "https://host.example/", string="x", tip=CANARY)
            case "text box":
                sheet.insert_textbox(2, 2, CANARY)
            case "picture":
                sheet.insert_textbox(2, 2, "x", {"description": CANARY})
    with zipfile.ZipFile(path, "a") as archive:
        match place:
            case "archive comment":
                archive.comment = CANARY.encode()
            case "part name":
                archive.writestr(f"customXml/{CANARY}.xml", "<a/>")
            case "wide part":
                archive.writestr("customXml/item1.bin", b"\x01\x02" + CANARY.encode("utf-16-le"))
            case "escaped":
                archive.writestr(
                    "customXml/item1.xml",
                    "<a>" + "".join(f"&#x{ord(c):x};" for c in CANARY) + "</a>",
                )
    return path


PLACES = (
    "cell",
    "other case",
    "joined",
    "apart",
    "decomposed",
    "runs",
    "two cells",
    "formula",
    "cached value",
    "title",
    "author",
    "custom property",
    "comment",
    "comment author",
    "defined name",
    "hidden sheet",
    "very hidden sheet",
    "hidden column",
    "header",
    "validation",
    "list",
    "link",
    "text box",
    "picture",
    "archive comment",
    "part name",
    "wide part",
    "escaped",
    "file name",
    "sheet name",
)


@pytest.mark.parametrize("place", PLACES)
def test_the_search_finds_a_leak(place: str, tmp_path: Path) -> None:
    inside = Inside(_planted(place, tmp_path / "book.xlsx"))
    wanted = {"sheet name": ["Zärtlich Vögel"], "two cells": ["Vögel & Söhne", "Zärtlich"]}.get(
        place, [CANARY]
    )
    assert inside.of([*wanted, "Nobody"]) == wanted


def test_the_search_finds_nothing_in_a_file_without_it(tmp_path: Path) -> None:
    inside = Inside(_planted("none", tmp_path / "book.xlsx"))
    assert inside.of([CANARY, "Vögel", "73184629"]) == []


@pytest.mark.parametrize(
    ("number", "found"),
    [(73184629.25, True), ("73,184,629.25", True), ("USD 73.184.629", True), (3184629, False)],
)
def test_the_search_finds_a_price(number: Any, found: bool, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        made.add_worksheet().write(0, 0, number)
    assert Inside(path).holds("73184629") is found


def _leaks(world_seeds: Iterable[int], folder: Path) -> str:
    """The first complaint about the books of some worlds."""
    for seed in world_seeds:
        world = make(seed)
        try:
            check_everything(world, reconciled(world), folder)
        except AssertionError as error:
            return str(error)
    return ""


def _with(book: Any, name: str, value: Any) -> Any:
    """A book-maker whose rows say something more."""

    def leaking(state: State, party: str, *args: Any, **kwargs: Any) -> Book:
        made = book(state, party, *args, **kwargs)
        for row in made.rows:
            row.values[name] = value(state)
        return made

    return leaking


def _any_vendor(state: State) -> str:
    return next(unit.vendor for unit in state.units.values() if unit.vendor)


def _any_password(state: State) -> str:
    return next((unit.password for unit in state.units.values() if unit.password), "")


def _any_company(state: State) -> str:
    return sorted(filter(None, (ticket["company"] for ticket in state.tickets.values())))[-1]


def _everybody(state: State) -> dict[str, list[Any]]:
    every = [
        ticket
        for ticket in state.tickets.values()
        if ticket["company"] and ticket["status"] != "CANCELLED"
    ]
    return {clients.client_group_key(ticket["company"]): every for ticket in every}


_no_names = Redactor([], "")


@pytest.mark.parametrize(
    ("target", "name", "value", "complaint"),
    [
        (State, "without_companies", _no_names, "holds companies"),
        (State, "without_other_suppliers", lambda _self, _key: _no_names, "holds vendors"),
        (State, "words", Words(company=""), ""),
        (suppliers, "_NOT_SOLD_ON", (), ""),
        (suppliers, "is_live", lambda _ticket: True, ""),
        (suppliers, "book", _with(suppliers.book, "block", _any_company), "holds companies"),
        (clients, "book", _with(clients.book, "inv_no", _any_vendor), "holds vendors"),
        (staff, "book", _with(staff.book, "vendor_password", _any_password), "holds passwords"),
        (clients, "by_group", _everybody, "holds companies"),
        (
            suppliers,
            "units_of",
            lambda state: {key: list(state.units.values()) for key in sorted(state.groups.keys)},
            "holds",
        ),
    ],
)
def test_a_product_that_leaks_is_found_out(
    target: Any,
    name: str,
    value: Any,
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The checks above fail where the product is broken on purpose."""
    monkeypatch.setattr(target, name, value)
    said = _leaks(range(12), tmp_path)
    assert said
    assert complaint in said

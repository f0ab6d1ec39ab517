"""Books of a small event, and what is typed into them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl.utils import column_index_from_string, get_column_letter

from tests.desk import Desk
from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.schema.book_layouts import Book, Returned
from ticketops.schema.layouts.event import DISTRIBUTION, STAFF_QUEUE, UNITS
from ticketops.services import allocation, dispatch, selling

BUILT = datetime(2026, 5, 2, 9, 30, 15)
BOOK_ID = "6f1c2a52-1111-4c4c-8888-0123456789ab"
INPUTS = {
    "client": ("AB", "AC", "AD", "AE", "AF"),
    "supplier": ("AD", "AF"),
    "staff": ("Q", "R", "S", "T"),
}
FORMULAS = (
    "=1+1",
    "+33 6 12",
    "-Ruiz",
    "@home",
    "\t=2",
    '=HYPERLINK("http://x.example","y")',
    "{=1}",
    "http://x.example/",
)


@dataclass
class Event:
    """S1 (Meridian Travel VIP, M01): 4 bought, 3 allocated; S1-1 SENT with a whole guest, S1-2 with
    a name only, S1-3 ISSUE. S2 (Harbour Events, M02): 2 of the supplier POVAMI, who also sold us 2
    of M01 Cat 3 that nobody has. S3 (Meridian Travel Ltd, M02 Cat 1): 1, allocated."""

    desk: Desk
    state: State

    def client(self, group: str = "meridian travel") -> Book:
        return self._dated(clients.book(self.state, group, clients.tickets_of(self.state, group)))

    def supplier(self) -> Book:
        return self._dated(
            suppliers.book(
                self.state,
                "POVAMI",
                suppliers.units_of(self.state)["POVAMI"],
                suppliers.tickets_by_unit(self.state),
            )
        )

    def staff(self, *, passwords: bool = False) -> Book:
        pairs = staff.tasks_by_person(self.state)["kim@desk.example"]
        return self._dated(staff.book(self.state, "kim@desk.example", pairs, passwords=passwords))

    @staticmethod
    def _dated(book: Book) -> Book:
        return replace(book, book_id=BOOK_ID, built_at=BUILT)


def make_event() -> Event:
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 3), ("M02", "Cat 1", 1))
    desk.buy(("M02", "Cat 2", 2), ("M01", "Cat 3", 2), vendor="Povami", contract="000888")
    desk.sell(("M01", "Cat 1", 4), client="Meridian Travel VIP")
    desk.sell(("M02", "Cat 2", 2), client="Harbour Events")
    desk.sell(("M02", "Cat 1", 1), client="Meridian Travel Ltd")
    desk.do(dispatch.supplier_map("POVAMI", ["Povami"], []))
    desk.do(selling.sale_approve("S1", "the fourth is ordered"))
    for sale in ("S2", "S3"):
        desk.do(allocation.allocate_commit(sale))
    for row in range(3, 10):
        if desk.frame(DISTRIBUTION)["unit_ids"][row - 3]:
            for name, value in (("block", "0104"), ("seat_row", "7"), ("seat", str(10 + row))):
                desk.set(DISTRIBUTION, row, name, value)
    for row, password in enumerate(desk.rows(UNITS, "unit_id"), start=2):
        desk.set(UNITS, row, "password", f"pw-{password}")
        desk.set(UNITS, row, "email", "desk@vendor.example")
    guest = {
        "client_notes": "=1+1",
        "first_name": "+Ana",
        "last_name": "-Ruiz",
        "client_email": "ana@guest.example",
        "comment": "@home",
    }
    for name, value in guest.items():
        desk.set(DISTRIBUTION, 3, name, value)
    desk.set(DISTRIBUTION, 3, "delivery", "SENT")
    desk.set(DISTRIBUTION, 3, "dispatched_at", datetime(2026, 5, 1, 14, 5))
    desk.set(DISTRIBUTION, 4, "first_name", "Bo")
    desk.set(DISTRIBUTION, 5, "delivery", "ISSUE")
    desk.set(DISTRIBUTION, 9, "first_name", "Cy")
    desk.set(DISTRIBUTION, 9, "client_email", "cy@guest.example")
    desk.do(dispatch.staff_queue())
    tasks = desk.rows(STAFF_QUEUE, "task_id")
    desk.do(
        dispatch.staff_assign(
            ["kim@desk.example"],
            task_ids=tasks,
            matches=[],
            unassigned=False,
            from_person="",
            priority="",
            reopen=False,
        )
    )
    desk.set(DISTRIBUTION, 9, "client_email", None)
    desk.do(dispatch.staff_queue())  # the task of S3-1 is not ready any more
    return Event(desk, State.of(desk.store.read(*SHEETS)))


kinds = pytest.mark.parametrize("kind", ["client", "supplier", "staff"])


def hidden_letters(sheet: Any) -> set[str]:
    """Letters of the hidden columns, of groups too."""
    found = set()
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden:
            first = dimension.min or column_index_from_string(dimension.index)
            found |= {get_column_letter(i) for i in range(first, (dimension.max or first) + 1)}
    return found


OPEN = {
    "client": {
        4: ("AB", "AC", "AD", "AE", "AF", "AG"),
        5: (*INPUTS["client"], "AG"),
        6: INPUTS["client"],
        7: (),
        8: (*INPUTS["client"], "AG"),
    },
    "supplier": {4: (), 5: (), 6: INPUTS["supplier"], 7: INPUTS["supplier"]},
    "staff": {4: INPUTS["staff"], 5: ()},
}
"""{kind: {row: the letters that its readers may type into}}"""
LINES = {"client": {"AF10", "AF11", "AF12"}}
"""In a file, where a client writes about a ticket that is missing or wrong."""


_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\t"), max_size=20
)
tricky = st.one_of(
    _texts,
    st.sampled_from(
        [
            *FORMULAS,
            "_x0041_",
            "_x000D_",
            " lead",
            "trail ",
            "a\r\nb",
            "a\nb",
            "|",
            "!",
            "#N/A",
            "TRUE",
            "1.0",
            "0012",
            "é",
            "e\u0301",
            "😀",
            "שלום",
            "\u202e",
            "﻿",
            "\x85",
            "\u2028",
            "x" * 300,
            "x" * 301,
            "é" * 5000,
            "2026-05-01",
        ]
    ),
)


def edits(back: Returned) -> dict[tuple[str, str], str]:
    """{(key, column): new text} of the cells that differ from the base."""
    from ticketops.schema.book_layouts import LAYOUTS, is_text, typed_text

    assert back.base is not None
    base = {row.key: row for row in back.base}
    found = {}
    for row in back.rows:
        for name in back.positions:
            text = typed_text(LAYOUTS[back.kind].by_name[name], row.values.get(name))
            if not is_text(base[row.key].texts[name] if row.key in base else "", text):
                found[row.key, name] = text
    return found


KEY_OF_S2 = "S_00000000-0000-0000-0000-00000000000a#"
TYPED: dict[str, dict[str, tuple[str, str, str]]] = {
    "client": {
        "AC5": ("S1-2", "first_name", "Zoë 😀"),
        "AD5": ("S1-2", "last_name", "Müller-Łęcka"),
        "AE5": ("S1-2", "client_email", "zoe@guest.example"),
        "AF5": ("S1-2", "comment", "after 5pm\nplease"),
        "AB6": ("S1-3", "client_notes", "שלום"),
        "AD8": ("S3-1", "last_name", "0012"),
        "AG4": ("S1-1", "delivery", "ACCEPTED"),
    },
    "supplier": {
        "AD6": (f"{KEY_OF_S2}1", "delivery", "UPLOADED"),
        "AF7": (f"{KEY_OF_S2}2", "dispatch_notes", "gate 4, ask for Bo"),
    },
    "staff": {
        "Q4": ("T00001", "dispatch_status", "ISSUE"),
        "S4": ("T00001", "staff_notes", "bounced"),
        "T4": ("T00001", "proof_url", "https://proof.example/1"),
    },
}
"""{kind: {cell: (key, column, what is typed)}}"""

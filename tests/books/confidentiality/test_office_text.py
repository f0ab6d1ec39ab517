"""What the office wrote, and what the client typed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.books.confidentiality.by_hand import a_world, client_row
from tests.books.confidentiality.checks import books_of, check_client, check_supplier
from tests.books.confidentiality.worlds import World, make, reconciled, stored
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.model import book_kinds
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS

OFFICE_TEXT = "Alpha Tickets gave these to Blue Heron first, not to Orchid"


def test_a_client_reads_its_own_words_to_the_letter() -> None:
    """Also those that name others: it typed them, and the next file must not seem to have changed
    them."""
    typed = {"client_notes": "we are with Blue Heron", "comment": "Alpha Tickets?  \n=1+1"}
    state = a_world(
        ticket=typed,
        client_inputs=[
            {"sales_id": "S1-1", "client_group": "orchid", "typed": "client_notes,comment", **typed}
        ],
    )
    assert {name: client_row(state)[name] for name in typed} == typed


@pytest.mark.parametrize("name", ["comment", "client_notes"])
def test_a_client_reads_no_names_in_what_the_office_wrote(name: str) -> None:
    world = World(random.Random(0))
    world.sheets = {
        UNITS: [{"unit_id": "P00001", "vendor": "Alpha Tickets", "status": "ALLOCATED"}],
        DISTRIBUTION: [
            {
                "sales_id": "S1-1",
                "row_type": "Sales",
                "company": "Orchid",
                "unit_ids": "P00001",
                name: OFFICE_TEXT,
            },
            {"sales_id": "S2-1", "row_type": "Sales", "company": "Blue Heron"},
        ],
    }
    state = State.of(stored(world).read(*SHEETS))
    assert (
        client_row(state)[name] == "our supplier gave these to another client first, not to Orchid"
    )


@pytest.mark.parametrize("name", ["comment", "client_notes"])
def test_nor_after_everything_was_settled(name: str) -> None:
    assert (
        client_row(a_world(ticket={name: OFFICE_TEXT}))[name]
        == "our supplier gave these to another client first, not to Orchid"
    )


some_seeds = pytest.mark.parametrize(
    "first", [7000, *(pytest.param(first, marks=pytest.mark.slow) for first in (7005, 7010))]
)


@some_seeds
def test_what_the_office_wrote_in_books_made_without_settling(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 5):
        world = make(seed, office=True)
        world.words.clear()
        state = State.of(stored(world).read(*SHEETS))
        _check_books(world, state, tmp_path, book_kinds.CLIENT)


@some_seeds
def test_what_the_office_wrote_in_books_made_after_settling(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 5):
        world = make(seed, office=True)
        _check_books(world, reconciled(world), tmp_path, book_kinds.CLIENT)


@some_seeds
def test_what_the_office_wrote_in_books_of_suppliers(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 5):
        world = make(seed, office=True)
        _check_books(world, reconciled(world), tmp_path, book_kinds.SUPPLIER)


def _check_books(world: World, state: State, folder: Path, kind: str) -> None:
    check = {book_kinds.CLIENT: check_client, book_kinds.SUPPLIER: check_supplier}[kind]
    for made in books_of(state, folder):
        if made.kind == kind:
            check(world, made)


@pytest.mark.parametrize("column", ["inv_no", "game", "block", "seat_row", "seat", "category"])
def test_no_column_of_a_client_names_a_vendor_or_another_client(column: str) -> None:
    shown = client_row(a_world(ticket={column: "Alpha Tickets 4711, was Blue Heron's"}))[column]
    assert "Alpha" not in shown
    assert "Heron" not in shown

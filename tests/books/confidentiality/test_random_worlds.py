"""What no reader of a book may know is not in its file (§7, §9c, D3, D10, D13).

Random workbooks in which every name, price, password, address, login, note and guest is a word of
its own. Every book made from them is unzipped, and every part is searched for the words that its
reader may not know; what it must hold is looked up as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.books.confidentiality.checks import check_everything, check_queue
from tests.books.confidentiality.worlds import again, make, reconciled


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(first, marks=pytest.mark.slow) for first in (20, 40, 60, 80, 100))]
)
def test_no_book_holds_what_its_reader_may_not_know(first: int, tmp_path: Path) -> None:
    """120 workbooks, a thousand books."""
    books = 0
    for seed in range(first, first + 20):
        world = make(seed, office=bool(seed % 2))
        state = reconciled(world)
        check_queue(world, state)
        books += check_everything(world, state, tmp_path)
    assert books > 100


@pytest.mark.slow
@pytest.mark.parametrize("first", [5000, pytest.param(5008, marks=pytest.mark.slow)])
def test_what_was_written_and_read_again(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 8):
        world = make(seed, office=bool(seed % 2))
        state = again(reconciled(world))
        check_queue(world, state)
        check_everything(world, state, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(10_000, 10_200, 100))
def test_no_book_holds_what_its_reader_may_not_know_at_length(first: int, tmp_path: Path) -> None:
    """400 more workbooks, each also as it is read again: some 6,500 books."""
    for seed in range(first, first + 100):
        world = make(seed, office=bool(seed % 2))
        state = reconciled(world)
        check_queue(world, state)
        check_everything(world, state, tmp_path)
        state = again(state)
        check_queue(world, state)
        check_everything(world, state, tmp_path)

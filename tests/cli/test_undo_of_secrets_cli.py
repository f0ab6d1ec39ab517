"""No undo brings a password back in the clear, nor one that no key opens, whatever else stands in
the workbook (D13)."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest

from tests.cli.disk import holding
from tests.cli.workbooks import manager_of, type_into
from tests.conftest import ROOT, Runner

pytestmark = pytest.mark.slow

PLAIN = "canary-Pw-71"


@pytest.fixture(scope="session")
def source() -> Path:
    return ROOT / "sample_workbooks" / "small.xlsx"


@pytest.fixture
def environment(book: Path, tmp_path: Path) -> dict[str, str]:
    return manager_of(book, tmp_path)


def cell(book: Path, place: str) -> str:
    return str(openpyxl.load_workbook(book)["_PURCHASE_UNITS"][place].value)


SINCE = ("nobody", "typed elsewhere", "it stands in the clear", "a new one stands in the clear")
"""What somebody did to the workbook between a command and its undo."""


def meanwhile(book: Path, what: str, value: str) -> None:
    if what == "typed elsewhere":
        type_into(book, "Sales", M2="typed since")
    elif what == "it stands in the clear":
        type_into(book, "_PURCHASE_UNITS", V9=value)
    elif what == "a new one stands in the clear":
        type_into(book, "_PURCHASE_UNITS", V9="another-Pw")


@pytest.mark.parametrize("what", SINCE)
def test_an_undo_of_a_seal_is_refused(here: Runner, book: Path, what: str) -> None:
    type_into(book, "_PURCHASE_UNITS", V2=PLAIN, V3=PLAIN)
    assert here("credentials", "seal").code == 0
    assert cell(book, "V2").startswith("sealed:")
    meanwhile(book, what, PLAIN)
    before = book.read_bytes()
    for words in (("undo", "-y"), ("undo", "-n")):
        done = here(*words)
        assert (done.code, "in plain text" in done.err) == (4, True), done.err
        assert PLAIN not in done.err + done.out
    assert book.read_bytes() == before


@pytest.mark.parametrize("what", SINCE)
def test_an_undo_of_a_rotation_that_sealed_is_refused(here: Runner, book: Path, what: str) -> None:
    """A rotation seals what was not."""
    assert here("credentials", "seal").code == 0
    type_into(book, "_PURCHASE_UNITS", V2=PLAIN)
    assert here("credentials", "rotate").code == 0
    meanwhile(book, what, PLAIN)
    before = book.read_bytes()
    done = here("undo", "-y")
    assert (done.code, "in plain text" in done.err) == (4, True), done.err
    assert book.read_bytes() == before


@pytest.mark.parametrize(
    ("how", "what"),
    [
        *(("dropped", what) for what in SINCE),
        ("deleted", SINCE[0]),
        ("another", SINCE[2]),
        ("no setting", SINCE[1]),
    ],
)
def test_an_undo_of_a_rotation_whose_key_is_gone_is_refused(
    here: Runner, book: Path, tmp_path: Path, what: str, how: str
) -> None:
    type_into(book, "_PURCHASE_UNITS", V2=PLAIN)
    keys = tmp_path / "keys"
    assert here("credentials", "seal").code == 0
    old = cell(book, "V2")
    if how == "another":
        shutil.copy(keys, tmp_path / "kept")
    assert here("credentials", "rotate").code == 0
    new = cell(book, "V2")
    assert old != new
    meanwhile(book, what, old)
    setting = {}
    if how == "dropped":
        assert here("credentials", "rotate", "--drop-old").code == 0  # and rotates once more
    elif how == "deleted":
        keys.unlink()
    elif how == "another":
        keys.write_text(
            "".join(
                line
                for line in keys.read_text().splitlines(keepends=True)
                if line not in (tmp_path / "kept").read_text()
            )
        )
    else:
        setting = {"key_file": ""}
    before = book.read_bytes()
    done = here("undo", "-y", **setting)
    reasons = ["no current key opens"]
    if how == "dropped" and what == SINCE[3]:
        reasons = ["in plain text"]
    assert (done.code, [r for r in reasons if r in done.err]) == (4, reasons), done.err
    assert book.read_bytes() == before


@pytest.mark.parametrize("what", SINCE[:2])
def test_an_undo_of_a_rotation_with_both_keys_is_made(here: Runner, book: Path, what: str) -> None:
    type_into(book, "_PURCHASE_UNITS", V2=PLAIN)
    assert here("credentials", "seal").code == 0
    old = cell(book, "V2")
    assert here("credentials", "rotate").code == 0
    meanwhile(book, what, old)
    assert here("undo", "-y").code == 0
    assert cell(book, "V2") == old


def test_where_nothing_is_sealed_an_undo_puts_back_what_stands_in_the_clear_anyway(
    here: Runner, book: Path
) -> None:
    """It is the office's choice not to seal; nothing is told that the workbook does not tell."""
    assert holding(book.parent, "Sample-Login-01")
    done = here("allocate", "auto")
    assert done.code in (0, 1)
    assert here("undo", "-y").code == 0

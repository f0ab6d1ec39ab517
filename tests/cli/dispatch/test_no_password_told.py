"""The canary: every command there is, on a workbook whose every secret cell holds it; and no password
comes out of any."""

from __future__ import annotations

import itertools
import shutil
import traceback
from pathlib import Path

import openpyxl
import pytest

from tests.cli.disk import holding
from tests.cli.dispatching import PLAIN, Do
from tests.cli.everything import EVENTFUL
from tests.cli.tree import every_command
from tests.conftest import Runner

SEALED = "sealed:gAAAAA"
ELSEWHERE = ("google ", "db ", "workbook ", "portfolio")
"""They touch no workbook, or ask for a database: `tests/postgres` runs them."""
SECRET = ("Password", "VendorPassword", "Password behind the Email TAB")


def test_the_list_of_commands_is_whole() -> None:
    mine = (name for name in every_command() if not name.startswith(ELSEWHERE))
    assert {
        name for name in mine if not any(" ".join(words).startswith(name) for words in EVENTFUL)
    } == set()


def sealed_or_plain(book: Path) -> set[str]:
    """Fill every cell of every secret column with a canary of its own; the texts."""
    loaded = openpyxl.load_workbook(book)
    made = itertools.count()
    texts = set()
    credentials = loaded["_VENDOR_CREDENTIALS"]
    for column, value in enumerate(
        ("Ann Tickets", "a1", "ann@accounts.example.com", None, True), 1
    ):
        credentials.cell(2, column).value = value
    for page in loaded:
        header_row = 2 if page.title == "Distribution" else 1
        for head in [cell for cell in page[header_row] if cell.value in SECRET]:
            for row in range(header_row + 1, max(page.max_row, header_row + 1) + 1):
                if any(cell.value is not None for cell in page[row]):
                    page.cell(row, head.column).value = f"{PLAIN}-{next(made):03d}"
                    texts.add(page.cell(row, head.column).value)
    loaded.save(book)
    return texts


@pytest.mark.slow
@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "sealed"])
def test_no_command_tells_a_password(here: Runner, do: Do, book: Path, is_sealed: bool) -> None:
    """Neither in its output, as text, as JSON, in a dry run or with --debug, nor in the journal,
    the memory of books, or a book."""
    do("supplier", "build", "--all")  # so that _SUPPLIER_QUEUE has rows
    for path in (book.parent / "books").iterdir():
        path.unlink()
    shutil.rmtree(book.with_name("event.xlsx.ticketops"))
    assert len(sealed_or_plain(book)) > 40
    if is_sealed:
        assert here("credentials", "seal", "--purge-backups", role="ops_manager").code == 0
        for stale in (book.with_name("event.xlsx.ticketops") / "backups").iterdir():
            stale.unlink()
    printed, ended = [], {}
    for words in EVENTFUL:
        if words == ["credentials", "rotate"] and not is_sealed:
            continue
        own = ["-w", str(book)] if words[0] not in ("init", "sample") else []
        writes = "-n" if words[0] not in ("status", "log", "init", "sample") else "-q"
        for more in (
            ([writes, "--debug"], ["--json"]) if is_sealed else ([writes, "--json"], ["--debug"])
        ):
            try:
                done = here(*words, *own, *more, role="super_admin", user="anna")
                printed.append(done.out + done.err)
                ended.setdefault(" ".join(words[:2]), set()).add(done.code)
            except Exception as error:
                printed.append("".join(traceback.format_exception(error)))
    assert not [text for text in printed if PLAIN in text or SEALED in text]
    assert not [name for name, ends in ended.items() if 70 in ends]
    done_at_least = {
        "staff build",
        "client build",
        "supplier build",
        "dispatch sync",
        "allocate commit",
        "undo -y",
        "event swap",
        "sale cancel",
        "client pull",
        "staff mark",
        "unit hold",
    }
    done_at_least |= (
        {"credentials assign"} if is_sealed else set()
    )  # a plain one is sealed before it is copied: it takes a key
    if not is_sealed:  # undo is refused where it would bring a plain password back (D19)
        done_at_least.remove("undo -y")
    assert {name: ended[name] for name in done_at_least if not ended[name] & {0, 1}} == {}
    home = book.with_name("event.xlsx.ticketops")
    assert holding(book.parent / "books", PLAIN, SEALED) == []
    assert holding(home / "journal", PLAIN, SEALED) == []
    assert not [
        path.name
        for path in home.iterdir()
        if path.is_file() and PLAIN.encode() in path.read_bytes()
    ]
    if is_sealed:
        assert [name for name in holding(book.parent, PLAIN) if "keys" not in name] == []

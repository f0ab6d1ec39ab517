"""Who may read a book, and which file is whose."""

from __future__ import annotations

import stat
import unicodedata
from pathlib import Path

import pytest

from tests.cli.dispatching import ASSIGN, Do, client_book, fill, rows_of, staff_book
from tests.conftest import Runner
from ticketops.model import book_kinds
from ticketops.schema.book_layouts import file_name


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_book_with_passwords_inherits_no_rights(here: Runner, do: Do, book: Path) -> None:
    """Whatever stood there was open to all; the copy of what was typed is its owner's alone too."""
    do(*ASSIGN)
    do("staff", "build", "--all")
    path = staff_book(book)
    path.chmod(0o666)
    done = here("staff", "build", "--all", "--with-passwords", role="ops_manager")
    assert (done.code, rights(path)) == (0, 0o600), done.err
    path.chmod(0o664)  # Excel saves a file with the rights of its folder
    fill(path, path, {"T00001": {"Dispatch notes": "x"}}, key="TaskID")
    done = here("staff", "build", "--all", "--with-passwords", role="ops_manager")
    assert (done.code, rights(path)) == (0, 0o600), done.err
    kept = list((path.parent / "returned").iterdir())
    assert [rights(one) for one in kept] == [0o600]


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664])
def test_another_book_keeps_its_rights(here: Runner, do: Do, book: Path, mode: int) -> None:
    do("client", "build", "--all")
    path = client_book(book)
    path.chmod(mode)
    do("sale", "add", "--client", "Acme Ltd", "--line", "M02:Cat 2:1@90", "--again")
    do("client", "build", "--all")
    assert rights(path) == mode


def test_a_prepared_link_is_not_written_through(here: Runner, do: Do, book: Path) -> None:
    victim = book.parent / "victim"
    victim.write_bytes(b"precious")
    path = client_book(book)
    path.parent.mkdir()
    path.symlink_to(victim)
    here("client", "build", "--all")
    assert victim.read_bytes() == b"precious"


def test_a_client_s_book_that_is_handed_out_has_its_older_name_too(do: Do, book: Path) -> None:
    """For scripts that know it in small letters; what stands there is left alone and told. In the
    folder of the books, where people type, there is one file a book."""
    do("client", "build", "--all")
    assert not client_book(book).with_name("CLIENT - acme.xlsx").exists()
    out = book.parent / "out"
    do("client", "build", "--all", "-o", str(out))
    path, older = out / "CLIENT - Acme Ltd.xlsx", out / "CLIENT - acme.xlsx"
    assert older.read_bytes() == path.read_bytes()
    older.unlink()
    older.write_bytes(b"somebody's own")
    do("sale", "add", "--client", "Acme Ltd", "--line", "M02:Cat 2:1@90", "--again")
    made = do("client", "build", "--all", "-o", str(out))
    assert {one["state"] for one in made["books"]} >= {"rebuilt"}
    assert older.read_bytes() == b"somebody's own"
    assert path.read_bytes() != b"somebody's own"


KEYS = [unicodedata.normalize(form, "CAFÉ ÅNGSTRÖM") for form in ("NFC", "NFD")]


def test_a_supplier_key_in_two_unicode_forms_is_one_supplier(
    here: Runner, do: Do, book: Path
) -> None:
    """Two keys that look alike would be two suppliers, whose books are one file on some disks."""
    assert KEYS[0] != KEYS[1]
    do("supplier", "unmap", "BEE")
    do("supplier", "map", KEYS[0], "--vendor", "Ann Tickets")
    do("supplier", "map", KEYS[1].lower(), "--vendor", "Bee Seats")
    assert {row["SupplierKey"] for row in rows_of(book, "_SUPPLIER_GROUPS")} == {KEYS[0]}
    made = do("supplier", "build", "--all")["books"]
    assert [(one["party"], one["rows"]) for one in made] == [(KEYS[0], 12)]
    assert do("supplier", "build", KEYS[1])["books"][0]["state"] == "unchanged"
    assert len(list((book.parent / "books").glob("SUPPLIER*"))) == 1


@pytest.mark.parametrize("kind", [book_kinds.CLIENT, book_kinds.SUPPLIER, book_kinds.STAFF_BOOK])
def test_two_parties_never_share_a_file(kind: str) -> None:
    """Nor on a disk that takes all Unicode forms of a name for one."""
    names = [file_name(kind, key) for key in KEYS]
    assert len({unicodedata.normalize("NFC", name) for name in names}) == 2
    assert names[0].removesuffix(".xlsx").endswith(KEYS[0])

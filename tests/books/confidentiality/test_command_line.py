"""All books of a random workbook, made by the real command line."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.books.confidentiality.checks import (
    Made,
    check_client,
    check_staff,
    check_supplier,
    is_sent_by_staff,
)
from tests.books.confidentiality.search import Inside, table
from tests.books.confidentiality.worlds import NOW, World, make
from tests.conftest import Result, run_cli
from ticketops.model import book_kinds
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    BOOKS,
    EVENT,
    HOLDS,
    POLICIES,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    VENDOR_CREDENTIALS,
)


def _in_a_file(world: World, path: Path) -> None:
    """A world typed into an empty workbook by openpyxl, with sheets that no book is made of, full
    of secrets too."""
    world.sheets |= {
        VENDOR_CREDENTIALS: [
            {
                "vendor": v.name,
                "login_id": v.login,
                "email": v.email,
                "password": world.secret(world.passwords),
                "active": True,
                "notes": world.secret(world.internal),
            }
            for v in world.vendors
        ],
        ALLOC_LOG: [
            {
                "timestamp": NOW,
                "user": world.secret(world.internal),
                "action": "ALLOCATE",
                "reason": world.secret(world.internal),
            }
        ],
        POLICIES: [
            {
                "scope": "client",
                "key": world.clients[0].name,
                "mode": "SUGGEST",
                "user": world.secret(world.internal),
                "vendor_whitelist": world.vendors[0].name,
            }
        ],
        HOLDS: [
            {
                "unit_id": "P09999",
                "client": world.clients[0].name,
                "reason": world.secret(world.internal),
            }
        ],
    }
    for word in world.words:
        ticket = next(ticket for ticket in world.tickets if ticket.key == word.sales_id)
        ticket.values[word.field] = word.value
    world.words.clear()
    book = openpyxl.load_workbook(path)
    for name, rows in world.sheets.items():
        sheet = EVENT[name]
        if name == SUPPLIER_GROUPS:
            continue
        if name not in book.sheetnames:
            book.create_sheet(name).append([column.header for column in sheet.columns])
        page = book[name]
        headers = [cell.value for cell in page[sheet.header_row]]
        for number, row in enumerate(rows, start=sheet.header_row + 1):
            for column in sheet.columns:
                if row.get(column.name) is None:
                    continue
                places = [
                    i
                    for i, header in enumerate(headers, start=1)
                    if header in (column.header, *column.aliases)
                ]
                if not places:
                    headers.append(column.header)
                    places = [len(headers)]
                    page.cell(sheet.header_row, len(headers), column.header)
                page.cell(number, places[column.occurrence - 1], row[column.name])
    book.save(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "sealed"), [pytest.param(0, False, marks=pytest.mark.slow), (7, True)]
)
def test_the_books_of_the_command_line(
    seed: int, sealed: bool, empty: Path, tmp_path: Path
) -> None:
    """All books of a random workbook, made by the real commands in processes of their own."""
    world = _unambiguous(seed)
    _in_a_file(world, empty)
    env = {
        "TICKETOPS_WORKBOOK": str(empty),
        "TICKETOPS_ROLE": "ops_manager",
        "TICKETOPS_USER": "anna",
        "TICKETOPS_KEY_FILE": str(tmp_path / "keys" / "k"),
    }

    def at(*words: str) -> Result:
        done = run_cli(*words, env=env, cwd=tmp_path)
        assert done.code in (0, 1), (words, done.err)
        return done

    for row in world.sheets[SUPPLIER_GROUPS]:
        at(
            "supplier",
            "map",
            row["supplier_key"],
            *(("--vendor", row["vendor"]) if row["vendor"] else ("--email", row["email_pattern"])),
        )
    if sealed:
        at("credentials", "seal", "-y")
    for kind in ("client", "supplier", "staff"):
        at(kind, "build", "--all", "-o", str(tmp_path / "out"))
    at("staff", "build", "--all", "-o", str(tmp_path / "secret"), "--with-passwords")
    at("dispatch", "sync")
    at("client", "build", "--all", "-o", str(tmp_path / "later"))
    groups = {
        Path(row["File"]).name: row["Party"]
        for row in table(empty, BOOKS, header=1)
        if row["Kind"] == book_kinds.CLIENT
    }
    assert set(groups.values()) == {t.client.group for t in world.tickets if t.client and t.live}
    keys = {
        f"SUPPLIER - {key}.xlsx": key for v in world.vendors if len(v.keys) == 1 for key in v.keys
    }
    sent = [ticket for ticket in world.tickets if ticket.live and is_sent_by_staff(world, ticket)]
    people = {
        f"STAFF - Dispatch - {person}.xlsx": person for ticket in sent for person in ticket.people
    }
    files = {path.name for path in (tmp_path / "out").iterdir() if not path.is_symlink()}
    assert {name for name in files if name.startswith("CLIENT")} == set(groups)
    assert {name for name in files if name.startswith("STAFF")} == set(people)
    assert (
        {name for name in files if name.startswith("SUPPLIER")}
        == {name for name in keys if name in files}
        != set()
    )
    assert {path.name for path in (tmp_path / "secret").iterdir()} == set(people)
    for folder in ("out", "secret", "later"):
        for path in (tmp_path / folder).iterdir():
            if path.is_symlink():  # the older name of a client's book
                assert path.name == f"CLIENT - {groups[path.readlink().name]}.xlsx"
                continue
            inside = Inside(path)
            if path.name in groups:
                check_client(
                    world,
                    Made(
                        book_kinds.CLIENT, groups[path.name], path, passwords=False, inside=inside
                    ),
                )
            elif path.name in keys:
                check_supplier(
                    world,
                    Made(
                        book_kinds.SUPPLIER, keys[path.name], path, passwords=False, inside=inside
                    ),
                )
            else:
                check_staff(
                    world,
                    Made(
                        book_kinds.STAFF_BOOK,
                        people[path.name],
                        path,
                        passwords=folder == "secret",
                        inside=inside,
                    ),
                )
            assert not inside.holds("sealed:gAAAA")
    queue = [row for row in table(empty, SUPPLIER_QUEUE, header=1) if row["SupplierKey"]]
    assert {row["Company"] for row in queue} == {"MIRRA"}
    assert {row["Notes"] for row in queue} == {None}


def _unambiguous(seed: int) -> World:
    """The first world from a seed on in which nobody claims another's vendors."""
    while True:
        world = make(seed)
        if all(len(vendor.keys) < 2 for vendor in world.vendors) and any(
            ticket.live and ticket.people and is_sent_by_staff(world, ticket)
            for ticket in world.tickets
        ):
            return world
        seed += 1

"""Users who are limited: to capabilities, to some clients, to some suppliers (§15)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.dispatching import client_book, fill, supplier_book, tickets_of
from tests.conftest import Runner
from ticketops.engine import flows, scoping
from ticketops.engine.permissions import NEEDED
from ticketops.model.roles import FLOW, LEVEL

OFFICE = {"user": "olga"}
MINE = {"user": "bo"}
"""Limited to Bolt."""


@pytest.fixture
def ok(here: Runner) -> Callable[..., Any]:
    """A command that must succeed; what it says."""
    manager = {"role": "ops_manager"}
    assert here("user", "set", "olga", "--role", "super_admin", **manager).code == 0

    def command(*words: str, **more: str) -> Any:
        done = here(*words, **(more or OFFICE))
        assert done.code == 0, done.out + done.err
        return done

    return command


@pytest.fixture
def bolt(ok: Callable[..., Any]) -> Callable[..., Any]:
    """The same, where bo is limited to Bolt."""
    ok("user", "set", "bo", "--role", "sr_operator", "--clients", "bolt")
    return ok


# --- clients


def test_lists_show_the_rows_of_the_clients_only(bolt: Callable[..., Any]) -> None:
    sales = bolt("sale", "list", "--json", **MINE).json["result"]["sales"]
    assert [sale["sales_id"] for sale in sales] == ["S4", "S5"]
    tickets = bolt("ticket", "list", "--json", **MINE).json["result"]["tickets"]
    assert {ticket["sales_id"].partition("-")[0] for ticket in tickets} == {"S4", "S5"}
    everybody = bolt("sale", "list", "--json").json["result"]["sales"]
    assert len(everybody) == 5, "nobody else is limited"


SHOWN = (
    ("sale", "list"),
    ("ticket", "list"),
    ("refund", "list"),
    ("unit", "list"),
    ("unit", "holds"),
    ("client", "list"),
    ("client", "groups"),
    ("client", "views"),
    ("contract", "list"),
    ("dispatch", "status"),
    ("staff", "tasks", "--all"),
    ("allocate", "log"),
    ("purchase", "show", "P00001"),
    ("sale", "show", "S4"),
    ("client", "view", "Bolt"),
    ("report", "position"),
)


def test_nothing_of_another_client_is_shown(bolt: Callable[..., Any]) -> None:
    for client in ("Acme Ltd", "Bolt"):
        bolt("client", "add", client, "--code", client[:2].upper())
    bolt("client", "view", "Acme Ltd", "--match", "M01", "--save-view", "acme view")
    bolt("override", "unallocate", "S1", "--reason", "x", "--confirm", "UNDO")
    bolt("unit", "hold", "P00006", "--client", "Acme Ltd", "--until", "2099-01-01", "--reason", "x")
    for words in SHOWN:
        shown = bolt(*words, "--json", **MINE)
        assert "acme" not in (shown.out + shown.err).lower(), words


def test_a_sale_of_another_client_is_not_found(bolt: Callable[..., Any], here: Runner) -> None:
    for words in (("sale", "show", "S1"), ("client", "view", "Acme Ltd")):
        done = here(*words, **MINE)
        assert done.code != 0, words
        assert "Acme" not in done.out


WRITTEN = (
    ("sale", "add", "--client", "Acme Ltd", "--line", "M01:Cat 1:1@10", "--again"),
    ("sale", "cancel", "S1", "--reason", "x", "--confirm", "UNDO"),
    ("sale", "set", "S1", "--notes", "x"),
    ("client", "copy-down", "S2-1", "--overwrite"),
    ("client", "set", "Acme Ltd", "--address", "x"),
    ("client", "build", "Acme Ltd"),
    ("staff", "mark", "SENT", "T00001"),
    ("unit", "hold", "P00006", "--client", "Acme Ltd", "--until", "2099-01-01", "--reason", "x"),
)


def test_what_is_of_another_client_is_not_written(
    bolt: Callable[..., Any], here: Runner, book: Path
) -> None:
    bolt("client", "add", "Acme Ltd")
    bolt("override", "unallocate", "S1", "--reason", "x", "--confirm", "UNDO")
    before = book.read_bytes()
    for words in WRITTEN:
        for dry in ((), ("--dry-run",)):
            done = here(*words, *dry, **MINE)
            assert (done.code, done.out) == (6, ""), (words, done.err)
            assert "Clients in _USERS is Bolt" in done.err, words
            way = "`ticketops user set bo --clients NAMES` changes that; olga may run it"
            assert way in done.err, words
    assert book.read_bytes() == before


def test_a_refusal_says_nothing_of_another_client(
    bolt: Callable[..., Any], here: Runner, book: Path
) -> None:
    limit = ("--credit-limit", "777", "--credit-currency", "USD")
    bolt("client", "add", "Secret Corp", "--code", "SCX", *limit)
    contract = (
        "--type",
        "SALE",
        "--party",
        "Secret Corp",
        "--max-value",
        "555",
        "--currency",
        "USD",
    )
    bolt("contract", "add", "C-9", *contract)
    sold = bolt("sale", "add", "--client", "Secret Corp", "--line", "M01:Cat 1:1@10", "--json").out
    sale = json.loads(sold)["result"]["sales_ids"][0]
    before = book.read_bytes()
    line = ("--line", "M01:Cat 1:1@9999")
    for words in (
        ("sale", "add", "--client", "SCX", *line),
        ("sale", "add", "--client", "Sekret Corp", *line),
        ("sale", "add", "--client", "Secret Corp", *line),
        ("sale", "add", "--client", "Nobody At All", *line),
        ("sale", "add", "--client", "Bolt", "--contract", "C-9", *line),
        ("sale", "set", sale, "--price", "9999"),
        ("client", "add", "Sekret Corp"),
        ("client", "add", "Secret Corp"),
        ("client", "set", "Secrt Corp", "--address", "x"),
    ):
        done = here(*words, **MINE)
        assert (done.code, done.out) == (6, ""), (words, done.err)
        said = done.err.replace(" ".join(words), "")
        assert not {"Secret", "777", "555", "owes"} & set(said.replace(",", " ").split()), words
    assert book.read_bytes() == before


def test_what_is_of_ones_own_client_is(bolt: Callable[..., Any], book: Path) -> None:
    bolt("sale", "add", "--client", "Bolt", "--line", "M01:Cat 1:1@10", **MINE)
    bolt("client", "copy-down", "S4-1", "--overwrite", **MINE)
    bolt("sale", "set", "S4", "--notes", "x", **MINE)
    bolt("client", "view", "Bolt", "--save-view", "mine", **MINE)
    assert tickets_of(book, "Company")["S6-1"] == "Bolt"


def test_what_goes_over_all_of_them_is_refused(bolt: Callable[..., Any], here: Runner) -> None:
    for words in (("status",), ("allocate", "auto"), ("recon", "run"), ("log",), ("doctor",)):
        done = here(*words, **MINE)
        assert (done.code, done.out) == (6, ""), words
        assert "is about more than their own rows: Clients in _USERS is Bolt" in done.err


def test_books_of_all_are_those_of_ones_own(bolt: Callable[..., Any], book: Path) -> None:
    built = bolt("client", "build", "--all", "--json", **MINE).json["result"]["books"]
    assert [one["party"] for one in built] == ["bolt"]
    assert not client_book(book).exists()


def test_a_book_of_another_is_not_pulled(
    bolt: Callable[..., Any], here: Runner, book: Path, tmp_path: Path
) -> None:
    bolt("client", "merge", "ACME VIP", "--into", "Acme Ltd")
    bolt("client", "build", "--all")
    theirs = fill(client_book(book), tmp_path / "in" / "a.xlsx", {"S1-1": {"First name": "Eve"}})
    mine = fill(
        client_book(book, "bolt"), tmp_path / "in" / "b.xlsx", {"S4-1": {"First name": "Ben"}}
    )
    done = here("client", "pull", str(theirs), str(mine), **MINE)
    assert (done.code, "may not see the client Acme Ltd" in done.err) == (6, True), done.err
    bolt("client", "pull", str(mine), **MINE)
    assert tickets_of(book, "First name")["S4-1"] == "Ben"


def test_watching_leaves_the_files_of_others_alone(
    bolt: Callable[..., Any], here: Runner, book: Path, tmp_path: Path
) -> None:
    bolt("client", "merge", "ACME VIP", "--into", "Acme Ltd")
    bolt("client", "build", "--all")
    fill(client_book(book), tmp_path / "in" / "a.xlsx", {"S1-1": {"First name": "Eve"}})
    fill(client_book(book, "bolt"), tmp_path / "in" / "b.xlsx", {"S4-1": {"First name": "Ben"}})
    before, before_name = client_book(book).read_bytes(), tickets_of(book, "First name")["S1-1"]
    done = here("dispatch", "watch", str(tmp_path / "in"), "--once", "--json", **MINE)
    assert "a.xlsx is not read: bo may not see the client Acme Ltd" in done.out
    names = tickets_of(book, "First name")
    assert (names["S4-1"], names["S1-1"]) == ("Ben", before_name)
    assert client_book(book).read_bytes() == before


def test_syncing_rebuilds_the_books_of_ones_own_only(bolt: Callable[..., Any], book: Path) -> None:
    bolt("client", "merge", "ACME VIP", "--into", "Acme Ltd")
    bolt("client", "build", "--all")
    for sale in ("S1", "S4"):
        bolt("override", "unallocate", sale, "--reason", "x", "--confirm", "UNDO")
    before = client_book(book).read_bytes(), client_book(book, "bolt").read_bytes()
    books = bolt("dispatch", "sync", "--json", **MINE).json["result"]["books"]
    assert [(one["party"], one["state"]) for one in books] == [("bolt", "rebuilt")]
    assert client_book(book).read_bytes() == before[0]
    assert client_book(book, "bolt").read_bytes() != before[1]


def test_another_name_of_a_client_is_the_client(bolt: Callable[..., Any]) -> None:
    bolt("user", "set", "bo", "--clients", "Zephyr")
    assert bolt("sale", "list", "--json", **MINE).json["result"]["sales"] == []
    bolt("client", "alias", "Bolt", "Zephyr")
    sales = bolt("sale", "list", "--json", **MINE).json["result"]["sales"]
    assert [sale["sales_id"] for sale in sales] == ["S4", "S5"]


def test_an_unknown_client_is_said_and_sees_nothing(bolt: Callable[..., Any]) -> None:
    done = bolt("user", "set", "bo", "--clients", "Zebra Tours", "--json")
    assert [one["code"] for one in done.json["findings"]] == ["UNKNOWN_CLIENT"]
    assert bolt("sale", "list", "--json", **MINE).json["result"]["sales"] == []
    bolt("user", "set", "bo", "--clients", "")
    assert len(bolt("sale", "list", "--json", **MINE).json["result"]["sales"]) == 5


def test_undo_takes_back_only_what_one_did(bolt: Callable[..., Any], here: Runner) -> None:
    bolt("sale", "set", "S1", "--notes", "x")
    done = here("undo", "-y", **MINE)
    assert (done.code, "may undo only what they did, not what olga did" in done.err) == (6, True)
    bolt("sale", "set", "S4", "--notes", "x", **MINE)
    bolt("undo", "-y", **MINE)


# --- suppliers


def test_suppliers_limit_stock_and_books(ok: Callable[..., Any], here: Runner, book: Path) -> None:
    ok("supplier", "map", "ANN", "--vendor", "Ann Tickets")
    ok("user", "set", "ann", "--role", "sr_operator", "--vendor-groups", "ann")
    ann = {"user": "ann"}
    for words in (("purchase", "list"), ("unit", "list"), ("supplier", "groups")):
        said = ok(*words, "--json", **ann).out
        assert ("Ann Tickets" in said, "Bee" in said) == (True, False), words
    line = ("--match", "M01", "--line", "Cat 1:1@10")
    ok("purchase", "add", "--vendor", "Ann Tickets", *line, **ann)
    done = here("purchase", "add", "--vendor", "Bee Seats", *line, **ann)
    assert (done.code, "of another supplier" in done.err) == (6, True), done.err
    assert here("allocate", "auto", **ann).code == 6


def test_syncing_and_watching_heed_vendor_groups(
    ok: Callable[..., Any], here: Runner, book: Path, tmp_path: Path
) -> None:
    ok("supplier", "map", "ANN", "--vendor", "Ann Tickets")
    ok("user", "set", "ann", "--role", "operator", "--vendor-groups", "ann")
    ok("supplier", "build", "--all")
    for sale in ("S1", "S4"):
        ok("override", "unallocate", sale, "--reason", "x", "--confirm", "UNDO")
    bee = supplier_book(book).read_bytes()
    books = ok("dispatch", "sync", "--json", user="ann").json["result"]["books"]
    assert [(one["party"], one["state"]) for one in books] == [("ANN", "rebuilt")]
    assert supplier_book(book).read_bytes() == bee
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bee.xlsx").write_bytes(bee)
    done = here("dispatch", "watch", str(tmp_path / "in"), "--once", user="ann")
    assert "bee.xlsx is not read: ann may not see the supplier BEE" in done.out
    assert supplier_book(book).read_bytes() == bee


# --- capabilities


def test_a_user_does_what_their_capabilities_name(ok: Callable[..., Any], here: Runner) -> None:
    words = ("--role", "operator", "--capabilities", "procurement.view, Sales, exceptions.approve")
    ok("user", "set", "cy", *words)
    cy = {"user": "cy"}
    (row,) = (u for u in ok("user", "list", "--json").json["result"]["users"] if u["user"] == "cy")
    assert row["capabilities"] == "procurement.view, sales, exceptions.approve"
    for words in (("purchase", "list"), ("sale", "list"), ("status",), ("user", "list")):
        ok(*words, **cy)
    ok("sale", "set", "S4", "--notes", "x", **cy)
    ok("sale", "cancel", "S4-3", "--reason", "x", "--confirm", "UNDO", **cy)
    line = ("--match", "M01", "--line", "Cat 1:1@10")
    for words, needed in (
        (("purchase", "add", "--vendor", "Ann Tickets", *line), "procurement.edit"),
        (("client", "groups"), "clients.view"),
        (("user", "set", "cy", "--capabilities", ""), "users.approve"),
    ):
        done = here(*words, **cy)
        assert done.code == 6, words
        assert f"needs the capability {needed}" in done.err
        assert "`ticketops user set cy --capabilities NAMES` changes that; olga may" in done.err
    ok("user", "set", "cy", "--capabilities", "")
    ok("client", "groups", **cy)


def test_a_flow_named_alone_gives_what_the_role_gives(ok: Callable[..., Any], here: Runner) -> None:
    ok("user", "set", "di", "--role", "staff", "--capabilities", "sales, users.approve")
    for words in (("sale", "list"), ("user", "set", "di", "--role", "super_admin")):
        assert here(*words, user="di").code == 6, words
    ok("user", "set", "di", "--capabilities", "sales.view")
    ok("sale", "list", user="di")


def test_taking_back_needs_the_capability_too(ok: Callable[..., Any], here: Runner) -> None:
    ok("user", "set", "cy", "--role", "ops_manager", "--capabilities", "sales")
    ok("subgame", "add", "M02", "DAY", "--type", "DAY")
    done = here("undo", "-y", user="cy")
    assert (done.code, "needs the capability event.edit" in done.err) == (6, True), done.err
    ok("sale", "set", "S4", "--notes", "x")
    ok("undo", "-y", user="cy")


def test_what_is_no_capability_is_refused(ok: Callable[..., Any], here: Runner) -> None:
    for text in ("sale", "sales.all", "sales."):
        done = here("user", "set", "cy", "--capabilities", text, **OFFICE)
        assert (done.code, "there is no capability" in done.err) == (2, True)


def test_clients_and_suppliers_are_no_roles(ok: Callable[..., Any], here: Runner) -> None:
    for party in ("client", "Supplier"):
        done = here("user", "set", "cy", "--role", party, **OFFICE)
        assert done.code == 2
        assert f"`ticketops {party.lower()} build`" in done.err
    assert "build" not in here("user", "set", "cy", "--role", "boss", **OFFICE).err


def test_somebody_can_always_change_users(ok: Callable[..., Any], here: Runner) -> None:
    done = here("user", "set", "olga", "--capabilities", "sales", **OFFICE)
    assert (done.code, "nobody could change users afterwards" in done.err) == (4, True)
    ok("user", "set", "olga", "--capabilities", "sales, users")
    ok("user", "set", "olga", "--capabilities", "")


def test_an_unknown_capability_in_the_sheet_gives_nothing(
    ok: Callable[..., Any], here: Runner, book: Path
) -> None:
    import openpyxl

    ok("user", "set", "cy", "--role", "operator", "--capabilities", "sales")
    workbook = openpyxl.load_workbook(book)
    sheet = workbook["_USERS"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(3, heads["Capabilities"], "seling")
    workbook.save(book)
    assert here("sale", "list", user="cy").code == 6
    for words in (("user", "list"), ("doctor",)):
        done = here(*words, "--json", **OFFICE)
        (found,) = (one for one in done.json["findings"] if one["code"] == "UNKNOWN_CAPABILITY")
        assert (found["row"], "'seling'" in found["message"]) == (3, True), words


def test_every_job_is_of_a_flow() -> None:
    for name in NEEDED:
        flow, level = flows.capability(name)
        known = level in LEVEL or (flow, level) == ("reports", "export")
        assert name in flows.FOR_ALL or (flow in FLOW and known), name


def test_the_limits_name_jobs_that_there_are() -> None:
    assert set(scoping.OF_CLIENTS) | set(scoping.OF_SUPPLIERS) <= set(NEEDED)

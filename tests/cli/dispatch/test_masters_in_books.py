"""What master data does beyond itself: staff books, scopes of suppliers, merged clients, drop-downs
(§2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import ANA, supplier_book
from tests.conftest import Runner


def ok(done: Any) -> Any:
    assert done.code == 0, done.err
    return done


@pytest.fixture
def here(here: Runner) -> Runner:
    """The same where nobody is in _USERS: an ops_manager."""

    def command(*words: str, **more: Any) -> Any:
        return here(*words, **{"role": "ops_manager", **more})

    return command


@pytest.fixture
def staff_book(here: Runner, book: Path) -> Any:
    """Build Ana's book; {header: its values}."""

    def build(*words: str) -> dict[str, list[Any]]:
        here("staff", "build", "--all", "-q", *words)
        path = book.parent / "books" / f"STAFF - Dispatch - {ANA}.xlsx"
        sheet = openpyxl.load_workbook(path)["_MY_TASKS"]
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        head = next(at for at, row in enumerate(rows) if "TaskID" in row)
        found = {}
        for place, header in enumerate(rows[head], start=1):
            letter = openpyxl.utils.get_column_letter(place)
            if header and not sheet.column_dimensions[letter].hidden:
                found[header] = [row[place - 1] for row in rows[head + 1 :] if row[0]]
        return found

    ok(here("staff", "assign", "--to", ANA, "--unassigned"))
    return build


def test_a_vendor_s_page_and_hint_reach_the_staff_book(here: Runner, staff_book: Any) -> None:
    assert "PlatformUrl" not in staff_book()
    words = ["--platform-url", "ann.example.org/wc", "--credential-hint", "the blue login"]
    ok(here("vendor", "event", "ann tickets", *words))
    shown = staff_book()
    assert set(shown["PlatformUrl"]) == {"https://ann.example.org/wc"}
    assert set(shown["CredentialHint"]) == {"the blue login"}
    ok(here("vendor", "event", "Ann Tickets", "--event", "EURO28", "--contact", "x"))
    ok(here("vendor", "event", "Ann Tickets", "--active", "no"))
    assert "PlatformUrl" not in staff_book()


def test_a_staff_book_of_before_is_still_read(here: Runner, staff_book: Any, book: Path) -> None:
    staff_book()
    path = book.parent / "books" / f"STAFF - Dispatch - {ANA}.xlsx"
    sheet = (filled := openpyxl.load_workbook(path))["_MY_TASKS"]
    head = next(row for row in sheet.iter_rows() if row[0].value == "TaskID")
    headers = {cell.value: cell.column for cell in head}
    for header in ("PlatformUrl", "CredentialHint"):
        sheet.delete_cols(headers[header], 1)
        headers = {cell.value: cell.column for cell in sheet[head[0].row]}
    sheet.cell(head[0].row + 1, headers["StaffNotes"], "called them")
    filled.save(path)
    done = ok(here("staff", "pull", str(path), "--json"))
    assert done.json["result"]["taken"] == 1


def test_a_masked_vendor_is_not_given_away_by_its_page(
    here: Runner, staff_book: Any, book: Path
) -> None:
    ok(here("vendor", "event", "Ann Tickets", "--platform-url", "ann.example.org"))
    open_book = openpyxl.load_workbook(book)
    open_book["_MATTHIAS_EMAILS"]["A2"] = "ann@example.org"
    units = open_book["_PURCHASE_UNITS"]
    headers = {cell.value: cell.column for cell in units[1]}
    for row in range(2, units.max_row + 1):
        if units.cell(row, headers["Vendor"]).value == "Ann Tickets":
            units.cell(row, headers["Vendor"], "ann@example.org")
    open_book.save(book)
    ok(here("vendor", "event", "ann@example.org", "--platform-url", "ann.example.org"))
    assert "PlatformUrl" not in staff_book()


# --- suppliers a user may see


def test_vendor_groups_limit_what_a_user_sees_builds_and_pulls(here: Runner, book: Path) -> None:
    ok(here("supplier", "map", "ANN", "--vendor", "Ann Tickets"))
    ok(here("user", "set", "olga", "--role", "super_admin"))
    ok(here("user", "set", "ann", "--role", "operator", "--vendor-groups", "ann"))
    ok(here("supplier", "build", "--all"))
    mine = {"user": "ann"}
    groups = ok(here("supplier", "groups", "--json", **mine)).json["result"]
    assert {rule["supplier_key"] for rule in groups["groups"]} == {"ANN"}
    built = here("supplier", "build", "--all", "--json", **mine).json["result"]["books"]
    assert [one["party"] for one in built] == ["ANN"]
    for words in (("supplier", "build", "BEE"), ("supplier", "pull", str(supplier_book(book)))):
        refused = here(*words, **mine)
        assert (refused.code, "ann may not see the supplier BEE" in refused.err) == (6, True), words
    ok(here("user", "set", "ann", "--vendor-groups", ""))
    assert len(here("supplier", "groups", "--json", **mine).json["result"]["units"]) == 2


def test_a_key_of_no_supplier_is_said(here: Runner) -> None:
    ok(here("user", "set", "olga", "--role", "super_admin"))
    done = ok(here("user", "set", "olga", "--vendor-groups", "bee, nobody", "--json"))
    assert [one["code"] for one in done.json["findings"]] == ["UNKNOWN_SUPPLIER"]
    assert "NOBODY" in done.json["findings"][0]["message"]


def test_users_have_a_phone_and_an_address_in_the_chat(here: Runner) -> None:
    ok(
        here(
            "user", "set", "olga", "--role", "super_admin", "--phone", "+971 4 555", "--chat", "@o"
        )
    )
    ok(here("user", "set", "olga", "--chat", ""))
    (user,) = ok(here("user", "list", "--json")).json["result"]["users"]
    assert (user["phone"], user["chat"], user["vendor_groups"]) == ("+971 4 555", None, None)


# --- who is one client


def test_a_merged_client_s_record_is_inactive_and_keeps_its_fields(here: Runner) -> None:
    for name in ("Acme Ltd", "Bolt"):
        ok(here("client", "add", name, "--address", f"{name} street"))
    ok(here("client", "merge", "Bolt", "--into", "Acme Ltd"))
    shown = ok(here("client", "list", "--all", "--json")).json["result"]["records"]
    assert [(one["client"], one["status"], one["address"]) for one in shown] == [
        ("Acme Ltd", "ACTIVE", "Acme Ltd street"),
        ("Bolt", "INACTIVE", "Bolt street"),
    ]
    ok(here("sale", "add", "--client", "Bolt", "--line", "M01:Cat 1:1@9", "--again"))
    assert "Bolt" in ok(here("client", "show", "Acme Ltd", "--json")).json["result"]["other_names"]
    ok(here("client", "split", "Bolt"))
    assert ok(here("client", "list", "--json")).json["result"]["hidden"] == 0


def test_other_names_are_given_by_code(here: Runner) -> None:
    ok(here("client", "add", "Bolt", "--code", "BLT"))
    ok(here("client", "alias", "BLT", "Boltons"))
    whole = ok(here("client", "show", "boltons", "--json")).json["result"]
    assert (whole["record"], whole["other_names"]) == ("Bolt", ["Boltons"])


def test_clients_with_a_record_each_are_a_group_each(here: Runner) -> None:
    def groups() -> int:
        return len(ok(here("client", "groups", "--json")).json["result"]["clients"])

    line = ("--line", "M02:Cat 2:1@90")
    ok(here("sale", "add", "--client", "Acme Premium", *line, "--new"))
    assert groups() == 2  # one name in doubt: nobody said whether it is Acme Ltd
    ok(here("client", "add", "Acme Ltd"))
    assert groups() == 2
    ok(here("client", "add", "Acme Premium"))
    assert groups() == 3


def test_a_client_s_name_and_code_in_master_data_are_redacted_for_suppliers(
    here: Runner, book: Path
) -> None:
    ok(here("client", "add", "Quite Secret Tours", "--code", "QST77"))
    open_book = openpyxl.load_workbook(book)
    sheet = open_book["Distribution"]
    headers = {cell.value: cell.column for cell in sheet[2]}
    sheet.cell(3, headers["Clients notes"], "was for Quite Secret Tours, or QST77")
    open_book.save(book)
    ok(here("supplier", "build", "--all"))
    cells = {
        str(cell)
        for row in openpyxl.load_workbook(supplier_book(book))["Supplier"].values
        for cell in row
        if cell is not None
    }
    assert not any("Secret" in text or "QST77" in text for text in cells)


# --- drop-downs, status


def test_sales_and_purchases_offer_who_is_in_master_data(
    in_process: Runner, here: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "masters.xlsx"
    ok(in_process("init", str(path), "--masters"))
    made = openpyxl.load_workbook(path)
    for sheet, column, source in (
        ("Sales", "D2", "'_CLIENTS'!$A$2:$A$1502"),
        ("Purchases", "D2", "'_VENDORS'!$A$2:$A$1502"),
    ):
        rules = [rule for rule in made[sheet].data_validations.dataValidation if column in rule]
        assert [(rule.formula1, rule.errorStyle) for rule in rules] == [(source, "warning")]
    at = ("-w", str(path))
    ok(in_process("client", "add", "Zed", *at))
    ok(in_process("doctor", *at))
    plain = tmp_path / "plain.xlsx"
    ok(in_process("init", str(plain)))
    without = openpyxl.load_workbook(plain)
    assert "_CLIENTS" not in without.sheetnames
    assert not any("D2" in rule for rule in without["Sales"].data_validations.dataValidation)


def test_a_cloned_event_takes_master_data_along(here: Runner, book: Path) -> None:
    ok(here("client", "add", "Zed"))
    ok(here("contract", "add", "1", "--type", "SALE", "--party", "Zed"))
    here("event", "set", "--name", "Cup", "--code", "C26")
    words = ("event", "clone", "next.xlsx", "--name", "Next", "--code", "N28")
    here(*words)
    found = here("contract", "list", "--json", workbook="next.xlsx").json["result"]["records"]
    assert [one["party"] for one in found] == ["Zed"]


def test_status_says_who_has_no_record(here: Runner) -> None:
    def action() -> list[str]:
        done = here("status", "--json").json["result"]["actions"]
        return [f"{one['command']}: {one['why']}" for one in done if " add " in one["command"]]

    assert action()[0].startswith("client add ")
    assert "2 clients and 2 vendors without a record" in action()[0]
    for kind, name in (("client", "Acme Ltd"), ("client", "Bolt"), ("vendor", "Ann Tickets")):
        ok(here(kind, "add", name))
    assert action() == [
        "vendor add 'Bee Seats': 1 vendor without a record; master import takes many"
    ]
    ok(here("vendor", "add", "Bee Seats"))
    assert action() == []

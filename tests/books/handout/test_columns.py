"""The columns of books as files, letter by letter (§7, §8, §9; D10, D11)."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
from openpyxl.utils import column_index_from_string, get_column_letter

from tests.books.builders import INPUTS, Event, hidden_letters
from tests.books.handout.made import Made, headers
from ticketops.books.file_writer import write_book

CLIENT_HEADERS = {
    "A": "SalesID",
    "J": "Sales ID",
    "K": "M-No.",
    "L": "Game",
    "M": "Company",
    "N": "INV-NO",
    "O": "Category",
    "P": "Total SETS",
    "Q": "Allc",
    "R": "Qty",
    "S": "Block",
    "T": "Row",
    "U": "Seat",
    "V": "Match day",
    "W": "Kick-off",
    "X": "City and stadium",
    "Y": "Stage",
    "AB": "Clients notes",
    "AC": "First name",
    "AD": "Last Name",
    "AE": "Client Email",
    "AF": "Comments",
    "AG": "Status",
    "AH": "In words",
}
"""§7 step 2, letter by letter; V–Y and AH are of ours."""
SUPPLIER_HEADERS = (
    "Device",
    "Cont. No.",
    "Tix",
    "ACC Tix",
    "ID",
    "Purchases/Sales",
    "Date",
    "M-No.",
    "Game",
    "Company",
    "INV-NO",
    "Category",
    "Sets",
    "Qty",
    "Block",
    "Row",
    "Seat",
    "Sold (Y/N)",
    "Process_Now",
    "Status",
    "RunID",
    "Notes",
    "AllocatedUnitIDs",
    "AllocatedCount",
    "Clients notes",
    "First name",
    "Last Name",
    "Client Email",
    "Comment",
    "Delivery",
    "DispatchStatus",
    "DispatchNotes",
    "DispatchedAt",
    "DistRow",
    "SalesLineKey",
    "SourceSaleID",
)
OF_OURS = ("In words", "Match day", "Kick-off", "City and stadium", "Stage")
"""The 40 columns of `_SUPPLIER_QUEUE` less SupplierKey, Vendor, Email and Password (D10); the last
three are the hidden helpers."""
STAFF_HEADERS = (
    "TaskID",
    "Match",
    "Category",
    "Qty",
    "Company",
    "INV_NO",
    "Block",
    "Row",
    "Seat",
    "VendorEmail",
    "VendorPassword",
    "ContractNo",
    "ClientFirstName",
    "ClientLastName",
    "ClientEmail",
    "Priority",
    "DispatchStatus",
    "DispatchedAt",
    "StaffNotes",
    "ProofUrl",
    "Vendor",
)
"""§8 step 4, what staff fill in (steps 6 and 7), and where to log in."""


# --- columns


def test_a_client_book_has_the_columns_of_the_specification(shelf: dict[str, Made]) -> None:
    sheet = shelf["client"].sheet
    assert headers(sheet) == CLIENT_HEADERS
    empty = {get_column_letter(i) for i in (*range(2, 10), *range(26, 28))}  # B–I, Z–AA
    assert hidden_letters(sheet) == {"A", "N"} | empty, "no INV-NO, no column"
    assert not [
        cell.coordinate
        for row in sheet.iter_rows()
        for cell in row
        if cell.column_letter in empty and cell.value is not None
    ]
    assert sheet.max_column == column_index_from_string("AH")


def test_a_client_book_lists_the_tickets_of_all_spellings_in_order(shelf: dict[str, Made]) -> None:
    sheet = shelf["client"].sheet
    rows = [
        [
            sheet[f"{letter}{row}"].value
            for letter in ("A", "J", "K", "M", "O", "P", "Q", "R", "S", "T", "U", "AG")
        ]
        for row in range(4, 10)
    ]
    assert rows == [
        ["S1-1", "S1-1", "M01", "Meridian Travel VIP", "Cat 1", 4, 3, 1, "0104", "7", "13", "SENT"],
        [
            "S1-2",
            "S1-2",
            "M01",
            "Meridian Travel VIP",
            "Cat 1",
            4,
            3,
            1,
            "0104",
            "7",
            "14",
            "NOT_SENT",
        ],
        [
            "S1-3",
            "S1-3",
            "M01",
            "Meridian Travel VIP",
            "Cat 1",
            4,
            3,
            1,
            "0104",
            "7",
            "15",
            "ISSUE",
        ],
        [
            "S1-4",
            "S1-4",
            "M01",
            "Meridian Travel VIP",
            "Cat 1",
            4,
            3,
            1,
            None,
            None,
            None,
            "NOT_SENT",
        ],
        [
            "S3-1",
            "S3-1",
            "M02",
            "Meridian Travel Ltd",
            "Cat 1",
            1,
            1,
            1,
            "0104",
            "7",
            "19",
            "NOT_SENT",
        ],
        [None] * 12,
    ]
    assert [sheet[f"{letter}4"].value for letter in INPUTS["client"]] == [
        "=1+1",
        "+Ana",
        "-Ruiz",
        "ana@guest.example",
        "@home",
    ]


def test_a_supplier_book_has_33_columns_to_see_and_3_hidden(shelf: dict[str, Made]) -> None:
    sheet = shelf["supplier"].sheet
    assert tuple(cell.value for cell in sheet[3]) == (*SUPPLIER_HEADERS, *OF_OURS)
    hidden = hidden_letters(sheet) - {"K"}
    assert hidden_letters(sheet) - hidden == {"K"}, "no INV-NO, no column"
    assert len(SUPPLIER_HEADERS) - len(hidden) == 33
    assert {sheet[f"{letter}3"].value for letter in hidden} == {
        "DistRow",
        "SalesLineKey",
        "SourceSaleID",
    }
    assert {row[9] for row in sheet.iter_rows(min_row=4, max_row=7, values_only=True)} == {"MIRRA"}
    assert {row[21] for row in sheet.iter_rows(min_row=4, max_row=7, values_only=True)} == {None}, (
        "internal notes are left empty"
    )
    units = {row[22]: row[4] for row in sheet.iter_rows(min_row=4, max_row=7, values_only=True)}
    assert units == {"P00005": "S2-1", "P00006": "S2-2", "P00007": None, "P00008": None}
    assert (
        sheet["G1"].value
        == "You are viewing tickets from your inventory. Client company identities are redacted."
    )


def test_a_staff_book_has_the_columns_of_the_specification(shelf: dict[str, Made]) -> None:
    sheet = shelf["staff"].sheet
    of_ours = (OF_OURS[0], "Game", *OF_OURS[1:], "PlatformUrl", "CredentialHint")
    headers = {cell.value: cell.column_letter for cell in sheet[3]}
    assert tuple(headers) == (*STAFF_HEADERS, *of_ours)
    empty = {"F", headers["PlatformUrl"], headers["CredentialHint"]}
    assert hidden_letters(sheet) == empty, "no INV_NO, no column; nothing known of its vendors"
    assert [sheet[f"A{row}"].value for row in range(4, 7)] == ["T00001", "T00002", None]
    assert [sheet[f"K{row}"].value for row in range(4, 6)] == [None, None], (
        "no password unless asked for"
    )
    assert [sheet[f"J{row}"].value for row in range(4, 6)] == ["desk@vendor.example"] * 2
    assert (sheet["Q4"].value, sheet["R4"].value) == ("SENT", datetime(2026, 5, 1, 14, 5))
    assert sheet["R4"].number_format == "yyyy-mm-dd hh:mm"


def test_passwords_are_in_a_staff_book_only_where_they_are_revealed(
    event: Event, tmp_path: Path
) -> None:
    asked = []

    def reveal(text: str) -> str:
        asked.append(text)
        return f"open {text}"

    write_book(event.staff(passwords=True), tmp_path / "with.xlsx", reveal=reveal)
    sheet = openpyxl.load_workbook(tmp_path / "with.xlsx")["_MY_TASKS"]
    assert [sheet[f"K{row}"].value for row in (4, 5)] == ["open pw-P00001", "open pw-P00004"]
    assert sorted(asked) == ["pw-P00001", "pw-P00004"]
    write_book(event.staff(), tmp_path / "without.xlsx", reveal=reveal)
    with zipfile.ZipFile(tmp_path / "without.xlsx") as archive:
        assert not any(b"pw-P0" in archive.read(name) for name in archive.namelist())

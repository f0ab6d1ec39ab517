"""Which cells of a file are open, how they look and what may be typed there."""

from __future__ import annotations

import re

from tests.books.builders import LINES, OPEN, hidden_letters, kinds
from tests.books.handout.made import Made, headers

YELLOW, GREY = "FFFFF2CC", "FFEDEDED"


# --- protection and looks


@kinds
def test_only_the_inputs_of_rows_with_a_ticket_are_unlocked_and_yellow(
    kind: str, shelf: dict[str, Made]
) -> None:
    sheet = shelf[kind].sheet
    unlocked = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked
    }
    assert unlocked == {
        f"{letter}{row}" for row, letters in OPEN[kind].items() for letter in letters
    } | LINES.get(kind, set())
    yellow = {
        c.coordinate
        for row in sheet.iter_rows(min_row=4)
        for c in row
        if c.fill.fill_type == "solid" and c.fill.fgColor.rgb == YELLOW
    }
    assert yellow == unlocked
    for style in sheet.column_dimensions.values():
        assert style.protection.locked, "a column's own style opens no cell"


@kinds
def test_every_sheet_is_protected_and_filters_may_be_used(
    kind: str, shelf: dict[str, Made]
) -> None:
    for sheet in shelf[kind].file:
        assert sheet.protection.sheet, sheet.title
        assert sheet.protection.password is None, "no password that anybody would have to know"
    protection = shelf[kind].sheet.protection
    assert (protection.autoFilter, protection.formatColumns) == (False, False), "False: allowed"
    assert (
        protection.deleteColumns,
        protection.insertColumns,
        protection.deleteRows,
        protection.insertRows,
    ) == (True,) * 4
    assert (protection.selectLockedCells, protection.selectUnlockedCells) == (False, False)


@kinds
def test_rows_without_a_ticket_are_grey(kind: str, shelf: dict[str, Made]) -> None:
    sheet = shelf[kind].sheet
    hidden = hidden_letters(sheet)
    letters = set(headers(sheet)) - hidden
    for row, may in OPEN[kind].items():
        grey = {letter for letter in letters if sheet[f"{letter}{row}"].fill.fgColor.rgb == GREY}
        assert grey == (set() if may else letters), row


@kinds
def test_the_header_is_frozen_and_filtered(kind: str, shelf: dict[str, Made]) -> None:
    sheet = shelf[kind].sheet
    first, last, frozen, bottom = {
        "client": ("J", "AH", "K4", 8),
        "supplier": ("A", "AO", "B4", 7),
        "staff": ("A", "AA", "B4", 5),
    }[kind]
    assert sheet.freeze_panes == frozen
    assert sheet.auto_filter.ref == f"{first}3:{last}{bottom}"
    assert sheet.print_title_rows == "$3:$3"
    assert sheet.page_setup.orientation == "landscape"


VALIDATIONS = {
    "client": {
        "AB4:AB8": ("textLength", "lessThanOrEqual", "5000"),
        "AC4:AC8": ("textLength", "lessThanOrEqual", "200"),
        "AD4:AD8": ("textLength", "lessThanOrEqual", "200"),
        "AF4:AF8": ("textLength", "lessThanOrEqual", "5000"),
        "AG4:AG8": ("list", None, '"ACCEPTED,ISSUE"'),
    },
    "supplier": {
        "AD4:AD7": ("list", None, '"NOT_SENT,SENT,PENDING,ACCEPTED,ISSUE,UPLOADED"'),
        "AF4:AF7": ("textLength", "lessThanOrEqual", "5000"),
    },
    "staff": {
        "Q4:Q5": ("list", None, '"NOT_SENT,SENT,PENDING,ACCEPTED,ISSUE"'),
        "S4:S5": ("textLength", "lessThanOrEqual", "5000"),
        "T4:T5": ("textLength", "lessThanOrEqual", "2000"),
    },
}


@kinds
def test_what_is_typed_is_validated(kind: str, shelf: dict[str, Made]) -> None:
    found = {str(rule.sqref): rule for rule in shelf[kind].sheet.data_validations.dataValidation}
    email = found.pop("AE4:AE8") if kind == "client" else None
    moment = found.pop("R4:R5") if kind == "staff" else None
    assert {
        ref: (rule.type, rule.operator, rule.formula1) for ref, rule in found.items()
    } == VALIDATIONS[kind]
    for rule in (*found.values(), *filter(None, (email, moment))):
        assert rule.error
        assert rule.showErrorMessage
        assert rule.allowBlank
        assert rule.errorStyle in (None, "stop")
    if email is not None:
        assert email.type == "custom"
        assert "AE4" in email.formula1
        assert not re.search(r"\$|AE[^4]", email.formula1), "the formula moves with the row"
    if moment is not None:
        assert (moment.type, moment.operator) == ("date", "greaterThan")


@kinds
def test_states_have_colours(kind: str, shelf: dict[str, Made]) -> None:
    sheet = shelf[kind].sheet
    letters = {"client": ("AG",), "supplier": ("AD", "AE"), "staff": ("Q",)}[kind]
    last = {"client": 8, "supplier": 7, "staff": 5}[kind]
    found: dict[str, dict[str, str]] = {}
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            assert (rule.type, rule.operator) == ("cellIs", "equal")
            found.setdefault(str(area.sqref), {})[rule.formula[0].strip('"')] = (
                rule.dxf.fill.bgColor.rgb
            )
    green, amber, red = "FFE2EFDA", "FFFFE699", "FFF8CBAD"
    colours = {"SENT": green, "UPLOADED": green, "ACCEPTED": green, "PENDING": amber, "ISSUE": red}
    top = {"client": "J2:J2", "supplier": "A2:A2", "staff": "A2:A2"}[kind]
    words = "all addresses are there" if kind == "client" else "all tickets are sent"
    assert (found.pop(top, None) or found.pop(top[:2])) == {words: green}, (
        "no red where all is done"
    )
    coloured = {
        area: rules
        for area, rules in found.items()
        if area.startswith(letters[0] if kind != "supplier" else "AD")
    }
    assert coloured == {f"{letters[0]}4:{letters[0]}{last}": colours}
    assert all(rules == colours for rules in found.values())

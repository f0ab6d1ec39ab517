"""Colours, formats, lists and help of a book at Google are those of its file."""

from __future__ import annotations

from openpyxl.utils import column_index_from_string, get_column_letter

from tests.books.builders import OPEN, hidden_letters, kinds
from tests.books.online.at_google import Made, hex_of, places
from tests.google.server import GoogleServer


@kinds
def test_colours_and_formats_are_those_of_the_file(
    kind: str, shelf: dict[str, Made], library: GoogleServer
) -> None:
    made = shelf[kind]
    hidden = {column_index_from_string(letters) for letters in hidden_letters(made.sheet)}
    compared = 0
    for row in made.sheet.iter_rows(min_row=3, max_row=max(OPEN[kind])):
        for cell in row:
            look = (
                library.cell(made.key, made.book.layout.sheet, cell.row, cell.column).format or {}
            )
            if cell.column not in hidden:
                filled_in = cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" else "none"
                assert (
                    hex_of(look["backgroundColorStyle"])
                    if "backgroundColorStyle" in look
                    else "none"
                ) == filled_in, cell.coordinate
                assert bool(look.get("borders", {}).get("left")) == bool(cell.border.left.style), (
                    cell.coordinate
                )
            if cell.value is None and cell.protection.locked:
                continue
            compared += 1
            pattern = look.get("numberFormat", {}).get("pattern", "General")
            assert (pattern, look.get("horizontalAlignment", "").lower()) == (
                cell.number_format,
                cell.alignment.horizontal or "",
            )
            assert look["textFormat"].get("bold", False) == cell.font.b if cell.row == 3 else True
            assert look.get("wrapStrategy") == ("WRAP" if cell.alignment.wrap_text else None)
    assert compared > 20


@kinds
def test_columns_header_and_filter_are_those_of_the_file(
    kind: str, shelf: dict[str, Made], library: GoogleServer
) -> None:
    made = shelf[kind]
    main = library.sheet(made.key, made.book.layout.sheet)
    hidden = {
        get_column_letter(place + 1)
        for place, said in main.sizes["COLUMNS"].items()
        if said["hiddenByUser"]
    }
    assert hidden == hidden_letters(made.sheet)
    frozen = (
        f"{get_column_letter(main.grid['frozenColumnCount'] + 1)}{main.grid['frozenRowCount'] + 1}"
    )
    assert frozen == made.sheet.freeze_panes
    assert main.filter is not None
    filtered = sorted(places(main.filter["range"]))
    corners = [f"{get_column_letter(place)}{row}" for row, place in (filtered[0], filtered[-1])]
    assert ":".join(corners) == made.sheet.auto_filter.ref
    for letters, dimension in made.sheet.column_dimensions.items():
        if not dimension.hidden and dimension.width:
            pixels = main.sizes["COLUMNS"][column_index_from_string(letters) - 1]["pixelSize"]
            assert abs(pixels - 7 * dimension.width) < 7, letters
    wrapped = library.cell(made.key, "How to", 3, 1).format
    assert (wrapped or {}).get("wrapStrategy") == "WRAP"


LENGTHS = {
    "client": {"AB": 5000, "AC": 200, "AD": 200, "AF": 5000},
    "supplier": {"AF": 5000},
    "staff": {"S": 5000, "T": 2000},
}
LISTS = {
    "client": {"AG": ["ACCEPTED", "ISSUE"]},
    "supplier": {"AD": ["NOT_SENT", "SENT", "PENDING", "ACCEPTED", "ISSUE", "UPLOADED"]},
    "staff": {"Q": ["NOT_SENT", "SENT", "PENDING", "ACCEPTED", "ISSUE"]},
}


@kinds
def test_what_is_typed_is_validated(
    kind: str, shelf: dict[str, Made], library: GoogleServer
) -> None:
    made = shelf[kind]
    wanted: dict[str, tuple[str, list[str]]] = {
        letter: ("ONE_OF_LIST", values) for letter, values in LISTS[kind].items()
    }
    wanted |= {
        letter: ("CUSTOM_FORMULA", [f"=LEN({letter}4)<={most}"])
        for letter, most in LENGTHS[kind].items()
    }
    if kind == "client":
        of_file = next(
            rule.formula1
            for rule in made.sheet.data_validations.dataValidation
            if str(rule.sqref) == "AE4:AE8"
        )
        wanted["AE"] = ("CUSTOM_FORMULA", ["=" + of_file.lstrip("=").replace(",", ";")])
    if kind == "staff":
        wanted["R"] = ("DATE_AFTER", ["2000-01-01"])
    found: dict[str, set[int]] = {}
    for number, row in enumerate(library.sheet(made.key, made.book.layout.sheet).rows, start=1):
        for place, cell in enumerate(row, start=1):
            if cell is None or cell.validation is None:
                continue
            letter, rule = get_column_letter(place), cell.validation
            found.setdefault(letter, set()).add(number)
            condition = rule["condition"]
            assert (
                condition["type"],
                [value["userEnteredValue"] for value in condition["values"]],
            ) == wanted[letter]
            assert rule["strict"]
            assert rule["inputMessage"]
            assert rule.get("showCustomUi", False) == (
                letter in LISTS[kind] or (kind, letter) == ("staff", "R")
            )
    assert found == {letter: set(OPEN[kind]) for letter in wanted}


@kinds
def test_states_have_the_colours_of_the_file(
    kind: str, shelf: dict[str, Made], library: GoogleServer
) -> None:
    made = shelf[kind]
    of_file = {
        (str(area.sqref), rule.formula[0].strip('"')): (
            rule.dxf.fill.bgColor.rgb,
            rule.dxf.font.color.rgb,
        )
        for area in made.sheet.conditional_formatting
        for rule in area.rules
    }
    found = {}
    for rule in library.sheet(made.key, made.book.layout.sheet).conditional:
        (area,) = rule["ranges"]
        corners = [
            f"{get_column_letter(place)}{row}"
            for row, place in (min(places(area)), max(places(area)))
        ]
        condition, look = rule["booleanRule"]["condition"], rule["booleanRule"]["format"]
        assert condition["type"] == "TEXT_EQ"
        colours = (
            hex_of(look["backgroundColorStyle"]),
            hex_of(look["textFormat"]["foregroundColorStyle"]),
        )
        found[":".join(dict.fromkeys(corners)), condition["values"][0]["userEnteredValue"]] = (
            colours
        )
    assert found == of_file
    assert len(found) in (6, 11)

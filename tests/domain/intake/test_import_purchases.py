"""Purchases from files of any layout (§3): tables made by hand, and what is never done silently."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import everything
from tests.domain.intake.trade_files import FileDesk, cells, table
from ticketops.errors import InputError, UsageError
from ticketops.schema.foreign import Cells, table_of
from ticketops.schema.layouts.event import PURCHASES

BEE = "Bee Seats"
FILES: dict[str, tuple[Any, dict[str, Any], list[tuple[Any, ...]]]] = {
    "german, titles above, a total below": (
        table(
            "Einkauf WM;;;;;\n;;;;;\nKaufdatum;Spiel;Kategorie;Anzahl;Einzelpreis;Lieferant\n"
            "03.04.2026;M1;CAT1;4;1.234,50 €;Bee Seats\n13.04.2026;M12;Kategorie 2;2;99,00 €;Bee Seats\n"
            "\n;;Summe;6;5.136,00 €;\n"
        ),
        {},
        [("M01", "Cat 1", BEE, 4, 1234.5, "EUR"), ("M12", "Cat 2", BEE, 2, 99.0, "EUR")],
    ),
    "american, teams, a total only": (
        table(
            "Event,Section,Row,Seats,Qty,Total Cost,Ticket Type\n"
            '"Mexico vs South Africa",101,C,1-4,4,"$4,938.00",Category 1\n'
            "Spain v Italy,GA,,GA,3,$330.00,CAT 3\n"
        ),
        {"vendor": BEE},
        [("M01", "Cat 1", BEE, 4, 1234.5, "USD"), ("M12", "Cat 3", BEE, 3, 110.0, "USD")],
    ),
    "spanish, tabs": (
        table(
            "Partido\tCategoría\tCantidad\tPrecio unitario\tMoneda\tProveedor\n"
            "12\tcategoría 1\t2\t1.100,00\teur\tBee Seats\n"
        ),
        {},
        [("M12", "Cat 1", BEE, 2, 1100.0, "EUR")],
    ),
    "french, home and away": (
        table(
            "Domicile|Extérieur|Catégorie|Quantité|Prix unitaire|Devise|Fournisseur\n"
            "Mexico|South Africa|Cat 2|2|1\u202f234,50|€|Bee Seats\n"
        ),
        {},
        [("M01", "Cat 2", BEE, 2, 1234.5, "EUR")],
    ),
    "a line per ticket": (
        table("match,category,block,row,seat,price\nM02,Cat 1,B1,4,7,100\nM02,Cat 1,B1,4,8,100\n"),
        {"vendor": BEE, "currency": "EUR"},
        [("M02", "Cat 1", BEE, 1, 100.0, "EUR"), ("M02", "Cat 1", BEE, 1, 100.0, "EUR")],
    ),
    "a lot in one cell": (
        table("Game;Cat;Tickets\nSouth Korea - Denmark;C1;2 @ 110\nM1;C2;4 @ 95,50\n"),
        {"vendor": BEE},
        [("M02", "Cat 1", BEE, 2, 110.0, "USD"), ("M01", "Cat 2", BEE, 4, 95.5, "USD")],
    ),
    "a spreadsheet's own types": (
        cells(
            ("Purchase date", "Match #", "Cat.", "Qty", "Unit price", "Currency"),
            (datetime(2026, 4, 3), 1, "CAT1", 4.0, 110.25, "USD"),
            (datetime(2026, 4, 4), 12.0, "CAT2", 2, 95, "EUR"),
        ),
        {"vendor": BEE},
        [("M01", "Cat 1", BEE, 4, 110.25, "USD"), ("M12", "Cat 2", BEE, 2, 95.0, "EUR")],
    ),
    "headers that say nothing": (
        table(
            "a,b,c,d,e\nMexico vs South Africa,CAT1,1-4,110.50,x\nSpain vs Italy,CAT2,5-6,95.00,y\n"
        ),
        {"vendor": BEE},
        [("M01", "Cat 1", BEE, 4, 110.5, "USD"), ("M12", "Cat 2", BEE, 2, 95.0, "USD")],
    ),
    "quotes, line ends within, spaces that nobody sees": (
        table(
            '"M#";"Category";"Number";"Price";"Vendor";"Notes"\r\n'
            '"M\u00a01";"Cat\u00a01";" 2 ";"100";"Bee\u200b Seats";"first\nsecond 🎟"\r\n'
        ),
        {},
        [("M01", "Cat 1", BEE, 2, 100.0, "USD")],
    ),
    "our own sheet": (
        table(
            "Date,Match,Game,Vendor,Contract,Category,Number,Price,Total,Currency\n"
            "2026-04-03,M01,Mexico vs South Africa,Bee Seats,000777,Cat 1,3,120.5,361.5,USD\n"
        ),
        {},
        [("M01", "Cat 1", BEE, 3, 120.5, "USD")],
    ),
}


_DESK = FileDesk()


@pytest.fixture
def desk() -> FileDesk:
    return FileDesk(_DESK)


@pytest.mark.parametrize("name", FILES)
def test_files_are_read_as_people_wrote_them(desk: FileDesk, name: str) -> None:
    file, options, wanted = FILES[name]
    result = desk.take(file, **options)
    assert result.rejected == []
    assert desk.bought() == wanted
    assert result.taken == result.rows == len(wanted)
    assert result.units == sum(number for _, _, _, number, _, _ in wanted)
    sums: dict[str, Decimal] = {}
    for *_, number, price, currency in wanted:
        sums[currency] = sums.get(currency, Decimal(0)) + number * Decimal(str(price))
    assert result.amounts == {key: float(value) for key, value in sums.items()}


def test_seats_come_with_the_purchase(desk: FileDesk) -> None:
    desk.take(
        "match,category,place,seats,qty,price\nM1,Cat 1,Block 101 / Row C,12-13,2,100\n"
        "M1,Cat 2,Section 9,,2,100\nM2,Cat 1,GA,GA,1,100\n",
        vendor=BEE,
    )
    assert desk.seats() == [
        ("M01", "101", "C", "12"),
        ("M01", "101", "C", "13"),
        ("M01", "9", None, None),
        ("M01", "9", None, None),
        ("M02", "GA", None, None),
    ]


def test_ranges_odd_seats_piggyback_and_bands(desk: FileDesk) -> None:
    desk.take(
        "match,category,place,seats,qty,price,notes\n"
        "M1,Cat 1,Block 101 Row C 1-3,,3,100,\n"
        "M1,Cat 1,Block 102 Row A,1-5 odd,3,100,\n"
        "M1,Cat 2,Block 9 Row C-D piggyback,5-6,4,100,\n"
        "M1,Cat 2,Block 9 Row 1-2,7,2,100,2 seats piggyback\n"
        "M2,Cat 1,Block 5 Row A-F,,2,100,\n",
        vendor=BEE,
    )
    assert desk.seats() == [
        *(("M01", "101", "C", seat) for seat in "123"),
        *(("M01", "102", "A", seat) for seat in "135"),
        *(("M01", "9", row, seat) for row in "CD" for seat in "56"),
        *(("M01", "9", row, "7") for row in "12"),
        ("M02", "5", "A-F", None),
        ("M02", "5", "A-F", None),
    ]


def test_one_cell_of_seats_may_say_the_whole_place(desk: FileDesk) -> None:
    desk.take(
        "match,category,seats,row,qty,price\n"
        "M1,Cat 1,Block 101 Row C 1-2,,2,100\n"
        'M1,Cat 1,"101/G/7,8",,2,100\n'
        "M1,Cat 1,Sec 9 / Row G / Seats 3 & 4,g,2,100\n"
        "M1,Cat 2,Block 9 Row C-D 5-6 piggyback,,4,100\n"
        "M2,Cat 1,Block 5 Row A-F,,2,100\n"
        "M2,Cat 1,1/2/3,Z,3,100\n",
        vendor=BEE,
    )
    assert desk.seats() == [
        *(("M01", "101", "C", seat) for seat in "12"),
        *(("M01", "101", "G", seat) for seat in "78"),
        *(("M01", "9", "g", seat) for seat in "34"),
        *(("M01", "9", row, seat) for row in "CD" for seat in "56"),
        *[("M02", "5", "A-F", None)] * 2,
        *(("M02", None, "Z", seat) for seat in "123"),
    ]


def test_a_cell_of_seats_that_speaks_against_its_row_is_told(desk: FileDesk) -> None:
    result = desk.take(
        "match,category,row,seats,qty,price\nM1,Cat 1,D,Block 101 Row C 1-2,2,100\n", vendor=BEE
    )
    assert [one.code for one in result.rejected] == ["PLACES_DIFFER"]


@pytest.mark.parametrize(
    "place", ["Block 1 Row C-D", "Block 1 Row C piggyback", "Block 1 Row C-E piggyback"]
)
def test_seats_of_several_rows_must_come_to_the_quantity(desk: FileDesk, place: str) -> None:
    result = desk.take(
        f"match,category,place,seats,qty,price\nM1,Cat 1,{place},5-6,4,100\n", vendor=BEE
    )
    assert [one.code for one in result.rejected] == ["SEATS_DIFFER"]


def test_every_fault_is_said_at_once_with_line_column_and_value(desk: FileDesk) -> None:
    before = everything(desk.store)
    result = desk.take(
        "match,category,seats,qty,price,total,currency,date\n"
        "M99,Cat 1,,2,100,,USD,\n"
        "M1,Cat 9,,2,100,,USD,\n"
        "M1,Cat 1,,two dozen,100,,USD,\n"
        "M1,Cat 1,1-3,2,100,,USD,\n"
        "M1,Cat 1,,2,100,210,USD,\n"
        "M1,Cat 1,,2,(100),,USD,\n"
        "M1,Cat 1,,2,100,,GBP,\n"
        "M1,Cat 1,,2,100,,USD,31/31/2026\n"
        "M1,Cat 1,,2,,,USD,\n"
        "M1,Cat 1,,2,100,,USD,,surplus\n"
        "M1,Cat 1,,2,100,,USD,\n",
        vendor=BEE,
    )
    assert result.refused
    assert result.taken == 0
    assert [(one.line, one.column, one.value, one.code) for one in result.rejected] == [
        (2, "match", "M99", "UNKNOWN_MATCH"),
        (3, "category", "Cat 9", "UNKNOWN_CATEGORY"),
        (4, "qty", "two dozen", "BAD_QTY"),
        (5, "seats", "1-3", "SEATS_DIFFER"),
        (6, "total", "210", "TOTAL_DIFFERS"),
        (7, "price", "(100)", "NEGATIVE"),
        (8, "currency", "GBP", "BAD_CURRENCY"),
        (9, "date", "31/31/2026", "BAD_DATE"),
        (10, "price", "", "MISSING_PRICE"),
        (11, "", "", "EXTRA_CELLS"),
    ]
    assert everything(desk.store) == before


def test_a_line_without_a_currency_among_others_that_name_one_is_refused(desk: FileDesk) -> None:
    text = "match;category;qty;price\nM1;Cat 1;2;100,00 €\nM1;Cat 1;2;99,00\n"
    result = desk.take(text, vendor=BEE)
    assert [(one.line, one.code, one.suggestion) for one in result.rejected] == [
        (3, "MISSING_CURRENCY", "--currency EUR")
    ]
    assert desk.take(text, vendor=BEE, currency="EUR").amounts == {"EUR": 398.0}


def test_a_file_without_a_price_is_refused_line_by_line(desk: FileDesk) -> None:
    result = desk.take("match,category,qty\nM1,Cat 1,2\nM1,Cat 1,2 @ 9\n", vendor=BEE)
    assert [(one.line, one.code) for one in result.rejected] == [(2, "MISSING_PRICE")]


def test_cents_behind_a_comma_are_no_seats(desk: FileDesk) -> None:
    result = desk.take(
        "match,category,qty,a\nM1,C1,2,100,50\n".replace("100,50", '"100,50"'), vendor=BEE
    )
    assert result.mapping["unit_price"] == "a"
    assert desk.bought() == [("M01", "Cat 1", BEE, 2, 100.5, "USD")]


def test_partial_takes_the_good_lines(desk: FileDesk) -> None:
    result = desk.take(
        "match,category,qty,price\nM99,Cat 1,2,100\nM1,Cat 1,2,100\n", vendor=BEE, partial=True
    )
    assert (result.taken, [one.line for one in result.rejected]) == (1, [2])
    assert desk.bought() == [("M01", "Cat 1", BEE, 2, 100.0, "USD")]


def test_the_mapping_is_remembered_by_the_headers(desk: FileDesk) -> None:
    first = desk.take("x,y,z,w\nM1,C1,2,100\n", vendor=BEE, mapped={"match": "x", "category": "y", "qty": "z", "unit_price": "w"})  # fmt: skip
    again = desk.take("W,X,Y,Z\n105,M2,C2,3\n", vendor=BEE)
    assert (again.profile, again.mapping) == (first.profile, {"match": "X", "category": "Y", "qty": "Z", "unit_price": "W"})  # fmt: skip
    assert {one.how for one in again.samples} == {"remembered"}
    assert desk.bought()[-1] == ("M02", "Cat 2", BEE, 3, 105.0, "USD")


def test_lines_of_an_earlier_import_are_skipped_unless_asked_for(desk: FileDesk) -> None:
    text = "ref,match,category,qty,price\nA1,M1,Cat 1,2,100\nA2,M1,Cat 1,2,100\n"
    desk.take(text, vendor=BEE)
    same = desk.plan(table(text, "renamed.csv"), vendor=BEE)
    assert (same.result.taken, same.result.skipped) == (0, 2)
    assert "list.csv" in next(f.message for f in same.findings if f.code == "ALREADY_IMPORTED")
    grown = desk.take(text + "A3,M1,Cat 1,2,100\n", vendor=BEE)
    assert (grown.taken, grown.skipped) == (1, 2)
    assert desk.take(text, vendor=BEE, again=True).taken == 2
    assert len(desk.bought()) == 5


def test_equal_lines_within_a_file_are_taken_and_told(desk: FileDesk) -> None:
    plan = desk.plan("match,category,qty,price\nM1,Cat 1,1,100\nM1,Cat 1,1,100\n", vendor=BEE)
    assert plan.result.taken == 2
    assert "EQUAL_LINES" in {finding.code for finding in plan.findings}


def test_what_was_undone_can_be_imported_again(desk: FileDesk) -> None:
    text = "match,category,qty,price\nM1,Cat 1,2,100\n"
    before = desk.bought(), desk.seats()
    desk.take(text, vendor=BEE)
    desk.undo()
    assert (desk.bought(), desk.seats()) == before
    assert desk.take(text, vendor=BEE).taken == 1


def test_a_seat_is_nobody_elses(desk: FileDesk) -> None:
    text = "match,category,block,row,seats,price\nM1,Cat 1,1,A,1-2,100\nM1,Cat 1,1,a,2-3,100\n"
    result = desk.take(text, vendor=BEE)
    assert [(one.line, one.code) for one in result.rejected] == [(3, "SEAT_TAKEN")]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("category,qty,price\nCat 1,2,100\n", "no column for match"),
        ("match,category\nM1,Cat 1\n", "no column for unit_price"),
        ("M1,CAT1,2,100.50\nM2,CAT2,3,99.00\n", "no header: line 1 is a line"),
        ("Spain vs Italy,Cat 1,2,100\nSpain vs Italy,Cat 1,2,100.50\n", "no header"),
    ],
)
def test_a_file_without_what_a_purchase_needs_is_refused(
    desk: FileDesk, text: str, error: str
) -> None:
    with pytest.raises(InputError, match=error):
        desk.take(text, vendor=BEE)


def test_a_header_that_is_not_there_is_refused(desk: FileDesk) -> None:
    with pytest.raises(UsageError, match="no column 'Cost'"):
        desk.take("match,category,qty,price\nM1,Cat 1,2,9\n", mapped={"unit_price": "Cost"})


def test_amounts_and_dates_that_can_be_read_two_ways_are_refused(desk: FileDesk) -> None:
    text = "match;category;qty;price;date\nM1;Cat 1;2;1.234;03/04/2026\n"
    result = desk.take(text, vendor=BEE)
    assert [(one.code, one.suggestion) for one in result.rejected] == [
        ("BAD_DATE", "--dates dmy or --dates mdy"),
        ("BAD_AMOUNT", "--decimal comma or --decimal point"),
    ]
    desk.take(text, vendor=BEE, decimal="comma", dates="dmy")
    assert desk.rows(PURCHASES, "price", "date") == [(1234.0, datetime(2026, 4, 3))]


_LINES = st.lists(
    st.tuples(
        st.sampled_from(["M01", "M02", "M12"]),
        st.sampled_from(["Cat 1", "Cat 2", "Cat 3"]),
        st.integers(1, 6),
        st.sampled_from(["1234", "1234.50", "12000", "99.9", "0", "1.35", "1234567.01"]).map(
            Decimal
        ),
        st.sampled_from([(3, 4), (4, 3), (12, 1), (5, 25), (2, 28)]).map(
            lambda day: datetime(2026, *day)
        ),
        st.text("ab ,;\t|\"'=é\n", max_size=6),
    ),
    min_size=1,
    max_size=4,
)
_HEADERS = {
    "match": ("match", "Spiel", "M#", "Partido"),
    "category": ("Category", "Kategorie", "cat"),
    "qty": ("Qty", "Anzahl", "Tickets", "Cantidad"),
    "price": ("Price", "Einzelpreis", "Unit Price"),
    "date": ("Date", "Kaufdatum", "Fecha"),
    "notes": ("Notes", "Bemerkung"),
}
_MATCH = {
    "M01": ("M1", "M01", "1", "Mexico vs South Africa"),
    "M02": ("M2", "2", "South Korea - Denmark"),
    "M12": ("M12", "12", "Spain v Italy"),
}


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data(), _LINES)
def test_a_list_in_any_dialect_is_read_back_equal_or_refused(data: Any, lines: list[Any]) -> None:
    draw = data.draw
    delimiter = draw(st.sampled_from(",;\t|"))
    decimal = draw(st.sampled_from(",."))
    group = draw(st.sampled_from(["", " ", "'", "\u00a0", "other"]))
    between = {"other": "." if decimal == "," else ","}.get(group, group)
    places = draw(st.sampled_from([0, 2]))
    day = draw(st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%y", "%d-%m-%Y"]))
    order = draw(st.permutations(list(_HEADERS)))
    named = {name: draw(st.sampled_from(options)) for name, options in _HEADERS.items()}
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([named[name] for name in order])
    for match, category, qty, price, bought, notes in lines:
        whole = price == price.to_integral()
        amount = f"{price:,.{0 if whole and not places else 2}f}"
        amount = amount.replace(",", "\0").replace(".", decimal).replace("\0", between)
        said = {
            "match": draw(st.sampled_from(_MATCH[match])),
            "category": draw(
                st.sampled_from((category, category.replace("Cat ", "CAT"), f"c{category[-1]}"))
            ),
            "qty": draw(st.sampled_from((f"{qty}", f"{qty} tickets", f"x{qty}"))),
            "price": amount,
            "date": bought.strftime(day),
            "notes": notes,
        }
        writer.writerow([said[name] for name in order])
    desk = FileDesk(_DESK)
    result = desk.take(table(out.getvalue()), vendor=BEE)
    if result.rejected:
        assert result.refused
        assert desk.bought() == []
        assert all(one.line > 1 for one in result.rejected)
        assert {one.code for one in result.rejected} <= {"BAD_AMOUNT", "BAD_DATE"}
        return
    assert desk.rows(PURCHASES, "match", "category", "number", "price", "date") == [
        (match, category, qty, float(price), bought)
        for match, category, qty, price, bought, _ in lines
    ]


def test_a_column_of_quantities_that_nobody_reads_is_not_passed_over(desk: FileDesk) -> None:
    result = desk.take("match,category,qty,price\nM1,C1,two dozen,9\nM1,C1,some,9\n", vendor=BEE)
    assert [one.code for one in result.rejected] == ["BAD_QTY", "BAD_QTY"]


def test_a_header_that_is_there_twice_is_said_where_its_cells_differ(desk: FileDesk) -> None:
    text = "match,category,qty,price,price\nM1,C1,2,9,{}\n"
    codes = [
        [one.code for one in desk.plan(text.format(other), vendor=BEE).findings]
        for other in ("9", "8")
    ]
    assert [("COLUMN_TWICE" in one) for one in codes] == [False, True]


def sheet(*rows: list[Any], **told: Any) -> Any:
    header = ["Match", "Category", "Qty", "Total", "Currency"]
    return table_of("list.xlsx", Cells("", (), [header, *rows], [*range(1, len(rows) + 2)], **told))


def test_an_amount_in_one_cell_for_several_lines_is_not_that_of_each() -> None:
    desk = FileDesk()
    merged = ((1, 3, 3, 3), (1, 4, 3, 4), (1, 0, 2, 0))
    rows: tuple[list[Any], ...] = (
        ["M01", "Cat 1", 3, 600, "EUR"],
        [None, "Cat 2", 3, None, None],
        ["M12", "Cat 1", 2, None, None],
    )
    found = desk.take(sheet(*rows, ["M02", "Cat 1", 1, 90, "EUR"], merged=merged), vendor=BEE)
    assert [(one.line, one.column, one.code) for one in found.rejected] == [
        (line, "Total", "MERGED_CELL") for line in (2, 3, 4)
    ]
    assert not desk.bought()
    split: list[list[Any]] = [["M01", "Cat 1", 3, 600, "EUR"], [None, "Cat 2", 3, 90, None]]
    desk.take(sheet(*split, merged=merged[1:]), vendor=BEE)
    assert desk.bought() == [
        ("M01", "Cat 1", BEE, 3, 200, "EUR"),
        ("M01", "Cat 2", BEE, 3, 30, "EUR"),
    ]


def test_hidden_lines_and_columns_are_said() -> None:
    rows: list[list[Any]] = [["M01", "Cat 1", 1, 10, "EUR"], ["M02", "Cat 1", 2, 20, "EUR"]]
    said = FileDesk().plan(sheet(*rows, hidden=((2,), (3, 9))), vendor=BEE)
    assert said.result.taken == 2
    told = {one.code: one.message for one in said.findings}
    assert told["LINES_HIDDEN"].startswith("line hidden in the sheet")
    assert told["LINES_HIDDEN"].endswith(": 3")
    assert told["COLUMNS_HIDDEN"].endswith("'Total' as total")
    assert "HIDDEN" not in str(FileDesk().plan(sheet(*rows), vendor=BEE).findings)


def test_other_sheets_are_said_unless_one_was_named() -> None:
    rows: list[list[Any]] = [["Match", "Category", "Qty", "Price"], ["M01", "Cat 1", 1, 10]]
    read = table_of("list.xlsx May", Cells("May", ("May", "June"), rows, [1, 2]))
    told = [one for one in FileDesk().plan(read, vendor=BEE).findings if "SHEETS" in one.code]
    assert [one.message for one in told] == ["only 'May' is read; --sheet reads another: June"]
    named = FileDesk().plan(read, vendor=BEE, sheet="may").findings
    assert "SHEETS_NOT_READ" not in {one.code for one in named}

"""Sales from files of any layout (§4)."""

from __future__ import annotations

import pytest

from tests.desk import everything
from tests.domain.intake.trade_files import FileDesk
from ticketops.schema.layouts.event import DISTRIBUTION, SALES

_DESK = FileDesk()
MANY = (
    "Kunde;Auftragsnummer;Spiel;Kategorie;Anzahl;Einzelpreis;Bestelldatum\n"
    "Meridian Travel;A-1;M1;CAT1;2;1.350,00 €;03.04.2026\n"
    "Meridian Travel;A-1;Spain - Italy;Kategorie 2;1;210,00 €;03.04.2026\n"
    "Bolt;B-7;12;C2;3;205,50 €;04.04.2026\n"
)


@pytest.fixture
def desk() -> FileDesk:
    return FileDesk(_DESK)


def sold(desk: FileDesk) -> list[tuple[object, ...]]:
    columns = ("client", "client_po", "match", "category", "number", "price", "currency")
    return desk.rows(SALES, *columns)


def test_a_file_of_many_clients_becomes_an_order_for_each(desk: FileDesk) -> None:
    result = desk.sell_file(MANY)
    assert sold(desk) == [
        ("Meridian Travel", "A-1", "M01", "Cat 1", 2, 1350.0, "EUR"),
        ("Meridian Travel", "A-1", "M12", "Cat 2", 1, 210.0, "EUR"),
        ("Bolt", "B-7", "M12", "Cat 2", 3, 205.5, "EUR"),
    ]
    orders = desk.rows(SALES, "order_id")
    assert orders[0] == orders[1] != orders[2]
    assert result.orders == [orders[0], orders[2]]
    assert (result.taken, result.units, result.amounts) == (3, 6, {"EUR": 3526.5})
    assert len(desk.rows(DISTRIBUTION, "sales_id")) == 6


def test_without_order_numbers_a_client_has_one_order(desk: FileDesk) -> None:
    desk.sell_file(
        "client,match,category,qty,price\nBolt,M1,Cat 1,1,100\nZed,M1,Cat 1,1,100\n"
        "Bolt,M2,Cat 2,2,90\n"
    )
    found = desk.rows(SALES, "client", "match", "order_id")
    assert [one[:2] for one in found] == [("Bolt", "M01"), ("Bolt", "M02"), ("Zed", "M01")]
    assert found[0][2] == found[1][2] != found[2][2]


def test_instructions_stay_with_their_lines(desk: FileDesk) -> None:
    desk.sell_file(
        "client,match,category,qty,price,instructions\nBolt,M1,Cat 1,1,100,wheelchair access\n"
        "Bolt,M2,Cat 2,2,90,\n"
    )
    assert desk.rows(SALES, "match", "instructions") == [
        ("M01", "wheelchair access"),
        ("M02", None),
    ]


def test_an_order_number_of_two_clients_is_refused_with_all_else(desk: FileDesk) -> None:
    before = everything(desk.store)
    result = desk.sell_file(
        "client,order,match,category,qty,price\nBolt,7,M1,Cat 1,1,100\nZed,7,M1,Cat 1,1,100\n"
        ",8,M1,Cat 1,1,100\n"
    )
    assert [(one.line, one.column, one.code) for one in result.rejected] == [
        (3, "order", "ORDER_DIFFERS"),
        (4, "client", "MISSING_CLIENT"),
    ]
    assert everything(desk.store) == before


def test_lines_of_an_earlier_import_are_skipped_and_undo_forgets_them(desk: FileDesk) -> None:
    desk.sell_file(MANY)
    more = MANY + "Bolt;B-8;M2;C1;1;90,00 €;04.04.2026\n"
    result = desk.sell_file(more)
    assert (result.taken, result.skipped) == (1, 3)
    desk.undo()
    desk.undo()
    assert sold(desk) == []
    assert desk.sell_file(more).taken == 4


def test_a_sale_is_no_purchase_that_was_imported(desk: FileDesk) -> None:
    text = "ref,match,category,qty,price\nA1,M1,Cat 1,2,100\n"
    desk.take(text, vendor="Bolt")
    assert desk.sell_file(text, client="Bolt").taken == 1

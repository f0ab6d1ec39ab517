"""Charts as SVG: they say what they show, need no colour, and hold texts as texts."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree

import pytest

from ticketops.books.charts import Chart, patterns, svg
from ticketops.books.report_charts import charts_of
from ticketops.domain.money.margin import MarginLine
from ticketops.domain.reporting.reports import Inventory, Summary
from ticketops.domain.reporting.stock import InventoryLine

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert(1)</script>"\u202e\x07<image href="x"/>'
AT = datetime(2026, 6, 1)


def line(name: str, revenue: float, currency: str = "USD") -> MarginLine:
    return MarginLine(name, currency, 1, revenue, 0.0, 0.0, 0.0, revenue, 100.0)


def summary(*lines: MarginLine) -> Summary:
    return Summary(AT, "USD", None, None, None, None, (), "client", lines)  # type: ignore[arg-type]


CHARTS = {
    "pie": charts_of(summary(line(HOSTILE, 3), line("Bolt", 1)))[0],
    "stacked": charts_of(
        Inventory(AT, "USD", "match", (InventoryLine(HOSTILE, None, 3, 2, 1, 0),))
    )[0],
    "lines": Chart(
        "lines",
        HOSTILE,
        "d",
        HOSTILE,
        [
            {"date": "2026-05-01", "series": name, "value": value}
            for name, value in (("revenue", 5), ("cost", 2))
        ],
    ),
    "bars": Chart("bars", "t", HOSTILE, "%", [{"name": HOSTILE, "value": 5, "label": HOSTILE}]),
}


@pytest.mark.parametrize("spec", CHARTS)
def test_a_chart_says_what_it_shows_and_holds_texts_as_texts(spec: str) -> None:
    chart = CHARTS[spec]
    assert chart.spec == spec
    drawn = svg(chart, 7)
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "chart7-title chart7-desc"
    for tag, said in (("title", chart.title), ("desc", chart.description)):
        plain = said.replace("\u202e", " ").replace("\x07", " ")
        assert root.find(f"{SVG}{tag}").text == " ".join(plain.split())  # type: ignore[union-attr]
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "g", "path", "line", "text", "rect"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in names if "href" in name or name.startswith("on")}
    assert "#a1000" not in drawn
    assert "#010203" not in drawn
    assert "currentColor" in drawn
    in_the_chart = "".join(
        element.text or "" for element in root.iter() if element.tag == f"{SVG}text"
    )
    assert not {"\u202e", "\x07"} & set(in_the_chart)


def test_series_can_be_told_without_colours() -> None:
    bars = svg(
        charts_of(Inventory(AT, "USD", "match", (InventoryLine("M01", None, 3, 1, 1, 1),)))[0], 1
    )
    assert {f"url(#hatch{n})" for n in range(3)} <= {
        part for part in bars.split('"') if "hatch" in part
    }
    assert patterns().count("<pattern id=") == 8
    lines = svg(CHARTS["lines"], 1)
    assert 'stroke-dasharray="6,3"' in lines


def test_a_chart_per_currency_and_the_smallest_left_out() -> None:
    two = charts_of(summary(line("A", 1), line("A", 2, "EUR"), line("B", 0)))
    assert [one.title for one in two] == ["Revenue by client, EUR", "Revenue by client, USD"]
    (many,) = charts_of(summary(*(line(f"C{n}", n) for n in range(1, 21))))
    assert [row["value"] for row in many.rows] == [20, 19, 18, 17, 16, 15, 14, sum(range(1, 14))]
    assert sum(row["share"] for row in many.rows) == pytest.approx(100)
    (stock,) = charts_of(
        Inventory(
            AT,
            "USD",
            "match",
            tuple(InventoryLine(f"M{n}", None, n, n, 0, 0) for n in range(1, 31)),
        )
    )
    assert {row["name"] for row in stock.rows} == {f"M{n}" for n in range(7, 31)}
    assert stock.note == "6 smaller ones left out: the table has all"
    assert charts_of(summary()) == []


def test_a_share_stands_after_a_name_that_is_read_from_right_to_left() -> None:
    drawn = svg(charts_of(summary(line("ریحان گشت", 3), line("Bolt", 1)))[0], 1)
    texts = [one.text for one in ElementTree.fromstring(drawn).iter(f"{SVG}text")]
    assert (
        "ریحان گشت\u200e 75 %" in texts
    )  # the mark ends the name: without it 75 is in front of it

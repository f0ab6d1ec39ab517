"""Charts: Vega-Lite specifications of templates/charts filled with figures, as SVG for a page. They can be
read without colour (patterns, dashes, labels), on dark and on printed pages; texts in them stay text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from msgspec import Struct

_TEMPLATES = Path(__file__).parent.parent / "templates" / "charts"
_INK = "#010203"
_SERIES = tuple(f"#a1000{number}" for number in range(1, 9))
"""What stands for the colours in the specifications."""
_COLOURS = (
    *("#2b7fc4", "#c2571a", "#2e8b57", "#8a63c7"),
    *("#a8842c", "#c04a7a", "#3f8f96", "#7a7f86"),
)
"""Each can be told from white and from dark pages."""
_HATCHES = (
    "",
    "M0,6 L6,0",
    "M0,0 L6,6",
    "M3,0 V6",
    "M0,3 H6",
    "M0,3 H6 M3,0 V6",
    "M0,6 L6,0 M0,0 L6,6",
    "M1.5,1.5 h1 M4.5,4.5 h1",
)
_HEAD = re.compile(r"<svg\b[^>]*?(width=\"[\d.]+\" height=\"[\d.]+\" viewBox=\"[^\"]*\")[^>]*>")
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200b-\u200f\u2028-\u202e\u2066-\u2069]"
)


class Chart(Struct, frozen=True):
    """What a chart shows. spec: which of templates/charts; unit: what its values are; rows: its data;
    note: what is left out of it."""

    spec: str
    title: str
    description: str
    unit: str
    rows: Sequence[dict[str, Any]]
    note: str = ""


def svg(chart: Chart, number: int) -> str:
    """A chart as an SVG element that says by its title and description what it shows. number: of the
    chart on its page."""
    import vl_convert

    spec = json.loads((_TEMPLATES / f"{chart.spec}.json").read_text("utf-8"))
    spec["data"]["values"] = list(_clean(chart.rows))
    text = json.dumps(spec).replace('"$unit"', json.dumps(plain_text(chart.unit)))
    text = text.replace('"$days"', json.dumps(_days(chart.rows)))
    drawn = vl_convert.vegalite_to_svg(text, allowed_base_urls=[])
    for place, mark in enumerate(_SERIES):
        drawn = drawn.replace(f'fill="{mark}"', f'fill="url(#hatch{place})"')
        drawn = drawn.replace(mark, _COLOURS[place])
    drawn = drawn.replace(_INK, "currentColor")
    said = "".join(
        f'<{tag} id="chart{number}-{tag}">{escape(plain_text(words))}</{tag}>'
        for tag, words in (("title", chart.title), ("desc", chart.description))
    )
    named = f'role="img" aria-labelledby="chart{number}-title chart{number}-desc"'
    return _HEAD.sub(
        lambda head: f'<svg xmlns="http://www.w3.org/2000/svg" {named} {head[1]}>{said}', drawn, 1
    )


def _days(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The days that an axis names, seven at most, as Vega-Lite has them."""
    days = sorted({row["date"] for row in rows if "date" in row})
    step = -(-len(days) // 7) or 1
    parts = [[int(part) for part in day.split("-")] for day in days[::step]]
    return [{"year": y, "month": m, "date": d, "utc": True} for y, m, d in parts]


def patterns() -> str:
    """The patterns that charts are filled with: once on a page."""
    made = "".join(
        f'<pattern id="hatch{place}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="{colour}"/>'
        f'<path d="{hatch}" stroke="#fff" stroke-width="1.1" fill="none"/></pattern>'
        for place, (colour, hatch) in enumerate(zip(_COLOURS, _HATCHES, strict=True))
    )
    hidden = 'width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false"'
    return f"<svg {hidden}><defs>{made}</defs></svg>"


def _clean(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows with texts as `plain_text` has them."""
    for row in rows:
        yield {
            key: plain_text(value) if isinstance(value, str) else value
            for key, value in row.items()
        }


def printable(text: str) -> str:
    """A text with a blank in place of each character that a page can't hold, or that turns text round."""
    return _CONTROL.sub(" ", text)


def plain_text(text: str) -> str:
    """A text without what an SVG can't hold, or what turns text round."""
    return " ".join(printable(text).split())

"""Pages made of templates/reports: self-contained, nothing that is asked of any host, and no script but that
of seat maps. What texts of the workbook say stays text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from ticketops.books.charts import Chart, patterns, svg

_TEMPLATES = Path(__file__).parent.parent / "templates" / "reports"


class Figure(Struct, frozen=True):
    """A chart on a page. svg: is markup, made by us;
    the others are texts."""

    title: str
    note: str
    svg: str


def drawn(found: Sequence[Chart]) -> list[Figure]:
    """Charts as figures of a page."""
    return [
        Figure(one.title, one.note, svg(one, number)) for number, one in enumerate(found, start=1)
    ]


def render(template: str, **given: Any) -> str:
    """A page as text. template: its file in templates/reports."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    hatches = patterns() if given.get("figures") else ""
    return environment.get_template(template).render(patterns=hatches, **given)


def source(name: str) -> str:
    """The text of a file in templates/reports."""
    return (_TEMPLATES / name).read_text("utf-8")

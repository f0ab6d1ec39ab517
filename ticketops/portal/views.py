"""Templates of pages: every value is escaped, and one that is missing is an error."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ticketops.portal.words import TEMPLATES


class Views:
    """The templates of `templates/portal/`."""

    def __init__(self) -> None:
        import jinja2

        self._made = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._made.filters["cell"] = cell

    def render(self, template: str, **values: Any) -> str:
        """A template with values in its places."""
        return self._made.get_template(template).render(**values)


def cell(value: Any) -> str:
    """A value of a book as a page shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (
            f"{value:%Y-%m-%d}" if not (value.hour or value.minute) else f"{value:%Y-%m-%d %H:%M}"
        )
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return str(value)

"""Titles of the sheets of an .xlsx file, looked up as Excel looks them up."""

from __future__ import annotations

from typing import Any


class Titles(dict[str, str]):
    """{title of a sheet: what is told of it}. Looked up as Excel does, which forgives case: a title
    as it is spelled counts before one that differs in case."""

    def spelled(self, title: str) -> str:
        """The title as it stands in the workbook. Raises KeyError."""
        if title in self.keys():
            return title
        folded = title.casefold()
        for other in self:
            if other.casefold() == folded:
                return other
        raise KeyError(title)

    def __missing__(self, title: str) -> str:
        return self[self.spelled(title)]

    def __contains__(self, title: object) -> bool:
        return isinstance(title, str) and self.get(title) is not None

    def get(self, title: str, default: Any = None) -> Any:
        try:
            return self[title]
        except KeyError:
            return default

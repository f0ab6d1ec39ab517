"""Results as frozen dataclasses, and the plain values that `--json` prints of them."""

from __future__ import annotations

from dataclasses import Field, fields, is_dataclass
from typing import Any

OPTIONAL = {"optional": True}
"""Metadata of a field that is left out of the JSON object while it is None."""


def plain(value: Any) -> Any:
    """A result as dicts, lists and scalars: a dataclass becomes an object with its fields in order,
    a tuple a list.

    A field with an `alias` in its metadata goes by that name (`from` is a word of Python's). Other
    values (dates, sets) stay as they are; the printer knows them.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            one.metadata.get("alias", one.name): plain(content)
            for one in fields(value)
            if not _left_out(one, content := getattr(value, one.name))
        }
    if isinstance(value, dict):
        return {key: plain(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [plain(content) for content in value]
    return value


def shallow(value: Any) -> dict[str, Any]:
    """{field: content} of a dataclass, its contents as they are: to make a result that says more
    out of one that says less."""
    return {one.name: getattr(value, one.name) for one in fields(value)}


def _left_out(one: Field[Any], content: Any) -> bool:
    return content is None and bool(one.metadata.get("optional"))

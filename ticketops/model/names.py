"""Names as people type them, for comparing."""

from __future__ import annotations


def name_key(name: str | None) -> str | None:
    """A client's or vendor's name with case and spaces forgiven; None for no name."""
    return " ".join(name.split()).casefold() if name else None

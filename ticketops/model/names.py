"""Names as people type them, for comparing."""

from __future__ import annotations


def name_key(name: str | None) -> str | None:
    """A client's or vendor's name with case and spaces forgiven; None for no name."""
    return " ".join(name.split()).casefold() if name else None


def same_name(one: str | None, other: str | None) -> bool:
    """Whether two names are the same, case and spaces forgiven; no name is the same as an empty
    one."""
    return (name_key(one) or "") == (name_key(other) or "")


def quoted(name: str) -> str:
    """A name as a command line takes it: in quotes where it needs them."""
    import shlex  # few commands name a command

    return shlex.quote(name)

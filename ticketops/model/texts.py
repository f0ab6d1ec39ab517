"""Texts from outside, before anything is made of them."""

from __future__ import annotations

import re

from ticketops.model.spelling import tidy

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
MAX_TEXT = 2_000
_FORMULA = tuple("=+-@\t\r\n")


def clean_text(text: str, what: str) -> str:
    """Text from outside without surrounding spaces; empty where nobody sees anything of it. Raises
    ValueError for control characters and for too long a text."""
    if _CONTROL.search(text):
        raise ValueError(f"the {what} contains a control character")
    if len(text) > MAX_TEXT:
        raise ValueError(
            f"the {what} has {len(text):,} characters; at most {MAX_TEXT:,} are allowed"
        )
    if not tidy(text):
        return ""
    return " ".join(text.split()) if what != "notes" else text.strip()


def is_escaped(cell: str) -> bool:
    """Whether a cell of a CSV file has an apostrophe before it, since a spreadsheet would take the
    text for a formula (D14)."""
    return cell[:1] == "'" and cell.lstrip("'")[:1] in _FORMULA

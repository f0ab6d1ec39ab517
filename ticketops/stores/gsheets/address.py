"""How a Google Sheet is named: `gsheet:<id>`, or the address that the browser shows."""

from __future__ import annotations

import re

from ticketops.errors import UsageError

PREFIX = "gsheet:"
_ADDRESS = re.compile(r"https?://docs\.google\.com/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/(?P<id>[\w-]+)(?:[/?#].*)?")
_PUBLISHED = re.compile(r"https?://docs\.google\.com/.*/d/e/")
_FOLDER = re.compile(r"https?://drive\.google\.com/(?:drive/)?(?:u/\d+/)?folders/(?P<id>[\w-]+)(?:[/?#].*)?")
_ID = re.compile(r"[\w-]{5,}")


def is_online(text: object) -> bool:
    """Whether a workbook's name means a Google Sheet."""
    return isinstance(text, str) and (text.startswith((PREFIX, "https://docs.google.com/", "http://docs.google.com/")))


def spreadsheet_id(text: str) -> str:
    """The id in `gsheet:<id>`, `gsheet:<address>` or an address. Raises UsageError where there is none."""
    rest = text.strip().removeprefix(PREFIX).strip()
    if _PUBLISHED.match(rest):
        raise UsageError(f"{text!r} is the address of a published page", "take the one that you see while you edit the sheet")
    found = _ADDRESS.fullmatch(rest)
    if found:
        return found["id"]
    if not _ID.fullmatch(rest):
        raise UsageError(f"{text!r} names no Google Sheet", "it is named by gsheet:ID, or by the address that the browser shows")
    return rest


def folder_id(text: str) -> str:
    """The id of a Drive folder, from itself or its address; "" for none. Raises UsageError."""
    found = _FOLDER.fullmatch(text.strip())
    if found:
        return found["id"]
    if text.strip() and not _ID.fullmatch(text.strip()):
        raise UsageError(f"{text!r} names no Drive folder", "it is named by its id, or by the address that the browser shows")
    return text.strip()

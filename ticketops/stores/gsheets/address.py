"""How a Google Sheet is named: `gsheet:<id>`, or the address that the browser shows."""

from __future__ import annotations

from ticketops.errors import UsageError
from ticketops.model.patterns import when_needed

PREFIX = "gsheet:"
_ADDRESS = when_needed(
    r"https?://docs\.google\.com/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/(?P<id>[\w-]+)(?:[/?#].*)?"
)
_PUBLISHED = when_needed(r"https?://docs\.google\.com/.*/d/e/")
_FOLDER = when_needed(
    r"https?://drive\.google\.com/(?:drive/)?(?:u/\d+/)?folders/(?P<id>[\w-]+)(?:[/?#].*)?"
)
_ID = when_needed(r"[\w-]{5,}")


def is_online(text: object) -> bool:
    """Whether a workbook's name means a Google Sheet."""
    return isinstance(text, str) and (
        text.startswith((PREFIX, "https://docs.google.com/", "http://docs.google.com/"))
    )


def spreadsheet_id(text: str) -> str:
    """The id in `gsheet:<id>`, `gsheet:<address>` or an address. Raises UsageError where there is
    none."""
    rest = text.strip().removeprefix(PREFIX).strip()
    if _PUBLISHED().match(rest):
        raise UsageError(
            f"{text!r} is the address of a published page",
            "use the address that you see while you edit the sheet",
        )
    found = _ADDRESS().fullmatch(rest)
    if found:
        return found["id"]
    if not _ID().fullmatch(rest):
        raise UsageError(
            f"{text!r} is not a Google Sheet",
            "give gsheet:ID, or the address that the browser shows",
        )
    return rest


def folder_id(text: str) -> str:
    """The id of a Drive folder, from itself or its address; "" for none. Raises UsageError."""
    found = _FOLDER().fullmatch(text.strip())
    if found:
        return found["id"]
    if text.strip() and not _ID().fullmatch(text.strip()):
        raise UsageError(
            f"{text!r} is not a Drive folder", "give its id, or the address that the browser shows"
        )
    return text.strip()


def is_confidential(address: str) -> bool:
    """Whether what is sent to an address is read by nobody on the way: by https, or on this
    machine."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    if not address.isascii() or any(c <= " " or c in "\\@\x7f" for c in address):
        return False  # programs differ in which host such an address names
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme != "http":
        return False
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

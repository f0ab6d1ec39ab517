"""Files that are no .xlsx workbook, called by what they are: by their name, their first bytes, or the
parts of their archive."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from ticketops.errors import UnusableError

_SAVE = "open it in a spreadsheet program and save it as .xlsx"
_BY_NAME = {
    **dict.fromkeys((".ods", ".fods", ".ots"), "an OpenDocument spreadsheet"),
    **dict.fromkeys((".xls", ".xlt", ".xlw"), "a workbook of Excel 97–2003"),
    ".xlsb": "a binary workbook of Excel",
    **dict.fromkeys((".xltx", ".xltm"), "a template of Excel"),
    ".xlam": "an add-in of Excel",
    ".numbers": "a spreadsheet of Apple Numbers",
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), "a file of plain text"),
    **dict.fromkeys((".et", ".ett"), "a spreadsheet of WPS"),
    **dict.fromkeys((".htm", ".html", ".mht", ".mhtml"), "a web page"),
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf"), "a text document"),
    **dict.fromkeys((".ppt", ".pptx", ".odp"), "a presentation"),
    **dict.fromkeys((".zip", ".7z", ".rar", ".gz"), "an archive"),
    ".gsheet": "a shortcut to a Google Sheet",
    ".pdf": "a PDF document",
    ".json": "a JSON file",
    ".xml": "an XML file",
}
_LINES = "`purchase add --csv` and `sale add --csv` read lines from one; for a workbook, "
_HINTS = {
    ".gsheet": "give -w gsheet:ID, with the ID from its address in the browser",
    ".numbers": "in Numbers: File > Export To > Excel",
    **dict.fromkeys((".zip", ".7z", ".rar", ".gz"), "unpack it first"),
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), _LINES + _SAVE),
}
_BY_HEAD = (
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a text document"),
    (b"\x1f\x8b", "an archive"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"<!do", "a web page"),
    (b"<htm", "a web page"),
    (b"<tab", "a web page"),
    (b"<?xm", "an XML file"),
    (b"\xef\xbb\xbf", "a file of plain text"),
    (b"\xff\xfe", "a file of plain text"),
    (b"\xfe\xff", "a file of plain text"),
)
_BY_PART = (
    ("xl/workbook.bin", "a binary workbook of Excel"),
    ("content.xml", "an OpenDocument file"),
    ("index/document.iwa", "a spreadsheet of Apple Numbers"),
    ("index.zip", "a spreadsheet of Apple Numbers"),
    ("word/document.xml", "a text document"),
    ("ppt/presentation.xml", "a presentation"),
    ("visio/document.xml", "a drawing"),
)


def refuse_by_name(path: PurePath | str) -> None:
    """Raises UnusableError for the name of a file that is no .xlsx workbook."""
    suffix = PurePath(path).suffix.lower()
    if suffix in (".xlsx", ".xlsm"):
        return
    what = _BY_NAME.get(suffix)
    said = (
        f"{path} is {what}, not an .xlsx workbook" if what else f"{path} is not an .xlsx workbook"
    )
    raise UnusableError(said, _HINTS.get(suffix, _SAVE))


def named_by_head(head: bytes) -> str:
    """What a file is by its first bytes; empty where they do not tell."""
    start = head[:4].lower() if head[:1] == b"<" else head
    for magic, what in _BY_HEAD:
        if start.startswith(magic):
            return what
    text = bool(head) and all(byte >= 32 or byte in b"\t\r\n" for byte in head)
    return "a file of plain text" if text else ""


def refuse_by_parts(names: Iterable[str], name: str) -> None:
    """Raises UnusableError for an archive that is no .xlsx workbook. names: of its parts."""
    parts = {part.replace("\\", "/").lstrip("./").casefold() for part in names}
    what = next((what for part, what in _BY_PART if part in parts), "")
    is_package = bool(parts & {"[content_types].xml", "_rels/.rels", "xl/workbook.xml"})
    if "xl/workbook.xml" in parts or (is_package and not what):
        return
    said = f"it is {what}" if what else "it is an archive of other files"
    raise UnusableError(f"{name} is not an .xlsx workbook: {said}", _SAVE)

"""A part that declares a DTD is refused whatever it is called; pictures are no parts that a parser
reads."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.books.field import GOOD, SHEET1, STRINGS, Field, filled_raw, part, repacked
from tests.books.returned.hostile import with_prolog
from ticketops.errors import HostileFileError
from ticketops.stores.returned.files import read_returned
from ticketops.stores.returned.reading import read_file
from ticketops.stores.xlsx import guard

DTD = b'<!DOCTYPE z [<!ENTITY g "Eve">]>'
NAMES = ["xl/strings.bin", "xl/strings.XML", "xl/media/image1.png", "docProps/thumbnail", "x"]


def renamed(path: Path, old: str, new: str, content: bytes) -> Path:
    """A part under another name, and everything that names it."""
    changes: dict[str, bytes | None] = {old: None, new: content}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.filename.endswith(".rels") or info.filename == "[Content_Types].xml":
                text = archive.read(info)
                short = old.removeprefix("xl/").encode()
                text = text.replace(b'"' + short + b'"', b'"/' + new.encode() + b'"')
                changes[info.filename] = text.replace(
                    b'"/' + old.encode() + b'"', b'"/' + new.encode() + b'"'
                )
    return repacked(path, changes)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("old", [STRINGS, SHEET1])
def test_a_part_by_any_name(old: str, name: str, event: Field) -> None:
    path = filled_raw(event)
    honest = renamed(Path(path), old, name, part(path, old))
    if name != "x":
        assert not read_returned([honest])[0].unusable, "the name alone is no reason"
    path = filled_raw(event)
    back = read_returned([renamed(path, old, name, with_prolog(part(path, old), DTD))])[0]
    assert (back.unusable, [code for code, _, _ in back.problems]) == (True, ["HOSTILE_FILE"])


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0" encoding="UTF-7"?><a/>',
        b'<?xml version="1.0" encoding="IBM037"?><a/>',
        "<?xml version='1.0'?>".encode("cp037"),
        DTD + b"<svg/>",
        b'<!DOCTYPE svg SYSTEM "file:///etc/passwd"><svg/>',
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x" [<!ENTITY a "b">]><svg/>',
    ],
)
def test_what_no_honest_part_says(content: bytes, event: Field) -> None:
    path = repacked(filled_raw(event), {"xl/media/picture.svg": content})
    with pytest.raises(HostileFileError):
        read_file(path, "")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n<!DOCTYPE html>",
        b'<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n'
        b' "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n<svg/>',
        b"",
    ],
)
def test_pictures_are_no_reason_to_refuse(content: bytes, event: Field) -> None:
    path = repacked(filled_raw(event), {"xl/media/picture": content})
    assert event.pull(path).changed == GOOD


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_dtd_behind_any_comment_of_the_workbook(size: int) -> None:
    xml = b'<?xml version="1.0"?><!--' + b"x" * size + b"--><?y?>" + DTD + b"<sst>" + b" " * size
    with pytest.raises(HostileFileError):
        guard.check_xml(xml + b"</sst>", "xl/sharedStrings.xml")
    guard.check_xml(xml.replace(DTD, b"") + b"</sst>", "xl/sharedStrings.xml")

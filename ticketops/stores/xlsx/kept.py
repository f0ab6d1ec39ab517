"""What a process that goes on knows of a workbook once it has written it: it need not read again what
it wrote, nor what it left alone."""

from __future__ import annotations

from collections.abc import Mapping

from ticketops.stores.xlsx.conventional import is_conventional
from ticketops.stores.xlsx.parts import Parts

_MOST = 2**28
"""Bytes of sheets that are kept between two commits."""
_STRINGS = ("_strings_xml", "_strings")


def carry_over(before: Parts, after: Parts, changed: Mapping[str, bytes]) -> None:
    """Take from `before` to `after` what still is true of the new workbook, and what was written.
    changed: {part: new content} of every part that changed, as it was read back."""
    after.package.known = _known(before.package.known, after, changed)
    same = after.strings and after.strings == before.strings and after.strings not in changed
    if same and after.package.raw(after.strings) == before.package.raw(before.strings):
        vars(after).update({name: vars(before)[name] for name in _STRINGS if name in vars(before)})


def _known(
    known: Mapping[str, bytes], after: Parts, changed: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The sheets that are in conventional form throughout, up to a size."""
    sheets = set(after.sheets.values())
    found = {
        part: xml
        for part, xml in {**known, **changed}.items()
        if part in sheets and (part in known or is_conventional(xml))
    }
    while sum(map(len, found.values())) > _MOST:
        found.pop(max(found, key=lambda part: len(found[part])))
    return found

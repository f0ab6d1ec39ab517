"""Where things are in a workbook archive: sheets, styles, shared strings; and the few edits to the parts that say so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from datetime import timedelta
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

from ticketops.errors import SpliceError, UnusableError
from ticketops.schema.workbook import Sheet
from ticketops.stores.xlsx import guard
from ticketops.stores.xlsx.cells import string_item
from ticketops.stores.xlsx.package import Package
from ticketops.stores.xlsx.xmltext import attribute, without_markup

_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFSET_1904 = timedelta(days=1462)
"""How much later a workbook starts to count days whose `date1904` is set."""

_SHEET_RELATION = f"{_RELATIONSHIPS}/worksheet"
_SHEET_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_ITEM_END = re.compile(rb"</(?:\w+:)?si>")
_EMPTY_ITEM = re.compile(rb"<((?:\w+:)?si)\b[^<>]*/>")
_PERHAPS_EMPTY_ITEM = re.compile(rb"si\b[^<>]*/>")
_ITEM_CONTENT = re.compile(rb"(<(?:\w+:)?si\b[^<>]*>).*", re.DOTALL)
_CALC = re.compile(rb"<(?:\w+:)?calcPr\b[^>]*?/?>")
_SIGNED = re.compile(r"_xmlsignatures/|(?:.*/)?vbaProjectSignature\w*\.bin")


class Parts:
    """The parts of one workbook. Raises UnusableError where the archive is no workbook."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.workbook = self._target_of_type("", "officeDocument")
        relations = self.relations(self.workbook)
        self._workbook_xml = self.xml(self.workbook)
        root = self._parse(self.workbook, self._workbook_xml)
        self.date1904 = any(
            e.get("date1904") in ("1", "true") for e in root if _local(e) == "workbookPr"
        )  # fmt: skip
        self.sheets: dict[str, str] = {}
        self.not_worksheets: set[str] = set()
        self._sheet_ids: list[int] = []
        self._relations_namespace = _RELATIONSHIPS
        for element in (sheet for group in root if _local(group) == "sheets" for sheet in group):
            key = next((key for key in element.attrib if key.endswith("}id")), "")
            relation = relations.get(element.get(key, ""))
            self._relations_namespace = key[1:-3] or _RELATIONSHIPS
            if relation is None or not element.get("name"):
                raise UnusableError(f"{package.name} is damaged: a sheet has no part")
            kind, target = relation
            number = element.get("sheetId", "0")
            self._sheet_ids.append(int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0)
            if element.attrib["name"] in self.sheets:
                raise UnusableError(f"{package.name} has two sheets named {element.attrib['name']!r}")
            self.sheets[element.attrib["name"]] = target
            if not kind.endswith("/worksheet"):
                self.not_worksheets.add(element.attrib["name"])
        if not self.sheets:
            raise UnusableError(f"{package.name} has no sheets")
        by_type = {kind.rpartition("/")[2]: target for kind, target in relations.values()}
        self.styles = by_type.get("styles", "")
        self.strings = by_type.get("sharedStrings", "")
        self.has_calculation_chain = "calcChain" in by_type

    def xml(self, part: str) -> bytes:
        """A part's XML, checked for what a workbook never holds."""
        xml = self.package.read(part)
        guard.check_xml(xml, part)
        return xml

    @cached_property
    def _strings_xml(self) -> bytes:
        xml = self.xml(self.strings) if self.strings in self.package else b""
        if b"<!" in xml:
            xml = without_markup(xml)
        if _PERHAPS_EMPTY_ITEM.search(xml):
            xml = _EMPTY_ITEM.sub(rb"<\1></\1>", xml)
        return xml

    @cached_property
    def _strings(self) -> list[bytes]:
        return _ITEM_END.split(self._strings_xml)[:-1]  # each with its start tag, which holds no text

    def used_strings(self, used: Collection[int]) -> bytes:
        """The shared strings with those emptied that are not among `used`."""
        pieces, position = [], 0
        for index, end in enumerate(_ITEM_END.finditer(self._strings_xml)):
            item = self._strings_xml[position : end.start()]
            pieces.append(item if index in used else _ITEM_CONTENT.sub(rb"\1", item))
            pieces.append(end[0])
            position = end.end()
        return b"".join([*pieces, self._strings_xml[position:]])

    def shared(self, index: int) -> str:
        """A shared string. Raises UnusableError for an index that the workbook does not have."""
        if not 0 <= index < len(self._strings):
            raise UnusableError(f"{self.package.name} is damaged: there is no shared string {index}")
        return string_item(self._strings[index])

    def position(self, sheet: str) -> int:
        """The 0-based place of a sheet in the workbook."""
        return list(self.sheets).index(sheet)

    def tables_of(self, sheet: str) -> list[str]:
        """The table parts of a sheet."""
        relations = self.relations(self.sheets[sheet])
        return [target for kind, target in relations.values() if kind.endswith("/table")]

    def refuse_unsafe(self) -> None:
        """Raises SpliceError for a workbook that an edit would invalidate."""
        signed = next((name for name in self.package.members if _SIGNED.fullmatch(name) or name.startswith("_xmlsignatures/")), "")
        if signed:
            raise SpliceError(
                f"{self.package.name} is digitally signed ({signed}): a change would break the signature",
                "save a copy without the signature",
            )

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """{relation id: (type, target part)} of a part; empty where it has none."""
        folder, _, name = part.rpartition("/")
        path = posixpath.join(folder, "_rels", name + ".rels")
        if path not in self.package:
            return {}
        found = {}
        for element in self._parse(path, self.xml(path)):
            target = element.get("Target", "")
            absolute = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            if element.get("TargetMode") != "External":
                found[element.get("Id", "")] = (element.get("Type", ""), absolute)
        return found

    def _target_of_type(self, part: str, kind: str) -> str:
        for type_, target in self.relations(part).values():
            if type_.endswith("/" + kind):
                return target
        raise UnusableError(f"{self.package.name} is not an .xlsx workbook")

    def _parse(self, part: str, xml: bytes) -> Any:
        try:
            return ElementTree.fromstring(xml)
        except ElementTree.ParseError as error:
            raise UnusableError(f"{self.package.name} is damaged at the part {part!r}: {error}") from None

    def recalculated(self, workbook: bytes | None = None) -> bytes:
        """workbook.xml that makes spreadsheet programs compute all formulas anew when they open it."""
        xml = self._workbook_xml if workbook is None else workbook
        found = _CALC.search(xml)
        if not found:
            return _before_calc_successors(xml)
        if re.search(rb'fullCalcOnLoad=["\'](?:1|true)["\']', found[0]):
            return xml
        bare = re.sub(rb'\sfullCalcOnLoad=["\']\w*["\']', b"", found[0])
        return xml[: found.start()] + re.sub(rb"(\s*/?>)$", rb' fullCalcOnLoad="1"\1', bare) + xml[found.end() :]

    def workbook_xml(self) -> bytes:
        return self._workbook_xml

    def with_sheets(self, sheets: list[tuple[Sheet, bytes]], workbook: bytes) -> dict[str, bytes]:
        """The parts that change when new worksheets are added: {part: content}; `workbook` is workbook.xml so far."""
        changed: dict[str, bytes] = {}
        folder, _, name = self.workbook.rpartition("/")
        relations_path = posixpath.join(folder, "_rels", name + ".rels")
        relations = self.xml(relations_path)
        content_types = self.xml("[Content_Types].xml")
        closing = re.search(rb"</((?:\w+:)?)sheets>", workbook)
        if not closing:
            raise SpliceError(f"{self.package.name}: sheets can't be added to this workbook")
        taken = set(self.package.members) | set(self.relations(self.workbook))
        sheet_id = max(self._sheet_ids, default=0)
        entries = relation_entries = type_entries = b""
        known = {name.casefold(): name for name in self.sheets}
        for sheet, xml in sheets:
            if sheet.name.casefold() in known:
                like = known[sheet.name.casefold()]
                raise SpliceError(f"{self.package.name} has a sheet {like!r} where {sheet.name!r} belongs", "rename it")
            number = next(n for n in range(1, 100_000) if posixpath.join(folder, f"worksheets/sheet{n}.xml") not in taken)
            part = posixpath.join(folder, f"worksheets/sheet{number}.xml")
            relation = next(f"rIdT{n}" for n in range(1, 100_000) if f"rIdT{n}" not in taken)
            taken |= {part, relation}
            sheet_id += 1
            changed[part] = xml
            entries += b'<%bsheet xmlns:r="%b" name="%b" sheetId="%d" r:id="%b"/>' % (
                closing[1], self._relations_namespace.encode(), attribute(sheet.name).encode(), sheet_id, relation.encode(),
            )  # fmt: skip
            relation_entries += f'<Relationship Id="{relation}" Type="{_SHEET_RELATION}" Target="/{part}"/>'.encode()
            type_entries += f'<Override PartName="/{part}" ContentType="{_SHEET_CONTENT}"/>'.encode()
        changed[self.workbook] = workbook[: closing.start()] + entries + workbook[closing.start() :]
        changed[relations_path] = _before_end(relations, b"Relationships", relation_entries)
        changed["[Content_Types].xml"] = _before_end(content_types, b"Types", type_entries)
        return changed


def _before_end(xml: bytes, root: bytes, added: bytes) -> bytes:
    """`added` put last in the root element, with the prefix that the document uses."""
    found = re.search(rb"</((?:\w+:)?)" + root + rb">", xml)
    if not found:
        raise SpliceError("the workbook's table of contents can't be extended")
    return xml[: found.start()] + added.replace(b"<", b"<" + found[1]) + xml[found.start() :]


def _before_calc_successors(xml: bytes) -> bytes:
    """calcPr put where the schema wants it: after sheets, names and external references, before all that follows."""
    for name in (rb"definedNames", rb"externalReferences", rb"functionGroups", rb"sheets"):
        found = re.search(rb"</((?:\w+:)?)" + name + rb">|<((?:\w+:)?)" + name + rb"\b[^>]*/>", xml)
        if found:
            prefix = found[1] or found[2] or b""
            return xml[: found.end()] + b"<" + prefix + b'calcPr fullCalcOnLoad="1"/>' + xml[found.end() :]
    return xml


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]

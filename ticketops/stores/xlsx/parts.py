"""Where things are in a workbook archive: sheets, styles, shared strings; and the few edits to the
parts that say so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from ticketops.errors import SpliceError, UnusableError
from ticketops.model.patterns import when_needed
from ticketops.schema.addresses import parse_range
from ticketops.schema.sheets import Sheet
from ticketops.stores.xlsx import guard
from ticketops.stores.xlsx.cells import string_item
from ticketops.stores.xlsx.conventional import MAIN_NAMESPACE
from ticketops.stores.xlsx.package import Content, Package, found_by_reader, plain, slashed
from ticketops.stores.xlsx.titles import Titles
from ticketops.stores.xlsx.xmltext import attribute, unescape, without_markup

_PACKAGE_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFSET_1904 = timedelta(days=1462)
"""How much later a workbook starts to count days whose `date1904` is set."""

_SHEET_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_STYLES_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_OVERRIDDEN = when_needed(rb"""<(?:\w+:)?Override\s[^>]*?\bPartName=["']/([^"']*)""")
"""Parts whose content type is declared, whether they are there or not."""
_ITEM_END = when_needed(rb"</(?:\w+:)?si>")
_EMPTY_ITEM = when_needed(rb"<((?:\w+:)?si)\b[^<>]*/>")
_PERHAPS_EMPTY_ITEM = when_needed(rb"si\b[^<>]*/>")
_ITEM_CONTENT = when_needed(rb"(<(?:\w+:)?si\b[^<>]*>).*", re.DOTALL)
_CALC = when_needed(rb"<(?:\w+:)?calcPr\b[^>]*?/?>")
_READABLE = ("/worksheet", "/chartsheet", "/dialogsheet")
_KINDS = {
    "/chartsheet": "a chart, not a worksheet",
    "/dialogsheet": "a dialog, not a worksheet",
    "acrosheet": "a sheet of macros, not a worksheet",
}
_SHEET = when_needed(rb"<(?:\w+:)?sheet\s[^>]*?(?:/>|>\s*</(?:\w+:)?sheet>)")
_RELATION_ID = when_needed(rb"""\w+:id=["']([^"']*)["']""")
_UNKNOWN_STATE = when_needed(
    rb"""(<(?:\w+:)?sheet\b[^>]*?)\sstate=["'](?!(?:visible|hidden|veryHidden)["'])[^"']*["']"""
)


class Parts:
    """The parts of one workbook. Raises UnusableError where the archive is no workbook."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.workbook = self._workbook_part()
        relations = self.relations(self.workbook)
        self._workbook_xml = self.xml(self.workbook)
        for part in package.members:
            if part.casefold().endswith((".xml", ".rels", ".vml")):  # those nobody reads, too
                guard.check_prolog(package.head(part), part)
        root = self._parse(self.workbook, self._workbook_xml)
        self.date1904 = any(
            e.get("date1904") in ("1", "true") for e in root if _local(e) == "workbookPr"
        )
        self.sheets = Titles()
        self.not_worksheets = Titles()
        """{sheet: what it is instead}."""
        self._unreadable: set[str] = set()
        """The relations of sheets of macros, of which python-calamine makes that this is no
        workbook."""
        self._sheet_ids: list[int] = []
        self.namespace = root.tag.rpartition("}")[0].lstrip("{") or MAIN_NAMESPACE
        """Of the main elements; that of Strict Open XML is another one."""
        self._relations_namespace = _RELATIONSHIPS
        self._sheet_relation = ""
        for element in (sheet for group in root if _local(group) == "sheets" for sheet in group):
            key = next((key for key in element.attrib if key.endswith("}id")), "")
            relation = relations.get(element.get(key, ""))
            self._relations_namespace = key[1:-3] or self._relations_namespace
            if relation is None or not element.get("name"):
                raise UnusableError(f"{package.name} is damaged: a sheet has no part")
            kind, target = relation
            package.info(target)  # one that is named and not there must fail
            number = element.get("sheetId", "0")
            self._sheet_ids.append(
                int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
            )
            if element.attrib["name"] in self.sheets.keys():  # noqa: SIM118 - spelled just so
                raise UnusableError(
                    f"{package.name} has two sheets named {element.attrib['name']!r}"
                )
            self.sheets[element.attrib["name"]] = target
            if kind.endswith("/worksheet"):
                self._sheet_relation = kind
            else:
                what = next((w for end, w in _KINDS.items() if kind.endswith(end)), "no worksheet")
                self.not_worksheets[element.attrib["name"]] = what
                if not kind.endswith(_READABLE):
                    self._unreadable.add(element.get(key, ""))
        if not self.sheets:
            raise UnusableError(f"{package.name} has no sheets")
        by_type = {kind.rpartition("/")[2]: target for kind, target in relations.values()}
        self.styles = by_type.get("styles", "")
        self.strings = by_type.get("sharedStrings", "")
        for part in filter(None, (self.styles, self.strings)):
            package.info(part)
        self.has_calculation_chain = "calcChain" in by_type

    def xml(self, part: str) -> bytes:
        """A part's XML, checked for what a workbook never holds."""
        xml = self.package.read(part)
        guard.check_xml(xml, part)
        return xml

    def now(self, part: str, changed: Mapping[str, Content]) -> bytes:
        """A part as it will be."""
        return plain(changed[part]) if part in changed else self.xml(part)

    @cached_property
    def _strings_xml(self) -> bytes:
        xml = self.xml(self.strings) if self.strings else b""
        if b"<!" in xml:
            xml = without_markup(xml)
        if _PERHAPS_EMPTY_ITEM().search(xml):
            xml = _EMPTY_ITEM().sub(rb"<\1></\1>", xml)
        return xml

    @cached_property
    def _strings(self) -> list[bytes]:
        return _ITEM_END().split(self._strings_xml)[
            :-1
        ]  # each with its start tag, which holds no text

    def used_strings(self, used: Collection[int]) -> bytes:
        """The shared strings with those emptied that are not among `used`."""
        pieces, position = [], 0
        for index, end in enumerate(_ITEM_END().finditer(self._strings_xml)):
            item = self._strings_xml[position : end.start()]
            pieces.append(item if index in used else _ITEM_CONTENT().sub(rb"\1", item))
            pieces.append(end[0])
            position = end.end()
        return b"".join([*pieces, self._strings_xml[position:]])

    def shared(self, index: int) -> str:
        """A shared string. Raises UnusableError for an index that the workbook does not have."""
        if not 0 <= index < len(self._strings):
            raise UnusableError(
                f"{self.package.name} is damaged: there is no shared string {index}"
            )
        return string_item(self._strings[index])

    @cached_property
    def read_by_name(self) -> list[str]:
        """Styles and strings that python-calamine finds by their usual names, wherever the workbook
        says they are."""
        usual = ("xl/styles.xml", "xl/sharedstrings.xml")
        return sorted(
            name
            for name in self.package.members
            if name.casefold() in usual and name not in (self.styles, self.strings)
        )

    def depending_on(self, part: str) -> list[str]:
        """The parts beside a sheet's own that say what stands where in it: its relations, tables
        and notes."""
        relations = relations_of(part)
        if relations not in self.package:
            return []
        return [
            relations,
            *(
                target
                for kind, target in self.relations(part).values()
                if kind.endswith(("/table", "/comments"))
            ),
        ]

    def notes_of(self, sheet: str) -> set[tuple[int, int]]:
        """(row, column) of the cells of a sheet that have a note."""
        found = set()
        for kind, target in self.relations(self.sheets[sheet]).values():
            if kind.endswith("/comments"):
                for reference in re.findall(
                    rb"<(?:\w+:)?comment\b[^>]*?\bref=[\"']([A-Z]{1,3}\d{1,7})", self.xml(target)
                ):
                    (column, row), _end = parse_range(reference.decode()) or ((0, 0), (0, 0))
                    found.add((row, column))
        return found

    def position(self, sheet: str) -> int:
        """The 0-based place of a sheet in the workbook."""
        return list(self.sheets).index(self.sheets.spelled(sheet))

    def tables_of(self, sheet: str) -> list[str]:
        """The table parts of a sheet."""
        relations = self.relations(self.sheets[sheet])
        return [target for kind, target in relations.values() if kind.endswith("/table")]

    def refuse_unsafe(self) -> None:
        """Raises SpliceError for a workbook that an edit would invalidate. (The signature of a VBA
        project signs the macros, which stay.)"""
        signed = next(
            (
                name
                for name in self.package.members
                if name.casefold().startswith("_xmlsignatures/")
            ),
            "",
        )
        if signed:
            raise SpliceError(
                f"{self.package.name} is digitally signed ({signed}): any change breaks the "
                "signature",
                "save a copy without the signature",
            )

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """{relation id: (type, target part)} of a part; empty where it has none."""
        folder = posixpath.dirname(part)
        return {
            number: (kind, self.package.named(_absolute(folder, target)))
            for number, (kind, target) in self._spelt_relations(part).items()
        }

    def _spelt_relations(self, part: str) -> dict[str, tuple[str, str]]:
        """The same with each target as it is spelt."""
        path = relations_of(part)
        if path not in self.package:
            return {}
        return {
            element.get("Id", ""): (element.get("Type", ""), element.get("Target", ""))
            for element in self._parse(path, self.xml(path))
            if element.get("TargetMode") != "External"
        }

    def for_reader(self) -> bytes:
        """The archive as python-calamine finds its way in it: the workbook, styles and strings
        under their usual names, the targets of the workbook's relations without backslashes, dots
        and escapes, no state of a sheet that the schema does not know. The archive itself where
        that is so."""
        usual = {
            "xl/workbook.xml": self.workbook,
            "xl/styles.xml": self.styles,
            "xl/sharedStrings.xml": self.strings,
        }
        changed = {
            name: self.package.read(part)
            for name, part in usual.items()
            if part and part.casefold() != name.casefold()
        }
        known = _UNKNOWN_STATE().sub(rb"\1", self._workbook_xml)
        if self._unreadable:
            known = _SHEET().sub(
                lambda found: b"" if self._is_unreadable(found[0]) else found[0], known
            )
        if known != self._workbook_xml:
            changed["xl/workbook.xml"] = known
        relations = self.relations(self.workbook)
        spelt = self._spelt_relations(self.workbook)
        root_kind, root = next(
            found for found in self._spelt_relations("").values() if _is_workbook(found[0])
        )
        if (
            not changed
            and self.package.is_plain
            and root.removeprefix("/").casefold() == self.workbook.casefold()
            and all(
                found_by_reader(spelt[number][1], target)
                for number, (_kind, target) in relations.items()
                if target in self.sheets.values()
            )
        ):
            return self.package.data
        changed[relations_of("")] = _relations_xml({"rId1": (root_kind, "xl/workbook.xml")})
        changed[relations_of("xl/workbook.xml")] = _relations_xml(
            {key: found for key, found in relations.items() if key not in self._unreadable}
        )
        copy = BytesIO()
        self.package.write(copy, changed, plain=True)
        return copy.getvalue()

    def _is_unreadable(self, entry: bytes) -> bool:
        """Whether an entry of the workbook's sheets is one that python-calamine fails at."""
        named = _RELATION_ID().search(entry)
        return bool(named and unescape(named[1].decode("utf-8", "replace")) in self._unreadable)

    def _workbook_part(self) -> str:
        for type_, target in self.relations("").values():
            if _is_workbook(type_):
                return target
        raise UnusableError(f"{self.package.name} is not an .xlsx workbook")

    def _parse(self, part: str, xml: bytes) -> Any:
        try:
            return ElementTree.fromstring(xml)
        except ElementTree.ParseError as error:
            raise UnusableError(
                f"{self.package.name} is damaged at the part {part!r}: {error}"
            ) from None

    def recalculated(self, workbook: bytes | None = None) -> bytes:
        """workbook.xml that makes spreadsheet programs compute all formulas anew when they open
        it."""
        xml = self._workbook_xml if workbook is None else workbook
        found = _CALC().search(xml)
        if not found:
            return _before_calc_successors(xml)
        if re.search(rb'fullCalcOnLoad=["\'](?:1|true)["\']', found[0]):
            return xml
        bare = re.sub(rb'\sfullCalcOnLoad=["\']\w*["\']', b"", found[0])
        return (
            xml[: found.start()]
            + re.sub(rb"(\s*/?>)$", rb' fullCalcOnLoad="1"\1', bare)
            + xml[found.end() :]
        )

    def workbook_xml(self) -> bytes:
        return self._workbook_xml

    def with_sheets(
        self, sheets: list[tuple[Sheet, Content]], workbook: bytes
    ) -> dict[str, Content]:
        """The parts that change when new worksheets are added: {part: content}; `workbook` is
        workbook.xml so far."""
        changed: dict[str, Content] = {}
        folder = posixpath.dirname(self.workbook)
        relations_path = relations_of(self.workbook)
        relations = self.xml(relations_path)
        content_types = self.xml("[Content_Types].xml")
        closing = re.search(rb"</((?:\w+:)?)sheets>", workbook)
        if not closing:
            raise SpliceError(f"{self.package.name}: no sheet can be added to this workbook")
        taken = {
            *(part.casefold() for part in self.package.members),
            *(
                part.decode("utf-8", "replace").casefold()
                for part in _OVERRIDDEN().findall(content_types)
            ),
            *self.relations(self.workbook),
        }
        sheet_id = max(self._sheet_ids, default=0)
        entries = relation_entries = type_entries = b""
        known = {name.casefold(): name for name in self.sheets}
        for sheet, xml in sheets:
            if sheet.name.casefold() in known:
                like = known[sheet.name.casefold()]
                raise SpliceError(
                    f"{self.package.name} has a sheet {like!r}, but it must be called "
                    f"{sheet.name!r}",
                    "rename it",
                )
            number = next(
                n
                for n in range(1, 100_000)
                if posixpath.join(folder, f"worksheets/sheet{n}.xml").casefold() not in taken
            )
            part = posixpath.join(folder, f"worksheets/sheet{number}.xml")
            relation = next(f"rIdT{n}" for n in range(1, 100_000) if f"rIdT{n}" not in taken)
            taken |= {part.casefold(), relation}
            sheet_id += 1
            changed[part] = xml
            entries += b'<%bsheet xmlns:r="%b" name="%b" sheetId="%d"%b r:id="%b"/>' % (
                closing[1],
                self._relations_namespace.encode(),
                attribute(sheet.name).encode(),
                sheet_id,
                b' state="hidden"' if sheet.hidden else b"",
                relation.encode(),
            )
            kind = self._sheet_relation or f"{self._relations_namespace}/worksheet"
            relation_entries += (
                f'<Relationship Id="{relation}" Type="{kind}" Target="/{part}"/>'.encode()
            )
            type_entries += (
                f'<Override PartName="/{part}" ContentType="{_SHEET_CONTENT}"/>'.encode()
            )
        changed[self.workbook] = workbook[: closing.start()] + entries + workbook[closing.start() :]
        changed[relations_path] = _before_end(relations, b"Relationships", relation_entries)
        changed["[Content_Types].xml"] = _before_end(content_types, b"Types", type_entries)
        return changed

    def with_styles(self, styles: bytes, changed: Mapping[str, Content]) -> dict[str, bytes]:
        """The parts that change when the workbook gets the styles that it lacks. changed: parts
        that change besides."""
        folder = posixpath.dirname(self.workbook)
        relations_path = relations_of(self.workbook)
        relations = self.now(relations_path, changed)
        content_types = self.now("[Content_Types].xml", changed)
        part = next(
            name
            for n in range(100_000)
            if (name := posixpath.join(folder, f"styles{n or ''}.xml")) not in self.package
        )
        overridden = {
            name.decode("utf-8", "replace").casefold()
            for name in _OVERRIDDEN().findall(content_types)
        }
        if part.casefold() not in overridden:
            entry = f'<Override PartName="/{part}" ContentType="{_STYLES_CONTENT}"/>'.encode()
            content_types = _before_end(content_types, b"Types", entry)
        kind = f"{self._relations_namespace}/styles"
        known = self.relations(self.workbook)
        relation = next(f"rIdS{n}" for n in range(1, 100_000) if f"rIdS{n}" not in known)
        entry = f'<Relationship Id="{relation}" Type="{kind}" Target="/{part}"/>'.encode()
        return {
            part: styles,
            relations_path: _before_end(relations, b"Relationships", entry),
            "[Content_Types].xml": content_types,
        }

    def can_do_without(self, names: Collection[str]) -> bool:
        """Whether `without_sheets` can take them out."""
        try:
            self.without_sheets(names, {})
        except SpliceError:
            return False
        return True

    def without_sheets(
        self, names: Collection[str], changed: Mapping[str, Content]
    ) -> tuple[dict[str, bytes], list[str]]:
        """The parts that change when worksheets of ours are taken out again, and those that go.
        changed: parts that change besides.

        Raises SpliceError where something hangs on such a sheet: a table, a drawing, a note.
        """
        relations_path = relations_of(self.workbook)
        workbook = plain(changed.get(self.workbook, self._workbook_xml))
        relations = self.now(relations_path, changed)
        content_types = self.now("[Content_Types].xml", changed)
        names = list(dict.fromkeys(names))
        places = [self.position(name) for name in names]
        dropped = [self.sheets[name] for name in names]
        entries = list(re.finditer(rb"<(?:\w+:)?sheet\s[^>]*?/>", workbook))
        targets = {target: key for key, (_kind, target) in self.relations(self.workbook).items()}
        if (
            len(entries) != len(self.sheets)
            or any(self.relations(part) for part in dropped)
            or len(places) == len(self.sheets)
        ):
            raise SpliceError(
                f"{', '.join(names)} can't be removed from {self.package.name}",
                "delete the sheet in a spreadsheet program",
            )
        for place in sorted(places, reverse=True):
            workbook = workbook[: entries[place].start()] + workbook[entries[place].end() :]
        workbook = _DEFINED().sub(
            lambda found: _renumbered(found, b"localSheetId", places, drop=True), workbook
        )
        workbook = re.sub(rb"<(\w+:)?definedNames>\s*</(\w+:)?definedNames>", b"", workbook)
        workbook = _VIEW().sub(
            lambda found: _renumbered(found, b"activeTab|firstSheet", places, drop=False), workbook
        )
        for part in dropped:
            key = re.escape(targets[part].encode())
            relations = re.sub(
                rb"<(?:\w+:)?Relationship\s(?:[^>]*\s)?Id=[\"']" + key + rb"[\"'][^>]*?/>",
                b"",
                relations,
            )
            name_of_part = re.escape(part.encode())
            content_types = re.sub(
                rb"<(?:\w+:)?Override\s(?:[^>]*\s)?PartName=[\"']/(?i:"
                + name_of_part
                + rb")[\"'][^>]*?/>",
                b"",
                content_types,
            )
        return {
            self.workbook: workbook,
            relations_path: relations,
            "[Content_Types].xml": content_types,
        }, dropped


_DEFINED = when_needed(rb"<((?:\w+:)?definedName)\b[^>]*>.*?</\1>", re.DOTALL)
_VIEW = when_needed(rb"<(?:\w+:)?workbookView\b[^>]*>")


def _renumbered(
    found: re.Match[bytes], attributes: bytes, places: Sequence[int], *, drop: bool
) -> bytes:
    """An element whose attributes count sheets, after those in these places are gone; dropped where
    it belongs to one of them."""
    head, end, tail = found[0].partition(b">")
    for one in re.finditer(rb"\b(?:" + attributes + rb")=[\"'](\d+)[\"']", head):
        number = int(one[1])
        if drop and number in places:
            return b""
        moved = b"%d" % max(0, number - sum(place < number for place in places))
        head = head.replace(one[0], one[0].replace(one[1], moved))
    return head + end + tail


def _before_end(xml: bytes, root: bytes, added: bytes) -> bytes:
    """`added` put last in the root element, with the prefix that the document uses."""
    found = re.search(rb"</((?:\w+:)?)" + root + rb">", xml)
    if not found:
        raise SpliceError("the workbook's table of contents can't be extended")
    return xml[: found.start()] + added.replace(b"<", b"<" + found[1]) + xml[found.start() :]


def _before_calc_successors(xml: bytes) -> bytes:
    """calcPr put where the schema wants it: after sheets, names and external references, before all
    that follows."""
    for name in (rb"definedNames", rb"externalReferences", rb"functionGroups", rb"sheets"):
        found = re.search(rb"</((?:\w+:)?)" + name + rb">|<((?:\w+:)?)" + name + rb"\b[^>]*/>", xml)
        if found:
            prefix = found[1] or found[2] or b""
            return (
                xml[: found.end()]
                + b"<"
                + prefix
                + b'calcPr fullCalcOnLoad="1"/>'
                + xml[found.end() :]
            )
    return xml


def relations_of(part: str) -> str:
    """Where the relations of a part stand."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", name + ".rels")


def _absolute(folder: str, target: str) -> str:
    """The part that a target of a relation means; some programs write it with backslashes."""
    return posixpath.normpath(posixpath.join("/", folder, slashed(target))).lstrip("/")


def _is_workbook(kind: str) -> bool:
    return kind.endswith("/officeDocument")


def _relations_xml(relations: Mapping[str, tuple[str, str]]) -> bytes:
    """A part of relations that names its targets absolutely."""
    entries = "".join(
        f'<Relationship Id="{attribute(number)}" Type="{attribute(kind)}" Target="/{attribute(target)}"/>'
        for number, (kind, target) in relations.items()
    )
    return f'<Relationships xmlns="{_PACKAGE_RELATIONSHIPS}">{entries}</Relationships>'.encode()


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]

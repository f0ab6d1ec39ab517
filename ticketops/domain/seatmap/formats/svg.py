"""Seats of an SVG picture: elements with data-seat, data-row and data-block, or ids of a pattern
(§1b.1). Scripts, styles and external references are inert: nothing is run or fetched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ticketops.domain.seatmap.formats.shapes import (
    IDENTITY,
    SHAPES,
    Matrix,
    applied,
    fitted,
    length,
    moved,
    points_of,
    times,
    transform_of,
)
from ticketops.domain.seatmap.plan import Point
from ticketops.domain.seatmap.spots import BAD_PLACE, Spots, Wrong
from ticketops.errors import HostileFileError, InputError, UsageError
from ticketops.model.patterns import when_needed

_ENTITY = when_needed(r"<!ENTITY", re.IGNORECASE)
_DECLARED = when_needed(r"^\s*<\?xml[^>]*\?>")
_PART = when_needed(r"\{(block|row|seat)\}")
_ESCAPED = when_needed(r"_x([0-9A-Fa-f]{2,4})_")
_MOST_ELEMENTS = 1_000_000
"""Elements that are looked at, those that `use` draws again counted again."""
_MOST_USED = 16
"""So many `use` inside one another."""
_LONGEST_ID = 200
_UNDRAWN = frozenset(
    [
        "defs",
        "symbol",
        "clipPath",
        "mask",
        "pattern",
        "marker",
        "script",
        "style",
        "metadata",
        "foreignObject",
        "title",
        "desc",
        "linearGradient",
        "radialGradient",
        "filter",
        "animate",
        "animateTransform",
        "set",
    ]
)
_HREF = "{http://www.w3.org/1999/xlink}href"
_SAYING = ("id", "data-category", "data-restrictions")
_NAMES = (("data-block", "data-section"), ("data-row",), ("data-seat",))


class _Seat(Struct):
    """A seat whose shapes are being gathered. box: around them; None while there are none."""

    names: tuple[str | None, str | None, str | None]
    where: str
    category: str
    restrictions: str
    box: tuple[float, float, float, float] | None = None
    wrong: str = ""

    def take(self, points: Iterator[Point], matrix: Matrix) -> None:
        for point in points:
            x, y = applied(matrix, point)
            left, top, right, bottom = self.box or (x, y, x, y)
            self.box = (min(left, x), min(top, y), max(right, x), max(bottom, y))


class _Around(Struct, frozen=True):
    """What an element inherits."""

    matrix: Matrix
    names: tuple[str | None, str | None, str | None] = (None, None, None)
    category: str = ""
    restrictions: str = ""
    seat: _Seat | None = None
    used: tuple[str, ...] = ()
    """Which elements a `use` is drawing, from the outermost on."""
    wrong: str = ""


class _Drawing(Struct):
    """What is found on the way."""

    by_id: dict[str, Any]
    matches: Callable[[str], tuple[str | None, str | None, str | None] | None]
    seats: list[_Seat] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    hidden: int = 0
    external: int = 0
    styled: int = 0
    visited: int = 0


def spots_of(text: str, label: str, pattern: str = "") -> Spots:
    """The seats of a picture. pattern: `seat-{block}-{row}-{seat}`, which ids must be; without one,
    data-seat says what is a seat, and data-row and data-block of it or of a group around it where.

    Raises InputError for what is no such picture, HostileFileError for one that declares entities
    or is nested too deeply, UsageError for a pattern that names no seat.
    """
    matches = pattern_of(pattern) if pattern else _no_match
    root = _root(text, label)
    by_id: dict[str, Any] = {}
    for element in root.iter():
        if isinstance(element.tag, str) and (name := element.get("id")):
            by_id.setdefault(name, element)
    drawing = _Drawing(by_id, matches)
    _walk(root, drawing, label)
    if not drawing.seats:
        ids = ", ".join(drawing.ids[:5])
        raise InputError(
            f"{label} has no seats: no shape has data-seat"
            if not pattern
            else f"{label} has no element whose id is like {pattern!r}",
            f"--pattern 'seat-{{block}}-{{row}}-{{seat}}' reads them from ids such as {ids}"
            if ids
            else "each seat must have data-block, data-row and data-seat",
        )
    return _spots(drawing)


def pattern_of(pattern: str) -> Callable[[str], tuple[str | None, str | None, str | None] | None]:
    """What tells the block, row and seat of an id. Raises UsageError for a pattern without a
    seat."""
    parts = _PART().split(pattern)
    named = parts[1::2]
    if "seat" not in named or len(set(named)) < len(named):
        raise UsageError(
            f"--pattern must name {{seat}} once, not {pattern!r}",
            "for example --pattern 'seat-{block}-{row}-{seat}'",
        )
    made = "".join(
        f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)
    )
    compiled = re.compile(made)

    def matches(text: str) -> tuple[str | None, str | None, str | None] | None:
        if len(text) > _LONGEST_ID:
            return None
        plain = _ESCAPED().sub(lambda code: chr(int(code[1], 16)), text)
        found = compiled.fullmatch(plain) or compiled.fullmatch(text)
        if found is None:
            return None
        told = found.groupdict()
        return told.get("block"), told.get("row"), told["seat"]

    return matches


def _no_match(_text: str) -> None:
    return None


def _root(text: str, label: str) -> Any:
    from lxml import etree  # only a picture needs it

    if _ENTITY().search(text):
        raise HostileFileError(
            f"{label} declares entities, which are not read", "save it as plain SVG"
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(_DECLARED().sub("", text).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error).casefold():
            raise HostileFileError(f"{label} is nested too deeply") from None
        raise InputError(f"{label} is not SVG: {str(error)[:120]}") from None
    if root is None or _kind(root) != "svg":
        raise InputError(f"{label} is not SVG: it holds no picture")
    return root


def _kind(element: Any) -> str:
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def _walk(root: Any, drawing: _Drawing, label: str) -> None:
    """Every element that is drawn, in the order of the picture."""
    stack: list[tuple[Any, _Around]] = [(root, _Around(IDENTITY))]
    while stack:
        element, around = stack.pop()
        drawing.visited += 1
        if drawing.visited > _MOST_ELEMENTS:
            raise HostileFileError(f"{label} draws more than {_MOST_ELEMENTS:,} elements")
        kind = _kind(element)
        if not kind or (kind in _UNDRAWN and not (kind == "symbol" and around.used)):
            continue
        told = element.attrib
        style = told.get("style", "")
        if told.get("display") == "none" or "display:none" in style.replace(" ", ""):
            drawing.hidden += 1
            continue
        drawing.styled += "transform" in style
        inside = _inside(element, told, around, drawing) if element is not root else around
        if element is root:
            inside = _named(element, told, inside, drawing)
        if kind in SHAPES and inside.seat is not None and not inside.wrong:
            try:
                inside.seat.take(points_of(kind, told), inside.matrix)
            except ValueError as error:
                inside.seat.wrong = inside.seat.wrong or str(error)
        if kind == "use":
            stack += _used(told, inside, drawing)
        elif kind not in SHAPES:
            stack += [(child, inside) for child in reversed(element)]


def _inside(element: Any, told: Mapping[str, str], around: _Around, drawing: _Drawing) -> _Around:
    """What holds for an element and those inside."""
    matrix, wrong = around.matrix, around.wrong
    try:
        if own := told.get("transform"):
            matrix = times(matrix, transform_of(own))
        if _kind(element) == "svg":
            matrix = times(matrix, moved(length(told.get("x")), length(told.get("y"))))
            matrix = times(matrix, _box(told))
    except ValueError as error:
        wrong = wrong or str(error)
    return _named(element, told, replace(around, matrix=matrix, wrong=wrong), drawing)


def _box(told: Mapping[str, str]) -> Matrix:
    sizes = [length(told[name]) if told.get(name) else None for name in ("width", "height")]
    return fitted(told.get("viewBox"), *sizes)


def _named(element: Any, told: Mapping[str, str], around: _Around, drawing: _Drawing) -> _Around:
    """With what an element says of seats; a seat of its own where it is one."""
    own = [next((told[name] for name in names if name in told), None) for names in _NAMES]
    if own == [None, None, None] and not any(map(told.get, _SAYING)):
        return around
    named = told.get("id") or ""
    if named and len(drawing.ids) < 50 and _kind(element) in SHAPES:
        drawing.ids.append(named)
    found = drawing.matches(named) if named else None
    block, row, seat = (
        a if a is not None else b for a, b in zip(own, found or (None,) * 3, strict=True)
    )
    names = (
        block if block is not None else around.names[0],
        row if row is not None else around.names[1],
        seat,
    )
    made = replace(
        around,
        names=names,
        category=told.get("data-category", around.category),
        restrictions=told.get("data-restrictions", around.restrictions),
    )
    if seat is None or (around.seat is not None and around.seat.names == names):
        return made
    where = f"line {element.sourceline}" if element.sourceline else f"the element {named}"
    inside = _Seat(names, where, made.category, made.restrictions)
    inside.wrong = made.wrong
    drawing.seats.append(inside)
    return replace(made, seat=inside)


def _used(told: Mapping[str, str], around: _Around, drawing: _Drawing) -> list[tuple[Any, _Around]]:
    """What a `use` draws again, where it stands."""
    href = (told.get("href") or told.get(_HREF) or "").strip()
    if not href.startswith("#"):
        drawing.external += 1
        return []
    target = drawing.by_id.get(href[1:])
    if target is None or href in around.used or len(around.used) >= _MOST_USED:
        return []
    wrong = around.wrong
    matrix = around.matrix
    try:
        matrix = times(matrix, moved(length(told.get("x")), length(told.get("y"))))
        if _kind(target) == "symbol" and target.get("viewBox"):
            sizes = {name: told.get(name) or target.get(name) for name in ("width", "height")}
            sizes["viewBox"] = target.get("viewBox")
            matrix = times(matrix, _box({k: v for k, v in sizes.items() if v}))
    except ValueError as error:
        wrong = wrong or str(error)
    return [(target, replace(around, matrix=matrix, used=(*around.used, href), wrong=wrong))]


def _spots(drawing: _Drawing) -> Spots:
    found = Spots()
    for one in drawing.seats:
        place: tuple[float | None, float | None] = (None, None)
        if one.box is not None and not one.wrong:
            left, top, right, bottom = one.box
            place = ((left + right) / 2, (top + bottom) / 2)
        if one.wrong:
            found.wrong.append(Wrong(one.where, BAD_PLACE, one.wrong))
            continue
        kinds = one.restrictions.replace(",", " ").split()
        found.add(one.where, one.names, place, one.category, kinds)
    notes = (
        (drawing.hidden, "elements are hidden and left out"),
        (drawing.external, "references to other files are not followed"),
        (drawing.styled, "transforms in styles are not read: save them as attributes"),
    )
    found.notes += [f"{number:,} {what}" for number, what in notes if number]
    return found

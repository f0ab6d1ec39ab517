"""Geometry of SVG: transforms, lengths, and the points of a shape by which its middle is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import acos, cos, hypot, isfinite, pi, radians, sin, tan

from ticketops.domain.seatmap.plan import Point
from ticketops.model.patterns import when_needed

Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f, as `matrix(…)` has them."""
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_CALL = when_needed(r"\s*([A-Za-z]+)\s*\(([^()]*)\)[\s,]*")
_NUMBER = when_needed(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_LENGTH = when_needed(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-z%]*)\s*", re.ASCII)
_UNITS = {
    "": 1.0,
    "px": 1.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 9.6 / 2.54,
    "pt": 4 / 3,
    "pc": 16.0,
}
_STEP = when_needed(
    r"([MmLlHhVvCcSsQqTtAaZz])|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", re.ASCII
)
_TAKES = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 7, "z": 0}
_ALONG = (0.25, 0.5, 0.75, 1.0)
MOST_STEPS = 20_000
"""Numbers of one path; a seat has some ten."""


def times(one: Matrix, other: Matrix) -> Matrix:
    """The transform that does `other` first, then `one`."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (
        a * g + c * h,
        b * g + d * h,
        a * i + c * j,
        b * i + d * j,
        a * k + c * m + e,
        b * k + d * m + f,
    )


def applied(matrix: Matrix, point: Point) -> Point:
    """Where a transform takes a point."""
    a, b, c, d, e, f = matrix
    x, y = point
    return a * x + c * y + e, b * x + d * y + f


def moved(x: float, y: float) -> Matrix:
    """The transform that moves by so much."""
    return 1.0, 0.0, 0.0, 1.0, x, y


def transform_of(text: str) -> Matrix:
    """`translate(10 20) rotate(45)`. Raises ValueError."""
    found = IDENTITY
    at = 0
    while at < len(text.rstrip()):
        call = _CALL().match(text, at)
        if call is None:
            raise ValueError(f"the transform {text[:60]!r} is unclear")
        numbers = [float(one) for one in _NUMBER().findall(call[2])]
        make = _TRANSFORMS.get(call[1])
        try:
            made = make(*numbers) if make else None
        except TypeError:
            made = None
        if made is None or not all(map(isfinite, made)):
            raise ValueError(f"the transform {text[:60]!r} is unclear")
        found = times(found, made)
        at = call.end()
    return found


def _rotated(angle: float, x: float = 0.0, y: float = 0.0) -> Matrix:
    turn = radians(angle)
    turned = (cos(turn), sin(turn), -sin(turn), cos(turn), 0.0, 0.0)
    return times(times(moved(x, y), turned), moved(-x, -y))


def _scaled(x: float, y: float | None = None) -> Matrix:
    return x, 0.0, 0.0, x if y is None else y, 0.0, 0.0


def _exactly(a: float, b: float, c: float, d: float, e: float, f: float) -> Matrix:
    return a, b, c, d, e, f


def _translated(x: float, y: float = 0.0) -> Matrix:
    return moved(x, y)


def _skewed_x(angle: float) -> Matrix:
    return 1.0, 0.0, tan(radians(angle)), 1.0, 0.0, 0.0


def _skewed_y(angle: float) -> Matrix:
    return 1.0, tan(radians(angle)), 0.0, 1.0, 0.0, 0.0


_TRANSFORMS: dict[str, Callable[..., Matrix]] = {
    "matrix": _exactly,
    "translate": _translated,
    "scale": _scaled,
    "rotate": _rotated,
    "skewX": _skewed_x,
    "skewY": _skewed_y,
}


def length(text: str | None, default: float = 0.0) -> float:
    """`12`, `12px`, `3mm`, in the units of the picture. Raises ValueError, for shares of the
    picture (50%) too."""
    if text is None or not text.strip():
        return default
    found = _LENGTH().fullmatch(text)
    if found is None or found[2] not in _UNITS:
        raise ValueError(f"{text[:40]!r} is not a length")
    value = float(found[1]) * _UNITS[found[2]]
    if not isfinite(value):
        raise ValueError(f"{text[:40]!r} is not a length")
    return value


def fitted(box: str | None, width: float | None, height: float | None) -> Matrix:
    """What a viewBox does to what is inside, drawn so large: all of it is seen, in the middle. Raises
    ValueError."""
    if not box or width is None or height is None:
        return IDENTITY
    numbers = [float(one) for one in _NUMBER().findall(box)]
    if len(numbers) != 4 or numbers[2] <= 0 or numbers[3] <= 0:
        raise ValueError(f"the viewBox {box[:40]!r} is unclear")
    x, y, across, down = numbers
    scale = min(width / across, height / down)
    return (
        scale,
        0.0,
        0.0,
        scale,
        (width - across * scale) / 2 - x * scale,
        (height - down * scale) / 2 - y * scale,
    )


def points_of(kind: str, told: Mapping[str, str]) -> Iterator[Point]:
    """Points of a shape: the middle of the box around them is its own. told: its attributes. Raises
    ValueError."""
    if kind in ("rect", "image"):
        x, y = length(told.get("x")), length(told.get("y"))
        across, down = length(told.get("width")), length(told.get("height"))
        yield from ((x, y), (x + across, y), (x, y + down), (x + across, y + down))
    elif kind in ("circle", "ellipse"):
        x, y = length(told.get("cx")), length(told.get("cy"))
        both = length(told.get("r"))
        across, down = length(told.get("rx"), both), length(told.get("ry"), both)
        yield from ((x - across, y), (x + across, y), (x, y - down), (x, y + down))
    elif kind in ("polygon", "polyline"):
        numbers = [float(one) for one in _NUMBER().findall(told.get("points", ""))[:MOST_STEPS]]
        yield from zip(numbers[::2], numbers[1::2], strict=False)
    elif kind == "line":
        yield length(told.get("x1")), length(told.get("y1"))
        yield length(told.get("x2")), length(told.get("y2"))
    elif kind == "path":
        yield from _path(told.get("d", ""))


SHAPES = frozenset(("rect", "image", "circle", "ellipse", "polygon", "polyline", "line", "path"))


def _path(text: str) -> Iterator[Point]:
    """Points along a path."""
    here = start = (0.0, 0.0)
    control: Point | None = None
    for letter, numbers in _steps(text):
        kind = letter.lower()
        x, y = here if letter.islower() else (0.0, 0.0)
        before, ends = (
            here,
            [(x + a, y + b) for a, b in zip(numbers[::2], numbers[1::2], strict=False)],
        )
        mirrored = (2 * here[0] - control[0], 2 * here[1] - control[1]) if control else here
        control = None
        match kind:
            case "m":
                here = start = ends[0]
                yield here
            case "l":
                here = ends[0]
                yield here
            case "h":
                here = (x + numbers[0], here[1])
                yield here
            case "v":
                here = (here[0], y + numbers[0])
                yield here
            case "z":
                here = start
            case "c" | "s":
                first, second, here = ends if kind == "c" else (mirrored, *ends)
                control = second
                yield from _curve(before, first, second, here)
            case "q" | "t":
                middle, here = ends if kind == "q" else (mirrored, ends[0])
                control = middle
                yield from _curve(before, middle, middle, here, quadratic=True)
            case _:
                here = (x + numbers[5], y + numbers[6])
                yield from _arc(before, here, *numbers[:5])
                yield here


def _steps(text: str) -> Iterator[tuple[str, list[float]]]:
    """Each command of a path with its numbers; repeated ones one by one. Raises ValueError."""
    letter = ""
    numbers: list[float] = []
    total = 0
    for found in _STEP().finditer(_flags_apart(text)):
        if found[1]:
            if numbers:
                raise ValueError("a path is broken off")
            letter = found[1]
            if letter in "Zz":
                yield letter, []
            continue
        total += 1
        if not letter or total > MOST_STEPS:
            raise ValueError("a path is unclear" if not letter else "a path has too many points")
        numbers.append(float(found[2]))
        if len(numbers) == _TAKES[letter.lower()]:
            yield letter, numbers
            numbers = []
            letter = {"m": "l", "M": "L"}.get(letter, letter)
    if numbers:
        raise ValueError("a path is broken off")


_ARCS = when_needed(r"[Aa][^A-Za-z]*")
_FLAGS = when_needed(
    r"(\s*,?\s*[-+.\d]+(?:e[-+]?\d+)?[\s,]+[-+.\d]+(?:e[-+]?\d+)?[\s,]+[-+.\d]+(?:e[-+]?\d+)?[\s,]+)([01])[\s,]*([01])[\s,]*"
)


def _flags_apart(text: str) -> str:
    """A path whose arcs have their two flags, which may be written without a space, apart."""
    if "a" not in text and "A" not in text:
        return text
    return _ARCS().sub(lambda arc: _FLAGS().sub(r"\1\2 \3 ", arc[0]), text)


def _curve(a: Point, b: Point, c: Point, d: Point, *, quadratic: bool = False) -> Iterator[Point]:
    for t in _ALONG:
        u = 1 - t
        weights = (
            (u * u, 2 * u * t, 0.0, t * t)
            if quadratic
            else (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        )
        yield (
            sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True)),
            sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)),
        )


def _arc(
    start: Point, end: Point, across: float, down: float, turn: float, large: float, sweep: float
) -> Iterator[Point]:
    """Points along an arc of an ellipse, by its middle (SVG 1.1, F.6)."""
    across, down = abs(across), abs(down)
    if not across or not down or start == end:
        return
    angle = radians(turn)
    half_x, half_y = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    x, y = cos(angle) * half_x + sin(angle) * half_y, cos(angle) * half_y - sin(angle) * half_x
    grow = hypot(x / across, y / down)
    if grow > 1:
        across, down = across * grow, down * grow
    under = (across * y) ** 2 + (down * x) ** 2
    root = max(0.0, ((across * down) ** 2 - under) / under) ** 0.5
    root = -root if bool(large) == bool(sweep) else root
    mid_x, mid_y = root * across * y / down, -root * down * x / across
    first = _angle((x - mid_x) / across, (y - mid_y) / down)
    last = _angle((-x - mid_x) / across, (-y - mid_y) / down)
    span = (last - first) % (2 * pi) if sweep else -((first - last) % (2 * pi))
    for step in range(1, 24):
        at = first + span * step / 24
        point_x, point_y = mid_x + across * cos(at), mid_y + down * sin(at)
        yield (
            cos(angle) * point_x - sin(angle) * point_y + (start[0] + end[0]) / 2,
            sin(angle) * point_x + cos(angle) * point_y + (start[1] + end[1]) / 2,
        )


def _angle(x: float, y: float) -> float:
    size = hypot(x, y) or 1.0
    return acos(max(-1.0, min(1.0, x / size))) * (1 if y >= 0 else -1)

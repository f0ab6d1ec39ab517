"""A seat map as an SVG picture, and as a PNG made of it (§1b.2): one path per kind of seat, each kind with a
shape of its own; nothing is asked of any host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from msgspec import Struct

from ticketops.books.charts import plain_text
from ticketops.books.seat_marks import COLOURS, Mark, Marks
from ticketops.domain.seatmap import state
from ticketops.domain.seatmap.plan import Point
from ticketops.domain.seatmap.scheme import Drawing, Label, drawing
from ticketops.domain.seatmap.showing import View
from ticketops.model.display import counted
from ticketops.model.names import name_key

_PITCH = 10
"""How far neighbours are apart in the picture: all its coordinates are whole numbers."""
_LEAST = 420
"""How wide a picture is at least, so that its texts have room."""
_MOST_BANDS = 6
_At = Callable[[Point], Point]
_MOST_PIXELS = 4_000
_LEAST_PIXELS = 1_200


class _Shape(Struct, frozen=True):
    """A shape that is drawn from a point beside the middle of its seat to another one. begin, end:
    where these are, from the middle; stroke: its width; fill: whether it is filled."""

    drawn: str
    begin: Point = (0, 0)
    end: Point = (0, 0)
    stroke: float = 0.0
    fill: bool = False
    cap: str = "round"
    hole: float = 0.0


_SHAPES = {
    "disc": _Shape("h0", stroke=7.4),
    "square": _Shape("h0", stroke=7, cap="square"),
    "dot": _Shape("h0", stroke=4),
    "ring": _Shape("h0", stroke=6.6, hole=3.8),
    "box": _Shape("h0", stroke=7.4, cap="square", hole=3.6),
    "triangle": _Shape("l4 8h-8z", (0, -4), (0, -4), fill=True),
    "diamond": _Shape("l5 5l-5 5l-5-5z", (0, -5), (0, -5), fill=True),
    "cross": _Shape("l6 6m0-6l-6 6", (-3, -3), (-3, 3), stroke=2),
    "plus": _Shape("h7m-3.5-3.5v7", (-3.5, 0), (0, 3.5), stroke=2.2),
}


def svg(view: View) -> str:
    """The picture as a text. Its title and description say what it shows."""
    plan, marks = drawing(view.seats.plan), Marks(view.seats, view.own, view.category or "")
    scale = _PITCH / plan.pitch
    left, top, right, bottom = plan.box
    wide = max(_LEAST, round((right - left) * scale))
    high = round((bottom - top) * scale)
    size = max(13, round(wide / 62))
    moved = (-left + (wide / scale - (right - left)) / 2, -top + size * 2.4 / scale)

    def at(point: Point) -> Point:
        return (round((point[0] + moved[0]) * scale), round((point[1] + moved[1]) * scale))

    drawn = [
        f'<text x="{size}" y="{round(size * 1.6)}" font-size="{round(size * 1.25)}" font-weight="600">{_text(view.title)}</text>'
    ]
    drawn += _bands(view, plan, at)
    drawn += _seats(view, plan, marks, at)
    drawn += (_label(one, at, scale) for one in plan.labels)
    below, legend = _legend(view, marks, plan, wide, round(high + size * 3.4), size)
    drawn += legend
    said = description(view, marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t d" viewBox="0 0 {wide} {below}" '
        f'width="{wide}" height="{below}" font-family="Helvetica, Arial, sans-serif" fill="#1a1f24">'
        f'<title id="t">{_text(view.title)}</title><desc id="d">{_text(said)}</desc>'
        f'<defs><pattern id="h" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0" stroke="#525b66" stroke-width=".8"/></pattern></defs>'
        f'<rect width="{wide}" height="{below}" fill="#fff"/>{"".join(drawn)}</svg>\n'
    )


def png(view: View) -> bytes:
    """The picture as PNG, at least 1,200 pixels wide where the map is not higher than that."""
    import vl_convert

    text = svg(view)
    wide, high = _size(text)
    scale = min(max(1.0, _LEAST_PIXELS / wide), _MOST_PIXELS / max(wide, high))
    drawn: bytes = vl_convert.svg_to_png(text, scale=scale)
    return drawn


def swatch(mark: Mark) -> str:
    """How a kind of seat looks, as an SVG element of its own."""
    alone = Mark(f"W{mark.key}", mark.label, mark.shape, mark.colour, mark.character)
    drawn = _drawn(alone, [(0, 0)]).replace('stroke="#fff"', 'stroke="var(--page)"')
    return f'<svg viewBox="-6 -6 12 12" aria-hidden="true" focusable="false">{drawn}</svg>'


def description(view: View, marks: Marks) -> str:
    """What a picture shows, in words."""
    parts = [f"{mark.label}: {mark.count:,}" for mark in marks.legend]
    return f"Seat map of {view.title}. {'; '.join(parts)}."


def _size(text: str) -> tuple[int, int]:
    box = text.partition('viewBox="0 0 ')[2].partition('"')[0].split()
    return int(box[0]), int(box[1])


def _seats(view: View, plan: Drawing, marks: Marks, at: _At) -> Iterator[str]:
    middles: dict[str, list[Point]] = {mark.key: [] for mark in marks.known.values()}
    for (_row, found), (start, end) in zip(view.seats.rows(), plan.ends, strict=True):
        last = len(found) - 1 or 1
        for place, one in enumerate(found):
            if one is not None:
                share = place / last
                point = (
                    start[0] + (end[0] - start[0]) * share,
                    start[1] + (end[1] - start[1]) * share,
                )
                middles[marks.of(one).key].append(at(point))
    for mark in reversed(list(marks.known.values())):  # what matters most lies on top
        if middles[mark.key]:
            yield _drawn(mark, middles[mark.key])


def _drawn(mark: Mark, middles: Sequence[Point]) -> str:
    """One path for all seats of a kind; a shape with a hole is the same path twice."""
    shape, colour = _SHAPES[mark.shape], COLOURS[mark.colour]
    label = f"<title>{_text(mark.label)}</title>"
    path = _path(shape, middles)
    if shape.fill:
        return f'<path d="{path}" fill="{colour}">{label}</path>'
    ends = f'stroke-linecap="{shape.cap}"'
    if not shape.hole:
        return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{shape.stroke:g}" {ends}>{label}</path>'
    name = "".join(part for part in mark.key if part.isalnum())
    return (
        f'<g fill="none" {ends}>{label}<defs><path id="s{name}" d="{path}"/></defs>'
        f'<use href="#s{name}" stroke="{colour}" stroke-width="{shape.stroke:g}"/>'
        f'<use href="#s{name}" stroke="#fff" stroke-width="{shape.hole:g}"/></g>'
    )


def _path(shape: _Shape, middles: Iterable[Point]) -> str:
    parts = []
    last: Point | None = None
    for x, y in middles:
        if last is None:
            parts.append(f"M{_pair(x + shape.begin[0], y + shape.begin[1])}")
        else:
            by = (
                x - last[0] + shape.begin[0] - shape.end[0],
                y - last[1] + shape.begin[1] - shape.end[1],
            )
            parts.append(f"m{_pair(*by)}")
        parts.append(shape.drawn)
        last = (x, y)
    return "".join(parts)


def _pair(x: float, y: float) -> str:
    first, second = f"{x:.6g}", f"{y:.6g}"
    return first + second if second.startswith("-") else f"{first} {second}"


def _bands(view: View, plan: Drawing, at: _At) -> Iterator[str]:
    ends = {id(row): pair for row, pair in zip(view.seats.plan.rows, plan.ends, strict=True)}
    for band in view.seats.bands:
        lines = [tuple(map(at, ends[id(row)])) for row in state.lines_of(view.seats.plan, band)]
        if not lines:
            continue
        path = "".join(f"M{_pair(*a)}L{_pair(*b)}" for a, b in lines)
        said = _text(band_said(view, band))
        yield (
            f'<g fill="none" stroke-linecap="square"><title>{said}</title>'
            f'<path d="{path}" stroke="#e4e8ec" stroke-width="11"/>'
            f'<path d="{path}" stroke="url(#h)" stroke-width="11"/></g>'
        )


def band_said(view: View, band: state.Band) -> str:
    """`101 / C: 4 allocated, 2 free, without seat numbers`."""
    words = {
        state.OWN: view.own[:1].lower() + view.own[1:],
        state.OTHER: "free in another category",
        state.UNCLEAR: "kept out",
    }
    parts = [
        f"{number:,} {words.get(name) or name.replace('_', ' ').lower()}"
        for name, number in band.counts.items()
    ]
    return f"{band.said}: {', '.join(parts)}, without seat numbers"


def _label(label: Label, at: _At, scale: float) -> str:
    text = plain_text(label.text)
    room = label.size * scale
    size = round(max(8.0, min(room * 0.4, room * 1.2 / max(1, len(text)), 60)))
    x, y = at(label.at)
    return (
        f'<text x="{x:g}" y="{y + size * 0.35:.0f}" font-size="{size}" font-weight="700" text-anchor="middle" '
        f'fill-opacity=".7" stroke="#fff" stroke-opacity=".6" stroke-width="{max(2, size / 7):.0f}" paint-order="stroke">{escape(text)}</text>'
    )


def _legend(
    view: View, marks: Marks, plan: Drawing, wide: int, top: int, size: int
) -> tuple[int, list[str]]:
    """(where it ends, what is drawn): a line per kind of seat, then what else is to be known."""
    found = []
    step = round(size * 1.7)
    columns = max(1, min(3, wide // (size * 21)))
    shown = marks.legend
    for number, mark in enumerate(shown):
        x = size + (number % columns) * (wide // columns)
        y = top + (number // columns) * step
        grown = size / 11
        found.append(
            f'<g transform="translate({x + size * 0.5:.0f} {y - size * 0.35:.0f}) scale({grown:.2f})">{_drawn(Mark(f"L{mark.key}", mark.label, mark.shape, mark.colour, ""), [(0, 0)])}</g>'
            f'<text x="{x + size * 1.6:.0f}" y="{y}" font-size="{size}">{_text(mark.label)} · {mark.count:,}</text>'
        )
    y = top + -(-len(shown) // columns) * step
    for line in remarks(view, plan):
        found.append(
            f'<text x="{size}" y="{y}" font-size="{size}" fill="#525b66">{_text(line)}</text>'
        )
        y += step
    return y, found


def remarks(view: View, plan: Drawing) -> list[str]:
    """What a picture can't show, a line each."""
    bands = view.seats.bands
    found = [band_said(view, one) for one in bands[:_MOST_BANDS]]
    if len(bands) > _MOST_BANDS:
        left = sum(one.total for one in bands[_MOST_BANDS:])
        found.append(
            f"{left:,} more without seat numbers in {counted(len(bands) - _MOST_BANDS, 'band')}"
        )
    if view.seats.elsewhere:
        found.append(f"{view.seats.elsewhere:,} with a seat that the map lacks")
    if view.seats.placeless:
        found.append(f"{view.seats.placeless:,} without block and row")
    if plan.scheme:
        found.append(
            "Drawn as a scheme: the map has no coordinates"
            if plan.scheme == len(plan.ends)
            else f"{counted(plan.scheme, 'row')} without coordinates, drawn below the others"
        )
    kinds = {name_key(one.kind): one.kind for one in view.seats.plan.restrictions}
    if kinds and not view.seats.hidden:
        found.append(
            f"Restrictions: {', '.join(sorted(k.replace('_', ' ').lower() for k in kinds.values()))}"
        )
    found.append(f"As of {view.as_of:%Y-%m-%d %H:%M}")
    return found


def _text(text: str) -> str:
    return escape(plain_text(text))

"""A seat map as a page (§1b.2): one file whose script draws the seats from ranges; it asks nothing of any
host. The page of a sale lets a person choose seats, and says the command that commits them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any

from msgspec import Struct

from ticketops.books import pages
from ticketops.books.charts import printable
from ticketops.books.seat_marks import COLOURS, Mark, Marks, key_of
from ticketops.books.seat_picture import band_said, description, remarks, swatch
from ticketops.domain.reporting.sections import NUMBER, TEXT, Column, Section
from ticketops.domain.seatmap import state
from ticketops.domain.seatmap.plan import Key
from ticketops.domain.seatmap.scheme import drawing
from ticketops.domain.seatmap.showing import View, shown
from ticketops.domain.seatmap.state import Found
from ticketops.model.ids import exact_sales_id
from ticketops.model.seat_labels import seat_key

MOST_BYTES = 400_000
_PITCH = 10
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OUTSIDE = "_"
"""What stands for the second of two seats of one name."""
_MOST_BLOCKS = 300


class Pick(Struct, frozen=True):
    """What is chosen on a page. quantity: how many tickets want a seat; proposed: the seats of the
    plan; head, tail: the command before and after the seats."""

    sale: str
    match: str
    quantity: int
    proposed: frozenset[Key]
    head: str
    tail: str


class Page(Struct, frozen=True):
    """The text of a page; left_out: what it had no room for, in a line."""

    text: str
    left_out: str = ""


def page(view: View, pick: Pick | None = None) -> Page:
    """The page of a view. Where the tickets of all seats do not fit into 400 KB, it names none."""
    whole = _page(view, pick, tickets=True)
    if len(whole.encode()) <= MOST_BYTES:
        return Page(whole)
    less = _page(view, pick, tickets=False)
    return Page(less, "the page names no tickets: with them it would be larger than 400 KB")


def _page(view: View, pick: Pick | None, *, tickets: bool) -> str:
    marks, plan = Marks(view.seats, view.own, view.category or ""), drawing(view.seats.plan)
    script = pages.source("seats.js")
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    content = _data(view, pick, marks, tickets=tickets)
    legend = [(mark, swatch(mark)) for mark in marks.legend]
    parts = [f"as of {view.as_of:%Y-%m-%d %H:%M}", f"{sum(m.count for m in marks.legend):,} seats"]
    return pages.render(
        "seats.html",
        title=f"Seats for {view.sale}" if pick else view.title,
        heading=" · ".join([view.title, *parts] if pick else parts),
        digest=digest,
        script=script,
        data=_harmless(content),
        legend=legend,
        remarks=[line for line in remarks(view, plan) if not line.startswith("As of")],
        said=description(view, marks),
        pick=pick.sale if pick else "",
        blocks=_blocks(view, marks),
    )


def _data(view: View, pick: Pick | None, marks: Marks, *, tickets: bool) -> dict[str, Any]:
    """What the script draws."""
    plan = drawing(view.seats.plan)
    scale = _PITCH / plan.pitch
    left, top, right, bottom = plan.box
    kinds = {key: number for number, key in enumerate(marks.known)}
    classes: dict[tuple[Any, ...], int] = {}
    blocks: dict[str, int] = {}
    rows: list[list[Any]] = []
    proposed: list[list[int]] = []
    numbers: dict[int, int] = {}
    before: Any = None

    def of(one: Found) -> int:
        named = bool(one.ticket) and tickets
        kind = kinds[key_of(one)]
        said = ", ".join(words(kind) for kind in one.restrictions)
        parts = (kind, printable(one.category), said, int(one.open), int(named))
        return classes.setdefault(parts, len(classes))

    for (row, found), ends in zip(view.seats.rows(), plan.ends, strict=True):
        numbers[id(row)] = len(rows)
        how = _labels(row.labels)
        points = [
            round((at - by) * scale)
            for end in ends
            for at, by in zip(end, (left, top), strict=True)
        ]
        line = [
            *(blocks.setdefault(printable(row.block), len(blocks)), printable(row.row)),
            *(0 if how == before else how, *points),
            _runs([None if one is None else of(one) for one in found]),
        ]
        if tickets and (known := [one.ticket for one in found if one and one.ticket]):
            line.append(_tickets(known))
        if pick:
            proposed += [
                [len(rows), place]
                for place, label in enumerate(row.labels)
                if (*row.key, seat_key(label)) in pick.proposed and found[place] is not None
            ]
        rows.append(line)
        before = how
    labels = [
        [
            printable(one.text),
            *(round((at - by) * scale) for at, by in zip(one.at, (left, top), strict=True)),
            round(one.size * scale),
        ]
        for one in plan.labels
    ]
    return {
        "pitch": _PITCH,
        "box": [round((right - left) * scale), round((bottom - top) * scale)],
        "kinds": [_kind(mark) for mark in marks.known.values()],
        "classes": list(classes),
        "blocks": list(blocks),
        "labels": labels,
        "bands": [
            [
                band_said(view, one),
                [numbers[id(row)] for row in state.lines_of(view.seats.plan, one)],
            ]
            for one in view.seats.bands
        ],
        "pick": _picked(pick, proposed) if pick else None,
        "rows": rows,
    }


def _kind(mark: Mark) -> dict[str, str]:
    return {"label": mark.label, "shape": mark.shape, "colour": COLOURS[mark.colour]}


def _picked(pick: Pick, proposed: list[list[int]]) -> Mapping[str, Any]:
    return {
        "sale": pick.sale,
        "match": pick.match,
        "quantity": pick.quantity,
        "proposed": proposed,
        "head": pick.head,
        "tail": pick.tail,
    }


def words(kind: str) -> str:
    """`OBSTRUCTED_VIEW` → `obstructed view`."""
    return kind.replace("_", " ").lower()


def _labels(labels: Sequence[str]) -> list[Any]:
    """[start, step, before, width, after] of labels that count; else the labels."""
    plain = [printable(one) for one in labels]
    parts = [_parted(one) for one in plain]
    first = parts[0]
    if first is None or None in parts:
        return plain
    before, digits, after = first
    start = int(digits)
    step = int(parts[1][1]) - start if len(parts) > 1 and parts[1] else 1
    width = (
        len(digits) if digits.startswith("0") or len({len(p[1]) for p in parts if p}) == 1 else 0
    )
    for number, one in enumerate(plain):
        count = start + step * number
        if count < 0 or one != f"{before}{count:0{width}d}{after}":
            return plain
    if (
        not (before or after)
        and str(start) == digits
        and all(len(p[1]) == len(str(int(p[1]))) for p in parts if p)
    ):
        return [start, step]
    return [start, step, before, width, after]


def _parted(label: str) -> tuple[str, str, str] | None:
    """A label as what stands before its number, its digits, and what stands behind."""
    digits = [at for at, mark in enumerate(label) if mark.isascii() and mark.isdigit()]
    if not digits or digits[-1] - digits[0] != len(digits) - 1 or len(digits) > 9:
        return None
    return label[: digits[0]], label[digits[0] : digits[-1] + 1], label[digits[-1] + 1 :]


def _runs(found: Sequence[int | None]) -> str:
    """`a12b3`: twelve seats of the first class, three of the second."""
    text = []
    for of, run in groupby(found):
        many = len(list(run))
        mark = _OUTSIDE if of is None else _ALPHABET[of] if of < 52 else chr(256 + of - 52)
        text.append(mark + (str(many) if many > 1 else ""))
    return "".join(text)


def _tickets(names: Sequence[str]) -> str:
    """`147-1*3,12-4*1`: the tickets S147-1 to S147-3 and S12-4; others as they stand."""
    parts: list[list[Any]] = []
    for name in names:
        named = exact_sales_id(name)
        if named is None or named.child is None:
            parts.append([printable(name).replace(",", " ").replace("*", " ")])
            continue
        number = named.parent[1:]
        last = parts[-1] if parts else []
        if len(last) == 3 and last[0] == number and last[1] + last[2] == named.child:
            last[2] += 1
        else:
            parts.append([number, named.child, 1])
    return ",".join(f"{p[0]}-{p[1]}*{p[2]}" if len(p) == 3 else p[0] for p in parts)


def _blocks(view: View, marks: Marks) -> Section:
    """What is in each block, as a table: those with something of ours first."""
    found = shown(view)
    quiet = (state.NONE, state.HIDDEN)
    names = list(found.counts)
    labels = {mark.key: mark.label for mark in marks.legend}
    ours = [b for b in found.blocks if any(n not in quiet for n in b.counts)]
    others = [b for b in found.blocks if all(n in quiet for n in b.counts)]
    rows = [
        (one.block or "–", one.seats, *(one.counts.get(name, 0) for name in names))
        for one in (*ours, *others)[:_MOST_BLOCKS]
    ]
    columns = (
        Column("block", "Block", TEXT),
        Column("seats", "Seats", NUMBER),
        *(Column(name.lower(), labels.get(name, name.capitalize()), NUMBER) for name in names),
    )
    return Section("blocks", "Blocks", columns, tuple(rows))


def _harmless(content: Any) -> str:
    """JSON that can stand in a script element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text

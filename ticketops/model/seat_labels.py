"""Lists of seats, rows and blocks as people write them: `1-24`, `1-23/2`, `1,3,5`, `A-F`, `24-1`.

A list keeps its order: it is how the seats stand beside one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

MOST = 100_000
"""Labels in one list; more are a slip of the finger."""
_ITEM = re.compile(r'\s*(?:"([^"]*)"|([^,"]*?))\s*(?:,|$)')
_RANGE = re.compile(r"(.+?)\s*[-–—]\s*(.+?)(?:\s*/\s*(\d{1,3})|\s+(odd|even))?", re.IGNORECASE)
_NUMBER = re.compile(r"(\D*?)(\d{1,9})(\D*)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[ T].*)?", re.ASCII)
"""What a spreadsheet makes of `1-12`."""
_OPEN = re.compile(r".*\w\s*[-–—]")
_LEAST_RUN = 3
"""Two labels are no run: `1,2` is as short as `1-2`."""


def seat_key(label: str) -> str:
    """A label as labels are compared: `07` is `7`, `a` is `A`."""
    text = label.strip().casefold()
    return text.lstrip("0") or "0" if text.isascii() and text.isdigit() else text


@lru_cache(maxsize=65_536)
def parse_labels(text: str) -> tuple[str, ...]:
    """The labels of a list, in its order. `A-B` counts from A to B, up or down; `/2` takes every
    second, `odd` and `even` those that are; what stands in quotes is one label.

    Raises ValueError where an item is empty, a date, counts nothing, says not how far, or there are
    more than 100,000.
    """
    labels: list[str] = []
    for quoted, plain in _items(text):
        labels += _expanded(plain) if quoted is None else [quoted]
        if len(labels) > MOST:
            raise ValueError(f"{text[:40]!r} names more than {MOST:,}")
    return tuple(labels)


def write_labels(labels: Sequence[str]) -> str:
    """Labels as the shortest list that `parse_labels` reads back, in this order."""
    items = []
    start = 0
    while start < len(labels):
        end, step = _run(labels, start)
        if end - start < _LEAST_RUN:
            items.append(_written(labels[start]))
            start += 1
            continue
        suffix = f"/{abs(step)}" if abs(step) > 1 else ""
        items.append(f"{labels[start]}-{labels[end - 1]}{suffix}")
        start = end
    return ",".join(items)


def parted(text: str, mark: str = "/", most: int = 0) -> list[str]:
    """A text at its marks, those in quotes left out; the parts keep their quotes. most: how often it
    is parted, 0 for as often as can be."""
    return re.split(rf'{re.escape(mark)}(?=(?:[^"]*"[^"]*")*[^"]*$)', text, maxsplit=most)


def _items(text: str) -> Iterator[tuple[str | None, str]]:
    place = 0
    while True:
        found = _ITEM.match(text, place)
        if found is None or not (found[1] is not None or found[2]):
            raise ValueError(f"{text!r} is no list like 1-24 or 1,3,5")
        yield found[1], found[2] or ""
        place = found.end()
        if not found[0].rstrip().endswith(","):
            if place < len(text):
                raise ValueError(f"{text!r} is no list like 1-24 or 1,3,5")
            return


def _expanded(item: str) -> list[str]:
    if _DATE.fullmatch(item):
        raise ValueError(f"{item!r} is a date, as spreadsheets make of 1-12: format it as text")
    if _OPEN.fullmatch(item):
        raise ValueError(f"{item!r} does not say how far it counts")
    found = _RANGE.fullmatch(item)
    if found is None:
        return [item]
    first, last, every, parity = found.groups()
    counted = _numbers(first, last) or _letters(first, last)
    if counted is None:
        if every or parity:
            raise ValueError(f"{item!r} does not count from one to another")
        return [item]
    if len(counted) > MOST:
        raise ValueError(f"{item!r} names more than {MOST:,}")
    if parity:
        return _of_parity(item, counted, parity.lower())
    step = int(every) if every else 1
    if step < 1:
        raise ValueError(f"{item!r}: the step must be 1 or more")
    return counted[::step]


def _of_parity(item: str, counted: list[str], parity: str) -> list[str]:
    wanted = parity == "odd"
    try:
        chosen = [label for label in counted if (int(_digits(label)) % 2 == 1) == wanted]
    except ValueError:
        raise ValueError(f"{item!r}: only numbers are odd or even") from None
    if not chosen:
        raise ValueError(f"{item!r} names nothing")
    return chosen


def _digits(label: str) -> str:
    found = _NUMBER.fullmatch(label)
    return found[2] if found else ""


def _numbers(first: str, last: str) -> list[str] | None:
    one, other = _NUMBER.fullmatch(first), _NUMBER.fullmatch(last)
    if one is None or other is None:
        return None
    prefix, suffix = one[1], one[3]
    if (other[1], other[3]) not in ((prefix, suffix), ("", suffix), ("", "")):
        return None
    low, high = int(one[2]), int(other[2])
    if abs(high - low) > MOST:
        raise ValueError(f"{first}-{last} names more than {MOST:,}")
    width = len(one[2]) if "0" in (one[2][0], other[2][0]) and len(one[2]) == len(other[2]) else 0
    step = 1 if high >= low else -1
    return [f"{prefix}{number:0{width}d}{suffix}" for number in range(low, high + step, step)]


def _letters(first: str, last: str) -> list[str] | None:
    """`A-F`, `AA-AF`: all but the last letter are the same; `A-Z` of both cases apart."""
    if not (first.isascii() and first.isalpha() and last.isascii() and last.isalpha()):
        return None
    if len(first) != len(last) or first[:-1] != last[:-1] or first.isupper() != last.isupper():
        return None
    low, high = ord(first[-1]), ord(last[-1])
    step = 1 if high >= low else -1
    return [first[:-1] + chr(code) for code in range(low, high + step, step)]


def _run(labels: Sequence[str], start: int) -> tuple[int, int]:
    """(end, step) of the longest list from `start` that a range can write."""
    end, step = start + 1, 0
    for before, label in pairwise(labels[start:]):
        distance = _distance(before, label)
        if not distance or (step and distance != step) or abs(distance) > 2:
            break
        step, end = distance, end + 1
    while end - start >= _LEAST_RUN and not _reads_back(labels[start:end], step):
        end -= 1
    return end, step


def _distance(one: str, other: str) -> int:
    first, second = _NUMBER.fullmatch(one), _NUMBER.fullmatch(other)
    if first and second and (first[1], first[3]) == (second[1], second[3]):
        return int(second[2]) - int(first[2])
    if _letters(one, other) is not None:
        return ord(other[-1]) - ord(one[-1])
    return 0


def _reads_back(run: Sequence[str], step: int) -> bool:
    suffix = f"/{abs(step)}" if abs(step) > 1 else ""
    text = f"{run[0]}-{run[-1]}{suffix}"
    try:
        return "," not in run[0] and '"' not in run[0] and list(run) == list(parse_labels(text))
    except ValueError:
        return False


def _written(label: str) -> str:
    try:
        plain = label != "*" and parse_labels(label) == (label,)
    except ValueError:
        plain = False
    return label if plain else '"' + label.replace('"', "'") + '"'

"""Whose words a text is made of, as stretches of it, kept while others edit the text (D27)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher

BETWEEN = " | "
"""Between the remarks of a note (§17)."""
Spans = tuple[tuple[int, int], ...]
"""Stretches of a text, (start, end) each: in order, apart from each other, none empty."""
_MOST_COMPARED = 40_000
"""Pairs of remarks that are compared one by one; more are a case for the simple way."""


def whole(text: str | None) -> Spans:
    """All of a text."""
    return ((0, len(text)),) if text else ()


def rest(text: str | None, spans: Spans) -> Spans:
    """All of a text but these stretches."""
    found, at = [], 0
    for start, end in spans:
        found.append((at, start))
        at = end
    return tuple((a, b) for a, b in (*found, (at, len(text or ""))) if a < b)


def covers(text: str | None, spans: Spans) -> bool:
    """Whether the stretches are all of a text, what stands between its remarks aside."""
    return bool(text) and all(
        not (text or "")[start:end].strip(" |") for start, end in rest(text, spans)
    )


def carried(before: str | None, spans: Spans, after: str | None) -> Spans:
    """Where the stretches of a text are in what became of it. Remarks that stayed keep theirs; of
    one that was edited, what stayed at its beginning and its end, if that is half of it."""
    if before == after or not spans:
        return spans
    if not before or not after:
        return ()
    old, new = list(_remarks(before)), list(_remarks(after))
    found: list[tuple[int, int]] = []
    for i, j, count, is_same in _aligned([text for _, text in old], [text for _, text in new]):
        for (at, was), (to, now) in zip(old[i : i + count], new[j : j + count], strict=True):
            inside = _within(spans, at, at + len(was))
            kept = inside if is_same else _edited(was, inside, now)
            found += [(to + start, to + end) for start, end in kept]
    return _joined(found)


def reading(
    text: str | None, own: Spans, redact: Callable[[str], str | None]
) -> tuple[str | None, Spans]:
    """(a text as somebody reads it, where its own words are in that): these to the letter, each
    other stretch as `redact` leaves it, by itself, so that nothing of the reader's decides what is
    left of others' words."""
    if not text or own == whole(text):
        return text, own
    if not own and BETWEEN not in text:
        return redact(text), ()
    read, found = "", []
    for at, remark in _remarks(text):
        mine = _within(own, at, at + len(remark))
        read += BETWEEN if at else ""
        for start, end in sorted((*mine, *rest(remark, mine))):
            if (start, end) in mine:
                found.append((len(read), len(read) + end - start))
                read += remark[start:end]
            else:
                read += redact(remark[start:end]) or ""
    return read, _joined(found)


def changed(read: str | None, own: Spans, theirs: str | None) -> Spans:
    """Which stretches of what somebody made of a text that it read are its own words: all but what
    stayed of others'."""
    mine = rest(theirs, carried(read, rest(read, own), theirs))
    return tuple((a, b) for a, b in mine if (theirs or "")[a:b].strip(" |"))


def restored(
    ours: str | None, own: Spans, read: str | None, theirs: str | None, mine: Spans
) -> tuple[str, Spans] | None:
    """(what somebody made of a text that it read, the remarks that it read redacted as they are;
    where its own words are in that). None where one of these is gone or was edited."""
    have, seen = list(_remarks(ours or "")), _texts(read)
    if len(have) != len(seen):
        return None
    said = [(text, _within(mine, at, at + len(text))) for at, text in _remarks(theirs or "")]
    place = 0
    for (at, is_), was_read in zip(have, seen, strict=True):
        if is_ == was_read:
            continue
        texts = [text for text, _ in said]
        if was_read not in texts[place:]:
            return None
        place = texts.index(was_read, place)
        said[place] = is_, _within(own, at, at + len(is_))
        place += 1
    found: list[tuple[int, int]] = []
    start = 0
    for text, spans in said:
        found += [(start + first, start + end) for first, end in spans]
        start += len(text) + len(BETWEEN)
    return BETWEEN.join(text for text, _ in said), _joined(found)


def written(spans: Spans) -> str:
    """Stretches as a cell holds them: `0-12+15-20`."""
    return "+".join(f"{start}-{end}" for start, end in spans)


def read_back(text: str, of: str | None) -> Spans:
    """The stretches that a cell holds, of this text; what is none is left out."""
    found = []
    for piece in text.split("+"):
        start, _, end = piece.partition("-")
        if start.isascii() and end.isascii() and start.isdigit() and end.isdigit():
            found.append((min(int(start), len(of or "")), min(int(end), len(of or ""))))
    return _joined(found)


def _texts(text: str | None) -> list[str]:
    return text.split(BETWEEN) if text else []


def _remarks(text: str) -> Iterator[tuple[int, str]]:
    """(where it begins, remark)."""
    at = 0
    for remark in text.split(BETWEEN):
        yield at, remark
        at += len(remark) + len(BETWEEN)


def _aligned(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, bool]]:
    """(first of the old remarks, first of the new, how many, whether they are the same)."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    yield 0, 0, head, True
    middle, other = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(middle) * len(other) <= _MOST_COMPARED:
        for what, i, i_end, j, j_end in SequenceMatcher(
            None, middle, other, autojunk=False
        ).get_opcodes():
            if what in ("equal", "replace"):
                yield head + i, head + j, min(i_end - i, j_end - j), what == "equal"
    else:
        at = 0
        for j, remark in enumerate(other):
            if remark in middle[at : at + _MOST_COMPARED // len(other) + 1]:
                at = middle.index(remark, at)
                yield head + at, head + j, 1, True
                at += 1
    yield len(old) - tail, len(new) - tail, tail, True


def _edited(was: str, spans: Spans, now: str) -> Spans:
    """Stretches of a remark in what somebody made of it."""
    most = min(len(was), len(now))
    head = next((n for n in range(most) if was[n] != now[n]), most)
    tail = next((n for n in range(most - head) if was[-1 - n] != now[-1 - n]), most - head)
    while head and (_splits(was, head) or _splits(now, head)):
        head -= 1
    while tail and (_splits(was, len(was) - tail) or _splits(now, len(now) - tail)):
        tail -= 1
    move = len(now) - len(was)
    kept = [*_within(spans, 0, head)]
    kept += [
        (len(was) - tail + start + move, len(was) - tail + end + move)
        for start, end in _within(spans, len(was) - tail, len(was))
    ]
    length = sum(end - start for start, end in kept)
    return _joined(kept) if 2 * length >= sum(end - start for start, end in spans) else ()


def _splits(text: str, at: int) -> bool:
    """Whether a place is in the middle of a word."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _within(spans: Spans, start: int, end: int) -> Spans:
    """What of the stretches lies between two places, counted from the first."""
    cut = ((max(a, start) - start, min(b, end) - start) for a, b in spans)
    return tuple((a, b) for a, b in cut if a < b)


def _joined(spans: Iterable[tuple[int, int]]) -> Spans:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        elif start < end:
            found.append((start, end))
    return tuple(found)

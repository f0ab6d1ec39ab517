"""The letters of a text as they are compared with names: without case, accents, widths, and what no
reader sees; what stands between any two of them; where each of them stood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from html import unescape

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts whose words are not set apart by spaces, and Hangul, whose particles stick to names."""
_UNSPACED = re.compile(f"[{UNSPACED}]")
_SENTENCE = re.compile(r"[,;:!?()\[\]{}<>\"|。、，；：！？]|\.\s")
_APOSTROPHES = "'’‘`´ʼʻ′"
_JOINED_LINES = re.compile(r"[-\u2010\u00ad]\s*\n\s*")
ZERO_WIDTH_SPACE = "\u200b"
_BLANKS = ZERO_WIDTH_SPACE + "\u2800\u3164\uffa0\u115f\u1160\U0001d159"
"""What leaves a blank, or none, and is no space: of Braille, of Hangul, of music."""


class Gap(IntEnum):
    """What stands between a letter and the one before it."""

    NONE = 0
    HIDDEN = 1
    """A space that no reader sees: the end of a word, and none."""
    JOINER = 2
    """`I.B.M.`, `Meri-dian`, a hyphen at the end of a line."""
    APOSTROPHE = 3
    SPACE = 4
    SENTENCE = 5
    """A comma, a bracket, the end of a sentence."""


class Reading(IntEnum):
    """How letters are taken for others, where a text may be spelt in more than one way."""

    PLAIN = 0
    """Accents away: Müller is Muller, Øresund is Oresund."""
    SPELT_OUT = 1
    """Müller is Mueller, Øresund is Oeresund, Ålborg is Aalborg."""
    LOOKALIKE = 2
    """Cyrillic and Greek letters are the Latin ones that they look like."""


Sign = tuple[int, int, str]
"""Where a character begins and ends in a text, and which it is."""
_ENCODED = re.compile(
    r"(?:%(?:25)*[0-9a-f]{2})+"
    r"|&(?:amp;)*(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});"
    r"|\\u[0-9a-f]{4}",
    re.IGNORECASE,
)


def decoded(text: str) -> list[Sign]:
    """The characters of a text that links, pages or programs wrote in their own way (`%20`,
    `&uuml;`), each with its place; nothing where there are none."""
    if not any(mark in text for mark in "%&\\"):
        return []
    signs: list[Sign] = []
    last = 0
    for found in _ENCODED.finditer(text):
        meant = _meant(found[0])
        if meant == found[0]:
            continue
        start, end = found.span()
        signs += [(at, at + 1, text[at]) for at in range(last, start)]
        signs += [(start, end, character) for character in meant]
        last = end
    return [*signs, *((at, at + 1, text[at]) for at in range(last, len(text)))] if last else []


def _meant(written: str) -> str:
    """What one encoded stretch stands for; itself where that is nothing."""
    if written.startswith("&"):
        return unescape(re.sub("^&(?:amp;)+", "&", written, flags=re.IGNORECASE))
    if written.startswith("\\"):
        return chr(int(written[2:], 16))
    octets = bytes(int(one, 16) for one in re.findall("%(?:25)*([0-9a-f]{2})", written.lower()))
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return written


class Letters:
    """text: letters and digits, compared as they are. gaps: before each. starts, ends: in the
    original, marks on a letter included."""

    __slots__ = ("between", "ends", "gaps", "original", "starts", "text")

    def __init__(
        self, original: str, reading: Reading = Reading.PLAIN, signs: Iterable[Sign] | None = None
    ) -> None:
        """signs: what the text consists of, where that is not one sign a character (`decoded`)."""
        self.original = original
        letters: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.gaps: list[Gap] = []
        self.between: list[str] = []
        pending = ""
        for place, behind, character in signs or (
            (place, place + 1, character) for place, character in enumerate(original)
        ):
            plain = (
                character.lower()
                if character.isascii() and (character.isprintable() or character.isspace())
                else _plain(character, reading)
            )
            if _is_noise(plain, letters[-1] if letters and not pending else ""):
                plain = ""
            if plain == "":
                if letters and not pending and character not in _BLANKS:
                    self.ends[-1] = behind  # a mark on the letter before it
                if character in _BLANKS:
                    pending += ZERO_WIDTH_SPACE
                elif reading is Reading.SPELT_OUT and not pending and letters:
                    more = _SPELT_MARKS.get(letters[-1] + character, "")
                    for one in more:
                        letters.append(one)
                        self.starts.append(place)
                        self.ends.append(behind)
                        self.gaps.append(Gap.NONE)
                        self.between.append("")
                continue
            for one in plain:
                if is_letter(one):
                    letters.append(one)
                    self.starts.append(place)
                    self.ends.append(behind)
                    self.gaps.append(_gap(pending) if pending else Gap.NONE)
                    self.between.append(pending)
                    pending = ""
                else:
                    pending += one
        self.text = "".join(letters)
        self.between.append(pending)
        self.gaps.append(_gap(pending) if pending else Gap.NONE)

    def begins_word(self, at: int) -> bool:
        """Whether a word may begin with a letter: no letter stuck to it, or a script without
        spaces."""
        if at == 0 or self.gaps[at] is not Gap.NONE:
            return True
        return is_unspaced(self.text[at - 1]) or is_unspaced(self.text[at])

    def ends_word(self, end: int) -> bool:
        """Whether a word may end before a letter."""
        if end == len(self.text) or self.gaps[end] is not Gap.NONE:
            return True
        return is_unspaced(self.text[end - 1]) or is_unspaced(self.text[end])

    def word_before(self, at: int, *, over: str = "") -> str:
        """The word before a letter, if nothing but spaces and joiners stands between, or one of
        the signs in `over`."""
        if at == 0 or self.gaps[at] is Gap.NONE or not self._is_beside(at, over):
            return ""
        start = at - 1
        while start and self.gaps[start] is Gap.NONE:
            start -= 1
        return self.text[start:at]

    def word_after(self, end: int, *, over: str = "") -> str:
        """The word from a letter on, if nothing but spaces and joiners stands before it, or one
        of the signs in `over`."""
        if end == len(self.text) or self.gaps[end] in (Gap.NONE, Gap.APOSTROPHE):
            return ""
        if not self._is_beside(end, over):
            return ""
        stop = end + 1
        while stop < len(self.text) and self.gaps[stop] is Gap.NONE:
            stop += 1
        return self.text[end:stop]

    def _is_beside(self, at: int, over: str) -> bool:
        return self.gaps[at] is not Gap.SENTENCE or self.between[at].strip() in tuple(over)


def readings(text: str) -> list[Reading]:
    """The ways in which a text is to be read."""
    found = [Reading.PLAIN]
    if not text.isascii():
        found += [Reading.SPELT_OUT] * bool(_SPELT_IN.search(text))
        found += [Reading.LOOKALIKE] * bool(_LOOKS.search(text))
    return found


def is_letter(character: str) -> bool:
    """A letter, a digit, or a vowel sign of a script that writes them as marks."""
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


def is_unspaced(character: str) -> bool:
    """Whether a letter is of a script without spaces."""
    return not character.isascii() and _UNSPACED.match(character) is not None


@lru_cache(maxsize=8_192)
def is_ignorable(character: str) -> bool:
    """Whether a reader sees nothing of a character (Default_Ignorable_Code_Point), or it is a
    control character other than a blank."""
    code = ord(character)
    if any(first <= code <= last for first, last in _IGNORABLE):
        return True
    return unicodedata.category(character).startswith("C") and not character.isspace()


@lru_cache(maxsize=16_384)
def _plain(character: str, reading: Reading) -> str:
    """What a character is compared as; nothing for a mark and for what no reader sees."""
    if is_ignorable(character) or character in _BLANKS:
        return ""
    if character in _APOSTROPHES:
        return "'"
    if reading is Reading.SPELT_OUT and character in _SPELT:
        return _SPELT[character]
    if reading is Reading.LOOKALIKE and character in _LOOKALIKES:
        return _LOOKALIKES[character]
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return chr(ord(character) - 0x1F1E6 + ord("a"))
    if "\U0001f150" <= character <= "\U0001f189":
        return chr((ord(character) - 0x1F150) % 32 + ord("a"))
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
    found = ""
    for one in folded:
        if is_ignorable(one) or _is_mark(one):
            continue
        digit = unicodedata.decimal(one, None)
        same = str(digit) if digit is not None else _SAME.get(one, one)
        if reading is Reading.SPELT_OUT:
            same = _SPELT.get(one, same)
        elif reading is Reading.LOOKALIKE:
            same = _LOOKALIKES.get(one, same)
        found += same
    return found


def _is_mark(character: str) -> bool:
    """Accents, points and tashkeel: what may be left away."""
    category = unicodedata.category(character)
    if category in ("Mn", "Mc"):
        code = ord(character)
        return any(first <= code <= last for first, last in _MARKS)
    return category == "Me" or (category in ("Lm", "Sk") and character in _LETTERLIKE)


def _is_noise(character: str, before: str) -> bool:
    """Whether a character is a mark of another script than the letter before it: no vowel."""
    if character.isascii() or not unicodedata.category(character[0]).startswith("M"):
        return False
    return not before or _script(character[0]) != _script(before)


@lru_cache(maxsize=4_096)
def _script(character: str) -> str:
    if character in "\u3099\u309a":
        return "KATAKANA"  # ガ is カ and a mark; hiragana are compared as katakana
    return re.split("[ -]", unicodedata.name(character, ""))[0]


def _gap(between: str) -> Gap:
    if not between.strip(ZERO_WIDTH_SPACE):
        return Gap.HIDDEN
    between = between.replace(ZERO_WIDTH_SPACE, "")
    if _JOINED_LINES.fullmatch(between):
        return Gap.JOINER
    if not between.strip(_APOSTROPHES):
        return Gap.APOSTROPHE
    if _SENTENCE.search(between):
        return Gap.SENTENCE
    return Gap.SPACE if any(map(str.isspace, between)) else Gap.JOINER


_IGNORABLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
UNSEEN = f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in _IGNORABLE)}]*"
"""A pattern of what may stand in a name that is looked for as it is written."""
_MARKS = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x0711, 0x0711),
    (0x0730, 0x074A),
    (0x0898, 0x089F),
    (0x08CA, 0x08FF),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0x302A, 0x302F),
    (0xFE20, 0xFE2F),
)
_LETTERLIKE = frozenset(("\u0640", *map(chr, range(0x02B0, 0x0300))))
"""The stroke that makes Arabic words longer, and small letters beside others."""
_SAME = {
    **dict(zip("øłđħŧıŋƶɨʉɓɗƙɫȼɇⱥɐəɛɔƒ", "oldhtinziubdklceaaeeof", strict=True)),
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ĸ": "k",
    "ȷ": "j",
    "ſ": "s",
    **dict.fromkeys("ىیېےۍ", "ي"),
    **dict.fromkeys("کڪګ", "ك"),
    **dict.fromkeys("ٱٲٳ", "ا"),
    **dict.fromkeys("ةەہھۃ", "ه"),
    "ؤ": "و",
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),
    **{chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)},
}
_SPELT = {
    **dict(zip("äöüåøæœ", ("ae", "oe", "ue", "aa", "oe", "ae", "oe"), strict=True)),
    **dict(zip("ÄÖÜÅØÆŒ", ("ae", "oe", "ue", "aa", "oe", "ae", "oe"), strict=True)),
}
_SPELT_MARKS = {"a\u0308": "e", "o\u0308": "e", "u\u0308": "e", "a\u030a": "a"}
_SPELT_IN = re.compile("[äöüåøÄÖÜÅØ\u0308\u030a]")
_LOOKS = re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u2c80-\u2cff]")
_LOOKALIKES = {
    **dict(zip("авеіјкмнорсѕтухһԁԛԝѡӏґ", "abeijkmhopcstyxhdqwwlr", strict=True)),
    **dict(zip("АВЕІЈКМНОРСЅТУХҺԚԜӀ", "abeijkmhopcstyxhqwl", strict=True)),
    **dict(zip("αβεικνορτυχγωη", "abeikvoptuxywn", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx", strict=True)),
}

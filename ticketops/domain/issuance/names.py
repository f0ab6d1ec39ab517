"""Names as airlines want them on tickets: Latin capitals and spaces, LAST/FIRST, of a length. What a name
has besides is left out where nothing depends on it, else a spelling is proposed."""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

LONGEST = 57
"""Characters of a name where the airline says nothing else."""
_TITLES = frozenset({"MR", "MRS", "MS", "MISS", "MSTR", "DR", "CHD", "INF"})
_NEVER = re.compile(r"[.'’ʼ`´]")
_APART = re.compile(r"[\s,_\-‐-―]+")
_ALLOWED = re.compile(r"[A-Z]+(?: [A-Z]+)*(?:/[A-Z]+(?: [A-Z]+)*)?")
_SPELLED = (
    "Ä=AE Ö=OE Ü=UE ẞ=SS Å=AA Æ=AE Ø=OE Œ=OE Ð=D Đ=D Þ=TH Ł=L Ħ=H Ŧ=T Ŋ=N ĸ=K Ə=E İ=I "
    "А=A Б=B В=V Г=G Д=D Е=E Ж=ZH З=Z И=I Й=I К=K Л=L М=M Н=N О=O П=P Р=R С=S Т=T У=U Ф=F Х=KH Ц=TS "
    "Ч=CH Ш=SH Щ=SHCH Ъ=IE Ы=Y Ь= Э=E Ю=IU Я=IA Ё=E Ђ=D Ѓ=G Є=IE Ѕ=DZ І=I Ї=I Ј=J Љ=LJ Њ=NJ Ћ=C Ќ=K "
    "Ў=U Џ=DZ Ґ=G "
    "Α=A Β=V Γ=G Δ=D Ε=E Ζ=Z Η=I Θ=TH Ι=I Κ=K Λ=L Μ=M Ν=N Ξ=X Ο=O Π=P Ρ=R Σ=S Τ=T Υ=Y Φ=F Χ=CH Ψ=PS "
    "Ω=O"
)
"""How letters beyond A to Z are spelled on tickets; accents are left out before that."""
_OTHER = {pair[0]: pair[2:] for pair in _SPELLED.split()}


class Form(Struct, frozen=True):
    """A name in the airline's form. text: "" where none can be proposed. exact: whether it follows from
    the name alone: only case, spaces, hyphens and the like changed. why: what is wrong otherwise."""

    text: str
    exact: bool
    why: str = ""


def form(name: str, longest: int = LONGEST) -> Form:
    """A name as a ticket bears it.

    >>> form("O'Neill-Smith, Anne")
    Form(text='ONEILL SMITH ANNE', exact=True, why='')
    >>> form("Müller/Jörg").text, form("Müller/Jörg").exact
    ('MUELLER/JOERG', False)
    """
    plain = _NEVER.sub("", unicodedata.normalize("NFC", name)).replace("ß", "ẞ").upper()
    plain = " ".join(_APART.sub(" ", plain).split()).replace(" /", "/").replace("/ ", "/")
    text = "".join(map(_letter, plain))
    changed = text != plain
    if not _ALLOWED.fullmatch(text):
        odd = sorted({c for c in plain if not re.fullmatch(r"[A-Z /]", _letter(c) or "A")})
        what = f"{''.join(odd)!r} can't stand on a ticket" if odd else "it is not LAST/FIRST"
        return Form(
            "", False, f"{name!r}: {what}; type the name as the passport's last lines spell it"
        )
    if len(text) > longest:
        why = f"{name!r} has {len(text)} characters on a ticket, and the airline takes {longest}"
        return Form(text[:longest].rstrip(" /"), False, why)
    why = f"{name!r} has letters that are not on tickets" if changed else ""
    return Form(text, not changed, why)


def _letter(character: str) -> str:
    """A capital as tickets spell it; what nobody can spell stays."""
    if character in _OTHER:
        return _OTHER[character]
    parts = unicodedata.normalize("NFD", character)
    if len(parts) > 1:
        base = "".join(c for c in parts if not unicodedata.combining(c))
        return _OTHER.get(base, base)
    return character


def agree(one: str, other: str) -> bool:
    """Whether two spellings are of the same name: order, case, titles and marks are forgiven, a letter is
    not.

    >>> agree("Jörg Müller", "MUELLER/JOERG MR")
    True
    """
    return bool(one and one == other) or words(one) == words(other) != ()


def words(name: str) -> tuple[str, ...]:
    """The words of a name as tickets spell them, in the order of the alphabet, without titles."""
    spelled = form(name, 10**6).text or name.upper()
    found = tuple(sorted(filter(None, re.split(r"[\s/]+", spelled))))
    return tuple(word for word in found if word not in _TITLES) or found

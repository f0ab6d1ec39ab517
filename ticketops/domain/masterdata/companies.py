"""What of a company's name is the name proper, and what follows it: a legal form (Inc, Ltd, AG) or a
tier (VIP, Premium). Different legal forms are different companies (D23)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TIERS = frozenset(("vip", "vvip", "premium", "platinum", "hospitality"))
_FORMS = frozenset(
    [
        "inc",
        "incorporated",
        "ltd",
        "limited",
        "llc",
        "llp",
        "plc",
        "corp",
        "corporation",
        "gmbh",
        "ug",
        "sarl",
        "srl",
        "sas",
        "ltda",
        "lda",
        "bv",
        "nv",
        "oy",
        "oyj",
        "aps",
        "sro",
        "doo",
        "zoo",
        "kft",
        "zrt",
        "ehf",
        "pty",
        "pte",
        "fze",
        "fzco",
        "dmcc",
        "fzllc",
        "sa",
        "ag",
        "ab",
        "kk",
        "oü",
        "sia",
        "uab",
    ]
)
_DOTTED = frozenset(("spa", "as", "co", "kg", "sl", "lp", "hf"))
"""Words, unless they are written with dots (S.p.A., Co.)."""
_SAME_FORM = {"incorporated": "inc", "limited": "ltd", "corporation": "corp", "oyj": "oy"}


@lru_cache(maxsize=20_000)
def client_group_key(company: str) -> str:
    """A company's name without case and without what follows the name proper: VIP, Premium, Inc,
    Ltd and the like (§7 step 1). A name is never stripped down to a tier (D23)."""
    words = _words(company)
    proper = words[: len(words) - _endings(words)]
    return _joined(proper) or company.casefold().strip()


@lru_cache(maxsize=20_000)
def proper_name(company: str) -> str:
    """A company's name as it is written, without what follows the name proper: `ACME Ltd` → ACME."""
    words = re.sub(r"[()\[\]{},;/]", " ", company).split()
    ends = _endings(_words(company))
    return _joined(words[: len(words) - ends]) if len(words) > ends else company.strip()


@lru_cache(maxsize=20_000)
def full_key(company: str) -> str:
    """A company's name without case, its endings in their one spelling: `Delta Limited` → `delta ltd`."""
    words = _words(company)
    place = len(words) - _endings(words)
    endings = [_plain(word) for word in words[place:]]
    return _joined(
        [*words[:place], *(_SAME_FORM.get(w, w) for w in endings if w not in ("", "&"))]
    ) or (company.casefold().strip())


@lru_cache(maxsize=20_000)
def legal_form(company: str) -> frozenset[str]:
    """The legal forms that a name ends in, in their one spelling: `Acme Pty. Limited (VIP)` → pty, ltd."""
    words = _words(company)
    endings = {_plain(word) for word in words[len(words) - _endings(words) :]}
    return frozenset(_SAME_FORM.get(word, word) for word in endings - _TIERS - {"", "&"})


def _words(company: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", company).casefold()
    return re.sub(r"[()\[\]{},;/]", " ", folded).split()


def _endings(words: list[str]) -> int:
    """How many words at the end are no part of the name proper."""
    count = 0
    while count < len(words) - 1 and _is_ending(words[-1 - count]):
        count += 1
    return 0 if count and len(words) - count == 1 and _plain(words[0]) in _TIERS else count


def _is_ending(word: str) -> bool:
    plain = _plain(word)
    return (
        not plain
        or plain in _TIERS
        or plain in _FORMS
        or plain == "&"
        or (plain in _DOTTED and "." in word)
    )


def _plain(word: str) -> str:
    return re.sub(r"[.\-]", "", word)


def _joined(words: list[str]) -> str:
    return " ".join(word.strip(".") or word for word in words)

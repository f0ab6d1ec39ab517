"""Which companies are one client (§7: clientGroupKey), and which vendors are one supplier (§9a: `_SUPPLIER_GROUPS`)."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ticketops.domain.masking import masked
from ticketops.errors import RuleError
from ticketops.model.names import name_key
from ticketops.schema.tables import Table

_TIERS = ("vip", "vvip", "premium", "platinum", "hospitality")
_FORMS = (
    "inc", "incorporated", "ltd", "limited", "llc", "llp", "plc", "corp", "corporation", "gmbh", "ug", "sarl", "srl", "sas", "ltda", "lda",
    "bv", "nv", "oy", "oyj", "aps", "sro", "doo", "zoo", "kft", "zrt", "ehf", "pty", "pte", "fze", "fzco", "dmcc", "fzllc", "sa", "ag",
    "ab", "kk", "oü", "sia", "uab",
)  # fmt: skip
_DOTTED = ("spa", "as", "co", "kg", "sl", "lp", "hf")
"""Words, unless they are written with dots (S.p.A., Co.)."""
_ENDINGS = frozenset((*_TIERS, *_FORMS))


@lru_cache(maxsize=20_000)
def client_group_key(company: str) -> str:
    """A company's name without case and without what follows the name proper: VIP, Premium, Inc, Ltd and the like (§7 step 1)."""
    words = re.sub(r"[()\[\]{},;/]", " ", unicodedata.normalize("NFKC", company).casefold()).split()
    while len(words) > 1 and _is_ending(words[-1]):
        words.pop()
    return " ".join(word.strip(".") or word for word in words) or company.casefold().strip()


def _is_ending(word: str) -> bool:
    plain = re.sub(r"[.\-]", "", word)
    return not plain or plain in _ENDINGS or plain == "&" or (plain in _DOTTED and "." in word)


def spellings(companies: Iterable[str | None]) -> dict[str, list[str]]:
    """{client group: its companies, the most frequent first}."""
    counts = Counter(company for company in companies if company)
    found: dict[str, list[str]] = {}
    for company, _ in counts.most_common():
        found.setdefault(client_group_key(company), []).append(company)
    return found


@dataclass(frozen=True)
class SupplierGroups:
    """The rows of `_SUPPLIER_GROUPS`: vendors by name, and by a pattern of their address (`bdc*@*`)."""

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    patterns: tuple[tuple[re.Pattern[str], str], ...] = ()

    @classmethod
    def of(cls, table: Table) -> SupplierGroups:
        names: dict[str, set[str]] = {}
        patterns = []
        for key, vendor, pattern in table.frame.select("supplier_key", "vendor", "email_pattern").iter_rows():
            if key and vendor:
                names.setdefault(name_key(vendor) or "", set()).add(key.upper())
            if key and pattern:
                patterns.append((re.compile(fnmatch.translate(pattern.casefold())), key.upper()))
        return cls({name: frozenset(keys) for name, keys in names.items()}, tuple(patterns))

    def keys_of(self, vendor: str | None, email: str | None, masked_addresses: frozenset[str]) -> frozenset[str]:
        """The SupplierKeys that claim a vendor: by name, else by address. Several: it is ambiguous, and in no book."""
        shown, address = masked(vendor, email, masked_addresses)
        for name in (vendor, shown):
            if name and (found := self.names.get(name_key(name) or "")):
                return found
        addresses = [text.casefold() for text in (vendor, email, address) if text and "@" in text]
        return frozenset(key for pattern, key in self.patterns for text in addresses if pattern.fullmatch(text))

    @property
    def keys(self) -> frozenset[str]:
        """Every SupplierKey."""
        return frozenset().union(*self.names.values(), (key for _, key in self.patterns))

    def __bool__(self) -> bool:
        return bool(self.names or self.patterns)


def supplier_key(text: str) -> str:
    """A SupplierKey as §17 wants it: upper case, words joined by one space. Raises RuleError for an empty one."""
    key = " ".join(text.split()).upper()
    if not key:
        raise RuleError("a supplier needs a key, such as POVAMI")
    return key

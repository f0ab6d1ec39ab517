"""Which companies are one client (§7: clientGroupKey), and which vendors are one supplier (§9a:
`_SUPPLIER_GROUPS`)."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

from ticketops.domain.masterdata.companies import client_group_key, full_key, legal_form
from ticketops.domain.masterdata.who import Directory, fold
from ticketops.domain.plan import Run
from ticketops.domain.ticket.masking import masked
from ticketops.errors import RuleError
from ticketops.model.findings import Finding
from ticketops.model.names import name_key
from ticketops.schema.tables import Table

__all__ = [
    "Clients",
    "SupplierGroups",
    "client_group_key",
    "plain_key",
    "spellings",
    "supplier_key",
    "titles",
]


SELF_DISPATCHING = ("bdc", "comm", "fed")
"""How addresses of suppliers who send tickets themselves begin (§9a)."""


def spellings(
    companies: Iterable[str | None], key: Callable[[str], str] = client_group_key
) -> dict[str, list[str]]:
    """{client group: its companies, the most frequent first}."""
    counts = Counter(company for company in companies if company)
    found: dict[str, list[str]] = {}
    for company, _ in counts.most_common():
        found.setdefault(key(company), []).append(company)
    return found


class Clients:
    """Which companies of a workbook are one client (§7): those that aliases join (D23), and those
    whose names differ only in what follows the name proper, which somebody must confirm (D27).
    Different legal forms are different companies, and so are two with a record each (D32).

    records: the names in `_CLIENTS`.
    """

    def __init__(
        self, companies: Iterable[str], aliases: Mapping[str, str], records: Iterable[str] = ()
    ) -> None:
        names = {*companies, *aliases.values()}
        self._directory = Directory("client", names, aliases)
        self._apart = {name_key(a) for a, name in aliases.items() if name_key(a) == name_key(name)}
        recorded: dict[str, set[str | None]] = defaultdict(set)
        for name in map(self._directory.owner, records):
            recorded[client_group_key(name)].add(name_key(name))
        self._apart |= {name for alike in recorded.values() if len(alike) > 1 for name in alike}
        self._forms: dict[str, set[frozenset[str]]] = {}
        for name in {self._directory.owner(name) for name in names}:
            if form := legal_form(name):
                self._forms.setdefault(client_group_key(name), set()).add(form)
        self._taken = {full_key(name or "") for name in self._apart}
        self._keys: dict[str, str] = {}

    def key(self, company: str) -> str:
        """The client group of a company: its clientGroupKey, where that is nobody else's."""
        if company not in self._keys:
            name = self.owner(company)
            key = client_group_key(name)
            if name_key(name) in self._apart:
                key = full_key(name)
            elif len(self._forms.get(key, ())) > 1:
                key = " ".join([key, *sorted(legal_form(name))])
            elif key in self._taken:
                key = full_key(name)
            self._keys[company] = key
        return self._keys[company]

    def owner(self, company: str) -> str:
        """The name that a company stands for: its own, or what its alias says."""
        return self._directory.owner(company)

    def aliases_of(self, group: str) -> list[str]:
        """The other names that the companies of a group were given."""
        return [alias for alias in self._directory.aliases if self.key(alias) == group]

    def is_of(self, company: str | None, party: str) -> bool:
        """Whether a company is of a party that a book or a saved view was made for: a book keeps
        its identity when clients are merged, or when another legal form turns up."""
        if not company:
            return False
        if self.key(company) == party:
            return True
        return name_key(company) not in self._apart and party in (
            client_group_key(company),
            full_key(company),
        )

    def unconfirmed(self, companies: Iterable[str]) -> list[str]:
        """The names of one group that nobody confirmed to be one client; none where it has one name,
        case, punctuation and spellings of its legal form forgiven."""
        names: dict[str, str] = {}
        for company in companies:
            owner = self.owner(company)
            names.setdefault(fold(full_key(owner)), owner)
        return list(names.values()) if len(names) > 1 else []


def titles(companies: Iterable[str | None], clients: Clients) -> dict[str, str]:
    """{client group: its client as it is spelled}, by the name that most of the tickets bear.
    companies: of each ticket."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for company in filter(None, companies):
        names[clients.key(company)][company] += 1
    return {group: clients.owner(found.most_common(1)[0][0]) for group, found in names.items()}


class SupplierGroups(Struct, frozen=True):
    """The rows of `_SUPPLIER_GROUPS`: vendors by name, and by a pattern of their address
    (`bdc*@*`)."""

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    patterns: tuple[tuple[re.Pattern[str], str], ...] = ()

    @classmethod
    def of(cls, table: Table) -> SupplierGroups:
        names: dict[str, set[str]] = {}
        patterns = []
        for key, vendor, pattern in table.frame.select(
            "supplier_key", "vendor", "email_pattern"
        ).iter_rows():
            if key and vendor:
                names.setdefault(name_key(vendor) or "", set()).add(plain_key(key))
            if key and pattern:
                patterns.append((re.compile(fnmatch.translate(pattern.casefold())), plain_key(key)))
        return cls({name: frozenset(keys) for name, keys in names.items()}, tuple(patterns))

    def keys_of(
        self, vendor: str | None, email: str | None, masked_addresses: frozenset[str]
    ) -> frozenset[str]:
        """The SupplierKeys that claim a vendor: by name, else by address. Several: it is ambiguous,
        and in no book."""
        shown, address = masked(vendor, email, masked_addresses)
        for name in (vendor, shown):
            if name and (found := self.names.get(name_key(name) or "")):
                return found
        addresses = [text.casefold() for text in (vendor, email, address) if text and "@" in text]
        return frozenset(
            key for pattern, key in self.patterns for text in addresses if pattern.fullmatch(text)
        )

    @property
    def keys(self) -> frozenset[str]:
        """Every SupplierKey."""
        return frozenset().union(*self.names.values(), (key for _, key in self.patterns))

    def __bool__(self) -> bool:
        return bool(self.names or self.patterns)

    def meant(self, text: str, run: Run) -> tuple[str, list[Finding]]:
        """The SupplierKey that a text means (D23), and what is to be said of that: a key, a vendor of one
        group alone, or a beginning. Of keys that the run's user may not see none is guessed or
        named. A text that is near none is a key as it stands. Raises UnclearNameError."""
        if plain_key(text) in self.keys:
            return plain_key(text), []
        scope = run.scope
        seen = [key for key in sorted(self.keys) if scope is None or scope.sees_supplier(key)]
        vendors = {
            name: next(iter(keys))
            for name, keys in self.names.items()
            if len(keys) == 1 and keys <= set(seen)
        }
        found = Directory("supplier", seen, vendors, run.chosen).find(text, insist="")
        return plain_key(found.name), found.said("supplier") if found.how != "new" else []


def plain_key(text: str) -> str:
    """A SupplierKey as §17 wants it: upper case, words joined by one space; in one Unicode form, as
    two keys that look alike would be two suppliers, whose books are one file for some systems."""
    return unicodedata.normalize("NFC", " ".join(text.split()).upper())


def supplier_key(text: str) -> str:
    """The `plain_key` of what somebody typed. Raises RuleError for an empty one."""
    key = plain_key(text)
    if not key:
        raise RuleError("a supplier needs a key, such as POVAMI")
    return key

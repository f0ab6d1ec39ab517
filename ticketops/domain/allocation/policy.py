"""Allocation policies (§5a step 5): eleven constraints, each with its own violation code, and three
modes.

SUGGEST: plans are shown, an operator picks. SEMI_AUTO: `allocate auto`, started by an operator,
commits plans that pass. FULLY_AUTO: unattended runs do too, up to maxAutoCommitValue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from msgspec import Struct, field

from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.masterdata.aliases import client_keys
from ticketops.errors import UnusableError
from ticketops.model import ids, states
from ticketops.model.findings import Violation
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import POLICIES
from ticketops.schema.tables import Snapshot, Table

CONSTRAINTS = (
    "VENDOR_NOT_WHITELISTED",
    "VENDOR_BLOCKLISTED",
    "UPGRADE_NOT_ALLOWED",
    "UPGRADE_RANK_GAP",
    "DOWNGRADE_NOT_ALLOWED",
    "DOWNGRADE_RANK_GAP",
    "MARGIN_TOO_LOW",
    "AUTO_COMMIT_VALUE",
    "SPLIT_POLICY",
    "VENDOR_DIVERSITY",
    "VIP_EXCLUDED",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules for one sale. None or an empty set: no rule. Percentages are of the sale price,
    values in its currency."""

    mode: str = states.SEMI_AUTO
    vendor_whitelist: frozenset[str] = frozenset()
    vendor_blocklist: frozenset[str] = frozenset()
    upgrade_allowed: bool = True
    max_upgrade_gap: int | None = None
    downgrade_allowed: bool = False
    max_downgrade_gap: int | None = None
    min_margin_pct: float | None = None
    max_auto_value: float | None = None
    split_policy: str = states.ALLOW_MULTI_SET
    min_chunk_size: int = 2
    vendor_diversity: bool = False
    exclude_vip: bool = False

    def refuses_vendor(self, vendor: str | None) -> bool:
        """Whether stock of this vendor may not be used."""
        name = name_key(vendor) or ""
        return (
            bool(self.vendor_whitelist and name not in self.vendor_whitelist)
            or name in self.vendor_blocklist
        )


class Offer(Struct, frozen=True):
    """What a policy judges: a plan for a sale. quantity: what the sale still asks for; price: of
    one ticket."""

    sold_category: str
    category: str
    quantity: int
    price: float | None
    margin_pct: float | None
    gap: int | None
    """How many ranks its category is above the one sold (`Ranks.gap`)."""
    chunks: Sequence[Chunk]
    held: Mapping[str, int] = field(default_factory=dict)
    """{SetID: tickets} that the sale was given before."""


def evaluate(policy: Policy, offer: Offer) -> list[Violation]:
    """Every constraint that the offer breaks, in the order of CONSTRAINTS."""
    return [Violation(code, message) for code, message in _broken(policy, offer)]


def _broken(policy: Policy, offer: Offer) -> Iterable[tuple[str, str]]:
    vendors = {key: name for chunk in offer.chunks for key, name in chunk.vendors.items()}
    unlisted = [
        name
        for key, name in sorted(vendors.items())
        if policy.vendor_whitelist and key not in policy.vendor_whitelist
    ]
    if unlisted:
        yield "VENDOR_NOT_WHITELISTED", f"not on the vendor list: {', '.join(unlisted)}"
    blocked = [name for key, name in sorted(vendors.items()) if key in policy.vendor_blocklist]
    if blocked:
        yield "VENDOR_BLOCKLISTED", f"on the block list: {', '.join(blocked)}"
    yield from _broken_by_category(policy, offer)
    if policy.min_margin_pct is not None:
        if offer.margin_pct is None:
            yield (
                "MARGIN_TOO_LOW",
                f"the margin is unknown; it must be at least {policy.min_margin_pct:g} %",
            )
        elif offer.margin_pct < policy.min_margin_pct:
            yield (
                "MARGIN_TOO_LOW",
                f"margin {offer.margin_pct:.1f} %, but it must be at least "
                f"{policy.min_margin_pct:g} %",
            )
    if policy.mode == states.FULLY_AUTO and policy.max_auto_value is not None:
        value = (offer.price or 0) * offer.quantity
        if offer.price is None or value > policy.max_auto_value:
            shown = "unknown" if offer.price is None else f"{value:,.2f}"
            yield (
                "AUTO_COMMIT_VALUE",
                f"sale value {shown}, but automatic commits go up to {policy.max_auto_value:,.2f}",
            )
    sizes = [len(chunk.units) + offer.held.get(chunk.set_id, 0) for chunk in offer.chunks]
    sets = {chunk.set_id for chunk in offer.chunks} | set(offer.held)
    if policy.split_policy == states.SINGLE_SET_ONLY and len(sets) > 1 and sizes:
        before = " with those it has" if offer.held else ""
        yield "SPLIT_POLICY", f"{len(sets)} sets{before}, but only one is allowed"
    least = min(policy.min_chunk_size, offer.quantity + sum(offer.held.values()))
    if policy.split_policy == states.REQUIRE_MIN_CHUNK_SIZE and any(size < least for size in sizes):
        yield "SPLIT_POLICY", f"a chunk of {min(sizes)}, but it must be at least {least}"
    if policy.vendor_diversity and len(sizes) > 1 and len(vendors) == 1:
        yield "VENDOR_DIVERSITY", "several sets, all from one vendor"
    if policy.exclude_vip and any(unit.vip for chunk in offer.chunks for unit in chunk.units):
        yield "VIP_EXCLUDED", "it uses VIP stock"


def _broken_by_category(policy: Policy, offer: Offer) -> Iterable[tuple[str, str]]:
    """A category that can't be compared with the one sold counts as an upgrade, its gap as
    unknown."""
    gap = offer.gap
    what = f"{offer.sold_category} → {offer.category}"
    if gap is None or gap > 0:
        if not policy.upgrade_allowed:
            yield "UPGRADE_NOT_ALLOWED", f"{what} is an upgrade"
        if gap is not None and policy.max_upgrade_gap is not None and gap > policy.max_upgrade_gap:
            yield (
                "UPGRADE_RANK_GAP",
                f"{what} is {gap} ranks up, but at most {policy.max_upgrade_gap} is allowed",
            )
    elif gap < 0:
        if not policy.downgrade_allowed:
            yield "DOWNGRADE_NOT_ALLOWED", f"{what} is a downgrade"
        if policy.max_downgrade_gap is not None and -gap > policy.max_downgrade_gap:
            yield (
                "DOWNGRADE_RANK_GAP",
                f"{what} is {-gap} ranks down, but at most {policy.max_downgrade_gap} is allowed",
            )


class Policies:
    """The policies of a workbook. A sale's own is put together from those of the event, its match
    and its client; what the narrower one says counts, what it leaves blank is taken from the wider
    one.

    Raises UnusableError for a row that can't be read: a rule with a slip in it must not pass for no
    rule.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        table = snapshot[POLICIES]
        _require_readable(table)
        self._client_key = client_keys(snapshot)
        self._rules: dict[tuple[str, str], dict[str, Any]] = {}
        for row in table.frame.iter_rows(named=True):
            if row["scope"]:
                scope = row["scope"].lower()
                key = (
                    self._client_key(row["key"]) if scope == "client" else key_of(scope, row["key"])
                )
                self._rules[scope, key or ""] = row
        self._known: dict[tuple[str, str | None], Policy] = {}

    def for_sale(self, match: str, client: str | None) -> Policy:
        """The policy of a sale of this match to this client."""
        own = (match, self._client_key(client))
        if own not in self._known:
            policy = Policy()
            for scope, key in (("event", ""), ("match", match), ("client", own[1] or "")):
                policy = _narrowed(policy, self._rules.get((scope, key), {}))
            self._known[own] = policy
        return self._known[own]


def _require_readable(table: Table) -> None:
    """Raises UnusableError naming the first cell that is no rule."""
    for misfit in table.misfits:
        raise UnusableError(
            f"{POLICIES} row {misfit.row}: {misfit.column} can't be {misfit.text!r}",
            "policy set writes it correctly",
        )
    chosen = [column for column in table.sheet.columns if column.choices]
    for row in table.frame.iter_rows(named=True):
        for column in chosen:
            value = row[column.name]
            if value is not None and value.upper() not in map(str.upper, column.choices):
                raise UnusableError(
                    f"{POLICIES} row {row['row']}: {column.header} can't be {value!r}",
                    f"it must be one of {', '.join(column.choices)}",
                )
        if not row["scope"]:
            raise UnusableError(
                f"{POLICIES} row {row['row']} has no Scope",
                "it must be one of event, match, client",
            )


def key_of(scope: str, key: str | None) -> str:
    """The key of a policy as it is compared: none for the event, a match code, a client's name."""
    if scope == "event" or not key:
        return ""
    return ids.normalise_match(key) if scope == "match" else name_key(key) or ""


def listed(text: str | None) -> list[str]:
    """The vendors of a list in one cell, separated by commas, semicolons or lines; `any` and `none`
    name nobody, and lift what a wider policy says."""
    if (text or "").strip().casefold() in ("any", "none"):
        return []
    parts = (text or "").replace(";", ",").replace("\n", ",").split(",")
    return [part.strip() for part in parts if part.strip()]


def names(text: str | None) -> frozenset[str]:
    """The same, as they are compared."""
    return frozenset(filter(None, map(name_key, listed(text))))


def _narrowed(policy: Policy, row: dict[str, Any]) -> Policy:
    given: dict[str, Any] = {}
    for one in fields(Policy):
        value = row.get(one.name)
        if value is None:
            continue
        if one.name.startswith("vendor_") and one.name != "vendor_diversity":
            value = names(value)
        elif one.name in ("mode", "split_policy"):
            value = value.upper()
        given[one.name] = value
    return replace(policy, **given)

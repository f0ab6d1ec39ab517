"""Vendor masking (§14f): vendors whose address stands in _MATTHIAS_EMAILS appear under one name,
"Matthias" unless a setting says otherwise, in Distribution."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ticketops.model.words import Words
from ticketops.schema.layouts.event import MATTHIAS_EMAILS
from ticketops.schema.tables import Snapshot


class Masked(frozenset[str]):
    """The addresses to mask, in small letters. name: what their vendors are called instead."""

    name: str

    def __new__(cls, addresses: Iterable[str] = (), name: str = Words().mask) -> Masked:
        made = super().__new__(cls, addresses)
        made.name = name
        return made


def masked_addresses(snapshot: Snapshot) -> Masked:
    """The addresses to mask, case forgiven, and what their vendors are called."""
    column = snapshot[MATTHIAS_EMAILS].frame["email"].drop_nulls()
    return Masked((address.casefold() for address in column), snapshot.layout.words.mask)


def masked(
    vendor: str | None, email: str | None, addresses: Collection[str]
) -> tuple[str | None, str | None]:
    """(Vendor, Email) as Distribution shows them: the real address of a masked vendor goes to
    Email. Addresses that bear no name are those of "Matthias"."""
    if vendor and vendor.casefold() in addresses:
        return addresses.name if isinstance(addresses, Masked) else Words().mask, vendor
    return vendor, email

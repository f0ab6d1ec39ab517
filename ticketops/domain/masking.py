"""Vendor masking (§14f): vendors whose address stands in _MATTHIAS_EMAILS appear as "Matthias" in Distribution."""

from __future__ import annotations

from collections.abc import Collection

from ticketops.schema.tables import Table

MASK = "Matthias"


def masked_addresses(table: Table) -> frozenset[str]:
    """The addresses to mask, case forgiven."""
    return frozenset(address.casefold() for address in table.frame["email"].drop_nulls())


def masked(vendor: str | None, email: str | None, addresses: Collection[str]) -> tuple[str | None, str | None]:
    """(Vendor, Email) as Distribution shows them: the real address of a masked vendor goes to Email."""
    if vendor and vendor.casefold() in addresses:
        return MASK, vendor
    return vendor, email

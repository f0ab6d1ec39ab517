"""Words that stand in place of names: what a reader finds where they may not know who is meant."""

from __future__ import annotations

from msgspec import Struct


class Words(Struct, frozen=True):
    """company: what a supplier reads in place of any company (§9c). vendor, client: what stands in a
    text in place of a vendor, and of another client. mask: what a masked vendor is called in
    Distribution (§14f)."""

    company: str = "MIRRA"
    vendor: str = "our supplier"
    client: str = "another client"
    mask: str = "Matthias"

"""What a user takes part in (§15): Capabilities in `_USERS`, each a flow (`sales`) or a flow and how far
(`sales.view`)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ticketops.errors import UsageError
from ticketops.model.findings import Finding, Severity
from ticketops.model.roles import FLOW, levels
from ticketops.schema.layouts.event import USERS
from ticketops.schema.tables import Table

_HINT = (
    f"write a flow ({', '.join(FLOW)}), or how far in it: sales.view, sales.edit or sales.approve"
)


def named_in(text: str | None) -> frozenset[str] | None:
    """The capabilities that a cell names, in lower case; None for a blank one: what the role gives.
    One that nobody knows gives nothing."""
    parts = frozenset(filter(None, re.split(r"[\s,;|]+", (text or "").casefold())))
    return parts or None


def read(text: str) -> str:
    """What somebody typed, as it stands in the cell. Raises UsageError for a capability that there
    is not."""
    if odd := unknown_in(text):
        raise UsageError(f"there is no capability {odd[0]!r}", _HINT)
    return ", ".join(sorted(named_in(text) or (), key=_order))


def unknown_in(text: str | None) -> list[str]:
    """The capabilities in a cell that there are not."""
    return [one for one in sorted(named_in(text) or ()) if not _is_one(one)]


def not_known(table: Table) -> list[Finding]:
    """What of Capabilities in `_USERS` nobody understands: it gives nothing (D16)."""
    rows = table.frame.select("row", "user", "capabilities").drop_nulls("capabilities")
    return [
        Finding(
            "UNKNOWN_CAPABILITY",
            Severity.MEDIUM,
            f"there is no capability {one!r}, so it gives {user or 'its user'} nothing; {_HINT}",
            USERS,
            row,
        )
        for row, user, text in rows.iter_rows()
        for one in unknown_in(text)
    ]


def _is_one(text: str) -> bool:
    flow, dot, level = text.partition(".")
    return flow in FLOW and (level in levels(flow) if dot else True)


def cover(given: Iterable[str], flow: str, level: str, *, by_role: bool) -> bool:
    """Whether capabilities let somebody do something of a flow. by_role: whether their role does: a
    flow that is named alone gives what the role gives, and who may change users is decided by the
    role in any case."""
    named = [one.partition(".")[2] for one in given if one.partition(".")[0] == flow]
    order = levels(flow)
    enough = any(one in order and order.index(one) >= order.index(level) for one in named)
    if flow == "users":
        return by_role and (enough or "" in named)
    return enough or ("" in named and by_role)


def both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """What two rows of the same user leave: what both name."""
    if one is None or other is None:
        return one if other is None else other
    return one & other


def within(of_role: frozenset[str] | None, named: frozenset[str] | None) -> frozenset[str] | None:
    """What is left of the capabilities that a role consists of, where a cell names some: those of
    them that it names, or of whose flow it names all. Of a role that consists of none, what the cell
    names."""
    if of_role is None or named is None:
        return named if of_role is None else of_role
    return frozenset(one for one in of_role if one in named or one.partition(".")[0] in named)


def _order(capability: str) -> tuple[int, str]:
    flow = capability.partition(".")[0]
    return (FLOW.index(flow) if flow in FLOW else len(FLOW)), capability

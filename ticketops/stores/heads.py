"""What the journal says of a transaction before its cells: checked, since the file or the row may be
damaged, or somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ticketops.stores.base import Entry, Transaction


def head_of(t: Transaction) -> dict[str, Any]:
    """What `transaction_of` reads again."""
    return {
        "number": t.number,
        "run_id": t.entry.run_id,
        "command": t.entry.command,
        "user": t.entry.user,
        "at": t.entry.at.isoformat(),
        "login": t.entry.login,
        "host": t.entry.host,
        "revision_before": t.revision_before,
        "revision_after": t.revision_after,
        "counts": t.counts,
        "undoes": t.undoes,
        "restores": t.restores,
    }


def transaction_of(head: Any, undone_by: int | None = None) -> Transaction:
    """The transaction of a head. Raises ValueError where something is missing or is not what it
    should be."""
    if not isinstance(head, Mapping):
        raise ValueError("it has no head")  # noqa: TRY004 (as for everything else that is damaged)
    undoes = None if head.get("undoes") is None else _number(head, "undoes")
    run_id, command, user, at, before, after = (
        _text(head, name)
        for name in ("run_id", "command", "user", "at", "revision_before", "revision_after")
    )
    if not (run_id and before and after):
        raise ValueError("it names no revision")
    return Transaction(
        _number(head, "number"),
        Entry(
            run_id,
            command,
            user,
            datetime.fromisoformat(at).replace(tzinfo=None),
            *(_text(head, name) if head.get(name) else "" for name in ("login", "host")),
        ),
        before,
        after,
        counts_of(head.get("counts")),
        undoes,
        undone_by,
        _text(head, "restores") if head.get("restores") else "",
    )


def counts_of(value: Any) -> dict[str, dict[str, int]]:
    """How much of each sheet a transaction wrote. Raises ValueError for anything else."""
    if not isinstance(value, dict) or not all(
        isinstance(counts, dict) and all(type(count) is int for count in counts.values())
        for counts in value.values()
    ):
        raise ValueError("it does not say how much was written")
    return value


def _number(head: Mapping[str, Any], name: str) -> int:
    value = head.get(name)
    if type(value) is int and 0 < value < 10**13:
        return value
    raise ValueError(f"it has no {name}")


def _text(head: Mapping[str, Any], name: str) -> str:
    value = head.get(name)
    if isinstance(value, str):
        return value
    raise ValueError(f"it has no {name}")

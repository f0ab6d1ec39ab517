"""The use cases that list what is in force: policies, holds, users."""

from __future__ import annotations

from typing import Any

from ticketops.config import Settings
from ticketops.domain import holds as held
from ticketops.domain import policies as rules
from ticketops.domain import roles
from ticketops.domain.schedule import Catalogue
from ticketops.schema.workbook import HOLDS, POLICIES, SCHEDULE, UNITS, USERS
from ticketops.services.transaction import new_run
from ticketops.stores.base import Store


def policies(store: Store) -> list[dict[str, Any]]:
    """Every row of _POLICIES."""
    return rules.listed(store.read(POLICIES))


def effective_policy(store: Store, match: str, client: str | None) -> dict[str, Any]:
    """What counts for a sale. Raises NotFoundError for a match that the schedule does not hold."""
    snapshot = store.read(POLICIES, SCHEDULE)
    return rules.effective(snapshot, Catalogue.of(snapshot).match(match) if match else "", client)


def holds(store: Store, settings: Settings) -> list[dict[str, Any]]:
    """The holds that stand today."""
    return held.listed(store.read(HOLDS, UNITS), new_run(settings.user))


def users(store: Store) -> list[dict[str, Any]]:
    """Everybody in _USERS."""
    return roles.listed(store.read(USERS))

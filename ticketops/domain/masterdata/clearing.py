"""What clears a refusal: the command, and who may run it."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.schema.layouts.event import USERS


def word(who: str) -> str:
    """A name as it is typed in a shell."""
    return who if who.isprintable() and not set(who) & set(" '\"\\$`") else repr(who)


def by(managers: Sequence[str] | None) -> str:
    """Who may change users, as a sentence. managers: None where _USERS names nobody."""
    if not managers:
        return f"nobody in {USERS} may run it: edit the sheet by hand"
    return f"{', '.join(managers[:3])}{' …' if len(managers) > 3 else ''} may run it"


def user_set(who: str, options: str, managers: Sequence[str] | None) -> str:
    """`ticketops user set olga --role operator` changes that; anna may run it."""
    return f"`ticketops user set {word(who)} {options}` changes that; {by(managers)}"

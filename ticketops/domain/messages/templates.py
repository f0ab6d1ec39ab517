"""Templates of messages (§10): those of ours, and what the office made of them in
`_NOTIFICATION_TEMPLATES`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ticketops.model.states import CHANNEL
from ticketops.schema.tables import Table


class Template(Struct, frozen=True):
    """A template. channels: those that it is written for; fact: whose variables it speaks of; changed:
    whether the office changed it, or has it of its own."""

    code: str
    name: str
    fact: str
    subject: str
    body: str
    channels: tuple[str, ...] = CHANNEL
    changed: bool = False
    row: int = 0
    """Of the sheet; 0 for one that is not there."""


def shipped(texts: Mapping[str, str]) -> dict[str, Template]:
    """{code: template} of the files of ours. texts: {code: what the file says}."""
    return {code: parsed(code, text) for code, text in texts.items()}


def parsed(code: str, text: str) -> Template:
    """A template from a text with its head: lines `name: …`, `fact: …`, `channels: …` and `subject: …`
    between two lines `---`, and the body below them. Raises ValueError for a text that is not like that."""
    first, head, body = text.split("---\n", 2)
    if first:
        raise ValueError(f"{code} does not begin with ---")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    channels = tuple(fields.get("channels", ", ".join(CHANNEL)).split(", "))
    return Template(code, fields["name"], fields["fact"], fields["subject"], body.strip(), channels)


def templates_of(table: Table, ours: Mapping[str, Template]) -> dict[str, Template]:
    """{code: template}: those of ours, with what `_NOTIFICATION_TEMPLATES` says of them, then those of the
    office's own. A blank cell leaves what is ours."""
    found = dict(ours)
    columns = ("row", "code", "name", "fact", "channels", "subject", "body")
    for row in table.frame.select(columns).iter_rows(named=True):
        if not row["code"]:
            continue
        code = as_known(row["code"], found)
        old = found.get(code, Template(code, "", "", "", "", changed=True))
        named = tuple(one for one in CHANNEL if one in words_of(row["channels"]))
        found[code] = replace(
            old,
            name=row["name"] or old.name,
            fact=row["fact"] or old.fact,
            subject=row["subject"] or old.subject,
            body=row["body"] or old.body,
            channels=named or old.channels,
            changed=True,
            row=row["row"],
        )
    return found


def as_known(text: str, known: Collection[str]) -> str:
    """A name that people may have typed with other capitals."""
    if text in known:
        return text
    return next((one for one in known if one.casefold() == text.casefold()), text)


def words_of(text: str | None) -> list[str]:
    """The words of a list, separated by commas."""
    return [word for one in (text or "").split(",") if (word := one.strip())]

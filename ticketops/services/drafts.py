"""`message draft`: an e-mail with a client's book, for people who send it themselves (§10, §7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl
from msgspec import structs

from ticketops.channels.letter import Attachment, Letter
from ticketops.channels.mime import address_of, draft_of
from ticketops.config import Settings
from ticketops.domain.masterdata.aliases import CLIENT, party_keys
from ticketops.domain.messages import outbox
from ticketops.domain.messages.facts import PortalGenerated, payload_of
from ticketops.domain.messages.happened.books import portals_of
from ticketops.domain.messages.previews import template_named
from ticketops.domain.messages.recipients import CLIENT_CONTACT, Nobody, People
from ticketops.domain.messages.rendering import Rendered, rendered
from ticketops.domain.messages.templates import templates_of
from ticketops.domain.messages.variables import ClientVars, RecipientVars
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.files import read_regular, replace_file
from ticketops.model import book_kinds, ids
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import EMAIL, FOR_CLIENT
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    MATCHES,
    NOTIFICATION_TEMPLATES,
    SALES,
    SCHEDULE,
    SUBGAMES,
    VENDORS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services import books
from ticketops.services.book_plans import Built
from ticketops.services.enclosures import XLSX
from ticketops.services.messages import our_templates
from ticketops.stores.base import Store
from ticketops.stores.child import MAX_FILE

TEMPLATE = "portal_generated"
_ATTACHED = ("unchanged", "new", "rebuilt")


@dataclass(frozen=True, slots=True)
class Drafted(Built):
    """`message draft`: the client's book, as it is now, and the draft that it is attached to. to: None
    where nobody is known to write to."""

    client: str = ""
    to: str | None = None
    subject: str = ""
    text: str = ""
    draft: str = ""


@dataclass
class _Making:
    """What was planned last."""

    after_commit: Callable[[Plan], list[Finding]] | None = None
    letter: Letter | None = None
    book: Path = Path()


def message_draft(store: Store, settings: Settings, sale: str, out: Path) -> Job:
    """A draft to the client of a sale, with its book attached, as `client build` makes it. out: the
    file."""
    making = _Making()
    sales_id = ids.read_sales_id(sale)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        client = _client_of(snapshot, sales_id)
        inner = books.build(store, settings, book_kinds.CLIENT, [client], folder=settings.books)
        made = inner.plan(snapshot, run)
        after = snapshot.after(made.changes)
        name, to, words = _written(after, made, client, run)
        making.after_commit = inner.after_commit
        making.letter = Letter("", to, name, words.subject, words.text, words.html)
        built: Built = made.result
        making.book = Path(built.books[0].file) if built.books else Path()
        made.result = Drafted(
            built.files,
            built.edits,
            built.taken,
            built.conflicts,
            built.refused,
            built.new_tasks,
            built.books,
            client,
            to or None,
            words.subject,
            words.text,
            str(out),
        )
        return made

    def write(plan: Plan) -> list[Finding]:
        found = making.after_commit(plan) if making.after_commit and plan.changes else []
        return found + _write(plan, making, settings, out)

    return Job(
        "message.draft",
        plan,
        (*books.LEDGERS_OF_BOOKS, SALES),
        (
            *books.LISTS_OF_BOOKS,
            SCHEDULE,
            MATCHES,
            SUBGAMES,
            CLIENTS,
            VENDORS,
            ALIASES,
            NOTIFICATION_TEMPLATES,
        ),
        f"message draft {sales_id}",
        after_commit=write,
        always=True,
    )


def _client_of(snapshot: Snapshot, sales_id: str) -> str:
    line = ids.exact_sales_id(sales_id)
    wanted = line.parent if line else sales_id
    names = snapshot[SALES].frame.filter(pl.col("sales_id") == wanted)["client"]
    if names.is_empty():
        raise NotFoundError(f"{SALES} has no {wanted}", "`ticketops sale list` lists the sales")
    if not names[0]:
        raise RuleError(f"{wanted} has no client")
    frame = snapshot[DISTRIBUTION].frame.filter(
        pl.col("sales_id").str.starts_with(f"{wanted}-") & pl.col("company").is_not_null()
    )
    return str(names[0] if frame.is_empty() else frame["company"][0])


def _written(snapshot: Snapshot, made: Plan, client: str, run: Run) -> tuple[str, str, Rendered]:
    """Whom it is to (name, address), and its words; a blank address where nobody is known."""
    key = party_keys(snapshot, CLIENT)
    portals = portals_of(snapshot, run)
    group = next((one for one, (name, _) in portals.items() if key(name) == key(client)), "")
    if not group:
        raise RuleError(f"{client} has no ticket")
    name, portal = portals[group]
    fact = PortalGenerated(key=group, client=ClientVars(name), portal=portal)
    reader = next(iter(People(snapshot, run).meant(CLIENT_CONTACT, EMAIL, fact)))
    who = "" if isinstance(reader, Nobody) else reader.name
    if isinstance(reader, Nobody):
        said = f"the draft is to nobody yet: {reader.why}"
        made.findings.append(Finding("MESSAGE_NO_ADDRESS", Severity.INFO, said, CLIENTS))
    templates = templates_of(snapshot[NOTIFICATION_TEMPLATES], our_templates())
    common = outbox.common_of(run) | {"recipient": RecipientVars(who or name)}
    words = rendered(
        template_named(templates, TEMPLATE), payload_of(fact, common, FOR_CLIENT), FOR_CLIENT
    )
    return who, "" if isinstance(reader, Nobody) else reader.address, words


def _write(plan: Plan, making: _Making, settings: Settings, out: Path) -> list[Finding]:
    """Put the draft into its file; a finding where it could not be."""
    state = plan.result.books[0].state if plan.result.books else "not written"
    why = ""
    if state not in _ATTACHED or making.letter is None:
        why = f"the book of {plan.result.client} is {state}"
    else:
        try:
            content = read_regular(making.book, MAX_FILE)
            attached = Attachment(making.book.name, XLSX, content)
            letter = structs.replace(making.letter, attachments=(attached,))
            sender = address_of(settings.smtp_from, settings.sender) if settings.smtp_from else None
            replace_file(out, draft_of(letter, sender, datetime.now()).as_bytes())
        except OSError as error:
            why = error.strerror or str(error)
        except UsageError as error:
            why = error.message
    if not why:
        return []
    plan.result = replace(plan.result, draft="")
    return [Finding("DRAFT_NOT_WRITTEN", Severity.HIGH, f"{out} is not written: {why}")]

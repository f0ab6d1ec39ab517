"""What is said on pages of the portal (§7, §8, §9): heard as a book that came back is, the same checks, the
same conflicts, the same `_BOOK_EDITS`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import structs

from ticketops.config import Settings
from ticketops.domain.credentials.logins import event_of
from ticketops.domain.dispatch import clients, views
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.state import State
from ticketops.domain.plan import Plan, Run
from ticketops.domain.portal import form, log, tokens
from ticketops.domain.portal.form import Change, Page, Typed
from ticketops.domain.portal.outcomes import PageSaid, ViewKept, page_said, rows_by_key
from ticketops.domain.portal.page import saved
from ticketops.domain.portal.tokens import Token
from ticketops.domain.ticket.records import is_live
from ticketops.engine.job import Job
from ticketops.errors import RuleError
from ticketops.model import book_kinds, states
from ticketops.schema.book_layouts import Book, BookRow
from ticketops.schema.layouts.event import BOOKS, PORTAL_LOG, PORTAL_TOKENS, USERS, VIEWS
from ticketops.schema.tables import Snapshot
from ticketops.services.book_job import BookJob, PartyBooks
from ticketops.services.book_locations import BookLocations
from ticketops.services.book_registry import BookRegistry
from ticketops.services.books import LEDGERS_OF_BOOKS, LISTS_OF_BOOKS

SHEETS = (*LISTS_OF_BOOKS, PORTAL_TOKENS, PORTAL_LOG)
_LINKS = (PORTAL_TOKENS, PORTAL_LOG, USERS)
MOST_VIEWS = 50
"""Views that one client may keep."""
OVER = "this link no longer opens the portal"


def save(
    settings: Settings,
    page: Page,
    typed: Typed,
    *,
    action: str = "SAVED",
    like: State | None = None,
) -> Job:
    """Take over what was typed on a page. action: what `_PORTAL_LOG` calls it. like: the workbook as it
    was read before, which saves work. The result is a PageSaid.

    Planning raises RuleError where the link has ended meanwhile, or is another party's than the page's.
    """
    return _saying(settings, page, typed, action, accept_erased=False, like=like)


def undo(
    settings: Settings,
    token_id: str,
    kind: str,
    party: str,
    page_id: str,
    changes: Sequence[Change],
    *,
    like: State | None = None,
) -> Job:
    """Take back changes of one's own: each cell that still holds what was said gets what it held before;
    of others, that it does not is told as any conflict is. Planning raises as `save` does."""
    page, typed = form.taken_back(kind, party, token_id, page_id, changes)
    return _saying(settings, page, typed, "UNDONE", accept_erased=True, like=like)


def _saying(
    settings: Settings,
    page: Page,
    typed: Typed,
    action: str,
    *,
    accept_erased: bool,
    like: State | None,
) -> Job:
    job = BookJob(settings, BookLocations(BookRegistry(None, None), settings))
    wanted = {page.rows[number].key for number in typed}

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        token = token_of(snapshot, run, page)
        state = State.of(snapshot, like)
        event = event_of(snapshot, settings.event, run)
        before = _rows(state, event, page, wanted)
        heard = job.heard(
            state,
            snapshot,
            run,
            [form.returned(page, typed)],
            kind=page.kind,
            accept_erased=accept_erased,
            pages={page.page_id: page.book},
            by=f"{token.party} ({token.token_id})",
        )
        made = heard.plan
        after = _rows(heard.state, event, page, wanted)
        said = page_said(page, typed, heard.outcomes, heard.not_taken, before, after)
        made.result = said
        if made.changes:
            log.record(made, snapshot, run, token, action, _about(said), said.taken)
        return made

    label = f"portal {'undo' if action == 'UNDONE' else 'save'} {page.token_id}"
    return Job("portal.save", plan, LEDGERS_OF_BOOKS, SHEETS, label)


def token_of(snapshot: Snapshot, run: Run, page: Page) -> Token:
    """The link that a page was shown by. Raises RuleError where it ended meanwhile, or where the page is
    of another party than the link."""
    token = tokens.standing_called(snapshot, run, page.token_id)
    if token is None or (token.kind, token.party) != (page.kind, page.party):
        raise RuleError(OVER)
    return token


def _rows(
    state: State, event: str | None, page: Page, wanted: Collection[str]
) -> Mapping[str, BookRow]:
    """{key: the row as the party of a page reads it now}, of rows of the page."""
    if page.kind != book_kinds.CLIENT:
        made = PartyBooks(state, event).of(page.kind, page.party, passwords=False)
        return {key: row for key, row in rows_by_key(made.rows).items() if key in wanted}
    mine = [
        ticket
        for key in wanted
        if (ticket := state.tickets.get(key)) is not None
        and ticket["company"]
        and is_live(ticket)
        and state.clients.key(ticket["company"]) == page.party
    ]
    return rows_by_key(clients.book(state, page.party, mine).rows)


def _about(said: PageSaid) -> str:
    """The rows that a page changed, for `_PORTAL_LOG`: never what was typed."""
    keys = list(dict.fromkeys(cell.key for cell in said.cells))
    more = f" and {len(keys) - 12:,} more" if keys[12:] else ""
    return f"{said.page_id}: {', '.join(keys[:12])}{more}"


def keep_view(token_id: str, name: str, filters: Filters) -> Job:
    """Keep a view of a client under a name; one of that name of theirs is replaced.

    Raises UsageError for a name or a view that can't be kept; planning raises RuleError where the link
    has ended, or too many are kept.
    """
    called = saved(name, filters)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        token = _client(snapshot, run, token_id)
        kept = views.own_views(snapshot, token.party)
        if called.casefold() not in kept and len(kept) >= MOST_VIEWS:
            raise RuleError(f"a client can keep {MOST_VIEWS} views")
        made = Plan(result=ViewKept(called, token.party))
        by = f"{token.party} ({token.token_id})"
        views.save_view(made, snapshot, token.party, called, filters, run, by=by)
        log.record(made, snapshot, run, token, "SAVED", f"view {called}")
        return made

    return Job("portal.view", plan, (), (VIEWS, *_LINKS), f"portal view {token_id}")


def _client(snapshot: Snapshot, run: Run, token_id: str) -> Token:
    token = tokens.standing_called(snapshot, run, token_id)
    if token is None or token.kind != book_kinds.CLIENT:
        raise RuleError(OVER)
    return token


def download(settings: Settings, token_id: str, filters: Filters) -> Job:
    """The tickets of a client through a view, as a book; the result is the Book. `_BOOKS` lists it, so that
    it is read like any other when it comes back; it stands in no folder.

    Planning raises RuleError where the link has ended, or the client may be several (D27).
    """

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        token = _client(snapshot, run, token_id)
        state = State.of(snapshot)
        if clients.unconfirmed(state, book_kinds.CLIENT, [token.party]):
            raise RuleError("nobody said yet which tickets are this client's")
        whole = clients.book(state, token.party, clients.tickets_of(state, token.party))
        book = structs.replace(
            whole,
            rows=clients.through(whole.rows, filters),
            book_id=f"{token.token_id}-{run.new_uuid()}",
            built_at=run.now,
            sender=settings.sender,
            contact=settings.contact,
        )
        made = Plan(result=book)
        values = {
            "book_id": book.book_id,
            "kind": book_kinds.CLIENT,
            "party": token.party,
            "built_at": run.now,
            "user": f"{token.party} ({token.token_id})",
            "run_id": run.run_id,
            "rows": len(book.rows),
            "passwords": False,
            "contents": book.contents_hash(),
            "base": book.base_hash(),
        }
        made.changes.append(
            BOOKS, snapshot[BOOKS].next_row, tuple(values), [tuple(values.values())]
        )
        log.record(made, snapshot, run, token, "DOWNLOADED", book.book_id, len(book.rows))
        return made

    label = f"portal download {token_id}"
    return Job("portal.download", plan, LEDGERS_OF_BOOKS, SHEETS, label)


def as_file(book: Book) -> bytes:
    """A book as an .xlsx file."""
    from ticketops.books.file_writer import write_book

    with TemporaryDirectory(prefix="ticketops-") as folder:
        path = Path(folder) / "tickets.xlsx"
        write_book(book, path)
        return path.read_bytes()


def action_of(typed: Typed, kind: str) -> str:
    """What `_PORTAL_LOG` calls what was typed: ACCEPTED or ISSUE where that is all of it, else SAVED."""
    status = form.STATUS[kind]
    said = {cells.get(status, "") for cells in typed.values()}
    if said == {states.ACCEPTED} and all(set(cells) == {status} for cells in typed.values()):
        return "ACCEPTED"
    return "ISSUE" if said == {states.ISSUE} else "SAVED"

"""What a member of staff sees and does (§8): their tasks, most urgent first; one task with the login it is
sent with, the password for half a minute; and the proof that it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote, urlsplit

from starlette.responses import Response

from ticketops.domain.dispatch.proofs import MOST_BYTES, referred
from ticketops.domain.portal import listing
from ticketops.domain.portal.form import Page as Base
from ticketops.domain.portal.outcomes import TAKEN, PageSaid
from ticketops.errors import BusyError, InputError, NotFoundError, RuleError, UnusableError
from ticketops.model import states
from ticketops.portal import sheets
from ticketops.portal.asking import SMALL_BODY, Ask, Page
from ticketops.portal.security import NOT_KEPT
from ticketops.portal.supplier_pages import bulk, filters, pairs_of, told_at, with_told
from ticketops.schema.book_layouts import STAFF_LAYOUT, BookRow
from ticketops.services import credentials, portal_staff, proofs
from ticketops.stores.base import Store

KIND: Literal["staff"] = "staff"
INPUTS = ("dispatch_status", "staff_notes")
OF_TASK = ("dispatch_status", "dispatched_at", "staff_notes", "proof_url")
COLUMNS = (
    "priority",
    "task_id",
    "match",
    "dispatch_status",
    "staff_notes",
    "first_name",
    "last_name",
    "client_email",
    "category",
    "block",
    "seat_row",
    "seat",
    "inv_no",
    "vendor",
    "match_date",
)
SHOWN_SECONDS = 30
"""How long a password stays on the screen."""
_NOW = listing.Listing(KIND, {"todo": ("now",)})
_ABOUT = (
    ("match", "game", "match_date", "kick_off", "place", "stage"),
    ("category", "block", "seat_row", "seat", "qty", "inv_no", "contract", "company"),
    ("first_name", "last_name", "client_email"),
)
"""What a task tells, in groups."""


def home(ask: Ask) -> Response:
    """The tasks that the address chooses; what is to be done now, where it names nothing."""
    pairs = pairs_of(ask)
    view, unclear = listing.read(KIND, pairs) if pairs else (_NOW, ())
    return _tasks(ask, view, unclear, said=sheets.said_last(ask))


def _tasks(
    ask: Ask,
    view: listing.Listing,
    unclear: Sequence[str] = (),
    *,
    said: PageSaid | None = None,
    typed: sheets.Kept | None = None,
) -> Response:
    rows = ask.book().rows
    seen = listing.seen(rows, view)
    here = with_told(rows, seen, said, typed)
    return ask.page(
        "staff_tasks.html",
        title=ask.words("staff.home"),
        sheet=sheets.sheet_of(ask, here, INPUTS, said, typed or {}),
        columns=[STAFF_LAYOUT.by_name[name] for name in COLUMNS],
        inputs=INPUTS,
        news=sheets.news(ask, said, rows, busy=typed is not None),
        can_undo=sheets.can_undo(ask),
        statuses=states.DISPATCH_STATUS,
        task_url=task_url,
        **filters(view, rows, seen, unclear, "/"),
    )


def save_tasks(ask: Ask) -> Response:
    """What was typed, and for the rows that are ticked, or all of the view, one DispatchStatus."""
    view, unclear = listing.read(KIND, pairs_of(ask))
    base = sheets.submitted(ask)
    if base is None:
        return ask.message("form", 409)
    typed, picked = sheets.typed_in(ask, base)
    if ask.said("do") == "bulk":
        base, typed = bulk(ask, view, base, typed, picked, states.DISPATCH_STATUS)
    return sheets.save(
        ask,
        base,
        typed,
        lambda name: told_at(view, "/", name),
        lambda kept: _tasks(ask, view, unclear, typed=kept),
    )[0]


def task_url(task_id: str) -> str:
    """The address of a task, without the prefix of the portal."""
    return f"/task/{quote(task_id, safe='')}"


def _own(ask: Ask) -> BookRow | None:
    """The task that the address names, if it is one of the book."""
    wanted = ask.path["task"]
    return next((row for row in ask.book().rows if row.key == wanted), None)


def task(ask: Ask) -> Response:
    """One task."""
    row = _own(ask)
    if row is None:
        return ask.message("not_found", 404)
    return _task(ask, row, said=sheets.said_last(ask))


def _task(
    ask: Ask,
    row: BookRow,
    status: int = 200,
    *,
    said: PageSaid | None = None,
    typed: sheets.Kept | None = None,
    told: str = "",
) -> Response:
    """told: the name of a text that says what went wrong before anything was heard."""
    text = row.values.get("proof_url")
    busy = typed is not None and not told
    return ask.page(
        "staff_task.html",
        status,
        title=ask.words("staff.task", task=row.key),
        row=row,
        sheet=sheets.sheet_of(ask, [row], OF_TASK, said, typed or {}),
        by_name=STAFF_LAYOUT.by_name,
        groups=_ABOUT,
        news=sheets.news(ask, said, [row], busy=busy),
        can_undo=sheets.can_undo(ask),
        told=told,
        platform=safe_link(row.values.get("platform_url")),
        proof=referred(text),
        proof_link=safe_link(text),
        task_url=task_url,
        seconds=SHOWN_SECONDS,
        megabytes=MOST_BYTES // 2**20,
    )


def safe_link(text: str | None) -> str:
    """A link that may be followed: http or https, and nothing that a browser could run."""
    try:
        parts = urlsplit((text or "").strip())
    except ValueError:
        return ""
    is_web = parts.scheme.lower() in ("http", "https") and parts.hostname and not parts.username
    return parts.geturl() if is_web else ""


def save_task(ask: Ask) -> Response:
    """What was typed about a task, and the proof that was uploaded with it."""
    row = _own(ask)
    if row is None:
        return ask.message("not_found", 404)
    base = sheets.submitted(ask)
    if base is None or [one.key for one in base.rows] != [row.key]:
        return ask.message("form", 409)
    typed, _picked = sheets.typed_in(ask, base)
    file = ask.upload("proof")
    if file is None or not file.filename:
        return _save_task(ask, row, base, typed)[0]
    content = file.file.read(MOST_BYTES + 1)
    # at one go: nobody else may come to name a file that is dropped again
    return ask.house.with_store(lambda store: _upload(ask, store, row, base, typed, content))


def _save_task(
    ask: Ask, row: BookRow, base: Base, typed: sheets.Typed, action: str = ""
) -> tuple[Response, PageSaid | None]:
    return sheets.save(
        ask,
        base,
        typed,
        lambda name: f"{task_url(row.key)}?{sheets.DONE}={name}",
        lambda words: _task(ask, _own(ask) or row, typed=words),
        action=action,
    )


def _upload(
    ask: Ask, store: Store, row: BookRow, base: Base, typed: sheets.Typed, content: bytes
) -> Response:
    """A proof, and what was typed with it; the file is kept if the task comes to name it."""
    try:
        kept, is_new = proofs.put(store, content)
    except InputError:
        words = {row.key: typed.get(0, {})}
        return _task(ask, row, 422, typed=words, told="proof_refused")
    typed.setdefault(0, {})["proof_url"] = kept.reference
    said = None
    try:
        answer, said = _save_task(ask, row, base, typed, "UPLOADED")
    finally:
        if is_new and not _took(said):
            proofs.drop(store, kept)
    return answer


def _took(said: PageSaid | None) -> bool:
    return said is not None and any(
        cell.column == "proof_url" and cell.code in TAKEN for cell in said.cells
    )


def reveal(ask: Ask) -> Response:
    """The password of a task, for half a minute; recorded before it is shown."""
    row = _own(ask)
    if row is None:
        return ask.message("not_found", 404)
    job = portal_staff.reveal(ask.house.settings, row.key, token_id=ask.who.token.token_id)
    try:
        shown = ask.house.carry_out(job).plan
    except NotFoundError:
        return ask.message("not_found", 404)
    except BusyError:
        raise
    except (RuleError, UnusableError):
        return _task(ask, row, 409, told="no_password")
    login = shown.credential  # type: ignore[attr-defined]
    answer = ask.page(
        "staff_password.html",
        title=ask.words("staff.password_title", task=row.key),
        row=row,
        login=login.login_id or "",
        email=login.email or "",
        password=credentials.opened(ask.house.settings, login.password),
        platform=safe_link(row.values.get("platform_url")),
        back=task_url(row.key),
        seconds=SHOWN_SECONDS,
    )
    answer.headers["Refresh"] = f"{SHOWN_SECONDS};url={ask.url(task_url(row.key))}"
    return answer


def proof(ask: Ask) -> Response:
    """The proof of a task, to be saved: never shown inside a page, whatever it is."""
    row = _own(ask)
    kept = referred(row.values.get("proof_url")) if row is not None else None
    if row is None or kept is None:
        return ask.message("not_found", 404)
    try:
        content = ask.house.with_store(lambda store: proofs.get(store, kept))
    except (RuleError, UnusableError):
        return ask.message("gone", 404)
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            **NOT_KEPT,
            "Content-Disposition": f'attachment; filename="{kept.called(row.key)}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def undo(ask: Ask) -> Response:
    """The texts that were saved last by this link are taken back."""
    return sheets.undo(ask, lambda name: f"/?{sheets.DONE}={name}")


PAGES = (
    Page("/undo", undo, (KIND,), "POST", saves=True),
    Page("/", home, (KIND,)),
    Page("/", save_tasks, (KIND,), "POST", saves=True),
    Page("/task/{task}", task, (KIND,)),
    Page("/task/{task}", save_task, (KIND,), "POST", saves=True, most=MOST_BYTES + SMALL_BODY),
    Page("/task/{task}/password", reveal, (KIND,), "POST", saves=True),
    Page("/task/{task}/proof", proof, (KIND,)),
)

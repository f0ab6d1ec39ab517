"""`ticketops message …`: what waits to be sent, and what became of it (§10, D25)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import RuleError, UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.messages.by_hand import Decided
    from ticketops.domain.messages.senders import Enabled
    from ticketops.services.drafts import Drafted
    from ticketops.services.outbox import Shown
    from ticketops.services.sending import Sent

app = command_group("message")
_MESSAGE: listing.Columns = (
    ("Message", "id"),
    ("State", "state"),
    ("To", "recipient"),
    ("Channel", "channel"),
    ("Fact", "fact"),
    ("Queued", "queued_at"),
    ("Sent", "sent_at"),
    ("Attempts", lambda one: one.attempts or None),
    ("Not before", "not_before"),
    ("Error", "error"),
)
_Messages = Annotated[
    list[str], typer.Argument(metavar="MESSAGEID…", help="The messages (N00012).")
]


@command(app, "list")
def list_messages(
    session: Session,
    state: Annotated[
        str,
        typer.Option(
            metavar="STATE",
            help="Only QUEUED, SENDING, SENT, FAILED, UNKNOWN or WITHDRAWN ones.",
            show_default=False,
        ),
    ] = "",
    to: Annotated[
        str, typer.Option(metavar="TEXT", help="Only to this address or name.", show_default=False)
    ] = "",
    fact: Annotated[
        str,
        typer.Option(metavar="FACT", help="Only of this fact (sale.created).", show_default=False),
    ] = "",
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="Only by this channel.", show_default=False)
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the messages, sent or not, in the order in which they were queued."""
    from ticketops.domain.messages.listing import Which
    from ticketops.services import outbox

    plan = session.plan_of(outbox.message_list(Which(state, to, fact, channel)))
    lines = plan.result.lines
    return listing.show(session, plan.result, lines, "message", _MESSAGE, csv, plan.findings)


@command(app, "show")
def show(
    session: Session,
    message: Annotated[str, typer.Argument(metavar="MESSAGEID", help="The message (N00012).")],
    html: Annotated[
        bool, typer.Option("--html", help="Print the HTML in place of the text.")
    ] = False,
) -> int:
    """Show a message: its words as they are sent, and what became of it."""
    from ticketops.services import outbox
    from ticketops.services.enclosures import Enclosures

    def printed(result: Shown) -> None:
        one, out = result.message, session.out
        out.line(f"{one.id} {one.state}: {one.fact} to {one.recipient} by {one.channel}")
        if one.error:
            out.line(f"Error: {one.error}")
        if result.problem:
            out.line(f"It can't be written: {result.problem}")
            return
        out.line(f"Subject: {result.subject}")
        for name in result.attachments:
            out.line(f"Attached: {name}")
        out.line()
        for line in (result.html if html else result.text).splitlines():
            out.line(line)

    along = Enclosures.of(session.store())
    return session.look(outbox.message_show(message, along), printed)


@command(app, "send", writes=True)
def send(
    session: Session,
    messages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MESSAGEID…]",
            help="Only these; default: everything that is due.",
            show_default=False,
        ),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=1, max=1800, metavar="SECONDS", help="Stop after so many seconds.")
    ] = 300.0,
) -> int:
    """Send the messages that wait. What can't be delivered now is tried again later; what nobody
    knows of is never sent again by itself. --dry-run shows the texts.

    Exit code 1: a message failed, or nobody knows whether it arrived."""
    from ticketops.model import ids
    from ticketops.services import sending

    only = frozenset(map(ids.read_message_id, messages)) if messages else None
    store = session.store()
    if session.dry_run or session.interactive:
        plan = sending.would_send(store, session.settings, only=only, shown_only=session.dry_run)
        if session.dry_run:
            for one in plan.result.texts:
                _show_text(session, one)
            session.out.findings(plan.findings)
            session.out.line(f"{counted(len(plan.result.texts), 'message')} would be sent")
            session.say_dry()
            return session.finish(plan.result, plan.findings)
        ready = plan.result.texts
        if ready and not session.out.ask(f"send {counted(len(ready), 'message')}?", default=True):
            raise RuleError("not confirmed: nothing was sent")
        if ready:
            only = frozenset(one.message.id for one in ready)
    plan = sending.send(
        store, session.settings, budget=time_limit, only=only, progress=session.out.status
    )
    session.out.status("")
    result: Sent = plan.result
    listing.table(session, result.messages, _MESSAGE)
    session.out.findings(plan.findings)
    session.out.line(
        f"{result.sent:,} sent, {result.failed:,} failed, {result.unknown:,} unknown, "
        f"{result.left:,} left"
    )
    return session.finish(result, plan.findings)


def _show_text(session: Session, shown: Any) -> None:
    one, out = shown.message, session.out
    out.line(f"{one.id} to {one.recipient} by {one.channel}")
    if shown.problem:
        out.line(f"  can't be written: {shown.problem}")
    else:
        out.line(f"  Subject: {shown.subject}")
        for name in shown.attachments:
            out.line(f"  Attached: {name}")
        out.line()
        for line in shown.text.splitlines():
            out.line(f"  {line}" if line else "")
    out.line()


def _decided(session: Session, what: str) -> Any:
    def printed(result: Decided) -> None:
        for one in result.messages:
            session.out.line(f"{one.id} to {one.recipient}: {what}")

    return printed


@command(app, "retry", writes=True)
def retry(session: Session, messages: _Messages) -> int:
    """Send FAILED messages again, and don't let others wait for their next attempt."""
    from ticketops.services import outbox

    return session.run(outbox.message_retry(messages), _decided(session, "waits to be sent"))


@command(app, "cancel", writes=True)
def cancel(session: Session, messages: _Messages) -> int:
    """Never send these messages. Their rows are kept as WITHDRAWN."""
    from ticketops.services import outbox

    return session.run(outbox.message_cancel(messages), _decided(session, "is never sent"))


@command(app, "resolve", writes=True)
def resolve(
    session: Session,
    messages: _Messages,
    sent: Annotated[
        bool | None,
        typer.Option(
            "--sent/--not-sent", help="They arrived, or they did not.", show_default=False
        ),
    ] = None,
) -> int:
    """Say of UNKNOWN messages whether they arrived: --sent records it, --not-sent sends them again."""
    from ticketops.services import outbox

    if sent is None:
        raise UsageError("give --sent or --not-sent")
    what = "arrived" if sent else "waits to be sent again"
    return session.run(outbox.message_resolve(messages, sent=sent), _decided(session, what))


@command(app, "enable", writes=True)
def enable(
    session: Session,
    moved: Annotated[
        bool,
        typer.Option("--moved", help="It is the same workbook at another place: send what waits."),
    ] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="It is a copy: what waits is the other one's to send.")
    ] = False,
) -> int:
    """Let messages be sent from the place where the workbook is. A copy at another place sends
    nothing until you enable it, too."""
    from ticketops.services import outbox, sending

    store = session.store()
    job = outbox.message_enable(sending.place_named(store), moved=moved, copy=copy)
    return session.run(job, lambda result: _say_enabled(session, result), store=store)


@command(app, "disable", writes=True)
def disable(session: Session) -> int:
    """Send no messages of this workbook. What waits stays QUEUED."""
    from ticketops.services import outbox, sending

    store = session.store()
    job = outbox.message_disable(sending.place_named(store))
    return session.run(job, lambda result: _say_enabled(session, result), store=store)


def _say_enabled(session: Session, result: Enabled) -> None:
    from ticketops.domain.messages.senders import said

    session.out.line(said(result))


@command(app, "draft", writes=True)
def draft(
    session: Session,
    sale: Annotated[str, typer.Argument(metavar="SALESID", help="A sale of the client (S147).")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="The file; default: SALESID.eml.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Make an e-mail to a client with its workbook attached, for your mail program to send. The
    workbook is made first, as by `client build`.

    Example: ticketops message draft S147 -o meridian.eml
    """
    from ticketops.model import ids
    from ticketops.services import drafts

    path = out or Path(f"{ids.read_sales_id(sale)}.eml")
    if path.suffix.lower() != ".eml":
        raise UsageError(f"{path} must end with .eml")
    if path.is_dir():
        raise UsageError(f"{path} is a folder")

    def printed(result: Drafted) -> None:
        from ticketops.cli.book_options import show_books

        show_books(session, result.books)
        if result.draft:
            to = result.to or "nobody yet"
            session.out.line(f"{result.draft}: to {to}, “{result.subject}”")

    store = session.store()
    job = drafts.message_draft(store, session.settings, sale, path)
    return session.run(job, printed, store=store, changes_expected=False)

"""`ticketops inbox`: messages to the user in ticketops itself (§10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Session, command
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.messages.inbox import Notes

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "inbox", writes=True)
def inbox(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="Those that were read, too.")] = False,
    read: Annotated[bool, typer.Option("--read", help="Mark what is shown as read.")] = False,
) -> int:
    """Show the messages to you, newest first."""
    from ticketops.services import outbox

    def printed(result: Notes) -> None:
        out = session.out
        for note in result.notes:
            when = f"{note.at:%Y-%m-%d %H:%M} " if note.at else ""
            seen = "" if note.read_at is None else " (read)"
            out.line(f"{note.id}  {when}{note.subject}{seen}")
            for line in note.text.splitlines():
                out.line(f"    {line}" if line else "")
            out.line()
        new = counted(result.unread, "new message")
        out.line(f"{new} to {result.user}" if result.unread else f"no new message to {result.user}")

    job = outbox.inbox_of_user(every=every, read=read)
    if not read:
        return session.look(job, printed)
    return session.run(job, printed, changes_expected=False)

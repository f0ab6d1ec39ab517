"""`ticketops portal …`: links to the portal (§7, §8, §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group

if TYPE_CHECKING:
    from ticketops.domain.portal.results import Invited, LinkList, LinkSet, PortalLink

app = command_group("portal")
_LINK = Annotated[str, typer.Argument(metavar="TOKENID", help="The link (PT00003).")]
LINE: listing.Columns = (
    ("Link", "token_id"),
    ("For", "kind"),
    ("Party", lambda one: one.title or one.party),
    ("State", "state"),
    ("Until", "expires_at"),
    ("Last opened", "opened_at"),
    ("Made by", "created_by"),
    ("Made", "created_at"),
    ("Ended", "ended_at"),
    ("Ended by", "ended_by"),
)


@command(app, "invite", writes=True)
def invite(
    session: Session,
    client: Annotated[str, typer.Option(metavar="NAME", help="A client.", show_default=False)] = "",
    supplier: Annotated[
        str, typer.Option(metavar="KEY", help="A supplier.", show_default=False)
    ] = "",
    staff: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A member of staff.", show_default=False)
    ] = "",
    days: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            min=1,
            max=366,
            help="How long the link works; default: as the event says.",
            show_default=False,
        ),
    ] = None,
    base_url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The address of the portal; default: the setting portal_url.",
            show_default=False,
        ),
    ] = "",
    queue: Annotated[
        bool, typer.Option("--queue", help="Send the link as a message instead of printing it.")
    ] = False,
) -> int:
    """Make a link that opens the portal for one client, supplier or member of staff, and print it once.

    The workbook keeps a digest of the link, never the link itself. With --queue the link is not printed: a
    message takes it to the address of the party when messages are sent.

    Example: ticketops portal invite --client "Meridian Travel" --days 14
    """
    from ticketops.errors import UsageError
    from ticketops.services import intake, portal

    named = {"client": client, "supplier": supplier, "staff": staff}
    given = [(kind, name) for kind, name in named.items() if name]
    if len(given) != 1:
        raise UsageError("give one of --client, --supplier and --staff")
    ((kind, name),) = given
    base = base_url or session.settings.portal_url
    if not base:
        raise UsageError(
            "the portal has no address",
            'give --base-url URL, or write portal_url = "https://…" into your own settings',
        )
    made: list[Invited] = []

    def show(result: Invited) -> None:
        made.append(result)
        session.out.line(_line(result.token))
        if result.message:
            session.out.line(f"{result.message} takes it to {result.recipient}")

    job = portal.invite(
        session.settings,
        kind,
        intake.option_text(name, kind, required=True),
        days,
        portal.base_url(base),
        queued=queue,
        handed=made.append,
    )
    code = session.run(job, show)
    if made and made[-1].link and not session.out.as_json:
        session.out.line(made[-1].link)
    return code


@command(app, "list")
def list_links(
    session: Session,
    everything: Annotated[
        bool, typer.Option("--all", help="Also links that no longer open the portal.")
    ] = False,
    csv: listing.Csv = None,
) -> int:
    """List the links that open the portal, oldest first. Nobody can read the links themselves."""
    from ticketops.services import portal

    plan = session.plan_of(portal.list_links(everything=everything))
    found: LinkList = plan.result
    return listing.show(session, found, found.tokens, "link", LINE, csv, plan.findings)


@command(app, "revoke", writes=True)
def revoke(session: Session, link: _LINK) -> int:
    """End a link at once; whoever is in the portal by it is out. There is no way back: invite again."""
    from ticketops.services import portal

    return session.run(portal.revoke(link), lambda result: _show(session, result))


@command(app, "extend", writes=True)
def extend(
    session: Session,
    link: _LINK,
    days: Annotated[
        int,
        typer.Option(
            metavar="DAYS", min=1, max=366, help="For how many days from now.", show_default=False
        ),
    ],
) -> int:
    """Let a link work for so many days from now."""
    from ticketops.services import portal

    return session.run(portal.extend(link, days), lambda result: _show(session, result))


def _show(session: Session, result: LinkSet) -> None:
    for one in result.tokens:
        session.out.line(_line(one))


def _line(one: PortalLink) -> str:
    until = f" until {listing.shown(one.expires_at)}" if one.state == "open" else ""
    return f"{one.token_id} {one.state}{until} · {one.kind} · {one.title or one.party}"

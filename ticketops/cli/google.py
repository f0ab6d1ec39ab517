"""`ticketops google …`: access to Google Sheets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ticketops import config
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import RuleError, UsageError
from ticketops.model.display import counted

app = command_group("google")


@command(app, "check")
def check(session: Session) -> int:
    """Show which key is used, the address to share sheets with, and whether the workbook (-w
    gsheet:ID) opens."""
    from ticketops.services import google_access

    seen = google_access.check(session.settings, config.config_folder())
    session.out.line(f"key      {seen.key} ({seen.kind.replace('_', ' ')})")
    if seen.email:
        hint = "   share sheets with it, as an editor" if seen.kind == "service_account" else ""
        session.out.line(f"address  {seen.email}{hint}")
    if seen.title:
        session.out.line(
            f"sheet    {seen.title} · {counted(seen.sheets, 'sheet')}, {seen.cells:,} of 10,000,000 cells"
        )
    return session.finish(seen, [])


@command(app, "probe", writes=True)
def probe(
    session: Session,
    share_with: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="An address without a Google account: how is sharing with it refused?",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where the answers are written, without names.")
    ] = Path("google-answers.json"),
    forget: Annotated[
        bool,
        typer.Option(
            "--forget", help="Ask nothing: everything may be written with this account again."
        ),
    ] = False,
) -> int:
    """Ask Google what no document settles, in an empty Google Sheet that nobody needs (-w
    gsheet:ID). Exit code 1 where an assumption fails.

    It works in sheets of its own, which are deleted at the end. Writes that rest on an assumption
    that fails are refused with this account, until a later probe or --forget allows them.
    """
    from ticketops.services import google_probe

    if forget:
        found = google_probe.forget(session.settings, dry_run=session.dry_run)
    elif session.dry_run:
        found = google_probe.planned()
    else:
        if not session.yes and not session.interactive:
            raise RuleError(
                "a probe writes into the Google Sheet, and nobody confirmed it", "give --yes"
            )
        found = google_probe.probe(
            session.settings,
            out,
            share_with=share_with.strip(),
            confirm=lambda title: (
                session.yes
                or session.out.ask(
                    f"{title!r} is empty; sheets are made in it and deleted again — go on?",
                    default=False,
                )
            ),
            told=lambda name: session.out.status(f"asking Google: {name}" if name else ""),
            notice=session.out.notice,
        )
    if found.experiments:
        session.out.table(
            ("Verdict", "Assumption", "Answer", "This version assumes", "Note"),
            [
                (one.verdict, one.name, one.answer, one.assumed, one.note)
                for one in found.experiments
            ],
            first=("Assumption", "Answer"),
        )
    for kind in found.refused:
        session.out.line(f"refused with this account: {kind}")
    for kind in found.allowed:
        session.out.line(f"{'would be ' if session.dry_run else ''}allowed again: {kind}")
    if found.file:
        session.out.line(f"the answers are in {found.file}")
    if forget and not found.allowed:
        session.out.line("nothing is refused with this account")
    if session.dry_run:
        session.out.notice("dry run: nothing was done, and Google was not asked")
    return session.finish(found, found.findings)


@command(app, "login")
def login(
    session: Session,
    client: Annotated[
        Path,
        typer.Argument(
            metavar="CLIENT_FILE",
            help="The OAuth client (Desktop app), from the Google Cloud console.",
        ),
    ],
    browser: Annotated[
        bool,
        typer.Option("--browser/--no-browser", help="Open a browser, or only print the address."),
    ] = True,
    port: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=65535, help="The local port for Google's answer; 0 means any."
        ),
    ] = 0,
) -> int:
    """Log in to Google in a browser, once, and keep the consent on this machine (readable only by
    you)."""
    from ticketops.services.google_access import LoggedIn
    from ticketops.stores.gsheets.access import log_in

    if session.out.as_json:
        raise UsageError("google login asks a person and has no --json")
    kept = log_in(client, config.config_folder(), port=port, browser=browser)
    session.out.line(f"the consent is saved in {kept}")
    return session.finish(LoggedIn(str(kept)), [])


@command(app, "logout")
def logout(session: Session) -> int:
    """Delete the consent that `google login` saved."""
    from ticketops.services.google_access import LoggedOut
    from ticketops.stores.gsheets.access import CONSENT_FILE

    kept = config.config_folder() / CONSENT_FILE
    there = kept.is_file()
    kept.unlink(missing_ok=True)
    session.out.line(f"{kept} is deleted" if there else "there is no saved consent")
    return session.finish(LoggedOut(there), [])

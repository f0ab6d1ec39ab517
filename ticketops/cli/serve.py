"""`ticketops serve`: the portal (§7, §8, §9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from ticketops.cli.session import Session, command

app = typer.Typer(name="serve", rich_markup_mode=None, add_completion=False)


@dataclass(frozen=True, slots=True)
class Served:
    """`serve`, once it was ended. requests: how many were answered; failed: how many of them with an
    error of ours."""

    requests: int
    failed: int


@command(app, "serve")
def serve(
    session: Session,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address of this machine to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, max=65535, help="The port to listen on.")
    ] = 8350,
    base_url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The address that people open; default: the setting portal_url, else this machine.",
            show_default=False,
        ),
    ] = "",
) -> int:
    """Serve the portal until Ctrl-C: pages for those who were invited by `portal invite`.

    The workbook stays the truth: it may be a file, a Google Sheet or an event in a database, and
    everyone else may go on working on it. Other machines reach the portal through a server in front
    of it that speaks https; name that with --base-url and the setting portal_proxies.
    """
    from ticketops.engine.transaction import look
    from ticketops.errors import UsageError
    from ticketops.model.display import counted
    from ticketops.services import portal

    settings = session.settings
    asked = base_url or settings.portal_url or f"http://{_spelled(host)}:{port}"
    base = portal.base_url(asked)
    try:
        from ticketops.portal.server import serve as serving
    except ImportError:
        raise UsageError(
            "the portal needs starlette and uvicorn, which are not installed",
            "pip install 'ticketops[portal]'",
        ) from None
    session.opened = None
    look(session.store(), portal.reading(), session.new_run())
    session.out.notice(f"the portal is served at {base} (Ctrl-C ends it)")
    requests, failed = serving(settings, session.workbook, base, host, port)
    session.out.notice(f"{counted(requests, 'request')}, {failed} failed")
    return session.finish(Served(requests, failed), [])


def _spelled(host: str) -> str:
    return f"[{host}]" if ":" in host else host

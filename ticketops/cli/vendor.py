"""`ticketops vendor …` (§2): who tickets are bought from, and what is needed of them at an event."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketops.cli.masters import given_of, of_entity, option_of, say, signed
from ticketops.cli.session import Session, command, command_group
from ticketops.schema.layouts.event.masters import VENDOR, VENDOR_EVENT

app = command_group("vendor")
of_entity(app, VENDOR, "VENDOR")


def _event(session: Session, record: str, event: str | None = None, **values: str | None) -> int:
    from ticketops.services import intake, masters

    keys = {"vendor": intake.option_text(record, "vendor", required=True)}
    if event is not None:
        keys["event"] = intake.option_text(event, "event", required=True)
    job = masters.vendor_event({**keys, **given_of(values)})
    return session.run(job, lambda result: say(session, result))


_HINTS = {
    "record": Annotated[str, typer.Argument(metavar="VENDOR", help="The vendor's name.")],
    "event": (
        Annotated[
            str | None,
            typer.Option(
                metavar="CODE",
                help="The code of the event; default: that of the workbook.",
                show_default=False,
            ),
        ],
        None,
    ),
    **{field.name: (option_of(field), None) for field in VENDOR_EVENT.own},
}
_TEXT = """Set what is needed of a vendor at an event: the page where its tickets are fetched, the
address to log in with, a hint, a contact. Pages and hints reach the staff books."""
command(app, "event", writes=True)(signed(_event, _TEXT, _HINTS))

"""`ticketops supplier …` (§9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.book_options import (
    DriveFolder,
    Files,
    Into,
    Online,
    Out,
    Share,
    To,
    build_books,
    pull_books,
)
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.dispatch.results import Mapped, SupplierList, Unmapped

app = command_group("supplier")
_Key = Annotated[str, typer.Argument(metavar="SUPPLIERKEY", help="The group, such as POVAMI.")]


@command(app, "groups")
def groups(session: Session) -> int:
    """List the suppliers who send tickets themselves: the vendors and addresses of each key. Staff
    send all other tickets."""
    from ticketops.services import dispatch

    def show(result: SupplierList) -> None:
        rows = [(rule.supplier_key, rule.vendor, rule.email_pattern) for rule in result.groups]
        session.out.table(("SupplierKey", "Vendor", "Addresses"), rows)
        if not rows:
            session.out.line(
                "no group is set up; supplier map KEY --vendor NAME or supplier learn adds one"
            )
        for key, number in sorted(result.units.items()):
            session.out.line(f"{key}: {counted(number, 'unit')}")

    return session.look(dispatch.supplier_groups(), show)


@command(app, "map", writes=True)
def map_(
    session: Session,
    key: _Key,
    vendor: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A vendor. Repeatable.", show_default=False),
    ] = None,
    email: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="A pattern of e-mail addresses: 'bdc*@*'. Repeatable.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Set which vendors send their tickets themselves, by name or by a pattern of their e-mail
    address."""
    from ticketops.services import dispatch, intake

    vendors = [intake.option_text(text, "vendor", required=True) for text in vendor or ()]
    patterns = [intake.option_text(text, "email", required=True) for text in email or ()]
    if not vendors and not patterns:
        raise UsageError("give --vendor NAME or --email PATTERN")
    return session.run(
        dispatch.supplier_map(intake.option_text(key, "key", required=True), vendors, patterns),
        lambda r: _show_added(session, r),
    )


@command(app, "unmap", writes=True)
def unmap(
    session: Session,
    key: _Key,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VENDOR|PATTERN…]",
            help="What to remove; default: the whole group.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Remove vendors from a group, or the whole group. Its rows in _SUPPLIER_QUEUE stay."""
    from ticketops.services import dispatch

    def show(result: Unmapped) -> None:
        session.out.line(f"Removed: {', '.join(result.removed)}")

    return session.run(dispatch.supplier_unmap(key, names or ()), show)


@command(app, "learn", writes=True)
def learn(session: Session) -> int:
    """Set up groups from what _SUPPLIER_QUEUE already lists."""
    from ticketops.services import dispatch

    return session.run(dispatch.supplier_learn(), lambda result: _show_added(session, result))


def _show_added(session: Session, result: Mapped) -> None:
    rows = [(rule.supplier_key, rule.vendor, rule.email_pattern) for rule in result.added]
    session.out.table(("SupplierKey", "Vendor", "Addresses"), rows)


@command(app, "build", writes=True)
def build(
    session: Session,
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SUPPLIERKEY…]", help="The groups.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All suppliers.")] = False,
    out: Out = None,
    to: To = "file",
    drive_folder: DriveFolder = "",
    share: Share = None,
    into: Into = None,
) -> int:
    """Make the workbooks for suppliers: every unit bought from them and, once it is allocated,
    where to send the ticket. They show no client company, price, login or other supplier."""
    return build_books(
        session,
        "supplier",
        keys or [],
        every=every,
        folder=out,
        online=Online(to, drive_folder, share, into),
    )


@command(app, "pull", writes=True)
def pull(
    session: Session,
    files: Files,
    supplier: Annotated[
        str,
        typer.Option(
            metavar="KEY",
            help="The group, if the hidden sheet of the file is gone.",
            show_default=False,
        ),
    ] = "",
) -> int:
    """Read Delivery and DispatchNotes of the supplier's own rows."""
    return pull_books(session, "supplier", files, party=supplier)

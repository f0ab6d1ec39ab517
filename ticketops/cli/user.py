"""`ticketops user …` (§0, §2): roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops import config
from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.book_kinds import CLIENT, SUPPLIER
from ticketops.model.mail import bare_address
from ticketops.model.roles import KNOWN

if TYPE_CHECKING:
    from ticketops.domain.masterdata.users import UserSet

app = command_group("user")


@command(app, "list")
def list_(session: Session) -> int:
    """List the users in _USERS. If it names nobody, the setting `role` applies to whoever runs a
    command."""
    from ticketops.services import masterdata

    plan = session.planned(masterdata.user_list(session.settings.role))
    found = plan.result
    columns: listing.Columns = (
        ("User", "user"),
        ("Name", "name"),
        ("Email", "email"),
        ("Role", "role"),
        ("Active", lambda user: "TRUE" if user.active else "FALSE"),
        ("Phone", "phone"),
        ("Chat", "chat"),
        ("VendorGroups", "vendor_groups"),
        ("Clients", "clients"),
        ("Capabilities", "capabilities"),
    )
    rows = found.users
    listing.table(session, rows, columns)
    if not rows:
        session.out.line(f"_USERS names nobody: the setting `role` makes you {found.default_role}")
    session.out.findings(plan.findings)
    return session.finish(found, plan.findings)


@command(app, "set", writes=True)
def set_(
    session: Session,
    user: Annotated[
        str, typer.Argument(metavar="USER", help="The name given by --as or by the login.")
    ],
    role: Annotated[
        str | None, typer.Option(metavar="ROLE", help=f"{', '.join(KNOWN)}.", show_default=False)
    ] = None,
    name: Annotated[
        str, typer.Option(metavar="TEXT", help="The person's name.", show_default=False)
    ] = "",
    email: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="The person's e-mail address.", show_default=False),
    ] = "",
    active: Annotated[
        bool | None,
        typer.Option(
            "--active/--inactive", help="Whether the user may run commands.", show_default=False
        ),
    ] = None,
    phone: Annotated[
        str | None,
        typer.Option(metavar="PHONE", help='The phone number; "" empties it.', show_default=False),
    ] = None,
    chat: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help='The address in the chat; "" empties it.', show_default=False
        ),
    ] = None,
    vendor_groups: Annotated[
        str | None,
        typer.Option(
            metavar="KEYS",
            help='Only these suppliers, separated by commas; "" means all.',
            show_default=False,
        ),
    ] = None,
    clients: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help='Only these clients, separated by semicolons; "" means all.',
            show_default=False,
        ),
    ] = None,
    capabilities: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Only these flows, separated by commas: sales (what the role may do there), "
            'sales.view, sales.edit, sales.approve; "" means all that the role may.',
            show_default=False,
        ),
    ] = None,
) -> int:
    """Add or change a user. The first user must be an ops_manager or super_admin; afterwards only
    such a user can change users.

    From the first user on, only active users in _USERS may run commands, even to read. The command
    names who that locks out (such as the login that cron uses) and asks; -y answers yes.
    """
    from ticketops.services import intake, masterdata

    if role is not None and role.lower() not in KNOWN:
        party = role.lower() if role.lower() in (CLIENT, SUPPLIER) else ""
        raise UsageError(
            f"--role must be one of {', '.join(KNOWN)}, not {role!r}",
            f"{party}s work in books (`ticketops {party} build`); --clients and --vendor-groups "
            "limit a user to some"
            if party
            else "",
        )

    def show(result: UserSet) -> None:
        session.out.line(f"{result.user} · {result.role}{'' if result.active else ' · inactive'}")

    contacts = {
        "phone": phone,
        "chat": chat,
        "vendor_groups": vendor_groups,
        "clients": clients,
        "capabilities": capabilities,
    }
    more = {
        field: intake.option_text(text, field.replace("_", "-"))
        for field, text in contacts.items()
        if text is not None
    }
    job = masterdata.user_set(
        intake.option_text(user, "user", required=True),
        role=role.lower() if role else None,
        name=intake.option_text(name, "name"),
        email=bare_address(intake.option_text(email, "email")),
        active=active,
        more=more,
        logins=config.usual_users(),
        agreed=session.yes or session.dry_run or session.interactive,
    )
    return session.run(job, show)

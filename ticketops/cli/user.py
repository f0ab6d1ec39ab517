"""`ticketops user …` (§0, §2): roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops import config
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.mail import bare_address
from ticketops.model.roles import ROLE

if TYPE_CHECKING:
    from ticketops.domain.masterdata.users import UserSet

app = command_group("user")


@command(app, "list")
def list_(session: Session) -> int:
    """List the users in _USERS. If it names nobody, the setting `role` applies to whoever runs a
    command."""
    from ticketops.services import masterdata

    found = session.result_of(masterdata.user_list(session.settings.role))
    rows = [(user.user, user.name, user.email, user.role, user.active) for user in found.users]
    session.out.table(("User", "Name", "Email", "Role", "Active"), rows)
    if not rows:
        session.out.line(f"_USERS names nobody: the setting `role` makes you {found.default_role}")
    return session.finish(found, [])


@command(app, "set", writes=True)
def set_(
    session: Session,
    user: Annotated[
        str, typer.Argument(metavar="USER", help="The name given by --as or by the login.")
    ],
    role: Annotated[
        str | None, typer.Option(metavar="ROLE", help=f"{', '.join(ROLE)}.", show_default=False)
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
) -> int:
    """Add or change a user. The first user must be an ops_manager or super_admin; afterwards only
    such a user can change users.

    From the first user on, only active users in _USERS may run commands, even to read. The command
    names who that locks out (such as the login that cron uses) and asks; -y answers yes.
    """
    from ticketops.services import intake, masterdata

    if role is not None and role.lower() not in ROLE:
        raise UsageError(f"--role must be one of {', '.join(ROLE)}, not {role!r}")

    def show(result: UserSet) -> None:
        session.out.line(f"{result.user} · {result.role}{'' if result.active else ' · inactive'}")

    job = masterdata.user_set(
        intake.option_text(user, "user", required=True),
        role=role.lower() if role else None,
        name=intake.option_text(name, "name"),
        email=bare_address(intake.option_text(email, "email")),
        active=active,
        logins=config.usual_users(),
        agreed=session.yes or session.dry_run or session.interactive,
    )
    return session.run(job, show)

"""`ticketops user …` (§0, §2): roles."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.states import ROLE

app = command_group("user")


@command(app, "list")
def list_(session: Session) -> int:
    """Everybody in _USERS. Where it names nobody, the setting `role` counts for whoever runs a command."""
    from ticketops.services import lists

    users = lists.users(session.store())
    session.out.table(("User", "Name", "Email", "Role", "Active"), [tuple(row.values()) for row in users])
    if not users:
        session.out.line(f"_USERS names nobody: you are {session.settings.role} by the setting `role`")
    return session.finish({"users": users, "default_role": session.settings.role}, [])


@command(app, "set", writes=True)
def set_(
    session: Session,
    user: Annotated[str, typer.Argument(metavar="USER", help="The name that --as or the login gives.")],
    role: Annotated[str | None, typer.Option(metavar="ROLE", help=f"{', '.join(ROLE)}.", show_default=False)] = None,
    name: Annotated[str, typer.Option(metavar="TEXT", help="The person's name.", show_default=False)] = "",
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="Their address.", show_default=False)] = "",
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Whether they may do anything.", show_default=False)] = None,
) -> int:
    """Add or change a user. The first one must be an ops_manager or super_admin; after that it takes one to change users."""
    from ticketops.services import intake, jobs

    if role is not None and role.lower() not in ROLE:
        raise UsageError(f"--role {role!r}: it is {', '.join(ROLE)}")

    def show(result: dict[str, Any]) -> None:
        session.out.line(f"{result['user']} · {result['role']}{'' if result['active'] else ' · inactive'}")

    job = jobs.user_set(
        intake.option_text(user, "user", required=True), role=role.lower() if role else None, name=intake.option_text(name, "name"),
        email=intake.option_text(email, "email"), active=active,
    )  # fmt: skip
    return session.run(job, show)

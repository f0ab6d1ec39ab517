"""`ticketops credentials …` (§10, D13)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Session, command, command_group
from ticketops.errors import InputError, RuleError, UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.credentials.records import (
        Added,
        Assigned,
        Deactivated,
        History,
        Logins,
        Revealed,
        Rotated,
        Sealed,
        Updated,
    )

app = command_group("credentials")

_Vendor = Annotated[
    str, typer.Argument(metavar="VENDOR", help="The vendor, as written in Purchases.")
]
_OfVendor = Annotated[
    str, typer.Option("--vendor", metavar="NAME", help="Only this vendor.", show_default=False)
]
_Which = Annotated[
    str,
    typer.Option(
        "--login", metavar="ID", help="Which login, if the vendor has several.", show_default=False
    ),
]
_WhichEvent = Annotated[
    str | None,
    typer.Option(
        "--event",
        metavar="EVENT",
        help='Only this event; "" means the login for every event.',
        show_default=False,
    ),
]
_Stdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input (one line).")
]
_STDIN_LIMIT = 4_096


@command(app, "list")
def list_(
    session: Session,
    vendor: _OfVendor = "",
    all_: Annotated[bool, typer.Option("--all", help="Also inactive logins.")] = False,
) -> int:
    """List the logins. Passwords show only as sealed, plain or none."""
    from ticketops.services import credentials

    def show(result: Logins) -> None:
        rows = [
            (
                row.vendor,
                row.login_id,
                row.email,
                row.event or "every event",
                row.password,
                "" if row.active else "inactive",
                row.updated_at,
                row.notes,
            )
            for row in result.credentials
        ]
        if rows:
            session.out.table(
                ("Vendor", "LoginID", "Email", "Event", "Password", "", "Updated", "Notes"), rows
            )
        else:
            session.out.line("no logins" + (f" of {vendor}" if vendor else ""))

    return session.look(credentials.listing(vendor, inactive=all_), show)


@command(app, "add", writes=True)
def add(
    session: Session,
    vendor: _Vendor,
    login: Annotated[
        str, typer.Option(metavar="ID", help="The login's name.", show_default=False)
    ] = "",
    email: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="The account's e-mail address.", show_default=False),
    ] = "",
    event: Annotated[
        str, typer.Option(metavar="EVENT", help="Only this event.", show_default=False)
    ] = "",
    event_here: Annotated[
        bool,
        typer.Option(
            "--event-here",
            help="Only this workbook's event: the setting `event`, else the code in the "
            "schedule's title.",
        ),
    ] = False,
    notes: Annotated[str, typer.Option(metavar="TEXT", help="Notes.", show_default=False)] = "",
    password_stdin: _Stdin = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Add the login without its password.")
    ] = False,
) -> int:
    """Add a vendor login, for every event or for one. The command asks for the password at the
    terminal and seals it."""
    from ticketops.services import credentials
    from ticketops.services.intake import option_text

    if event and event_here:
        raise UsageError("give either --event or --event-here")
    if not (login or email):
        raise UsageError("give --login, --email or both")
    if no_password and password_stdin:
        raise UsageError("give either --no-password or --password-stdin")
    names = {
        "login": option_text(login, "login"),
        "email": option_text(email, "email"),
        "notes": option_text(notes, "notes"),
    }
    vendor = option_text(vendor, "vendor", required=True)
    job = credentials.add(
        session.settings,
        vendor,
        **names,
        event=None if event_here else option_text(event, "event"),
        password=None if no_password else _password(session, stdin=password_stdin),
        dry_run=session.dry_run,
        notice=session.out.notice,
    )
    return session.run(job, lambda result: session.out.line(_added(result)))


@command(app, "update", writes=True)
def update(
    session: Session,
    vendor: _Vendor,
    login: _Which = "",
    event: _WhichEvent = None,
    new_login: Annotated[
        str | None, typer.Option(metavar="ID", help="The login's new name.", show_default=False)
    ] = None,
    email: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="The account's new e-mail address.", show_default=False
        ),
    ] = None,
    notes: Annotated[
        str | None, typer.Option(metavar="TEXT", help="New notes.", show_default=False)
    ] = None,
    new_event: Annotated[
        str | None,
        typer.Option(
            metavar="EVENT", help='The new event; "" means every event.', show_default=False
        ),
    ] = None,
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Ask for a new password at the terminal.")
    ] = False,
    password_stdin: _Stdin = False,
) -> int:
    """Change a login. Units keep the old one until `credentials assign --mode OVERWRITE`."""
    from ticketops.services import credentials
    from ticketops.services.intake import option_text

    texts = {
        "login_id": (new_login, "new-login"),
        "email": (email, "email"),
        "notes": (notes, "notes"),
        "event": (new_event, "new-event"),
    }
    given = {
        name: option_text(text, option)
        for name, (text, option) in texts.items()
        if text is not None
    }
    if new_password or password_stdin:
        given["password"] = _password(session, stdin=password_stdin)
    if not given:
        raise UsageError(
            "nothing to change",
            "--new-login, --email, --notes, --new-event, --new-password, --password-stdin",
        )

    def show(result: Updated) -> None:
        session.out.line(
            f"{_line(result.vendor, result.login_id or result.email, result.event)} · changed: {', '.join(result.changed) or 'nothing'}"
        )
        if {"login_id", "email", "password"} & set(result.changed):
            session.out.notice(
                f"units keep the old login: ticketops credentials assign --vendor {vendor!r} "
                "--mode OVERWRITE changes them"
            )

    job = credentials.update(
        session.settings,
        vendor,
        login=login,
        event=event,
        given=given,
        dry_run=session.dry_run,
        notice=session.out.notice,
    )
    return session.run(job, show)


@command(app, "deactivate", writes=True)
def deactivate(
    session: Session,
    vendor: _Vendor,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason; it is recorded.", show_default=False)
    ],
    login: _Which = "",
    event: _WhichEvent = None,
) -> int:
    """Deactivate a login. Its row stays; `credentials add` adds it again."""
    from ticketops.services import credentials
    from ticketops.services.intake import option_text

    def show(result: Deactivated) -> None:
        session.out.line(f"{_line(result.vendor, result.login_id, result.event)} · inactive")

    return session.run(
        credentials.deactivate(
            vendor, option_text(reason, "reason", required=True), login=login, event=event
        ),
        show,
    )


@command(app, "assign", writes=True)
def assign(
    session: Session,
    vendor: Annotated[
        str, typer.Option(metavar="NAME", help="The vendor of the units.", show_default=False)
    ],
    match: Annotated[
        str,
        typer.Option(
            metavar="CODE", help="Only this match, or sub-game: M01/RACE.", show_default=False
        ),
    ] = "",
    mode: Annotated[
        str, typer.Option(metavar="MODE", help="BLANKS_ONLY or OVERWRITE.")
    ] = "BLANKS_ONLY",
    login: Annotated[
        str,
        typer.Option(
            metavar="ID", help="Use this login instead of the best one.", show_default=False
        ),
    ] = "",
) -> int:
    """Write a vendor's login to its units and their tickets. A login for this event is preferred to
    one for every event.

    BLANKS_ONLY fills blank cells and skips units with another login; OVERWRITE replaces address,
    password and login.
    """
    from ticketops.domain.credentials.assignment import MODES
    from ticketops.model.ids import normalise_match
    from ticketops.services import credentials

    wanted = mode.strip().upper().replace("-", "_")
    if wanted not in MODES:
        raise UsageError(f"--mode must be one of {', '.join(MODES)}, not {mode!r}")

    def show(result: Assigned) -> None:
        where = f" of {result.match}" if result.match else ""
        who = _line(result.vendor, result.login_id, result.event)
        session.out.line(f"{who}: {counted(result.units, 'unit')}{where} of {result.vendor}")
        if result.by_match:
            session.out.table(("Match", "Units"), result.by_match.items())
        for number, words in (
            (result.complete, "already had it"),
            (result.other_login, "with another login left unchanged"),
        ):
            if number:
                session.out.line(f"{counted(number, 'unit')} {words}")
        if result.sales_ids:
            session.out.line(f"{counted(len(result.sales_ids), 'ticket')} changed too")

    job = credentials.assign(
        session.settings,
        vendor,
        match=normalise_match(match) if match.strip() else "",
        mode=wanted,
        login=login,
    )
    return session.run(job, show)


@command(app, "seal", writes=True)
def seal(
    session: Session,
    purge_backups: Annotated[
        bool,
        typer.Option(
            "--purge-backups",
            help="Delete the older versions kept for undo: they still hold plain passwords.",
        ),
    ] = False,
) -> int:
    """Seal every plain password in the workbook. If the key file (setting `key_file`) does not
    exist, it is created."""
    from ticketops.services import credentials
    from ticketops.stores.base import LocalFile

    store = session.store()
    code = session.run(
        credentials.seal(session.settings, dry_run=session.dry_run, notice=session.out.notice),
        lambda result: _show_sealed(session, result),
        store=store,
    )
    if not isinstance(store, LocalFile):
        if purge_backups:
            session.out.notice(
                "this machine keeps no older versions; the history of the Google Sheet may hold "
                "them"
            )
        return code
    folder, kept = store.state_folder / "backups", len(store.older_versions())
    if session.dry_run:
        if purge_backups:
            session.out.notice(f"would delete {counted(kept, 'older version')} in {folder}")
        return code
    store.forget_tables()
    if purge_backups:
        removed = credentials.purge(store, session.settings)
        session.out.notice(
            f"deleted {counted(removed, 'older version')}; earlier commands that set a password "
            "can't be undone"
        )
    elif kept:
        session.out.notice(
            f"{counted(kept, 'older version')} kept for undo in {folder} still "
            f"hold{'s' * (kept == 1)} plain passwords; --purge-backups deletes them"
        )
    return code


@command(app, "rotate", writes=True)
def rotate(
    session: Session,
    drop_old: Annotated[
        bool,
        typer.Option(
            "--drop-old",
            help="Remove the old keys from the key file. Other workbooks and older versions may "
            "need them.",
        ),
    ] = False,
) -> int:
    """Seal every password again with a new key. The old keys stay in the key file unless you give
    --drop-old."""
    from ticketops.services import credentials

    store = session.store()
    job = credentials.rotate(session.settings, dry_run=session.dry_run)

    def show(result: Rotated) -> None:
        _show_sealed(session, result)
        _show_counts(session, result.rotated, "rotated")

    code = session.run(job, show, store=store)
    if drop_old and not session.dry_run:
        removed = credentials.drop_old(store, session.settings)
        session.out.notice(
            f"removed {counted(removed, 'old key')} from {session.settings.key_file}"
        )
    return code


@command(app, "reveal", writes=True)
def reveal(session: Session, vendor: _Vendor, login: _Which = "", event: _WhichEvent = None) -> int:
    """Show a password on the terminal for a few seconds. The view is recorded first and can't be
    undone."""
    from ticketops.cli.reveal import reveal_password
    from ticketops.services import credentials

    def headline(result: Revealed) -> str:
        return _line(result.vendor, result.login_id or result.email, result.event)

    return reveal_password(session, credentials.reveal(vendor, login=login, event=event), headline)


@command(app, "history")
def history(
    session: Session,
    vendor: _OfVendor = "",
    most: Annotated[int, typer.Option("-m", "--most", min=1, help="How many rows to show.")] = 50,
) -> int:
    """Show what was done to logins and passwords, newest first."""
    from ticketops.services import credentials

    def show(result: History) -> None:
        rows = [
            (
                row.timestamp,
                row.user,
                row.action,
                row.vendor,
                row.login_id,
                row.event,
                row.subject,
                row.detail,
                row.run_id,
            )
            for row in result.history
        ]
        if rows:
            session.out.table(
                (
                    "When",
                    "Who",
                    "Action",
                    "Vendor",
                    "LoginID",
                    "Event",
                    "Subject",
                    "Detail",
                    "RunID",
                ),
                rows,
            )
        else:
            session.out.line("nothing is recorded yet")

    return session.look(credentials.history(vendor, most), show)


def _added(result: Added) -> str:
    return _line(result.vendor, result.login_id or result.email, result.event)


def _line(vendor: str, login: str | None, event: str | None) -> str:
    """`Viagogo · mm-buyer-01 · every event`."""
    return " · ".join(part for part in (vendor, login, event or "every event") if part)


def _show_sealed(session: Session, result: Sealed) -> None:
    _show_counts(session, result.sealed, "sealed")


def _show_counts(session: Session, sheets: Mapping[str, int], action: str) -> None:
    for sheet, number in sheets.items():
        session.out.line(f"{sheet}: {counted(number, 'password')} {action}")


def _password(session: Session, *, stdin: bool) -> str:
    """The password, from standard input or asked for twice at the terminal. Raises UsageError where
    neither is possible."""
    from ticketops.services.credentials import acceptable

    if not session.attended:
        raise UsageError(
            "a password is not for programs to say", "the command line asks for it, or reads it"
        )
    if stdin:
        return acceptable(_one_line())
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for the password",
            "--password-stdin reads it from standard input",
        )
    import getpass

    password = acceptable(getpass.getpass("Password: ", stream=sys.stderr))
    if getpass.getpass("Repeat the password: ", stream=sys.stderr) != password:
        raise RuleError("the two passwords differ: nothing was written")
    return password


def _one_line() -> str:
    """The one line of standard input. Raises InputError."""
    data = sys.stdin.buffer.read(_STDIN_LIMIT + 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the password on standard input is not in UTF-8") from None
    line, _, rest = text.partition("\n")
    if rest.strip():
        raise InputError("standard input holds more than one line")
    return line.removesuffix("\r")

"""`ticketops template …`: what messages say (§10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError

if TYPE_CHECKING:
    from ticketops.domain.messages.template_rows import TemplateSet

app = command_group("template")
_Template = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="Its code, such as sale_created.")
]
_Fact = Annotated[
    str,
    typer.Option(
        "--fact",
        metavar="FACT",
        help="The fact whose variables it may name, such as sale.created.",
        show_default=False,
    ),
]


@command(app, "list")
def list_(session: Session, csv: listing.Csv = None) -> int:
    """List the templates of messages: those that come with ticketops, and those in
    _NOTIFICATION_TEMPLATES."""
    from ticketops.services import messages

    found = session.result_of(messages.template_list())
    columns: listing.Columns = (
        ("Template", "code"),
        ("Name", "name"),
        ("Fact", "fact"),
        ("Changed", lambda one: "yes" if one.changed else ""),
        ("Triggers", lambda one: ", ".join(one.triggers)),
        ("Channels", lambda one: ", ".join(one.channels)),
    )
    return listing.show(session, found, found.templates, "template", columns, csv)


@command(app, "show")
def show(session: Session, template: _Template) -> int:
    """Show a template and every variable that it may name."""
    from ticketops.services import messages

    found = session.result_of(messages.template_show(template))
    one = found.template
    out = session.out
    out.line(f"{one.code} · {one.name} · {one.fact}" + (" · changed" if one.changed else ""))
    out.line(f"Channels: {', '.join(one.channels)}")
    out.line(f"Triggers: {', '.join(one.triggers) or 'none'}")
    out.line()
    out.line(f"Subject: {found.subject}")
    out.line()
    for line in found.body.splitlines():
        out.line(line)
    out.line()
    out.table(
        ("Variable", "Says", "For example", "Read by"),
        [(v.name, v.description, v.sample, ", ".join(v.readers)) for v in found.variables],
        first=("Variable", "Says"),
    )
    return session.finish(found, [])


@command(app, "set", writes=True)
def set_(
    session: Session,
    template: _Template,
    subject: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="The subject, one line with variables.", show_default=False
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="Read the body, in Markdown, from a file; - means standard input.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What people call it.", show_default=False)
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="For which channels: email, slack, whatsapp, in_app.",
            show_default=False,
        ),
    ] = None,
    fact: _Fact = "",
    reset: Annotated[
        bool, typer.Option("--reset", help="Remove the changes; a template of your own goes.")
    ] = False,
) -> int:
    """Change a template, or add one of your own. A template that one of its triggers could not send
    is refused. Needs the role ops_manager."""
    from ticketops.services import intake, messages
    from ticketops.services.line_files import whole_text

    given: dict[str, str] = {}
    for option, value in (("subject", subject), ("name", name), ("channels", channels)):
        if value is not None:
            given[option] = intake.option_text(value, option, required=option != "name")
    if body is not None:
        given["body"] = whole_text(body)
    if fact:
        given["fact"] = fact
    if reset and given:
        raise UsageError("give --reset alone")
    if not given and not reset:
        raise UsageError("give at least one of --subject, --body, --name, --channels, --fact")

    def said(result: TemplateSet) -> None:
        one = result.template
        state = "as it comes with ticketops" if not one.changed and one.fact else "removed"
        session.out.line(
            f"{one.code}: {result.subject}" if one.changed else f"{one.code} is {state}"
        )

    return session.run(messages.template_set(template, given, reset=reset), said)


@command(app, "check")
def check(
    session: Session,
    template: Annotated[
        str, typer.Argument(metavar="[TEMPLATE]", help="Only this one.", show_default=False)
    ] = "",
) -> int:
    """Check every template for every trigger that uses it and for its readers. Ends with 1 if one
    can't be sent."""
    from ticketops.services import messages

    plan = session.planned(messages.template_check(template))
    columns: listing.Columns = (
        ("Template", "code"),
        ("Trigger", lambda one: one.trigger or ""),
        ("Read by", "audience"),
        ("Problem", lambda one: one.problem or "none"),
    )
    listing.table(session, plan.result.lines, columns)
    session.out.findings(plan.findings)
    return session.finish(plan.result, plan.findings)


@command(app, "preview")
def preview(
    session: Session,
    template: _Template,
    sale: Annotated[
        str,
        typer.Option(
            metavar="SALESID", help="With this sale; default: a sample.", show_default=False
        ),
    ] = "",
    audience: Annotated[
        str,
        typer.Option(
            metavar="WHO",
            help="The reader: office, client, supplier; default: as its trigger says.",
            show_default=False,
        ),
    ] = "",
    fact: Annotated[
        str,
        typer.Option(
            metavar="FACT", help="For this fact; default: that of its trigger.", show_default=False
        ),
    ] = "",
    html: Annotated[bool, typer.Option("--html", help="Print the HTML instead.")] = False,
) -> int:
    """Show a message as it would be sent, with a sale of the workbook or a sample, and who would get
    it. Nothing is sent."""
    from ticketops.model.ids import read_sales_id
    from ticketops.services import messages

    job = messages.template_preview(
        template, sale=read_sales_id(sale) if sale else "", audience=audience.lower(), fact=fact
    )
    found = session.result_of(job)
    out = session.out
    if html:
        out.line(found.html)
        return session.finish(found, [])
    for one in found.recipients:
        out.notice(f"to {one.name} <{one.address}> by {one.channel}")
    for text in found.unreached:
        out.notice(f"nobody for {text}")
    out.line(f"Subject: {found.subject}")
    out.line()
    for line in found.text.splitlines():
        out.line(line)
    return session.finish(found, [])

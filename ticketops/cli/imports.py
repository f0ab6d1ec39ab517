"""`ticketops import …` (§3, §4)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ticketops.cli.import_dialogue import Dialogue, asked
from ticketops.cli.session import Beyond, New, Session, command, command_group

app = command_group("import")


def _option(metavar: str, text: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, show_default=False)


_File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A spreadsheet, CSV, JSON, a saved web page, or - for pasted text."
    ),
]
_Map = Annotated[
    list[str] | None,
    _option("FIELD=HEADER", "The header that a field has in the file. Repeatable.", "--map"),
]
_Profile = Annotated[str | None, _option("NAME", "Read it by this remembered mapping.")]
_Save = Annotated[str | None, _option("NAME", "Remember the mapping under this name.")]
_Sheet = Annotated[str | None, _option("NAME", "The sheet, or the table of a web page.")]
_HeaderRow = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="The row of the headers, the last if two.", show_default=False
    ),
]
_Decimal = Annotated[
    str | None, _option("comma|point", "What stands before cents; default: the amounts decide.")
]
_Dates = Annotated[
    str | None,
    _option("dmy|mdy|ymd", "How to read dates like 03/04/2026; default: other rows decide."),
]
_Currency = Annotated[
    str | None, _option("CODE", "USD or EUR, for lines that name none; default: the event's.")
]
_AgainLines = Annotated[
    bool, typer.Option("--again", help="Take lines that an earlier import took, too.")
]
_Partial = Annotated[bool, typer.Option("--partial", help="Leave out the lines that are wrong.")]
_Rejects = Annotated[
    str | None, _option("FILE", "Write the lines that are wrong to a CSV file, with the reason.")
]


@command(app, "purchases", writes=True)
def purchases(
    session: Session,
    file: _File,
    vendor: Annotated[str, _option("NAME", "The vendor of lines that name none.")] = "",
    mapped: _Map = None,
    profile: _Profile = None,
    save_profile: _Save = None,
    sheet: _Sheet = None,
    header_row: _HeaderRow = None,
    decimal: _Decimal = None,
    dates: _Dates = None,
    currency: _Currency = None,
    again: _AgainLines = False,
    partial: _Partial = False,
    rejects: _Rejects = None,
    new: New = False,
    force: Beyond = False,
) -> int:
    """Take purchases from a file of any layout, with their seats.

    Columns are found by their headers and cells. The fields of --map are reference, date, match,
    game, sub_game, home, away, vendor, contract, inv_no, category, block, row, seats, seat, qty,
    unit_price, total, currency, fees, delivery_channel, instructions, notes; `FIELD=` takes
    nothing. The mapping is remembered for files with these headers.

    Example: ticketops import purchases list.csv --vendor Viagogo --map unit_price=Cost
    """
    from ticketops.domain.intake.fields import PURCHASES
    from ticketops.services import imports, intake

    options = asked(session, PURCHASES, locals(), vendor=intake.option_text(vendor, "vendor"))
    dialogue = Dialogue(session, PURCHASES, imports.import_purchases, "unit")
    return dialogue.carry_out(file, options, rejects)


@command(app, "sales", writes=True)
def sales(
    session: Session,
    file: _File,
    client: Annotated[str, _option("NAME", "The client of lines that name none.")] = "",
    mapped: _Map = None,
    profile: _Profile = None,
    save_profile: _Save = None,
    sheet: _Sheet = None,
    header_row: _HeaderRow = None,
    decimal: _Decimal = None,
    dates: _Dates = None,
    currency: _Currency = None,
    again: _AgainLines = False,
    partial: _Partial = False,
    rejects: _Rejects = None,
    new: New = False,
    force: Beyond = False,
    override_credit: Annotated[
        str,
        _option(
            "REASON",
            "Go beyond a client's credit; needs the role ops_manager.",
            "--override-credit",
        ),
    ] = "",
) -> int:
    """Take sales of one client or many from a file of any layout.

    Lines of a client that agree in order number, date, currency, contract, instructions and notes
    are one order. The fields of --map are reference, date, match, game, sub_game, home, away,
    client, contract, order, category, qty, unit_price, total, currency, instructions, notes;
    `FIELD=` takes nothing. The mapping is remembered for files with these headers.

    Example: ticketops import sales orders.xlsx --map client=Buyer
    """
    from ticketops.domain.intake.fields import SALES
    from ticketops.services import imports, intake

    options = asked(
        session,
        SALES,
        locals(),
        client=intake.option_text(client, "client"),
        override=intake.option_text(override_credit, "override-credit"),
    )
    return Dialogue(session, SALES, imports.import_sales, "ticket").carry_out(
        file, options, rejects
    )


@command(app, "guests", writes=True)
def guests(
    session: Session,
    file: _File,
    client: Annotated[str, _option("NAME", "The client of lines that name none.")] = "",
    mapped: _Map = None,
    profile: _Profile = None,
    save_profile: _Save = None,
    sheet: _Sheet = None,
    header_row: _HeaderRow = None,
    dates: _Dates = None,
    again: _AgainLines = False,
    partial: _Partial = False,
    rejects: _Rejects = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also replace guests that are there already.")
    ] = False,
) -> int:
    """Take guests of tickets from a file of any layout.

    A line names its ticket (S147-2), or its client, match, category or order; then there must be
    as many lines as tickets without a guest, which are filled in order. A blank changes nothing.
    The fields of --map are ticket_id, order, match, game, sub_game, home, away, date, client,
    category, block, row, seats, seat, first_name, last_name, name, email, comment, notes; `FIELD=`
    takes nothing. The mapping is remembered for files with these headers.

    Example: ticketops import guests guests.xlsx --client "Zoo Tours"
    """
    from ticketops.domain.intake.fields import GUESTS
    from ticketops.services import imports, intake

    options = asked(session, GUESTS, locals(), client=intake.option_text(client, "client"))
    return Dialogue(session, GUESTS, imports.import_guests, "ticket").carry_out(
        file, options, rejects
    )


@command(app, "seats", writes=True)
def seats(
    session: Session,
    file: _File,
    vendor: Annotated[str, _option("NAME", "The vendor of lines that name none.")] = "",
    mapped: _Map = None,
    profile: _Profile = None,
    save_profile: _Save = None,
    sheet: _Sheet = None,
    header_row: _HeaderRow = None,
    dates: _Dates = None,
    again: _AgainLines = False,
    partial: _Partial = False,
    rejects: _Rejects = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also where the ticket was sent; needs the role ops_manager."),
    ] = False,
) -> int:
    """Take seats of units from a file of any layout; those of their tickets follow.

    A line names its unit (P00012), ticket, purchase, set or listing number, or match, category and
    vendor; then there must be as many seats as units without one, which are filled in order. The
    fields of --map are unit_id, ticket_id, reference, inv_no, match, game, sub_game, home, away,
    date, vendor, contract, category, qty, block, row, seats, seat; `FIELD=` takes nothing. The
    mapping is remembered for files with these headers.

    Example: ticketops import seats seats.csv --map inv_no=Listing
    """
    from ticketops.domain.intake.fields import SEATS
    from ticketops.services import imports, intake

    options = asked(session, SEATS, locals(), vendor=intake.option_text(vendor, "vendor"))
    return Dialogue(session, SEATS, imports.import_seats, "unit").carry_out(file, options, rejects)


@command(app, "profiles")
def profiles(session: Session) -> int:
    """List the mappings of files that are remembered, each with the fields it names."""
    from ticketops.services import imports

    def show(result: Any) -> None:
        rows = [
            (
                one.name,
                one.kind,
                ", ".join(f"{k}={v}" for k, v in one.mapping.items()),
                ", ".join(f"{k} {v}" for k, v in one.options.items()),
            )
            for one in result.profiles
        ]
        session.out.table(("Profile", "Kind", "Mapping", "Options"), rows)
        if not rows:
            session.out.line("no mapping is remembered: `ticketops import` makes one of each file")

    return session.look(imports.import_profiles(), show)

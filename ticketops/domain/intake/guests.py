"""Guests taken from a file (§7): each line is about one ticket, and says of it what the office would
type there. A blank says nothing, and what a ticket says already stays unless that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ticketops.domain.dispatch import clients
from ticketops.domain.dispatch.cascade import plan_of, reconcile
from ticketops.domain.dispatch.clients import NEEDED
from ticketops.domain.dispatch.field_edits import OFFICE, UNKNOWN, FieldEdit, Outcome
from ticketops.domain.dispatch.returned_files import checked_text
from ticketops.domain.dispatch.state import State
from ticketops.domain.intake import duplicates, fields, imported
from ticketops.domain.intake.imported import Options
from ticketops.domain.intake.pairing import Nouns, Wish, paired
from ticketops.domain.intake.reading import Reading, nothing_said, opened
from ticketops.domain.intake.rows import Faults, Line
from ticketops.domain.intake.tickets import Tickets
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.records import Record
from ticketops.model.findings import Finding, Severity
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.schema.tables import Snapshot

KIND = fields.GUESTS
_NEEDED = (
    ("ticket_id", "match", "game", "home", "match_date", "order", "client"),
    ("first_name", "last_name", "name", "email", "comment", "notes"),
)
_COLUMNS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "client_email",
    "comment": "comment",
    "notes": "client_notes",
}
"""{field: column of Distribution}."""
_SEAT = {"block": "block", "row": "seat_row", "seat": "seat"}
_NOUNS = Nouns("ticket", "a guest", "ticket_id")
_WRITTEN = (Outcome.TAKEN, Outcome.OVERTAKEN, Outcome.JOINED)
_Said = dict[str, str]


def plan_import(
    snapshot: Snapshot,
    table: ForeignTable,
    options: Options,
    run: Run,
    check_email: Callable[[str], str],
) -> Plan:
    """Take guests over. Without `partial` nothing is taken where a line is wrong. check_email: what
    is wrong with an address, empty where nothing is.

    Raises InputError for a file without what a guest needs, UsageError for a mapping that does not
    fit it; UnclearNameError where a person can be asked.
    """
    needed = _NEEDED[1:] if options.client else _NEEDED
    reading = opened(snapshot, table, options, run, KIND, needed, SALES)
    options = reading.options
    state = State.of(snapshot)
    faults = reading.faults
    finder = Tickets(snapshot, state, reading, run)
    wishes, lines, blank = [], {}, 0
    for line in reading.lines.good:
        if (said := _said(line, faults)) is None:
            continue
        if not said:
            blank += 1
        elif candidates := finder.candidates(line):
            lines[line.number] = line
            name = "ticket_id" if line.text("ticket_id") else "match"
            wishes.append(Wish(line.number, name, said, candidates))
    tickets = state.tickets
    pairs = paired(
        wishes,
        lambda key, said: _says(tickets[key], said),
        lambda key: not any(tickets[key][name] for name in NEEDED),
        lambda key: any(tickets[key][name] for name in NEEDED),
        _NOUNS,
        faults,
    )
    found = [
        (lines[wish.number], ticket, text)
        for wish, ticket in pairs
        if (text := _checked(wish, reading, check_email)) is not None
    ]
    plan = Plan()
    earlier = duplicates.Earlier(snapshot, KIND, table)
    keys = [duplicates.key(ticket, *sorted(said.items())) for _, ticket, said in found]
    told, named = [line for line, _, _ in found], [ticket for _, ticket, _ in found]
    fresh = earlier.news(plan, told, keys, named, again=options.again)
    kept = reading.good((found[at][0], (*found[at], keys[at])) for at in fresh)
    plan.findings += nothing_said(blank, "guest")
    outcome = imported.Outcome(0, blank if reading.refused else blank + len(found))
    if kept:
        edits = [
            _edit(run, ticket, name, text, f"{table.label} line {line.number}")
            for line, ticket, said, _ in kept
            for name, text in said.items()
        ]
        done = reconcile(
            state,
            run,
            edits,
            only={edit.sales_id for edit in edits},
            prefer_theirs=options.overwrite,
        )
        written = {edit.sales_id for edit, how, _ in done.outcomes if how in _WRITTEN}
        if written:
            made = plan_of(state, done)
            plan.changes.extend(made.changes)
            plan.findings += made.findings
            plan.findings += _after_sent(state, done.outcomes)
            taken = [one for one in kept if one[1] in written]
            earlier.record(
                plan,
                [one[0] for one in taken],
                [one[3] for one in taken],
                [one[1] for one in taken],
                run,
            )
        else:
            plan.findings += done.findings
        skipped = blank + len(found) - len(written)
        outcome = imported.Outcome(len(written), skipped, (), len(written))
    return reading.finished(plan, snapshot, outcome, run)


def _said(line: Line, faults: Faults) -> _Said | None:
    """{column: text} of what a line says of its guest; None where its whole name can't be told
    apart: `Berg, Ana` can, and so can two words."""
    if (whole := line.text("name")) and not (line.text("first_name") or line.text("last_name")):
        last, comma, first = whole.partition(",")
        words = whole.split()
        if not comma and len(words) == 2:
            first, last = words
        elif not comma or "," in first or not (first.strip() and last.strip()):
            said = f"which part of {whole!r} is the last name is not said"
            faults.add(line.number, "name", "NAME_UNCLEAR", said, "write it as Berg, Ana")
            return None
        line.texts |= {"first_name": first.strip(), "last_name": last.strip()}
    return {column: text for name, column in _COLUMNS.items() if (text := line.text(name))}


def _says(ticket: Record, said: _Said) -> bool:
    """Whether a ticket has this guest already."""
    named = [name for name in NEEDED if name in said]
    return bool(named) and all(
        (ticket[name] or "").casefold() == said[name].casefold() for name in named
    )


def _checked(wish: Wish, reading: Reading, check_email: Callable[[str], str]) -> _Said | None:
    """What a line says as a client's book would take it; None where something of it is wrong."""
    found = {}
    for field, column in _COLUMNS.items():
        if column not in wish.content:
            continue
        text, wrong = checked_text(column, wish.content[column], check_email)
        if wrong:
            reading.faults.add(wish.number, field, *wrong)
        found[column] = text
    return None if reading.faults.of(wish.number) else found


def _edit(run: Run, sales_id: str, name: str, text: str, where: str) -> FieldEdit:
    """What the office says, who did not look at what is there."""
    return FieldEdit(OFFICE, run.user, sales_id, name, UNKNOWN, text, where)


def _after_sent(state: State, outcomes: Sequence[tuple[FieldEdit, Outcome, str]]) -> list[Finding]:
    """Tickets that were sent to somebody who is another one now (D26)."""
    found: dict[str, None] = {}
    for edit, how, _message in outcomes:
        ticket = state.tickets[edit.sales_id]
        if how is Outcome.OVERTAKEN and edit.field in NEEDED and clients.was_sent(ticket):
            found[edit.sales_id] = None
    return [
        Finding(
            Outcome.CHANGED_AFTER_SENT.name,
            Severity.MEDIUM,
            f"{key} was sent, and its guest is changed: send the ticket again",
            DISTRIBUTION,
            state.tickets[key].before["row"],
            key,
        )
        for key in found
    ]

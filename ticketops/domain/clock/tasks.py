"""The tasks of a night, in the order in which they run, and which of them somebody wants (D30)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ticketops.errors import UsageError
from ticketops.schema.layout import EVENT_KIND, ISSUANCE_KIND


class Task(Struct, frozen=True):
    """A task: the command that it is, and what for. usual: whether it runs where nobody chose the
    tasks; writes: whether the command writes."""

    name: str
    words: tuple[str, ...]
    what: str
    usual: bool = True
    writes: bool = True

    @property
    def command(self) -> str:
        """The command as people type it, without `ticketops`."""
        return " ".join(self.words)


SENDING = "send"
"""The task before which the others are told of."""
_SEND = Task(SENDING, ("message", "send"), "send the messages that wait")
TASKS = (
    Task("audit", ("audit", "run", "--write"), "check units against tickets"),
    Task("recon", ("recon", "run"), "compare Sales with Distribution"),
    Task("deadlines", ("dispatch", "deadlines"), "say what is due: tickets, guests, payments"),
    Task("holds", ("unit", "release", "--lapsed"), "release holds whose last day is past"),
    Task(
        "reminders",
        ("client", "remind", "--all"),
        "write to every client with guests missing",
        usual=False,
    ),
    Task("jobs", ("job", "work"), "make the reports that wait, remove files that expired"),
    _SEND,
)
"""In their order: what is found comes before what is said about it, and sending comes last. Reminders to
everybody, every night, are what only somebody who chose them wants; what is due is said by the deadlines
anyway, to those whom triggers name."""

OF_TICKETS = (
    Task(
        "refresh",
        ("issuance", "refresh", "--all"),
        "make the tickets that passengers lack",
        usual=False,
    ),
    Task(
        "tickets",
        ("issuance", "report"),
        "check tickets against bookings, files and history",
        writes=False,
    ),
    Task("due", ("issuance", "due"), "say which names must be final soon"),
    _SEND,
)
"""Those of a workbook of airline tickets (document 001). What it lacks of tickets is made by somebody who
looks at what was typed."""


def tasks_in(kind: str) -> tuple[Task, ...]:
    """The tasks of a kind of workbook, in their order."""
    return OF_TICKETS if kind == ISSUANCE_KIND else TASKS


def chosen(names: Sequence[str], setting: str, kind: str = EVENT_KIND) -> tuple[Task, ...]:
    """The tasks of a run on a kind of workbook, in their own order. names: those that the command line
    asks for; none: those of the setting `clock_tasks`, which names them with commas; where that is empty,
    or is about the other kind of workbook: the usual ones.

    Raises UsageError for a task that there is not.
    """
    wanted, where = list(names), "--task"
    if not wanted:
        wanted, where = setting.split(","), "clock_tasks"
    wanted = [name for text in wanted if (name := text.strip().lower())]
    here = tasks_in(kind)
    known = [task.name for task in here]
    elsewhere = {task.name for task in (*TASKS, *OF_TICKETS)}.difference(known)
    for name in wanted:
        if name not in known and (names or name not in elsewhere):
            raise UsageError(f"{where} must be one of {', '.join(known)}, not {name!r}")
    if elsewhere.intersection(wanted):
        wanted = [name for name in wanted if name in known]
        wanted = [] if set(wanted) <= {SENDING} else wanted  # it was said of the other kind
    return tuple(task for task in here if (task.name in wanted if wanted else task.usual))

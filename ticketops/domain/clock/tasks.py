"""The tasks of a night, in the order in which they run, and which of them somebody wants (D30)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ticketops.errors import UsageError


class Task(Struct, frozen=True):
    """A task: the command that it is, and what for. usual: whether it runs where nobody chose the
    tasks."""

    name: str
    words: tuple[str, ...]
    what: str
    usual: bool = True

    @property
    def command(self) -> str:
        """The command as people type it, without `ticketops`."""
        return " ".join(self.words)


SENDING = "send"
"""The task before which the others are told of."""
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
    Task(SENDING, ("message", "send"), "send the messages that wait"),
)
"""In their order: what is found comes before what is said about it, and sending comes last. Reminders to
everybody, every night, are what only somebody who chose them wants; what is due is said by the deadlines
anyway, to those whom triggers name."""


def chosen(names: Sequence[str], setting: str) -> tuple[Task, ...]:
    """The tasks of a run, in their own order. names: those that the command line asks for; none:
    those of the setting `clock_tasks`, which names them with commas; where that is empty: the usual ones.

    Raises UsageError for a task that there is not.
    """
    wanted, where = list(names), "--task"
    if not wanted:
        wanted, where = setting.split(","), "clock_tasks"
    wanted = [name for text in wanted if (name := text.strip().lower())]
    known = [task.name for task in TASKS]
    for name in wanted:
        if name not in known:
            raise UsageError(f"{where} must be one of {', '.join(known)}, not {name!r}")
    return tuple(task for task in TASKS if (task.name in wanted if wanted else task.usual))

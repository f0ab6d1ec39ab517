"""What every command shares: the options of every command, the store they lead to, and the way a
job is run and shown."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from msgspec import Struct
from msgspec.structs import replace
from typer.core import TyperGroup

from ticketops import config
from ticketops.cli import completion
from ticketops.cli.app import COMMANDS, GROUPS
from ticketops.cli.output import Output
from ticketops.errors import RuleError, TicketopsError, UnclearNameError, UsageError
from ticketops.model.display import counted
from ticketops.model.findings import Finding, matter
from ticketops.model.results import plain

_WORKBOOK = Annotated[
    str | None,
    typer.Option(
        "-w",
        "--workbook",
        metavar="FILE",
        show_default=False,
        help="The workbook: a file, or gsheet:ID. [env: TICKETOPS_WORKBOOK]",
    ),
]
_AS = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="USER",
        show_default=False,
        help="The user to record. [env: TICKETOPS_USER]",
        autocompletion=completion.offered("as_user", "USER"),
    ),
]
_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_QUIET = Annotated[bool, typer.Option("-q", "--quiet", help="Hide notices.")]
_WIDE = Annotated[
    bool, typer.Option("--wide", help="Show all columns, however narrow the terminal is.")
]
_DEBUG = Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.", hidden=True)]
_DRY_RUN = Annotated[
    bool,
    typer.Option("-n", "--dry-run", help="Show what would change, cell by cell; write nothing."),
]
_YES = Annotated[bool, typer.Option("-y", "--yes", help="Don't ask for confirmation.")]

SHARED = {
    "workbook": _WORKBOOK,
    "as_user": _AS,
    "json": _JSON,
    "quiet": _QUIET,
    "wide": _WIDE,
    "debug": _DEBUG,
}
WRITING = {"dry_run": _DRY_RUN, "yes": _YES}
_MOST_CELLS = 200

Confirm = Annotated[
    str | None,
    typer.Option(
        "--confirm", metavar="UNDO", help="The word UNDO, to confirm.", show_default=False
    ),
]
ConfirmRemoval = Annotated[
    str | None,
    typer.Option(
        "--confirm",
        metavar="REMOVE",
        help="The word REMOVE, if much would be removed or emptied.",
        show_default=False,
    ),
]
Reason = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", help="The reason; it is logged.", show_default=False),
]
New = Annotated[
    bool, typer.Option("--new", help="Take the name as new, although it resembles a known one.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Record it again, although it is already recorded.")
]
Dates = Annotated[
    str | None,
    typer.Option(
        "--dates",
        metavar="dmy|mdy",
        help="How to read dates like 03/04/2026; default: the setting, or another row, decides.",
        show_default=False,
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Also if a ticket is already sent; needs the role ops_manager."),
]
Beyond = Annotated[
    bool,
    typer.Option(
        "--force", help="Also beyond the highest value of a contract; needs the role ops_manager."
    ),
]


class Session(Struct):
    """One command that is being run."""

    command: str
    settings: config.Settings
    out: Output
    dry_run: bool
    yes: bool
    word: str = ""
    """What a person types in place of yes."""
    confirmed: bool = False
    """Whether the command line confirms it already."""
    opened: Any = None
    """The store of the workbook, once it was opened."""
    attended: bool = True
    """Whether a person may be asked for a password: not where a program plans a command."""
    named: tuple[str | None, str | None] = (None, None)
    """The workbook and the user that the command line itself names."""

    @property
    def workbook(self) -> Path | str:
        """The workbook's path, or `gsheet:<id>`. Raises UsageError where none was named."""
        if self.settings.workbook is None:
            raise UsageError(
                "no workbook given",
                'give -w FILE, set TICKETOPS_WORKBOOK, or write workbook = "…" in ticketops.toml',
            )
        return self.settings.workbook

    @property
    def interactive(self) -> bool:
        """Whether a person is there to be asked."""
        return not self.yes and not self.out.as_json and sys.stdin.isatty() and self.out.terminal

    def store(self) -> Any:
        """The store of the workbook."""
        from ticketops.engine.opening import open_store

        self.opened = open_store(
            self.workbook, self.settings, on_progress=self.out.transfer, notice=self.out.notice
        )
        return self.opened

    def mind_jobs(self) -> None:
        """Say that report jobs are stuck, where some are."""
        if self.opened is None or not self.attended or self.out.as_json:
            return
        from ticketops.services.artifacts import stuck

        if said := stuck(self.opened, datetime.now(), self.settings.job_stuck_minutes):
            self.out.notice(said)

    def mind_withheld(self) -> None:
        """Say of which sheets a database withholds the passwords, where a person looks."""
        withheld = getattr(self.opened, "withheld", None)
        if not withheld or self.out.as_json:
            return
        self.out.notice(
            f"your database role may not read the passwords in {', '.join(sorted(withheld))}"
        )

    def mind_clock(self) -> None:
        """Say once a day that nothing runs at night any longer, where a person looks and something
        did run."""
        if self.opened is None or not self.attended or not self.out.attended:
            return
        from ticketops.services.silence import silent_today

        if said := silent_today(self.opened, self.settings, datetime.now()):
            self.out.notice(said)

    def run(
        self,
        job: Any,
        show: Callable[[Any], None],
        *,
        store: Any = None,
        changes_expected: bool = True,
        most_findings: int = 50,
        ask: Callable[[str], bool] | None = None,
    ) -> int:
        """Carry out a writing job: ask where a person is there, show the outcome; the exit code.

        show: prints the result of the plan for people. changes_expected: say so where there was
        nothing to do. ask: asks whether what is said is to be written, in place of yes or no.
        """
        from ticketops.engine.transaction import carry_out

        def confirm(plan: Any, _snapshot: Any) -> bool:
            """Show what would come of it, then ask, once."""
            if apart:
                self.out.notice(apart)
            if not self.confirmed:
                self.out.notice("this will be recorded:")
            show(plan.result)
            self.out.findings(plan.findings, most=most_findings)
            what = f"will record {_summary(plan.changes.counts())}"
            if self.confirmed:
                return True
            if self.word:
                return self.out.answer(f"{what} — type {self.word} to confirm:") == self.word
            return ask(what) if ask else self.out.ask(f"{what} — write it?", default=True)

        def changed(plan: Any, _snapshot: Any) -> None:
            """Show what would come of it now, where that is something else."""
            self.out.notice(
                "the workbook changed while you were deciding; this would be written now:"
            )
            show(plan.result)
            self.out.findings(plan.findings, most=most_findings)
            self.show_cells(plan.changes, _snapshot.tables)
            self.out.notice(_summary(plan.changes.counts()) or "nothing")

        where = store or self.store()
        apart = self.apart(where, whole=job.name == "doctor")
        done = self._asked(
            lambda run: carry_out(
                where,
                job,
                run,
                dry_run=self.dry_run,
                confirm=confirm if self.interactive else None,
                changed=changed,
            )
        )
        plan, tables = done.plan, done.snapshot.tables
        if apart and not (self.interactive and plan.changes and not self.dry_run):
            self.out.notice(apart)
        if self.dry_run:
            self.show_cells(plan.changes, tables)
        if self.interactive and plan.changes and not (done.written or self.dry_run):
            raise RuleError("not confirmed: nothing was written")
        if not self.out.as_json:
            if not (self.interactive and done.written):
                show(plan.result)
                self.out.findings(plan.findings, most=most_findings)
            else:
                self.out.findings(done.late, most=most_findings)
            if plan.changes or changes_expected:
                self._say(done)
        counts = plan.changes.counts() if done.written or self.dry_run else {}
        code = self.finish(
            plan.result,
            plan.findings,
            run_id=done.run.run_id,
            counts=counts,
            cells=(plan.changes, tables),
        )
        return 2 if plan.refused else code

    def apart(self, store: Any, *, whole: bool = False) -> str:
        """One line where the journal beside a workbook is not its own. whole: look also where there
        is one, which reads every sheet; else only at a workbook that has none yet."""
        from ticketops.services.journal import apart
        from ticketops.stores.base import LocalFile

        if not isinstance(store, LocalFile) or not (whole or not store.log()):
            return ""
        try:
            found = apart(store)
        except TicketopsError:
            return ""  # which the command itself says
        return f"{store.name}: {found.message}" if found else ""

    def look(
        self, job: Any, show: Callable[[Any], None], *, store: Any = None, as_of: str | None = None
    ) -> int:
        """Carry out a job that only reports; the exit code. as_of: the RunID or the moment that is
        looked back to."""
        plan, run = self._looked(job, store or self.store(), as_of)
        if not self.out.as_json:
            show(plan.result)
            self.out.findings(plan.findings)
        return self.finish(plan.result, plan.findings, run_id=run.run_id)

    def _looked(self, job: Any, store: Any, as_of: str | None) -> tuple[Any, Any]:
        """The plan of a job that only reads and its run, a person asked whom a name means. as_of: see
        `look`; the run is then of that moment, too."""
        from ticketops.engine.transaction import prepare

        past = self._past(store, as_of) if as_of is not None else None
        where = past or store

        def act(run: Any) -> tuple[Any, Any]:
            plan, _snapshot, own = prepare(where, job, past.at(run) if past else run)
            return plan, own

        plan, run = self._asked(act)
        if past is not None:
            plan.findings += past.findings
        return plan, run

    def _past(self, store: Any, as_of: str) -> Any:
        from ticketops.engine.past import PastStore
        from ticketops.services.intake import option_past

        return PastStore(store, option_past(as_of, self.settings.dates))

    def planned(self, job: Any, *, store: Any = None) -> Any:
        """The plan of a job that only reads, with its findings; the command shows and finishes
        it."""
        from ticketops.engine.transaction import prepare

        return prepare(store or self.store(), job, self.new_run())[0]

    def plan_of(self, job: Any, *, store: Any = None, as_of: str | None = None) -> Any:
        """The plan of a job that only reads, a person asked whom a name means; the command shows and
        finishes it. as_of: see `look`."""
        return self._looked(job, store or self.store(), as_of)[0]

    def result_of(self, job: Any, *, store: Any = None) -> Any:
        """What a job that only reads finds; the command shows and finishes it itself."""
        from ticketops.engine.transaction import look

        where = store or self.store()
        return self._asked(lambda run: look(where, job, run))

    def _asked(self, act: Callable[[Any], Any]) -> Any:
        """What comes of an act in a run; a person at a terminal is asked whom an unclear name
        means."""
        run = self.new_run()
        while True:
            try:
                return act(run)
            except UnclearNameError as error:
                if not self.interactive or (error.what, error.text) in run.chosen:
                    raise
                choice = self._choice(error)
                run = replace(run, chosen={**run.chosen, (error.what, error.text): choice})

    def _choice(self, error: UnclearNameError) -> str:
        """One of the candidates, by number. Raises the error where none is chosen."""
        self.out.notice(f"{error.what} {error.text!r} is ambiguous; it can be")
        for number, name in enumerate(error.candidates, start=1):
            self.out.notice(f"  {number}  {name}")
        answer = self.out.answer(f"Which {error.what} do you mean (its number, or nothing)?")
        if not answer.isdecimal() or not 1 <= int(answer) <= len(error.candidates):
            raise error
        return error.candidates[int(answer) - 1]

    def new_run(self) -> Any:
        """Who runs the command, now."""
        from ticketops.engine.transaction import run_of

        return run_of(self.settings)

    def finish(
        self,
        result: Any,
        findings: Sequence[Finding],
        *,
        run_id: str | None = None,
        counts: dict[str, dict[str, int]] | None = None,
        cells: tuple[Any, Any] | None = None,
    ) -> int:
        """Print the JSON object, if asked for; the exit code: 1 where findings matter, else 0.

        result: a dataclass of this command (cli/schemas.py). cells: a ChangeSet and its tables,
        listed cell by cell in a dry run.
        """
        code = 1 if matter(list(findings)) else 0
        if not self.out.as_json:
            return code
        content: dict[str, Any] = {
            "command": self.command,
            "run_id": run_id,
            "dry_run": self.dry_run,
            "result": plain(result),
            "changes": counts or {},
            "findings": [finding.as_dict() for finding in findings],
        }
        if self.dry_run and cells:
            from ticketops.engine.describe import cells_of

            content["cells"] = list(cells_of(*cells))
        self.out.object(content)
        return code

    def removes(self, confirm: str | None) -> bool:
        """Whether much may be taken away (D17): it was confirmed, or is only shown. Raises
        UsageError for another word."""
        if confirm not in (None, "REMOVE"):
            raise UsageError(f"to confirm, give --confirm REMOVE, not {confirm!r}")
        return self.dry_run or confirm is not None

    def reasoned(self, confirm: str | None, reason: str | None) -> str:
        """The reason of a destructive act (§6). Raises UsageError without --confirm UNDO and
        --reason; a dry run needs neither. A person at a terminal is asked for the reason, and for
        the word once they have seen what will be recorded."""
        from ticketops.services.intake import option_text

        if self.dry_run:
            return option_text("dry run" if reason is None else reason, "reason", required=True)
        if self.interactive and reason is None:
            reason = self.out.answer("Why?")
        if self.interactive and confirm is None:
            confirm = self.word = "UNDO"
        else:
            self.confirmed = confirm == "UNDO"
        if confirm != "UNDO":
            raise UsageError(
                "to confirm, give --confirm UNDO" + (f", not {confirm!r}" if confirm else ""),
                "also give --reason TEXT",
            )
        if reason is None:
            raise UsageError("--reason TEXT is missing", "the reason is logged in _ALLOC_LOG")
        return option_text(reason, "reason", required=True)

    def say_dry(self) -> None:
        """Say that nothing was written, where that is a dry run."""
        if self.dry_run:
            self.out.notice("dry run: nothing was written")

    def say_written(self, run_id: str, summary: str) -> None:
        """Say what was written, and under which RunID."""
        self.out.notice(f"{run_id}: {summary}")

    def _say(self, done: Any) -> None:
        self.say_dry()
        if self.dry_run:
            return
        if done.written:
            self.say_written(done.run.run_id, _summary(done.plan.changes.counts()))
        elif done.plan.changes:
            self.out.notice("nothing was written")
        else:
            self.out.notice(
                "nothing to write"
                if done.plan.findings
                else "nothing to do: the workbook is up to date"
            )

    def show_cells(self, changes: Any, tables: Any) -> None:
        """Every cell that would change; on a terminal the first two hundred."""
        if self.out.as_json:
            return
        from ticketops.engine.describe import cells_of, shown

        rows = []
        total = 0
        for cell in cells_of(changes, tables):
            total += 1
            if not self.out.terminal or total <= _MOST_CELLS:
                change = (
                    counted(cell["rows"], "row")
                    if "rows" in cell
                    else f"{shown(cell['before'])} → {shown(cell['after'])}"
                )
                rows.append(
                    (f"{cell['sheet']}!{cell['cell']}", cell["key"], cell["header"], change)
                )
        if rows:
            self.out.table(("Cell", "Row", "Column", "Change"), rows, first=("Change", "Column"))
        if total > len(rows):
            self.out.line(
                f"… and {total - len(rows):,} cells more (a pipe or --json shows them all)"
            )


def _summary(counts: dict[str, dict[str, int]]) -> str:
    """`Distribution: 12 cells; _ALLOC_LOG: 1 row` of what a ChangeSet does."""
    parts = []
    for sheet, count in counts.items():
        words = []
        for name, singular in (
            ("set", "cell"),
            ("appended", "new row"),
            ("deleted", "row deleted"),
            ("replaced", "row rewritten"),
        ):
            number = count[name]
            if number:
                first, _, rest = singular.rpartition("row") if "row" in singular else ("", "", "")
                plural = f"{first}rows{rest}" if "row" in singular else f"{singular}s"
                words.append(f"{number:,} {singular if number == 1 else plural}")
        parts.append(f"{sheet}: {', '.join(words) or 'created'}")
    return "; ".join(parts)


def _offer_names(name: str, hint: Any) -> None:
    """Let shells complete a parameter that takes names of the workbook."""
    for described in getattr(hint, "__metadata__", ()):
        if described.autocompletion is None:
            described.autocompletion = completion.offered(name, described.metavar)


class _Group(TyperGroup):
    """A group whose help says the whole first sentence of each command."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [
            (name, _first_sentence(one.help or ""))
            for name in self.list_commands(ctx)
            if (one := self.get_command(ctx, name)) is not None and not one.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    sentence, stop, _rest = paragraph.partition(". ")
    return f"{sentence}." if stop else paragraph


def _from_words(command: str, given: Mapping[str, Any]) -> Session:
    """The session of a command line. given: what was said for the shared options."""
    settings = config.load({"workbook": given["workbook"], "user": given["as_user"]})
    out = Output(as_json=given["json"], quiet=given["quiet"], wide=given["wide"])
    if settings.ignored:
        out.notice(settings.ignored)
    return Session(
        command,
        settings,
        out,
        given.get("dry_run", False),
        given.get("yes", False),
        named=(given["workbook"], given["as_user"]),
    )


SESSION: ContextVar[Callable[[str, Mapping[str, Any]], Session]] = ContextVar(
    "SESSION", default=_from_words
)
"""How a command gets its session: from its words, or from the program that plans it."""


def command_group(name: str) -> typer.Typer:
    """An empty group of commands: one of GROUPS."""
    app = typer.Typer(
        name=name,
        cls=_Group,
        help=COMMANDS[name],
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=False,
    )
    app.callback()(lambda: None)  # a group also while it has a single command
    return app


def command(
    app: typer.Typer, name: str, *, writes: bool = False
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Register a function as a command with the shared options. Its first parameter is the Session;
    it returns the exit code."""

    def register(function: Callable[..., int]) -> Callable[..., int]:
        hints = get_type_hints(function, include_extras=True)
        for p in list(inspect.signature(function).parameters.values())[1:]:
            _offer_names(p.name, hints[p.name])
        own = [
            p.replace(annotation=hints[p.name])
            for p in list(inspect.signature(function).parameters.values())[1:]
        ]
        shared = SHARED | (WRITING if writes else {})
        extra = [
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                default=None if key in ("workbook", "as_user") else False,
                annotation=kind,
            )
            for key, kind in shared.items()
        ]

        def call(**values: Any) -> int:
            given = {key: values.pop(key) for key in shared}
            words = f"{app.info.name} {name}" if app.info.name in GROUPS else name
            session = SESSION.get()(words, given)
            code = function(session, **values)
            if app.info.name not in ("run", "cron"):  # which say it themselves
                session.mind_clock()
            session.mind_withheld()
            if app.info.name != "job":  # which says it itself
                session.mind_jobs()
            return code

        signature = inspect.Signature(
            [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + extra
        )
        vars(call)["__signature__"] = signature  # typer reads the options from it
        call.__annotations__ = {p.name: p.annotation for p in (*own, *extra)}
        call.__doc__ = function.__doc__
        call.__name__ = function.__name__
        app.command(name)(call)
        return function

    return register

"""`google probe`: what the real service answers where no document settles it, told, written to a
file without names, and remembered, so that writes which rest on a wrong assumption are refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ticketops import __version__
from ticketops.config import Settings
from ticketops.engine.opening import account_memory, connect
from ticketops.errors import RuleError, UnusableError, UsageError
from ticketops.files import read_regular, replace_file
from ticketops.model.findings import Finding, Severity
from ticketops.stores.gsheets.account_memory import recall, remember
from ticketops.stores.gsheets.address import PREFIX, is_online
from ticketops.stores.gsheets.assumptions import ASSUMPTIONS, Answer, Failed, Verdict, verdict
from ticketops.stores.gsheets.bench import probed
from ticketops.stores.gsheets.probe import measure

FORMAT = "ticketops google answers 1"
_MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Experiment:
    """One assumption and what was seen. refused: the writes that rest on it, where it fails; note:
    the refusal's words, or why it was not measured."""

    name: str
    assumed: str
    answer: str
    verdict: str
    refused: str
    note: str


@dataclass(frozen=True, slots=True)
class Probed:
    """`google probe`. file: where the answers are; refused: the kinds of writes that are refused
    with this account from now on; allowed: those that were and are no more."""

    experiments: tuple[Experiment, ...] = ()
    file: str = ""
    refused: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """One for each assumption that fails."""
        return [
            Finding(
                "ASSUMPTION_FAILS",
                Severity.HIGH,
                f"{one.name}: {one.answer}; {one.refused} are refused with this account",
            )
            for one in self.experiments
            if one.verdict == Verdict.FAILS
        ]


def planned() -> Probed:
    """What a probe asks, without asking it."""
    return Probed(tuple(_experiment(name, Answer()) for name in ASSUMPTIONS))


def probe(
    settings: Settings,
    file: Path,
    *,
    share_with: str = "",
    confirm: Callable[[str], bool],
    told: Callable[[str], None],
    notice: Callable[[str], None],
) -> Probed:
    """Ask Google, in an empty spreadsheet; keep what fails for this account, and write the answers
    to a file. confirm: asked once whether the spreadsheet of that title may be written into, which
    was seen to be empty; told: learns what is being asked; notice: what stays behind.

    Raises UsageError where the workbook is no Google Sheet, RuleError where it holds something,
    nobody confirms it or the file is another one, NotPermittedError, UnusableError, BusyError.
    """
    if not is_online(settings.workbook):
        raise UsageError(
            "a probe takes an empty Google Sheet that nobody needs", "name it with -w gsheet:ID"
        )
    _refuse_other_file(file)
    memory = account_memory(settings)
    connection = connect(str(settings.workbook).removeprefix(PREFIX), settings, notice=notice)
    try:
        with probed(connection, share_with, confirm, notice) as bench:
            answers = measure(bench, told)
    finally:
        told("")
    try:
        before = recall(memory)
    except UnusableError:
        if not all(one.answer for one in answers.values()):
            raise  # what was not measured may be what failed
        before = Failed()
    after = before.after(answers)
    remember(memory, after)
    _write(file, answers)
    return Probed(
        tuple(_experiment(name, one) for name, one in answers.items()),
        str(file),
        tuple(after.kinds()),
        tuple(kind for kind in before.kinds() if not after.of(kind)),
    )


def forget(settings: Settings, *, dry_run: bool = False) -> Probed:
    """Take all as assumed again. Raises UsageError where there is no key."""
    memory = account_memory(settings)
    try:
        before = recall(memory)
    except UnusableError:
        before = Failed()
    if not dry_run:
        remember(memory, Failed())
    return Probed(allowed=tuple(before.kinds()))


def _experiment(name: str, answer: Answer) -> Experiment:
    one, said = ASSUMPTIONS[name], verdict(name, answer)
    return Experiment(
        name,
        one.says,
        answer.answer,
        said,
        one.kind if said is Verdict.FAILS else "",
        answer.why or (f"{answer.code}: {answer.words}" if answer.code else answer.words),
    )


def _refuse_other_file(file: Path) -> None:
    """Raises RuleError where something stands there that is not what an earlier probe wrote."""
    try:
        content = json.loads(read_regular(file, _MOST_BYTES))
        if content["format"] == FORMAT:
            return
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    raise RuleError(f"{file} already exists and holds something else", "name another file: --out")


def _write(file: Path, answers: Mapping[str, Answer]) -> None:
    content = {
        "format": FORMAT,
        "ticketops": __version__,
        "answers": {
            name: {"answer": one.answer, "code": one.code, "words": one.words}
            for name, one in answers.items()
            if one.answer
        },
    }
    try:
        replace_file(file, (json.dumps(content, indent=1) + "\n").encode())
    except OSError as error:
        raise UnusableError(
            f"{file} can't be written: {error.strerror or error}",
            "what fails is remembered on this machine anyway",
        ) from None

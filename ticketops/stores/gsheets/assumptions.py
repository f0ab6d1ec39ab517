"""What this version takes for granted of Google where no document settles it, which writes rest on
each of these, and what follows from what the service really answers (`probe`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ticketops.errors import RuleError

ALLOWED_BY = "ticketops google probe --forget"
"""The command that lets everything be written again."""


class Kind(StrEnum):
    """Kinds of writes, in the words that people read."""

    ANY = "changes"
    NEW_SHEETS = "changes that make a sheet"
    COPIED = "changes too large for one request"
    FILTERED = "changes of a sheet whose filter or slicer may hide rows"
    MERGED = "changes of a sheet with merged cells"
    PLAIN_TEXT = "numbers and dates in cells that are formatted as plain text"
    VALIDATED = "changes of cells that take certain values only"
    RETURNS = "texts with carriage returns"
    CONTROLS = "texts with control characters"
    FORMULAS = "changes that write formulas, and books as Google Sheets"
    SCATTERED = "changes of many cells that lie apart"
    PROTECTED = "changes of a sheet with cells that are protected against us"
    SHARED = "sharing of books"


@dataclass(frozen=True, slots=True)
class Assumption:
    """One of them. says: what is taken for granted; holds: the answers under which writes are
    right, that of the local server of the tests first; kind: what rests on it."""

    name: str
    says: str
    holds: tuple[str, ...]
    kind: Kind


ASSUMPTIONS = {
    one.name: one
    for one in (
        Assumption(
            "new-sheet-in-answer",
            "a batch that is refused since its answer can't show a sheet that it makes leaves nothing behind",
            ("refused", "shown"),
            Kind.NEW_SHEETS,
        ),
        Assumption(
            "copy-under-filter",
            "copying into filtered rows fills them in place, or leaves hidden ones as they were",
            ("skipped", "written"),
            Kind.COPIED,
        ),
        Assumption(
            "write-under-filter",
            "cells are written in rows that a filter hides, too",
            ("written",),
            Kind.FILTERED,
        ),
        Assumption(
            "write-into-merge",
            "a cell that a merge covers keeps nothing, and the merge's value stays",
            ("dropped", "refused"),
            Kind.MERGED,
        ),
        Assumption(
            "paste-text",
            "the texts =1+1 and 0012 stay texts when their values are pasted",
            ("kept",),
            Kind.COPIED,
        ),
        Assumption(
            "number-in-plain-text",
            "a number stays a number in a cell that is formatted as plain text",
            ("number",),
            Kind.PLAIN_TEXT,
        ),
        Assumption(
            "carriage-returns",
            "carriage returns in a text are read back as they were written",
            ("kept",),
            Kind.RETURNS,
        ),
        Assumption(
            "control-characters",
            "control characters in a text are read back as they were written",
            ("kept",),
            Kind.CONTROLS,
        ),
        Assumption(
            "strict-validation",
            "a value that a cell's rule does not allow is written, or the batch is refused",
            ("written", "refused"),
            Kind.VALIDATED,
        ),
        Assumption(
            "same-sheet-id",
            "a second sheet with the same id is refused as one that already exists",
            ("already exists",),
            Kind.NEW_SHEETS,
        ),
        Assumption(
            "same-title",
            "a second sheet with the same title is refused: that is the lock",
            ("refused",),
            Kind.ANY,
        ),
        Assumption(
            "formula-in-another-locale",
            "a formula with semicolons is understood in any locale, and again as it is read back",
            ("understood",),
            Kind.FORMULAS,
        ),
        Assumption(
            "many-ranges", "300 ranges can be asked for at once", ("answered",), Kind.SCATTERED
        ),
        Assumption(
            "protected-cell",
            "a protected cell is refused with 400 or 403, in words that name it so",
            ("protected",),
            Kind.PROTECTED,
        ),
        Assumption(
            "sharing-refused",
            "an address without a Google account is refused in words that say so",
            ("no account",),
            Kind.SHARED,
        ),
    )
}
"""{name: assumption}, in the order in which they are measured."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Google answered. answer: in one or two words, "" where it was not measured; code, words:
    of a refusal, or the text that came back, without names; why: why it was not measured."""

    answer: str = ""
    code: int = 0
    words: str = ""
    why: str = ""


class Verdict(StrEnum):
    """What an answer says of an assumption."""

    HOLDS = "holds"
    FAILS = "FAILS"
    UNKNOWN = "not measured"


def verdict(name: str, answer: Answer) -> Verdict:
    """Whether an assumption holds."""
    if not answer.answer:
        return Verdict.UNKNOWN
    return Verdict.HOLDS if answer.answer in ASSUMPTIONS[name].holds else Verdict.FAILS


@dataclass(frozen=True, slots=True)
class Failed:
    """The assumptions that failed on an account: {name: what Google answered}. Writes that rest on
    them are refused."""

    answers: Mapping[str, str] = field(default_factory=dict)

    def after(self, measured: Mapping[str, Answer]) -> Failed:
        """What is known after a probe: its word counts for what it measured; the rest stays."""
        kept = {n: said for n, said in self.answers.items() if not measured[n].answer}
        new = {
            name: one.answer
            for name, one in measured.items()
            if verdict(name, one) is Verdict.FAILS
        }
        return Failed({name: (kept | new)[name] for name in ASSUMPTIONS if name in kept | new})

    def of(self, kind: Kind) -> str:
        """`write-under-filter: skipped`, of the assumptions that these writes rest on and that
        failed; "" where all hold."""
        return ", ".join(
            f"{name}: {said}"
            for name, said in self.answers.items()
            if ASSUMPTIONS[name].kind is kind
        )

    def refuse(self, kind: Kind, where: str) -> None:
        """Raises RuleError for a write of a kind that rests on what failed. where: what would be
        written, for people."""
        if said := self.of(kind):
            raise RuleError(
                f"{where}: {kind} are refused with this Google account, where Google does not answer as this version assumes ({said}); `{ALLOWED_BY}` allows them",
                "nothing was written",
            )

    def kinds(self) -> Iterator[Kind]:
        """What is refused."""
        yield from dict.fromkeys(ASSUMPTIONS[name].kind for name in self.answers)

"""A file that came back, before anything of it is taken: which book it is, whose, and what a text in
it is as the workbook holds it (§7 step 8, §9d, §8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ticketops.domain.masterdata import users
from ticketops.model import book_kinds, spelling, states
from ticketops.model.dates import parse_moment
from ticketops.model.findings import Finding, Severity
from ticketops.model.mail import bare_address
from ticketops.schema.book_layouts import LONGEST, LONGEST_TEXT, Returned
from ticketops.schema.layouts.event import BOOKS
from ticketops.schema.tables import Snapshot

_NAMES = ("first_name", "last_name")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters; line ends and tabs stay."""
_MOST_TOLD = 100
"""Findings of one kind that a file gets one by one."""
MOST_LINES = 500
"""Lines below the tickets of one book that are recorded."""
_ONE_LINE = ("first_name", "last_name", "client_email", "proof_url", "delivery")
_HARMLESS = ("SHEET_RENAMED",)


class KnownBook(NamedTuple):
    """A row of `_BOOKS`. base: the hash of what its input cells held; ended: whether the event was
    archived since (§13)."""

    kind: str
    party: str
    base: str
    ended: bool = False


NO_BOOK = KnownBook("", "", "")


def known_books(snapshot: Snapshot) -> dict[str, KnownBook]:
    """{BookID: book}."""
    frame = snapshot[BOOKS].frame.select("book_id", "kind", "party", "base", "ended_at")
    return {
        book_id: KnownBook(kind or "", party or "", base or "", ended is not None)
        for book_id, kind, party, base, ended in frame.iter_rows()
        if book_id
    }


def whose_file(
    file: Returned, known: Mapping[str, KnownBook], kind: str, party: str, findings: list[Finding]
) -> str | None:
    """The party whose file it is; None, with a finding, where that is not known or nothing of the
    file can be used."""

    def refuse(code: str, message: str) -> None:
        findings.append(
            Finding(
                code,
                Severity.HIGH,
                f"{file.file}: {message}" if file.file not in message else message,
            )
        )

    for code, row, message in file.problems:
        if file.unusable:
            refuse(code, message)
            continue
        severity = Severity.INFO if code in _HARMLESS else Severity.MEDIUM
        findings.append(
            Finding(code, severity, f"{file.file}{f' row {row}' if row else ''}: {message}")
        )
    if file.unusable:
        return None
    if kind and file.kind != kind:
        refuse(
            "WRONG_KIND",
            f"it is a {file.kind} book; ticketops {book_kinds.COMMAND[file.kind]} pull reads it",
        )
        return None
    if file.book_id in known:
        made, whose, _base, ended = known[file.book_id]
        if ended:
            refuse("BOOK_ENDED", "its book was ended when the event was archived")
            return None
        if made and made != file.kind:
            refuse(
                "WRONG_KIND",
                f"it was built as a {made} book but says that it is a {file.kind} book",
            )
            return None
        if party and party != whose:
            refuse("WRONG_PARTY", f"it was built for {whose}, not for {party}")
            return None
        return whose
    if party:
        return party
    refuse("UNKNOWN_BOOK", "this workbook did not build it, or the build was undone")
    return None


def welcome(
    snapshot: Snapshot, file: Returned, party: str | None, findings: list[Finding]
) -> str | None:
    """The party, unless it is a member of staff who may do nothing: nothing is taken from them, and
    a finding says so."""
    if party is None or file.kind != book_kinds.STAFF_BOOK:
        return party
    for person, why in users.barred_people(snapshot, [party]).items():
        findings.append(
            Finding(
                "NOT_TAKEN", Severity.HIGH, f"{file.file}: nothing is read from {person}, who {why}"
            )
        )
        return None
    return party


def summed_up(findings: list[Finding], start: int, file: str) -> None:
    """Of what was found in one file, from `start` on, the first of each kind are told one by one,
    the rest of them by a finding that counts them."""
    told: dict[str, list[Finding]] = {}
    for finding in findings[start:]:
        told.setdefault(finding.code, []).append(finding)
    kept: list[Finding] = []
    for code, found in told.items():
        kept += found[:_MOST_TOLD]
        if rest := found[_MOST_TOLD:]:
            rows = [finding.row for finding in rest if finding.row]
            where = f", rows {min(rows)}–{max(rows)}" if rows else ""
            kept.append(
                Finding(
                    code,
                    max(finding.severity for finding in rest),
                    f"{file}: {len(rest):,} more of the same{where}",
                )
            )
    findings[start:] = kept


def checked_text(
    name: str, text: str, check_email: Callable[[str], str], dates: str = ""
) -> tuple[str, tuple[str, str] | None]:
    """(the text of a cell as it is taken over, (code, what is wrong with it) or None). check_email:
    what is wrong with an address, "" for nothing. dates: dmy or mdy, for those that can be read two
    ways."""
    if name in _ONE_LINE:
        text = " ".join(text.split())
    if name == "delivery":
        text = spelling.choice(text, states.DELIVERY) or text.upper().replace(" ", "_")
    longest = LONGEST.get(name, LONGEST_TEXT)
    if len(text) > longest:
        return text, (
            "TOO_LONG",
            f"{len(text):,} characters are too many; at most {longest:,} fit, so it is not taken",
        )
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return text, (
            "BAD_TEXT",
            "it holds half a character (a lone surrogate), so it is not taken",
        )
    if name in _NAMES:
        text = spelling.tidy(text)
    elif not text.isprintable():
        text = (_CONTROL if name == "client_email" else _OBEYED).sub("", text)
    if name == "client_email":
        text = bare_address(text)
    if name == "client_email" and text and (wrong := check_email(text)):
        return text, ("BAD_EMAIL", f"{text[:80]!r} is not an e-mail address: {wrong}")
    if name == "dispatched_at" and text:
        try:
            moment = parse_moment(text, dates)
        except ValueError as error:
            return text, ("BAD_DATE", f"{error}; write it as 2026-06-11 14:30")
        if moment is None:
            return text, ("BAD_DATE", f"{text[:40]!r} is not a date and time (2026-06-11 14:30)")
    return text, None

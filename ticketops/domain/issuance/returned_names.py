"""A list of passengers that came back (document 001): which of its cells say something new, and what becomes
of that. After a ticket is issued its name is frozen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketops.domain.dispatch.book_reader import Bases, BookReader
from ticketops.domain.dispatch.field_edits import FieldEdit
from ticketops.domain.issuance import names
from ticketops.domain.issuance.name_lists import NAMES, open_cells, parties_of, value_of
from ticketops.domain.issuance.naming import longest
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.model import ids, issuance, spelling
from ticketops.model.dates import parse_moment
from ticketops.model.findings import Severity
from ticketops.model.states import VOID
from ticketops.schema.book_layouts import LONGEST, ReturnedRow, shown

_MOST = {"name": LONGEST["name"], "nationality": 60, "passport": 20}
_PASSPORT = re.compile(r"[A-Z0-9]{3,20}", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2}", re.ASCII)
_DATES = ("born_on", "passport_expiry")
_JOINS = frozenset(
    ".,'/()-\u2019\u02bc`\u00b4\u2018\u00b7\u2010\u2011\u2012\u2013\u2014\u2015\u200c\u200d"
)
"""What stands between the letters of names."""
_OLDEST = 130
"""Years that nobody is older than."""


def _not_of_names(text: str) -> str:
    """What in a text no name has, for people; "" where nothing is odd: letters of any script, accents
    and what joins them."""
    if not any(c.isalpha() for c in text):
        return "it has no letters"
    odd = sorted({c for c in text if unicodedata.category(c)[0] not in "LMZ" and c not in _JOINS})
    return f"it has {' '.join(map(repr, odd[:5]))}" if odd else ""


@dataclass(kw_only=True)
class NamesReader(BookReader[Standing]):
    """Reads one list. dates: dmy or mdy, for dates that can be read two ways."""

    tracker: Tracker
    dates: str = ""
    pull: str = "issuance names pull"
    of_sales: bool = False

    def resolve(self, row: ReturnedRow, base: Bases | None) -> Standing | None:
        key = ids.read_numbered(ids.TICKET_ID, row.key or row.spare)
        says = {name: text for name, text in self.texts(row).items() if text}
        if not key:
            if says or row.formulas:
                who = f" ({says['name'][:60]})" if "name" in says else ""
                self._not_read(
                    "NO_KEY",
                    f"row {row.row}{who} has no TicketID: a new passenger is typed into "
                    "BookingPassengers, and `issuance refresh` makes the ticket",
                    row,
                )
            return None
        ticket = self.tracker.tickets.get(key)
        if ticket is None:
            if says:
                message = f"row {row.row}: {key[:60]!r} is not a ticket of the workbook"
                self._not_read("UNKNOWN_ROW", message, row)
            return None
        if row.spare and ids.read_numbered(ids.TICKET_ID, row.spare) != key:
            message = (
                f"row {row.row} has the hidden key {key} and the visible key {row.spare[:40]!r}"
            )
            self._not_read("KEY_CHANGED", message, row)
            return None
        one = self.tracker.standing(ticket)
        if self.party not in parties_of(one):
            message = f"row {row.row}: {key} is not in the list of {self.party}; the row is refused"
            self._not_read("FOREIGN_ROW", message, row, Severity.HIGH)
            return None
        if why := self._ended(one):
            if self.says_anything_new(row, one, base):
                message = f"row {row.row}: {key} {why}; the row is not read"
                self._not_read("ENDED_ROW", message, row, Severity.LOW)
            return None
        return one

    def _ended(self, one: Standing) -> str:
        if one.state == VOID:
            return "is VOID"
        if not one.state:
            return "has a Status that is not understood"
        return "" if one.passenger else "no longer has a passenger"

    def _not_read(
        self, code: str, message: str, row: ReturnedRow, severity: Severity = Severity.MEDIUM
    ) -> None:
        self.tell(code, severity, message, row.row, refused=True)

    def name_of(self, about: Standing) -> str:
        return about.ticket_id

    def key_of(self, row: ReturnedRow, about: Standing) -> str:
        return about.ticket_id or row.key

    def after_all(
        self, base: Bases | None, rows: Mapping[str, Sequence[tuple[ReturnedRow, Standing]]]
    ) -> None:
        """Passports that several passengers have, where the list brought that."""
        of: dict[str, list[tuple[str, bool]]] = {}
        for ticket_id, same in rows.items():
            row, one = same[0]
            if passport := self.texts(row).get("passport", ""):
                known = base.get(ticket_id) if base else None
                is_new = known is None or known.texts.get("passport", "") != passport
                key = re.sub(r"[ -]", "", passport).upper()
                of.setdefault(key, []).append((one.ticket_id, is_new))
        for passport, held in of.items():
            if len(held) > 1 and any(is_new for _ticket, is_new in held):
                listed = " and ".join(ticket for ticket, _is_new in held[:12])
                message = (
                    f"{listed} have the same passport {passport}: was one row copied over others?"
                )
                self.tell("SAME_PASSPORT", Severity.MEDIUM, message)

    def still_theirs(self, key: str) -> str:
        ticket = self.tracker.tickets.get(key)
        if ticket is None:
            return ""
        one = self.tracker.standing(ticket)
        return "" if self._ended(one) or self.party not in parties_of(one) else key

    def stands(self, about: Standing, name: str) -> str:
        return shown(value_of(self.tracker, about, name))

    def open_now(self, about: Standing) -> Collection[str]:
        return open_cells(about)

    def why_closed(self, about: Standing, name: str) -> str:
        issued = about.state == issuance.ISSUED and name in NAMES
        return "is locked, since the ticket is issued" if issued else "was locked"

    def is_kept(self, about: Standing, name: str) -> bool:
        if about.state == issuance.ISSUED and name in NAMES:
            return False  # what becomes of that `name_edits` says
        return not self.accept_erased

    def value(self, name: str, text: str) -> Any:
        return datetime.fromisoformat(text) if text and name in _DATES else text or None

    def checked(self, name: str, text: str) -> tuple[str, tuple[str, str] | None]:
        tidied = " ".join(spelling.tidy(text).split())
        if not tidied:
            return "", None
        if name in _DATES:
            return self._day(name, tidied)
        if name == "title":
            known = spelling.choice(tidied.rstrip("."), issuance.TITLE)
            wrong = f"{tidied[:40]!r} is not a title; it must be one of {', '.join(issuance.TITLE)}"
            return (known, None) if known else (tidied, ("BAD_TITLE", wrong))
        if name == "passport":
            tidied = tidied.upper()
            if not _PASSPORT.fullmatch(re.sub(r"[ -]", "", tidied)):
                wrong = f"{tidied[:40]!r} is not a passport number: 3 to 20 letters and digits"
                return tidied, ("BAD_PASSPORT", wrong)
        if len(tidied) > (most := _MOST[name]):
            wrong = (
                f"{len(tidied):,} characters are too many; at most {most} fit, so it is not taken"
            )
            return tidied, ("TOO_LONG", wrong)
        if name == "name" and (odd := _not_of_names(tidied)):
            return tidied, ("BAD_NAME", f"{tidied[:60]!r} is not a name: {odd}")
        return tidied, None

    def _day(self, name: str, text: str) -> tuple[str, tuple[str, str] | None]:
        now = self.tracker.run.now
        write = "write it as 1985-03-12"
        if _SHORT_YEAR.fullmatch(text):
            return text, ("BAD_DATE", f"{text!r} does not say the century; {write}")
        try:
            moment = parse_moment(text, self.dates)
        except ValueError as error:
            return text, ("BAD_DATE", f"{error}; {write}")
        if moment is None:
            return text, ("BAD_DATE", f"{text[:40]!r} is not a date; {write}")
        day = datetime(moment.year, moment.month, moment.day)
        if name == "born_on" and day.year < now.year - _OLDEST:
            return text, ("BAD_DATE", f"nobody who travels was born on {day:%Y-%m-%d}; {write}")
        if name == "born_on" and day > now:
            return text, ("BAD_DATE", f"{day:%Y-%m-%d} is in the future; {write}")
        return shown(day), None

    def edits_of(
        self,
        row: ReturnedRow,
        about: Standing,
        texts: Mapping[str, str],
        said: Mapping[str, FieldEdit],
    ) -> list[FieldEdit]:
        at = (row.row, about.ticket_id)
        if (edit := said.get("name")) and edit.value:
            form = names.form(str(edit.value), longest(self.tracker, about))
            if not form.exact:
                proposed = f"; proposed: {form.text}" if form.text else ""
                message = f"{edit.where} ({about.ticket_id}): {form.why}{proposed}"
                self.tell("NAME_TO_SPELL", Severity.LOW, message, *at)
        expiry = said["passport_expiry"].value if "passport_expiry" in said else None
        departs = [leg["departs"] for leg in about.links.legs if leg["departs"]]
        if expiry and departs and expiry < max(departs):
            message = f"row {row.row} ({about.ticket_id}): the passport expires on {expiry:%Y-%m-%d}, before the last flight"
            self.tell("PASSPORT_EXPIRES", Severity.MEDIUM, message, *at)
        if (
            "name" in texts
            and not texts["name"]
            and any(texts.values())
            and not about.ticket["name"]
        ):
            message = f"row {row.row} ({about.ticket_id}): the name is missing"
            self.tell("INCOMPLETE", Severity.LOW, message, *at)
        return list(said.values())

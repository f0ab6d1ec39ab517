"""What a cell must hold after a word, and what must be reported, worked out from Delivery's moves (D7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NEEDED = ("first_name", "last_name", "client_email")
"""What makes a guest."""
GONE = frozenset({"SENT", "UPLOADED", "ACCEPTED"})
"""Deliveries of a ticket that has left the house."""
D7 = {
    "NOT_SENT": ("PENDING", "SENT", "UPLOADED", "ISSUE"),
    "PENDING": ("NOT_SENT", "SENT", "UPLOADED", "ISSUE"),
    "UPLOADED": ("SENT", "ACCEPTED", "ISSUE"),
    "SENT": ("ACCEPTED", "ISSUE"),
    "ISSUE": ("NOT_SENT", "PENDING", "SENT", "UPLOADED"),
    "ACCEPTED": ("ISSUE",),
}


def may(source: str, ours: str, theirs: str, *, manager: bool = False) -> bool:
    """Whether a party may move Delivery so (D7)."""
    if theirs == "UPLOADED" and source != "supplier":
        return False
    if source == "client":  # always an issue (D26)
        return (theirs == "ISSUE" != ours) or (
            theirs == "ACCEPTED" and ours in ("SENT", "UPLOADED")
        )
    if ours == "ACCEPTED":
        return source == "office" and manager and theirs == "ISSUE"
    return theirs in D7[ours]


def seen(source: str, delivery: str | None) -> str:
    """Staff know no UPLOADED (§17)."""
    return "SENT" if source == "staff" and delivery == "UPLOADED" else delivery or "NOT_SENT"


REPORTS = (
    "CONFLICT",
    "REFUSED",
    "BEHIND",
    "OVERTAKEN",
    "JOINED",
    "CLOSED_CELL",
    "OTHER_UNIT",
    "FOREIGN_ROW",
    "UNKNOWN_ROW",
    "CANCELLED_ROW",
    "BAD_EMAIL",
    "STALE_TASK",
    "RESTORED",
    "ERASED",
    "CHANGED_AFTER_SENT",
    "CLAIMED",
    "SAID_BEFORE",
)


@dataclass(frozen=True)
class May:
    """What a cell may hold after a word, and whether a report is due."""

    value: str | None
    reported: bool = False


def heard_text(now: str | None, knew: str, said: str) -> list[May]:
    if said == (now or ""):
        return [May(now)]
    return [May(said or None)] if knew == (now or "") else [May(now, True)]


def heard_delivery(
    source: str, now: str, knew: str, said: str, *, complained: bool = False
) -> list[May]:
    """Who did not know of an ISSUE does not take it away; else the later word counts, and is
    reported. What suppliers and staff call ACCEPTED was sent; only sending again ends an issue that
    its client raised (complained) (D26)."""
    if not said or said == seen(source, now):
        return [May(now)]
    if said == "ACCEPTED" and source in ("supplier", "staff"):
        return [May("ISSUE" if now == "ISSUE" else "SENT", True)]
    if complained and now == "ISSUE" and source != "client" and said in ("NOT_SENT", "PENDING"):
        return [May(now, True)]
    if not may(source, now, said):
        return [May(now, True)]
    if knew == seen(source, now):
        return [May(said)]
    return [May(now, True)] if now == "ISSUE" else [May(said, True)]


@dataclass
class Typed:
    """What the office typed into a row of a queue, until it is heard."""

    source: str
    sales_id: str
    unit: str
    knew: str
    said: str


class Expected:
    """What cells may hold after a run, worked out word by word from what they hold before it."""

    def __init__(self, tickets: dict[str, dict[str, Any]]) -> None:
        self.tickets = tickets
        self.cells: dict[tuple[str, str], set[May]] = {}
        self.rows: set[str] = set()
        """Tickets of which something is to be reported whatever happens."""
        self.spoken_of: set[str] = set()
        self.complaints: set[str] = set()
        """Tickets of which a client said ISSUE, or changed the guest after it was sent."""
        self.perhaps: set[str] = set()
        """Those of which it may have been so."""
        self.lost: list[tuple[str, str, str, str]] = []
        """(BookID, SalesID, field, text) of every word: it is in the master or in `_BOOK_EDITS`."""

    def deliveries(self, sales_id: str) -> set[str]:
        """What Delivery may be now."""
        first = {May(self.tickets[sales_id]["delivery"])}
        known = self.cells.get((sales_id, "delivery"), first)
        return {may_be.value or "NOT_SENT" for may_be in known}

    def delivery(self, source: str, sales_id: str, knew: str, said: str) -> None:
        """A word about Delivery."""
        sure, perhaps = sales_id in self.complaints, sales_id in self.perhaps

        def then(now: str | None) -> list[May]:
            after = heard_delivery(source, now or "NOT_SENT", knew, said, complained=sure)
            if perhaps and not sure:
                after += heard_delivery(source, now or "NOT_SENT", knew, said, complained=True)
            return after

        self.word(sales_id, "delivery", then, self.tickets[sales_id]["delivery"] or "NOT_SENT")
        if source == "client" and said == "ISSUE":
            self.complaints.add(sales_id)

    def guest(self, sales_id: str, name: str, knew: str, said: str) -> None:
        """A client's word about its guest: after SENT nothing changes but Delivery (D26)."""
        ticket = self.tickets[sales_id]
        known = {
            one: {may_be.value for may_be in self.cells.get((sales_id, one), {May(ticket[one])})}
            for one in NEEDED
        }
        somebody = any(ticket[one] for one in NEEDED)
        now = self.deliveries(sales_id)
        sent = bool(now & {"SENT", "UPLOADED", "ACCEPTED", "ISSUE"}) and somebody
        unsure = (sales_id, "delivery") in self.cells or ticket["delivery"] == "ISSUE"
        unsent = not sent or unsure or bool(now & {"NOT_SENT", "PENDING"})

        def then(text: str | None) -> list[May]:
            after = heard_text(text, knew, said) if unsent else []
            if sent:
                after.append(May(text, said != (text or "")))
            return after

        before = {value or "" for value in known[name]}
        self.word(sales_id, name, then, ticket[name])
        if not sent or before == {said}:
            return
        first = self.cells.get((sales_id, "delivery"), {May(ticket["delivery"] or "NOT_SENT")})
        kept = first if unsent or said in before else set()
        self.cells[sales_id, "delivery"] = {*kept, May("ISSUE", True)}
        (self.perhaps if kept else self.complaints).add(sales_id)

    def word(
        self, sales_id: str, name: str, then: Callable[[str | None], list[May]], first: str | None
    ) -> None:
        self.spoken_of.add(sales_id)
        before = self.cells.get((sales_id, name), {May(first)})
        self.cells[sales_id, name] = {
            May(after.value, after.reported or known.reported)
            for known in before
            for after in then(known.value)
        }

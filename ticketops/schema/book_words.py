"""Plain words beside the codes that a book holds, since its readers do not know §17."""

from __future__ import annotations

from ticketops.model import book_kinds, states

WAITS_FOR_US = "waits for our confirmation"
NO_TICKET = "no ticket yet"
NOT_SOLD = "not sold yet"
NO_ADDRESS = "no e-mail address yet"
STATUS = {
    book_kinds.CLIENT: "delivery",
    book_kinds.SUPPLIER: "delivery",
    book_kinds.STAFF_BOOK: "dispatch_status",
}
"""{kind of book: the column whose codes the words explain}."""
MEANINGS = {
    book_kinds.CLIENT: {
        states.NOT_SENT: "not sent yet",
        states.PENDING: "on its way",
        states.UPLOADED: "ready to be picked up",
        states.SENT: "sent: did it arrive?",
        states.ACCEPTED: "received, thank you",
        states.ISSUE: "something is wrong",
    },
    book_kinds.SUPPLIER: {
        states.NOT_SENT: "please send it",
        states.PENDING: "you are working on it",
        states.UPLOADED: "on your platform",
        states.SENT: "sent",
        states.ACCEPTED: "it arrived",
        states.ISSUE: "something is wrong",
    },
    book_kinds.STAFF_BOOK: {
        states.NOT_SENT: "to be sent",
        states.PENDING: "you are working on it",
        states.SENT: "sent",
        states.ACCEPTED: "it arrived",
        states.ISSUE: "something is wrong",
    },
}
"""{kind of book: {code: what it means to its readers}}."""


def in_words(kind: str, code: str | None) -> str:
    """What a status means; "" for one that nobody knows."""
    return MEANINGS[kind].get(code or states.NOT_SENT, "")


HOW_TO = {
    book_kinds.CLIENT: (
        "These are your tickets, one row a ticket.",
        "Fill in the yellow cells: who will use the ticket, and the e-mail address that it is sent to. First name, last name and e-mail are needed.",
        "Rows in grey have no ticket yet, or wait for our confirmation: the column In words says which. They open when a ticket is there.",
        "The same guest in several rows? Copy the yellow cells and paste them into the rows below (as values).",
        "Use the arrows in the header to show some of the rows only.",
        "When a ticket was sent to you, its Status is SENT. Did it arrive? Choose ACCEPTED. Is something wrong, at any time? Choose ISSUE and say what in Comments.",
        "An emptied cell or row changes nothing: to take a guest out or to change one whose ticket was sent, please tell us.",
    ),
    book_kinds.SUPPLIER: (
        "These are the tickets that we bought from you, one row a ticket.",
        "A row in grey is not sold yet: please check that category, block, row and seat are right.",
        "A row with yellow cells is to be sent to the guest whose name and e-mail address stand in it.",
        "Then set Delivery: SENT when the ticket was sent, UPLOADED when it is on your platform, PENDING while you work on it, "
        "ISSUE when it can't be done; say why in DispatchNotes.",
    ),
    book_kinds.STAFF_BOOK: (
        "These are your tasks, the most urgent first. One row is one ticket.",
        "Log in at the Vendor with VendorEmail, find the listing by INV_NO, and send the ticket to ClientEmail.",
        "The password: `ticketops staff reveal TASKID` shows it for a moment; each time is recorded.",
        "Then fill in the yellow cells: DispatchStatus (SENT, or PENDING, or ISSUE with the reason in StaffNotes), "
        "DispatchedAt if it was not now, and in ProofUrl a link to a screenshot or confirmation.",
        "A row in grey is not ready: no ticket or no e-mail address yet.",
    ),
}
"""{kind of book: what stands on its how-to sheet}."""

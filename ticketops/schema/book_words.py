"""Plain words beside the codes that a book holds, since its readers do not know §17."""

from __future__ import annotations

from ticketops.model import book_kinds, issuance, states

WAITS_FOR_US = "waiting for our confirmation"
NO_TICKET = "no ticket yet"
NOT_SOLD = "not sold yet"
NO_ADDRESS = "no e-mail address yet"
STATUS = {
    book_kinds.CLIENT: "delivery",
    book_kinds.SUPPLIER: "delivery",
    book_kinds.STAFF_BOOK: "dispatch_status",
    book_kinds.NAMES: "name_is",
}
"""{kind of book: the column whose codes the words explain}."""
MEANINGS = {
    book_kinds.CLIENT: {
        states.NOT_SENT: "not sent yet",
        states.PENDING: "on its way",
        states.UPLOADED: "ready for pick-up",
        states.SENT: "sent – did it arrive?",
        states.ACCEPTED: "received, thank you",
        states.ISSUE: "something is wrong",
    },
    book_kinds.SUPPLIER: {
        states.NOT_SENT: "please send it",
        states.PENDING: "you are working on it",
        states.UPLOADED: "on your platform",
        states.SENT: "sent",
        states.ACCEPTED: "received",
        states.ISSUE: "something is wrong",
    },
    book_kinds.STAFF_BOOK: {
        states.NOT_SENT: "please send it",
        states.PENDING: "you are working on it",
        states.SENT: "sent",
        states.ACCEPTED: "received",
        states.ISSUE: "something is wrong",
    },
    book_kinds.NAMES: {
        issuance.NAME_OPEN: "you can still change it",
        issuance.NAME_FINAL: "it is with the airline; if it is wrong, correct it and tell us at once",
        issuance.NAME_ISSUED: "the ticket is issued, and its name can't be changed here",
    },
}
"""{kind of book: {code: what it means to its readers}}."""


def in_words(kind: str, code: str | None) -> str:
    """What a status means; "" for one that nobody knows."""
    return MEANINGS[kind].get(code or states.NOT_SENT, "")


HOW_TO = {
    book_kinds.CLIENT: (
        "These are your tickets, one row per ticket.",
        "Fill in the yellow cells: who will use the ticket, and the e-mail address to send it to. "
        "First name, last name and e-mail are required.",
        "Grey rows have no ticket yet or are waiting for our confirmation: the column In words "
        "says which. They turn yellow once there is a ticket.",
        "If the same guest uses several tickets, copy the yellow cells and paste them into the "
        "rows below (as values).",
        "Use the arrows in the header to filter the rows.",
        "Once we have sent a ticket, its Status is SENT. If it arrived, choose ACCEPTED. If "
        "something is wrong, at any time, choose ISSUE and say what in Comments.",
        "Emptying a cell or a row changes nothing: to remove a guest, or to change one whose "
        "ticket is sent, please tell us.",
    ),
    book_kinds.SUPPLIER: (
        "These are the tickets we bought from you, one row per ticket.",
        "Grey rows are not sold yet: please check that category, block, row and seat are right.",
        "Rows with yellow cells are sold: please send each ticket to the guest named in its row, "
        "at the e-mail address there.",
        "Then set Delivery: SENT when the ticket is sent, UPLOADED when it is on your platform, "
        "PENDING while you work on it, ISSUE if you can't send it; say why in DispatchNotes.",
    ),
    book_kinds.STAFF_BOOK: (
        "These are your tasks, most urgent first, one row per ticket.",
        "Log in to the Vendor's site with VendorEmail, find the listing by INV_NO, and send the "
        "ticket to ClientEmail.",
        "`ticketops staff reveal TASKID` shows the password for a moment; each view is recorded.",
        "Then fill in the yellow cells: DispatchStatus (SENT, PENDING, or ISSUE with the reason "
        "in StaffNotes), DispatchedAt if you sent it earlier, and in ProofUrl a link to a "
        "screenshot or confirmation.",
        "Grey rows are not ready: they have no ticket or no e-mail address yet.",
    ),
    book_kinds.NAMES: (
        "These are the passengers that we have, one row per ticket.",
        "Please check the yellow cells and fill in what is missing: the name exactly as in the "
        "passport, LAST/FIRST, the title, the date of birth, the nationality, and number and expiry "
        "of the passport.",
        "Write dates as 1985-03-12, and names in the letters A to Z, as the last lines of the passport "
        "spell them.",
        "Names must be final by the day in Final by. Once a ticket is issued, its name and title are "
        "locked.",
        "Emptying a cell or a row changes nothing. If a passenger does not travel, or one is missing, "
        "please tell us.",
    ),
}
"""{kind of book: what stands on its how-to sheet}."""

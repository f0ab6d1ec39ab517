"""What the office sees of dispatch: the results of `office`, `tasks`, `mapping` and `views` (§7, §8,
§9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ClientFigures:
    """How far a client is, in tickets still owed. missing_…: with a unit but without an e-mail
    address or a full name; sent: SENT or UPLOADED."""

    tickets: int
    allocated: int
    missing_email: int
    missing_name: int
    sent: int
    accepted: int
    issues: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientGroup(ClientFigures):
    """A client, the spellings of its name that share one book, and how far it is."""

    client: str
    companies: tuple[str, ...]
    confirmed: bool
    """Whether its book is built: it has one name, or someone merged its names into one client."""


@dataclass(frozen=True, slots=True)
class ClientGroups:
    """`client groups`, by name."""

    clients: tuple[ClientGroup, ...]


@dataclass(frozen=True, slots=True)
class ClientTicket:
    """A ticket as its client reads it. sets, allocated: tickets of its sale still owed, and how
    many have a unit. in_words: what its delivery means."""

    sales_id: str
    match: str | None
    company: str | None
    qty: int | None
    game: str | None
    inv_no: str | None
    category: str | None
    block: str | None
    seat_row: str | None
    seat: str | None
    key: str
    sets: int
    allocated: int
    delivery: str
    client_notes: str | None
    first_name: str | None
    last_name: str | None
    client_email: str | None
    comment: str | None
    match_date: datetime | None
    kick_off: str | None
    place: str | None
    stage: str | None
    in_words: str


@dataclass(frozen=True, slots=True)
class ClientView:
    """`client view`. view: the filters as text, empty for everything; summary: figures of the
    tickets shown."""

    client: str
    companies: tuple[str, ...]
    view: str
    summary: ClientFigures
    tickets: tuple[ClientTicket, ...]


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved view. client: whose it is; None for every client. filters: None for everything. by:
    who saved it."""

    name: str
    client: str | None
    filters: str | None
    by: str | None


@dataclass(frozen=True, slots=True)
class SavedViews:
    """`client views`."""

    views: tuple[SavedView, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """`client accept`: the SalesIDs whose receipt is confirmed, and who confirmed it."""

    client: str
    accepted: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class CopiedDown:
    """`client copy-down`: the SalesID that the guest comes from, and the SalesIDs that got it."""

    source: str = field(metadata={"alias": "from"})
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SupplierRule:
    """A vendor, or a pattern of addresses, that belongs to a supplier."""

    supplier_key: str
    vendor: str | None
    email_pattern: str | None


@dataclass(frozen=True, slots=True)
class SupplierList:
    """`supplier groups`. units: {SupplierKey: number of its units}."""

    groups: tuple[SupplierRule, ...]
    units: dict[str, int]


@dataclass(frozen=True, slots=True)
class Mapped:
    """`supplier map` and `supplier learn`: the new entries."""

    added: tuple[SupplierRule, ...]


@dataclass(frozen=True, slots=True)
class Unmapped:
    """`supplier unmap`: each removed `SUPPLIERKEY vendor or pattern`."""

    supplier_key: str
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """`staff queue`, in tasks. ready: with a unit and an e-mail address; memories: tasks whose
    tickets are gone, not counted in `tasks`."""

    tasks: int
    ready: int
    new: int
    unassigned: int
    memories: int


@dataclass(frozen=True, slots=True)
class Task:
    """A task of `_STAFF_QUEUE`. day: the day of the match; vendor: masked (§14f); status: the
    Delivery as staff see it."""

    task_id: str
    sales_id: str
    match: str | None
    day: datetime | None
    category: str | None
    inv_no: str | None
    vendor: str | None
    client_email: str | None
    assigned_to: str | None
    priority: str
    status: str
    escalated_to: str | None
    """Who decides about its issue; None if it was not escalated."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """`staff tasks`, most urgent first. person: whose tasks; None for everyone's."""

    person: str | None
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """`staff assign`: TaskIDs; {address: number of tasks}; None if the priority stays."""

    tasks: tuple[str, ...]
    people: dict[str, int]
    priority: str | None


@dataclass(frozen=True, slots=True)
class MarkedTask:
    """A task that was marked, and its ticket."""

    task_id: str
    sales_id: str


@dataclass(frozen=True, slots=True)
class Marked:
    """`staff mark` and `staff report-issue`. delivery: the new Delivery of the tickets."""

    marked: tuple[MarkedTask, ...]
    delivery: str


@dataclass(frozen=True, slots=True)
class Escalated:
    """`staff escalate`: the escalated tasks, who decides, and why."""

    escalated: tuple[MarkedTask, ...]
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class TaskRevealed:
    """`staff reveal`: the task whose password is shown; the password is not included."""

    task_id: str
    sales_id: str
    inv_no: str | None
    vendor: str | None
    email: str | None
    login_id: str | None


@dataclass(frozen=True, slots=True)
class TaskProof:
    """`staff proof`: what ProofUrl says of a task. uploaded: whether that names a file that staff
    uploaded in the portal; saved: the file that it was saved as."""

    task_id: str
    sales_id: str
    proof: str
    uploaded: bool
    saved: str | None = None

"""Airline tickets at the command line, on a file and on a Google Sheet: a workbook of its own kind, the
steps of a ticket, files of them, and what is refused in one clear line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Result, Runner, run_cli
from tests.online import Google
from ticketops.config import Settings
from ticketops.engine.opening import open_store

NUMBER = "176-2401234567"


class Office:
    """Commands on a workbook, as somebody."""

    def __init__(self, runner: Runner, workbook: str, folder: Path, env: dict[str, str]) -> None:
        self._runner, self.workbook, self.folder, self._env = runner, workbook, folder, env

    def __call__(self, *words: str, user: str = "tester", stdin: str | None = None) -> Result:
        env = {"TICKETOPS_WORKBOOK": self.workbook, "TICKETOPS_USER": user, **self._env}
        return self._runner(*words, env=env, cwd=self.folder, stdin=stdin)

    def json(self, *words: str, **more: Any) -> dict[str, Any]:
        """What a command prints with --json."""
        return self(*words, "--json", **more).json

    def queue(self, *words: str) -> list[dict[str, Any]]:
        lines = self.json("issuance", "queue", *words)["result"]["lines"]
        assert isinstance(lines, list)
        return lines


@pytest.fixture(scope="session")
def sample_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tickets") / "tickets.xlsx"
    assert run_cli("sample", "issuance", str(path)).code == 0
    return path


@pytest.fixture
def sample(sample_source: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sample_source, tmp_path / "tickets.xlsx"))


def copied_to(google: Google, path: Path) -> str:
    """The same workbook as a Google Sheet."""
    store: Any = open_store(path, Settings())
    rows = store.raw_rows(*store.sheet_names())
    return f"gsheet:{google.new(rows)}"


@pytest.fixture(params=["file", "google"])
def office(
    request: pytest.FixtureRequest, in_process: Runner, sample: Path, google: Google
) -> Office:
    if request.param == "file":
        return Office(in_process, str(sample), sample.parent, {})
    sheet = copied_to(google, sample)
    return Office(in_process, sheet, sample.parent, google.environment())


def test_the_life_of_a_ticket(office: Office) -> None:
    """Every command, on both kinds of workbook."""
    refreshed = office.json("issuance", "refresh", "--all")["result"]
    assert refreshed == {"created": 0, "kept": 81, "orphaned": 0}
    waiting = next(one for one in office.queue("pending") if one["api_status"] == "NOT_READY")
    key, booking = waiting["ticket_id"], waiting["booking"]
    (office.folder / "mail.eml").write_text("go ahead")
    asked = office("issuance", "request-exception", key, "--proof", "mail.eml", user="olga")
    assert asked.code == 0, asked.err
    assert office("issuance", "issue", key, "--ticket-number", NUMBER).code == 4
    refused = office("issuance", "approve-exception", key, user="olga")
    assert (refused.code, "someone else" in refused.err) == (4, True)
    assert office("issuance", "approve-exception", key, user="greta").code == 0
    issued = office.json("issuance", "issue", key, "--ticket-number", NUMBER)
    assert issued["result"]["refused"] == []
    (one,) = issued["result"]["issued"]
    assert one == {"ticket_id": key, "ticket_number": "1762401234567", "pnr": waiting["pnr"]}
    (office.folder / "e-ticket.pdf").write_bytes(b"%PDF")
    assert office("issuance", "document", "add", key, "e-ticket.pdf").code == 0
    whole = office.json("issuance", "show", key)["result"]
    assert [(d["kind"], d["size"]) for d in whole["documents"]] == [("E_TICKET", 4)]
    assert [h["action"] for h in whole["history"]] == [
        "CREATE",
        "REQUEST_EXCEPTION",
        "APPROVE_EXCEPTION",
        "ISSUE",
    ]
    assert (whole["ticket"]["finance"], whole["ticket"]["status"]) == ("exception", "issued")
    assert whole["segments"]
    (office.folder / "mail.eml").write_text("stop")
    report = office.json("issuance", "report")
    assert report["result"]["findings"]["PROOF_CHANGED"] == 1
    paid = office.json("issuance", "payment", booking, "--amount", "50")["result"]
    assert paid["balance_before"] - paid["balance_after"] == 50.0
    assert office("issuance", "payment", "--withdraw", "py1", "--reason", "bounced").code == 0
    assert office("issuance", "void", key, "--reason", "no").code == 0
    assert office("issuance", "void", key, "--reason", "no").code == 4
    assert office("undo", "-y").code == 0
    assert office.json("issuance", "show", key)["result"]["ticket"]["api_status"] == "ISSUED"
    assert office("doctor").code == 0
    assert office("status").code == 1
    said = office.json("log")["result"]["transactions"]
    assert said[0]["command"].startswith("undo R")
    assert said[1]["command"] == f"issuance void {key}"


def test_the_sample_has_tickets_in_every_queue(office: Office) -> None:
    for queue in ("pending", "ready", "issued", "name-update", "due-soon", "overdue"):
        assert office.queue(queue), queue
    assert len({one["booking"] for one in office.queue()}) >= 20
    assert {one["status"] for one in office.queue()} == {
        "pending_clearance",
        "ready_to_issue",
        "issued",
        "void",
    }
    assert office.json("user", "list")["result"]["users"] == []


def test_names_and_numbers_come_by_file(office: Office) -> None:
    names = office.queue("name-update")[:3]
    lines = "".join(f"{one['ticket_id']};{one['passenger']}\n" for one in names)
    text = f"TicketID;PassengerName\n{lines}"
    done = office("issuance", "name-update", "--csv", "-", "--accept", stdin=text)
    assert done.code == 0, done.err
    ready = office.queue("ready")[:4]
    rows = [f"{one['ticket_id']},\"{one['passenger']}\",17624000009{n:02d},"
            for n, one in enumerate(ready)]  # fmt: skip
    shifted = [f"{row.split(',')[0]},{rows[n - 1].split(',', 1)[1]}" for n, row in enumerate(rows)]
    head = "Ticket ID,Passenger,Ticket Number,PNR\n"
    (office.folder / "shifted.csv").write_text(head + "\n".join(shifted))
    wrong = office("issuance", "issue", "--csv", "shifted.csv", "--json")
    assert wrong.code == 2
    assert wrong.json["result"]["issued"] == []
    assert len(wrong.json["result"]["refused"]) == 4
    (office.folder / "numbers.csv").write_text(head + "\n".join(rows))
    dry = office.json("issuance", "issue", "--csv", "numbers.csv", "-n")
    assert len(office.queue("issued")) == 11
    right = office.json("issuance", "issue", "--csv", "numbers.csv")
    assert right["result"] == dry["result"]
    assert [one["ticket_id"] for one in right["result"]["issued"]] == [
        one["ticket_id"] for one in ready
    ]
    assert len(office.queue("issued")) == 15


@pytest.fixture
def on_file(in_process: Runner, sample: Path) -> Office:
    return Office(in_process, str(sample), sample.parent, {})


def test_an_empty_workbook_is_filled_in_and_worked_with(in_process: Runner, tmp_path: Path) -> None:
    made = in_process("init", "--layout", "issuance", str(tmp_path / "new.xlsx"))
    assert (made.code, "issuance refresh --all" in made.err) == (0, True)
    office = Office(in_process, str(tmp_path / "new.xlsx"), tmp_path, {})
    assert office("doctor").code == 0
    assert office("doctor", "--fix").code == 0
    assert office.queue() == []
    nothing = office("issuance", "refresh", "--all")
    assert (nothing.code, "0 tickets created" in nothing.out) == (0, True)
    for word in (["--event", "X"], ["--masters"]):
        wrong = in_process("init", "--layout", "issuance", *word, str(tmp_path / "no.xlsx"))
        assert (wrong.code, "for the workbook of an event" in wrong.err) == (2, True)
    assert not (tmp_path / "no.xlsx").exists()


EVENTFUL = (
    ["sale", "list"],
    ["purchase", "expand"],
    ["allocate", "auto"],
    ["audit", "run"],
    ["report", "position"],
    ["client", "build", "--all"],
    ["staff", "tasks"],
    ["dispatch", "sync"],
    ["event", "show"],
    ["schedule", "list"],
    ["payment", "list"],
    ["credentials", "list"],
    ["log", "--sale", "S1"],
)


@pytest.mark.parametrize("words", EVENTFUL, ids=" ".join)
def test_a_command_on_events_says_that_this_is_none(on_file: Office, words: list[str]) -> None:
    done = on_file(*words)
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert (
        "works on the workbook of an event, and this is a workbook of airline tickets" in done.err
    )


@pytest.mark.parametrize(
    "words",
    [
        ["queue"],
        ["refresh", "--all"],
        ["show", "TK1"],
        ["report"],
        ["void", "TK1", "--reason", "x"],
    ],
    ids=" ".join,
)
def test_a_command_on_tickets_says_that_an_event_is_none(
    in_process: Runner, small: Path, words: list[str]
) -> None:
    done = in_process("issuance", *words, "-w", str(small))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "works on a workbook of airline tickets" in done.err


WRONG: tuple[tuple[list[str], int, str], ...] = (
    (["queue", "late"], 2, "QUEUE must be one of pending, ready, issued, name-update"),
    (["refresh"], 2, "give one of --booking BOOKINGID, --group GROUP or --all"),
    (["refresh", "--booking", "B999"], 3, "there is no booking B999"),
    (["refresh", "--group", "Z"], 3, "no booking is of the group Z"),
    (["show", "TK99999"], 3, "there is no ticket TK99999"),
    (["name-update"], 2, "name tickets, or give --csv FILE"),
    (["name-update", "TK1", "TK2", "--name", "X"], 2, "--name is of one ticket"),
    (["finance-clear"], 2, "name tickets, or give --booking B or --approved"),
    (["request-exception", "TK1", "--proof", "none.eml"], 3, "none.eml can't be read"),
    (["issue", "TK00055"], 2, "--ticket-number is missing"),
    (["issue", "TK00055", "--ticket-number", "12"], 4, "'12' is not a ticket number"),
    (["issue", "TK00055", "--ticket-number", NUMBER, "--pnr", "A"], 4, "'A' is not a PNR"),
    (["issue"], 2, "name tickets, or give --csv FILE"),
    (["issue", "--csv", "none.csv"], 3, "none.csv can't be read"),
    (["void", "TK00001", "--reason", ""], 2, "--reason is empty"),
    (["payment"], 2, "name a booking, or give --withdraw PAYMENTID"),
    (["payment", "B00001"], 2, "--amount is missing"),
    (["payment", "B00001", "--amount", "-5"], 2, "--amount"),
    (["payment", "--withdraw", "PY9", "--reason", "x"], 3, "there is no payment PY9"),
    (["manifest", "burn", "x.xlsx"], 2, "the first word must be build, not 'burn'"),
    (["manifest", "build", "x.xlsx"], 2, "give --group GROUP, --airline CODE, or both"),
    (["document", "burn"], 2, "must be one of add, list, not 'burn'"),
    (["document", "add", "TK00001"], 2, "name the ticket and the files"),
    (["document", "add", "TK00001", "none.pdf"], 3, "none.pdf can't be read"),
)


@pytest.mark.parametrize(("words", "code", "said"), WRONG, ids=[" ".join(w[0]) for w in WRONG])
def test_bad_input_is_one_clear_line(
    on_file: Office, words: list[str], code: int, said: str
) -> None:
    before = Path(on_file.workbook).read_bytes()
    done = on_file("issuance", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert Path(on_file.workbook).read_bytes() == before


CSV = {
    "empty.csv": ("", "no column TicketID"),
    "bare.csv": ("TicketID,PassengerName,TicketNumber\n", "no lines below the header"),
    "short.csv": ("TicketID,PassengerName\nTK1,X\n", "no column TicketNumber"),
    "twice.csv": ("TicketID,Ticket,PassengerName,TicketNumber\nTK1,TK1,X,1\n", "twice"),
    "ragged.csv": ("TicketID,PassengerName,TicketNumber\nTK1,X\n", "2 cells, and the header has 3"),
    "blank.csv": ("TicketID,PassengerName,TicketNumber\n,X,1\n", "the ticket is missing"),
}


@pytest.mark.parametrize("name", CSV)
def test_a_file_that_is_none_is_one_clear_line(on_file: Office, name: str) -> None:
    text, said = CSV[name]
    (on_file.folder / name).write_text(text)
    done = on_file("issuance", "issue", "--csv", name)
    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
    assert said in done.err


def test_a_dry_run_lists_the_cells_that_are_written_and_undo_gives_the_bytes_back(
    on_file: Office,
) -> None:
    path = Path(on_file.workbook)
    before = path.read_bytes()
    words = ("issuance", "payment", "B00014", "--amount", "100")
    dry = on_file.json(*words, "-n")
    assert path.read_bytes() == before
    cells = {(one["sheet"], one["header"]): one["after"] for one in dry["cells"]}
    assert cells["BookingPayments", "Amount"] == 100
    assert ("Bookings", "BalanceAmount") in cells
    assert on_file(*words).code == 0
    assert on_file("undo", "-y").code == 0
    assert path.read_bytes() == before


def test_whoever_manages_tickets_may_that_and_no_more(on_file: Office) -> None:
    for user, role in (("boss", "ops_manager"), ("tina", "ticket_manager"), ("ops", "operator")):
        assert on_file("user", "set", user, "--role", role, "-y", user="boss").code == 0
    key = on_file.json("issuance", "queue", "ready", user="tina")["result"]["lines"][0]["ticket_id"]
    issue = ("issuance", "issue", key, "--ticket-number", NUMBER)
    assert on_file(*issue, user="ops").code == 6
    assert on_file(*issue, user="tina").code in (0, 1)
    assert on_file("issuance", "report", "--csv", "out.csv", user="tina").code in (0, 1)
    assert (on_file.folder / "out.csv").read_text().startswith("group,tickets,pending")
    refused = on_file("issuance", "payment", "B00001", "--amount", "1", user="tina")
    assert (refused.code, "money.edit" in refused.err) == (6, True)
    assert on_file("user", "set", "tina", "--role", "super_admin", user="tina").code == 6
    limited = on_file("user", "set", "ops", "--clients", "Acme", user="boss")
    assert (limited.code, "--clients limits users" in limited.err) == (4, True)


def test_a_copy_of_the_same_kind_is_synced_and_one_of_another_kind_is_not(
    on_file: Office, small: Path, google: Google
) -> None:
    env = google.environment()
    office = Office(on_file._runner, on_file.workbook, on_file.folder, env)
    other = office("sync", "diff", "--with", str(small))
    assert (other.code, "different kinds" in other.err) == (2, True)
    sheet = f"gsheet:{google.new({'Sheet1': [[]]})}"
    assert office("sync", "push", "--with", sheet, "-y").code == 0
    away = Office(on_file._runner, sheet, on_file.folder, env)
    assert away.queue() == office.queue()


def test_beside_events_it_is_none_of_them_and_can_be_switched_to(
    on_file: Office, small: Path
) -> None:
    env = {"XDG_CONFIG_HOME": str(on_file.folder / "config"), "TICKETOPS_WORKBOOK": str(small)}
    office = Office(on_file._runner, str(small), on_file.folder, env)
    events = office.json("event", "list", ".")["result"]["events"]
    assert [Path(one["file"]).name for one in events] == ["small.xlsx"]
    (named,) = office.json("event", "list", "tickets.xlsx")["result"]["events"]
    assert "works on the workbook of an event" in named["problem"]
    assert office.json("event", "switch", "tickets.xlsx")["result"]["code"] is None
    assert office("master", "pull", "--from", "tickets.xlsx").code == 2


def test_a_passenger_list_holds_its_passengers_and_nothing_about_money(office: Office) -> None:
    group = office.json("issuance", "show", "TK00001")["result"]["group"]
    made = office.json("issuance", "manifest", "build", "list.xlsx", "--group", group)["result"]
    mine = {one["ticket_id"] for one in office.queue("--group", group)}
    assert {one["ticket_id"] for one in made["passengers"]} == mine
    page = openpyxl.load_workbook(office.folder / "list.xlsx")["Passengers"]
    rows = list(page.iter_rows(values_only=True))
    assert {row[0] for row in rows[1:]} == mine
    assert not {"BalanceAmount", "Client", "FinanceClearanceStatus"} & set(rows[0])
    again = office("issuance", "manifest", "build", "list.xlsx", "--airline", "EK")
    assert (again.code, "already exists" in again.err) == (4, True)
    none = office("issuance", "manifest", "build", "no.xlsx", "--airline", "ZZ")
    assert (none.code, "no ticket is on flights of ZZ" in none.err) == (3, True)
    assert not (office.folder / "no.xlsx").exists()


def test_the_arithmetic_and_the_source_are_shown(on_file: Office) -> None:
    booking = on_file.queue("pending")[-1]["booking"]
    assert on_file("issuance", "payment", booking, "--amount", "50").code == 0
    key = on_file.queue("--booking", booking)[0]["ticket_id"]
    shown = on_file("issuance", "show", key).out
    assert " − 50.00 paid = " in shown
    assert "(from the " in shown


def test_what_would_lose_or_finalise_by_mistake_is_refused(
    in_process: Runner, sample: Path
) -> None:
    """The workbook is no place for a list, a blank name is no name, and an empty file proves nothing."""
    office = Office(in_process, str(sample), sample.parent, {})
    before = sample.read_bytes()
    (sample.parent / "link.xlsx").symlink_to(sample)
    for out in ("tickets.xlsx", "link.xlsx"):
        done = office("issuance", "manifest", "build", out, "--group", "G01", "--force")
        assert (done.code, "is the workbook" in done.err) == (2, True)
    assert sample.read_bytes() == before
    done = office("issuance", "name-update", "TK00027", "--name", "")
    assert (done.code, "--name is empty" in done.err) == (2, True)
    (sample.parent / "empty.eml").touch()
    done = office("issuance", "request-exception", "TK00027", "--proof", "empty.eml")
    assert (done.code, "empty.eml is empty" in done.err) == (3, True)
    done = office("issuance", "payment", "B00014", "--amount", "9", "--date", "2099-01-01", "-n")
    assert "FUTURE_DATE" in done.out


@pytest.mark.slow
def test_messages_and_the_night_on_both_kinds_of_workbook(office: Office) -> None:
    """What a command does is told in its commit, and withdrawn with it; the night says what is due."""
    boss = {"TICKETOPS_ROLE": "super_admin"}
    office._env |= boss
    for trigger in ("ticket.issued", "ticket.due_soon"):
        on = ("trigger", "set", trigger, "--on", "--to", "desk@office.example")
        assert office(*on).code == 0
    key = next(one["ticket_id"] for one in office.queue("ready") if one["pnr"])
    assert office("issuance", "issue", key, "--ticket-number", NUMBER).code in (0, 1)

    def states() -> list[tuple[str, str]]:
        lines = office.json("message", "list")["result"]["lines"]
        return [(one["fact"], one["state"]) for one in lines]

    assert states() == [("ticket.issued", "QUEUED")]
    assert office("undo", "-y").code == 0
    assert states() == [("ticket.issued", "WITHDRAWN")]
    due = len(office.queue("due-soon")) + len(office.queue("overdue"))
    for _ in range(2):
        night = office.json("run", "nightly", "--task", "due")
        assert night["result"]["tasks"][0]["exit"] == 0, night
        assert states() == [("ticket.issued", "WITHDRAWN"), *[("ticket.due_soon", "QUEUED")] * due]
    listed = office.json("run", "list")["result"]["tasks"]
    assert [one["name"] for one in listed] == ["refresh", "tickets", "due", "send"]

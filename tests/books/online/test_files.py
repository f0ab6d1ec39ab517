"""Spreadsheets made for books and shared: never two for one marker whatever gets lost on the way,
and nobody gets an e-mail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.books.online.at_google import READER, AtGoogle
from tests.google.errors import DriveError
from tests.google.server import OWNER, Fault, GoogleServer
from tests.online import Google
from ticketops.errors import BusyError, NotPermittedError, RuleError, UnusableError
from ticketops.stores.gsheets import drive
from ticketops.stores.gsheets.connection import Connection

PERSON = "anna@desk.example"
LIST, POST = "GET /drive/v3/files\\?", "POST /drive/v3/files\\?"


class DriveUsers(AtGoogle):
    """Who is at work: a service account that has a shared drive, or a person."""

    def __init__(self, server: GoogleServer, folder: Path) -> None:
        super().__init__(server, folder)
        self.shared = server.shared_drive("Books", {self.keeper: "writer"})

    def person(self) -> Connection:
        return self.connect(info=self.server.authorized_user(PERSON))

    def files(self, marker: str = "M1") -> list[str]:
        return [
            key
            for key, file in self.server.drive.files.items()
            if file.properties.get("ticketops") == marker
        ]


@pytest.fixture
def office(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DriveUsers:
    monkeypatch.setattr(drive, "_WAITS", (0.01,) * 5)  # half a minute, for those who can wait
    return DriveUsers(google.server, tmp_path)


def test_what_is_refused_for_good_is_not_asked_again(office: DriveUsers) -> None:
    """By the reason: a person's Drive is full, whatever the words."""
    full = DriveError(403, "storageQuotaExceeded", "Kein Speicherplatz.")
    office.server.faults.append(Fault(POST, "status 403", times=100, answer=full))
    with pytest.raises(RuleError, match="Kein Speicherplatz") as refused:
        drive.create(office.person(), "CLIENT - meridian", "", "M1")
    assert "the Drive is full" in refused.value.hint
    assert office.server.faults[0].seen == 1


def test_a_limit_of_sharing_ends_sharing(office: DriveUsers) -> None:
    """With what was done, and who is left; nobody is asked for again."""
    key = drive.create(office.connect(), "CLIENT - meridian", office.shared, "M1")
    limit = DriveError(403, "sharingRateLimitExceeded", "Zu viel geteilt.")
    sharing = Fault(
        "POST /drive/v3/files/.+/permissions", "status 403", nth=2, times=9, answer=limit
    )
    office.server.faults.append(sharing)
    people = {f"{name}@desk.example": "writer" for name in ("ada", "ben", "cem")}
    shared = drive.share(office.connect(), key, people)
    assert shared.added == ("ada@desk.example",)
    assert list(shared.refused) == ["ben@desk.example", "cem@desk.example"]
    assert sharing.seen == 2


# --- made once


def test_a_spreadsheet_is_made_in_its_folder(office: DriveUsers) -> None:
    folder = office.server.folder("Clients", parent=office.shared)
    for parent in (office.shared, folder):
        key = drive.create(office.connect(), "CLIENT - meridian", parent, f"marker in {parent}")
        file = office.server.drive.files[key]
        assert (file.name, file.parents, file.drive) == (
            "CLIENT - meridian",
            [parent],
            office.shared,
        )
        assert file.mime == "application/vnd.google-apps.spreadsheet"
        assert drive.title_of(office.connect(), key) == "CLIENT - meridian"
    assert len(office.server.drive.books) == 2


def test_a_person_makes_it_in_their_own_drive(office: DriveUsers) -> None:
    key = drive.create(office.person(), "CLIENT - meridian", "", "M1")
    assert office.server.drive.files[key].roles == {PERSON: "owner"}


@pytest.mark.parametrize(
    "marker", ["M1", "it's \\ \"quoted\" and 'so' {on}", "Zoë 携程 😀", "x" * 500, "ü" * 80]
)
def test_the_same_marker_is_the_same_file(marker: str, office: DriveUsers) -> None:
    first = drive.create(office.connect(), "A book", office.shared, marker)
    assert drive.create(office.connect(), "Renamed", office.shared, marker) == first
    assert drive.find(office.connect(), marker) == first
    assert drive.create(office.connect(), "A book", office.shared, marker + "2") != first
    assert len(office.server.drive.books) == 2
    kept = office.server.drive.files[first].properties["ticketops"]
    assert len(f"ticketops{kept}".encode()) <= 124, "what Drive takes"


def test_a_file_in_the_trash_is_made_anew(office: DriveUsers) -> None:
    first = drive.create(office.connect(), "A book", office.shared, "M1")
    office.server.drive.files[first].trashed = True
    assert drive.create(office.connect(), "A book", office.shared, "M1") != first


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize(
    "kind",
    [
        "drop before",
        "drop after",
        "status 503",
        "status 503 after",
        "status 500 after",
        "status 429",
        "truncate",
    ],
)
@pytest.mark.parametrize("where", [LIST, POST])
def test_a_lost_answer_makes_no_second_file(
    where: str, kind: str, times: int, office: DriveUsers
) -> None:
    office.server.faults.append(Fault(where, kind, times=times))
    key = drive.create(office.connect(), "A book", office.shared, "M1")
    assert office.files() == [key]
    assert drive.create(office.connect(), "A book", office.shared, "M1") == key


@pytest.mark.parametrize("parent", ["a folder", "none"])
def test_a_file_that_is_found_only_later_is_not_made_twice(parent: str, office: DriveUsers) -> None:
    """Drive does not find at once what it has made."""
    office.server.drive.lag = 4
    office.server.faults.append(Fault(POST, "drop after"))
    connection, folder = (
        (office.connect(), office.shared) if parent == "a folder" else (office.person(), "")
    )
    key = drive.create(connection, "A book", folder, "M1")
    assert office.files() == [key]


def test_every_second_request_is_lost(office: DriveUsers) -> None:
    office.server.faults += [
        Fault(POST, "drop after"),
        Fault(LIST, "drop before", nth=2),
        Fault(LIST, "status 503", nth=3),
    ]
    key = drive.create(office.connect(), "A book", office.shared, "M1")
    assert office.files() == [key]


@pytest.mark.parametrize("kind", ["drop after", "drop before", "status 503 after", "status 503"])
def test_when_it_is_not_known_the_next_call_finds_it(kind: str, office: DriveUsers) -> None:
    """The answer is lost, and then there is no answer at all any more."""
    office.server.faults += [
        Fault(POST, kind, times=100),
        Fault(LIST, "drop before", nth=2, times=100),
    ]
    with pytest.raises(BusyError) as error:
        drive.create(office.connect(), "A book", office.shared, "M1")
    assert "'A book' was created" in error.value.hint
    assert len(office.files()) == ("after" in kind)
    office.server.faults.clear()
    key = drive.create(office.connect(), "A book", office.shared, "M1")
    assert office.files() == [key]


def test_a_run_that_was_killed_left_a_file_that_is_found(office: DriveUsers) -> None:
    connection = office.connect()
    send = connection._http.request

    def killed(method: str, *args: Any, **more: Any) -> Any:
        answer = send(method, *args, **more)
        if method == "post":
            raise KeyboardInterrupt
        return answer

    connection._http.request = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        drive.create(connection, "A book", office.shared, "M1")
    (left,) = office.files()
    assert drive.create(office.connect(), "A book", office.shared, "M1") == left


# --- refused


@pytest.mark.parametrize("where", ["nowhere", "a personal folder"])
def test_a_service_account_is_told_what_it_can_do(where: str, office: DriveUsers) -> None:
    folder = (
        office.server.folder("Mine", shared_with={office.keeper: "writer"})
        if where != "nowhere"
        else ""
    )
    with pytest.raises(RuleError) as error:
        drive.create(office.connect(), "A book", folder, "M1")
    assert error.value.message == "a service account can't create files in a personal Drive"
    assert "shared drive" in error.value.hint
    assert office.keeper in error.value.hint
    assert office.files() == []


@pytest.mark.parametrize(
    "make",
    [lambda office: office.connect(), lambda office: office.person()],
    ids=["robot", "person"],
)
@pytest.mark.parametrize("what", ["unknown", "not shared"])
def test_a_folder_that_is_not_open_to_us(
    what: str, make: Callable[[DriveUsers], Connection], office: DriveUsers
) -> None:
    folder = "1nowhere" if what == "unknown" else office.server.folder("Theirs")
    with pytest.raises(UnusableError, match=folder) as error:
        drive.create(make(office), "A book", folder, "M1")
    assert "share it with" in error.value.hint
    assert office.files() == []


def test_another_refusal_is_not_blamed_on_the_folder(office: DriveUsers) -> None:
    office.server.faults.append(Fault(POST, "status 405"))
    with pytest.raises(UnusableError, match=r"refused \(405\)"):
        drive.create(office.connect(), "A book", office.shared, "M1")
    assert office.files() == []


def test_a_folder_that_we_may_only_read(office: DriveUsers) -> None:
    folder = office.server.folder("Theirs", shared_with={PERSON: "reader"})
    with pytest.raises(NotPermittedError):
        drive.create(office.person(), "A book", folder, "M1")


def test_what_is_not_there_has_neither_title_nor_readers(office: DriveUsers) -> None:
    for ask in (drive.title_of, drive.shared_with):
        with pytest.raises(UnusableError, match="1nowhere"):
            ask(office.connect(), "1nowhere")


# --- shared


@pytest.fixture
def shared(office: DriveUsers) -> str:
    return office.server.new_spreadsheet(
        "A book", None, {office.keeper: "writer", "Anna@Desk.example": "reader"}
    )


def test_those_who_have_less_get_it_and_nobody_an_e_mail(shared: str, office: DriveUsers) -> None:
    connection = office.connect()
    assert drive.shared_with(connection, shared) == {
        OWNER: "owner",
        office.keeper: "writer",
        PERSON: "reader",
    }
    wanted = {READER: "writer", PERSON: "reader", OWNER: "writer", "boss@desk.example": "reader"}
    done = drive.share(connection, shared, wanted)
    assert (set(done.added), done.refused) == ({READER, "boss@desk.example"}, {})
    assert drive.shared_with(connection, shared) == {
        OWNER: "owner",
        office.keeper: "writer",
        PERSON: "reader",
        READER: "writer",
        "boss@desk.example": "reader",
    }
    posts = [
        call for call in office.server.log if call.method == "POST" and "permissions" in call.path
    ]
    assert len(posts) == 2
    assert all("sendNotificationEmail=false" in call.path for call in posts)


def test_a_reader_becomes_a_writer_and_sharing_again_changes_nothing(
    shared: str, office: DriveUsers
) -> None:
    connection = office.connect()
    assert drive.share(connection, shared, {"anna@desk.EXAMPLE": "writer"}).added == (
        "anna@desk.EXAMPLE",
    )
    assert drive.shared_with(connection, shared)[PERSON] == "writer"
    roles = dict(office.server.drive.files[shared].roles)
    office.server.log.clear()
    assert (
        drive.share(connection, shared, {"anna@desk.EXAMPLE": "writer", OWNER: "reader"}).added
        == ()
    )
    assert office.server.drive.files[shared].roles == roles
    assert [call.method for call in office.server.log] == ["GET"]


@pytest.mark.parametrize("kind", ["drop after", "status 503 after", "drop before", "truncate"])
def test_sharing_whose_answer_is_lost_is_done_once(
    kind: str, shared: str, office: DriveUsers
) -> None:
    office.server.faults.append(Fault("POST /drive/v3/files/.*/permissions", kind))
    assert drive.share(office.connect(), shared, {READER: "writer"}).added == (READER,)
    assert list(drive.shared_with(office.connect(), shared)).count(READER) == 1


def test_an_address_that_google_refuses_keeps_nobody_else_out(
    shared: str, office: DriveUsers
) -> None:
    done = drive.share(
        office.connect(), shared, {"": "writer", PERSON: "emperor", READER: "writer"}
    )
    assert done.added == (READER,)
    assert set(done.refused) == {"", PERSON}
    assert all(done.refused.values())


def test_whoever_may_not_share_is_told(office: DriveUsers) -> None:
    key = office.server.new_spreadsheet("A book", None, {office.keeper: "reader"})
    with pytest.raises(NotPermittedError):
        drive.share(office.connect(), key, {READER: "writer"})

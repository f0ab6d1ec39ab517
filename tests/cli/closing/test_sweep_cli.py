"""`archive sweep` (§13): once the retention is over no file keeps a guest's name, whatever it is; what is
no guest's stays."""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart

from tests.cli.closing.settled import archived, words
from tests.cli.dispatching import fill, rows_of, type_by_key
from tests.conftest import ROOT, Runner
from tests.sampling import some

SECRETS = (b"Byron", b"ada@example.org", b"Quillfeather", b"Zebedee")
"""What guests are called here."""
RETURNED = (
    "client build Acme",
    "transfer offer S1-2 --first Zebedee --last Quillfeather --email zeb@example.org",
    "transfer revoke TR00001 --reason x",
)


def holding(folder: Path) -> list[str]:
    """Every file below a folder, or member of an archive in it, that holds a guest's name."""
    found = []

    def look(name: str, content: bytes) -> None:
        if content[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(content)) as inner:
                for one in inner.namelist():
                    look(f"{name}/{one}", inner.read(one))
        elif content[:2] == b"\x1f\x8b":
            look(f"{name}.", gzip.decompress(content))
        elif any(secret in content for secret in SECRETS):
            found.append(name)

    for path in sorted(folder.rglob("*")):
        if path.is_file():
            look(str(path.relative_to(folder)), path.read_bytes())
    return found


@pytest.fixture
def over(here: Runner, book: Path) -> Path:
    """The archive of an event whose guests' data may go at once."""
    for line in RETURNED:
        assert here(*words(line), "-y").code in (0, 1), line
    place = book.parent / "books" / "CLIENT - Acme.xlsx"
    said = {"S1-1": {"Status": "ISSUE", "Comments": "Zebedee has none"}}
    back = fill(place, book.with_name("back.xlsx"), said)
    assert here("client", "pull", str(back), "-y").code in (0, 1)
    back.unlink()
    assert here("event", "set", "--audit-retention-days", "0", "-y").code == 0
    return archived(here, book)


def test_a_sweep_leaves_no_guest_in_any_file(here: Runner, book: Path, over: Path) -> None:
    before = {name: rows_of(book, name) for name in ("_BOOK_EDITS", "_TRANSFERS", "Sales")}
    proofs = book.with_name(f"{book.name}.ticketops") / "proofs"
    proofs.mkdir(exist_ok=True)
    (proofs / f"{'a' * 64}.png").write_bytes(b"a picture of what was sent to Zebedee")
    assert len(holding(book.parent)) > 5
    whole = {path: path.read_bytes() for path in book.parent.rglob("*") if path.is_file()}
    counted = here("archive", "sweep", "--json")
    assert counted.code == 0, counted.err
    dry = counted.json["result"]
    now = {path: path.read_bytes() for path in book.parent.rglob("*") if path.is_file()}
    assert {p: c for p, c in now.items() if "cache" not in p.parts} == {
        p: c for p, c in whole.items() if "cache" not in p.parts
    }, "a dry run writes nothing"
    done = here("archive", "sweep", "--write", "-y", "--json")
    assert done.code == 0, done.err + done.out
    assert done.json["result"] | {"written": False} == dry
    assert holding(book.parent) == []
    assert not proofs.exists()
    assert here("archive", "verify", str(over)).code == 0
    shown = here("archive", "show", str(over), "--json").json["result"]
    assert shown["swept_at"] is not None
    with zipfile.ZipFile(over) as sealed:
        assert sealed.read("workbook/event.xlsx") == book.read_bytes()
        assert not [name for name in sealed.namelist() if name.startswith("books/")]
        assert "exports/financial.xlsx" in sealed.namelist()
    for name, rows in before.items():
        after = rows_of(book, name)
        assert len(after) == len(rows), "a row stays where it is"
        for old, new in zip(rows, after, strict=True):
            differing = {head for head in old if old[head] != new.get(head)}
            assert all(new.get(head) is None for head in differing)
    assert rows_of(book, "Sales") == before["Sales"]
    assert here("log").code == 0
    assert here("doctor").code in (0, 1)
    again = here("archive", "sweep", "--write", "-y", "--json")
    assert (again.code, again.json["result"]["cells"], again.json["result"]["archives"]) == (
        0,
        {},
        [],
    )


TYPES, RELATIONS = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
NAMESPACE = "http://schemas.openxmlformats.org/"


def share_strings(book: Path) -> None:
    """Save a workbook as Excel does: each text once, in a part of its own."""
    openpyxl.load_workbook(book).save(book)
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    texts: list[str] = []

    def shared(found: re.Match[str]) -> str:
        texts.append(found[1])
        return f't="s"><v>{len(texts) - 1}</v></c>'

    for name in [name for name in parts if name.startswith("xl/worksheets/sheet")]:
        parts[name] = re.sub(r't="inlineStr"><is><t[^>]*>([^<]*)</t></is></c>', shared, parts[name])
    items = "".join(f"<si><t>{text}</t></si>" for text in texts)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{NAMESPACE}spreadsheetml/2006/main">{items}</sst>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts[TYPES] = parts[TYPES].replace(
        "</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    )
    relation = f"{NAMESPACE}officeDocument/2006/relationships/sharedStrings"
    parts[RELATIONS] = parts[RELATIONS].replace(
        "</Relationships>",
        f'<Relationship Id="rId999" Type="{relation}" Target="sharedStrings.xml"/></Relationships>',
    )
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def test_shared_strings_do_not_keep_them(here: Runner, book: Path, over: Path) -> None:
    """Excel and openpyxl keep every text in a part of its own."""
    share_strings(book)
    with zipfile.ZipFile(book) as saved:
        assert b"Byron" in saved.read("xl/sharedStrings.xml")
    done = here("archive", "sweep", "--write", "-y")
    assert done.code == 0, done.out + done.err
    assert holding(book.parent) == []
    assert [row["SalesID"] for row in rows_of(book, "Sales")] == ["S1", "S2"]


def test_before_the_day_nothing_is_swept(here: Runner, book: Path) -> None:
    early = here("archive", "sweep", "--write", "-y")
    assert (early.code, "not ARCHIVED" in early.err or "in the state ARCHIVED" in early.err) == (
        4,
        True,
    )
    path = archived(here, book)
    content = book.read_bytes(), path.read_bytes()
    told = here("archive", "sweep")
    assert (told.code, "TOO_EARLY" in told.out) == (0, True)
    refused = here("archive", "sweep", "--write", "-y")
    assert (refused.code, "are kept until" in refused.err) == (4, True)
    assert (book.read_bytes(), path.read_bytes()) == content
    assert here("archive", "sweep", "--write", "-y", role="sr_operator").code == 6


@pytest.mark.parametrize("typed", ["ten years", -5, 0.5])
def test_days_that_nobody_understands_sweep_nothing(
    here: Runner, book: Path, typed: object
) -> None:
    """What can't be undone waits for a number of days; typed fewer afterwards, they don't count."""
    type_by_key(book, "_EVENTS", "Code", {"X26": {"AuditRetentionDays": typed}})
    assert here("event", "advance", "-y").code in (0, 1)
    assert here("event", "accept", "--all", "--reason", "x", "-y").code == 0
    refused = here("event", "advance", "-y")
    assert (refused.code, "AuditRetentionDays" in refused.err) == (4, True)
    assert here("event", "set", "--audit-retention-days", "30", "-y").code == 0
    assert here("event", "advance", "-y").code == 0
    type_by_key(book, "_EVENTS", "Code", {"X26": {"AuditRetentionDays": typed}})
    for line in ("archive sweep", "archive sweep --write -y", "archive build -o else.zip"):
        refused = here(*words(line))
        assert (refused.code, "is not understood" in refused.err) == (4, True), line
    type_by_key(book, "_EVENTS", "Code", {"X26": {"AuditRetentionDays": 0}})
    refused = here("archive", "sweep", "--write", "-y")
    assert (refused.code, "30 days" in refused.err) == (4, True)
    assert b"Byron" in b"".join(
        zipfile.ZipFile(book).read(n) for n in zipfile.ZipFile(book).namelist()
    )


@pytest.mark.parametrize("step", some(range(6), 2))
def test_a_sweep_that_is_killed_is_finished_by_the_next(
    here: Runner, book: Path, over: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Broken off before its n-th write of a file."""
    from ticketops import files
    from ticketops.services import archive, sweeping
    from ticketops.stores.xlsx import store

    left = [step]

    class Killed(BaseException):
        pass

    def counting(function):  # type: ignore[no-untyped-def]
        def call(*args, **more):  # type: ignore[no-untyped-def]
            if left[0] == 0:
                left[0] = -1
                raise Killed
            left[0] -= 1
            return function(*args, **more)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "replace_file", counting(files.replace_file))
        patch.setattr(sweeping.shutil, "rmtree", counting(sweeping.shutil.rmtree))
        patch.setattr(archive, "put", counting(archive.put))
        patch.setattr(store.XlsxStore, "older_versions", counting(store.XlsxStore.older_versions))
        patch.setattr(store.XlsxStore, "forget_tables", counting(store.XlsxStore.forget_tables))
        with pytest.raises(Killed):
            here("archive", "sweep", "--write", "-y")
    done = here("archive", "sweep", "--write", "-y")
    assert done.code == 0, done.err
    assert holding(book.parent) == []
    assert here("archive", "verify", str(over)).code == 0


def test_an_archive_of_another_event_or_a_damaged_one_is_refused(
    here: Runner, book: Path, over: Path
) -> None:
    content = bytearray(over.read_bytes())
    content[200] ^= 1
    other = over.with_name("damaged.zip")
    other.write_bytes(content)
    before = book.read_bytes()
    refused = here("archive", "sweep", "damaged.zip", "--write", "-y")
    assert (refused.code, "is damaged" in refused.err) == (3, True)
    assert book.read_bytes() == before
    other.unlink()
    over.rename(over.with_name("moved.zip"))
    done = here("archive", "sweep", "moved.zip", "--write", "-y", "--json")
    assert (done.code, done.json["result"]["archives"]) == (0, ["moved.zip"])
    assert holding(book.parent) == []


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2])
def test_a_sweep_that_is_killed_by_the_system_is_finished_by_the_next(
    here: Runner, environment: dict[str, str], book: Path, over: Path, delay: float
) -> None:
    words_ = [sys.executable, "-m", "ticketops", "archive", "sweep", "--write", "-y"]
    surroundings = os.environ | environment | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        words_, env=surroundings, cwd=book.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(delay)
    process.kill()
    process.communicate()
    openpyxl.load_workbook(book).close()
    assert here("archive", "verify", str(over)).code == 0, "the old archive, or the new one"
    done = here("archive", "sweep", "--write", "-y")
    assert done.code == 0, done.err
    assert holding(book.parent) == []
    assert here("archive", "verify", str(over)).code == 0


def test_links_go_with_the_addresses_that_made_them(here: Runner, book: Path, over: Path) -> None:
    """Excel makes a link of every address that is typed; others stay."""
    workbook = openpyxl.load_workbook(book)
    page = workbook["Distribution"]
    (mail,) = (cell.column for cell in page[2] if cell.value == "Client Email")
    for row in (3, 4):
        page.cell(row, mail).hyperlink = "mailto:ada@example.org"
    page.cell(3, 1).hyperlink = "https://example.org/device"
    workbook["_STAFF_QUEUE"]["A2"].hyperlink = "https://example.org/queue"
    workbook.save(book)
    assert any("rels" in name for name in holding(book.parent))
    done = here("archive", "sweep", "--write", "-y")
    assert done.code == 0, done.out + done.err
    assert holding(book.parent) == []
    workbook = openpyxl.load_workbook(book)
    links = [link.target for page in workbook for row in page for c in row if (link := c.hyperlink)]
    assert links == ["https://example.org/device", "https://example.org/queue"]


def test_texts_that_may_stay_in_the_file_are_reported(here: Runner, book: Path, over: Path) -> None:
    """Who looks at shared strings in a chart sheet is not known, so none is taken away."""
    workbook = openpyxl.load_workbook(book)
    workbook.create_chartsheet("Chart").add_chart(BarChart())
    workbook.save(book)
    done = here("archive", "sweep", "--write", "-y")
    assert (done.code, "GUESTS_LEFT" in done.out, "a chart" in done.out) == (1, True, True)


def test_sheets_that_somebody_renamed_are_not_passed_over(
    here: Runner, book: Path, over: Path
) -> None:
    workbook = openpyxl.load_workbook(book)
    workbook["Distribution"].title = "Tickets 2026"
    workbook.save(book)
    before = book.read_bytes()
    refused = here("archive", "sweep", "--write", "-y")
    assert (refused.code, "no sheet 'Distribution'" in refused.err) == (3, True)
    assert book.read_bytes() == before
    workbook["Tickets 2026"].title = "Distribution"
    workbook["_BOOK_EDITS"].title = "edits"
    workbook["Schedule"].title = "Schedule X26"  # which is ours, with the event's code
    workbook.save(book)
    done = here("archive", "sweep", "--write", "-y", "--json")
    assert (done.code, done.json["result"]["left"]) == (1, ["edits: a sheet of your own"])


def test_what_a_pivot_table_keeps_is_reported(here: Runner, book: Path, over: Path) -> None:
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("xl/pivotCache/pivotCacheRecords1.xml", "<r><s v='Byron'/></r>")
    done = here("archive", "sweep", "--write", "-y")
    assert (done.code, "GUESTS_LEFT" in done.out, "a pivot table" in done.out) == (1, True, True)

"""Dashboards and pages of matches: what each role sees, what nobody sees, and that what people typed stays
text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from tests.cli.dispatching import ANA
from tests.conftest import Result, Runner
from ticketops.domain.reporting.dashboard import ROLES

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ 7*7 }}&amp;'
KPIS = {
    "super_admin": ["Total events", "Active users", "Pending approvals", "System health"],
    "ops_manager": ["Events in selling", "Allocations pending", "Dispatch urgency", "Tickets sold"],
    "sr_operator": ["Allocation queue", "Pending approvals", "Suppliers to send"],
    "operator": ["My assignments", "Purchase orders", "Allocation progress"],
    "staff": ["My tasks", "Dispatch completion rate", "Personal performance"],
}
"""Those of §11."""


class Page(HTMLParser):
    """The elements of a page, what they name elsewhere, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.events: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action"):
                self.links.append(value or "")
            if name.startswith("on"):
                self.events.append(name)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture
def ok(here: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # when somebody looked last
    assert here("user", "set", "olga", "--role", "super_admin", role="ops_manager").code == 0

    def command(*words: str, user: str = "olga") -> Result:
        done = here(*words, user=user)
        assert done.code in (0, 1), done.out + done.err
        return done

    return command


@pytest.mark.parametrize("role", ROLES)
def test_a_dashboard_has_the_figures_of_its_role(
    role: str, ok: Callable[..., Result], book: Path
) -> None:
    made = ok("dashboard", "build", "--role", role, "--json").json["result"]
    assert [kpi["name"] for kpi in made["kpis"]] == KPIS[role]
    page = Page(book.with_name(f"dashboard-{role}.html"))
    for kpi in made["kpis"]:
        assert kpi["name"] in page.text
        assert f"ticketops {kpi['command']}" in page.text
    assert all(f"ticketops {one['command']}" in page.text for one in made["actions"])
    assert not {"script", "img", "iframe", "object", "form", "base"} & set(page.tags)
    assert page.links == ["data:,"]
    assert page.events == []
    assert book.with_name(f"dashboard-{role}.html").stat().st_size < 400_000


@pytest.mark.slow
def test_the_rows_behind_a_figure_are_as_many(ok: Callable[..., Result]) -> None:
    figures = {
        kpi["name"]: kpi
        for role in ("sr_operator", "operator", "ops_manager", "super_admin")
        for kpi in ok("dashboard", "build", "--role", role, "--json").json["result"]["kpis"]
    }
    for name, field in (
        ("Allocation queue", "tickets"),
        ("Allocations pending", "tickets"),
        ("Pending approvals", "sales"),
        ("Purchase orders", "purchases"),
        ("Active users", "users"),
    ):
        words = figures[name]["command"].split()
        rows = ok(*words, "--json").json["result"][field]
        assert figures[name]["value"] == str(len(rows)), name


def test_the_role_is_at_most_one_s_own(ok: Callable[..., Result], here: Runner) -> None:
    ok("user", "set", "bo", "--role", "operator")
    done = here("dashboard", "build", "--role", "ops_manager", user="bo")
    assert (done.code, "needs the role ops_manager; bo has operator" in done.err) == (6, True)
    assert here("dashboard", "build", "--role", "boss", user="bo").code == 2
    assert here("dashboard", "build", user="nobody").code == 6
    made = ok("dashboard", "build", "--json", user="bo").json["result"]
    assert (made["role"], made["path"]) == ("operator", "dashboard-operator.html")
    ok("user", "set", "tim", "--role", "ticket_manager")  # may do what staff may
    made = ok("dashboard", "build", "--json", user="tim").json["result"]
    assert (made["role"], made["path"]) == ("staff", "dashboard-staff.html")


def test_a_sub_game_of_the_schedule_is_shown_by_its_own_code(
    ok: Callable[..., Result], book: Path
) -> None:
    ok("schedule", "add", "M201/RACE", "--date", "2026-07-01", "--game", "Grand Prix")
    ok("purchase", "add", "--match", "M201/RACE", "--vendor", "Vera", "--contract", "7",
       "--line", "Cat 1:2@50", "-y")  # fmt: skip
    ok("dashboard", "build", "--role", "operator", "-o", "race.html")
    text = Page(book.with_name("race.html")).text
    assert "M201/RACE · Grand Prix" in text
    assert "ticketops schedule show M201/RACE" in text
    assert "Grand Prix" in ok("schedule", "show", "M201/RACE").out
    assert ok("report", "match", "M201/RACE", "--json").json["result"]["game"] == "Grand Prix"


def test_a_role_sees_what_its_commands_would_show_and_nothing_else(
    ok: Callable[..., Result], book: Path
) -> None:
    """staff: no money and no client but in their own tasks; the actions are theirs."""
    ok("user", "set", ANA, "--role", "staff")
    ok("staff", "assign", "--to", ANA, "--unassigned")
    made = ok("dashboard", "build", "--json", user=ANA).json["result"]
    page = Page(book.with_name("dashboard-staff.html")).text
    assert made["kpis"][0]["value"] == "3"
    assert not re.search(
        r"Acme|Bolt|USD|Ann Tickets|Bee Seats|example\.com\b(?<!ana)", page.replace(ANA, "")
    )
    assert {one["command"] for one in made["actions"]} <= {"report position", "audit run"}


def test_capabilities_take_out_what_they_do_not_cover(
    ok: Callable[..., Result], book: Path
) -> None:
    ok("user", "set", "bo", "--role", "super_admin", "--capabilities", "reports.view")
    made = ok("dashboard", "build", "--json", user="bo").json["result"]
    assert {"report summary", "log"} <= set(made["left_out"])
    page = Page(book.with_name("dashboard-super_admin.html")).text
    assert "Revenue" not in page
    assert "Left out" in page
    assert made["since"] is None
    assert "audit run" not in {one["command"] for one in made["actions"]}


def test_who_is_limited_sees_nobody_else(ok: Callable[..., Result], book: Path) -> None:
    ok("user", "set", "bo", "--role", "sr_operator", "--clients", "bolt")
    for words in (
        ["dashboard", "build"],
        ["dashboard", "build", "--role", "operator"],
        ["event", "page", "M01"],
    ):
        made = ok(*words, "--json", user="bo")
        path = book.with_name(made.json["result"]["path"])
        assert "Acme" not in made.out + path.read_text("utf-8") + json.dumps(made.json), words
    assert "Bolt" in book.with_name("dashboard-sr_operator.html").read_text("utf-8")
    assert "report match M01" in made.json["result"]["left_out"]


@pytest.mark.slow
def test_what_happened_since_one_looked_last(ok: Callable[..., Result]) -> None:
    first = ok("dashboard", "build", "--json").json["result"]["since"]
    assert (first["last"], first["total"]) == (None, 0)
    ok("sale", "set", "S1", "--notes", "n")
    ok("sale", "set", "S2", "--notes", "n")
    ok("user", "set", "bo", "--role", "operator")
    again = ok("dashboard", "build", "--json").json["result"]["since"]
    assert again["total"] == 3
    assert [one["command"] for one in again["changes"]] == [
        "user set",
        "sale set S2",
        "sale set S1",
    ]
    assert ok("dashboard", "build", "--json").json["result"]["since"]["total"] == 0
    assert ok("dashboard", "build", "--json", user="bo").json["result"]["since"]["last"] is None


def test_what_people_typed_stays_text(ok: Callable[..., Result], book: Path) -> None:
    loaded = openpyxl.load_workbook(book)
    for sheet, header, row in (
        ("Sales", "Client", 1),
        ("Distribution", "Company", 2),
        ("Sales", "Category", 1),
    ):
        page = loaded[sheet]
        place = next(cell.column for cell in page[row] if cell.value == header)
        for at in range(row + 1, page.max_row + 1):
            if page.cell(at, place).value:
                page.cell(at, place).value = f"{HOSTILE}{at % 2}"
    loaded.save(book)
    for words in (
        ["report", "summary", "-o", "x.html"],
        ["report", "dispatch", "-o", "x.html"],
        ["report", "pnl", "--by", "client", "-o", "x.html"],
        ["dashboard", "build", "--role", "sr_operator", "-o", "x.html"],
        ["event", "page", "M01", "-o", "x.html"],
    ):
        ok(*words)
        page = Page(book.with_name("x.html"))
        assert not {"script", "img"} & set(page.tags), words
        assert page.links == ["data:,"]
        assert page.events == []
        assert "49" not in page.text.replace("{{ 7*7 }}", "") or "{{ 7*7 }}" in page.text
        assert "<script>alert(1)</script>" in page.text, words


def test_a_report_is_written_as_what_its_name_says(
    ok: Callable[..., Result], here: Runner, book: Path
) -> None:
    loaded = openpyxl.load_workbook(book)
    page = loaded["Sales"]
    place = next(cell.column for cell in page[1] if cell.value == "Client")
    page.cell(2, place).value = "=HYPERLINK(1)"
    page.cell(2, place).data_type = "s"
    loaded.save(book)
    ok("report", "summary", "-o", "s.xlsx")
    made = openpyxl.load_workbook(book.with_name("s.xlsx"))
    cells = [cell for sheet in made for row in sheet.iter_rows() for cell in row]
    assert "=HYPERLINK(1)" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert {"Key figures", "Tickets", "All together", "By client"} == set(made.sheetnames)
    assert made["Key figures"]["A3"].value == "Dispatch rate %"
    ok("report", "summary", "-o", "s.csv")
    text = book.with_name("s.csv").read_text("utf-8")
    assert "'=HYPERLINK(1)" in text
    assert ok("report", "summary", "--csv", "-").out.replace("\r", "") == text.replace("\r", "")
    before = book.read_bytes()
    for words in (("-o", book.name), ("-o", "s.pdf"), ("--by", "moon")):
        assert here("report", "summary", *words).code == 2
    assert here("dashboard", "build", "-o", book.name).code == 2
    assert book.read_bytes() == before
    assert here("report", "position", "--write", "--as-of", "2026-01-01").code == 2
    for words in (("report", "match", "M99"), ("event", "page", "M99")):
        assert "there is no match M99" in here(*words).err


def test_reports_as_of_an_earlier_run(ok: Callable[..., Result], here: Runner) -> None:
    last = ok("log", "--json").json["result"]["transactions"][0]["run_id"]
    was = ok("report", "summary", "--json").json["result"]
    ok("sale", "set", "S3", "--qty", "4", "--price", "300")
    now = ok("report", "summary", "--json").json["result"]
    then = ok("report", "summary", "--as-of", last, "--json").json["result"]
    assert then["totals"] == was["totals"] != now["totals"]
    assert then["as_of"] <= now["as_of"]
    assert here("report", "summary", "--as-of", "yesterdayish").code == 2
    assert here("report", "summary", "--as-of", "1999-01-01").code == 2
    ok("user", "set", "bo", "--role", "sr_operator", "--clients", "bolt")
    mine = ok("report", "dispatch", "--as-of", last, "--json", user="bo").json["result"]
    assert {line["key"] for line in mine["lines"]} == {"Bolt"}


def test_a_watched_dashboard_is_built_again_when_the_workbook_changes(
    ok: Callable[..., Result], book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, looks = book.with_name("dashboard-super_admin.html"), []

    def pause(_seconds: float) -> None:
        looks.append(page.read_text("utf-8"))
        if len(looks) == 2:
            loaded = openpyxl.load_workbook(book)
            loaded["Distribution"].cell(3, 11).value = "M77"
            loaded.save(book)
        if len(looks) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("ticketops.cli.dashboard.time.sleep", pause)
    assert ok("dashboard", "build", "--watch").code == 0
    assert looks[0] == looks[1]
    assert ("M77" in looks[1], "M77" in looks[2]) == (False, True)
    assert looks[2] == looks[3]

"""What Python plans of a command is what the command line plans, writes and refuses."""

from __future__ import annotations

import getpass
import io
import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine

import ticketops
from tests.cli.dispatching import ANA
from tests.cli.everything import EVENTFUL
from tests.cli.tree import every_command
from tests.cli.workbooks import cells_of
from tests.conftest import Runner
from tests.sampling import some
from ticketops import errors
from ticketops.cli import planning
from ticketops.engine.permissions import NEEDED
from ticketops.model.results import plain

NOW = datetime(2026, 4, 17, 14, 30)
Call = Callable[[ticketops.Workbook], ticketops.DryRun]


@pytest.fixture(autouse=True)
def _the_settings(
    environment: dict[str, str], book: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Those of the command line, at one moment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TICKETOPS_ROLE", "ops_manager")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(book.parent / ".config"))
    monkeypatch.chdir(book.parent)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def workbook(book: Path) -> ticketops.Workbook:
    return ticketops.open(book)


CALLS: dict[str, tuple[Call, str]] = {
    "a purchase of two lines": (
        lambda b: b.dry_run(
            "purchase.add", match="M02", vendor="Ann Tickets", line=["Cat 2:3@9", "Cat 1:1@7.50"]
        ),
        "purchase add --match M02 --vendor 'Ann Tickets' --line 'Cat 2:3@9' --line 'Cat 1:1@7.50'",
    ),
    "a sale on a day": (
        lambda b: b.dry_run(
            "sale.add", client="Zed", line="M02:Cat 2:1@99", date=date(2026, 3, 1), new=True
        ),
        "sale add --client Zed --line 'M02:Cat 2:1@99' --date 2026-03-01 --new",
    ),
    "lines of a file": (
        lambda b: b.dry_run("purchase.add", vendor="Ann Tickets", csv=Path("lines.csv")),
        "purchase add --vendor 'Ann Tickets' --csv lines.csv",
    ),
    "one sale": (lambda b: b.dry_run("allocate.commit", sale="S3"), "allocate commit S3"),
    "sets of units": (
        lambda b: b.dry_run("allocate.commit", "S3", set=["PR0003-S01:1"]),
        "allocate commit S3 --set PR0003-S01:1",
    ),
    "everything": (lambda b: b.dry_run("allocate.auto"), "allocate auto"),
    "tickets by name": (
        lambda b: b.dry_run("override.unallocate", "S1-1", "S1-2", reason="x"),
        "override unallocate S1-1 S1-2 --confirm UNDO --reason x",
    ),
    "tickets as a list": (
        lambda b: b.dry_run("sale.cancel", sales=["S4-1", "S4-2"], reason="x"),
        "sale cancel S4-1 S4-2 --confirm UNDO --reason x",
    ),
    "a price": (
        lambda b: b.dry_run("sale.set", "S1", qty=4, price=Decimal("190.50")),
        "sale set S1 --qty 4 --price 190.50",
    ),
    "a word of Python's": (
        lambda b: b.dry_run("unit.substitute", unit="P00006", with_="P00005", reason="x"),
        "unit substitute P00006 --with P00005 --confirm UNDO --reason x",
    ),
    "a hold, in a sheet that is made for it": (
        lambda b: b.dry_run(
            "unit.hold", "P00005", client="Bolt", until=datetime(2099, 12, 31), reason="x"
        ),
        "unit hold P00005 --client Bolt --until 2099-12-31 --reason x",
    ),
    "a switch that has an opposite": (
        lambda b: b.dry_run("policy.set", min_margin=12.5, upgrade=False),
        "policy set --min-margin 12.5 --no-upgrade",
    ),
    "staff": (
        lambda b: b.dry_run("staff.mark", "SENT", "T00001", note="by post"),
        "staff mark SENT T00001 --note 'by post'",
    ),
    "tasks": (
        lambda b: b.dry_run("staff.assign", to=ANA, unassigned=True),
        f"staff assign --to {ANA} --unassigned",
    ),
    "a swap": (
        lambda b: b.dry_run("event.swap", "M01", "M02", reason="x", force=True),
        "event swap M01 M02 --confirm UNDO --reason x --force",
    ),
    "a login": (
        lambda b: b.dry_run("credentials.add", "Dee", login="d", no_password=True),
        "credentials add Dee --login d --no-password",
    ),
    "a job that is a switch": (lambda b: b.dry_run("doctor.fix"), "doctor --fix"),
}
"""{what is new in it: (in Python, in words)}"""


def in_words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return (
            f"{value:%Y-%m-%d}"
            if value.time() == datetime.min.time()
            else f"{value:%Y-%m-%d %H:%M:%S}"
        )
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def changed(before: dict[Any, Any], after: dict[Any, Any]) -> dict[tuple[str, str], str | None]:
    """{(sheet, cell): its text} of the cells that are not the same."""
    return {
        place: in_words(after[place]) if place in after else None
        for place in before.keys() | after.keys()
        if before.get(place) != after.get(place)
    }


@pytest.mark.parametrize("name", some(CALLS, 4))
def test_the_cells_that_are_planned_are_those_that_are_written(
    name: str, workbook: ticketops.Workbook, book: Path, here: Runner
) -> None:
    call, words = CALLS[name]
    (book.parent / "lines.csv").write_text("match,category,qty,unit_price\nM02,Cat 2,2,9\n")
    before, content = cells_of(book), book.read_bytes()
    plan = call(workbook)
    assert book.read_bytes() == content
    assert not (book.parent / "event.xlsx.ticketops" / "journal").exists()
    planned = {(s, c): after for s, c, after in plan.changes["sheet", "cell", "after"].rows()}
    assert here(*shlex.split(words), "-y", role="ops_manager").code in (0, 1)
    assert without_uuids(planned) == without_uuids(changed(before, cells_of(book)))
    assert planned or name == "a job that is a switch"
    was = {(s, c): text for s, c, text in plan.changes["sheet", "cell", "before"].rows()}
    assert {p: t for p, t in was.items() if t} == {
        p: in_words(before[p]) for p in was if p in before
    }


def python_of(words: list[str]) -> tuple[str, list[str], dict[str, Any]]:
    """A command line as it is said in Python: name, arguments, options."""
    tree = every_command()
    path = " ".join(words[:2]) if " ".join(words[:2]) in tree else words[0]
    options: dict[str, Any] = {}
    arguments = []
    rest = iter(words[len(path.split()) :])
    for word in rest:
        option = next((p for p in tree[path].params if word in p.opts), None)
        if option is None:
            arguments.append(word)
            continue
        key = max(option.opts, key=len)[2:].replace("-", "_")
        key = {"with": "with_", "from": "from_", "for": "for_"}.get(key, key)
        if option.is_flag:
            options[key] = True
        elif option.multiple:
            options.setdefault(key, []).append(next(rest))
        else:
            options[key] = next(rest)
    return (
        path.replace(" ", "."),
        arguments,
        {k: v for k, v in options.items() if k not in ("yes", "dry_run")},
    )


UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}")


def without_uuids(value: Any) -> Any:
    if isinstance(value, str):
        return UUID.sub("UUID", value)
    if isinstance(value, dict):
        return {key: without_uuids(one) for key, one in value.items()}
    return [without_uuids(one) for one in value] if isinstance(value, list) else value


def files_of(folder: Path) -> dict[Path, bytes]:
    """Everything in a folder but what is cached."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "cache" not in path.parts
    }


def outcome(call: Callable[[], ticketops.DryRun]) -> dict[str, Any]:
    """What comes of a dry run, as `--json` says it."""
    try:
        plan = call()
    except ticketops.TicketopsError as error:
        said = {"code": error.code, "message": error.message, "hint": error.hint}
        return {"error": said if error.code != "USAGE" else "USAGE"}
    return without_uuids(
        {
            "result": json.loads(json.dumps(plain(plan.result), default=datetime.isoformat)),
            "findings": [finding.as_dict() for finding in plan.findings],
            "changes": plain(dict(plan.counts)),
            "cells": [list(row) for row in plan.changes["sheet", "cell", "header", "key"].rows()],
        }
    )


def outcome_of_words(said: dict[str, Any]) -> dict[str, Any]:
    """The same of the object that `--dry-run --json` prints. Python's own words for a command that
    is said wrongly are others."""
    if error := said.get("error"):
        return {"error": error if error["code"] != "USAGE" else "USAGE"}
    cells = [[c["sheet"], c["cell"], c["header"], c["key"]] for c in said.get("cells", [])]
    return without_uuids({name: said[name] for name in ("result", "findings", "changes")}) | {
        "cells": without_uuids(cells)
    }


@pytest.mark.slow
def test_every_command_is_planned_and_refused_alike(book: Path, source: Path, here: Runner) -> None:
    """Of every command that writes: result, findings, counts, cells and refusals are those of
    `--dry-run --json`, and no file is written."""
    shutil.copy(source, book.with_name("other.xlsx"))
    planned = set()
    writing = set(planning.writing())
    for words in EVENTFUL:
        if {words[0], ".".join(words[:2])} & writing:
            name, arguments, options = python_of(words)
            files = files_of(book.parent)
            said = here(*words, "-n", "--json", role="super_admin", stdin="").json
            workbook = ticketops.open(book, role="super_admin")
            done = outcome(partial(workbook.dry_run, name, *arguments, **options))
            assert done == outcome_of_words(said), words
            assert files_of(book.parent) == files, words
            if "result" in done:
                planned.add(name)
        here(*words, role="super_admin", stdin="a secret\n")
    assert len(planned) > 40


@pytest.mark.slow
def test_every_job_that_writes_can_be_planned() -> None:
    reads = {name for name in NEEDED if not planned_by(name)}
    assert reads == {
        *("status", "log", "log.show", "read", "dispatch.status", "sync.diff"),
        *("purchase.list", "purchase.show", "sale.list", "sale.show", "unit.list", "unit.show"),
        *(
            "ticket.list",
            "refund.list",
            "payment.list",
            "margin",
            "dashboard.build",
            "dashboard.matches",
            "dashboard.mine",
            "report.inventory",
            "report.allocation",
            "report.dispatch",
            "report.summary",
            "report.pnl",
            "report.match",
            "invoice.list",
            "invoice.show",
            "fee.list",
            "allotment.list",
            *("job.reports", "job.list", "job.show", "job.download"),
            *(
                f"report.ticketing.{one}"
                for one in ("transfers", "waitlist", "purchases", "blocks")
            ),
            "transfer.list",
            "waitlist.list",
            "balance.clients",
            "balance.vendors",
            "allocate.log",
            "sale.upgrades",
            "unit.holds",
        ),
        *("template.list", "template.show", "template.check", "template.preview", "trigger.list"),
        *("message.list", "message.show"),
        *("policy.list", "policy.show", "user.list", "client.groups", "client.views"),
        *(
            "supplier.groups",
            "staff.tasks",
            "staff.proof",
            "credentials.list",
            "credentials.history",
        ),
        *("allocate.compare", "event.show", "event.list", "event.outstanding", "master.export"),
        "portfolio",
        "export.financial",
        *("subgame.list", "category.list", "schedule.standings"),
        *(
            f"seatmap.{one}"
            for one in ("list", "check", "export", "why", "zones.list", "restrict.list")
        ),
        *("allocate.seats", "seatmap.show"),
        *("schedule.list", "schedule.show", "schedule.profiles", "import.profiles"),
        *("run.list", "cron.check"),
        *(
            f"{entity}.{what}"
            for entity in ("client", "vendor", "contract", "venue", "currency")
            for what in ("list", "show")
        ),
        *("issuance.queue", "issuance.show", "issuance.report", "issuance.manifest.build"),
        # steps of `dispatch watch` and `sync watch`, which have no end to plan
        *("dispatch.pull", "sync.watch"),
        # what the server of the portal does
        *("portal.list", "portal.read", "portal.open", "portal.reveal"),
        *("portal.save", "portal.view", "portal.download"),
    }


def planned_by(name: str) -> bool:
    try:
        planning._command(name)
    except errors.UsageError:
        return False
    return True


def test_every_command_that_writes_is_listed() -> None:
    tree = every_command()
    assert planning.writing() == [
        path.replace(" ", ".")
        for path, command in tree.items()
        if any("--dry-run" in p.opts for p in command.params) and path not in planning.OF_COMMANDS
    ]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda b: b.dry_run("allocate"), "'allocate' is not a command that writes"),
        (lambda b: b.dry_run(""), "'' is not a command that writes"),
        (lambda b: b.dry_run("sale.list"), "'sale.list' is not a command that writes"),
        (lambda b: b.dry_run("sale.cancel.everything"), "is not a command that writes"),
        (lambda b: b.dry_run("doctor.fix", fix=False), "doctor.fix: fix is given twice"),
        (lambda b: b.dry_run("allocate.commit"), "allocate.commit: Missing argument"),
        (lambda b: b.dry_run("allocate.commit", "S1", "S2"), "unexpected extra argument"),
        (lambda b: b.dry_run("allocate.commit", "S1", sale="S2"), "name all arguments or none"),
        (lambda b: b.dry_run("allocate.commit", "S1", sales="S2"), "takes no sales"),
        (lambda b: b.dry_run("allocate.commit", "S1", dry_run=False), "takes no dry_run"),
        (lambda b: b.dry_run("allocate.commit", "S1", workbook="x"), "takes no workbook"),
        (lambda b: b.dry_run("allocate.commit", "S1", plan="two"), "'--plan'"),
        (lambda b: b.dry_run("allocate.commit", "S1", plan=0), "'--plan'"),
        (lambda b: b.dry_run("allocate.commit", "S1", plan=[1, 2]), "plan can't be [1, 2]"),
        (lambda b: b.dry_run("allocate.commit", "S1", plan=True), "plan can't be True"),
        (lambda b: b.dry_run("allocate.commit", "S1", override="yes"), "True or False, not 'yes'"),
        (lambda b: b.dry_run("allocate.commit", ["S1"]), "an argument can't be ['S1']"),
        (lambda b: b.dry_run("override.alloc-from", category="Cat 1"), "sale is missing"),
        (lambda b: b.dry_run("sale.add", client="--new", line="x"), "'x'"),
        (lambda b: b.dry_run("sale.add", csv="a\0.csv"), "csv can't be 'a\\x00.csv'"),
        (lambda b: b.dry_run("sale.add", csv="none.csv"), "none.csv"),
        (lambda b: b.dry_run("sale.add", csv="-"), "csv must be a file"),
        (lambda b: b.dry_run("schedule.import", "-"), "file must be a file"),
        (lambda b: b.dry_run("schedule.import", file="-"), "file must be a file"),
        (lambda b: b.dry_run("dispatch.watch", "."), "dispatch watch has no dry run"),
    ],
)
def test_what_a_command_does_not_take_is_one_clear_error(
    workbook: ticketops.Workbook, call: Call, said: str
) -> None:
    with pytest.raises(errors.TicketopsError) as raised:
        call(workbook)
    assert said in raised.value.message
    assert "\n" not in raised.value.message


def test_what_it_takes_instead_is_said(workbook: ticketops.Workbook) -> None:
    with pytest.raises(errors.UsageError) as raised:
        workbook.dry_run("allocate.commit", "S1", sales="S2")
    assert raised.value.hint == "allocate.commit takes sale, plan, set, seats, override, reason"
    with pytest.raises(errors.UsageError) as raised:
        workbook.dry_run("allocate.comit")
    assert "allocate.commit" in raised.value.hint


def test_a_name_that_may_be_several_names_them(workbook: ticketops.Workbook) -> None:
    with pytest.raises(errors.UnclearNameError) as raised:
        workbook.dry_run("sale.add", client="Bolk", line="M02:Cat 2:1@99")
    assert raised.value.candidates == ("Bolt",)


def test_nothing_is_printed_or_asked(
    workbook: ticketops.Workbook, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    monkeypatch.setattr(getpass, "getpass", lambda *_, **__: pytest.fail("it asks"))
    workbook.dry_run("audit.repair")
    workbook.dry_run("allocate.auto", optimize=True, time_limit=1)
    with pytest.raises(errors.UsageError, match="a password is not for programs to say"):
        workbook.dry_run("credentials.add", "Dee", login="d")
    with pytest.raises(errors.UsageError, match="a password is not for programs to say"):
        workbook.dry_run("credentials.add", "Dee", login="d", password_stdin=True)
    assert capfd.readouterr() == ("", "")


def test_secrets_are_hidden_and_notices_kept(
    workbook: ticketops.Workbook, book: Path, here: Runner
) -> None:
    added = ("credentials", "add", "Ann Tickets", "--login", "a", "--password-stdin")
    assert here(*added, stdin="Pw-Kranich\n", role="ops_manager").code == 0
    plan = workbook.dry_run("credentials.assign", vendor="Ann Tickets", mode="OVERWRITE")
    passwords = plan.changes.filter(header="Password")
    assert set(passwords["after"]) == {"•••"}
    assert "sealed:" not in str(plan.changes.to_dicts()) + str(plan.result)
    kept = workbook.dry_run("credentials.seal", purge_backups=True).notices
    assert any("would delete 1 older version" in text for text in kept)
    assert list((book.parent / "event.xlsx.ticketops" / "backups").iterdir())


LEAST = {
    "audit.run": ((), {"write": True}, "staff"),
    "allocate.preview": (("S3",), {}, "staff"),
    "sale.expand": ((), {}, "operator"),
    "allocate.commit": (("S3",), {}, "sr_operator"),
    "audit.repair": ((), {}, "sr_operator"),
    "sale.upgrade": (("S3",), {"to": "Cat 1", "price": "9", "reason": "x"}, "ops_manager"),
    "credentials.seal": ((), {}, "ops_manager"),
}
ROLES = ("staff", "operator", "sr_operator", "ops_manager")


@pytest.mark.slow
def test_who_may_plan_is_who_may_do_it(book: Path, here: Runner) -> None:
    for role in reversed(ROLES):
        assert here("user", "set", role, "--role", role, user="ops_manager").code == 0
    words = ("user", "set", "gone", "--role", "staff", "--inactive")
    assert here(*words, user="ops_manager").code == 0
    for user in (*ROLES, "gone", "stranger"):
        workbook = ticketops.open(book, user=user)
        for name, (arguments, options, least) in LEAST.items():
            more = [f"--{key}" if v is True else f"--{key}={v}" for key, v in options.items()]
            said = here(*name.split("."), *arguments, *more, "-n", "--json", user=user).json
            done = outcome(partial(workbook.dry_run, name, *arguments, **options))
            assert done == outcome_of_words(said), (user, name)
            may = user in ROLES and ROLES.index(user) >= ROLES.index(least)
            assert ("error" in done) != may, (user, name, done)

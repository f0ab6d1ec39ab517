"""The lines of a crontab and the units of systemd: what a shell and a person read in them."""

from __future__ import annotations

import string
import subprocess
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.clock import crontab, units
from ticketops.domain.clock.entry import Entry, time_of
from ticketops.errors import UsageError

ENTRY = Entry(
    "/srv/events/cup.xlsx",
    ("/opt/bin/ticketops",),
    "olga",
    "/srv/events",
    {"PATH": "/opt/bin:/usr/bin", "LANG": "C.UTF-8"},
    "/home/olga/clock.log",
    time(3, 30),
)
MARK = "# ticketops run nightly: /srv/events/cup.xlsx"
LINE = (
    "30 3 * * * cd /srv/events && env PATH=/opt/bin:/usr/bin LANG=C.UTF-8 /opt/bin/ticketops run "
    "nightly -w /srv/events/cup.xlsx --as olga >> /home/olga/clock.log 2>&1"
)
OTHERS = st.lists(
    st.sampled_from(
        [
            "",
            "# mine",
            "MAILTO=olga",
            "0 4 * * * /usr/bin/backup",
            "# ticketops run nightly: /other.xlsx",
            "1 1 * * * ticketops run nightly -w /other.xlsx",
            "\tx",
        ]
    ),
    max_size=6,
)


def test_the_entry() -> None:
    assert crontab.line_of(ENTRY) == LINE
    assert crontab.with_entry("", ENTRY) == f"{MARK}\n{LINE}\n"
    assert crontab.time_in(LINE) == "03:30"
    assert crontab.time_in("*/5 3 * * * x") == ""


@given(OTHERS, OTHERS, st.booleans())
def test_other_lines_stay_as_they_are(before: list[str], after: list[str], end: bool) -> None:
    text = "".join(f"{line}\n" for line in (*before, *after))
    if not end and text:
        text = text.removesuffix("\n")
    with_ours = crontab.with_entry(text, ENTRY)
    assert crontab.found(with_ours, ENTRY.workbook) == LINE
    assert crontab.with_entry(with_ours, ENTRY) == with_ours
    whole = text if not text or text.endswith("\n") else f"{text}\n"
    assert crontab.without(with_ours, ENTRY.workbook) == whole
    assert crontab.without(text, ENTRY.workbook) == text
    among = "".join(f"{line}\n" for line in (*before, MARK, "5 5 * * * a run nightly -w b", *after))
    lines = (*before, MARK, LINE, *after)
    assert crontab.with_entry(among, ENTRY) == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("below", ["", "0 4 * * * /usr/bin/backup\n"])
def test_a_mark_without_our_line_takes_nobody_s_along(below: str) -> None:
    assert crontab.found(f"{MARK}\n{below}", ENTRY.workbook) == ""
    assert crontab.without(f"{MARK}\n{below}", ENTRY.workbook) == below
    assert crontab.with_entry(f"{MARK}\n{below}", ENTRY) == f"{MARK}\n{LINE}\n{below}"


def test_an_entry_that_was_commented_out_does_not_run() -> None:
    text = f"{MARK}\n# {LINE}\n"
    assert crontab.found(text, ENTRY.workbook) == ""
    assert crontab.without(text, ENTRY.workbook) == ""


NAMES = st.text(string.ascii_letters + " %'\"$\\;&|<>()#!*?~`éש", min_size=1, max_size=12)


@given(NAMES)
def test_names_reach_the_program_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """What cron does to a line, then a shell: the program is told exactly these words."""
    folder = tmp_path_factory.mktemp("cron")
    place = folder / f"in {name}"
    place.mkdir(exist_ok=True)
    program = folder / "program"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "$PWD" "$WORD"\n')
    program.chmod(0o755)
    log = folder / f"log {name}"
    environment = {"PATH": "/usr/bin:/bin", "WORD": name}
    entry = Entry(
        f"/x/{name}.xlsx", (str(program),), "a b", str(place), environment, str(log), time(1, 2)
    )
    minute, hour, *_, command = crontab.line_of(entry).split(" ", 5)
    assert (minute, hour) == ("2", "1")
    subprocess.run(["/bin/sh", "-c", as_cron_reads(command)], check=True)
    wanted = ["run", "nightly", "-w", f"/x/{name}.xlsx", "--as", "a b", str(place), name]
    assert log.read_text().splitlines() == wanted


def as_cron_reads(command: str) -> str:
    """A % ends the command, one behind a backslash is a %."""
    held, rest = "", command
    while rest:
        if rest.startswith("\\%"):
            held, rest = f"{held}%", rest[2:]
        elif rest[0] == "%":
            return held
        else:
            held, rest = held + rest[0], rest[1:]
    return held


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x00b"])
def test_what_no_line_can_hold_is_refused(name: str) -> None:
    entry = Entry(f"/{name}", ("/x",), "u", "/", {}, "/log", time())
    for write in (crontab.line_of, units.service_of):
        with pytest.raises(UsageError, match="can't be in a schedule"):
            write(entry)


def test_a_line_that_cron_would_cut_is_refused() -> None:
    entry = Entry("/x", ("/x",), "u", "/", {"PATH": "/a" * 600}, "/log", time())
    with pytest.raises(UsageError, match="longer than 990 bytes"):
        crontab.line_of(entry)


def test_the_units() -> None:
    service = units.service_of(
        Entry(
            "/srv/100% cup.xlsx",
            ("/opt/ticket ops",),
            'o"l$ga',
            "/srv/100%",
            {"LANG": "C"},
            "/log",
            time(2, 5),
        )
    ).splitlines()
    assert (
        'ExecStart="/opt/ticket ops" "run" "nightly" "-w" "/srv/100%% cup.xlsx" "--as" "o\\"l$$ga"'
        in service
    )
    assert "WorkingDirectory=/srv/100%%" in service
    assert 'Environment="LANG=C"' in service
    timer = units.timer_of(ENTRY)
    assert "OnCalendar=*-*-* 03:30:00\nPersistent=true" in timer
    assert units.time_in(timer) == "03:30"
    assert units.time_in(timer.replace("*-*-*", "Mon")) == ""


def test_units_are_those_of_one_workbook() -> None:
    other = Entry("/srv/events/other.xlsx", *list(_rest(ENTRY)))
    assert ENTRY.unit != other.unit
    assert Path(ENTRY.unit).name == ENTRY.unit


def _rest(entry: Entry) -> list[object]:
    return [getattr(entry, name) for name in entry.__struct_fields__[1:]]


@pytest.mark.parametrize("text", ["3:30", " 03:30 ", "23:59", "0:00"])
def test_a_time_of_day(text: str) -> None:
    hour, _, minute = text.strip().partition(":")
    assert time_of(text) == time(int(hour), int(minute))


@pytest.mark.parametrize("text", ["24:00", "3", "3:5", "3:60", "noon", "", "03:30:00", "٣:٣٠"])
def test_no_time_of_day(text: str) -> None:
    with pytest.raises(UsageError, match="must be a time of day"):
        time_of(text)

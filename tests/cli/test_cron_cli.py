"""`cron …`: what starts the nightly run, against programs that stand for cron and systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from tests.conftest import ROOT, Runner
from ticketops.adapters import schedulers
from ticketops.errors import UnusableError

CRONTAB = """#!/bin/sh
# What cron does with its words: -l prints, - replaces. Where the file `broken` is, it fails.
case "$1" in
-l) [ -e "$HOME/broken" ] && { echo "you may not use this" >&2; exit 1; }
    cat "$HOME/crontab" 2>/dev/null || { echo "no crontab for olga" >&2; exit 1; } ;;
-) cat > "$HOME/given"
   [ -e "$HOME/full" ] && { echo "errors in crontab file, can't install." >&2; exit 1; }
   mv "$HOME/given" "$HOME/crontab" ;;
esac
"""
SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$HOME/asked"
case "$*" in
*is-enabled*) [ -e "$HOME/enabled" ] ;;
*enable*) [ -e "$HOME/no-bus" ] && { echo "Failed to connect to bus" >&2; exit 1; }
          touch "$HOME/enabled" ;;
*disable*) rm "$HOME/enabled" ;;
esac
"""
MINE = "MAILTO=olga\n# mine\n0 4 * * * /usr/bin/backup 100\\%"


@pytest.fixture
def home(book: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has crontab and systemctl."""
    programs = book.parent / "bin"
    programs.mkdir()
    for name, text in (("crontab", CRONTAB), ("systemctl", SYSTEMCTL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("HOME", str(book.parent))
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return book.parent


@pytest.fixture
def environment(environment: dict[str, str], book: Path) -> dict[str, str]:
    return environment | {
        "PYTHONPATH": str(ROOT),
        "TICKETOPS_ROLE": "sr_operator",
        "TICKETOPS_STATE": str(book.parent / "state"),
    }


def test_installed_among_other_lines_and_removed_again(
    home: Path, here: Runner, book: Path
) -> None:
    crontab = home / "crontab"
    crontab.write_text(MINE)
    shown = here("cron", "show").out
    assert here("cron", "install", "-n").err.startswith("dry run: nothing was installed")
    assert crontab.read_text() == MINE
    assert here("cron", "install").code == 0
    assert crontab.read_text() == f"{MINE}\n{shown}"
    again = here("cron", "install", "--json").json["result"]
    assert (again["changed"], again["at"], again["written"][0]["text"]) == (False, "03:30", shown)
    assert here("cron", "install", "--at", "2:05").code == 0
    assert crontab.read_text() == f"{MINE}\n{shown}".replace("30 3 *", "5 2 *")
    assert (home / "state" / "clock").is_dir()
    assert here("cron", "remove", "-n").code == 0
    assert here("cron", "remove", "--json").json["result"]["removed"][0]["at"] == "02:05"
    assert crontab.read_text() == f"{MINE}\n"
    assert here("cron", "remove").err == "nothing to do: nothing on this machine starts it\n"


def test_who_has_no_crontab_yet_gets_one(home: Path, here: Runner) -> None:
    assert here("cron", "install").code == 0
    assert (home / "crontab").read_text() == here("cron", "show").out


@pytest.mark.parametrize(
    ("mark", "said"), [("broken", "the crontab can't be read: you may"), ("full", "did not take")]
)
def test_a_crontab_that_is_refused_stays(home: Path, here: Runner, mark: str, said: str) -> None:
    (home / "crontab").write_text(MINE)
    (home / mark).touch()
    done = here("cron", "install")
    assert (done.code, said in done.err) == (3, True)
    assert (home / "crontab").read_text() == MINE


def test_two_workbooks_have_a_line_each(home: Path, here: Runner, book: Path) -> None:
    other = shutil.copy(book, home / "other cup.xlsx")
    here("cron", "install")
    here("cron", "install", "-w", str(other))
    assert len((home / "crontab").read_text().splitlines()) == 4
    here("cron", "remove")
    assert (home / "crontab").read_text() == here("cron", "show", "-w", str(other)).out


@pytest.mark.slow
def test_the_line_runs_the_night(home: Path, here: Runner, book: Path) -> None:
    """As cron starts it: by sh, at home, with an environment of its own."""
    here("cron", "install")
    line = (home / "crontab").read_text().splitlines()[1]
    command = (
        line.split(" ", 5)[5].replace("\\%", "%").replace("run nightly", "run nightly --task holds")
    )
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(home)}
    done = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=environment, check=False)
    (log,) = (home / "state" / "clock").iterdir()
    assert done.returncode == 0, log.read_text()
    assert "holds      exit 0" in log.read_text()
    assert here("cron", "check").code == 0


def test_secrets_are_left_behind(home: Path, here: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/srv/state")
    done = here("cron", "install", smtp_password="hunter2")
    assert "hunter2" not in (home / "crontab").read_text() + done.out + done.err
    assert "not taken along, since nobody may read it there: TICKETOPS_SMTP_PASSWORD" in done.err
    assert "XDG_STATE_HOME=/srv/state" in (home / "crontab").read_text()


def test_check(home: Path, here: Runner, book: Path) -> None:
    def codes() -> list[str]:
        return [one["code"] for one in here("cron", "check", "--json").json["findings"]]

    night = datetime(2031, 6, 8, 3, 30)
    with time_machine.travel(night, tick=False):
        assert codes() == ["CLOCK_NOT_INSTALLED"]
        assert "no run is recorded" in here("cron", "check").out
        here("cron", "install", "--at", "4:00")
        assert codes() == []
        assert here("run", "nightly", "--task", "holds").code == 0
        done = here("cron", "check")
        assert (done.code, "cron starts it every day at 04:00" in done.out) == (0, True)
        assert "last run 2031-06-08 03:30" in done.out
        text = (home / "crontab").read_text()
        (home / "crontab").write_text(
            text.replace("0 4 *", "0 */4 *").replace("--as olga", "--as ben")
        )
        assert codes() == ["CLOCK_DIFFERS"]
        assert "cron starts it every day at a time of its own" in here("cron", "check").out
        (home / "crontab").write_text(text.replace("\n0 4", "\n#0 4"))
        assert codes() == ["CLOCK_NOT_INSTALLED"]
        here("cron", "install", "--at", "4:00")
        assert (home / "crontab").read_text() == text
    with time_machine.travel(night + timedelta(hours=37), tick=False):
        assert codes() == ["CLOCK_SILENT"]


def test_a_failed_night_is_no_good_news(
    home: Path, here: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ticketops.domain.clock import tasks

    broken = tasks.Task(
        "broken", ("sale", "cancel", "S999", "--confirm", "UNDO", "--reason", "x"), ""
    )
    monkeypatch.setattr(tasks, "TASKS", (broken,))
    assert here("run", "nightly").code == 3
    here("cron", "install")
    (found,) = here("cron", "check", "--json").json["findings"]
    assert found["code"] == "CLOCK_FAILED"
    assert "exit code 3" in found["message"]
    assert "failed: broken" in found["message"]


def test_by_systemd(home: Path, here: Runner) -> None:
    folder = home / ".config" / "systemd" / "user"
    assert here("cron", "install", "--systemd", "-n").code == 0
    assert not folder.exists()
    done = here("cron", "install", "--systemd", "--at", "2:05", "--json").json["result"]
    assert [(Path(one["file"]), one["text"]) for one in done["written"]] == [
        (path, path.read_text()) for path in sorted(folder.iterdir())
    ]
    assert "--user enable --now ticketops-nightly-" in (home / "asked").read_text()
    assert here("cron", "install", "--systemd", "--at", "2:05").err.startswith("nothing to do")
    done = here("cron", "check")
    assert (done.code, "systemd starts it every day at 02:05" in done.out) == (0, True)
    here("cron", "install")
    assert "CLOCK_TWICE" in here("cron", "check").out
    assert len(here("cron", "remove", "--json").json["result"]["removed"]) == 2
    assert list(folder.iterdir()) == []
    assert not (home / "enabled").exists()


def test_units_that_systemd_does_not_take_are_taken_back(home: Path, here: Runner) -> None:
    (home / "no-bus").touch()
    done = here("cron", "install", "--systemd")
    assert (done.code, "Failed to connect to bus" in done.err) == (3, True)
    assert list((home / ".config" / "systemd" / "user").iterdir()) == []


def test_systemd_understands_the_units(home: Path, here: Runner, book: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    strange = Path(shutil.copy(book, home / '100% "cup" $HOME.xlsx'))
    result = here("cron", "show", "--systemd", "-w", str(strange), "--json").json["result"]
    files = []
    for one in result["written"]:
        file = home / Path(one["file"]).name
        file.write_text(one["text"])
        files.append(str(file))
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        [analyze, "verify", "--user", *files],
        env=os.environ | {"XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "Failed to initialize manager" in done.stderr:
        pytest.skip("systemd-analyze needs a running systemd")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_machine_without_cron(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for act in (schedulers.read_crontab, lambda: schedulers.write_crontab("")):
        with pytest.raises(UnusableError, match="crontab is not installed"):
            act()

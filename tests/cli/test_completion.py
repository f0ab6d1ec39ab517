"""What shells offer at TAB: names from the workbook's cache, at once, and never an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.workbooks import type_into
from tests.conftest import ROOT, Runner, run_cli

SLOW = ("polars", "python_calamine", "openpyxl", "pydantic", "isal")


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workbook whose cache is warm."""
    folder = tmp_path_factory.mktemp("warm")
    path = Path(shutil.copy(ROOT / "sample_workbooks" / "small.xlsx", folder / "small.xlsx"))
    manager = ("--role", "ops_manager", "-y", "-w", str(path))
    assert run_cli("user", "set", "olga", *manager).code == 0
    assert run_cli("status", "-w", str(path), "--as", "olga").code in (0, 1)
    return folder


@pytest.fixture
def known(warm: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(warm, tmp_path / "event")) / "small.xlsx"


def offered(*words: str, env: dict[str, str] | None = None) -> list[str]:
    """The lines that a shell gets for words of which the last is being typed."""
    asked = {
        "_TICKETOPS_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(("ticketops", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = run_cli(env=asked | (env or {}))
    assert (done.code, done.err) == (0, ""), done
    return [line for line in done.out.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("sale", "show", "S1"), {"S1", "S10", "S11"}),
        (("sale", "cancel", "S1", "S2"), {"S2", "S20"}),
        (("sale", "add", "--client", "West"), {"Westbrook & Sons"}),
        (("sale", "add", "--client", '"West'), {"Westbrook & Sons"}),
        (("client", "merge", ""), {"Westbrook & Sons"}),
        (("sale", "list", "--match", "M10"), {"M10", "M100", "M104"}),
        (("event", "swap", "M0"), {"M01", "M09"}),
        (("purchase", "list", "--category", "Cat"), {"Cat 1", "Cat 2"}),
        (("sale", "upgrade", "S1", "--to", "Top"), {"Top Cat 1"}),
        (("sale", "list", "--as", "o"), {"olga"}),
        (("user", "set", "ol"), {"olga"}),
        (("policy", "set", "--split", "A"), {"ALLOW_MULTI_SET"}),
        (("policy", "set", "--unset", "max-up"), {"max-upgrade-gap"}),
        (("sa",), {"sale", "sample"}),
        (("sale", "ap"), {"approve"}),
    ],
)
def test_names_of_the_workbook(known: Path, words: tuple[str, ...], some: set[str]) -> None:
    found = offered(*words, env={"TICKETOPS_WORKBOOK": str(known)})
    assert some <= set(found)
    assert all(line.startswith(words[-1].lstrip('"')) for line in found)


def test_the_workbook_is_that_of_the_words(known: Path) -> None:
    assert offered("sale", "show", "-w", str(known), "S3") != []
    assert offered("sale", "show", "S3") == []


def test_what_is_sold_is_offered_at_once(in_process: Runner, known: Path) -> None:
    words = ("--line", "M104:Cat 1:1@5", "-y", "--as", "olga", "-w", str(known))
    assert in_process("sale", "add", "--client", "Zebra Tours", *words).code == 0
    assert offered("sale", "list", "-w", str(known), "--client", "Z") == ["Zebra Tours"]


@pytest.mark.parametrize("broken", ["none", "folder", "workbook", "names", "settings", "sheet"])
def test_never_an_error(known: Path, tmp_path: Path, broken: str) -> None:
    cache = known.with_name(f"{known.name}.ticketops") / "cache"
    workbook = str(known)
    if broken == "none":
        workbook = str(tmp_path / "none.xlsx")
    elif broken == "folder":
        shutil.rmtree(cache.parent)
    elif broken == "workbook":
        known.write_bytes(b"no workbook")
    elif broken == "names":
        for number, path in enumerate(sorted(cache.glob("*.names"))):
            path.write_bytes(
                (b'{"sales_id": 3', b"[1, 2]", b'{"sales_id": [3, null]}', b"\xff")[number % 4]
            )
    elif broken == "settings":
        (tmp_path / "ticketops.toml").write_text("workbook = [")
    else:
        workbook = "gsheet:1234567890abcdefghij"
    done = run_cli(
        env={
            "_TICKETOPS_COMPLETE": "complete_bash",
            "COMP_WORDS": "ticketops\nsale\nshow\nS1",
            "COMP_CWORD": "3",
            "TICKETOPS_WORKBOOK": workbook,
        },
        cwd=tmp_path,
    )
    assert (done.code, done.err) == (0, "")
    assert "Traceback" not in done.out
    if broken in ("none", "folder", "sheet"):
        assert done.out.strip() == ""


@pytest.mark.parametrize(
    "words", ["", '"', "sale\nshow\n'", "no\nsuch", "sale\n--client", "--", "-w"]
)
def test_odd_words(words: str) -> None:
    env = {"_TICKETOPS_COMPLETE": "complete_bash", "COMP_WORDS": f"ticketops\n{words}"}
    for number in ("0", "1", "9", "x"):
        done = run_cli(env=env | {"COMP_CWORD": number})
        assert done.err == ""


def test_nothing_slow_is_loaded(known: Path) -> None:
    program = (
        "import sys\nfrom ticketops.cli.main import run\nfrom ticketops.cli import completion\n"
        "completion.answered(lambda: run([]))\n"
        f"print([name for name in {SLOW!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "_TICKETOPS_COMPLETE": "complete_bash",
            "COMP_WORDS": "ticketops\nsale\nshow\nS1",
            "COMP_CWORD": "3",
            "TICKETOPS_WORKBOOK": str(known),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "S10" in done.stdout
    assert done.stderr.strip() == "[]"


HOSTILE = '\\$(touch pwned) `touch pwned` ; touch pwned * "q" \'x'


def in_bash(folder: Path, path: Path, *words: str) -> list[str]:
    """What a real bash puts into COMPREPLY, by the script that is printed."""
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in ("ticketops", *words))
    program = (
        f"ticketops() {{ '{sys.executable}' -m ticketops \"$@\"; }}\n"
        'eval "$(ticketops --show-completion bash)"\n'
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}\n"
        "_ticketops_completion ticketops\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TICKETOPS_WORKBOOK": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_a_real_bash(in_process: Runner, known: Path, tmp_path: Path) -> None:
    """Names with spaces are one word, and none is a command."""
    type_into(known, "Sales", D3=HOSTILE, D4="Zebra  Tours")
    assert in_process("sale", "list", "-w", str(known), "--as", "olga").code in (0, 1)
    assert in_bash(tmp_path, known, "sale", "list", "--client", "West") == ["Westbrook & Sons"]
    assert HOSTILE in in_bash(tmp_path, known, "sale", "list", "--client", "")
    assert "S1" in in_bash(tmp_path, known, "sale", "show", "S")
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_a_real_zsh(known: Path, tmp_path: Path) -> None:
    program = (
        f"ticketops() {{ '{sys.executable}' -m ticketops \"$@\"; }}\n"
        'compdef() { : }; compadd() { shift; print -rl -- "$@" }; _files() { print FILES }\n'
        'eval "$(ticketops --show-completion zsh)"\n'
        "words=(ticketops sale list --client West); CURRENT=5\n_ticketops_completion\n"
    )
    done = subprocess.run(
        ["zsh", "-f", "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TICKETOPS_WORKBOOK": str(known)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["Westbrook & Sons"]


@pytest.mark.parametrize(
    ("shell", "says"),
    [
        ("bash", "complete -o default"),
        ("zsh", "#compdef ticketops"),
        ("ZSH", "#compdef ticketops"),
        ("fish", "complete --command ticketops"),
        ("powershell", "Register-ArgumentCompleter"),
    ],
)
def test_the_script_is_that_of_the_shell(in_process: Runner, shell: str, says: str) -> None:
    done = in_process("--show-completion", shell)
    assert done.code == 0
    assert says in done.out
    assert ("COMPREPLY" in done.out) == (shell == "bash")
    assert "eval" not in done.out or shell == "fish"


def test_a_shell_that_is_none(in_process: Runner) -> None:
    done = in_process("--show-completion", "tcsh")
    assert (done.code, done.out) == (2, "")
    assert "'tcsh' is not a supported shell (it must be one of bash, zsh" in done.err


def test_it_is_installed_for_the_shell_that_is_named(tmp_path: Path) -> None:
    done = run_cli("--install-completion", "zsh", env={"HOME": str(tmp_path)})
    assert done.code == 0, done.err
    assert (tmp_path / ".zfunc" / "_ticketops").read_text().startswith("#compdef ticketops")

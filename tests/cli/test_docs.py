"""Documentation that fails the build when it lies."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.tree import CONTEXT, TOP, every_command
from ticketops.cli.app import COMMANDS
from ticketops.cli.main import run
from ticketops.cli.manual import pages
from ticketops.cli.reference import reference, roles_page, schema_pages, workbook_page

ROOT = Path(__file__).parents[2]


def test_the_page_of_roles_is_that_of_the_permissions() -> None:
    page = (ROOT / "docs" / "roles.md").read_text()
    assert page == roles_page(), "make docs rewrites it"
    sale = "| `sale add` | operator | sales.edit | SELLING to DISPATCHING | checked | all |"
    assert sale in page
    assert "| `event advance` | ops_manager | event.approve | DRAFT to CLOSED | all | all |" in page
    assert (
        "| `allocate auto` | sr_operator | allocation.edit | ALLOCATING to DISPATCHING | no | no |"
        in page
    )


def test_the_command_reference_is_what_the_commands_say() -> None:
    assert (ROOT / "docs" / "commands.md").read_text() == reference(), "make docs rewrites it"


@pytest.mark.parametrize("path", list(every_command()))
def test_every_command_and_option_has_help(path: str) -> None:
    command = every_command()[path]
    assert command.help
    assert [p.name for p in command.params if not getattr(p, "help", "") and p.name != "help"] == []


@pytest.mark.parametrize("path", list(every_command()))
def test_every_command_has_the_shared_options(path: str) -> None:
    options = {option for p in every_command()[path].params for option in p.opts}
    assert {"-w", "--workbook", "--as", "--json", "-q"} <= options


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_static_summaries_are_those_of_the_modules(name: str) -> None:
    command = TOP.get_command(CONTEXT, name)
    if hasattr(command, "commands"):
        assert command.help == COMMANDS[name]
    else:
        assert command.help


def test_readme_commands_exist(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "README.md").read_text()
    lines = re.findall(r"^\$ (ticketops .*)$", text, re.MULTILINE)
    assert len(lines) >= 8
    known = every_command()
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        assert " ".join(words[:2]) in known or words[0] in known, line
        head = words[:2] if " ".join(words[:2]) in known else words[:1]
        assert run([*head, "--help"]) == 0
        options = {o for p in known[" ".join(head)].params for o in p.opts}
        assert {w for w in words if w.startswith("-") and w != "-"} <= options, line
    capsys.readouterr()


def test_every_exit_code_is_documented() -> None:
    text = (ROOT / "docs" / "output.md").read_text()
    for code in ("0", "1", "2", "3", "4", "5", "6", "70"):
        assert re.search(rf"\| {code} \|", text), code


def test_the_workbook_page_is_what_the_layout_says() -> None:
    assert (ROOT / "docs" / "workbook.md").read_text() == workbook_page(), "make docs rewrites it"


def test_the_schemas_are_those_of_the_results() -> None:
    stored = {path.name: path.read_text("utf-8") for path in (ROOT / "docs" / "schema").iterdir()}
    assert stored == schema_pages(), "make docs rewrites them"


def test_the_manual_pages_are_what_the_commands_say() -> None:
    stored = {path.name: path.read_text("utf-8") for path in (ROOT / "docs" / "man").iterdir()}
    assert stored == pages(), "make docs rewrites them"


def test_the_changelog_names_this_version() -> None:
    from ticketops import __version__

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()

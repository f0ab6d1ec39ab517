"""What the package promises those who install it: declared dependencies, a licence, types; nothing
that is not in the wheel."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OURS = {
    "ticketops",
    "tests",
    "batch",
    "benchmarks",
    "books",
    "controls",
    "harness",
    "lists",
    "messages",
    "money",
    "online",
    "portal",
    "reports",
    "schedules",
    "seatmaps",
    "type_into",
}
"""The package, and folders and modules that stand beside what imports them."""
NOT_FOR_USERS = {"dev", "docs", "mutants"}
"""The extras of those who work on ticketops itself."""
SHARED = {"google": {"google-auth"}}
"""Several distributions put modules below one name; these are the ones we import."""


@cache
def distributions() -> dict[str, set[str]]:
    """{top-level module: the distributions that bring it}"""
    return {
        name: {canonical(one) for one in found} for name, found in packages_distributions().items()
    } | SHARED


@cache
def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {canonical(re.match(r"[\w.-]+", line)[0]) for line in requirements}  # type: ignore[index]


def imported(folder: str) -> dict[str, str]:
    """{top-level module that is not of the standard library: a file that imports it}"""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            found.update({name.partition(".")[0]: str(path.relative_to(ROOT)) for name in names})
    return {
        name: path for name, path in found.items() if name not in sys.stdlib_module_names | OURS
    }


def undeclared(folder: str, allowed: set[str]) -> list[str]:
    """Imports of a folder whose distribution is not among the allowed ones."""
    return [
        f"{name} ({path})"
        for name, path in imported(folder).items()
        if not distributions().get(name, {canonical(name)}) & allowed
    ]


def test_every_package_that_the_product_imports_is_declared() -> None:
    extras = PROJECT["optional-dependencies"]
    shipped = declared(
        PROJECT["dependencies"]
        + [line for name, lines in extras.items() if name not in NOT_FOR_USERS for line in lines]
    )
    working = shipped | declared(extras["dev"])
    assert undeclared("ticketops", shipped) == []
    assert undeclared("tests", working) == []
    assert undeclared("benchmarks", working) == []
    assert undeclared("scripts", working | declared(extras["mutants"])) == []


def test_no_dependency_is_declared_that_nothing_imports() -> None:
    used = set().union(*(distributions().get(name, set()) for name in imported("ticketops")))
    assert declared(PROJECT["dependencies"]) - used == set()


def test_every_declared_package_has_a_tested_version() -> None:
    pinned = {
        canonical(line.partition("==")[0])
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    wanted = declared(
        PROJECT["dependencies"]
        + [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    )
    assert wanted - pinned - {"ticketops"} == set()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (made,) = folder.iterdir()
    return zipfile.ZipFile(made)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "ticketops").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    assert "ticketops/py.typed" in names
    pages = {name.split(".data/data/")[1] for name in names if ".data/data/" in name}
    made = (path.name for path in (ROOT / "docs" / "man").iterdir())
    assert pages == {f"share/man/man1/{name}" for name in made}
    assert [
        name
        for name in names
        if name.split("/")[0] != "ticketops"
        and ".dist-info/" not in name
        and ".data/data/" not in name
    ] == []


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    text = wheel.read(path).decode("utf-8")
    told = Parser().parsestr(text, headersonly=True)
    assert told["License-Expression"] == "LicenseRef-Proprietary"
    assert told.get_all("License-File") == ["LICENSE"]
    assert told["Author"] == "The ticketops developers"
    assert "Typing :: Typed" in told.get_all("Classifier", [])
    assert [line for line in told.get_all("Classifier", []) if line.startswith("License ::")] == []
    assert [
        name for name in ("License", "Home-page", "Author-email", "Project-URL") if name in told
    ] == []
    licence = wheel.read(path.replace("METADATA", "licenses/LICENSE")).decode("utf-8")
    assert licence == (ROOT / "LICENSE").read_text("utf-8")
    assert "All rights reserved" in licence

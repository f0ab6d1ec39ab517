"""The structure that ARCHITECTURE.md promises: imports point one way, the domain is pure, start-up
stays light."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import polars as pl
import pytest

from ticketops.schema.layouts.event import EVENT, SALES, UNITS
from ticketops.stores.xlsx.store import XlsxStore

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ticketops"
LAYERS = {  # what each may import, besides itself
    "model": set(),
    "schema": {"model"},
    "domain": {"model", "schema"},
    "stores": {"model", "schema"},
    "books": {"model", "schema", "domain"},
    "adapters": {"model", "schema", "domain", "stores"},
    "channels": {"model", "schema", "domain", "stores"},
    "engine": {"model", "schema", "domain", "stores", "adapters"},
    "services": {
        *("model", "schema", "domain", "stores", "books", "adapters", "channels", "engine")
    },
    "portal": {"model", "schema", "domain", "services", "stores", "engine"},
    "cli": {"model", "schema", "domain", "services", "stores", "engine", "portal"},
}
IMPURE = {
    "os",
    "pathlib",
    "io",
    "random",
    "time",
    "socket",
    "subprocess",
    "shutil",
    "uuid",
    "urllib",
    "http",
    "tempfile",
    "secrets",
}
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_there_is_something_to_check() -> None:
    assert len(MODULES) > 50


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    layer = path.relative_to(PACKAGE).parts[0]
    if layer not in LAYERS:
        return
    used = {
        name.split(".")[1]
        for name in imports(path)
        if name.startswith("ticketops.") and name.split(".")[1] in LAYERS
    }
    assert used - LAYERS[layer] - {layer} == set()


def test_nothing_but_the_package_s_front_imports_the_interface_for_programs() -> None:
    users = {str(path.relative_to(PACKAGE)) for path in MODULES if "ticketops.api" in imports(path)}
    assert users == {"__init__.py"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").rglob("*.py")), ids=lambda p: p.stem)
def test_the_domain_sees_no_file_clock_random_number_or_network(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)} & IMPURE == set()
    text = path.read_text()
    assert "datetime.now" not in text
    assert "open(" not in text


HEAVY = (
    "polars",
    "pandas",
    "openpyxl",
    "lxml",
    "xlsxwriter",
    "gspread",
    "google",
    "requests",
    "python_calamine",
    "jinja2",
    "vl_convert",
    "pydantic",
    "ortools",
    "cryptography",
    "email_validator",
    "starlette",
    "uvicorn",
)
ON_A_FILE = tuple(name for name in HEAVY if name not in ("polars", "python_calamine"))


def imported(words: list[str], *heavy: str, cwd: Path = ROOT) -> str:
    """Which of these modules a command imports, as a list in text."""
    code = f"import sys\nfrom ticketops.cli.main import run\nassert run(sys.argv[1:]) == 0\nprint([m for m in {heavy!r} if m in sys.modules])"
    env = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
        "PYTHONPATH": str(ROOT)
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
        env=env,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["purchase", "--help"], ["allocate", "commit", "--help"]]
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    assert imported(words, *HEAVY) == "[]"


def test_commands_on_a_file_import_nothing_by_accident(small: Path, tmp_path: Path) -> None:
    """Reading and writing one takes polars and the reader of sheets, nothing else that is slow to
    import."""
    sale = waiting_sale(small)
    for words in (
        ["status"],
        ["log"],
        ["allocate", "preview", sale],
        ["allocate", "commit", sale, "-y"],
        ["undo", "-y"],
    ):
        assert imported([*words, "-w", str(small)], *ON_A_FILE, cwd=tmp_path) == "[]", words


def waiting_sale(workbook: Path) -> str:
    """A sale that can be allocated."""
    rows = XlsxStore(workbook, layout=EVENT).read(SALES, UNITS)
    free = (
        rows[UNITS]
        .frame.filter(pl.col("status") == "AVAILABLE")
        .group_by("match", "category")
        .len()
        .filter(pl.col("len") >= 8)
    )
    waiting = rows[SALES].frame.filter(pl.col("status") == "UNALLOCATED", pl.col("number") <= 4)
    return str(waiting.join(free, on=["match", "category"], how="semi")["sales_id"][0])


def test_what_only_some_platforms_have_is_imported_where_it_is_used() -> None:
    at_the_top = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
        )
        if name in ("termios", "tty", "pty", "pwd", "grp", "resource", "msvcrt")
    ]
    assert at_the_top == []
    assert [str(path.relative_to(ROOT)) for path in MODULES if "fcntl" in imports(path)] == []


def test_services_ask_for_what_a_store_offers_by_type() -> None:
    """Not by peeking at its attributes: mypy and the contract suite see a type."""
    peeks = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((PACKAGE / "services").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "hasattr")
    ]
    assert peeks == []


def test_the_tree_is_that_of_the_docstrings() -> None:
    """`make docs` writes it."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "tree.py"), "--check"], check=False
    )
    assert done.returncode == 0


def test_modules_can_be_read_in_one_sitting() -> None:
    """Most files are under 12 KB, none is over 24; few lines are over 100 columns."""
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > 24 * 1024} == {}
    assert sum(size > 12 * 1024 for size in sizes.values()) < len(sizes) / 8
    lines = [line for path in MODULES for line in path.read_text().splitlines()]
    assert sum(len(line) > 100 for line in lines) < len(lines) / 50
    assert not [name for name in sizes if "# fmt: skip" in (ROOT / name).read_text()]


def test_every_public_function_of_the_core_says_what_it_does() -> None:
    silent = []
    for path in (
        p
        for layer in ("model", "schema", "domain", "stores")
        for p in (PACKAGE / layer).rglob("*.py")
    ):
        public = (
            n
            for n in ast.parse(path.read_text()).body
            if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name[0] != "_"
        )
        silent += [
            f"{path.relative_to(ROOT)}:{node.name}"
            for node in public
            if not ast.get_docstring(node)
        ]
    allowed = {"is_fifa_match"}
    assert [s for s in silent if s.split(":")[1] not in allowed] == []


def test_no_test_module_imports_from_another() -> None:
    """What tests share is in modules with a name of their own, and in conftest.py; programs that
    tests start import no test either."""
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path in TESTS
        for name in sorted(imports(path) | imports_of_programs(path))
        if name.startswith("tests.") and any(part.startswith("test_") for part in name.split("."))
    ] == []


def imports_of_programs(path: Path) -> set[str]:
    """What the programs that stand in a module's texts import from tests."""
    texts = (
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {
        name for text in texts for name in re.findall(r"\b(?:from|import) (tests(?:\.\w+)+)", text)
    }


def test_test_modules_can_be_read_in_one_sitting() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in TESTS}
    assert {name: length for name, length in lengths.items() if length > 1000} == {}


def test_the_local_google_server_knows_nothing_of_the_product() -> None:
    """Else it could not contradict it."""
    package = {path for path in TESTS if path.parent == ROOT / "tests" / "google"}
    assert [
        f"{path.name}: {name}"
        for path in package
        if not path.name.startswith("test_")
        for name in imports(path)
        if re.match(r"ticketops\b|tests\.(?!google\b)", name)
    ] == []


def tree_of(page: str) -> set[str]:
    """The modules of the tree in ARCHITECTURE.md, as paths: a line names a folder, or modules of
    the folder that it is indented under."""
    block = page.split("## The tree")[1].split("\n## ", maxsplit=1)[0]
    found: set[str] = set()
    folders: list[str] = []
    for line in block.splitlines():
        if not line.strip():
            continue
        depth, rest = divmod(len(line) - len(line.lstrip()) - 4, 2)
        names = list(takewhile(lambda word: word.endswith((".py", "/")), line.split()))
        assert rest == 0, f"indented by an odd number: {line!r}"
        assert names, f"names neither a folder nor a module: {line!r}"
        assert 0 <= depth <= len(folders), f"indented under nothing: {line!r}"
        folders = folders[:depth]
        paths = ["".join((*folders, name)) for name in names]
        assert not found & set(paths), f"named twice: {line!r}"
        found |= {path for path in paths if path.endswith(".py")}
        if names[0].endswith("/"):
            assert len(names) == 1, f"more than a folder: {line!r}"
            folders = [*folders, names[0]]
    return found


def test_the_architecture_page_names_every_module_by_its_path_and_no_other() -> None:
    there = {path.relative_to(PACKAGE).as_posix() for path in MODULES if path.name != "__init__.py"}
    assert tree_of((PACKAGE / "ARCHITECTURE.md").read_text()) == there


def test_the_tree_is_read_by_indentation() -> None:
    page = "## The tree\n\n    errors.py    all of them, errors.py too\n    cli/         (§1)\n      a.py b.py   two\n      sub/\n        a.py\n      c.py\n    stores/\n      a.py\n"
    assert tree_of(page) == {
        "errors.py",
        "cli/a.py",
        "cli/b.py",
        "cli/sub/a.py",
        "cli/c.py",
        "stores/a.py",
    }
    for wrong in ("      lost.py", "     a.py", "    continued", "    errors.py"):
        with pytest.raises(AssertionError):
            tree_of(page.replace("    cli/  ", f"{wrong}\n    cli/  "))

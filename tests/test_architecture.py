"""The structure that ARCHITECTURE.md promises: imports point one way, the domain is pure, start-up stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ticketops"
LAYERS = {  # what each may import, besides itself
    "model": set(),
    "schema": {"model"},
    "domain": {"model", "schema"},
    "stores": {"model", "schema"},
    "books": {"model", "schema", "domain"},
    "services": {"model", "schema", "domain", "stores", "books"},
    "cli": {"model", "schema", "domain", "services", "stores"},
}
IMPURE = {"os", "pathlib", "io", "random", "time", "socket", "subprocess", "shutil", "uuid", "urllib", "http", "tempfile", "secrets"}
MODULES = sorted(PACKAGE.rglob("*.py"))


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
    used = {name.split(".")[1] for name in imports(path) if name.startswith("ticketops.") and name.split(".")[1] in LAYERS}
    assert used - LAYERS[layer] - {layer} == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").rglob("*.py")), ids=lambda p: p.stem)
def test_the_domain_sees_no_file_clock_random_number_or_network(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)} & IMPURE == set()
    text = path.read_text()
    assert "datetime.now" not in text
    assert "open(" not in text


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["purchase", "--help"], ["allocate", "commit", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom ticketops.cli.main import run\nrun(sys.argv[1:])\n"
        "print([m for m in ('polars', 'pandas', 'openpyxl', 'xlsxwriter', 'gspread', 'python_calamine', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_modules_can_be_read_in_one_sitting() -> None:
    long = {str(path.relative_to(ROOT)): n for path in MODULES if (n := len(path.read_text().splitlines())) > 400}
    assert set(long) <= {"ticketops/schema/workbook.py"}  # the manifest is one table


def test_every_public_function_of_the_core_says_what_it_does() -> None:
    silent = []
    for path in (p for layer in ("model", "schema", "domain", "stores") for p in (PACKAGE / layer).rglob("*.py")):
        public = (n for n in ast.parse(path.read_text()).body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name[0] != "_")
        silent += [f"{path.relative_to(ROOT)}:{node.name}" for node in public if not ast.get_docstring(node)]
    allowed = {"is_fifa_match"}
    assert [s for s in silent if s.split(":")[1] not in allowed] == []


def test_the_architecture_page_names_every_folder_and_module() -> None:
    page = (PACKAGE / "ARCHITECTURE.md").read_text()
    missing = [str(p.relative_to(PACKAGE)) for p in MODULES if p.name != "__init__.py" and p.name not in page]
    assert missing == []

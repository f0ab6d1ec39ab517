"""Write the tree of ticketops/ARCHITECTURE.md anew, from the first lines of the modules'
docstrings.

python scripts/tree.py [--check]: with --check nothing is written, and the exit code is 1 where the
page differs.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "ticketops"
PAGE = PACKAGE / "ARCHITECTURE.md"
START, END = "## The tree\n", "\n## "
FIRST = (
    "errors.py",
    "files.py",
    "config.py",
    "__main__.py",
    "model",
    "schema",
    "domain",
    "stores",
    "books",
    "adapters",
    "channels",
    "engine",
    "services",
    "portal",
    "cli",
    "api.py",
)
"""The order of the top: what is imported stands above what imports it."""


def tree() -> str:
    """The block between the headings: a line for each folder and module, indented by its folder."""
    lines = [_line(1, "errors.py", PACKAGE / "errors.py")]
    for name in FIRST[1:]:
        path = PACKAGE / name
        lines += _folder(path, 1) if path.is_dir() else [_line(1, name, path)]
    return "\n".join(lines)


def _folder(folder: Path, depth: int) -> list[str]:
    lines = [_line(depth, f"{folder.name}/", folder / "__init__.py")]
    inside = sorted(
        path for path in folder.iterdir() if path.name not in ("__pycache__", "__init__.py")
    )
    lines += [_line(depth + 1, path.name, path) for path in inside if path.suffix == ".py"]
    for path in [p for p in inside if p.is_dir()]:
        lines += _folder(path, depth + 1)
    return lines


def _line(depth: int, name: str, module: Path) -> str:
    said = (ast.get_docstring(ast.parse(module.read_text("utf-8"))) or "").split("\n\n")[0]
    first = " ".join(said.split()).split(". ")[0].rstrip(".")
    return f"{'    ' + '  ' * (depth - 1) + name:<30}{first}".rstrip()


def main() -> int:
    page = PAGE.read_text("utf-8")
    start = page.index(START) + len(START)
    end = page.index(END, start)
    wanted = f"{page[:start]}\n{tree()}\n{page[end:]}"
    if "--check" in sys.argv:
        return int(wanted != page)
    PAGE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

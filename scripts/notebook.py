"""Run docs/notebook.ipynb and write what its cells print into it; no server is needed.

python scripts/notebook.py [--check]: with --check nothing is written, and the exit code is 1 where
the notebook holds something else.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from ticketops.cli.main import run

NOTEBOOK = Path(__file__).resolve().parent.parent / "docs" / "notebook.ipynb"


def run_cells(notebook: dict[str, Any]) -> None:
    """Run the code cells one after the other, and set their outputs and counts."""
    names: dict[str, Any] = {"__name__": "__main__"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, start=1):
        printed, value = _run("".join(cell["source"]), names)
        cell["execution_count"], cell["outputs"] = number, []
        if printed:
            stream = {"output_type": "stream", "name": "stdout", "text": _lines(printed)}
            cell["outputs"].append(stream)
        if value is not None:
            result = {"output_type": "execute_result", "execution_count": number, "metadata": {}}
            cell["outputs"].append({**result, "data": {"text/plain": _lines(repr(value))}})


def _run(source: str, names: dict[str, Any]) -> tuple[str, Any]:
    """What a cell prints, and the value of its last line, where that is an expression."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(ast.Module(body, []), "cell", "exec"), names)  # noqa: S102 (our own notebook)
        value = (
            eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
            if isinstance(last, ast.Expr)
            else None
        )
    return printed.getvalue(), value


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> int:
    text = NOTEBOOK.read_text("utf-8")
    notebook = json.loads(text)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with contextlib.redirect_stdout(io.StringIO()):
            run(["sample", "small", "event.xlsx"])
        run_cells(notebook)
        os.chdir(NOTEBOOK.parent)
    wanted = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        return int(wanted != text)
    NOTEBOOK.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Mutation testing of a seeded sample: would a test fail if this line were wrong?

    make mutants SEED=11 SAMPLE=40

Cosmic Ray finds the places and makes the mutants; one more operator drops whole calls. The mutants
are made in a copy of the tree, and each runs the tests that `TESTS` maps its module to. The made-up
data of `init --sample` are left out: another random number there is no fault. A survivor is a place
where a test is missing, or a mutant that behaves as the original: the latter stand in
mutants_equivalent.tsv with a reason. Exit code 1 where fewer than 92 % of the others die.
"""

from __future__ import annotations

import argparse
import difflib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Keyword, PythonNode

ROOT = Path(__file__).parent.parent
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.tsv")
LEAST = 0.92
MOST_SECONDS = 1200
"""A run that takes longer is told and counts for nothing: the mutant may loop, or the machine be
busy."""
LEFT_OUT = "ticketops/books/sample/"
OPERATORS = re.compile(
    r"AddNot|DropCall|NumberReplacer|Replace(AndWithOr|OrWithAnd|TrueWithFalse|FalseWithTrue|BreakWithContinue|ContinueWithBreak"
    r"|UnaryOperator_(Delete_Not|Delete_USub)|BinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul)"
    r"|ComparisonOperator_(Eq_NotEq|NotEq_Eq|Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Lt_GtE|Gt_LtE|Is_IsNot|IsNot_Is))"
)
"""Slips that people make; `+` for `>>` and the like die of a TypeError and would only improve the
figures."""

TESTS: dict[str, str] = {
    "config": "tests/cli/bad_input",
    "model/": "tests/model tests/domain/selling tests/domain/dispatch/test_groups.py tests/cli/test_contract.py",
    "model/changes": "tests/stores/test_contract.py tests/domain/selling",
    "schema/book_layouts": "tests/domain/dispatch tests/books tests/cli/dispatch",
    "schema/sheets_api": "tests/stores/gsheets",
    "schema/": "tests/model tests/stores/test_tables.py tests/stores/test_contract.py tests/cli/test_contract.py tests/stores/xlsx/test_dialects.py tests/stores/xlsx/test_edge_values.py",
    "domain/allocation/": "tests/domain/allocation tests/domain/selling/test_oversell.py tests/domain/selling/test_cancellation.py tests/cli/test_allocation_cli.py",
    "domain/dispatch/": "tests/domain/dispatch tests/books/confidentiality tests/cli/dispatch",
    "domain/audit/": "tests/domain/audit tests/cli/test_contract.py tests/cli/bad_input",
    "domain/selling/": "tests/domain/selling tests/cli/bad_input",
    "domain/purchasing/": "tests/domain/purchasing tests/cli/test_contract.py tests/cli/bad_input",
    "domain/sync/": "tests/domain/sync tests/machines/test_sync_properties.py tests/cli/sync",
    "domain/credentials/": "tests/domain/credentials tests/cli/test_credentials_cli.py",
    "domain/masterdata/": "tests/domain/masterdata tests/engine tests/cli/test_permissions_cli.py",
    "domain/reporting/": "tests/domain/reporting tests/cli/test_contract.py",
    "domain/": "tests/domain tests/cli/test_contract.py tests/cli/test_allocation_cli.py",
    "stores/gsheets/": "tests/stores/gsheets tests/cli/test_google_cli.py tests/stores/test_contract.py",
    "stores/xlsx/": "tests/stores/test_contract.py tests/stores/xlsx",
    "stores/returned/": "tests/books tests/cli/dispatch",
    "stores/": "tests/stores",
    "books/": "tests/books tests/cli/test_contract.py tests/cli/dispatch",
    "adapters/sealing": "tests/domain/credentials tests/cli/test_credentials_cli.py",
    "adapters/solver": "tests/domain/allocation",
    "engine/": "tests/engine tests/cli/test_consent_cli.py tests/cli/test_contract.py tests/domain",
    "services/sync": "tests/cli/sync",
    "services/google_access": "tests/cli/test_google_cli.py tests/stores/gsheets",
    "services/online_books": "tests/cli/test_google_cli.py tests/books",
    "services/credentials": "tests/domain/credentials tests/cli/test_credentials_cli.py",
    "services/book": "tests/cli/dispatch tests/books tests/domain/dispatch",
    "services/dispatch": "tests/domain/dispatch tests/cli/dispatch",
    "services/comparison": "tests/domain/allocation tests/cli/test_allocation_cli.py",
    "services/": "tests/cli tests/domain",
    "cli/credentials": "tests/cli/test_credentials_cli.py",
    "cli/reveal": "tests/cli/test_credentials_cli.py",
    "cli/allocate": "tests/cli/test_allocation_cli.py tests/cli/test_contract.py",
    "cli/": "tests/cli",
    "": "tests/cli tests/domain tests/model",
}
"""Module (its beginning, below ticketops/) → the tests that should notice; the longest beginning
counts."""


class DropCall(Operator):
    """A statement that is only a call becomes `None`."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        is_call = (
            isinstance(node, PythonNode)
            and node.type == "atom_expr"
            and node.get_last_leaf().value == ")"
        )
        if is_call and node.parent.type in ("simple_stmt", "suite"):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002
        return Keyword("None", node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


OPERATOR_OF: dict[str, Operator] = {
    name: get_operator(name)()
    for name in operator_names()
    if OPERATORS.fullmatch(name.partition("/")[2])
} | {"own/DropCall": DropCall()}


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    path: str
    operator: str
    occurrence: int
    line: int

    def made(self, source: str) -> str:
        return mutate_code(source, OPERATOR_OF[self.operator], self.occurrence) or source

    def compiles(self, source: str) -> bool:
        """Cosmic Ray takes the stars of an argument list for operators."""
        try:
            compile(self.made(source), self.path, "exec")
        except SyntaxError:
            return False
        return True

    def diff(self, tree: Path) -> str:
        source = (tree / self.path).read_text()
        lines = difflib.unified_diff(
            source.splitlines(), self.made(source).splitlines(), n=0, lineterm=""
        )
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def mutants_of(tree: Path, path: Path) -> Iterator[Mutant]:
    source = path.read_text()
    nodes, lines = list(ast_nodes(get_ast(source))), source.splitlines()
    for name, operator in OPERATOR_OF.items():
        places = (
            (node, start) for node in nodes for start, _end in operator.mutation_positions(node)
        )
        for occurrence, (node, (line, _column)) in enumerate(places):
            of_parameters = node.parent is not None and node.parent.type in (
                "parameters",
                "parameter",
            )  # `*` and `/`
            if not of_parameters and not lines[line - 1].startswith(
                "@dataclass"
            ):  # frozen, slots: for those who write the code
                yield Mutant(str(path.relative_to(tree)), name, occurrence, line)


def sample(tree: Path, seed: int, size: int, below: str) -> list[Mutant]:
    """Modules by their length in lines, then an operator's family, then a place: negations and
    numbers alone would be two thirds."""
    rng = random.Random(seed)
    names = sorted(str(path.relative_to(tree)) for path in (tree / "ticketops").rglob("*.py"))
    paths = [
        tree / name for name in names if name.startswith(below) and not name.startswith(LEFT_OUT)
    ]
    lengths = [len(path.read_text().splitlines()) for path in paths]
    found: dict[Path, dict[str, list[Mutant]]] = {}
    chosen: dict[tuple[str, int], Mutant] = {}
    for _ in range(size * 20):
        (path,) = rng.choices(paths, lengths)
        if path not in found:
            families: dict[str, list[Mutant]] = {}
            for mutant in mutants_of(tree, path):
                families.setdefault(mutant.operator.partition("_")[0], []).append(mutant)
            found[path] = families
        if found[path]:
            mutant = rng.choice(found[path][rng.choice(sorted(found[path]))])
            if mutant.compiles(path.read_text()):
                chosen.setdefault((mutant.path, mutant.line), mutant)
        if len(chosen) >= size:
            break
    return list(chosen.values())


def tests_of(path: str) -> list[str]:
    module = path.removeprefix("ticketops/")
    best = max((start for start in TESTS if module.startswith(start)), key=len)
    return [test for test in TESTS[best].split() if (ROOT / test).exists()]


def fate_of(mutant: Mutant, tree: Path, jobs: int) -> str:
    """Whether a test fails on it. The tree is put right afterwards."""
    source = (tree / mutant.path).read_text()
    (tree / mutant.path).write_text(mutant.made(source))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "--tb=no",
        "-m",
        "not slow",
        *(["-n", str(jobs)] if jobs > 1 else []),
    ]
    try:
        done = subprocess.run(
            [*command, *tests_of(mutant.path)],
            cwd=tree,
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "timed out"
    finally:
        (tree / mutant.path).write_text(source)
    if done.returncode not in (0, 1, 2):
        sys.exit(f"pytest ended with {done.returncode}: {done.stdout.decode()[-500:]}")
    return "killed" if done.returncode else "SURVIVED"


def equivalents() -> dict[tuple[str, str], str]:
    """{(module, its diff): why nothing changes}: the diff, not the line number, so that code may
    move."""
    rows = (
        line.split("\t")
        for line in EQUIVALENT.read_text().splitlines()
        if line and not line.startswith("#")
    )
    return {(path, diff): reason for path, diff, reason in rows}


def key_of(mutant: Mutant, tree: Path) -> tuple[str, str]:
    return mutant.path, " ⏎ ".join(
        " ".join(line.split()) for line in mutant.diff(tree).splitlines()
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--below", default="ticketops/", help="only modules whose path holds this")
    parser.add_argument("--jobs", type=int, default=1, help="processes of one run of the tests")
    parser.add_argument("--list", action="store_true", help="show the sample, run nothing")
    given = parser.parse_args()
    known = equivalents()
    fates: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(
            ROOT,
            tree,
            ignore=shutil.ignore_patterns(
                ".git", ".venv", "demo", "work", "__pycache__", ".*_cache", ".hypothesis"
            ),
        )
        for mutant in sample(tree, given.seed, given.sample, given.below):
            began, key = time.monotonic(), key_of(mutant, tree)
            fate = (
                "listed"
                if given.list
                else "equivalent"
                if key in known
                else fate_of(mutant, tree, given.jobs)
            )
            fates.setdefault(fate, []).append("\t".join(key))
            print(
                f"{fate:10} {time.monotonic() - began:4.0f} s  {mutant.path}:{mutant.line}  {mutant.operator.partition('/')[2]}",
                flush=True,
            )
            if fate not in ("killed", "equivalent"):
                print(mutant.diff(tree), flush=True)
    if given.list:
        return 0
    dead, left = len(fates.get("killed", ())), fates.get("SURVIVED", [])
    share = dead / max(1, dead + len(left))
    others = ", ".join(f"{len(fates.get(fate, ()))} {fate}" for fate in ("equivalent", "timed out"))
    print(
        f"seed {given.seed}: {dead} of {dead + len(left)} killed ({share:.0%}), {others}; at least {LEAST:.0%} must be"
    )
    for line in left:
        print(f"{line}\twhy nothing changes, if that is so")
    return 0 if share >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())

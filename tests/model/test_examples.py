"""The examples in docstrings of the model come out as they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import ticketops.model

MODULES = [
    importlib.import_module(f"ticketops.model.{one.name}")
    for one in pkgutil.iter_modules(ticketops.model.__path__)
]
EXAMPLES = [
    test for module in MODULES for test in doctest.DocTestFinder().find(module) if test.examples
]


@pytest.mark.parametrize("test", EXAMPLES, ids=lambda test: test.name)
def test_an_example_comes_out_as_it_says(test: doctest.DocTest) -> None:
    said: list[str] = []
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)


def test_there_are_examples() -> None:
    assert {"ticketops.model.spelling.units", "ticketops.model.dates.parse_moment"} <= {
        test.name for test in EXAMPLES
    }

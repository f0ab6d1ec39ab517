"""Eight people sell at once (§4): together they never pass a client's limit, nor the stock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Result, Runner

MANAGER = "ops_manager"


def at_once(at: Runner, client: str, price: int) -> list[Result]:
    line = f"M02:Cat 2:1@{price}"

    def sell(number: int) -> Result:
        return at("sale", "add", "--client", client, "--line", line, "--again", user=f"u{number}")

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(sell, range(8)))


def sold(at: Runner) -> int:
    return len(at("ticket", "list", "--match", "M02", "--json").json["result"]["tickets"])


@pytest.fixture
def office(at: Runner) -> Runner:
    words = ("client", "add", "Zed", "--credit-limit", "1000", "--credit-currency", "USD")
    assert at(*words, role=MANAGER).code == 0
    event = ("event", "set", "--name", "Cup", "--code", "WC2026", "--no-allow-oversell")
    assert at(*event, "--state", "SELLING", role=MANAGER).code == 0
    return at


@pytest.mark.slow
def test_a_limit(office: Runner) -> None:
    """Three at 300 fit into 1,000, and there is stock for nine."""
    line = "Cat 2:9@5"
    assert office("purchase", "add", "--match", "M02", "--vendor", "V", "--line", line).code == 0
    before = sold(office)
    done = at_once(office, "Zed", 300)
    assert sorted(one.code for one in done) == [0] * 3 + [4] * 5, [one.err for one in done]
    assert sold(office) == before + 3


@pytest.mark.slow
def test_the_stock(office: Runner) -> None:
    """Two units are free: the others are allocated."""
    line = "Cat 2:2@5"
    assert office("purchase", "add", "--match", "M02", "--vendor", "V", "--line", line).code == 0
    before = sold(office)
    done = at_once(office, "Yan", 1)
    assert sorted(one.code for one in done) == [0] * 2 + [4] * 6, [one.err for one in done]
    assert sold(office) == before + 2

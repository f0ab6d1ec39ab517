"""Two clients, a supplier and the office at once (§7, §9): every word is in the workbook once, and none is
another's."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from tests.cli.dispatching import rows_of, tickets_of
from tests.portal.visiting import Browser, Portals
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, run_of
from ticketops.errors import TicketopsError
from ticketops.services import dispatch

ROUNDS = 4


def test_two_clients_a_supplier_and_the_office_at_once(portal: Portals) -> None:
    acme, bolt = portal.inside("client", "Acme Ltd"), portal.inside("client", "Bolt")
    colleague, bee = portal.inside("client", "Acme Ltd"), portal.inside("supplier", "BEE")
    failed: list[BaseException] = []
    store = open_store(portal.book, portal.settings)

    def fills_in(browser: Browser, key: str, column: str, say: Callable[[int], str]) -> None:
        for number in range(ROUNDS):
            page = browser.get(f"/ticket/{key}")
            answer = browser.press(page, "/save", do="save", **{f"r0.{column}": say(number)})
            assert answer.status_code == 303, answer.text
            shown = browser.get(answer.headers["location"])
            assert "Saved: 1 change." in shown.text

    def supplies() -> None:
        for number in range(ROUNDS):
            page = bee.get("/units")
            field = re.search(r'name="(r0\.dispatch_notes)"', page.text)
            assert page.status_code == 200
            assert field is not None
            answer = bee.press(page, "/units?", do="save", **{field[1]: f"note {number}"})
            assert answer.status_code in (200, 303), answer.text

    def office() -> None:
        for _ in range(ROUNDS):
            carry_out(
                store, dispatch.client_copy_down("S4-1", 1, overwrite=True), run_of(portal.settings)
            )

    def guarded(act: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                act()
            except (AssertionError, TicketopsError) as error:
                failed.append(error)

        return run

    acts = (
        lambda: fills_in(acme, "S1-3", "comment", lambda n: f"acme {n}"),
        lambda: fills_in(bolt, "S4-3", "comment", lambda n: f"bolt {n}"),
        lambda: fills_in(colleague, "S2-2", "client_notes", lambda n: f"notes {n}"),
        supplies,
        office,
    )
    threads = [threading.Thread(target=guarded(act)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    last = ROUNDS - 1
    found = tickets_of(portal.book, "Comment", "Clients notes", "First name")
    assert found["S1-3"][0] == f"acme {last}"
    assert found["S4-3"][0] == f"bolt {last}"
    assert found["S2-2"][1] == f"notes {last}"
    assert found["S4-2"][2] == "Di"
    said = [
        str(text)
        for row in rows_of(portal.book, "_BOOK_EDITS")
        for text in row.values()
        if re.fullmatch(r"(acme|bolt|notes|note) \d", str(text))
    ]
    wanted = [f"{who} {n}" for who in ("acme", "bolt", "notes", "note") for n in range(ROUNDS)]
    assert sorted(said) == sorted(wanted)

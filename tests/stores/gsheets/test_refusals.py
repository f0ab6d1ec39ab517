"""What Google refuses of a write, and whether it may have been carried out before: errors that the
store tells apart."""

from __future__ import annotations

import pytest

from tests.online import Google
from tests.stores.gsheets.fixtures import fault, quick, titles
from ticketops.errors import NotPermittedError
from ticketops.schema.layouts.event import SALES
from ticketops.stores.gsheets.connection import Rejected

NEW = [{"addSheet": {"properties": {"title": "Extra"}}}]


def test_a_write_that_is_rejected_at_once(google: Google) -> None:
    key = google.new()
    connection = quick(google, key).connection
    connection.update(NEW)
    with pytest.raises(Rejected) as raised:
        connection.update(NEW)
    assert (raised.value.again, raised.value.exit_code) == (False, 3)
    assert "Extra" in raised.value.message
    assert titles(google.server, key).count("Extra") == 1


@pytest.mark.parametrize(("kind", "again"), [("status 503 after", True), ("drop after", True)])
def test_a_write_that_was_carried_out_without_an_answer(
    google: Google, kind: str, again: bool
) -> None:
    """The second attempt is rejected because the first one counted."""
    key = google.new()
    connection = quick(google, key).connection
    google.server.faults[:] = [fault(kind)]
    with pytest.raises(Rejected) as raised:
        connection.update(NEW)
    assert raised.value.again is again
    assert titles(google.server, key).count("Extra") == 1


def test_a_write_that_is_not_permitted_is_no_rejected_one(google: Google) -> None:
    key = google.new()
    connection = quick(google, key).connection
    google.server.faults[:] = [fault("status 403")]
    with pytest.raises(NotPermittedError):
        connection.update(NEW)
    assert "Extra" not in titles(google.server, key)


def test_a_read_that_is_refused_was_never_a_write(google: Google) -> None:
    store = quick(google, google.new())
    google.server.faults[:] = [fault("status 503 after"), fault("status 400", nth=2, times=100)]
    with pytest.raises(Rejected) as raised:
        store.read(SALES)
    assert raised.value.again is False

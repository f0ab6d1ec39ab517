"""All that an event in a database holds, its journal among it."""

from __future__ import annotations

import json

from isal import igzip

from ticketops.errors import NotPermittedError
from ticketops.stores.content import Content
from ticketops.stores.grids import grid_rows
from ticketops.stores.heads import transaction_of
from ticketops.stores.postgres import ledger, sheets
from ticketops.stores.postgres.connection import Cursor
from ticketops.stores.postgres.store import PostgresStore


def content_of(store: PostgresStore) -> Content:
    """What an event holds, all of one moment. An entry of the journal that can't be read is left and
    named."""

    def read(cursor: Cursor) -> Content:
        known = store.look(cursor)
        withheld = [title for title, held in known.items() if held.withheld]
        if withheld:
            raise NotPermittedError(
                f"{', '.join(withheld)} can't be copied: your database role may not read the "
                "passwords",
                "`db grant --capability credentials` allows it",
            )
        found = {
            title: grid_rows(sheets.fetched(cursor, store.event, held))
            for title, held in known.items()
        }
        entries, left = [], []
        for number, head, body in cursor.execute(ledger.ALL, (store.event,)).fetchall():
            try:
                content = json.loads(igzip.decompress(bytes(body)).decode("utf-8", "surrogatepass"))  # type: ignore[no-untyped-call]
                entries.append((transaction_of(json.loads(head)), dict(content)))
            except ledger.DAMAGED as error:
                left.append(f"the journal entry {number:06d}, which is damaged: {error}")
        return Content(store.layout, found, entries, store.digest_key, tuple(left))

    content: Content = store.consistently(read)
    return content

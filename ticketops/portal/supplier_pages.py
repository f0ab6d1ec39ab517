"""What a supplier sees and does (§9): how far every match is, its units before and after they are sold,
and how each ticket was delivered. Company identities are redacted in the book itself (§9c)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.responses import Response

from ticketops.domain.portal import dashboard, listing
from ticketops.domain.portal.form import Page as Base
from ticketops.domain.portal.outcomes import PageSaid
from ticketops.model import states
from ticketops.portal import sheets
from ticketops.portal.asking import Ask, Page
from ticketops.schema.book_layouts import SUPPLIER_LAYOUT, BookRow

KIND: Literal["supplier"] = "supplier"
INPUTS = ("delivery", "dispatch_notes")
COLUMNS = (
    "unit_ids",
    "match",
    "delivery",
    "dispatch_notes",
    "first_name",
    "last_name",
    "client_email",
    "client_notes",
    "comment",
    "category",
    "block",
    "seat_row",
    "seat",
    "contract",
    "inv_no",
    "company",
    "dispatched_at",
)
"""What a row shows, of the columns of the book: what is filled in stands near the front, where it is seen
on a narrow screen, too."""


def home(ask: Ask) -> Response:
    """The dashboard: a line for every match."""
    book = ask.book()
    return ask.page(
        "supplier_home.html",
        title=ask.words("supplier.home"),
        board=dashboard.dashboard(book.rows),
        unit_url=lambda **picks: address(
            listing.Listing(KIND, {k: (v,) for k, v in picks.items()})
        ),
    )


def units(ask: Ask) -> Response:
    """The units that the address chooses."""
    return _units(ask, *listing.read(KIND, pairs_of(ask)), said=sheets.said_last(ask))


def pairs_of(ask: Ask) -> list[tuple[str, str]]:
    """The pairs of an address that say what to show."""
    return [(name, value) for name, value in ask.query.multi_items() if name != sheets.DONE]


def _units(
    ask: Ask,
    view: listing.Listing,
    unclear: Sequence[str] = (),
    *,
    said: PageSaid | None = None,
    typed: sheets.Kept | None = None,
) -> Response:
    rows = ask.book().rows
    seen = listing.seen(rows, view)
    here = with_told(rows, seen, said, typed)
    matches = view.picks.get("match", ())
    board = dashboard.dashboard(row for row in rows if row.values.get("match") in matches)
    return ask.page(
        "supplier_units.html",
        title=ask.words("supplier.units"),
        sheet=sheets.sheet_of(ask, here, INPUTS, said, typed or {}),
        columns=[SUPPLIER_LAYOUT.by_name[name] for name in COLUMNS],
        inputs=INPUTS,
        match=board.matches[0] if len(board.matches) == 1 else None,
        news=sheets.news(ask, said, rows, busy=typed is not None),
        can_undo=sheets.can_undo(ask),
        statuses=states.DELIVERY,
        **filters(view, rows, seen, unclear, "/units"),
    )


def with_told(
    rows: Sequence[BookRow], seen: listing.Seen, said: PageSaid | None, typed: sheets.Kept | None
) -> list[BookRow]:
    """The rows of a page: first those of which there is something to say, or that are typed into."""
    wanted = sheets.troubled(said) | frozenset(typed or ())
    first = [row for row in rows if row.key and row.key in wanted]
    first = first[: listing.SIZES[-1]]
    return first + [row for row in seen.rows if not row.key or row.key not in wanted]


def filters(
    view: listing.Listing,
    rows: Sequence[BookRow],
    seen: listing.Seen,
    unclear: Sequence[str],
    path: str,
) -> dict[str, Any]:
    """What the templates of filters and pages use."""

    def without(name: str, value: str) -> str:
        picks = dict(view.picks)
        picks[name] = tuple(one for one in picks.get(name, ()) if one != value)
        return address(view, path, picks=picks)

    return {
        "view": view,
        "seen": seen,
        "unclear": unclear,
        "path": path,
        "query": urlencode(view.pairs()),
        "choices": {
            name: listing.values_of(rows, view.kind, name) for name in listing.PICKS[view.kind]
        },
        "sizes": listing.SIZES,
        "sortable": listing.sortable(view.kind),
        "sorted_by": lambda column: _joined(path, view.sorted_by(column)),
        "page_url": lambda number: address(view, path, page=number),
        "without": without,
        "all_url": path,
    }


def address(view: listing.Listing, path: str = "/units", **other: Any) -> str:
    """The address of a view, without the prefix of the portal. other: fields that are different."""
    return _joined(path, view.pairs(**other))


def _joined(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


def save(ask: Ask) -> Response:
    """What was typed, and for the rows that are ticked, or all of the view, one Delivery."""
    view, unclear = listing.read(KIND, pairs_of(ask))
    base = sheets.submitted(ask)
    if base is None:
        return ask.message("form", 409)
    typed, picked = sheets.typed_in(ask, base)
    if ask.said("do") == "bulk":
        base, typed = bulk(ask, view, base, typed, picked, states.DELIVERY)
    return sheets.save(
        ask,
        base,
        typed,
        lambda name: told_at(view, "/units", name),
        lambda kept: _units(ask, view, unclear, typed=kept),
    )[0]


def told_at(view: listing.Listing, path: str, name: str) -> str:
    """The address of a view that tells once what became of what was saved."""
    return _joined(path, [*view.pairs(), (sheets.DONE, name)])


def bulk(
    ask: Ask,
    view: listing.Listing,
    base: Base,
    typed: sheets.Typed,
    picked: Sequence[int],
    known: Sequence[str],
) -> tuple[Base, sheets.Typed]:
    """The page and what is typed on it, with one status and notes for the rows that are ticked, or for
    all that the view chooses. known: the statuses that there are."""
    status, notes = ask.said("bulk_status"), ask.said("bulk_notes").strip()
    wanted = list(picked)
    if ask.said("of") == "all":
        base = sheets.merged(
            base, [row for row in listing.chosen(ask.book().rows, view) if row.open]
        )
        wanted = list(range(len(base.rows)))
    return base, sheets.with_status(base, typed, wanted, status if status in known else "", notes)


def undo(ask: Ask) -> Response:
    """The texts that were saved last by this link are taken back."""
    return sheets.undo(ask, lambda name: f"/units?{sheets.DONE}={name}")


PAGES = (
    Page("/undo", undo, (KIND,), "POST", saves=True),
    Page("/", home, (KIND,)),
    Page("/units", units, (KIND,)),
    Page("/units", save, (KIND,), "POST", saves=True),
)

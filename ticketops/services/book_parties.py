"""For whom books are made: the parties that are named, that have anything, or whose book stands
there."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata import scopes, users
from ticketops.domain.plan import Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import book_kinds
from ticketops.schema.book_layouts import Returned, digest, file_name
from ticketops.schema.layouts.event import BOOKS
from ticketops.schema.tables import Snapshot
from ticketops.services.book_registry import latest_books, stands
from ticketops.stores.gsheets.address import is_online


def barred_staff(snapshot: Snapshot, kind: str, parties: Iterable[str]) -> dict[str, str]:
    """{member of staff: why they may do nothing}: no book is made for them, and theirs are not
    read."""
    return users.barred_people(snapshot, parties) if kind == book_kinds.STAFF_BOOK else {}


def in_scope(
    state: State, kind: str, parties: Iterable[str], named: Iterable[str], run: Run
) -> list[str]:
    """The parties whose books the run's user may see (§2, §15). named: those that somebody named.
    Raises NotPermittedError for one of these that is not among them."""
    if run.scope is None:
        return list(parties)
    for party in named:
        _require_book(state, kind, party, run)
    return [party for party in parties if sees_book(state, kind, party, run)]


def require_seen(state: State, snapshot: Snapshot, files: Iterable[Returned], run: Run) -> None:
    """Raises NotPermittedError for a file of a party that the run's user may not see (§2, §15)."""
    if run.scope is None:
        return
    frame = snapshot[BOOKS].frame
    of = dict(frame.select("book_id", "party").iter_rows())
    for file in files:
        if file.kind and (party := of.get(file.book_id)):
            _require_book(state, file.kind, party, run)


def _require_book(state: State, kind: str, party: str, run: Run) -> None:
    if sees_book(state, kind, party, run):
        return
    if kind == book_kinds.STAFF_BOOK:
        raise scopes.refused(run, "may not see the books of staff, which hold rows of all")
    title = state.client_titles.get(party, party) if kind == book_kinds.CLIENT else party
    raise scopes.refused(run, f"may not see the {kind} {title}")


def sees_book(state: State, kind: str, party: str, run: Run) -> bool:
    """Whether a user may see a book: a client's, where all of its companies are theirs; a
    supplier's, where that is theirs and clients are not limited, as it holds guests of all; one of
    staff, where they are not limited at all."""
    scope = run.scope
    if scope is None:
        return True
    if kind == book_kinds.SUPPLIER:
        return scope.clients is None and scope.sees_supplier(party)
    if kind == book_kinds.STAFF_BOOK:
        return False
    names = clients.client_groups(state).get(party)
    if not names:
        names = [one for one in scope.clients or () if state.clients.is_of(one, party)]
        return scope.clients is None or bool(names)
    return all(map(scope.sees_client, names))


def standing(
    snapshot: Snapshot,
    kind: str,
    folder: Path,
    online: Mapping[str, str] | None,
    path_of: Callable[[str], Path],
) -> list[str]:
    """Parties whose book stands there: whoever has nothing any more may have written into it, and
    must see it emptied."""
    built = {party for of, party, _file in latest_books(snapshot) if of == kind}
    if online is not None:
        return [party for party in built if party in online]
    there = paths_there(snapshot, kind, folder, path_of)
    return [party for party in built if party in there or stands(folder / file_name(kind, party))]


def paths_there(
    snapshot: Snapshot, kind: str, folder: Path, path_of: Callable[[str], Path]
) -> dict[str, Path]:
    """{party: the file in this folder that is its book by `_BOOKS`}, whatever it was called when it
    was made; the newest that stands there."""
    found = {}
    for of, party, name in latest_books(snapshot):
        if of == kind and not is_online(name):
            path = path_of(name)
            if path.absolute().parent == folder.absolute() and stands(path):
                found[party] = path
    return found


def paths_of(
    state: State,
    kind: str,
    parties: Iterable[str],
    snapshot: Snapshot,
    folder: Path,
    path_of: Callable[[str], Path],
) -> dict[str, Path]:
    """{party: the file of its book}, see `paths_called`."""
    titles = state.client_titles if kind == book_kinds.CLIENT else {}
    return paths_called(kind, parties, titles, snapshot, folder, path_of)


def paths_called(
    kind: str,
    parties: Iterable[str],
    titles: Mapping[str, str],
    snapshot: Snapshot,
    folder: Path,
    path_of: Callable[[str], Path],
) -> dict[str, Path]:
    """{party: the file of its book}: the one that stands there, else a new one that is called as
    the party is spelled (titles). No two parties share one, whatever a file system makes of case and
    accents."""
    there = paths_there(snapshot, kind, folder, path_of)
    found = {}
    taken = {_folded(path.name) for path in there.values()}
    for party in parties:
        if party in there:
            found[party] = there[party]
            continue
        called = titles.get(party, "")
        name = file_name(kind, party, called)
        if _folded(name) in taken:
            name = file_name(kind, party, f"{called or party} {digest(party)[:6]}")
        taken.add(_folded(name))
        found[party] = folder / name
    return found


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def party_of(state: State, kind: str, name: str, run: Run) -> str:
    """A party as `_BOOKS` knows it, from what somebody typed. Raises NotFoundError for a client that
    there is none of, UnclearNameError for one or a supplier that is near another, or tied (D23)."""
    if kind == book_kinds.CLIENT:
        return clients.find_group(state, name, run.chosen)
    if kind == book_kinds.SUPPLIER:
        return state.groups.meant(name, run)[0]
    return " ".join(name.split()).casefold()


def parties_of(
    state: State, kind: str, names: Sequence[str], snapshot: Snapshot, run: Run
) -> list[str]:
    """The parties that are named, or all that have anything. Raises NotFoundError, UnclearNameError,
    RuleError."""
    if kind == book_kinds.CLIENT:
        known = list(clients.client_groups(state))
    elif kind == book_kinds.SUPPLIER:
        if not state.groups:
            learn = (
                " `supplier learn` reads them from _SUPPLIER_QUEUE" if state.supplier_rows else ""
            )
            raise RuleError(
                "no supplier group is set up",
                f"`supplier map KEY --vendor NAME` makes one;{learn}".rstrip(";"),
            )
        known = list(suppliers.units_of(state))
    else:
        known = list(staff.tasks_by_person(state))
    found = [party_of(state, kind, name, run) for name in names]
    if kind == book_kinds.STAFF_BOOK:
        users.require_welcome(snapshot, found, "can't build a book for")
    built = {party for of, party, _file in latest_books(snapshot) if of == kind}
    for name in found:
        if name not in known and name not in built:
            near = ", ".join(in_scope(state, kind, sorted(known), (), run)[:5])
            raise NotFoundError(
                f"{name} has nothing to show in a {kind} book",
                f"known names: {near}" if near else "",
            )
    if not known and not found:
        what = {
            book_kinds.CLIENT: "ticket in Distribution",
            book_kinds.SUPPLIER: "unit of a supplier",
            book_kinds.STAFF_BOOK: "task that is assigned",
        }
        raise RuleError(f"there is no {what[kind]} yet")
    return list(dict.fromkeys(found)) or sorted(known)

"""What a party typed comes back to it to the letter, whatever names it holds; what others wrote is
redacted, whatever the party typed beside it (D27)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.dispatch.desk import DispatchDesk, codes, edit
from ticketops.domain.dispatch import clients, suppliers
from ticketops.domain.dispatch.field_edits import UNKNOWN
from ticketops.domain.dispatch.returns import read_edits
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.dispatch.texts import Seen
from ticketops.domain.ticket.wording import carried, changed, read_back, reading, whole, written
from ticketops.schema.book_layouts import LAYOUTS, Returned, ReturnedRow, shown
from ticketops.schema.layouts.event import BOOK_EDITS, BOOKS, CLIENT_INPUTS, USERS
from ticketops.services import allocation, dispatch

DICTIONARY = "Acme Travel, Bolt Tours, Povami, Viagogo, Zenith Trips"
"""Names of clients and vendors, and of one that is nobody: whoever types it must not learn which."""


def notes(desk: DispatchDesk, key: str = "SALVI") -> str:
    state = State.of(desk.store.read(*SHEETS))
    return suppliers.notes_of(state, key, state.tickets["S1-1"]) or ""


def comment(desk: DispatchDesk, sales_id: str = "S1-1", name: str = "comment") -> str:
    state = State.of(desk.store.read(*SHEETS))
    return clients.shown_to_client(state, state.tickets[sales_id], name) or ""


def says(desk: DispatchDesk, text: str | None, base: Any = None) -> list[str]:
    """The supplier writes over what its book says, or over `base`."""
    was = notes(desk) if base is None else base
    return codes(desk.reconcile(edit("supplier", "S1-1", "dispatch_notes", was, text)))


def client_says(desk: DispatchDesk, text: str | None, sales_id: str = "S1-1") -> list[str]:
    was = shown(comment(desk, sales_id))
    return codes(desk.reconcile(edit("client", sales_id, "comment", was, text)))


def kept_row(desk: DispatchDesk) -> int:
    """The row of S1-1 in `_CLIENT_INPUTS`."""
    return next(
        row["row"] for row in desk.frame(CLIENT_INPUTS).to_dicts() if row["sales_id"] == "S1-1"
    )


# --- a supplier


def test_a_supplier_reads_its_own_notes_to_the_letter(desk: DispatchDesk) -> None:
    says(desk, DICTIONARY)
    assert notes(desk) == DICTIONARY
    assert desk.supplier_row("P00001")["dispatch_notes"] == DICTIONARY
    assert desk.ticket("S1-1")["dispatch_notes"] == DICTIONARY


def test_also_beside_what_the_office_wrote(desk: DispatchDesk) -> None:
    desk.write("S1-1", dispatch_notes="for Acme Travel, gate 4")
    desk.reconcile()
    says(desk, f"for MIRRA, gate 4 | {DICTIONARY}")
    assert notes(desk) == f"for MIRRA, gate 4 | {DICTIONARY}"
    assert desk.ticket("S1-1")["dispatch_notes"] == f"for Acme Travel, gate 4 | {DICTIONARY}"


def test_also_where_both_wrote_at_a_time(desk: DispatchDesk) -> None:
    desk.write("S1-1", dispatch_notes="Acme Travel wants it early")
    assert says(desk, DICTIONARY, base="") == ["JOINED"]
    assert notes(desk) == f"MIRRA wants it early | {DICTIONARY}"


def test_also_after_the_office_added_to_it(desk: DispatchDesk) -> None:
    says(desk, DICTIONARY)
    for added in (" | tell Acme Travel", " (Acme Travel knows)", "\nBolt Tours too"):
        desk.write("S1-1", dispatch_notes=desk.ticket("S1-1")["dispatch_notes"] + added)
        desk.reconcile()
    assert notes(desk) == f"{DICTIONARY} | tell MIRRA (MIRRA knows)\nMIRRA too"


def test_also_with_what_the_office_put_before_it(desk: DispatchDesk) -> None:
    says(desk, "Acme Travel?")
    desk.write("S1-1", dispatch_notes="Acme Travel asked | Acme Travel?")
    desk.reconcile()
    assert notes(desk) == "MIRRA asked | Acme Travel?"


@pytest.mark.parametrize(
    "said",
    [
        "Acme Travel",
        "MIRRA | Acme Travel",
        "Acme Travel | MIRRA",
        "Bolt Tours | Acme Travel | MIRRA",
        "MIRRA | Acme Travel | Acme Travel | Bolt Tours",
    ],
)
@pytest.mark.parametrize("base", [None, "", "something older", UNKNOWN])
def test_a_guess_at_what_is_hidden_is_neither_confirmed_nor_denied(
    desk: DispatchDesk, said: str, base: Any
) -> None:
    """The office wrote a client's name and nothing else. Whoever guesses it reads what whoever
    guesses wrong reads."""
    other = DispatchDesk(desk)
    read = []
    for one, name in ((desk, "Acme Travel"), (other, "Bolt Tours")):
        one.write("S1-1", dispatch_notes=name)
        one.reconcile()
        assert notes(one) == "MIRRA"
        says(one, said, base=base)
        read.append(notes(one))
    assert read[0] == read[1]
    for part in said.split(" | "):
        assert part in read[0].split(" | ")


@pytest.mark.parametrize("guess", ["Acme Travel", "Bolt Tours"])
def test_a_guess_in_a_book_without_its_hidden_sheet(desk: DispatchDesk, guess: str) -> None:
    """Whoever takes the hidden sheet out is told no more: right or wrong, the word is one that is
    said."""
    desk.write("S1-1", dispatch_notes="Acme Travel")
    desk.reconcile()
    layout = LAYOUTS["supplier"]
    places = {name: layout.by_name[name].position - 1 for name in layout.typed}
    row = ReturnedRow(4, desk.ticket("S1-1")["line_key"], "", {"dispatch_notes": guess})
    file = Returned("back.xlsx", "hash", "supplier", "", [row], None, positions=places)
    snapshot = desk.store.read(*SHEETS, BOOKS, BOOK_EDITS, USERS)
    state = State.of(snapshot)
    found = read_edits(state, snapshot, [file], lambda _: "", party="SALVI")
    assert [one.value for one in found.edits] == [guess]
    desk.reconcile(*found.edits)
    assert notes(desk) == f"MIRRA | {guess}"


def test_words_are_its_own_until_they_are_gone(desk: DispatchDesk) -> None:
    says(desk, "Acme Travel")
    says(desk, None)
    desk.write("S1-1", dispatch_notes="Acme Travel")
    desk.reconcile()
    assert notes(desk) == "MIRRA"


def test_a_supplier_reads_another_supplier_redacted(desk: DispatchDesk) -> None:
    says(desk, DICTIONARY)
    assert "Acme" not in notes(desk, "POVAMI")
    assert "Viagogo" not in notes(desk, "POVAMI")


def test_words_outlive_another_unit_of_another_supplier(desk: DispatchDesk) -> None:
    """The ticket goes to another supplier, and back: each reads its own."""
    says(desk, "Acme Travel at the door")
    desk.do(allocation.unit_substitute("P00001", "P00005", "x", force=True))
    desk.reconcile()
    assert "Acme" not in (desk.supplier_row("P00005")["dispatch_notes"] or "")
    assert "Acme Travel at the door" in notes(desk, "SALVI")


def test_what_a_supplier_changes_of_its_own_is_changed(desk: DispatchDesk) -> None:
    desk.write("S1-1", dispatch_notes="for Acme Travel")
    desk.reconcile()
    says(desk, "for MIRRA | Bolt Tours at 5")
    says(desk, "for MIRRA | Bolt Tours at 6")
    assert desk.ticket("S1-1")["dispatch_notes"] == "for Acme Travel | Bolt Tours at 6"
    assert notes(desk) == "for MIRRA | Bolt Tours at 6"
    says(desk, "for MIRRA")
    assert desk.ticket("S1-1")["dispatch_notes"] == "for Acme Travel"


def test_a_short_remark_is_not_lost_in_a_longer_one(desk: DispatchDesk) -> None:
    desk.write("S1-1", dispatch_notes="Acme Travel: gate 4, ok")
    says(desk, "4 | ok", base="")
    assert notes(desk) == "MIRRA: gate 4, ok | 4 | ok"


# --- a client


def test_a_client_reads_its_own_words_through_what_the_office_adds(desk: DispatchDesk) -> None:
    client_says(desk, DICTIONARY)
    desk.write("S1-1", comment=f"{DICTIONARY} | Viagogo said no")
    desk.reconcile()
    assert comment(desk) == f"{DICTIONARY} | our supplier said no"
    client_says(desk, f"{DICTIONARY} | our supplier said no | Povami then?")
    assert desk.ticket("S1-1")["comment"] == f"{DICTIONARY} | Viagogo said no | Povami then?"
    assert comment(desk) == f"{DICTIONARY} | our supplier said no | Povami then?"


def test_a_client_reads_its_own_words_where_they_were_copied_down(desk: DispatchDesk) -> None:
    client_says(desk, DICTIONARY)
    desk.do(dispatch.client_copy_down("S1-1", None, overwrite=True))
    assert [comment(desk, f"S1-{n}") for n in (1, 2, 3)] == [DICTIONARY] * 3
    desk.reconcile()
    assert [comment(desk, f"S1-{n}") for n in (1, 2, 3)] == [DICTIONARY] * 3


def test_what_the_office_wrote_stays_redacted_where_it_is_copied_down(desk: DispatchDesk) -> None:
    client_says(desk, "Povami?")
    desk.write("S1-1", comment="Povami? | no, Viagogo")
    desk.do(dispatch.client_copy_down("S1-1", None, overwrite=True))
    assert [comment(desk, f"S1-{n}") for n in (1, 2, 3)] == ["Povami? | no, our supplier"] * 3


def test_a_client_reads_its_own_words_where_the_office_filled_them_down(desk: DispatchDesk) -> None:
    """By hand, in the sheet."""
    client_says(desk, DICTIONARY)
    desk.write("S1-3", comment=DICTIONARY)
    assert comment(desk, "S1-3") == DICTIONARY
    desk.reconcile()
    assert comment(desk, "S1-3") == DICTIONARY


def test_a_client_that_guesses_what_the_office_wrote_learns_nothing(desk: DispatchDesk) -> None:
    read = []
    for one, name in ((desk, "Viagogo"), (DispatchDesk(desk), "Povami")):
        one.write("S1-1", comment=f"{name} gave these")
        one.reconcile()
        assert comment(one) == "our supplier gave these"
        client_says(one, "Viagogo gave these")
        read.append(comment(one))
    assert read == ["Viagogo gave these"] * 2


def test_another_client_reads_nothing_of_it(desk: DispatchDesk) -> None:
    client_says(desk, DICTIONARY)
    desk.write("S1-1", company="Bolt Tours")
    desk.reconcile()
    assert "Acme" not in comment(desk)
    assert "Viagogo" not in comment(desk)


def test_a_cell_that_a_person_spoilt_says_that_nobody_wrote_anything(desk: DispatchDesk) -> None:
    says(desk, "Acme Travel")
    for spoilt in ("nonsense", "[1]", '{"SALVI": 3}', '{"SALVI":"9-2+x-1+-5"}'):
        desk.set(CLIENT_INPUTS, kept_row(desk), "said_by", spoilt)
        assert "Acme" not in notes(desk)


# --- any order of what happens


WORDS = st.sampled_from(["Acme Travel", "ok", "gate 4", "Bolt Tours, then Viagogo", "MIRRA", "no"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["supplier", "late", "office", "staff"]), WORDS)))
def test_own_words_come_back_and_others_do_not(steps: list[tuple[str, str]]) -> None:
    """On texts alone: a supplier, late or in time, and the office write remarks in turn. The
    supplier reads each of its own, and never more names than it wrote itself."""
    ours: str | None = None
    own: tuple[tuple[int, int], ...] = ()
    typed: list[str] = []
    stale = ""
    for who, text in steps:
        read, own_read = reading(ours, own, redact)
        seen = Seen(ours, read, own, own_read)
        if who in ("supplier", "late"):
            if who == "supplier":
                said = f"{read} | {text}" if read else text
                after, mine = seen.replaced(said, join=True)
                typed.append(text)
            else:
                after, mine = seen.added(text, stale)
                if len(after or "") > len(ours or ""):
                    typed.append(text)
                else:
                    assert text in f"{read} | {stale}".split(" | ")
            ours, own = after, mine
        else:
            was = ours
            ours = f"{ours} | {text}" if ours else text
            own = carried(was, own, ours)
            stale = read or ""
    read, own_read = reading(ours, own, redact)
    parts = (read or "").split(" | ")
    for text in set(typed):
        assert parts.count(text) >= typed.count(text), (steps, read)
    for name in ("Acme", "Bolt"):
        wrote = sum(text.count(name) for text in typed)
        assert (read or "").count(name) == wrote, (steps, read)
    said_parts = [part for a, b in own_read for part in (read or "")[a:b].strip(" |").split(" | ")]
    assert set(said_parts) <= set(typed)


HIDDEN = st.sampled_from(["{}", "for {}", "{} | ok", "ok {}, gate 4", "gate 4", "MIRRA", "{}{}"])
ACTS = st.tuples(
    st.sampled_from(["add", "replace", "first", "late", "office"]),
    st.one_of(WORDS, st.sampled_from(["MIRRA", "for MIRRA", "for Acme Travel", "Acme", "T"])),
    HIDDEN,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=8))
def test_what_is_hidden_makes_no_difference(acts: list[tuple[str, str, str]]) -> None:
    """Two offices that write of different companies: whatever a supplier types, it reads the
    same."""
    worlds = [_read_of(acts, name) for name in ("Acme Travel", "Bolt Tours")]
    assert worlds[0] == worlds[1]


def _read_of(acts: list[tuple[str, str, str]], name: str) -> list[str | None]:
    """What the supplier reads after each act."""
    ours: str | None = None
    own: tuple[tuple[int, int], ...] = ()
    stale = ""
    told: list[str | None] = []
    for what, text, hidden in acts:
        read, own_read = reading(ours, own, redact)
        seen = Seen(ours, read, own, own_read)
        was = ours
        if what == "late":
            ours, own = seen.added(text, stale)
        elif what in ("add", "replace", "first"):
            parts = {"add": [read, text], "replace": [text], "first": [text, read]}[what]
            said = " | ".join(part for part in parts if part)
            ours, own = seen.replaced(said, join=True)
        else:
            stale = read or ""
            remark = hidden.replace("{}", name)
            ours = f"{ours} | {remark}" if ours else remark
            own = carried(was, own, ours)
        told.append(reading(ours, own, redact)[0])
    return told


def redact(text: str | None) -> str | None:
    for name in ("Acme Travel", "Bolt Tours", "Viagogo"):
        text = (text or "").replace(name, "MIRRA")
    return text


TEXTS = st.text("ab |X", max_size=25)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, st.lists(st.integers(0, 25), max_size=6))
def test_stretches_are_stretches_whatever_was_edited(
    before: str, after: str, ends: list[int]
) -> None:
    cuts = sorted({end for end in ends if end <= len(before)})
    spans = read_back(written(tuple(zip(cuts[::2], cuts[1::2], strict=False))), before)
    for found, of in (
        (carried(before, spans, after), after),
        (changed(before, spans, after), after),
    ):
        assert all(0 <= a < b <= len(of) for a, b in found)
        assert all(a[1] < b[0] for a, b in pairwise(found))
        assert read_back(written(found), of) == found
    assert carried(before, spans, before) == spans
    assert carried(before, spans, f"{before} | {after}")[: len(spans)] == spans or before == ""
    kept = "".join(after[a:b] for a, b in carried(before, spans, after))
    assert len(kept) <= sum(b - a for a, b in spans)


def test_thousands_of_remarks_are_no_trouble() -> None:
    """As many as a cell holds, half of them edited."""
    old = " | ".join(f"{n}" for n in range(4_000))
    new = " | ".join(f"{n}" if n % 2 else "x" for n in range(4_000))
    found = carried(old, whole(old), new)
    assert "".join(new[a:b] for a, b in found).count("x") == 0

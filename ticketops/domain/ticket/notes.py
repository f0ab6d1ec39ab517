"""Notes of a ticket and of its dispatch: remarks between bars, each appended to those before (§17)."""

from __future__ import annotations

from ticketops.domain.ticket.wording import BETWEEN


def with_note(notes: str | None, text: str) -> str:
    """The notes with one more remark."""
    return f"{notes}{BETWEEN}{text}" if notes else text


def merged_notes(
    ours: str | None, theirs: str | None, known: str | None, seen: str | None = None
) -> str:
    """Our notes, with what theirs add to those that both knew.

    seen: our notes as the others read them, where names are withheld from them: what they repeat is
    told by that and by what they knew, else a remark that is left out would say what stands in the
    rest (D27).
    """
    have = (ours or "").split(BETWEEN) if ours else []
    repeated: list[str] = []
    if known and theirs and theirs.startswith(known):
        theirs = theirs[len(known) :]
    elif known and seen is not None:
        repeated = known.split(BETWEEN)
    there = {part.strip(" |\n") for part in ((ours if seen is None else seen) or "").split(BETWEEN)}
    new = []
    for part in ((theirs or "").split(BETWEEN)) if theirs else ():
        remark = part.strip(" |\n")
        if part in repeated:
            repeated.remove(part)
        elif remark and remark not in there:
            new.append(remark)
    return BETWEEN.join([*have, *new])

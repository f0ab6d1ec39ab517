"""A layout: the sheets that a kind of workbook consists of. Several can exist side by side in one
process.

Code speaks of sheets by *name*; a workbook has them under *titles*. They differ only for a sheet
that is declared with `found_by`: a schedule is called `Schedule WC2026`, or whatever its people
made of that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from ticketops.errors import SchemaError
from ticketops.model.words import Words
from ticketops.schema.sheets import Sheet

EVENT_KIND, ISSUANCE_KIND = KINDS = ("event", "issuance")
"""The kinds of workbooks."""
_MARKS = {
    EVENT_KIND: (frozenset({"sales", "distribution"}),),
    ISSUANCE_KIND: (frozenset({"ticketrecords"}), frozenset({"bookingpassengers"})),
}
"""{kind: sets of titles; one of each set, in lower case, says that a workbook is of this kind}."""
LONGEST_TITLE = 31
_NOT_IN_TITLES = r"/\:?*[]"
_COPY = re.compile(r"(.+?)(?: ?\(\d+\)|_\d+)")
"""How Excel and LibreOffice call the copy of a sheet."""


class Layout:
    """The sheets of a kind of workbook, by name or title. Whoever opens a store chooses its layout;
    stores and snapshots carry it.

    kind: of KINDS. code: of the event that the workbook is about, where that is known. titles:
    {name: title} of the sheets whose title is not their name; the `Sheet` of such a one bears its
    title. words: what stands in place of names that a reader may not know. called: {name: title} of
    the sheets that a setting calls otherwise.
    """

    def __init__(
        self,
        sheets: Iterable[Sheet],
        *,
        kind: str = EVENT_KIND,
        code: str = "",
        titles: Mapping[str, str] | None = None,
        words: Words | None = None,
        called: Mapping[str, str] | None = None,
    ) -> None:
        self._declared = {sheet.name: sheet for sheet in sheets}
        self.kind = kind
        self.code = code
        self.words = words or Words()
        self._called = dict(called or {})
        own = [name for name, sheet in self._declared.items() if not sheet.found_by]
        self._by_case = {title.casefold(): title for title in (*own, *self._called.values())}
        everything = {**self._called, **(titles or {})}
        self.titles = {name: title for name, title in everything.items() if title != name}
        self._names = {title: name for name, title in self.titles.items()}
        self._sheets = self._declared | {
            name: replace(self._declared[name], name=title) for name, title in self.titles.items()
        }

    def __getitem__(self, name: str) -> Sheet:
        return self._sheets[self.name_of(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.name_of(name) in self._sheets

    def __iter__(self) -> Iterator[Sheet]:
        return iter(self._sheets.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all its sheets, in order."""
        return tuple(self._declared)

    def canonical(self) -> list[Sheet]:
        """The sheets of §16b, without the extension sheets."""
        return [sheet for sheet in self if not sheet.extension]

    def title_of(self, name: str) -> str:
        """The title of a sheet by its name; a title stays what it is."""
        return self.titles.get(name, name)

    def name_of(self, title: str) -> str:
        """The name of a sheet by its title; a name stays what it is."""
        return self._names.get(title, title)

    def known_by(self, titles: Iterable[str]) -> dict[str, str]:
        """{title: the name that it stands for}: Google and Excel forgive case in titles of sheets,
        so `SALES` is the sheet Sales where there is no other; any other title stands for itself,
        also that of a sheet that is found by its headers."""
        listed = list(titles)
        taken = set(listed)
        found = {}
        for title in listed:
            name = self._by_case.get(title.casefold(), title)
            found[title] = title if title in self._declared or name in taken else name
            taken.add(found[title])
        return found

    def code_of(self, name: str) -> str:
        """What a sheet's title says beyond its name: the code of its event; "" where it says
        nothing."""
        title = self.title_of(name)
        return (
            " ".join(title.split()[len(name.split()) :])
            if called(self._declared[name], [title])
            else ""
        )

    def about(self, code: str, dates: str = "") -> Layout:
        """The layout for a workbook of this event, and how its people write dates (dmy, mdy)."""
        declared = self._declared.values()
        sheets = [replace(sheet, dates=dates) for sheet in declared] if dates else declared
        return Layout(sheets, kind=self.kind, code=code, words=self.words, called=self._called)

    def worded(self, words: Words, called: Mapping[str, str]) -> Layout:
        """The layout with other words and titles. Raises SchemaError for a title that no sheet can
        have, or that is another sheet's."""
        for name, title in called.items():
            if problem := title_problem(title):
                raise SchemaError(f"a sheet can't be called {title!r}: {problem}")
            if any(_folded(title) == _folded(other) for other in self._declared if other != name):
                raise SchemaError(f"a sheet can't be called {title!r}: there is one already")
        declared = self._declared.values()
        return Layout(declared, kind=self.kind, code=self.code, words=words, called=called)

    def anew(self) -> Layout:
        """The layout with the titles of a workbook that is made now."""
        return self.resolved((), lambda _sheet: False)

    def resolved(self, titles: Sequence[str], fits: Callable[[Sheet], bool]) -> Layout:
        """The layout with the titles that a workbook's sheets have.

        titles: of its worksheets. fits: whether the sheet of that title has the headers that it is
        found by; asked of sheets that are titled as the name says, and of undeclared ones only
        where none of those fits. Raises SchemaError where several fit.
        """
        found = {}
        for sheet in self._declared.values():
            if sheet.found_by:
                taken = {*self._declared, *self._called.values()}
                own = [
                    title
                    for title in titles
                    if title == sheet.name
                    or (title not in taken and title.casefold() not in self._by_case)
                ]
                found[sheet.name] = self._found(sheet, own, fits)
        return Layout(
            self._declared.values(),
            kind=self.kind,
            code=self.code,
            titles=found,
            words=self.words,
            called=self._called,
        )

    def _found(self, sheet: Sheet, titles: Sequence[str], fits: Callable[[Sheet], bool]) -> str:
        titled = called(sheet, titles)
        fitting = [title for title in titled if fits(replace(sheet, name=title))]
        fitting = fitting or [
            title for title in titles if title not in titled and fits(replace(sheet, name=title))
        ]
        fitting = _without_copies(fitting)
        if len(fitting) > 1:
            decided = [title for title in fitting if self._ends_in_code(title)]
            if len(decided) != 1:
                raise SchemaError(
                    f"several sheets can be {sheet.name}: {', '.join(map(repr, fitting))}",
                    f"the setting event (or TICKETOPS_EVENT) decides: the sheet whose title ends "
                    f"in it; it is {self.code or 'not set'!r}",
                )
            return decided[0]
        if fitting:
            return fitting[0]
        headless = [title for title in titled if self._ends_in_code(title)] or titled
        return headless[0] if headless else self._new_title(sheet)

    def _ends_in_code(self, title: str) -> bool:
        code, folded = _folded(self.code), _folded(title)
        return bool(code) and folded.endswith(code) and not folded.removesuffix(code)[-1:].isalnum()

    def _new_title(self, sheet: Sheet) -> str:
        title = title_with(sheet.name, self.code)
        return sheet.name if title_problem(title) else title


def kind_of(titles: Iterable[str]) -> str:
    """The kind of a workbook by the titles of its sheets; "" where they are of none. One that has the
    ledgers of an event is an event's, whatever stands beside them."""
    there = {title.casefold().strip() for title in titles}
    return next((kind for kind, marks in _MARKS.items() if all(there & one for one in marks)), "")


def title_with(name: str, code: str) -> str:
    """The title of a sheet of an event: `Schedule WC2026`."""
    return f"{name} {code.strip()}".rstrip()


def title_problem(title: str) -> str:
    """Why no spreadsheet program takes this as the title of a sheet; "" where it does."""
    if len(title.encode("utf-16-le", "surrogatepass")) > 2 * LONGEST_TITLE:
        return f"it has more than {LONGEST_TITLE} characters"
    if any(character in title for character in _NOT_IN_TITLES):
        return f"it can't contain any of {' '.join(_NOT_IN_TITLES)}"
    if title.startswith("'") or title.endswith("'"):
        return "it can't begin or end with an apostrophe"
    return "" if title.isprintable() else "it contains a character that can't be printed"


def called(sheet: Sheet, titles: Iterable[str]) -> list[str]:
    """The titles that are the sheet's name, or begin with it as a word; case and spaces are
    forgiven."""
    return [title for title in titles if f"{_folded(title)} ".startswith(f"{_folded(sheet.name)} ")]


def _without_copies(titles: Sequence[str]) -> list[str]:
    """The titles less those of copies: `Schedule WC2026 (2)` beside `Schedule WC2026`."""
    known = {_folded(title) for title in titles}
    return [
        title
        for title in titles
        if not ((copy := _COPY.fullmatch(title.strip())) and _folded(copy[1]) in known)
    ]


def _folded(title: str) -> str:
    """A title for comparing: case, and spaces of any kind and number, are forgiven."""
    return " ".join(re.sub("[\u200b-\u200d\u2060\ufeff]", "", title).split()).casefold()

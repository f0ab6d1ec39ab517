"""Dashboards and the page of a match as pages (§11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ticketops.books import pages
from ticketops.books.report_charts import charts_of
from ticketops.domain.dispatch.overdue import DispatchStatus
from ticketops.domain.reporting.dashboard import Dashboard, MatchPage, Widget
from ticketops.domain.reporting.figures import FIGURES, Figures, figures_of
from ticketops.domain.reporting.per_match import MatchReport
from ticketops.domain.reporting.sections import NUMBER, TEXT, Column, Section, sections

_MOST_CARDS = 18
_COMMANDS = {
    "Inventory": "report inventory",
    "Allocation": "report allocation",
    "Summary": "report summary",
}
Table = tuple[str, str, list[str], list[list[Any]]]
"""(title, command, headers, rows)"""


def of_role(
    board: Dashboard,
    *,
    position: Figures | None,
    reports: Sequence[Any],
    tables: Sequence[Table],
    refresh: bool,
) -> str:
    """The dashboard of a role."""
    figures = [
        (_COMMANDS[type(report).__name__], one)
        for report in reports
        for one in charts_of(report)
        if one.spec != "lines"
    ]
    drawn = pages.drawn([one for _, one in figures])
    named = (
        [
            (name.replace("_", " ").capitalize(), f"{value:,}")
            for name, value in zip(FIGURES, figures_of(position), strict=True)
        ]
        if position
        else []
    )
    parts = (board.event, board.state, f"as of {board.as_of:%Y-%m-%d %H:%M}", f"for {board.user}")
    return pages.render(
        "dashboard.html",
        title=f"Dashboard · {board.role}",
        heading=" · ".join(filter(None, parts)),
        board=board,
        cards=board.matches[:_MOST_CARDS],
        others=[_widget(board.matches[_MOST_CARDS:])] if board.matches[_MOST_CARDS:] else [],
        stock=named,
        figures=[(command, one) for (command, _), one in zip(figures, drawn, strict=True)],
        tables=[
            (command, _table(title, headers, rows)) for title, command, headers, rows in tables
        ],
        refresh=refresh,
    )


def of_match(
    page: MatchPage,
    widgets: Sequence[Widget],
    whole: MatchReport | None,
    sent: DispatchStatus | None,
) -> str:
    """The page of a match. whole, sent: None where the user may not see them."""
    tables = [("report match " + page.match, one) for one in sections(whole)] if whole else []
    if sent:
        rows = [
            [
                name,
                of.tickets,
                of.sent + of.accepted,
                of.accepted,
                of.to_send,
                of.issues,
                of.overdue,
            ]
            for name, of in sent.clients.items()
        ]
        headers = ["Client", "Tickets", "Sent", "Accepted", "To send", "Issues", "Overdue"]
        tables.append(("dispatch status --by client", _table("Dispatch", headers, rows)))
        todo = [[one.what, one.who, one.tickets, one.first] for one in sent.today]
        headers = ["To do", "Who", "Tickets", "First"]
        tables.append(("dispatch status", _table("To do today", headers, todo)))
    game = next((one.game for one in widgets if one.game), None)
    return pages.render(
        "match.html",
        title=" · ".join(filter(None, (page.match, game))),
        heading=f"as of {page.as_of:%Y-%m-%d %H:%M}",
        page=page,
        cards=widgets,
        tables=[(command, one) for command, one in tables if one.rows],
        refresh=False,
    )


def _widget(matches: Sequence[Widget]) -> Section:
    rows = [
        [
            one.match,
            one.game,
            one.stage,
            f"{one.deadline:%Y-%m-%d %H:%M}" if one.deadline else "",
            *(one.sold, one.sent, one.available),
            "; ".join(one.alerts),
        ]
        for one in matches
    ]
    headers = ["Match", "Game", "Stage", "Deadline", "Sold", "Sent", "Available", "Alert"]
    return _table("Further matches", headers, rows)


def _table(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> Section:
    kinds = [
        NUMBER if rows and all(isinstance(row[place], int) for row in rows) else TEXT
        for place in range(len(headers))
    ]
    columns = tuple(
        Column(header.lower(), header, kind) for header, kind in zip(headers, kinds, strict=True)
    )
    return Section("", title, columns, tuple(tuple(row) for row in rows))

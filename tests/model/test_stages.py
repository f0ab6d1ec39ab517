"""Stages by number, by size, and by what a schedule calls a match."""

from __future__ import annotations

import pytest

from ticketops.model import stages


@pytest.mark.parametrize(
    ("code", "size", "stage"),
    [
        ("M01", 104, "GROUP"),
        ("M72", 104, "GROUP"),
        ("M73", 104, "ROUND_OF_32"),
        ("M88", 104, "ROUND_OF_32"),
        ("M89", 104, "ROUND_OF_16"),
        ("M97", 104, "QUARTER_FINAL"),
        ("M101", 104, "SEMI_FINAL"),
        ("M103", 104, "THIRD_PLACE"),
        ("M104", 104, "FINAL"),
        ("M105", 105, ""),
        ("M48", 64, "GROUP"),
        ("M49", 64, "ROUND_OF_16"),
        ("M56", 64, "ROUND_OF_16"),
        ("M57", 64, "QUARTER_FINAL"),
        ("M61", 64, "SEMI_FINAL"),
        ("M63", 64, "THIRD_PLACE"),
        ("M64", 64, "FINAL"),
        ("M64", 65, "GROUP"),
        ("M00", 64, ""),
        ("ARC01", 64, ""),
    ],
)
def test_the_stage_of_a_number(code: str, size: int, stage: str) -> None:
    assert stages.of_code(code, size) == stage


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("W - Individual ranking round", "ROUND"),
        ("M - Round 2", "ROUND_2"),
        ("Round of 16", "ROUND_OF_16"),
        ("Women's Team 1/8 Finals", "ROUND_OF_16"),
        ("1/4 Finals", "QUARTER_FINAL"),
        ("1/2 Finals", "SEMI_FINAL"),
        ("Women's Team 1/8 Eliminations", "ELIMINATION"),
        ("M - Team - 1/4 Finals, Semi-finals, Bronze, Final", "FINAL"),
        ("M - Semi-finals, Bronze", "BRONZE"),
        ("Women's Gold medal match", "FINAL"),
        ("W - 1/4 Finals, Semi-finals", "SEMI_FINAL"),
        ("Mixed - Finals", "FINALS"),
        ("Preliminary rounds, 1/4 finals", "QUARTER_FINAL"),
        ("Preliminaries", "PRELIMINARY"),
        ("M - Group A - Brazil vs Spain", "GROUP"),
        ("Group A", "GROUP"),
        ("Group stage", "GROUP"),
        ("M-Group", "GROUP"),
        ("Qualifications", "QUALIFICATION"),
        ("Qualification, Final", "FINAL"),
        ("Qualifier 1 vs Qualifier 2", "QUALIFIER"),
        ("Opening Ceremony", "CEREMONY"),
        ("Closing", "CEREMONY"),
        ("Match for third place", "THIRD_PLACE"),
        ("Quarterfinal", "QUARTER_FINAL"),
        ("Semifinals", "SEMI_FINAL"),
        ("Winner Group A vs Runner-up Group B", ""),
        ("Winner Semi-final 1 vs Winner Semi-final 2 - Final", "FINAL"),
        ("Grouped finalists", ""),
        ("Mexico vs Spain", ""),
        ("", ""),
    ],
)
def test_the_stage_that_a_text_names(text: str, stage: str) -> None:
    assert stages.of_text(text) == stage


def test_what_a_text_says_counts_before_the_number() -> None:
    assert stages.stage_of("M37", 51, None, "Round of 16") == "ROUND_OF_16"
    assert stages.stage_of("M37", 51, "", "Group D") == "GROUP"
    assert stages.stage_of("M37", 51, None, None) == "GROUP"


def test_the_size_is_that_of_the_whole_schedule() -> None:
    assert stages.size_of(["M03", "M104", "ARC01"]) == 104
    assert stages.size_of(["OOC01"]) == 0


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ("GROUP", "Group stage"),
        ("ROUND_OF_16", "Round of 16"),
        ("QUARTER_FINAL", "Quarter-final"),
        ("SEMI_FINAL", "Semi-final"),
        ("THIRD_PLACE", "Match for third place"),
        ("FINAL", "Final"),
        ("ROUND_2", "Round 2"),
        ("", ""),
    ],
)
def test_how_a_stage_is_called(stage: str, name: str) -> None:
    assert stages.named(stage) == name

"""No password comes out of a sync."""

from __future__ import annotations

import base64
import gzip

import polars as pl
import pytest

from tests.cli.sync.two_copies import Pair, is_second_look, meanwhile
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    EVENT,
    PURCHASES,
    STAFF_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.stores.gsheets.control import is_internal

SECRETS = [
    (sheet.name, column.name)
    for sheet in EVENT
    for column in sheet.columns
    if column.secret and not sheet.extension
]


def unpacked_journals(pair: Pair) -> str:
    """All that both journals hold, as text."""
    files = (pair.path.with_name(pair.path.name + ".ticketops") / "journal").glob("*.gz")
    texts = [gzip.decompress(file.read_bytes()).decode() for file in files]
    packed = ""
    for row in [*pair.server.rows(pair.key, "_JOURNAL")[1:], ["end"]]:
        cells = [str(cell) if cell is not None else "" for cell in row]
        if cells[0] and packed:
            texts.append(gzip.decompress(base64.b64decode(packed)).decode())
            packed = ""
        texts += cells[:9]
        packed += cells[9] if len(cells) > 9 else ""
    return "\n".join(texts)


@pytest.mark.slow
def test_no_password_comes_out_of_it(pair: Pair) -> None:
    """Those that stood in both copies, those that changed here or there, and on both: they reach
    the other copy, and stand in no output, no state, no journal."""
    canary = "Pw-Zeisig-7731"
    assert {sheet for sheet, _ in SECRETS} >= {
        UNITS,
        DISTRIBUTION,
        PURCHASES,
        STAFF_QUEUE,
        VENDOR_CREDENTIALS,
    }
    row = {sheet: EVENT[sheet].header_row + 1 for sheet, _ in SECRETS}
    for sheet, column in SECRETS:
        pair.type_here(
            sheet,
            {
                row[sheet]: {column: f"{canary}-both-{column}"},
                row[sheet] + 1: {column: f"{canary}-old-{column}"},
            },
        )
    said = [
        pair.sync("push", "-n"),
        pair.sync("push", "-n", "--json"),
        pair.real("push", "--debug"),
    ]
    for sheet, column in SECRETS:
        pair.type_here(sheet, {row[sheet]: {column: f"{canary}-here-{column}"}})
        pair.type_there(sheet, {row[sheet] + 1: {column: f"{canary}-there-{column}"}})
    said += [
        pair.sync("diff"),
        pair.sync("diff", "--json"),
        pair.sync("pull", "-n"),
        pair.sync("pull", "-n", "--json"),
    ]
    said += [pair.sync("pull", "--json"), pair.real("push", "--debug")]
    assert [done.code for done in said] == [0] * len(said)
    here = pair.here()
    assert here == pair.there()
    assert sum(isinstance(value, str) and canary in value for value in here.values()) == 2 * len(
        SECRETS
    )
    assert sum(
        isinstance(value, str) and f"{canary}-here" in value for value in here.values()
    ) == len(SECRETS)
    assert sum(
        isinstance(value, str) and f"{canary}-there" in value for value in here.values()
    ) == len(SECRETS)

    for sheet, column in SECRETS:
        pair.type_here(sheet, {row[sheet]: {column: f"{canary}-one-{column}"}})
        pair.type_there(sheet, {row[sheet]: {column: f"{canary}-two-{column}"}})
    torn = [
        pair.real(*words)
        for words in (
            ["diff"],
            ["diff", "--json"],
            ["pull", "--debug"],
            ["push", "--json"],
            ["watch", "--once", "--debug"],
        )
    ]
    assert {done.code for done in torn} == {1}
    assert all("•••" in done.out for done in torn)
    with meanwhile(
        pair,
        lambda: pair.type_there(VENDOR_CREDENTIALS, {2: {"password": f"{canary}-three"}}),
        request=is_second_look,
    ):
        refused = pair.real("push", "--prefer", "local", "--debug")
    assert refused.code != 0
    assert "Traceback" in refused.err
    said += [
        *torn,
        refused,
        pair.sync("pull", "--prefer", "remote", "--json"),
        pair.do("log", "-w", str(pair.path), "--json"),
    ]
    said += [
        pair.do("log", "-w", pair.remote),
        pair.do("undo", "-w", pair.remote, "--dry-run"),
        pair.do("undo", "-w", pair.remote, "--yes"),
    ]

    assert "Zeisig" not in "".join(done.out + done.err for done in said)
    assert "Zeisig" not in unpacked_journals(pair)
    assert "Notes" in unpacked_journals(pair) or "password" in unpacked_journals(pair)
    kept = [
        path
        for folder in (pair.state, pair.google.folder / "state")
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert len(kept) > 3
    for path in kept:
        assert b"Zeisig" not in path.read_bytes()
        if path.suffix == ".ipc":
            assert not any(
                "Zeisig" in str(value) for column in pl.read_ipc(path) for value in column
            )
    for kept_sheet in pair.server.spreadsheet(pair.key).sheets:
        if is_internal(kept_sheet.title):
            assert "Zeisig" not in str(pair.server.rows(pair.key, kept_sheet.title))
    assert (pair.state / "secret.key").stat().st_mode & 0o077 == 0
    assert pair.state.stat().st_mode & 0o077 == 0

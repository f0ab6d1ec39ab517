"""Every password is sealed; keys are rotated; what is left when that is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.conftest import ROOT
from tests.desk import everything
from tests.domain.credentials.desk import CredentialDesk
from ticketops.adapters import sealing
from ticketops.adapters.sealing import Sealer
from ticketops.domain.audit.conformance import examine
from ticketops.errors import UnusableError
from ticketops.model.results import plain
from ticketops.model.secrets import is_sealed
from ticketops.schema.layouts.event import (
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    EVENT,
    PURCHASES,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.services import credentials
from ticketops.stores.memory import MemoryStore


def _plain(desk: CredentialDesk) -> None:
    """A plain password in every column for passwords."""
    desk.buy(("M01", "Cat 1", 2), vendor="Ann")
    desk.sell(("M01", "Cat 1", 1))
    desk.set(PURCHASES, 2, "email_password", "mail")
    desk.set(UNITS, 2, "password_legacy", "same")
    desk.set(UNITS, 2, "password", "same")
    desk.set(UNITS, 3, "password", 12345.0)
    desk.set(DISTRIBUTION, 3, "password", "sealed:not")
    desk.type_rows(VENDOR_CREDENTIALS, [{"vendor": "Ann", "password": " spaced "}])
    desk.type_rows(STAFF_QUEUE, [{"task_id": "T1", "vendor_password": "same"}])
    desk.type_rows(SUPPLIER_QUEUE, [{"vendor": "Ann", "password": "=SUM(1)"}])


def test_every_password_of_every_sheet_is_sealed(desk: CredentialDesk) -> None:
    _plain(desk)
    assert codes_of(desk) == ["PLAINTEXT_PASSWORD"] * 7
    before = everything(desk.store)
    plan = desk.seal()
    assert plain(plan.result) == {
        "sealed": {
            PURCHASES: 1,
            UNITS: 3,
            DISTRIBUTION: 1,
            STAFF_QUEUE: 1,
            SUPPLIER_QUEUE: 1,
            VENDOR_CREDENTIALS: 1,
        }
    }
    assert [(row[0], row[4], row[5]) for row in desk.history()] == [
        ("SEALED", s, f"{n} password" + "s" * (n != 1)) for s, n in plan.result.sealed.items()
    ]
    found = {sheet: desk.passwords(sheet, column) for sheet, column in COLUMNS}
    assert found == {
        PURCHASES: ["mail"],
        UNITS: ["same", "12345"],
        DISTRIBUTION: ["sealed:not"],
        STAFF_QUEUE: ["same"],
        SUPPLIER_QUEUE: ["=SUM(1)"],
        VENDOR_CREDENTIALS: [" spaced "],
    }
    assert all(is_sealed(value) for sheet, column in COLUMNS for value in desk.rows(sheet, column))
    assert (
        len(
            {
                *desk.rows(UNITS, "password_legacy")[:1],
                desk.rows(UNITS, "password")[0],
                *desk.rows(STAFF_QUEUE, "vendor_password"),
            }
        )
        == 1
    )
    assert codes_of(desk) == []
    assert desk.seal().changes.changes == []
    desk.undo()
    assert {k: v for k, v in everything(desk.store).items() if k != CREDENTIAL_HISTORY} == {
        k: v for k, v in before.items() if k != CREDENTIAL_HISTORY
    }


COLUMNS = [
    (PURCHASES, "email_password"),
    (UNITS, "password"),
    (DISTRIBUTION, "password"),
    (STAFF_QUEUE, "vendor_password"),
    (SUPPLIER_QUEUE, "password"),
    (VENDOR_CREDENTIALS, "password"),
]


def codes_of(desk: CredentialDesk) -> list[str]:
    names = [sheet.name for sheet in EVENT]
    found = examine(
        EVENT,
        desk.store.sheet_names(),
        desk.store.read(*names, strict=False).tables,
        desk.store.raw_rows(*names),
    )
    plain = [f for f in found if f.code == "PLAINTEXT_PASSWORD"]
    assert all(
        "`ticketops credentials seal`" in f.message and f.severity.name == "HIGH" for f in plain
    )
    return [f.code for f in plain]


def test_what_is_sealed_already_is_not_counted(desk: CredentialDesk) -> None:
    desk.add()
    assert codes_of(desk) == []
    desk.set(VENDOR_CREDENTIALS, 3, "password", "plain")
    desk.set(VENDOR_CREDENTIALS, 3, "vendor", "Bee")
    assert codes_of(desk) == ["PLAINTEXT_PASSWORD"]
    assert plain(desk.seal().result) == {"sealed": {VENDOR_CREDENTIALS: 1}}


def test_no_second_key_where_the_first_is_elsewhere(desk: CredentialDesk) -> None:
    desk.add()
    desk.set(VENDOR_CREDENTIALS, 3, "vendor", "Bee")
    desk.set(VENDOR_CREDENTIALS, 3, "password", "plain")
    kept = desk.keys.rename(desk.keys.with_name("elsewhere"))
    for call in (desk.seal, lambda: desk.add("Cem"), lambda: desk.update("Bee", password="x")):
        desk.refused(UnusableError, "does not exist, and the workbook holds sealed", call)
        assert not desk.keys.exists()
    sealing.new_key_file(desk.keys)
    desk.refused(UnusableError, "sealed with a key that is not in", desk.seal)
    kept.rename(desk.keys)
    desk.seal()


def test_a_dry_run_makes_no_key_file(desk: CredentialDesk) -> None:
    _plain(desk)
    for job in (
        credentials.seal(desk.settings, dry_run=True, notice=desk.notices.append),
        credentials.add(
            desk.settings,
            "Cem",
            login="c",
            email="",
            password="x",
            notes="",
            event="",
            dry_run=True,
            notice=desk.notices.append,
        ),
    ):
        snapshot = desk.store.read(*job.sheets)
        assert job.plan(snapshot, desk.run()).changes
    assert not desk.keys.parent.exists()
    assert desk.notices == []


def test_rotation_gives_a_new_key_and_keeps_the_old(desk: CredentialDesk) -> None:
    _plain(desk)
    desk.seal()
    desk.set(VENDOR_CREDENTIALS, 3, "vendor", "Bee")
    desk.set(VENDOR_CREDENTIALS, 3, "password", "late")
    old = sealing.read_keys(desk.keys)
    before = {sheet: desk.passwords(sheet, column) for sheet, column in COLUMNS}
    plan = desk.do(credentials.rotate(desk.settings, dry_run=False))
    new = sealing.read_keys(desk.keys)
    assert new[1:] == old
    assert plan.result.sealed == {VENDOR_CREDENTIALS: 1}
    assert sum(plan.result.rotated.values()) == 8
    assert {row[0] for row in desk.history()[-7:]} == {"ROTATED", "SEALED"}
    assert credentials.drop_old(desk.store, desk.settings) == 1
    assert sealing.read_keys(desk.keys) == new[:1]
    assert {sheet: desk.passwords(sheet, column) for sheet, column in COLUMNS} == before
    assert desk.do(credentials.rotate(desk.settings, dry_run=True)).changes
    assert sealing.read_keys(desk.keys) == new[:1], "a dry run adds none"


_ADDS = """
import sys, time
from pathlib import Path
from ticketops.adapters import sealing

real = sealing.read_keys
def slowly(path):
    keys = real(path)
    print("read", flush=True)
    time.sleep(float(sys.argv[2]))
    return keys
sealing.read_keys = slowly
sealing.add_key(Path(sys.argv[1]))
"""


def adding(path: Path, seconds: float) -> subprocess.Popen[str]:
    """A process that adds a key and takes that long to do so."""
    return subprocess.Popen(
        [sys.executable, "-c", _ADDS, str(path), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.slow
def test_processes_that_change_a_key_file_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    sealing.new_key_file(path)
    processes = [adding(path, 0.3) for _ in range(4)]
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert len(set(sealing.read_keys(path))) == 5


@pytest.mark.slow
def test_a_killed_process_does_not_keep_a_key_file_locked(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    sealing.new_key_file(path)
    holder = adding(path, 300)
    assert holder.stdout
    assert holder.stdout.readline() == "read\n"
    waiting = adding(path, 0)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(timeout=1.5)
    holder.kill()
    holder.communicate()
    waiting.communicate(timeout=60)
    assert waiting.returncode == 0
    assert len(set(sealing.read_keys(path))) == 2


def test_a_key_file_in_no_folder_is_told_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="No such file"):
        sealing.add_key(tmp_path / "none" / "keys")
    assert not (tmp_path / "none").exists()


class Crashing(MemoryStore):
    """A store that dies where it should commit."""

    dead = False

    def commit(self, *args: Any) -> str:
        if self.dead:
            raise KeyboardInterrupt
        return super().commit(*args)


def test_killed_between_the_key_file_and_the_workbook_everything_still_opens(
    tmp_path: Path,
) -> None:
    store = Crashing(layout=EVENT)
    desk = CredentialDesk(tmp_path, store)
    _plain(desk)
    desk.seal()
    old = sealing.read_keys(desk.keys)
    before = everything(store)
    store.dead = True
    with pytest.raises(KeyboardInterrupt):
        desk.do(credentials.rotate(desk.settings, dry_run=False))
    store.dead = False
    assert everything(store) == before
    assert len(sealing.read_keys(desk.keys)) == 2
    sealer = Sealer.of(desk.settings)
    assert [sealer.open(value) for value in desk.rows(UNITS, "password")] == ["same", "12345"]
    with pytest.raises(UnusableError, match="not in"):
        credentials.drop_old(store, desk.settings)
    assert sealing.read_keys(desk.keys)[1:] == old, "nothing is dropped that is needed"
    desk.do(credentials.rotate(desk.settings, dry_run=False))
    assert credentials.drop_old(store, desk.settings) == 2
    assert desk.passwords(UNITS) == ["same", "12345"]


def test_a_rotation_that_can_not_open_everything_adds_no_key(desk: CredentialDesk) -> None:
    desk.add()
    desk.keys.write_text(Fernet.generate_key().decode())
    before = desk.keys.read_bytes()
    desk.refused(
        UnusableError,
        "sealed with a key that is not in",
        lambda: desk.do(credentials.rotate(desk.settings, dry_run=False)),
    )
    assert desk.keys.read_bytes() == before

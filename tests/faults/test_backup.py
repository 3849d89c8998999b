"""A backup gives the same fingerprint back; what is not ours, too new or in use is refused."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import WarehouseError
from pipelines.reports import status
from pipelines.settings import Settings
from pipelines.warehouse.backup import backup, restore
from tests.conftest import SmallCity
from tests.faults.tiny import content_of


def names_in(file: Path) -> set[str]:
    with tarfile.open(file) as archive:
        return set(archive.getnames())


def test_after_restore_everything_is_as_it_was(ran_city: SmallCity, tmp_path: Path) -> None:
    settings = ran_city.settings()
    before, told = content_of(ran_city), status(settings, None)
    file = backup(settings, tmp_path / "elsewhere")
    assert file.stat().st_mode & 0o077 == 0
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("delete from stg.hotline_order")
    shutil.rmtree(settings.snapshot_dir)
    shutil.rmtree(settings.brief_dir)
    done = restore(settings, file)
    assert done.fingerprint == told["fingerprint"] == status(settings, None)["fingerprint"]
    assert done.missing_files == 0
    assert content_of(ran_city) == before
    assert [path.name for path in ran_city.home.rglob(".restoring_*")] == []


def test_a_new_machine_is_told_which_landed_files_it_lacks(ran_city: SmallCity, tmp_path: Path) -> None:
    file = backup(ran_city.settings(), tmp_path)
    there = ran_city.settings(tmp_path / "new_home")
    done = restore(there, file)
    assert done.missing_files == len(list(ran_city.settings().landing_dir.glob("*/[0-9a-f]*")))
    assert status(there, None)["sources"] == status(ran_city.settings(), None)["sources"]


def test_the_key_stays_behind_unless_it_is_asked_for(ran_city: SmallCity, tmp_path: Path) -> None:
    settings = ran_city.settings()
    plain = backup(settings, tmp_path / "a")
    keyed = backup(settings, tmp_path / "b", with_key=True)
    assert not any("key" in name for name in names_in(plain))
    assert b"test-key" not in plain.read_bytes()
    assert "secrets/hmac.key" in names_in(keyed)
    restore(settings, keyed)
    key = settings.home.resolve() / "secrets" / "hmac.key"
    assert key.read_bytes() == b"test-key"
    key.write_bytes(b"another key")
    with pytest.raises(WarehouseError, match="another key"):
        restore(settings, keyed)


def test_only_the_newest_are_kept(ran_city: SmallCity, tmp_path: Path) -> None:
    other = tmp_path / "xianban_other_20200101T000000000000.tar"
    other.write_bytes(b"x")
    made = [backup(ran_city.settings(), tmp_path, keep=2) for _ in range(3)]
    assert sorted(tmp_path.glob("*.tar")) == sorted([other, *made[1:]])
    assert list(tmp_path.glob(".writing_*")) == []


def test_a_newer_schema_and_another_city_are_refused(ran_city: SmallCity, tmp_path: Path) -> None:
    settings = ran_city.settings()
    shutil.copytree(ran_city.folder, tmp_path / "elsewhere")
    file = backup(settings, tmp_path / "a")
    with pytest.raises(WarehouseError, match="backup of sample, not of elsewhere"):
        restore(Settings(home=ran_city.home, city=tmp_path / "elsewhere", hmac_key="test-key"), file)
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("insert into ops.migrations values (9999, '9999_x.sql', 'x')")
    newer = backup(settings, tmp_path / "b")
    before = settings.warehouse_path.read_bytes()
    with pytest.raises(WarehouseError, match=r"9999.*does not know"):
        restore(settings, newer)
    assert settings.warehouse_path.read_bytes() == before


def test_a_running_writer_is_not_disturbed(ran_city: SmallCity, tmp_path: Path) -> None:
    settings = ran_city.settings()
    file = backup(settings, tmp_path)
    descriptor = os.open(settings.warehouse_path.parent / "warehouse.lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(WarehouseError, match="locked"):
            restore(settings, file, timeout_seconds=0.1)
    finally:
        os.close(descriptor)
    restore(settings, file)


def test_damaged_and_hostile_files_are_refused(ran_city: SmallCity, tmp_path: Path) -> None:
    settings = ran_city.settings()
    file = backup(settings, tmp_path)
    whole = file.read_bytes()
    outside = tmp_path / "evil.tar"
    with tarfile.open(outside, "w") as archive:
        member = tarfile.TarInfo("../../evil")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    middle = len(whole) // 2
    harmed = {"cut": whole[:middle], "text": b"no backup", "empty": b"",
              "flipped": whole[:middle] + bytes(b ^ 255 for b in whole[middle : middle + 64]) + whole[middle + 64 :]}  # fmt: skip
    for name, content in harmed.items():
        (tmp_path / f"{name}.tar").write_bytes(content)
    before = content_of(ran_city)
    for name in (*harmed, "evil", "absent"):
        with pytest.raises(WarehouseError):
            restore(settings, tmp_path / f"{name}.tar")
    assert content_of(ran_city) == before


def test_the_commands(ran_city: SmallCity, tmp_path: Path) -> None:
    program = [str(Path(sys.executable).with_name("python")), "-m", "pipelines.cli"]
    environment = os.environ | {"XIANBAN_HOME": str(ran_city.home), "XIANBAN_CITY": str(ran_city.folder),
                                "XIANBAN_HMAC_KEY": "test-key"}  # fmt: skip

    def said(*words: str) -> str:
        done = subprocess.run([*program, *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    file = said("backup", "--to", str(tmp_path / "kept")).removeprefix("backup: ").strip()
    assert status(ran_city.settings(), None)["fingerprint"] in said("restore", file)
    assert "batches=0" in said("purge", "--date", "2026-11-16")

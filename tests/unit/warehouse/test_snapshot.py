"""Published snapshots: immutable files and a pointer that always names a whole one."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import stat
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import NothingPublished
from pipelines.warehouse import snapshot as module
from pipelines.warehouse.snapshot import POINTER, adopt, current_snapshot, snapshot_of

DAY = dt.date(2026, 11, 16)


def publish(folder: Path, number: int, day: dt.date = DAY, keep: int = 60) -> module.Snapshot:
    """Publish a snapshot that holds a number."""
    built = folder / "building.duckdb"
    with duckdb.connect(str(built)) as connection:
        connection.execute(f"create table t as select {number} as n")
    return adopt(folder, built, day, hashlib.sha256(str(number).encode()).hexdigest(), keep)


def number_in(snapshot: module.Snapshot) -> int:
    with snapshot.connect() as connection:
        return connection.execute("select n from t").fetchone()[0]


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("xianban_*.duckdb")}


def test_before_the_first_publication(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished, match="xianban run"):
        current_snapshot(tmp_path)
    with pytest.raises(NothingPublished, match="2026-11-16"):
        snapshot_of(tmp_path, DAY)


def test_a_published_file_is_found_whole_and_cannot_be_changed(tmp_path: Path) -> None:
    made = publish(tmp_path, 1)
    assert current_snapshot(tmp_path) == snapshot_of(tmp_path, DAY) == made
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o440
    assert number_in(made) == 1
    with made.connect() as connection:
        for sql in ("insert into t values (2)", "copy t to '/tmp/x.csv'", "select * from read_csv('/etc/passwd')"):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)


def test_the_same_content_keeps_its_file(tmp_path: Path) -> None:
    first = publish(tmp_path, 1)
    before = first.path.stat()
    assert publish(tmp_path, 1) == first
    assert (first.path.stat().st_ino, first.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not (tmp_path / "building.duckdb").exists()


def test_a_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    with publish(tmp_path, 1, keep=1).connect() as connection:
        new = publish(tmp_path, 2, keep=1)
        assert files(tmp_path) == {new.path.name}
        assert connection.execute("select n from t").fetchone() == (1,)
    assert number_in(current_snapshot(tmp_path)) == 2


def test_a_past_date_does_not_turn_the_pointer_back(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    past = publish(tmp_path, 2, DAY - dt.timedelta(days=3))
    assert number_in(current_snapshot(tmp_path)) == 1
    assert snapshot_of(tmp_path, past.as_of_date) == past
    assert number_in(publish(tmp_path, 3)) == number_in(current_snapshot(tmp_path)) == 3


def test_retention_keeps_the_latest_dates(tmp_path: Path) -> None:
    days = [DAY + dt.timedelta(days=i) for i in range(5)]
    made = [publish(tmp_path, i, day, keep=3) for i, day in enumerate(days)]
    assert files(tmp_path) == {snapshot.path.name for snapshot in made[2:]}
    with pytest.raises(NothingPublished, match=str(days[0])):
        snapshot_of(tmp_path, days[0])


def test_a_date_beyond_retention_that_runs_again_can_still_be_read(tmp_path: Path) -> None:
    days = [DAY + dt.timedelta(days=i) for i in range(4)]
    for i, day in enumerate(days):
        publish(tmp_path, i, day, keep=2)
    again = publish(tmp_path, 9, days[0], keep=2)
    assert number_in(snapshot_of(tmp_path, days[0])) == 9
    assert number_in(current_snapshot(tmp_path)) == 3
    publish(tmp_path, 10, days[3], keep=2)
    assert again.path.name not in files(tmp_path)
    assert len(files(tmp_path)) == 2


def test_the_pointer_names_a_whole_file_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed anywhere while publishing: the pointer is the old one or the new one, and its file is there."""
    publish(tmp_path, 1)
    steps = 0
    for name in ("replace", "chmod", "fsync"):
        real = getattr(module.os, name)

        def watched(*args: object, real=real, **kwargs: object) -> object:
            nonlocal steps
            steps += 1
            assert number_in(current_snapshot(tmp_path)) in (1, 2)
            result = real(*args, **kwargs)
            assert number_in(current_snapshot(tmp_path)) in (1, 2)
            return result

        monkeypatch.setattr(module.os, name, watched)
    publish(tmp_path, 2)
    assert steps >= 4
    assert number_in(current_snapshot(tmp_path)) == 2


def test_a_publication_that_dies_before_the_pointer_is_harmless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, 1)

    def dies(path: Path, content: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "_write_atomically", dies)
        publish(tmp_path, 2)
    assert number_in(current_snapshot(tmp_path)) == 1
    assert number_in(publish(tmp_path, 2)) == number_in(current_snapshot(tmp_path)) == 2
    assert len(files(tmp_path)) == 1


def test_a_pointer_to_a_file_that_was_taken_away(tmp_path: Path) -> None:
    made = publish(tmp_path, 1)
    assert json.loads((tmp_path / POINTER).read_text(encoding="utf-8"))["file"] == made.path.name
    made.path.unlink()
    with pytest.raises(NothingPublished, match="is gone"):
        current_snapshot(tmp_path)
    with pytest.raises(NothingPublished, match="2026-11-16"):
        snapshot_of(tmp_path, DAY)

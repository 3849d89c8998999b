"""The key of the caller pseudonyms, and where things lie."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from pipelines.errors import ConfigurationError
from pipelines.settings import Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XIANBAN_HMAC_KEY", raising=False)


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = Settings(home=tmp_path).pseudonym_key()
    path = tmp_path / "secrets" / "hmac.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) == 64
    assert Settings(home=tmp_path).pseudonym_key() == key == path.read_bytes()
    assert [file.name for file in path.parent.iterdir()] == ["hmac.key"]
    assert Settings(home=tmp_path / "other").pseudonym_key() != key


def test_the_environment_goes_first_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIANBAN_HMAC_KEY", "a-secret-of-the-city")
    settings = Settings(home=tmp_path)
    assert settings.pseudonym_key() == b"a-secret-of-the-city"
    assert "a-secret-of-the-city" not in repr(settings) + str(settings.model_dump())
    assert not (tmp_path / "secrets").exists()


@pytest.mark.parametrize("key", ["", "short"])
def test_a_key_that_keeps_no_secret_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("XIANBAN_HMAC_KEY", key)
    with pytest.raises(ConfigurationError, match="XIANBAN_HMAC_KEY") as error:
        Settings(home=tmp_path).pseudonym_key()
    assert "short" not in str(error.value)


def test_a_key_file_that_was_emptied_is_refused(tmp_path: Path) -> None:
    Settings(home=tmp_path).pseudonym_key()
    (tmp_path / "secrets" / "hmac.key").write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"hmac\.key.*restore it"):
        Settings(home=tmp_path).pseudonym_key()


def _key_of(home: Path) -> bytes:
    return Settings(home=home).pseudonym_key()


def test_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        keys = pool.map(_key_of, [tmp_path] * 6)
    assert len(set(keys)) == 1 and len(keys[0]) == 64


def test_each_city_has_its_own_place(tmp_path: Path) -> None:
    one, two = (Settings(home=tmp_path, city=tmp_path / name) for name in ("one", "two"))
    assert one.warehouse_path == tmp_path / "one" / "warehouse" / "build.duckdb"
    folders = [(s.warehouse_path, s.landing_dir, s.snapshot_dir, s.brief_dir) for s in (one, two)]
    assert set(folders[0]).isdisjoint(folders[1])

"""Backup and restore: one file with the build file, what is published, the briefs, and a list of the landed files.

The build file is copied while nobody holds it, opened again and counted. The landed files themselves are not in it:
they never change, so any file copy of ``landing/`` serves; the list tells whether it is complete.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import NothingPublished, WarehouseError
from pipelines.settings import Settings
from pipelines.warehouse.door import Warehouse, locked
from pipelines.warehouse.migrate import migrations
from pipelines.warehouse.retention import row_counts
from pipelines.warehouse.snapshot import POINTER, current_snapshot

_WAREHOUSE, _MANIFEST, _KEY = "warehouse/build.duckdb", "manifest.json", "secrets/hmac.key"
_MEMBER = re.compile(
    r"manifest\.json|warehouse/build\.duckdb|secrets/hmac\.key|snapshots/(?:current\.json|published\.json|"
    r"xianban_\d{8}_[0-9a-f]{16}\.duckdb)|briefs/brief_\d{8}\.(?:json|html|txt)"
)


@dataclass(frozen=True)
class Restored:
    """What a restore brought back, and which landed files the warehouse knows but the landing folder lacks."""

    created_at: str
    fingerprint: str | None
    rows: int
    missing_files: int


def backup(settings: Settings, folder: Path | None = None, keep: int = 8, with_key: bool = False) -> Path:
    """Write ``xianban_<city>_<UTC time>.tar``, and remove the oldest ones of the city beyond ``keep``.

    Args:
        settings: which city.
        folder: where to; default ``backups/`` of the city's home.
        keep: how many backups stay.
        with_key: put the key of the callers' pseudonyms in. Whoever has it can try all telephone numbers.

    Raises:
        WarehouseError: there is nothing to back up, or the copy does not hold the same rows.
    """
    if keep < 1:
        raise WarehouseError("keep at least one backup")
    warehouse = Warehouse(settings.warehouse_path)
    if not warehouse.path.exists():
        raise WarehouseError(f"no warehouse at {warehouse.path}; run `xianban run` first")
    city = settings.city.resolve().name
    folder = folder or settings.of_city("backups")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = dt.datetime.now(dt.UTC)
    target = folder / f"xianban_{city}_{now:%Y%m%dT%H%M%S%f}.tar"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing_") as scratch:
        copy = Path(scratch) / "build.duckdb"
        with warehouse.closed() as path:
            shutil.copyfile(path, copy)
            rows = row_counts(path)
        if row_counts(copy) != rows:
            raise WarehouseError(f"{copy}: the copy does not hold the same rows; check the disk and try again")
        files = {_WAREHOUSE: copy, **_published(settings), **_briefs(settings)}
        if with_key:
            key = Path(scratch) / "hmac.key"
            key.write_bytes(settings.pseudonym_key())
            files[_KEY] = key
        manifest = {
            "city": city,
            "created_at": now.isoformat(timespec="seconds"),
            "schema": _schema(copy),
            "rows": rows,
            "landing": _landing(copy),
            "files": {name: _hash(path) for name, path in files.items()},
        }
        written = Path(scratch) / target.name
        with tarfile.open(written, "w") as archive:
            _add(archive, _MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
            for name, path in files.items():
                archive.add(path, name, recursive=False)
        os.chmod(written, 0o600)
        with written.open("rb") as handle:
            os.fsync(handle.fileno())
        os.replace(written, target)
    for old in sorted(folder.glob(f"xianban_{city}_[0-9]*T[0-9]*.tar"))[:-keep]:
        old.unlink()
    return target


def restore(settings: Settings, file: Path, timeout_seconds: float = 5) -> Restored:
    """Put a backup in the place of the city's warehouse, publication and briefs.

    Everything is unpacked and checked before anything is replaced. Killed half-way, restore again.

    Raises:
        WarehouseError: damaged, of another city, of a newer schema, with another key than the one in use, or while
            another process works on the warehouse.
    """
    warehouse = Warehouse(settings.warehouse_path)
    home = settings.of_city()
    home.mkdir(parents=True, exist_ok=True)
    settings.snapshot_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restoring_") as scratch:
        unpacked = Path(scratch)
        manifest = _unpacked(file, unpacked)
        _check(settings, file, manifest, unpacked)
        warehouse.path.parent.mkdir(parents=True, exist_ok=True)
        with (
            locked(settings.snapshot_dir / "publish.lock", timeout_seconds),
            locked(warehouse.path.parent / "warehouse.lock", timeout_seconds),
        ):
            for stale in warehouse.path.parent.glob(f"{warehouse.path.name}.wal*"):
                stale.unlink()
            # the pointer last: what it names must be there
            for name in sorted(manifest["files"], key=lambda name: (name.endswith(POINTER), name)):
                target = settings.home.resolve() / _KEY if name == _KEY else home / name
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if name == _KEY else 0o777)
                os.replace(unpacked / name, target)
    landing = settings.landing_dir
    missing = sum(not (landing / item["source"] / item["hash"]).exists() for item in manifest["landing"])
    try:
        fingerprint: str | None = current_snapshot(settings.snapshot_dir).fingerprint
    except NothingPublished:
        fingerprint = None
    return Restored(manifest["created_at"], fingerprint, sum(manifest["rows"].values()), missing)


def _published(settings: Settings) -> dict[str, Path]:
    folder = settings.snapshot_dir
    try:
        with locked(folder / "publish.lock"):
            files = [folder / POINTER, folder / "published.json", current_snapshot(folder).path]
    except (NothingPublished, FileNotFoundError):
        return {}
    return {f"snapshots/{path.name}": path for path in files if path.exists()}


def _briefs(settings: Settings) -> dict[str, Path]:
    folder = settings.brief_dir
    found = sorted(folder.glob("brief_*")) if folder.is_dir() else []
    return {f"briefs/{path.name}": path for path in found if _MEMBER.fullmatch(f"briefs/{path.name}")}


def _check(settings: Settings, file: Path, manifest: dict[str, Any], unpacked: Path) -> None:
    city = settings.city.resolve().name
    if manifest["city"] != city:
        raise WarehouseError(f"{file} is a backup of {manifest['city']}, not of {city}; name the city with --city")
    known = {str(version): hashlib.sha256(text.encode()).hexdigest() for version, _, text in migrations()}
    strange = [version for version, content in manifest["schema"].items() if known.get(version) != content]
    if strange:
        raise WarehouseError(f"{file} holds migrations {strange} that this version does not know; update the checkout")
    for name, content in manifest["files"].items():
        if not (unpacked / name).is_file() or _hash(unpacked / name) != content:
            raise WarehouseError(f"{file}: {name} is damaged; take another backup")
    if _WAREHOUSE not in manifest["files"] or row_counts(unpacked / _WAREHOUSE) != manifest["rows"]:
        raise WarehouseError(f"{file}: its warehouse does not hold the rows that were backed up; take another backup")
    kept = settings.home.resolve() / _KEY
    if _KEY in manifest["files"] and kept.exists() and kept.read_bytes() != (unpacked / _KEY).read_bytes():
        raise WarehouseError(f"{file} holds another key than {kept}; move that one away if the backup's is to serve")


def _unpacked(file: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(file, "r:") as archive:
            for member in archive:
                if not member.isreg() or not _MEMBER.fullmatch(member.name):
                    raise WarehouseError(f"{file} holds {member.name!r}, which no backup has; do not use it")
                archive.extract(member, folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if not all(_MEMBER.fullmatch(name) for name in manifest["files"]):
            raise WarehouseError(f"{file}: its manifest names files that no backup has; do not use it")
        return manifest
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError(f"{file} is no backup, or damaged ({type(error).__name__}); take another one") from None


def _schema(path: Path) -> dict[str, str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return {str(v): h for v, h in connection.execute("select version, content_hash from ops.migrations").fetchall()}


def _landing(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        purged = connection.execute(
            "select count(*) from duckdb_tables() where table_name = 'purged_batches'"
        ).fetchone()
        gone = "where batch_id not in (select batch_id from ops.purged_batches)" if purged and purged[0] else ""
        rows = connection.execute(
            f"select distinct source_name, file_hash, file_size from ops.batches {gone} order by all"
        ).fetchall()
    return [{"source": source, "hash": content, "size": size} for source, content, size in rows]


def _hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))

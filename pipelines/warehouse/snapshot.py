"""Published snapshots: what people read.

A snapshot is a DuckDB file of its own, named by date and content, never changed after its name is in the pointer.
Readers keep the file they opened; a new publication changes the pointer, not the file.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.errors import NothingPublished
from pipelines.warehouse.door import locked

POINTER = "current.json"
_NAME = re.compile(r"xianban_\d{8}_[0-9a-f]{16}\.duckdb")


@dataclass(frozen=True)
class Snapshot:
    """One published file."""

    as_of_date: dt.date
    path: Path
    fingerprint: str

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection that can reach nothing but this file."""
        return duckdb.connect(str(self.path), read_only=True, config={"enable_external_access": "false"})


def current_snapshot(folder: Path) -> Snapshot:
    """The snapshot that the pointer names.

    Raises:
        NothingPublished: nothing was published yet, or its file was taken away.
    """
    try:
        pointer = json.loads((folder / POINTER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NothingPublished(f"nothing is published in {folder} yet; run `xianban run` first") from None
    snapshot = _snapshot(folder, pointer["file"], pointer["as_of_date"], pointer["fingerprint"])
    if not snapshot.path.exists():
        raise NothingPublished(f"{snapshot.path} is gone; run `xianban run --date {snapshot.as_of_date}` again")
    return snapshot


def snapshot_of(folder: Path, as_of_date: dt.date) -> Snapshot:
    """The published snapshot of one date.

    Raises:
        NothingPublished: that date was never published, or its snapshot has been collected.
    """
    ledger = _ledger(folder)
    entry = ledger.get(as_of_date.isoformat())
    if entry is None or not (folder / entry["file"]).exists():
        raise NothingPublished(f"{as_of_date}: no published snapshot; run `xianban run --date {as_of_date}` first")
    return _snapshot(folder, entry["file"], as_of_date.isoformat(), entry["fingerprint"])


def adopt(folder: Path, built: Path, as_of_date: dt.date, fingerprint: str, keep: int = 60) -> Snapshot:
    """Give a finished file its immutable name, swap the pointer to it, and collect snapshots beyond ``keep``.

    The same content for the same date keeps its file. The pointer always names the latest date published, so that
    rerunning a past date does not turn the page back.
    """
    with locked(folder / "publish.lock"):
        name = f"xianban_{as_of_date:%Y%m%d}_{fingerprint[:16]}.duckdb"
        if (folder / name).exists():
            built.unlink()
        else:
            os.chmod(built, 0o440)
            os.replace(built, folder / name)
        ledger = _ledger(folder)
        ledger[as_of_date.isoformat()] = {"file": name, "fingerprint": fingerprint}
        # a date of long ago that is run again stays until the next publication, as its brief reads it now
        days = {*sorted(ledger)[-keep:], as_of_date.isoformat()}
        kept = {day: ledger[day] for day in sorted(days)}
        _write_atomically(folder / "published.json", kept)
        latest, entry = max(kept.items())
        _write_atomically(folder / POINTER, {"as_of_date": latest, **entry})
        wanted = {item["file"] for item in kept.values()}
        for path in folder.iterdir():
            if _NAME.fullmatch(path.name) and path.name not in wanted:
                path.unlink()
    return Snapshot(as_of_date, folder / name, fingerprint)


def _snapshot(folder: Path, name: str, date: str, fingerprint: str) -> Snapshot:
    return Snapshot(dt.date.fromisoformat(date), folder / name, fingerprint)


def _ledger(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / "published.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write_atomically(path: Path, content: object) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        json.dump(content, handle, ensure_ascii=False, indent=1)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(temporary, path)

"""Find what is new in the drop folder, and store it byte for byte in the landing folder.

A file is known by its content, so it is hashed before it is copied: what was taken in before is neither copied again
nor, once its original was purged, brought back.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from pipelines.errors import RefusedFile
from pipelines.sources.archive import is_archive, unpack
from pipelines.sources.contract import Source
from pipelines.sources.readers import files_of
from pipelines.steps.run import Run

Record = dict[str, Any]
Wanted = Callable[[str], bool]


def records(run: Run, source: Source, wanted: Wanted) -> Iterator[Record]:
    """What identifies each wanted file that was exported by the as-of date, oldest first.

    A ZIP is the files it holds, or one refused file. Each lies in the landing folder when its record comes.

    Args:
        wanted: whether a file of that SHA-256 is to be taken in.
    """
    folder = run.settings.landing_dir / source.name
    for path, export_day in files_of(source, run.data_dir):
        exported = dt.datetime.strptime(export_day, "%Y%m%d").date() if export_day else None
        if exported is not None and exported > run.as_of_date:
            continue
        name = path.relative_to(run.data_dir.resolve()).as_posix()
        whole = _hash_of_file(path)
        if not is_archive(path):
            parts = [(name, *_stored_file(path, folder, wanted))] if wanted(whole) else []
            refusal = None
        else:
            parts, refusal = _archive_parts(source, path, name, folder, wanted, whole)
        for part, content_hash, size in parts:
            if wanted(content_hash):
                yield record_of(source, part, content_hash, size, exported, refusal)


def members(source: Source, landed: Path, name: str, exported: dt.date | None, wanted: Wanted) -> list[Record]:
    """The wanted files of an archive that was refused and lies in the landing folder, where they then lie as well.

    Raises:
        RefusedFile: it still cannot be taken in.
    """
    unpack(landed, source.reader.format, f"{source.name} {name}", _hash_of)
    found = _members_stored(source, landed, name, landed.parent, wanted)
    return [record_of(source, part, digest, size, exported) for part, digest, size in found if wanted(digest)]


def record_of(
    source: Source, name: str, content_hash: str, size: int, exported: dt.date | None, refusal: str | None = None
) -> Record:
    """What identifies a file in ``ops.batches``."""
    return {
        "batch_id": f"{source.name}:{content_hash[:16]}",
        "source_name": source.name,
        "file_name": name,
        "file_hash": content_hash,
        "file_size": size,
        "exported_date": exported,
        "refusal": refusal,
    }


def _archive_parts(
    source: Source, path: Path, name: str, folder: Path, wanted: Wanted, whole: str
) -> tuple[list[tuple[str, str, int]], str | None]:
    """Name, hash and size of each file of an archive, or of the archive and why it is refused.

    All of them are read before the first is stored: one bad member refuses the archive, and leaves nothing behind.
    """
    try:
        hashes = [digest for _, digest in unpack(path, source.reader.format, f"{source.name} {name}", _hash_of)]
        return (_members_stored(source, path, name, folder, wanted) if any(map(wanted, hashes)) else []), None
    except RefusedFile as error:
        return ([(name, *_stored_file(path, folder, wanted))] if wanted(whole) else []), str(error)


def _members_stored(source: Source, path: Path, name: str, folder: Path, wanted: Wanted) -> list[tuple[str, str, int]]:
    stored = partial(_stored, folder, wanted)
    found = unpack(path, source.reader.format, f"{source.name} {name}", stored)
    return [(f"{name}/{member}", digest, size) for member, (digest, size) in found]


def _hash_of_file(path: Path) -> str:
    with path.open("rb") as content:
        return _hash_of(content)


def _hash_of(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := content.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _stored_file(path: Path, folder: Path, wanted: Wanted) -> tuple[str, int]:
    with path.open("rb") as content:
        return _stored(folder, wanted, content)


def _stored(folder: Path, wanted: Wanted, content: IO[bytes]) -> tuple[str, int]:
    """Copy a file to ``folder/<sha256>`` if it is wanted; returns hash and size.

    The hash is taken of the bytes that were copied, so a file that grows meanwhile is stored as what was read.
    """
    temporary = folder / f".{os.getpid()}.part"
    digest, size = hashlib.sha256(), 0
    with temporary.open("wb") as target:
        while block := content.read(1 << 20):
            digest.update(block)
            size += len(block)
            target.write(block)
    if wanted(digest.hexdigest()):
        os.replace(temporary, folder / digest.hexdigest())
    else:
        temporary.unlink()
    return digest.hexdigest(), size

"""ZIP files of a drop folder. They are written by others, so they are weighed before anything is unpacked.

One archive holds one or several files of the source's format; each becomes a batch of its own. An archive is taken in
whole or refused whole, so that nobody has to ask which of its files arrived.
"""

from __future__ import annotations

import errno
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

from pipelines.errors import RefusedFile

Stored = TypeVar("Stored")
MOST_BYTES = 8 << 30
MOST_MEMBERS = 1_000
MOST_RATIO = 250
# below this a high ratio does no harm
_SMALL = 1 << 24
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_NESTED = (".zip", ".7z", ".rar", ".gz", ".tar", ".tgz", ".bz2", ".xz")
_SUFFIXES = {
    "csv": (".csv", ".txt", ".tsv"),
    "xlsx": (".xlsx", ".xlsm", ".xls"),
    "xls": (".xls", ".xlsx", ".xlsm"),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "parquet": (".parquet",),
}


def is_archive(path: Path, name: str | None = None) -> bool:
    """Whether a file is a ZIP of files. A workbook is a ZIP too, but one of its own parts.

    Args:
        name: what people call it, where the path does not say: a damaged ZIP is told by its name.
    """
    with path.open("rb") as handle:
        if handle.read(4) not in _STARTS:
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" not in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        # a workbook cut short is called a workbook by its reader
        return (name or path.name).lower().endswith(".zip")


def unpack(path: Path, file_format: str, where: str, store: Callable[[IO[bytes]], Stored]) -> list[tuple[str, Stored]]:
    """Give each file of an archive to ``store``; returns their names with what it returned.

    Raises:
        RefusedFile: damaged, too large, or with a member that is encrypted, nested, of another format or named so that
            it leads out of the archive; names the member.
    """
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for name, part in _checked(archive, file_format, where):
                with archive.open(part) as content:
                    found.append((name, store(content)))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError) as error:
        # unknown compression is a NotImplementedError, a lying size or checksum a BadZipFile
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # the disk, not the archive
        raise RefusedFile(f"{where}：不是完好的 ZIP 压缩包，可能没有写完；请重新打包后提供") from None
    return found


def _checked(archive: zipfile.ZipFile, file_format: str, where: str) -> list[tuple[str, zipfile.ZipInfo]]:
    parts = [part for part in archive.infolist() if not part.is_dir()]
    if len(archive.infolist()) > MOST_MEMBERS:
        raise RefusedFile(f"{where}：压缩包内有{len(archive.infolist())}个文件（限{MOST_MEMBERS}个）；请分成几个压缩包")
    total = sum(part.file_size for part in parts)
    if total > MOST_BYTES:
        raise RefusedFile(f"{where}：压缩包解压后超过{MOST_BYTES >> 30}GB；请分成几个压缩包")
    if total > _SMALL and total > MOST_RATIO * max(1, _size(archive)):
        raise RefusedFile(f"{where}：压缩包的压缩比超过{MOST_RATIO}倍，疑为恶意文件；请核对来源后不压缩提供")
    found: dict[str, zipfile.ZipInfo] = {}
    for part in parts:
        name = _name(part)
        _check_name(name, where)
        if _is_litter(name):
            continue
        if part.flag_bits & _ENCRYPTED:
            raise RefusedFile(f"{where}：压缩包内的“{name}”加了密码；请不加密打包后重新提供")
        if (part.external_attr >> 16) & 0o170000 == 0o120000:
            raise RefusedFile(f"{where}：压缩包内的“{name}”是链接，不是文件；请重新打包后提供")
        if name.lower().endswith(_NESTED):
            raise RefusedFile(f"{where}：压缩包内还有压缩包“{name}”；请只打包一层后重新提供")
        if not name.lower().endswith(_SUFFIXES[file_format]):
            raise RefusedFile(f"{where}：压缩包内的“{name}”不是 {file_format} 文件；请移出后重新打包")
        if name in found:
            raise RefusedFile(f"{where}：压缩包内有两个“{name}”；请改名后重新打包")
        found[name] = part
    if not found:
        raise RefusedFile(f"{where}：压缩包内没有文件；请重新打包后提供")
    return sorted(found.items())


def _size(archive: zipfile.ZipFile) -> int:
    """Bytes of the archive itself: members that share their bytes cannot pretend to be many."""
    handle = archive.fp
    assert handle is not None
    at = handle.tell()
    size = handle.seek(0, 2)
    handle.seek(at)
    return size


def _name(part: zipfile.ZipInfo) -> str:
    """The member's name; Windows programs in Chinese write it in GBK without saying so."""
    if part.flag_bits & _UTF8_NAME:
        return part.filename
    try:
        return part.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return part.filename


def _check_name(name: str, where: str) -> None:
    slashed = name.replace("\\", "/")
    leads_out = slashed.startswith("/") or ".." in slashed.split("/") or ":" in slashed.split("/")[0]
    if leads_out or any(ord(letter) < 32 for letter in name):
        shown = "".join(letter if letter.isprintable() else "?" for letter in name)[:100]
        raise RefusedFile(f"{where}：压缩包内的“{shown}”的路径指向包外；请核对来源，重新打包后提供")


def _is_litter(name: str) -> bool:
    """What packing programs add."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.parts[0] == "__MACOSX" or path.name in (".DS_Store", "Thumbs.db", "desktop.ini")

"""What readers of servers share: the secret, and the hash by which a row that was landed is known again."""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple
from urllib.parse import urlsplit

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.contract import Source

SCHEMES = {"postgres": ("postgresql", "postgres"), "open311": ("https", "http")}
_OURS = ("batch_id", "row_no")


class Fetched(NamedTuple):
    """Rows that become one batch, and the name by which people know them."""

    name: str
    frame: pl.DataFrame


def connection_name(source: Source) -> str:
    """The environment variable that holds the URI of the source's connection."""
    return f"AIRFLOW_CONN_{(source.reader.connection or '').upper()}"


def connection_uri(source: Source) -> str:
    """The secret URI of the source's connection, from ``AIRFLOW_CONN_<NAME>``.

    Raises:
        RefusedFile: not set, or no URI of such a scheme. The message never quotes it.
    """
    name, schemes = connection_name(source), SCHEMES[source.reader.format]
    uri = os.environ.get(name, "").strip()
    where = f"{source.name} {source.reader.connection}"
    if not uri:
        raise RefusedFile(f"{where}：没有设置环境变量 {name}；请设为 {schemes[0]}://… 形式的连接地址")
    try:
        parts = urlsplit(uri)
        is_good = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good:
        raise RefusedFile(f"{where}：环境变量 {name} 不是 {schemes[0]}://用户:口令@主机:端口/… 形式的连接地址；请改正")
    return uri


def row_hashes(frame: pl.DataFrame) -> list[bytes]:
    """A hash a row over what it holds; order and letter case of columns, and columns without value, do not count."""
    names = sorted((name for name in frame.columns if name not in _OURS), key=str.lower)
    lower = [name.lower() for name in names]
    return [
        hashlib.blake2b(
            "\x1f".join(f"{n}={len(v)}:{v}" for n, v in zip(lower, row, strict=True) if v is not None).encode(),
            digest_size=16,
        ).digest()
        for row in frame.select(names).iter_rows()
    ]


def without_known(frame: pl.DataFrame, known: set[bytes]) -> pl.DataFrame:
    """The rows that are not known, and not the same as an earlier one of the frame."""
    seen = set(known)
    keep = []
    for digest in row_hashes(frame):
        keep.append(digest not in seen)
        seen.add(digest)
    return frame.filter(pl.Series(keep, dtype=pl.Boolean))

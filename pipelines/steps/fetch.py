"""Ask a server for what is new, and store the answer in the landing folder as if it were a file.

Where to read on is never stored: it is derived from what was landed. So a run that was killed reads again what it had
not landed, and a run that was repeated lands nothing.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources import open311, postgres
from pipelines.sources.contract import Source
from pipelines.sources.remote import Fetched, row_hashes
from pipelines.steps.run import Run
from pipelines.warehouse.door import quoted


def unread_id(source: Source) -> str:
    """The batch that stands for a server that could not be read; it is there until it can."""
    return f"{source.name}:unread"


def records(run: Run, source: Source) -> Iterator[dict[str, Any]]:
    """What identifies each new batch of a server, whose rows then lie in the landing folder.

    A server that cannot be read, at the beginning or on the way, gives a refused batch in the end: the batches before
    it stay, and the other sources go on.
    """
    base = {"source_name": source.name, "exported_date": None}
    try:
        ask = _from_postgres if source.reader.format == "postgres" else _from_open311
        for fetched in ask(run, source):
            content_hash, size = _stored(run, source, fetched.frame)
            batch_id = f"{source.name}:{content_hash[:16]}"
            yield {**base, "batch_id": batch_id, "file_name": fetched.name, "file_hash": content_hash,
                   "file_size": size}  # fmt: skip
    except RefusedFile as error:
        nothing = hashlib.sha256(b"").hexdigest()
        yield {**base, "batch_id": unread_id(source), "file_name": str(source.reader.connection), "file_size": 0,
               "file_hash": nothing, "refusal": str(error)}  # fmt: skip


def _from_postgres(run: Run, source: Source) -> Iterator[Fetched]:
    series, table = postgres.series(source), f"raw.{source.name}"
    position, known, number = None, set[bytes](), 0
    with run.warehouse.reading() as door:
        names = door.rows(
            "select file_name, state from ops.batches where source_name = $s and starts_with(file_name, $p) "
            "order by file_name", s=source.name, p=series,
        )  # fmt: skip
        for name, state in names:
            digits, _, reached = name.removeprefix(series).partition(" ")
            number = int(digits)
            if reached and state != "refused":
                position = reached
        columns = door.rows(
            "select column_name from duckdb_columns() where schema_name = 'raw' and table_name = $t "
            "and lower(column_name) = lower($c)", t=source.name, c=source.reader.cursor,
        )  # fmt: skip
        if position is not None and columns:
            column = quoted(columns[0][0])
            back = source.reader.overlap_length
            edge = f"select * from {table} where {column} is null or "
            known = set(row_hashes(
                door.query(f"{edge}{column} = $p", p=position) if back is None else
                door.query(f"{edge}try_cast({column} as timestamp) >= $p::timestamp - $b::interval", p=position, b=back)
            ))  # fmt: skip
    yield from postgres.read(source, run.city.config.timezone, position, known, number)


def _from_open311(run: Run, source: Source) -> Iterator[Fetched]:
    with run.warehouse.reading() as door:
        names = [name for (name,) in door.rows(
            "select file_name from ops.batches where source_name = $s and state <> 'refused'",
            s=source.name)]  # fmt: skip

    def known(ids: list[str]) -> set[bytes]:
        with run.warehouse.reading() as door:
            if not door.has_table(f"raw.{source.name}"):
                return set()
            return set(row_hashes(door.query(
                f"select * from raw.{source.name} where service_request_id in (select unnest($ids))",
                ids=ids)))  # fmt: skip

    yield from open311.read(source, run.city.config.timezone, names, run.as_of_date, known)


def _stored(run: Run, source: Source, frame: pl.DataFrame) -> tuple[str, int]:
    """Write the rows to ``landing/<source>/<sha256>`` as Parquet; returns hash and size."""
    content = io.BytesIO()
    frame.write_parquet(content)
    digest = hashlib.sha256(content.getbuffer()).hexdigest()
    folder = run.settings.landing_dir / source.name
    temporary = folder / f".{os.getpid()}.part"
    temporary.write_bytes(content.getbuffer())
    os.replace(temporary, folder / digest)
    return digest, len(content.getbuffer())

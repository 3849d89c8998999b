"""The rows of one file between reading and storing.

A file counts only if its last row can be read, and the warehouse must not be locked while a large file is read. So the
blocks wait here: one in memory, more of them in a nameless file beside the landing folder, which the kernel removes
however the process ends.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

_ROWS_JOINED = 200_000


class Spool:
    """Blocks of rows in the order in which they were put in.

    Args:
        folder: where the nameless file lies, should there be more than one block.
    """

    def __init__(self, folder: Path) -> None:
        self.rows = 0
        self._columns: dict[str, None] = {}
        self._folder = folder
        self._first: pl.DataFrame | None = None
        self._file: IO[bytes] | None = None
        self._sizes: list[int] = []

    @property
    def columns(self) -> list[str]:
        """All columns that some block has."""
        return list(self._columns)

    def put(self, frame: pl.DataFrame) -> None:
        """Add a block."""
        self.rows += frame.height
        self._columns |= dict.fromkeys(frame.columns)
        if self._first is None and self._file is None:
            self._first = frame
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  closed by close()
        if self._first is not None:
            self._write(self._file, self._first)
            self._first = None
        self._write(self._file, frame)

    def blocks(self) -> Iterator[pl.DataFrame]:
        """The blocks, once."""
        if self._first is not None:
            yield self._first
        if self._file is not None:
            self._file.seek(0)
            for size in self._sizes:
                yield pl.read_ipc(io.BytesIO(self._file.read(size)), use_pyarrow=False)

    def joined(self) -> Iterator[pl.DataFrame]:
        """The blocks, once, those of equal columns put together: the warehouse takes in few large frames faster."""
        waiting: list[pl.DataFrame] = []
        for block in self.blocks():
            if waiting and (
                block.schema != waiting[0].schema or sum(frame.height for frame in waiting) >= _ROWS_JOINED
            ):
                yield pl.concat(waiting, rechunk=False)
                waiting = []
            waiting.append(block)
        if waiting:
            yield pl.concat(waiting, rechunk=False)

    def close(self) -> None:
        """Let go of memory and file."""
        self._first = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, file: IO[bytes], frame: pl.DataFrame) -> None:
        content = io.BytesIO()
        frame.write_ipc(content, compression="lz4")
        self._sizes.append(file.write(content.getbuffer()))

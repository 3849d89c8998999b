"""Masked texts of the warehouse, some at a time, so that they are never all held at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import polars as pl

from pipelines.steps.pool import in_processes
from pipelines.steps.run import Run

Done = TypeVar("Done")

BLOCK_TEXTS = 20_000
WORTH_PROCESSES = 60_000
"""Fewer texts are read before a process would have started and loaded its dictionary or model."""

_FETCHED = 5
TEXTS = (
    "select text_hash, any_value(concat_ws(chr(10), title, content)) as text from "
    "(select text_hash, title, content from stg.hotline_order union all "
    "select text_hash, title, content from stg.grid_event) where text_hash is not null group by text_hash"
)
"""Every masked text, once. Key: text_hash."""

# the hashes are asked for below the union, so that no other text is looked at
_THESE = """
select text_hash, any_value(concat_ws(chr(10), title, content)) as text
from (
    select text_hash, title, content from stg.hotline_order where text_hash in (select unnest($hashes::varchar[]))
    union all
    select text_hash, title, content from stg.grid_event where text_hash in (select unnest($hashes::varchar[]))
)
group by text_hash
"""


def unread(run: Run, table: str) -> pl.Series:
    """Hashes of the texts that a table does not hold, in order."""
    with run.warehouse.reading() as door:
        return door.query(
            "select distinct text_hash from (select text_hash from stg.hotline_order union all "
            "select text_hash from stg.grid_event) where text_hash is not null "
            f"and text_hash not in (select text_hash from {table}) order by text_hash"
        )["text_hash"]


def read_in_blocks(
    run: Run, hashes: pl.Series, read: Callable[[pl.DataFrame], Done], select: str = _THESE, block: int = BLOCK_TEXTS
) -> Iterator[Done]:
    """What ``read`` makes of each block of texts, in the order of their hashes.

    In ``XIANBAN_WORKERS`` processes where there are enough texts to pay for starting them. The door is open while some
    texts are fetched, never while they are read.

    Args:
        hashes: of the texts, in order.
        read: must be sendable to a process; gets frames with ``text_hash`` and what ``select`` gives.
        select: of the texts whose hashes are ``$hashes``.
        block: texts of a block.
    """
    workers = run.settings.workers if len(hashes) >= WORTH_PROCESSES else 1
    return in_processes(read, _blocks(run, hashes, select, block), workers)


def _blocks(run: Run, hashes: pl.Series, select: str, block: int) -> Iterator[pl.DataFrame]:
    for start in range(0, len(hashes), _FETCHED * block):
        asked: dict[str, Any] = {"hashes": hashes[start : start + _FETCHED * block].to_list()}
        with run.warehouse.reading() as door:
            texts = door.query(select, **asked)
        yield from texts.sort("text_hash").iter_slices(block)

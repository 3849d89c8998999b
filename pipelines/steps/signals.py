"""Find the signals in the texts, beside their tokens; part of the read step."""

from __future__ import annotations

import polars as pl

from pipelines.steps.run import Run
from pipelines.text.signals import find_signals, lexicon_hash

_BLOCK = 100_000
TEXTS = (
    "select text_hash, any_value(concat_ws(chr(10), title, content)) as text from "
    "(select text_hash, title, content from stg.hotline_order union all "
    "select text_hash, title, content from stg.grid_event) where text_hash is not null group by text_hash"
)
"""Every masked text, once. Key: text_hash."""


def read_signals(run: Run) -> int:
    """Look for signals in the texts that were not read with the present list.

    Grain of ``core.fct_text_signals``: one row per text and kind. Key: text_hash, signal_kind. Saved block by block.
    Returns how many texts were read.
    """
    lexicon = run.city.signals
    stamp = lexicon_hash(lexicon)
    with run.warehouse.writing() as door:
        door.run("delete from core.fct_text_signals where lexicon_hash <> $h", h=stamp)
    with run.warehouse.reading() as door:
        texts = door.query(
            f"select * from ({TEXTS}) where text_hash not in (select text_hash from core.fct_text_signals) "
            "order by text_hash"
        )
    for block in texts.iter_slices(_BLOCK):
        found = find_signals(block["text_hash"], block["text"], lexicon)
        with run.warehouse.writing() as door:
            door.append("core.fct_text_signals", found.with_columns(lexicon_hash=pl.lit(stamp)))
    return texts.height

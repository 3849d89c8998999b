"""Find the signals in the texts, beside their tokens; part of the read step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from pipelines.cities.lists import Signal
from pipelines.steps.run import Run
from pipelines.steps.texts import read_in_blocks, unread
from pipelines.text.signals import find_signals, lexicon_hash


def read_signals(run: Run) -> int:
    """Look for signals in the texts that were not read with the present list.

    Grain of ``core.fct_text_signals``: one row per text and kind. Key: text_hash, signal_kind. Saved block by block.
    Returns how many texts were read.
    """
    lexicon = run.city.signals
    stamp = lexicon_hash(lexicon)
    with run.warehouse.writing() as door:
        door.run("delete from core.fct_text_signals where lexicon_hash <> $h", h=stamp)
    waiting = unread(run, "core.fct_text_signals")
    for found in read_in_blocks(run, waiting, partial(_found, lexicon)):
        with run.warehouse.writing() as door:
            door.append("core.fct_text_signals", found.with_columns(lexicon_hash=pl.lit(stamp)))
    return len(waiting)


def _found(lexicon: Sequence[Signal], block: pl.DataFrame) -> pl.DataFrame:
    return find_signals(block["text_hash"], block["text"], lexicon)
